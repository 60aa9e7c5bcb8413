//! Lists: what moves, what stays, what is loaded when.

use billdeck::{
    console::{ConsoleOptions, Effect, Msg, Read, desk::News},
    domain::{event::EventState, views::event::EventRow},
};
use jiff::SignedDuration;

use super::{data, fake, fake::FakeDesk, harness::Harness};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn backlog(size: (u16, u16)) -> Harness {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), size);
    harness.press("3");
    harness.rest();
    harness
}

/// News of events, and the time it takes until they are read.
fn hear(harness: &mut Harness) {
    harness.send(Msg::News(News::Events));
    harness.pass(SECOND + SECOND);
    harness.rest();
}

fn selected_line(harness: &Harness) -> String {
    let text = harness.text();
    let line = text
        .lines()
        .find(|line| line.starts_with('▌'))
        .unwrap_or_default();
    line.trim_start_matches('▌').trim().to_owned()
}

#[test]
fn new_events_wait_above_and_move_nothing() {
    let mut harness = backlog((120, 24));
    harness.press("j");
    harness.press("j");
    let before = harness.text();
    let selected = selected_line(&harness);
    harness.desk.with(|inside| {
        for index in 500..503 {
            inside.events.insert(
                0,
                data::event(
                    index,
                    EventState::Pending,
                    -1,
                    "invoice.created",
                    "in_1QxLater00000Late",
                ),
            );
        }
    });
    hear(&mut harness);
    assert!(harness.shows("3 new ▴"), "{}", harness.text());
    assert_eq!(selected_line(&harness), selected);
    let rows = |text: &str| {
        text.lines()
            .skip(2)
            .take(15)
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&harness.text()), rows(&before));
    harness.press("g g");
    assert!(!harness.shows("new ▴"));
    assert!(
        selected_line(&harness).contains("in_1Qx…Late"),
        "{}",
        harness.text()
    );
}

#[test]
fn up_at_the_top_takes_in_what_waits_row_by_row() {
    let mut harness = backlog((120, 24));
    let first = selected_line(&harness);
    harness.desk.with(|inside| {
        inside.events.insert(
            0,
            data::event(
                500,
                EventState::Pending,
                -1,
                "invoice.created",
                "in_1QxLater00000Late",
            ),
        );
    });
    hear(&mut harness);
    assert_eq!(selected_line(&harness), first);
    harness.press("k");
    assert!(selected_line(&harness).contains("in_1Qx…Late"));
    harness.press("j");
    assert_eq!(selected_line(&harness), first);
}

#[test]
fn following_stays_on_the_newest() {
    let mut harness = backlog((120, 24));
    harness.press("F");
    harness.desk.with(|inside| {
        inside.events.insert(
            0,
            data::event(
                500,
                EventState::Pending,
                -1,
                "invoice.created",
                "in_1QxLater00000Late",
            ),
        );
    });
    hear(&mut harness);
    assert!(
        selected_line(&harness).contains("in_1Qx…Late"),
        "{}",
        harness.text()
    );
    harness.pass(SECOND * 4);
    assert!(harness.shows("following"));
    harness.press("j");
    assert!(!harness.shows("following"));
}

#[test]
fn the_cursor_stays_with_its_row_when_rows_above_it_go() {
    let mut harness = backlog((120, 24));
    harness.press(":");
    harness.type_text("events state:failed");
    harness.press("Enter");
    for _ in 0..3 {
        harness.press("j");
    }
    let selected = selected_line(&harness);
    assert!(selected.contains("invoice.paid"), "{}", harness.text());
    harness.desk.with(|inside| {
        inside.events.retain(|row| row.id != data::event_id(0));
    });
    hear(&mut harness);
    assert_eq!(selected_line(&harness), selected);
}

#[test]
fn a_selected_row_that_goes_stays_for_one_refresh() {
    let mut harness = backlog((120, 24));
    harness.press("j");
    let selected = selected_line(&harness);
    harness
        .desk
        .with(|inside| inside.events.retain(|row| row.id != data::event_id(0)));
    hear(&mut harness);
    assert_eq!(selected_line(&harness), selected);
    hear(&mut harness);
    assert_ne!(selected_line(&harness), selected);
    assert!(
        selected_line(&harness).contains("6m"),
        "the old neighbour: {}",
        harness.text()
    );
}

#[test]
fn marks_follow_their_rows_and_decide_the_target() {
    let mut harness = backlog((120, 24));
    harness.press("j");
    harness.press("Space");
    harness.press("Space");
    assert!(harness.shows("2 marked"));
    harness.desk.with(|inside| {
        inside.events.insert(
            1,
            data::event(500, EventState::Failed, 1, "invoice.paid", "in_1QxBetween000Betw"),
        );
    });
    hear(&mut harness);
    harness.press("g g");
    harness.press("R");
    assert!(harness.shows("Replay 2 events"), "{}", harness.text());
    harness.press("Esc");
    harness.press("Esc");
    assert!(!harness.shows("marked"));
}

