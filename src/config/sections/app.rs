//! `[app]`: the application that billdeck serves, where payers come from and go back to.

use reqwest::Url;

use crate::config::{check::Check, schema::raw};

raw! {
    /// `[app]`
    struct RawApp {
        /// The application's address, such as `https://app.example.com`. Default: unset; links that lead back to the
        /// application need it. Variable: `PARENT_APP_URL`.
        parent_app_url: Option<String> = None,
        /// Path a payer returns to after paying. Default: `/billing/success`.
        success_path: String = "/billing/success".to_owned(),
        /// Path a payer returns to on giving up. Default: `/billing/cancel`.
        cancel_path: String = "/billing/cancel".to_owned(),
        /// Path a customer returns to from the provider's portal. Default: `/billing`.
        portal_return_path: String = "/billing".to_owned(),
    }
}

/// The application that billdeck serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSettings {
    /// Its address, without a slash at the end; none when it is not known.
    pub parent_app_url: Option<String>,
    /// Path after paying; begins with a slash.
    pub success_path: String,
    /// Path on giving up; begins with a slash.
    pub cancel_path: String,
    /// Path from the portal; begins with a slash.
    pub portal_return_path: String,
}

impl AppSettings {
    /// Where a payer goes after paying; none when the application's address is not set.
    pub fn success_url(&self) -> Option<String> {
        self.url(&self.success_path)
    }

    /// Where a payer goes on giving up; none when the application's address is not set.
    pub fn cancel_url(&self) -> Option<String> {
        self.url(&self.cancel_path)
    }

    /// Where a customer goes from the portal; none when the application's address is not set.
    pub fn portal_return_url(&self) -> Option<String> {
        self.url(&self.portal_return_path)
    }

    fn url(&self, path: &str) -> Option<String> {
        self.parent_app_url.as_ref().map(|base| format!("{base}{path}"))
    }
}

impl RawApp {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<AppSettings> {
        let parent_app_url = match &self.parent_app_url {
            None => Some(None),
            Some(text) => check
                .url("app.parent_app_url", text, &["https", "http"])
                .and_then(|url| base(check, &url))
                .map(Some),
        };
        let success_path = path(check, "app.success_path", &self.success_path);
        let cancel_path = path(check, "app.cancel_path", &self.cancel_path);
        let portal_return_path = path(check, "app.portal_return_path", &self.portal_return_path);
        Some(AppSettings {
            parent_app_url: parent_app_url?,
            success_path: success_path?,
            cancel_path: cancel_path?,
            portal_return_path: portal_return_path?,
        })
    }
}

fn base(check: &mut Check<'_>, url: &Url) -> Option<String> {
    if url.query().is_some() || url.fragment().is_some() {
        check.fail(
            "app.parent_app_url",
            "expected an address without `?` and `#`, as paths are put behind it",
        );
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

fn path(check: &mut Check<'_>, key: &str, text: &str) -> Option<String> {
    if !text.starts_with('/') {
        check.fail(
            key,
            format!("expected a path that begins with `/`, found `{text}`"),
        );
        return None;
    }
    Some(text.to_owned())
}
