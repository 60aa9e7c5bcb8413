//! Every kind of mistake, as the person who made it reads it.

use billdeck::config::{Flags, Surroundings};
use insta::assert_snapshot;

use super::Place;

#[test]
fn unknown_keys_name_the_nearest() {
    let place = Place::new().settings(
        "wrokers = 3\n\n[server]\nlisen = '127.0.0.1:1'\nlease_seconds = 5\nzzz = 1\n\n[sever]\nlisten = 'x'\n",
    );
    assert_snapshot!(place.problems(), @r"
    the configuration has 5 problems
      config/billdeck.toml:1: wrokers: unknown key; did you mean `worker`?
      config/billdeck.toml:4: server.lisen: unknown key; did you mean `listen`?
      config/billdeck.toml:5: server.lease_seconds: unknown key; did you mean `worker.lease_seconds`?
      config/billdeck.toml:6: server.zzz: unknown key
      config/billdeck.toml:8: sever: unknown key; did you mean `server`?
    ");
}

#[test]
fn wrong_types_name_what_is_expected() {
    let place = Place::new().settings(
        "read_only = 'yes'\nserver = 3\n\n[worker]\nworkers = '4'\nmax_attempts = 2.5\nlease_seconds = -1\npoll_interval_ms = 99999999999999999999\n\n[linking]\nuser_keys = ['a', 1]\norganization_keys = 'organizationId'\n[log.filter]\nx = 1\n",
    );
    assert_snapshot!(place.problems(), @r"
    the configuration has 9 problems
      config/billdeck.toml:1: read_only: expected true or false, found text
      config/billdeck.toml:2: server: expected a section, found a value
      config/billdeck.toml:5: worker.workers: expected a whole number of 0 or more, found text
      config/billdeck.toml:6: worker.max_attempts: expected a whole number of 0 or more, found a decimal number
      config/billdeck.toml:7: worker.lease_seconds: expected a whole number of 0 or more, found a negative number
      config/billdeck.toml:8: worker.poll_interval_ms: expected a whole number of 0 or more, found a number that is too large
      config/billdeck.toml:11: linking.user_keys: expected a list of texts, found a list with something else in it
      config/billdeck.toml:12: linking.organization_keys: expected a list of texts, found text
      config/billdeck.toml:13: log.filter: expected text in quotes, found a section
    ");
}

#[test]
fn bad_values_are_told_all_at_once() {
    let place = Place::new().settings(
        r#"environment = "prod"

[database]
url = "mysql://root:hunter2@host/db"
max_connections = 0

[server]
listen = "8484"
webhook_path_secret = "hunter2"
body_limit_bytes = 1

[worker]
unknown_price = "wiat"
lease_seconds = 3

[linking]
user_keys = ["organization_id", ""]
default_scope = "team"

[app]
parent_app_url = "app.example.com"
success_path = "done"

[providers.stripe]
api_base = "ftp://x"
apply = "bodies"

[console]
time = "UTC"
refresh_ms = 1

[log]
filter = "billdeck=loud"
format = "xml"
"#,
    );
    let problems = place.problems();
    assert!(!problems.contains("hunter2"), "a secret is repeated");
    assert_snapshot!(problems, @r#"
    the configuration has 19 problems
      config/billdeck.toml:1: environment: expected `test` or `live`, found `prod`
      config/billdeck.toml:4: database.url: expected a URL such as `postgres://…` or `postgresql://…`
      config/billdeck.toml:5: database.max_connections: must be from 2 to 1000, found 0
      config/billdeck.toml:8: server.listen: expected an address and a port such as `127.0.0.1:8484`, found `8484`
      config/billdeck.toml:9: server.webhook_path_secret: expected 8 to 128 characters of `A-Za-z0-9_-`
      config/billdeck.toml:10: server.body_limit_bytes: must be from 1024 to 67108864, found 1
      config/billdeck.toml:13: worker.unknown_price: expected `wait` or `apply`, found `wiat`; did you mean `wait`?
      config/billdeck.toml:14: worker.lease_seconds: must be from 6 to 3600, found 3
      config/billdeck.toml:17: linking.user_keys: `organization_id` stands in `linking.organization_keys` already
      config/billdeck.toml:17: linking.user_keys: holds an empty key
      config/billdeck.toml:18: linking.default_scope: expected `organization` or `user`, found `team`
      config/billdeck.toml:21: app.parent_app_url: expected a URL such as `https://…` or `http://…`
      config/billdeck.toml:22: app.success_path: expected a path that begins with `/`, found `done`
      config/billdeck.toml:25: providers.stripe.api_base: expected a URL such as `https://…` or `http://…`
      config/billdeck.toml:26: providers.stripe.apply: expected `body` or `read`, found `bodies`; did you mean `body`?
      config/billdeck.toml:29: console.time: expected one of `relative`, `local`, `utc`, found `UTC`; did you mean `utc`?
      config/billdeck.toml:30: console.refresh_ms: must be from 100 to 3600000, found 1
      config/billdeck.toml:33: log.filter: is no filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
      config/billdeck.toml:34: log.format: expected `text` or `json`, found `xml`
    "#);
}

#[test]
fn syntax_errors_have_their_line() {
    let place = Place::new().settings("[server]\nlisten = 127.0.0.1\nlisten = 'x'\n[worker\nworkers = 4\n");
    assert_snapshot!(place.problems(), @r"
    the configuration has 3 problems
      config/billdeck.toml:2: invalid float
      config/billdeck.toml:3: duplicate key
      config/billdeck.toml:4: unclosed table, expected `]`
    ");
}

#[test]
fn duplicates_have_the_line_of_the_second() {
    let place = Place::new().settings("[worker]\nworkers = 1\nworkers = 2\n");
    assert_snapshot!(place.problems(), @r"
    the configuration has a problem
      config/billdeck.toml:3: duplicate key
    ");
}

#[test]
fn variables_are_named() {
    let place = Place::new()
        .variable("BILLDECK_SERVER__LISEN", "127.0.0.1:1")
        .variable("BILLDECK_SERVER_LISTEN", "127.0.0.1:1")
        .variable("BILLDECK_OPERATER", "ana")
        .variable("BILLDECK_WORKER__WORKERS", "many")
        .variable("BILLDECK_READ_ONLY", "perhaps")
        .variable("BILLDECK_SERVER__LISTEN", "nowhere")
        .variable("DATABASE_URL", "postgres://a/b")
        .variable("BILLDECK_DATABASE__URL", "postgres://a/c")
        .variable("PARENT_APP_URL", "nonsense")
        .variable("BILLDECKX", "is none of ours");
    assert_snapshot!(place.problems(), @r"
    the configuration has 8 problems
      environment variable BILLDECK_READ_ONLY: read_only: expected true or false, found `perhaps`
      environment variable BILLDECK_DATABASE__URL: database.url: says something else than env DATABASE_URL: set one of them
      environment variable BILLDECK_WORKER__WORKERS: worker.workers: expected a whole number of 0 or more, found `many`
      environment variable BILLDECK_OPERATER: no such setting; did you mean `BILLDECK_OPERATOR`?
      environment variable BILLDECK_SERVER_LISTEN: no such setting; did you mean `BILLDECK_SERVER__LISTEN`?
      environment variable BILLDECK_SERVER__LISEN: no such setting; did you mean `BILLDECK_SERVER__LISTEN`?
      environment variable BILLDECK_SERVER__LISTEN: server.listen: expected an address and a port such as `127.0.0.1:8484`, found `nowhere`
      environment variable PARENT_APP_URL: app.parent_app_url: expected a URL such as `https://…` or `http://…`
    ");
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    let around = Surroundings {
        unreadable: ["DATABASE_URL".to_owned(), "LESSOPEN".to_owned()].into(),
        data_home: Some("/srv".into()),
        ..Surroundings::default()
    };
    let errors =
        billdeck::config::Config::load(&Flags::default(), &around, billdeck::config::Purpose::Ordinary)
            .unwrap_err();
    assert_snapshot!(errors, @r"
    the configuration has a problem
      environment variable DATABASE_URL: its value is no UTF-8 text
    ");
}

#[test]
fn flags_are_named() {
    let place = Place::new().flags(
        Flags::default()
            .set("--listen", "server.listen", "here")
            .set("--workers", "worker.workers", 0_i64)
            .set("--database-url", "database.url", "nonsense"),
    );
    assert_snapshot!(place.problems(), @r"
    the configuration has 3 problems
      --database-url: database.url: expected a URL such as `postgres://…` or `postgresql://…`
      --listen: server.listen: expected an address and a port such as `127.0.0.1:8484`, found `here`
      --workers: worker.workers: must be from 1 to 256, found 0
    ");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let flag = Place::new().named("gone.toml");
    assert_snapshot!(flag.problems(), @r"
    the configuration has a problem
      --config: no file gone.toml
    ");
    let variable = Place::new().variable("BILLDECK_CONFIG", "/nowhere/billdeck.toml");
    assert_snapshot!(variable.problems(), @r"
    the configuration has a problem
      environment variable BILLDECK_CONFIG: no file /nowhere/billdeck.toml
    ");
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let place = Place::new().settings("");
    std::fs::write(place.path("config/billdeck.toml"), [b'a', 0xff, b'\n']).unwrap();
    assert_snapshot!(place.problems(), @r"
    the configuration has a problem
      config/billdeck.toml: cannot be read: stream did not contain valid UTF-8
    ");
}

#[test]
fn profiles_are_checked_whether_asked_for_or_not() {
    let text = r#"
profiles.flat = 1

[profiles.production]
color = "purple"
colour = "red"
server.listen = "nonsense"
worker.workers = "4"

[profiles.production.credentials]
STRIPE_SECRET = { env = "X" }
STRIPE_SECRET_KEY = "sk_live_hunter2"
STRIPE_WEBHOOK_SECRET = { environment = "X" }
DATABASE_URL = { file = "a", env = "b" }
"#;
    let unasked = Place::new().settings(text).problems();
    assert!(!unasked.contains("hunter2"), "a secret is repeated");
    assert_snapshot!(unasked, @r#"
    the configuration has 9 problems
      config/billdeck.toml:2: profiles.flat: expected a section, found a value
      config/billdeck.toml:5: profiles.production.color: expected one of `red`, `green`, `yellow`, `blue`, `magenta`, `cyan`, found `purple`
      config/billdeck.toml:6: profiles.production.colour: unknown key; did you mean `color`?
      config/billdeck.toml:7: profiles.production.server.listen: expected an address and a port such as `127.0.0.1:8484`, found `nonsense`
      config/billdeck.toml:8: profiles.production.worker.workers: expected a whole number of 0 or more, found text
      config/billdeck.toml:11: profiles.production.credentials.STRIPE_SECRET: no such credential; did you mean `STRIPE_SECRET_KEY`?
      config/billdeck.toml:12: profiles.production.credentials.STRIPE_SECRET_KEY: expected `{ env = "VARIABLE" }` or `{ file = "PATH" }`, as no secret is written into this file
      config/billdeck.toml:13: profiles.production.credentials.STRIPE_WEBHOOK_SECRET: expected `{ env = "VARIABLE" }` or `{ file = "PATH" }`, as no secret is written into this file
      config/billdeck.toml:14: profiles.production.credentials.DATABASE_URL: expected `{ env = "VARIABLE" }` or `{ file = "PATH" }`, as no secret is written into this file
    "#);
}

#[test]
fn what_a_profile_names_must_be_there() {
    let place = Place::new()
        .settings(
            "[profiles.production]\nserver.listen = 'nonsense'\n[profiles.production.credentials]\nSTRIPE_SECRET_KEY = { env = 'PROD_KEY' }\nDATABASE_URL = { file = 'url' }\n",
        )
        .profile("production");
    assert_snapshot!(place.problems(), @r"
    the configuration has 3 problems
      config/billdeck.toml:2: profiles.production.server.listen: expected an address and a port such as `127.0.0.1:8484`, found `nonsense`
      config/billdeck.toml:4: takes `STRIPE_SECRET_KEY` from the variable `PROD_KEY`, which is not set
      config/billdeck.toml:5: the file DIR/config/url cannot be read: No such file or directory (os error 2)
    ");
    assert_snapshot!(place.profile("prodcution").problems(), @r"
    the configuration has 2 problems
      config/billdeck.toml:2: profiles.production.server.listen: expected an address and a port such as `127.0.0.1:8484`, found `nonsense`
      --profile: no profile `prodcution` in the configuration; did you mean `production`?
    ");
}

#[test]
fn problems_are_data_too() {
    let errors = Place::new()
        .settings("[worker]\nworkrs = 1\n")
        .load()
        .unwrap_err();
    insta::assert_json_snapshot!(errors, @r#"
    [
      {
        "origin": "config/billdeck.toml:2",
        "key": "worker.workrs",
        "message": "unknown key",
        "nearest": "workers"
      }
    ]
    "#);
}

#[test]
fn settings_and_catalogue_are_told_together() {
    let place = Place::new()
        .settings("x = 1\n")
        .file("config/catalog.toml", "[plans.pro]\nnmae = 'Pro'\n")
        .variable("BILLDECK_WORKER__WORKERS", "-1")
        .flags(Flags::default().set("--listen", "server.listen", "here"));
    assert_snapshot!(place.problems(), @r"
    the configuration has 5 problems
      config/billdeck.toml:1: x: unknown key
      config/catalog.toml:1: plans.pro: the plan has no `name`
      config/catalog.toml:2: plans.pro.nmae: unknown key; did you mean `name`?
      environment variable BILLDECK_WORKER__WORKERS: worker.workers: expected a whole number of 0 or more, found `-1`
      --listen: server.listen: expected an address and a port such as `127.0.0.1:8484`, found `here`
    ");
}
