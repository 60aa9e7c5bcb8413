//! Pictures of every screen in every state, with a fixed clock and fixed ids.

use billdeck::console::Msg;
use jiff::SignedDuration;

use super::{fake, fake::FakeDesk, harness::Harness};

const SMALL: (u16, u16) = (80, 24);
const SIZES: [(u16, u16); 3] = [SMALL, (120, 40), (200, 60)];
const SCREENS: [(&str, &str); 5] = [
    ("overview", "0"),
    ("customers", "1"),
    ("subscriptions", "2"),
    ("events", "3"),
    ("orders", "6"),
];
const DETAILS: [(&str, &str); 3] = [
    ("event", "open evt_1QxM0000aBcDeF7fA2"),
    ("customer", "open cus_Qx0000000Ana"),
    ("subscription", "open sub_1QxA93f00000000A902f"),
];

fn picture(name: &str, harness: &Harness) {
    let (width, height) = (harness.buffer().area.width, harness.buffer().area.height);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/console");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{name}_{width}x{height}"), harness.text()));
}

fn at(harness: &mut Harness, keys: &str) {
    harness.press(keys);
    harness.rest();
}

/// Long enough for the inspector to ask what takes longer.
fn stay(harness: &mut Harness) {
    harness.pass(SignedDuration::from_secs(1));
}

/// Each of these at each size.
fn everywhere<T: Copy, const N: usize>(cases: [T; N]) -> impl Iterator<Item = (T, (u16, u16))> {
    cases
        .into_iter()
        .flat_map(|case| SIZES.into_iter().map(move |size| (case, size)))
}

#[test]
fn lists_with_rows_at_every_size() {
    for size in SIZES {
        for (name, key) in SCREENS {
            let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
            at(&mut harness, key);
            if name == "events" {
                at(&mut harness, "j");
                stay(&mut harness);
            }
            picture(&format!("{name}_rows"), &harness);
        }
    }
}

#[test]
fn details_with_rows_at_every_size() {
    for size in SIZES {
        for (name, command) in DETAILS {
            let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
            harness.command(command);
            harness.pass(SignedDuration::from_secs(4));
            picture(&format!("{name}_rows"), &harness);
        }
    }
}

#[test]
fn nothing_there() {
    for ((name, key), size) in everywhere(SCREENS) {
        let mut harness = Harness::new(FakeDesk::empty(fake::setting()), size);
        at(&mut harness, key);
        picture(&format!("{name}_empty"), &harness);
    }
}

#[test]
fn filtered() {
    let filters = [
        ("customers", "1", "ana"),
        ("subscriptions", "2", "status:past_due"),
        ("events", "3", "state:failed"),
        ("orders", "6", "status:failed"),
    ];
    for ((name, key, filter), size) in everywhere(filters) {
        let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
        harness.press(key);
        harness.press("/");
        harness.type_text(filter);
        at(&mut harness, "Enter");
        if name == "events" {
            stay(&mut harness);
        }
        picture(&format!("{name}_filtered"), &harness);
    }
}

#[test]
fn still_loading() {
    for ((name, key), size) in everywhere(SCREENS) {
        let mut harness = Harness::waiting(FakeDesk::full(fake::setting()), size);
        at(&mut harness, key);
        harness.pass(SignedDuration::from_secs(2));
        picture(&format!("{name}_loading"), &harness);
    }
}

#[test]
fn details_still_loading_and_failing() {
    for ((name, command), size) in everywhere(DETAILS) {
        let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
        // The id is looked up; what it leads to is not read.
        harness.press(":");
        harness.type_text(command);
        harness.hold = true;
        harness.press("Enter");
        let mut looked_up = std::mem::take(&mut harness.held);
        assert_eq!(looked_up.len(), 1);
        harness.answer_only(looked_up.remove(0));
        harness.pass(SignedDuration::from_secs(2));
        picture(&format!("{name}_loading"), &harness);
        harness.desk.with(|inside| {
            let mut error = fake::error(
                "database_away",
                "the database does not answer: connection refused",
            );
            error.hint = Some("check that PostgreSQL runs, then press Ctrl-r".to_owned());
            inside.failure = Some(error);
        });
        harness.release();
        picture(&format!("{name}_error"), &harness);
    }
}

