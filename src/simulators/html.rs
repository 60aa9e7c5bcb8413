//! The frame of the pages for people: plain, readable without styles or scripts, usable by keyboard.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

/// Text made safe to stand in HTML, in quoted attributes too.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}\
label,button{display:block;margin:.75rem 0}input,select{font:inherit;padding:.25rem;width:100%;box-sizing:border-box}\
button{font:inherit;padding:.5rem 1rem}[role=alert]{border-left:.25rem solid #a00;padding-left:.75rem}";

/// A page with this title (plain text) and body (HTML).
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><main><h1>{title}</h1>\n{body}\n\
         <p><small>This page belongs to a simulator. No money moves.</small></p></main></body></html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Sends the browser on after a form.
pub(crate) fn see_other(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// An amount in minor units, for people: `19.00 USD`, `1900 JPY`.
pub(crate) fn money(amount: i64, currency: &str) -> String {
    let currency = currency.to_uppercase();
    let exponent = iso_currency::Currency::from_code(&currency)
        .and_then(iso_currency::Currency::exponent)
        .unwrap_or(2);
    let decimals = usize::from(exponent);
    let digits = format!("{:0width$}", amount.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let sign = if amount < 0 { "-" } else { "" };
    if decimals == 0 {
        format!("{sign}{whole} {currency}")
    } else {
        format!("{sign}{whole}.{fraction} {currency}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_follows_the_currency() {
        assert_eq!(money(1900, "usd"), "19.00 USD");
        assert_eq!(money(-5, "usd"), "-0.05 USD");
        assert_eq!(money(1900, "jpy"), "1900 JPY");
        assert_eq!(money(1234, "kwd"), "1.234 KWD");
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }
}
