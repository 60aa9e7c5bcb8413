//! Prints screens, for a person to look at: `cargo test --test it console::look -- --ignored --nocapture`.

use super::{fake, fake::FakeDesk, harness::Harness};

#[test]
#[ignore = "prints pictures for a person"]
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn look() {
    let keys = std::env::var("KEYS").unwrap_or_default();
    let size = std::env::var("SIZE").unwrap_or_else(|_| "80x24".to_owned());
    let (width, height) = size.split_once('x').unwrap();
    let setting = if std::env::var_os("PROD").is_some() {
        fake::production()
    } else {
        fake::setting()
    };
    let mut harness = Harness::new(
        FakeDesk::full(setting),
        (width.parse().unwrap(), height.parse().unwrap()),
    );
    for key in keys.split_whitespace() {
        match key.strip_prefix("text=") {
            Some(text) => harness.type_text(&text.replace('_', " ")),
            None => harness.press(key),
        }
        harness.rest();
    }
    println!("{}", harness.text());
}

#[test]
#[ignore = "opens the console on made-up rows in the terminal it is run from"]
fn live() {
    let setting = if std::env::var_os("PROD").is_some() {
        fake::production()
    } else {
        fake::setting()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = billdeck::console::ConsoleOptions {
        zone: jiff::tz::TimeZone::system(),
        ..billdeck::console::ConsoleOptions::default()
    };
    runtime
        .block_on(billdeck::console::run(FakeDesk::full(setting), options))
        .unwrap();
}
