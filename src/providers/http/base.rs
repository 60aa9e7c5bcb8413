//! The address that calls go to.

use reqwest::Url;

use super::SetupError;
use crate::domain::provider::{Environment, ProviderName};

/// A checked API base.
pub(in crate::providers) struct Base {
    pub(in crate::providers) text: String,
    pub(in crate::providers) is_loopback: bool,
}

impl Base {
    pub(in crate::providers) fn parse(
        provider: ProviderName,
        text: &str,
        environment: Environment,
    ) -> Result<Self, SetupError> {
        let refuse = |why: String| SetupError::Base {
            provider,
            base: text.to_owned(),
            why,
        };
        let url = Url::parse(text.trim()).map_err(|error| refuse(error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        let is_loopback = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if is_loopback || environment == Environment::Test => {}
            "http" => return Err(refuse("a live key is only sent over https".to_owned())),
            _ => return Err(refuse("it is neither https nor http".to_owned())),
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(refuse("it holds more than host, port and path".to_owned()));
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            is_loopback,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_checked_once() {
        let base = |text| {
            Base::parse(ProviderName::Stripe, text, Environment::Test)
                .map(|base| (base.text, base.is_loopback))
        };
        let is = |text: &str, is_loopback| Some((text.to_owned(), is_loopback));
        assert_eq!(
            base("https://api.stripe.com").ok(),
            is("https://api.stripe.com", false)
        );
        assert_eq!(
            base("http://127.0.0.1:8420/").ok(),
            is("http://127.0.0.1:8420", true)
        );
        assert_eq!(base("http://[::1]:8420").ok(), is("http://[::1]:8420", true));
        assert_eq!(
            base("http://localhost/stripe/").ok(),
            is("http://localhost/stripe", true)
        );
        assert_eq!(
            base("http://simulator:8420").ok(),
            is("http://simulator:8420", false)
        );
        for refused in [
            "",
            "api.stripe.com",
            "ftp://x",
            "https://user@x",
            "https://x?key=1",
            "https://x#a",
        ] {
            assert!(matches!(base(refused), Err(SetupError::Base { .. })), "{refused}");
        }
    }

    #[test]
    fn a_live_key_stays_on_encrypted_roads() {
        let base = |text| Base::parse(ProviderName::Stripe, text, Environment::Live);
        assert!(base("https://proxy.example.com").is_ok());
        assert!(base("http://127.0.0.1:8420").is_ok());
        assert!(base("http://proxy.example.com").is_err());
    }
}
