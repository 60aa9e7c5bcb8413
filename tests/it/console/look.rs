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

/// How long a frame takes with long lists: `cargo test --release --test it console::look::frames -- --ignored --nocapture`.
#[test]
#[ignore = "measures, and needs a quiet machine"]
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn frames() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let desk = FakeDesk::full(fake::setting());
        desk.with(|inside| inside.events = super::data::events(5_000));
        let mut harness = Harness::new(desk, size);
        harness.press("3");
        for _ in 0..30 {
            harness.press("PgDn");
        }
        harness.rest();
        let backend = ratatui::backend::TestBackend::new(size.0, size.1);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        let mut times: Vec<std::time::Duration> = (0..500)
            .map(|_| {
                let start = std::time::Instant::now();
                terminal.draw(|frame| harness.app.view(frame)).unwrap();
                start.elapsed()
            })
            .collect();
        times.sort();
        println!("{size:?}: median {:?}, p99 {:?}", times[250], times[495]);
    }
}
