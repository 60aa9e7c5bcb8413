//! Which source wins, where files are looked for, what profiles and the demo take.

use billdeck::{
    config::{Config, Flags, ProfileColor, Surroundings, TimeStyle},
    domain::{customer::Scope, plan::UnknownPrice, provider::Environment},
};
use secrecy::ExposeSecret;

use super::{Place, find, shown};

#[test]
fn the_highest_source_that_speaks_wins() {
    for given in 0..16_u8 {
        let [file, variable, profile, flag] = [1, 2, 4, 8].map(|bit| given & bit != 0);
        let mut text = String::new();
        if file {
            text.push_str("[worker]\nworkers = 11\n");
        }
        text.push_str("[profiles.big]\n");
        if profile {
            text.push_str("worker.workers = 13\n");
        }
        let mut place = Place::new().settings(&text);
        if variable {
            place = place.variable("BILLDECK_WORKER__WORKERS", "12");
        }
        if flag {
            place = place.flags(Flags::default().set("--workers", "worker.workers", 14_i64));
        }
        let config = place.profile("big").loaded();

        let line = if file { 4 } else { 2 };
        let expected = if flag {
            "14 (flag --workers)".to_owned()
        } else if profile {
            format!("13 (profile big (config/billdeck.toml:{line}))")
        } else if variable {
            "12 (env BILLDECK_WORKER__WORKERS)".to_owned()
        } else if file {
            "11 (config/billdeck.toml:2)".to_owned()
        } else {
            "4 (default)".to_owned()
        };
        assert_eq!(shown(&config, "worker.workers"), expected, "sources {given:04b}");
        let number: usize = expected.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(config.settings.worker.workers, number, "sources {given:04b}");
    }
}

#[test]
fn the_file_is_looked_for_at_the_flag_then_the_variable_then_the_two_folders() {
    let level = |config: &Config| config.settings.log.filter.clone();
    let mut place = Place::new();
    assert_eq!(level(&place.loaded()), "info");
    assert_eq!(place.loaded().files.settings, None);

    place = place.file("xdg/billdeck/billdeck.toml", "log.filter = 'error'");
    assert_eq!(level(&place.loaded()), "error");

    place = place.settings("log.filter = 'warn'");
    assert_eq!(level(&place.loaded()), "warn");

    place = place
        .file("named.toml", "log.filter = 'debug'")
        .variable("BILLDECK_CONFIG", "named.toml");
    assert_eq!(level(&place.loaded()), "debug");

    place = place
        .file("elsewhere/mine.toml", "log.filter = 'trace'")
        .named("elsewhere/mine.toml");
    let config = place.loaded();
    assert_eq!(level(&config), "trace");
    assert_eq!(config.files.catalog(), Some(place.path("elsewhere/catalog.toml")));
    assert_eq!(config.files.keymap(), Some(place.path("elsewhere/keymap.toml")));
    assert_eq!(config.files.themes(), Some(place.path("elsewhere/themes")));
}

#[test]
fn plain_variables_set_their_keys() {
    let config = Place::new()
        .variable("DATABASE_URL", "postgres://billing:hunter2@db.example/main")
        .variable("PARENT_APP_URL", "https://app.example.com/")
        .variable("BILLDECK_PG_BIN", "pg/bin")
        .variable("STRIPE_API_BASE", "http://127.0.0.1:9/")
        .variable("NO_COLOR", "1")
        .variable("BILLDECK_OPERATOR", "Ana")
        .loaded();
    let settings = &config.settings;
    assert_eq!(
        settings.database.url.as_ref().unwrap().expose_secret(),
        "postgres://billing:hunter2@db.example/main"
    );
    assert_eq!(
        shown(&config, "database.url"),
        "postgres://billing:********@db.example/main (env DATABASE_URL)"
    );
    assert_eq!(
        settings.app.success_url().as_deref(),
        Some("https://app.example.com/billing/success")
    );
    assert!(settings.database.pg_bin.as_ref().unwrap().ends_with("pg/bin"));
    assert!(settings.database.pg_bin.as_ref().unwrap().is_absolute());
    assert_eq!(settings.stripe.credentials.api_base, "http://127.0.0.1:9");
    assert!(!settings.console.color);
    assert_eq!(settings.operator, "Ana");
    assert_eq!(Place::new().loaded().settings.operator, "ana");
}

