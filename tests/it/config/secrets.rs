//! Secrets: where they come from, and that nobody sees them.

use billdeck::domain::provider::Environment;
use insta::assert_snapshot;
use secrecy::ExposeSecret;

use super::{Place, shown};

#[test]
fn a_secret_comes_from_its_variable_or_from_a_file() {
    let direct = Place::new().variable("STRIPE_SECRET_KEY", "sk_test_abc").loaded();
    let by_file = Place::new()
        .file("key", "sk_test_abc\r\n")
        .variable("STRIPE_SECRET_KEY_FILE", "key")
        .loaded();
    for (config, origin) in [
        (&direct, "env STRIPE_SECRET_KEY"),
        (&by_file, "env STRIPE_SECRET_KEY_FILE"),
    ] {
        let key = config.settings.stripe.credentials.secret_key.as_ref().unwrap();
        assert_eq!(key.expose_secret(), "sk_test_abc");
        assert_eq!(
            shown(config, "STRIPE_SECRET_KEY"),
            format!("sk_test_******** ({origin})")
        );
    }
}

#[test]
fn a_url_may_come_from_a_file_too() {
    let config = Place::new()
        .file("url", "postgres://ana:hunter2@db/main\n")
        .variable("DATABASE_URL_FILE", "url")
        .loaded();
    assert_eq!(
        shown(&config, "database.url"),
        "postgres://ana:********@db/main (env DATABASE_URL_FILE)"
    );
}

#[test]
fn webhook_secrets_are_several_while_rotating() {
    let config = Place::new()
        .variable("STRIPE_WEBHOOK_SECRET", " whsec_new, whsec_old ,")
        .loaded();
    let credentials = &config.settings.stripe.credentials;
    let secrets: Vec<_> = credentials
        .webhook_secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .collect();
    assert_eq!(secrets, ["whsec_new", "whsec_old"]);
    assert!(credentials.is_on());
    assert_eq!(
        shown(&config, "STRIPE_WEBHOOK_SECRET"),
        "whsec_******** (2 values) (env STRIPE_WEBHOOK_SECRET)"
    );
}

#[test]
fn a_provider_without_credentials_is_off() {
    let config = Place::new().loaded();
    assert!(!config.settings.stripe.credentials.is_on());
    assert_eq!(shown(&config, "STRIPE_SECRET_KEY"), "null (default)");
}

#[test]
fn a_secret_given_twice_or_not_readable_is_a_problem() {
    let place = Place::new()
        .file("empty", "\n")
        .variable("STRIPE_SECRET_KEY", "sk_test_hunter2")
        .variable("STRIPE_SECRET_KEY_FILE", "/nowhere")
        .variable("STRIPE_WEBHOOK_SECRET_FILE", "/nowhere/secret")
        .variable("DATABASE_URL_FILE", "empty")
        .variable("BILLDECK_SIGNING_KEY", "hunter2");
    let problems = place.problems();
    assert!(!problems.contains("hunter2"), "a secret is repeated");
    assert_snapshot!(problems, @r"
    the configuration has 4 problems
      environment variable DATABASE_URL_FILE: the file DIR/empty is empty
      environment variable STRIPE_SECRET_KEY: is set, and so is `STRIPE_SECRET_KEY_FILE`: set one of them
      environment variable STRIPE_WEBHOOK_SECRET_FILE: the file /nowhere/secret cannot be read: No such file or directory (os error 2)
      environment variable BILLDECK_SIGNING_KEY: expected at least 32 characters
    ");
}

#[test]
fn a_publishable_key_is_no_secret_key() {
    let place = Place::new().variable("STRIPE_SECRET_KEY", "pk_test_hunter2");
    assert_snapshot!(place.problems(), @r"
    the configuration has a problem
      environment variable STRIPE_SECRET_KEY: holds a publishable key (`pk_…`); billdeck needs the secret one
    ");
}

#[test]
fn the_environment_is_as_set_else_as_the_key_says_else_test() {
    let cases = [
        (None, None, Environment::Test, "test (default)"),
        (
            None,
            Some("sk_test_a"),
            Environment::Test,
            "test (env STRIPE_SECRET_KEY)",
        ),
        (
            None,
            Some("sk_live_a"),
            Environment::Live,
            "live (env STRIPE_SECRET_KEY)",
        ),
        (
            None,
            Some("rk_live_a"),
            Environment::Live,
            "live (env STRIPE_SECRET_KEY)",
        ),
        (None, Some("mystery"), Environment::Test, "test (default)"),
        (
            Some("live"),
            None,
            Environment::Live,
            "live (config/billdeck.toml:1)",
        ),
        (
            Some("live"),
            Some("rk_live_a"),
            Environment::Live,
            "live (config/billdeck.toml:1)",
        ),
    ];
    for (set, key, expected, shown_as) in cases {
        let text = set.map_or_else(String::new, |word| format!("environment = '{word}'"));
        let mut place = Place::new().settings(&text);
        if let Some(key) = key {
            place = place.variable("STRIPE_SECRET_KEY", key);
        }
        let config = place.loaded();
        assert_eq!(config.settings.environment, expected, "{set:?} {key:?}");
        assert_eq!(shown(&config, "environment"), shown_as, "{set:?} {key:?}");
    }
}

#[test]
fn a_key_that_disagrees_with_the_environment_is_a_problem() {
    let place = Place::new()
        .settings("\nenvironment = 'test'\n")
        .variable("STRIPE_SECRET_KEY", "sk_live_hunter2");
    assert_snapshot!(place.problems(), @r"
    the configuration has a problem
      environment variable STRIPE_SECRET_KEY: holds a live key, but `environment` says test (config/billdeck.toml:2)
    ");
}

#[test]
fn nobody_sees_a_secret() {
    let config = Place::new()
        .settings("database.url = 'postgres://ana:hunter2@db/main?sslpassword=hunter2&sslmode=require'\n")
        .variable("STRIPE_SECRET_KEY", "sk_test_hunter2")
        .variable("STRIPE_WEBHOOK_SECRET", "whsec_hunter2")
        .variable("STRIPE_API_BASE", "http://proxy:hunter2@127.0.0.1:1")
        .variable("BILLDECK_SERVER__WEBHOOK_PATH_SECRET", "hunter2hunter2")
        .variable("BILLDECK_SIGNING_KEY", "hunter2-hunter2-hunter2-hunter2-hunter2")
        .loaded();
    let json = serde_json::to_string(&config.effective).unwrap();
    assert!(!json.contains("hunter2"), "{json}");
    assert!(json.contains("sslmode=require"));
    assert_eq!(
        shown(&config, "server.webhook_path_secret"),
        "******** (env BILLDECK_SERVER__WEBHOOK_PATH_SECRET)"
    );
    let mut settings = config.settings.clone();
    // An address is no secret type: whoever puts a password into it is masked where it is shown, not in memory.
    settings.stripe.credentials.api_base.clear();
    let debug = format!("{settings:?}");
    assert!(!debug.contains("hunter2"), "{debug}");
}