#[test]
fn a_range_is_marked_from_the_last_mark() {
    let mut harness = backlog((120, 24));
    harness.press("Space");
    harness.press("j");
    harness.press("j");
    harness.press("v");
    assert!(harness.shows("4 marked"), "{}", harness.text());
    harness.press("u");
    harness.press("*");
    assert!(harness.shows("48 marked"), "{}", harness.text());
}

#[test]
fn pages_are_read_when_the_cursor_comes_near_and_far_ones_are_dropped() {
    let desk = FakeDesk::full(fake::setting());
    desk.with(|inside| inside.events = data::events(2_000));
    let mut harness = Harness::new(desk, (120, 24));
    harness.press("3");
    harness.rest();
    let reads = |harness: &Harness| {
        harness
            .seen
            .iter()
            .filter(|effect| {
                matches!(
                    effect,
                    Effect::Read {
                        read: Read::Events { .. },
                        ..
                    }
                )
            })
            .count()
    };
    let first = reads(&harness);
    harness.press("j");
    assert_eq!(reads(&harness), first, "nothing is near yet");
    for _ in 0..100 {
        harness.press("PgDn");
    }
    let line = selected_line(&harness);
    assert!(reads(&harness) > first + 10, "{line}");
    for _ in 0..120 {
        harness.press("PgUp");
    }
    assert!(
        selected_line(&harness).contains("invoice.created"),
        "{}",
        harness.text()
    );
    harness.press("G");
    let line = selected_line(&harness);
    assert!(
        line.contains("2026-09") || line.contains("09-"),
        "the oldest: {line}"
    );
    harness.press("g g");
    assert!(
        selected_line(&harness).contains("invoice.created"),
        "{}",
        harness.text()
    );
}

#[test]
fn a_row_that_changed_stands_out_once() {
    let mut harness = backlog((120, 24));
    harness.desk.with(|inside| {
        let row = inside
            .events
            .iter_mut()
            .find(|row| row.id == data::event_id(3))
            .unwrap();
        row.state = EventState::Processed;
        row.error = None;
    });
    harness.send(Msg::News(News::Events));
    harness.pass(SECOND);
    let place = harness.place_of("12m").unwrap();
    let state = (3, place.1);
    let flashes = |harness: &Harness| {
        harness.buffer()[state]
            .modifier
            .contains(ratatui::style::Modifier::UNDERLINED)
    };
    assert!(flashes(&harness), "{}", harness.text());
    harness.pass(SECOND + SECOND);
    assert!(!flashes(&harness));
}

#[test]
fn a_filter_shows_in_the_banner_and_esc_clears_it() {
    let mut harness = backlog((80, 24));
    harness.press("/");
    harness.type_text("dead");
    harness.press("Enter");
    assert!(harness.shows("filter: dead"), "{}", harness.text());
    assert!(harness.shows("refund.updated"));
    assert!(!harness.shows("invoice.created"));
    harness.press("Esc");
    assert!(!harness.shows("filter:"));
    assert!(harness.shows("invoice.created"));
}

#[test]
fn a_wrong_filter_is_explained_where_it_was_typed() {
    let mut harness = backlog((80, 24));
    harness.press("/");
    harness.type_text("stat:failed");
    harness.press("Enter");
    assert!(harness.shows("did you mean `state`?"), "{}", harness.text());
    assert!(harness.shows("/ stat:failed"), "{}", harness.text());
    harness.press("Esc");
    assert!(harness.shows("invoice.created"), "the list is as it was");
}

#[test]
fn a_filter_that_hides_everything_says_so() {
    let mut harness = backlog((80, 24));
    harness.press("/");
    harness.type_text("type:no.such");
    harness.press("Enter");
    assert!(harness.shows("No event matches the filter"), "{}", harness.text());
    assert!(harness.shows("Esc clears the filter"));
}

#[test]
fn a_pattern_alone_searches_a_day_and_says_so() {
    let mut harness = backlog((120, 24));
    harness.press("/");
    harness.type_text("/globex/");
    harness.press("Enter");
    assert!(harness.shows("searches the last day"), "{}", harness.text());
    assert!(harness.shows("ops@globex.com"));
    assert!(!harness.shows("juan@tindahan.ph"));
}

#[test]
fn on_the_way_to_the_start_keys_act_on_the_rows_that_are_shown() {
    let desk = FakeDesk::full(fake::setting());
    desk.with(|inside| inside.events = data::events(2_000));
    let mut harness = Harness::new(desk, (80, 24));
    harness.press("3");
    for _ in 0..60 {
        harness.press("PgDn");
    }
    let line = selected_line(&harness);
    harness.hold = true;
    harness.press("g g");
    assert_eq!(selected_line(&harness), line, "the start is not there yet");
    harness.press("Enter");
    assert!(!harness.shows("there is no event here"), "{}", harness.text());
    assert!(harness.shows("Events ›"), "{}", harness.text());
    harness.press("q");
    harness.release();
    harness.press("g g");
    assert!(
        selected_line(&harness).contains("invoice.created"),
        "{}",
        harness.text()
    );
}

#[test]
fn a_list_that_is_being_read_does_not_say_that_it_is_empty() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (100, 24));
    harness.hold = true;
    harness.press("3");
    harness.press("Enter");
    assert!(
        harness.shows("the events are still being read"),
        "{}",
        harness.text()
    );
}