#[test]
fn an_empty_variable_is_not_set() {
    let config = Place::new()
        .settings("database.url = 'postgres://file/db'")
        .variable("DATABASE_URL", "")
        .variable("BILLDECK_DATABASE__URL", " ")
        .variable("NO_COLOR", "")
        .variable("STRIPE_SECRET_KEY", "")
        .variable("STRIPE_SECRET_KEY_FILE", "")
        .loaded();
    assert_eq!(
        shown(&config, "database.url"),
        "postgres://file/db (config/billdeck.toml:1)"
    );
    assert!(config.settings.console.color);
    assert!(!config.settings.stripe.credentials.is_on());
}

/// Values for keys that are unset by default.
const SAMPLES: &[(&str, &str)] = &[
    ("environment", "test"),
    ("database.url", "postgres://localhost/db"),
    ("database.data_dir", "/srv/billdeck"),
    ("database.pg_bin", "/usr/lib/postgresql/17/bin"),
    ("server.webhook_path_secret", "abcdefgh"),
    ("app.parent_app_url", "https://app.example.com"),
    ("log.file", "/var/log/billdeck.log"),
];

#[test]
fn every_key_has_a_variable() {
    let defaults = Place::new().loaded();
    let keys = defaults
        .effective
        .values
        .iter()
        .filter(|value| value.key.contains(|c: char| c.is_ascii_lowercase()));
    let mut count = 0;
    for default in keys {
        let key = &default.key;
        let sample = SAMPLES.iter().find(|(name, _)| name == key);
        let text = match (&default.value, sample) {
            (_, Some((_, sample))) => (*sample).to_owned(),
            (serde_json::Value::String(text), None) => text.clone(),
            (serde_json::Value::Array(items), None) => {
                let items: Vec<_> = items.iter().map(|item| item.as_str().unwrap()).collect();
                items.join(", ")
            }
            (serde_json::Value::Null, None) => panic!("give a sample for {key}"),
            (other, None) => other.to_string(),
        };
        let name = format!("BILLDECK_{}", key.to_uppercase().replace('.', "__"));
        let config = Place::new().variable(&name, &text).loaded();
        let found = find(&config.effective, key);
        assert_eq!(found.origin.to_string(), format!("env {name}"));
        if sample.is_none() {
            assert_eq!(found.value, default.value, "{key} reads back as it is shown");
        }
        count += 1;
    }
    assert!(count > 40, "walked {count} keys only");
}

#[test]
fn words_and_lists_reach_the_settings() {
    let config = Place::new()
        .settings(
            "[worker]\nunknown_price = 'apply'\n[linking]\nuser_keys = ['uid']\ndefault_scope = 'user'\n[console]\ntime = 'utc'\n",
        )
        .variable("BILLDECK_LINKING__ORGANIZATION_KEYS", "org, team ,")
        .loaded();
    assert_eq!(config.settings.worker.unknown_price, UnknownPrice::Apply);
    assert_eq!(config.settings.linking.user_keys, ["uid"]);
    assert_eq!(config.settings.linking.organization_keys, ["org", "team"]);
    assert_eq!(config.settings.linking.default_scope, Scope::User);
    assert_eq!(config.settings.console.time, TimeStyle::Utc);
}

#[test]
fn paths_start_from_where_they_were_written() {
    let place = Place::new().settings("database.data_dir = '../data'\nlog.file = '~/logs/b.log'");
    let settings = place.loaded().settings;
    assert_eq!(settings.database.data_dir, place.path("config/../data"));
    assert_eq!(
        settings.log.file.as_deref(),
        Some(std::path::Path::new("/home/ana/logs/b.log"))
    );

    let place = Place::new()
        .settings("")
        .variable("BILLDECK_DATABASE__DATA_DIR", "data");
    assert_eq!(place.loaded().settings.database.data_dir, place.path("data"));
    assert_eq!(
        Place::new().loaded().settings.database.data_dir.to_str(),
        Some("/home/ana/data/billdeck")
    );
}

