//! What is said, and with which code the program ends, when a command cannot do what it was asked.

use serde_json::Value;

use super::{Place, Run, place_on_database};
use crate::support::db;

/// The database's own name and port are left out.
fn said(run: &Run) -> String {
    let text = format!("exit {}\n{}{}", run.code, run.out, run.err);
    let text = regex::Regex::new(r"127\.0\.0\.1:\d+/\w+")
        .unwrap()
        .replace_all(&text, "HOST/DB")
        .into_owned();
    regex::Regex::new(r"HOST/DB\?[\w=&]+")
        .unwrap()
        .replace_all(&text, "HOST/DB")
        .into_owned()
}

#[test]
fn a_misspelt_command() {
    insta::assert_snapshot!(said(&Place::new().run(&["evnts"])), @r"
    exit 2
    error: unrecognized subcommand 'evnts'

      tip: a similar subcommand exists: 'events'

    Usage: billdeck [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
}

#[test]
fn a_group_without_its_command() {
    let run = Place::new().run(&["events"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("Usage: billdeck events"), "{}", run.err);
}

#[test]
fn impossible_filters() {
    let place = Place::new();
    for arguments in [
        &["events", "list", "--state", "bogus"][..],
        &["events", "list", "--since", "yesterday"],
        &["events", "list", "--since", "-2h"],
        &["events", "list", "--provider", "paypal"],
        &["events", "list", "--limit", "0"],
        &["events", "list", "--sort", "type"],
        &["events", "list", "--org", "a", "--user", "b"],
        &["customers", "list", "--unlinked", "--org", "a"],
        &["subscriptions", "list", "--status", "dead"],
        &["events", "replay", "--yes"],
        &["events", "replay", "evt_1", "--state", "dead", "--yes"],
        &["customers", "link", "cus_1"],
        &["events", "ingest", "-", "--provider", "paypal"],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert_eq!(run.out, "", "{arguments:?}");
    }
    insta::assert_snapshot!(said(&place.run(&["events", "list", "--state", "bogus"])), @r"
    exit 2
    error: invalid value 'bogus' for '--state <STATE>': `bogus` is no event state; known are pending, processing, processed, ignored, failed, dead, discarded, quarantined

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&place.run(&["events", "list", "--sort", "type"])), @r"
    exit 2
    error: invalid value 'type' for '--sort <COLUMN>': this list can be sorted by received_at; a `-` in front turns the order round

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&place.run(&["events", "replay", "--yes"])), @r"
    exit 2
    error: no event is named
      hint: name events by their ids, or narrow them down with a filter such as `--state dead`
    ");
}

#[test]
fn a_configuration_with_problems() {
    let place = Place::new().file(
        "config/billdeck.toml",
        "[server]\nlisten = \"here\"\n[worker]\nworkes = 3\n",
    );
    insta::assert_snapshot!(said(&place.run(&["config", "check"])), @r"
    exit 2
    error: the configuration has 2 problems
      config/billdeck.toml:2: server.listen: expected an address and a port such as `127.0.0.1:8484`, found `here`
      config/billdeck.toml:4: worker.workes: unknown key; did you mean `workers`?
      hint: `config/billdeck.toml` and `config/catalog.toml` in the repository list every key
    ");
    for arguments in [
        &["events", "list"][..],
        &["serve"],
        &["doctor"],
        &["demo", "--headless"],
    ] {
        assert_eq!(place.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn key_bindings_with_problems() {
    let place = Place::new()
        .file("config/billdeck.toml", "")
        .file("config/keymap.toml", "[nowhere]\nquit = [\"q\"]\n");
    let run = place.run(&["config", "check"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("config/keymap.toml: line 1"), "{}", run.err);
}

#[test]
fn a_database_that_is_away() {
    let place = Place::on("postgres://ana:geheim@127.0.0.1:1/billing");
    let run = place.run(&["events", "list"]);
    insta::assert_snapshot!(said(&run), @r"
    exit 6
    error: cannot work with the database postgres://ana@HOST/DB
      cause: the database is not available
      cause: error communicating with database: Connection refused (os error 111)
      hint: check that PostgreSQL runs and that DATABASE_URL is right: `billdeck doctor`
    ");
    for arguments in [
        &["migrate"][..],
        &["serve", "--listen", "127.0.0.1:0"],
        &["worker"],
        &["audit", "list"],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 6, "{arguments:?}: {}", run.err);
        assert!(!run.err.contains("geheim"), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_behind_or_ahead() {
    let empty = db::empty().await;
    let place = Place::on(&empty.url);
    let run = place.run(&["events", "list"]);
    insta::with_settings!({ filters => [(r"needs version \d+", "needs version N")] }, {
        insta::assert_snapshot!(said(&run), @r"
        exit 6
        error: cannot work with the database postgres://postgres@HOST/DB
          cause: the database is at version 0 and this billdeck needs version N
          hint: run `billdeck migrate`
        ");
    });
    assert_eq!(place.run(&["serve", "--listen", "127.0.0.1:0"]).code, 6);
    let migrated = place.json(&["migrate"]);
    assert_eq!(migrated["from"], 0);
    assert_eq!(place.run(&["events", "list"]).code, 0);
    let again = place.json(&["migrate"]);
    assert_eq!(again["from"], again["to"]);

    sqlx::query("update _sqlx_migrations set version = 9999 where version = 1")
        .execute(&empty.pool)
        .await
        .unwrap();
    let run = place.run(&["events", "list"]);
    assert_eq!(run.code, 6);
    assert!(run.err.contains("newer version"), "{}", run.err);
}

#[tokio::test]
async fn ids_that_nobody_knows() {
    let (_db, place) = place_on_database().await;
    let long = "x".repeat(10_000);
    for arguments in [
        &["events", "show", "evt_none"][..],
        &["events", "show", "01a1fc04-48ea-7094-a649-1017e73a0305"],
        &["events", "show", &long],
        &["events", "replay", "evt_none", "--yes"],
        &["events", "discard", "evt_none", "--reason", "why", "--yes"],
        &["events", "list", "--customer", "cus_none"],
        &["customers", "show", "cus_none"],
        &["customers", "link", "cus_none", "--org", "org_1"],
        &["subscriptions", "show", "sub_none"],
        &["subscriptions", "cancel", "sub_none", "--yes"],
        &["subscriptions", "verify", "sub_none"],
        &["checkout", "create", "--customer", "cus_none", "--plan", "pro"],
        &["portal", "create", "--email", "nobody@example.com"],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 3, "{:.80?}: {}", arguments, run.err);
        assert!(run.err.len() < 500, "{}", run.err);
    }
    insta::assert_snapshot!(said(&place.run(&["events", "show", "evt_none"])), @r"
    exit 3
    error: there is no event `evt_none` in the test environment
      hint: `billdeck events list` shows those there are; `billdeck config show` tells which environment is served
    ");
}

#[tokio::test]
async fn with_json_an_error_is_one_document_on_standard_error() {
    let (_db, place) = place_on_database().await;
    for (arguments, code, word) in [
        (&["events", "show", "evt_none"][..], 3, "not_found"),
        (&["events", "list", "--cursor", "nonsense"], 2, "bad_cursor"),
        (&["events", "list", "--state", "bogus"], 2, "usage"),
        (&["events", "replay", "evt_none"], 4, "confirmation_missing"),
    ] {
        let run = place.run(&[arguments, &["--json"]].concat());
        assert_eq!((run.code, run.out.as_str()), (code, ""), "{arguments:?}");
        let document: Value = serde_json::from_str(&run.err).unwrap();
        assert_eq!(document["error"]["code"], word, "{arguments:?}");
        assert!(document["error"]["message"].is_string());
        assert!(document["error"]["hint"].is_string(), "{arguments:?}");
    }
    let away = Place::on("postgres://127.0.0.1:1/x").run(&["--json", "events", "list"]);
    let document: Value = serde_json::from_str(&away.err).unwrap();
    assert_eq!(document["error"]["code"], "database_unavailable");
}

#[test]
fn a_console_without_a_terminal() {
    let place = Place::on("postgres://127.0.0.1:1/x");
    assert_eq!(place.run(&[]).code, 6, "the database is looked at first");
}

#[test]
fn a_demo_takes_no_database() {
    let place = Place::new();
    let run = place.run(&["demo", "--headless", "--database-url", "postgres://127.0.0.1:1/x"]);
    insta::assert_snapshot!(said(&run), @r"
    exit 2
    error: a demo has a database of its own and takes no `--database-url`
      hint: choose where it lies with `--data-dir`
    ");
}