#[test]
fn an_error_keeps_the_old_rows() {
    let mut harness = backlog((80, 24));
    harness
        .desk
        .with(|inside| inside.failure = Some(fake::error("timeout", "the database took too long")));
    harness.press("Ctrl-r");
    assert!(harness.shows("✖ timeout"), "{}", harness.text());
    assert!(harness.shows("invoice.created"));
    harness.desk.with(|inside| inside.failure = None);
    harness.press("Ctrl-r");
    assert!(!harness.shows("timeout"));
}

#[test]
fn more_rows_that_cannot_be_read_are_told_below_the_others() {
    let desk = FakeDesk::full(fake::setting());
    desk.with(|inside| inside.events = data::events(300));
    let mut harness = Harness::new(desk, (120, 24));
    harness.press("3");
    harness
        .desk
        .with(|inside| inside.failure = Some(fake::error("timeout", "the database took too long")));
    for _ in 0..12 {
        harness.press("PgDn");
    }
    assert!(
        harness.shows("could not load more: the database took too long (Enter to retry)"),
        "{}",
        harness.text()
    );
    harness.desk.with(|inside| inside.failure = None);
    harness.press("Enter");
    harness.press("PgDn");
    assert!(!harness.shows("could not load more"), "{}", harness.text());
}

#[test]
fn answers_to_older_requests_are_dropped() {
    let mut harness = backlog((120, 24));
    harness.hold = true;
    harness.press("/");
    harness.type_text("dead");
    harness.press("Enter");
    harness.press("/");
    for _ in 0..4 {
        harness.press("Backspace");
    }
    harness.type_text("discarded");
    harness.press("Enter");
    harness.release();
    assert!(harness.shows("charge.updated"), "{}", harness.text());
    assert!(!harness.shows("refund.updated"));
}

#[test]
fn data_older_than_its_promise_says_so() {
    let mut harness = backlog((80, 24));
    harness.press("P");
    harness.pass(SignedDuration::from_mins(3));
    assert!(harness.shows("≈ 3m old"), "{}", harness.text());
    assert!(harness.shows("paused"));
}

/// What was asked of the provider's side for the events' extras.
fn judged(harness: &Harness) -> usize {
    harness
        .seen
        .iter()
        .filter(|effect| {
            matches!(
                effect,
                Effect::Read {
                    read: Read::ReplayPreview { .. },
                    ..
                }
            )
        })
        .count()
}

#[test]
fn a_failed_events_own_sheet_does_not_wait_for_what_a_replay_would_do() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (120, 40));
    let stuck = harness.desk.with(|inside| {
        let is_stuck = |row: &&EventRow| row.state == EventState::Failed && row.error.is_some();
        inside.events.iter().find(is_stuck).cloned().unwrap()
    });
    harness.press(":");
    harness.type_text(&format!("open {}", stuck.provider_event_id));
    harness.hold = true;
    harness.press("Enter");
    // The id is looked up, then the event is read; what a replay would do stays unanswered.
    for _ in 0..2 {
        let next = harness.held.remove(0);
        harness.answer_only(next);
    }
    assert_eq!(harness.held.len(), 1, "{:?}", harness.held);
    assert_eq!(judged(&harness), 1);
    assert!(harness.shows(&stuck.error.unwrap().code), "{}", harness.text());
    assert!(harness.shows("Payload"), "{}", harness.text());
    assert!(!harness.shows("A replay"), "{}", harness.text());
    harness.release();
    assert!(harness.shows("A replay"), "{}", harness.text());
}

#[test]
fn walking_past_failed_events_asks_no_provider() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (200, 60));
    harness.press("3");
    harness.press("/");
    harness.type_text("state:failed");
    harness.press("Enter");
    for _ in 0..2 {
        harness.press("j");
        harness.rest();
    }
    assert_eq!(judged(&harness), 0);
    harness.pass(SignedDuration::from_secs(1));
    assert_eq!(judged(&harness), 1, "the cursor stays");
    assert!(harness.shows("A replay"), "{}", harness.text());
}

#[test]
fn a_narrow_column_still_says_why() {
    let harness = backlog((140, 40));
    assert!(harness.shows("Inspector"), "{}", harness.text());
    assert!(harness.shows(" price in no plan"), "{}", harness.text());
}

#[test]
fn a_screen_without_news_reads_itself_as_often_as_is_set() {
    let options = ConsoleOptions {
        refresh: SECOND + SECOND,
        ..ConsoleOptions::default()
    };
    let mut harness = Harness::with_options(FakeDesk::full(fake::setting()), (80, 24), options, false);
    harness.press("3");
    let reads = |harness: &Harness| {
        let is_page = |effect: &&Effect| {
            matches!(
                effect,
                Effect::Read {
                    read: Read::Events { .. },
                    ..
                }
            )
        };
        harness.seen.iter().filter(is_page).count()
    };
    let before = reads(&harness);
    harness.pass(SECOND);
    assert_eq!(reads(&harness), before);
    harness.pass(SECOND + SECOND);
    assert_eq!(reads(&harness), before + 1);
}