const PRODUCTION: &str = r#"
environment = "test"

[profiles.production]
color = "red"
environment = "live"
read_only = true

[profiles.production.credentials]
DATABASE_URL = { file = "url" }
STRIPE_SECRET_KEY = { env = "PROD_KEY" }
STRIPE_WEBHOOK_SECRET = { file = "hooks" }
"#;

#[test]
fn a_profile_bundles_settings_colour_and_credentials() {
    let place = Place::new()
        .settings(PRODUCTION)
        .file("config/url", "postgres://prod@db/main\n")
        .file("config/hooks", "whsec_a,whsec_b\n")
        .variable("DATABASE_URL", "postgres://staging/db")
        .variable("STRIPE_SECRET_KEY", "sk_test_mine")
        .variable("PROD_KEY", "sk_live_theirs");

    let ordinary = place.loaded().settings;
    assert_eq!(ordinary.environment, Environment::Test);
    assert!(!ordinary.read_only);
    assert_eq!(ordinary.profile, None);

    let config = place.profile("production").loaded();
    let settings = &config.settings;
    assert_eq!(settings.environment, Environment::Live);
    assert!(settings.read_only);
    let profile = settings.profile.as_ref().unwrap();
    assert_eq!(
        (profile.name.as_str(), profile.color),
        ("production", Some(ProfileColor::Red))
    );
    assert_eq!(
        settings.database.url.as_ref().unwrap().expose_secret(),
        "postgres://prod@db/main"
    );
    let stripe = &settings.stripe.credentials;
    assert_eq!(
        stripe.secret_key.as_ref().unwrap().expose_secret(),
        "sk_live_theirs"
    );
    let hooks: Vec<_> = stripe
        .webhook_secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .collect();
    assert_eq!(hooks, ["whsec_a", "whsec_b"]);
    assert_eq!(
        shown(&config, "STRIPE_SECRET_KEY"),
        "sk_live_******** (profile production (config/billdeck.toml:11))"
    );
}

#[test]
fn a_demo_takes_no_database_and_no_credentials_from_anywhere() {
    let place = Place::new()
        .settings(&format!(
            "database.url = 'postgres://file/db'\nproviders.stripe.api_base = 'http://file'\nworker.workers = 2\n{PRODUCTION}"
        ))
        .variable("DATABASE_URL", "postgres://env/db")
        .variable("BILLDECK_DATABASE__DATA_DIR", "/srv/real")
        .variable("BILLDECK_ENVIRONMENT", "live")
        .variable("STRIPE_SECRET_KEY", "sk_live_theirs")
        .variable("STRIPE_WEBHOOK_SECRET_FILE", "/nowhere")
        .variable("STRIPE_API_BASE", "http://env")
        .profile("production")
        .demo();
    let config = place.loaded();
    let settings = &config.settings;
    assert!(settings.database.url.is_none());
    assert_eq!(settings.environment, Environment::Test);
    assert!(!settings.stripe.credentials.is_on());
    assert_eq!(settings.stripe.credentials.api_base, "https://api.stripe.com");
    assert_eq!(
        settings.database.data_dir.to_str(),
        Some("/home/ana/data/billdeck-demo")
    );
    assert_eq!(settings.worker.workers, 2, "what is no account is taken as ever");

    let place = place.flags(Flags::default().set("--data-dir", "database.data_dir", "/tmp/demo"));
    assert_eq!(
        place.loaded().settings.database.data_dir.to_str(),
        Some("/tmp/demo")
    );
}

#[test]
fn what_surrounds_this_process_can_be_read() {
    let around = Surroundings::read();
    assert_eq!(around.working_dir, std::env::current_dir().unwrap());
    assert_eq!(around.variables.get("PATH"), std::env::var("PATH").ok().as_ref());
    assert!(!format!("{around:?}").contains(&std::env::var("PATH").unwrap()));
    // No person's configuration takes part in this test: only the built-in one is loaded.
    let config = Config::built_in("/srv/data").unwrap();
    assert_eq!(
        config.settings.database.data_dir.to_str(),
        Some("/srv/data/billdeck")
    );
}
