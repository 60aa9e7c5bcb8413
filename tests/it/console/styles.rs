//! What a picture of letters does not show: colours, and what is left without them.

use billdeck::console::ConsoleOptions;
use ratatui::style::{Color, Modifier};

use super::{fake, fake::FakeDesk, harness::Harness};

fn style_at(harness: &Harness, wanted: &str) -> ratatui::style::Style {
    let place = harness
        .place_of(wanted)
        .unwrap_or_else(|| panic!("{wanted} is not there:\n{}", harness.text()));
    harness.buffer()[place].style()
}

#[test]
fn production_is_loud_and_its_dialogs_wear_its_colour() {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), (100, 30));
    let badge = style_at(&harness, " PROD ");
    assert_eq!(badge.fg, Some(Color::Red));
    assert!(badge.add_modifier.contains(Modifier::REVERSED));
    harness.command("rw");
    let frame = style_at(&harness, "└");
    assert_eq!(frame.fg, Some(Color::Red));
}

#[test]
fn local_is_green_and_read_write_is_reversed() {
    let harness = Harness::new(FakeDesk::full(fake::setting()), (100, 30));
    assert_eq!(style_at(&harness, " LOCAL ").fg, Some(Color::Green));
    assert!(
        style_at(&harness, " RW ")
            .add_modifier
            .contains(Modifier::REVERSED)
    );
}

#[test]
fn live_money_looks_like_production_whatever_the_profile_is_called() {
    let setting = billdeck::console::desk::Setting {
        environment: billdeck::domain::provider::Environment::Live,
        ..fake::setting()
    };
    let harness = Harness::new(FakeDesk::full(setting), (100, 30));
    assert_eq!(style_at(&harness, " LIVE ").fg, Some(Color::Red));
    assert!(harness.shows("RO"), "{}", harness.text());
}

#[test]
fn states_have_their_colours_and_the_cursor_is_one_style() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (100, 30));
    harness.press("3");
    assert_eq!(style_at(&harness, "▲ waiting").fg, Some(Color::Yellow));
    assert_eq!(style_at(&harness, "✖ dead").fg, Some(Color::Red));
    assert_eq!(style_at(&harness, "● processed").fg, Some(Color::Green));
    let cursor = style_at(&harness, "◐ pending");
    assert!(cursor.add_modifier.contains(Modifier::REVERSED));
    assert!(cursor.fg.is_none_or(|color| color == Color::Reset));
}

#[test]
fn without_colours_signs_and_words_remain() {
    let options = ConsoleOptions {
        no_color: true,
        ..ConsoleOptions::default()
    };
    let mut harness = Harness::with_options(FakeDesk::full(fake::production()), (100, 30), options, false);
    harness.press("3");
    let buffer = harness.buffer();
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    assert!(
        style_at(&harness, " PROD ")
            .add_modifier
            .contains(Modifier::REVERSED)
    );
    assert!(harness.shows("✖ dead"));
}

#[test]
fn ascii_terminals_get_only_ascii() {
    let options = ConsoleOptions {
        ascii: true,
        ..ConsoleOptions::default()
    };
    let mut harness = Harness::with_options(FakeDesk::full(fake::setting()), (120, 40), options, false);
    for keys in ["0", "2", "3", "j", "R", "Esc", "?", "Esc", "6", "@", "Esc", ":"] {
        harness.press(keys);
        harness.rest();
        let text = harness.text();
        let strange: String = text.chars().filter(|c| !c.is_ascii()).collect();
        let from_outside = ["á", "é", "漢", "字"];
        let ours: String = strange
            .chars()
            .filter(|c| !from_outside.contains(&c.to_string().as_str()))
            .collect();
        assert!(ours.is_empty(), "{keys}: {ours}\n{text}");
    }
}
