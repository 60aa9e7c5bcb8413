//! Ways through the console: screens, back and forth, commands, prefixes.

use billdeck::console::{Effect, LinkUse, Read};
use jiff::SignedDuration;

use super::{fake, fake::FakeDesk, harness::Harness};

fn console(size: (u16, u16)) -> Harness {
    Harness::new(FakeDesk::full(fake::setting()), size)
}

#[test]
fn back_finds_the_list_as_it_was_left() {
    let mut harness = console((120, 24));
    harness.command("events state:failed");
    harness.press("j");
    harness.press("Space");
    let before: Vec<String> = harness
        .text()
        .lines()
        .skip(1)
        .take(12)
        .map(ToOwned::to_owned)
        .collect();
    harness.press("Enter");
    assert!(harness.shows("Payload"), "{}", harness.text());
    harness.press("q");
    let after: Vec<String> = harness
        .text()
        .lines()
        .skip(1)
        .take(12)
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(after, before);
}

#[test]
fn history_goes_back_and_forward_and_a_new_branch_forgets_the_way_ahead() {
    let mut harness = console((80, 24));
    harness.press("1");
    harness.press("3");
    harness.press("[");
    assert!(harness.shows("ana@acme.mx"));
    harness.press("]");
    assert!(harness.shows("by received"));
    harness.press("[");
    harness.press("6");
    harness.press("]");
    assert!(
        harness.shows("there is no screen after this one"),
        "{}",
        harness.text()
    );
    harness.press("-");
    assert!(harness.shows(" Customers"));
    harness.press("-");
    assert!(harness.shows(" Orders"));
}

#[test]
fn q_on_the_first_screen_leaves() {
    let mut harness = console((80, 24));
    harness.press("3");
    harness.press("q");
    assert!(!harness.seen.contains(&Effect::Quit));
    harness.press("q");
    assert!(harness.seen.contains(&Effect::Quit));
}

#[test]
fn q_leaves_from_the_first_screen_however_it_was_reached() {
    let mut harness = console((80, 24));
    harness.press("3");
    harness.press("0");
    harness.press("q");
    assert!(harness.seen.contains(&Effect::Quit), "{}", harness.text());
}

#[test]
fn any_id_leads_to_what_it_belongs_to() {
    let mut harness = console((120, 30));
    harness.command("open sub_1QxA93f00000000A900f");
    assert!(harness.shows("Who set what"), "{}", harness.text());
    harness.command("open cus_Qx1000000Ana");
    assert!(harness.shows("Globex Corporation"));
    harness.command("open evt_1QxM0003aBcDeF7fA2");
    assert!(harness.shows("provider_unavailable"), "{}", harness.text());
    harness.command("open nobody");
    assert!(harness.shows("nothing here is called nobody"));
}

#[test]
fn a_line_of_the_overview_leads_to_where_it_is_mended() {
    let mut harness = console((120, 30));
    harness.press("j");
    harness.press("Enter");
    assert!(
        harness.shows("filter: failed error=unknown_price"),
        "{}",
        harness.text()
    );
    assert!(harness.shows("waiting"));
    assert!(!harness.shows("invoice.paid"));
}

#[test]
fn a_wrong_command_is_explained_where_it_was_typed() {
    let mut harness = console((120, 24));
    harness.command("evnts");
    assert!(harness.shows(":evnts"), "{}", harness.text());
    assert!(harness.shows("did you mean `events`?"), "{}", harness.text());
    harness.press("Ctrl-u");
    harness.type_text("events failed");
    harness.press("Enter");
    assert!(harness.shows("filter: failed"), "{}", harness.text());
}

#[test]
fn actions_can_be_named_and_commands_completed() {
    let mut harness = console((120, 30));
    harness.press("3");
    harness.press("j");
    harness.press(":");
    harness.type_text("repl");
    harness.press("Tab");
    harness.press("Enter");
    assert!(harness.shows("Replay 1 event"), "{}", harness.text());
}

#[test]
fn find_anything_runs_the_action_under_the_cursor() {
    let mut harness = console((120, 30));
    harness.press("3");
    harness.press("Ctrl-p");
    harness.type_text("operations");
    harness.press("Enter");
    assert!(harness.shows("┌ Operations"), "{}", harness.text());
}

#[test]
fn the_first_key_of_several_shows_its_choices_after_a_moment() {
    let mut harness = console((120, 30));
    harness.press("1");
    harness.press("g");
    assert!(!harness.shows("subscriptions   "), "not at once");
    harness.pass(SignedDuration::from_millis(400));
    let shown = harness.text();
    let last = shown.lines().last().unwrap_or_default();
    assert!(
        last.contains("s subscriptions") && last.contains("e events"),
        "{shown}"
    );
    harness.press("s");
    assert!(harness.shows("filter: of ana@acme.mx"), "{}", harness.text());
}