#[test]
fn nothing_can_be_read() {
    for ((name, key), size) in everywhere(SCREENS) {
        let desk = FakeDesk::full(fake::setting());
        desk.with(|inside| {
            let mut error = fake::error(
                "database_away",
                "the database does not answer: connection refused",
            );
            error.hint = Some("check that PostgreSQL runs, then press Ctrl-r".to_owned());
            error.link_lost = true;
            inside.failure = Some(error);
        });
        let mut harness = Harness::new(desk, size);
        at(&mut harness, key);
        picture(&format!("{name}_error"), &harness);
    }
}

#[test]
fn old_data_after_the_link_is_lost() {
    for ((name, key), size) in everywhere(SCREENS) {
        let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
        at(&mut harness, key);
        harness.desk.with(|inside| {
            let mut error = fake::error("database_away", "the database does not answer");
            error.link_lost = true;
            inside.failure = Some(error);
        });
        harness.send(Msg::News(billdeck::console::desk::News::Link { up: false }));
        for _ in 0..8 {
            harness.pass(SignedDuration::from_secs(30));
        }
        picture(&format!("{name}_stale"), &harness);
    }
}

#[test]
fn overlays() {
    let cases: [(&str, bool, &[&str]); 12] = [
        ("help", false, &["3", "?"]),
        ("palette", false, &["3", ":"]),
        ("find", false, &["3", "Ctrl-p"]),
        ("operations", false, &["3", "1", "@"]),
        ("filter", false, &["3", "/"]),
        ("facets", false, &["3", "f"]),
        ("actions", false, &["3", "j", "a"]),
        ("replay", false, &["3", "j", "R"]),
        (
            "replay_done",
            false,
            &["3", "j", "Space", "Space", "Space", "R", "y"],
        ),
        ("discard", false, &["3", "j", "X"]),
        ("verify", false, &["2", "V"]),
        ("choices", false, &["1", "g"]),
    ];
    for (name, production, keys) in cases {
        let setting = if production {
            fake::production()
        } else {
            fake::setting()
        };
        let mut harness = Harness::new(FakeDesk::full(setting), SMALL);
        for key in keys {
            at(&mut harness, key);
        }
        harness.pass(SignedDuration::from_millis(500));
        picture(&format!("overlay_{name}"), &harness);
    }
}

#[test]
fn confirmations_in_production() {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), SMALL);
    harness.command("rw");
    picture("production_rw", &harness);
    harness.press("Tab");
    harness.type_text("PROD");
    harness.press("Enter");
    harness.press("Enter");
    harness.press("2");
    harness.press("K");
    harness.pass(SignedDuration::from_secs(7));
    picture("production_cancel", &harness);
}

#[test]
fn attempts_changes_and_headers_of_an_event() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), SMALL);
    harness.press("3");
    harness.press("j");
    harness.press("T");
    harness.rest();
    picture("event_attempts", &harness);
    harness.press("Tab");
    harness.press("Tab");
    picture("event_headers", &harness);
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), SMALL);
    harness.command("open evt_1QxM0009aBcDeF7fA2");
    harness.press("Tab");
    harness.press("Tab");
    harness.pass(SignedDuration::from_secs(4));
    picture("event_changes", &harness);
}

#[test]
fn a_customer_without_owner() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), SMALL);
    harness.command("open cus_Qx3000000Ana");
    harness.pass(SignedDuration::from_secs(4));
    picture("customer_unlinked", &harness);
    harness.press("O");
    picture("customer_link_owner", &harness);
}

#[test]
fn too_small() {
    let harness = Harness::new(FakeDesk::full(fake::setting()), (40, 10));
    picture("too_small", &harness);
}
