//! Secrets: from the environment, from a file that `…_FILE` names, or as the profile in force says. Never from the
//! configuration file itself, never printed.

use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret, SecretString};

use super::{
    problems::{ConfigProblem, Origin},
    profiles::Credential,
    sections::ProviderCredentials,
    surroundings::Surroundings,
    variables,
};
use crate::domain::provider::Environment;

/// The variables of one provider. A provider more is one row more.
struct ProviderVariables {
    secret_key: &'static str,
    webhook_secret: &'static str,
    /// How keys begin, and which books such a key opens.
    prefixes: &'static [(&'static str, Environment)],
    /// How a key begins that was taken for the secret one by mistake.
    publishable: &'static str,
}

/// Stripe: `sk_` is a secret key, `rk_` a restricted one; the key alone chooses test or live
/// (<https://docs.stripe.com/keys>).
const STRIPE: ProviderVariables = ProviderVariables {
    secret_key: "STRIPE_SECRET_KEY",
    webhook_secret: "STRIPE_WEBHOOK_SECRET",
    prefixes: &[
        ("sk_test_", Environment::Test),
        ("rk_test_", Environment::Test),
        ("sk_live_", Environment::Live),
        ("rk_live_", Environment::Live),
    ],
    publishable: "pk_",
};

const PROVIDERS: &[&ProviderVariables] = &[&STRIPE];

const SIGNING_KEY: &str = "BILLDECK_SIGNING_KEY";

/// The fewest characters of a signing key.
const SIGNING_KEY_MIN: usize = 32;

/// The one setting that a profile may name like a credential: its URL holds a password.
pub(super) const DATABASE_URL: &str = "DATABASE_URL";

/// The names of the secrets read today.
fn secret_names() -> impl Iterator<Item = &'static str> {
    PROVIDERS
        .iter()
        .flat_map(|provider| [provider.secret_key, provider.webhook_secret])
        .chain([SIGNING_KEY])
}

/// The names that a profile may give credentials under.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    secret_names().chain([DATABASE_URL])
}

/// The secrets that were found.
#[derive(Debug, Default)]
pub(super) struct Secrets(BTreeMap<&'static str, (SecretString, Origin)>);

impl Secrets {
    /// Reads them. What a profile names wins over the environment.
    pub(super) fn read(
        around: &Surroundings,
        credentials: &[Credential],
        dir: &Path,
        problems: &mut Vec<ConfigProblem>,
    ) -> Self {
        let mut found = BTreeMap::new();
        for name in secret_names() {
            let value = match credentials.iter().find(|credential| credential.name == name) {
                Some(credential) => credential
                    .value(around, dir)
                    .map(|value| Some((value, credential.origin.clone()))),
                None => variables::read(around, name, true),
            };
            match value {
                Ok(Some((value, origin))) => {
                    found.insert(name, (SecretString::from(value.trim()), origin));
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let secrets = Self(found);
        secrets.check(problems);
        secrets
    }

    fn check(&self, problems: &mut Vec<ConfigProblem>) {
        for provider in PROVIDERS {
            if let Some((key, origin)) = self.0.get(provider.secret_key)
                && key.expose_secret().starts_with(provider.publishable)
            {
                let message = format!(
                    "holds a publishable key (`{}…`); billdeck needs the secret one",
                    provider.publishable
                );
                problems.push(ConfigProblem::whole(origin.clone(), message));
            }
        }
        if let Some((key, origin)) = self.0.get(SIGNING_KEY)
            && key.expose_secret().len() < SIGNING_KEY_MIN
        {
            let message = format!("expected at least {SIGNING_KEY_MIN} characters");
            problems.push(ConfigProblem::whole(origin.clone(), message));
        }
    }

    /// Stripe's; the address is a setting and comes later.
    pub(super) fn stripe(&self) -> ProviderCredentials {
        self.provider(&STRIPE)
    }

    fn provider(&self, variables: &ProviderVariables) -> ProviderCredentials {
        let webhook_secrets = self.0.get(variables.webhook_secret).map(|(secrets, _)| {
            secrets
                .expose_secret()
                .split(',')
                .map(str::trim)
                .filter(|secret| !secret.is_empty())
                .map(SecretString::from)
                .collect()
        });
        ProviderCredentials {
            secret_key: self.0.get(variables.secret_key).map(|(key, _)| key.clone()),
            webhook_secrets: webhook_secrets.unwrap_or_default(),
            api_base: String::new(),
        }
    }

    /// The key that signs links and cursors, where one is given.
    pub(super) fn signing_key(&self) -> Option<SecretString> {
        self.0.get(SIGNING_KEY).map(|(key, _)| key.clone())
    }

    /// Each secret as people may see it, and where it comes from; nothing for one that is not set.
    pub(super) fn masked(&self) -> impl Iterator<Item = (&'static str, Option<String>, Origin)> {
        secret_names().map(|name| match self.0.get(name) {
            Some((secret, origin)) => (name, Some(masked(secret.expose_secret())), origin.clone()),
            None => (name, None, Origin::Default),
        })
    }

    /// Test or live: as set, else as the keys say, else test. Keys that disagree are a problem.
    pub(super) fn environment(
        &self,
        set: Option<(Environment, Origin)>,
        problems: &mut Vec<ConfigProblem>,
    ) -> (Environment, Origin) {
        let mut decided = set.map(|(environment, origin)| (environment, "`environment`", origin));
        for provider in PROVIDERS {
            let Some((key, origin)) = self.0.get(provider.secret_key) else {
                continue;
            };
            let Some(says) = provider
                .prefixes
                .iter()
                .find(|(prefix, _)| key.expose_secret().starts_with(prefix))
                .map(|(_, environment)| *environment)
            else {
                continue;
            };
            match &decided {
                None => decided = Some((says, provider.secret_key, origin.clone())),
                Some((environment, what, place)) if *environment != says => {
                    let message = format!("holds a {says} key, but {what} says {environment} ({place})");
                    problems.push(ConfigProblem::whole(origin.clone(), message));
                }
                Some(_) => {}
            }
        }
        decided.map_or(
            (Environment::Test, Origin::Default),
            |(environment, _, origin)| (environment, origin),
        )
    }
}

/// What stands for a secret on screens.
pub(super) const MASK: &str = "********";

/// Keeps what says only the kind of a secret; of several it says how many.
fn masked(secret: &str) -> String {
    let kind = PROVIDERS
        .iter()
        .flat_map(|provider| provider.prefixes)
        .map(|(prefix, _)| *prefix)
        .chain(["whsec_"])
        .find(|prefix| secret.starts_with(prefix))
        .unwrap_or_default();
    match secret.split(',').filter(|part| !part.trim().is_empty()).count() {
        0 | 1 => format!("{kind}{MASK}"),
        several => format!("{kind}{MASK} ({several} values)"),
    }
}