#[test]
fn copying_takes_the_whole_id_and_says_so() {
    let mut harness = console((120, 30));
    harness.press("3");
    harness.press("j");
    harness.press("y y");
    assert!(
        harness
            .seen
            .contains(&Effect::Copy("evt_1QxM0000aBcDeF7fA2".to_owned()))
    );
    assert!(harness.shows("copied id: evt_1QxM0000aBcDeF7fA2"));
    harness.press("y u");
    let asked = harness.seen.iter().any(|effect| {
        matches!(
            effect,
            Effect::Read {
                read: Read::Dashboard {
                    then: LinkUse::Copy,
                    ..
                },
                ..
            }
        )
    });
    assert!(asked);
    assert!(harness.seen.contains(&Effect::Copy(
        "https://dashboard.example/sub_1QxA93f00000000A93f".to_owned()
    )));
    harness.press("y r");
    let row = harness.seen.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert!(
        row.unwrap()
            .contains("customer.subscription.updated\tsub_1QxA93f00000000A93f")
    );
}

#[test]
fn documents_are_folded_searched_and_copied_by_path_and_value() {
    let mut harness = console((120, 40));
    harness.command("open evt_1QxM0000aBcDeF7fA2");
    harness.press("/");
    harness.type_text("price_1QxNEW9fA");
    harness.press("Enter");
    assert!(harness.shows("1 match"), "{}", harness.text());
    harness.press("y p");
    assert!(
        harness
            .seen
            .contains(&Effect::Copy("data.object.items.data[0].price.id".to_owned())),
        "{}",
        harness.text()
    );
    harness.press("y v");
    assert!(harness.seen.contains(&Effect::Copy("price_1QxNEW9fA".to_owned())));
    harness.press("E");
    assert!(!harness.shows("price_1QxNEW9fA\""));
    harness.press("e");
    harness.press("n");
    assert!(harness.shows("price_1QxNEW9fA\""), "{}", harness.text());
    harness.press("/");
    harness.press("Ctrl-u");
    harness.type_text("line two");
    harness.press("Enter");
    assert!(
        harness.shows("\u{241b}[31m"),
        "escapes from outside are shown, not obeyed"
    );
}

#[test]
fn times_can_be_told_in_three_ways() {
    let mut harness = console((120, 24));
    harness.press("3");
    assert!(harness.shows(" 12m "));
    harness.press("t");
    assert!(harness.shows("23:29:07 "), "{}", harness.text());
    harness.press("t");
    assert!(harness.shows("23:29:07Z"), "{}", harness.text());
}

#[test]
fn a_small_screen_says_how_large_it_should_be_and_goes_on_working() {
    let mut harness = console((40, 10));
    assert!(
        harness.shows("billdeck needs 60x16, this is 40x10"),
        "{}",
        harness.text()
    );
    harness.press("3");
    harness.resize((80, 24));
    assert!(harness.shows("by received"));
    for size in [(1, 1), (0, 0), (59, 16), (60, 15), (60, 16), (1, 200), (400, 3)] {
        harness.resize(size);
        let _drawn = harness.buffer();
    }
}

#[test]
fn export_asks_for_the_marked_rows_in_a_file_named_after_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let mut harness = console((120, 30));
    harness.press("3");
    harness.press("j");
    harness.press("Space");
    harness.press("Space");
    harness.command(&format!("export csv {}", path.display()));
    assert!(harness.shows("2 rows written to"), "{}", harness.text());
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written.lines().count(), 3, "{written}");
    assert!(written.starts_with("id,provider,"));
    harness.press("Esc");
    harness.command(&format!("export csv {}", path.display()));
    assert!(
        harness.shows("could not be written"),
        "a file that exists is left alone: {}",
        harness.text()
    );
    let json = folder.path().join("all.json");
    harness.press("u");
    harness.command(&format!("export json {}", json.display()));
    let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(written.as_array().unwrap().len(), 48);
}

#[test]
fn live_can_be_paused() {
    let mut harness = console((80, 24));
    harness.press("3");
    harness.press("P");
    let asked = harness.seen.len();
    harness.send(billdeck::console::Msg::News(
        billdeck::console::desk::News::Events,
    ));
    harness.pass(SignedDuration::from_secs(10));
    assert_eq!(harness.seen.len(), asked, "{:?}", harness.seen.last());
}

#[test]
fn an_idle_console_wants_to_be_woken_only_now_and_then() {
    let mut harness = console((80, 24));
    harness.press("3");
    harness.rest();
    harness.pass(SignedDuration::from_secs(5));
    let deadline = harness.app.deadline().unwrap();
    assert!(
        deadline.duration_since(harness.now) > SignedDuration::from_secs(4),
        "{deadline}"
    );
}
