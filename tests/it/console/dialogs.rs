//! Everything that writes: plan, confirmation, result.

use billdeck::{
    console::{Effect, Write, desk::CancelWhen},
    domain::{event::ReplayMode, subscription::Difference, views::action::RowDiff},
};
use serde_json::json;

use super::{data, fake, fake::FakeDesk, harness::Harness};

fn console() -> Harness {
    Harness::new(FakeDesk::full(fake::setting()), (100, 30))
}

fn production() -> Harness {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), (100, 30));
    harness.command("rw");
    harness.press("Tab");
    harness.type_text("PROD");
    harness.press("Enter");
    harness.press("Enter");
    harness
}

fn writes(harness: &Harness) -> Vec<Write> {
    harness
        .seen
        .iter()
        .filter_map(|effect| match effect {
            Effect::Write { write, .. } => Some(write.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_replay_shows_its_plan_and_then_its_results() {
    let mut harness = console();
    harness.press("3");
    harness.press("j");
    harness.press("R");
    assert!(harness.shows("would change"), "{}", harness.text());
    assert!(
        harness.shows("seats                  5  →  8"),
        "{}",
        harness.text()
    );
    assert!(writes(&harness).is_empty());
    harness.press("Tab");
    harness.type_text("price added");
    harness.press("Tab");
    harness.press("Enter");
    assert_eq!(
        writes(&harness),
        [Write::Replay {
            ids: vec![data::event_id(0)],
            mode: ReplayMode::Converge,
            reason: Some("price added".to_owned()),
        }]
    );
    assert!(harness.shows("1 applied"), "{}", harness.text());
    harness.press("Enter");
    assert!(!harness.shows("Replay 1 event"));
    assert!(
        harness.shows("● processed    3m"),
        "the list was read again: {}",
        harness.text()
    );
}

#[test]
fn the_key_that_opens_a_dialog_never_confirms_it() {
    let mut harness = console();
    harness.press("3");
    harness.press("j");
    for key in ["R", "R", "R", "Enter"] {
        harness.press(key);
    }
    assert!(writes(&harness).is_empty());
    assert!(
        !harness.shows("Replay 1 event"),
        "Enter pressed the button that has the focus: Back"
    );
    harness.press("2");
    for key in ["K", "K", "K", "Enter"] {
        harness.press(key);
    }
    assert!(writes(&harness).is_empty());
}

#[test]
fn the_mode_of_a_replay_can_be_changed_before() {
    let mut harness = console();
    harness.press("3");
    harness.press("j");
    harness.press("R");
    harness.press("m");
    assert!(harness.shows("as recorded"));
    harness.press("y");
    assert!(matches!(
        &writes(&harness)[..],
        [Write::Replay {
            mode: ReplayMode::AsRecorded,
            ..
        }]
    ));
}

#[test]
fn marked_events_are_replayed_one_result_each() {
    let mut harness = console();
    harness.press("3");
    for _ in 0..8 {
        harness.press("Space");
    }
    harness.press("R");
    assert!(harness.shows("Replay 8 events"));
    assert!(
        harness.shows("cannot be replayed") || harness.shows("more lines"),
        "{}",
        harness.text()
    );
    harness.press("y");
    assert!(
        harness.shows("6 applied, 1 failed, 1 refused"),
        "{}",
        harness.text()
    );
    assert!(
        harness.shows("the refund is larger than its payment"),
        "{}",
        harness.text()
    );
}

#[test]
fn a_lost_answer_is_unknown_and_never_failed() {
    let mut harness = console();
    harness.desk.with(|inside| {
        let mut lost = fake::error("timeout", "no answer within 30 s");
        lost.outcome_unknown = true;
        inside.write_failure = Some(lost);
    });
    harness.press("2");
    harness.press("K");
    harness.press("y");
    assert!(harness.shows("? cancel: outcome unknown"), "{}", harness.text());
    assert!(harness.shows("Verify (V)"), "{}", harness.text());
    harness.press("K");
    assert!(harness.shows("verify first (V)"), "{}", harness.text());
    harness.desk.with(|inside| inside.write_failure = None);
    harness.press("V");
    assert!(
        harness.shows("ours and the provider's agree"),
        "{}",
        harness.text()
    );
    harness.press("Enter");
    harness.press("K");
    assert!(harness.shows("Cancel subscription"), "{}", harness.text());
}

#[test]
fn a_discard_needs_a_reason() {
    let mut harness = console();
    harness.press("3");
    harness.press("j");
    harness.press("X");
    harness.press("y");
    assert!(writes(&harness).is_empty());
    harness.press("Left");
    harness.press("Right");
    harness.press("Enter");
    assert!(harness.shows("reason is needed"), "{}", harness.text());
    harness.type_text("test traffic");
    harness.press("Tab");
    harness.press("Enter");
    assert_eq!(harness.written(), ["discard 1 test traffic"]);
    assert!(harness.shows("1 event discarded"));
    assert!(harness.shows("○ discarded    3m"), "{}", harness.text());
}

#[test]
fn cancelling_asks_when_and_in_production_for_the_last_four() {
    let mut harness = production();
    harness.press("2");
    harness.press("K");
    assert!(harness.shows("PROD  Cancel subscription"), "{}", harness.text());
    assert!(harness.shows("last four to go on"));
    harness.press("y");
    assert!(writes(&harness).is_empty(), "a single key is not enough");
    harness.press("Tab");
    harness.press("Right");
    assert!(
        harness.shows("canceled, access ends at once"),
        "{}",
        harness.text()
    );
    harness.press("Tab");
    harness.type_text("ticket 5530");
    harness.press("Tab");
    harness.type_text("9999");
    harness.press("Tab");
    harness.press("Enter");
    assert!(harness.shows("that is not 900f"), "{}", harness.text());
    for _ in 0..4 {
        harness.press("Backspace");
    }
    harness.type_text("900f");
    harness.press("Tab");
    harness.press("Enter");
    assert!(matches!(
        &writes(&harness)[..],
        [Write::Cancel { when: CancelWhen::Now, reason: Some(reason), .. }] if reason == "ticket 5530"
    ));
    assert!(harness.shows("○ canceled"), "{}", harness.text());
}

#[test]
fn a_cancellation_can_be_taken_back() {
    let mut harness = console();
    harness.press("2");
    harness.press("U");
    assert!(
        harness.shows("nothing is scheduled to cancel"),
        "{}",
        harness.text()
    );
    harness.press("j");
    harness.press("U");
    assert!(harness.shows("cancel at period end"));
    harness.press("y");
    assert_eq!(harness.written(), ["resume None"]);
    assert!(!harness.shows("ends 12-03"), "{}", harness.text());
}

#[test]
fn verify_shows_both_sides_and_takes_theirs_over_when_told_to() {
    let mut harness = console();
    harness.desk.with(|inside| {
        inside.differences = vec![RowDiff {
            table: "subscription".to_owned(),
            row_key: "sub_1QxA93f00000000A902f".to_owned(),
            new: false,
            fields: vec![Difference {
                field: "status".to_owned(),
                before: json!("past_due"),
                after: json!("active"),
            }],
        }];
    });
    harness.press("2");
    harness.press("j");
    harness.press("j");
    harness.press("V");
    assert!(harness.shows("OURS"), "{}", harness.text());
    assert!(harness.shows("Take theirs over"));
    assert!(harness.shows("request req_8Fk2"));
    assert!(writes(&harness).is_empty());
    harness.press("y");
    assert_eq!(harness.written(), ["take over None"]);
    assert!(
        harness.shows("the provider's word is stored now"),
        "{}",
        harness.text()
    );
}

#[test]
fn an_events_object_is_verified_by_looking_it_up() {
    let mut harness = console();
    harness.desk.with(|inside| {
        inside.events[1].object_id = Some("sub_1QxA93f00000000A902f".to_owned());
    });
    harness.press("3");
    harness.press("j");
    harness.press("V");
    assert!(
        harness.shows("ours and the provider's agree"),
        "{}",
        harness.text()
    );
    harness.press("Esc");
    for _ in 0..3 {
        harness.press("j");
    }
    harness.press("V");
    assert!(
        harness.shows("subscriptions can be verified; this event is about order"),
        "{}",
        harness.text()
    );
}

#[test]
fn a_checkout_ends_in_a_link_to_copy_or_open() {
    let mut harness = console();
    harness.press("1");
    harness.press("L");
    harness.press("Tab");
    harness.press("Right");
    harness.press("Tab");
    harness.press("Ctrl-u");
    harness.type_text("12");
    harness.press("Tab");
    harness.press("Enter");
    assert_eq!(harness.written(), ["checkout team 12"]);
    assert!(
        harness.shows("https://checkout.example/c/pay/cs_test_a1b2c3"),
        "{}",
        harness.text()
    );
    harness.press("Enter");
    assert!(harness.seen.contains(&Effect::Copy(
        "https://checkout.example/c/pay/cs_test_a1b2c3".to_owned()
    )));
}

#[test]
fn a_portal_link_is_made() {
    let mut harness = console();
    harness.press("1");
    harness.press("B");
    harness.press("y");
    assert!(
        harness.shows("https://billing.example/p/session/bps_1"),
        "{}",
        harness.text()
    );
}

#[test]
fn a_customer_without_owner_is_linked_with_the_candidate_filled_in() {
    let mut harness = console();
    harness.press("1");
    harness.press("O");
    assert!(
        harness.shows("belongs to organization org_8812 already"),
        "{}",
        harness.text()
    );
    for _ in 0..3 {
        harness.press("j");
    }
    harness.press("Enter");
    assert!(harness.shows("linked to no owner"), "{}", harness.text());
    assert!(harness.shows("has the same e-mail address"), "{}", harness.text());
    harness.press("O");
    assert!(harness.shows("[org_8812"), "{}", harness.text());
    harness.press("y");
    assert_eq!(harness.written(), ["link organization org_8812 None"]);
    assert!(!harness.shows("linked to no owner"), "{}", harness.text());
}

#[test]
fn writing_in_production_ends_by_itself() {
    let mut harness = production();
    assert!(harness.shows("RW 10m left"), "{}", harness.text());
    harness.pass(jiff::SignedDuration::from_mins(10));
    assert!(harness.shows(" RO "), "{}", harness.text());
    assert!(harness.shows("writing has ended by itself"));
    harness.press("2");
    harness.press("K");
    assert!(harness.shows("cancel: read-only"), "{}", harness.text());
}

#[test]
fn a_paste_goes_into_the_field_and_runs_nothing() {
    let mut harness = console();
    harness.press(":");
    harness.send(billdeck::console::Msg::Terminal(crossterm::event::Event::Paste(
        "quit\nquit\n".to_owned(),
    )));
    assert!(harness.shows(":quit quit"), "{}", harness.text());
    assert!(!harness.seen.contains(&Effect::Quit));
}

#[test]
fn a_read_that_takes_long_is_given_up_by_esc_and_a_write_by_ctrl_c_is_unknown() {
    let mut harness = console();
    harness.press("3");
    harness.hold = true;
    harness.press("Ctrl-r");
    harness.pass(jiff::SignedDuration::from_secs(2));
    assert!(harness.shows("↻ 2s"), "{}", harness.text());
    harness.press("Esc");
    assert!(
        harness
            .seen
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(_)))
    );
    assert!(harness.shows("invoice.created"));
}

#[test]
fn an_alarm_is_settled_with_a_reason_on_its_events_page() {
    let mut harness = console();
    let event = harness.desk.with(|inside| {
        let event = inside.events[0].clone();
        inside.alarmed.insert(event.id);
        event
    });
    harness.command(&format!("open {}", event.provider_event_id));
    assert!(
        harness.shows("another body under a known id"),
        "{}",
        harness.text()
    );
    harness.press("A");
    harness.press("Right");
    harness.press("Enter");
    assert!(harness.shows("reason is needed"), "{}", harness.text());
    harness.type_text("a resent body");
    harness.press("Tab");
    harness.press("Enter");
    assert_eq!(harness.written(), ["settle \"a resent body\""]);
    assert!(harness.shows("1 alarm settled"), "{}", harness.text());
    assert!(
        !harness.shows("another body under a known id"),
        "{}",
        harness.text()
    );
    harness.command("settle_alarms");
    assert!(harness.shows("no alarm about it is open"), "{}", harness.text());
}
