//! `doctor` looks at what it can, whatever else is broken.

use serde_json::Value;

use super::{Place, place_on_database};

fn checks(place: &Place) -> (i32, Vec<(String, String)>, Value) {
    let run = place.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    let checks = findings["checks"].as_array().unwrap().iter().map(|check| {
        let word = |field: &str| check[field].as_str().unwrap().to_owned();
        (word("check"), word("status"))
    });
    (run.code, checks.collect(), findings)
}

fn status<'a>(checks: &'a [(String, String)], name: &str) -> &'a str {
    &checks.iter().find(|(check, _)| check == name).unwrap().1
}

#[tokio::test]
async fn all_is_well_but_for_what_is_not_set_up_yet() {
    let (_db, place) = place_on_database().await;
    let place = place.variable("BILLDECK_SERVER__LISTEN", "127.0.0.1:0");
    let (code, checks, findings) = checks(&place);
    assert_eq!(code, 0);
    assert_eq!(findings["ok"], true);
    for name in [
        "configuration",
        "database",
        "clock",
        "schema",
        "catalogue",
        "listen address",
    ] {
        assert_eq!(status(&checks, name), "ok", "{name}");
    }
    assert_eq!(status(&checks, "stripe"), "warn");
    assert_eq!(status(&checks, "worker"), "warn");
}

#[test]
fn a_database_that_is_away_does_not_stop_it() {
    let place = Place::on("postgres://ana:geheim@127.0.0.1:1/billing")
        .variable("STRIPE_SECRET_KEY", "sk_test_nothing")
        .variable("STRIPE_API_BASE", "http://127.0.0.1:1");
    let (code, checks, findings) = checks(&place);
    assert_eq!(code, 1);
    assert_eq!(status(&checks, "database"), "fail");
    assert_eq!(status(&checks, "stripe"), "fail");
    assert_eq!(status(&checks, "webhook secrets"), "warn");
    let text = findings.to_string();
    assert!(
        !text.contains("geheim") && !text.contains("sk_test_nothing"),
        "{text}"
    );
}

#[test]
fn no_private_cluster_is_made_to_look_at_it() {
    let place = Place::new();
    let (_, checks, _) = checks(&place);
    assert_eq!(status(&checks, "private cluster"), "ok");
    assert!(!place.path().join("data").exists());
}
