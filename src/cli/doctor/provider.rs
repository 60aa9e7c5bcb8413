//! The providers: credentials that work, secrets for webhooks, and a clock that agrees.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::Check;
use crate::{
    billing::BillingError,
    cli::{error::CliError, text::short},
    config::Config,
    providers::{Provider, ProviderApi},
    runtime::{registry, use_tls},
};

/// How long a provider may take to say that the key works.
const PATIENCE: Duration = Duration::from_secs(15);
/// A provider's clock is told in whole seconds and signatures may be five minutes old.
const CLOCK_MAY_DIFFER: SignedDuration = SignedDuration::from_secs(60);

/// Looks at every provider.
pub(super) async fn look(config: &Config, checks: &mut Vec<Check>) {
    use_tls();
    let registry = match registry(&config.settings) {
        Ok(registry) => registry,
        Err(error) => {
            checks.push(Check::fail("providers", error));
            return;
        }
    };
    for room in registry.iter() {
        one(room, checks).await;
    }
}

async fn one(room: &Arc<dyn Provider>, checks: &mut Vec<Check>) {
    let book = room.book();
    let name = book.provider.as_str();
    let variable = book.provider.as_str().to_uppercase();
    match (room.api(), room.secret_count()) {
        (None, 0) => {
            let hint = format!("set `{variable}_SECRET_KEY` and `{variable}_WEBHOOK_SECRET` to turn it on");
            checks.push(Check::warn(name, "off: it has no credentials", hint));
            return;
        }
        (None, _) => {
            let hint =
                format!("set `{variable}_SECRET_KEY`; until then nothing can be read or changed there");
            checks.push(Check::warn(name, "its API is off: no key is set", hint));
        }
        (Some(api), _) => checks.push(credentials(name, api, &book.to_string()).await),
    }
    checks.push(match room.secret_count() {
        0 => Check::warn(
            "webhook secrets",
            format!("{} has none: every delivery is refused", book.provider),
            format!("set `{variable}_WEBHOOK_SECRET` to the endpoint's signing secret"),
        ),
        1 => Check::ok("webhook secrets", format!("{} has one", book.provider)),
        many => Check::ok(
            "webhook secrets",
            format!("{} has {many}, for a rotation", book.provider),
        ),
    });
}

async fn credentials(name: &'static str, api: &dyn ProviderApi, book: &str) -> Check {
    match tokio::time::timeout(PATIENCE, api.check_credentials()).await {
        Ok(Ok(answer)) => {
            let away = answer.at.duration_since(Timestamp::now()).abs();
            if away > CLOCK_MAY_DIFFER {
                return Check::warn(
                    name,
                    format!("its clock is {} away from this machine's", short(away)),
                    "let this machine's clock be kept by NTP: signatures that seem too old are refused",
                );
            }
            Check::ok(name, format!("the credentials work ({book})"))
        }
        Ok(Err(error)) => Check::fail(name, BillingError::from(error)),
        Err(_) => Check::fail(
            name,
            CliError::usage(
                format!("no answer within {} s", PATIENCE.as_secs()),
                "check that this machine may reach the provider's API",
            ),
        ),
    }
}
