//! How confirmations are answered, and how the console is left.

use billdeck::{console::Effect, domain::views::action::RowDiff};

use super::{fake, fake::FakeDesk, harness::Harness};

/// The dialogs that write: what leads to each, and what its title begins with.
const DIALOGS: [(&[&str], &str); 7] = [
    (&["3", "j", "R"], "Replay 1 event"),
    (&["3", "j", "X"], "LOCAL  Discard"),
    (&["2", "K"], "Cancel"),
    (&["2", "V"], "Verify"),
    (&["1", "L"], "Checkout"),
    (&["1", "B"], "Portal"),
    (&["1", "j", "j", "j", "O"], "Link"),
];

fn opened(keys: &[&str]) -> Harness {
    let desk = FakeDesk::full(fake::setting());
    desk.with(|inside| {
        inside.differences = vec![RowDiff {
            table: "subscription".to_owned(),
            row_key: "sub_1".to_owned(),
            new: false,
            fields: Vec::new(),
        }];
    });
    let mut harness = Harness::new(desk, (100, 30));
    for key in keys {
        harness.press(key);
    }
    harness
}

fn has_written(harness: &Harness) -> bool {
    harness.seen.iter().any(Effect::writes)
}

#[test]
fn no_is_no_however_it_is_said() {
    for (keys, title) in DIALOGS {
        // Where a text comes first, `n` is a letter and Enter goes on to the next field.
        let answers: &[&str] = match title {
            "Link" => &["Esc", "Ctrl-c"],
            _ => &["n", "Esc", "Ctrl-c", "Enter"],
        };
        for &answer in answers {
            let mut harness = opened(keys);
            assert!(harness.shows(title), "{title}:\n{}", harness.text());
            harness.press(answer);
            assert!(!has_written(&harness), "{title} {answer}");
            assert!(!harness.shows(title), "{title} {answer}:\n{}", harness.text());
            assert!(!harness.seen.contains(&Effect::Quit), "{title} {answer}");
        }
    }
}

#[test]
fn yes_is_yes_where_one_button_is_enough() {
    for (keys, title) in DIALOGS {
        let mut harness = opened(keys);
        harness.press("y");
        // A discard wants a reason first, a link an owner.
        let wants_more = ["LOCAL  Discard", "Link"].contains(&title);
        assert_eq!(has_written(&harness), !wants_more, "{title}:\n{}", harness.text());
    }
}

#[test]
fn a_typed_confirmation_takes_nothing_else() {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), (100, 30));
    harness.command("rw");
    for wrong in ["PRO", "PRODUCTION", "yes"] {
        harness.press("Tab");
        harness.press("Ctrl-u");
        harness.type_text(wrong);
        harness.press("Tab");
        harness.press("Tab");
        harness.press("Enter");
        assert!(harness.shows(" RO "), "{wrong}:\n{}", harness.text());
    }
    harness.press("Esc");
    assert!(harness.shows(" RO "));
    assert!(!has_written(&harness));
}

/// A console whose write is under way.
fn writing() -> Harness {
    let mut harness = opened(&["3", "j", "R"]);
    harness.hold = true;
    harness.press("y");
    harness.press("Esc");
    assert!(has_written(&harness));
    harness
}

#[test]
fn leaving_while_a_change_is_under_way_is_asked_once() {
    let mut harness = writing();
    harness.command("q");
    assert!(!harness.seen.contains(&Effect::Quit), "{}", harness.text());
    assert!(harness.shows("a change is under way"), "{}", harness.text());
    harness.command("q");
    assert!(harness.seen.contains(&Effect::Quit));
}

#[test]
fn a_change_that_has_ended_holds_nobody() {
    let mut harness = writing();
    harness.release();
    harness.command("q");
    assert!(harness.seen.contains(&Effect::Quit), "{}", harness.text());
}

#[test]
fn ctrl_c_gives_up_what_runs_and_then_leaves() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (100, 30));
    harness.press("3");
    harness.press("?");
    harness.press("Ctrl-c");
    assert!(!harness.seen.contains(&Effect::Quit), "it closed the help");
    harness.hold = true;
    harness.command("open sub_1QxA93f00000000A902f");
    harness.press("Ctrl-c");
    assert!(
        harness
            .seen
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(_)))
    );
    assert!(!harness.seen.contains(&Effect::Quit), "{}", harness.text());
    harness.press("Ctrl-c");
    assert!(harness.seen.contains(&Effect::Quit), "{}", harness.text());
}
