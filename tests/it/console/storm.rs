//! Whatever is pressed, in whatever order: nothing panics, and nothing is written while read-only.

use billdeck::console::{
    Msg,
    desk::{News, Setting},
    keymap::TABLE,
};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::{fake, fake::FakeDesk, harness::Harness};

#[derive(Clone, Debug)]
enum Step {
    Keys(&'static str),
    Type(char),
    Paste(String),
    Resize(u16, u16),
    News,
    Pass(i64),
    Fail(bool),
    Hold(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let keys: Vec<&'static str> = TABLE
        .iter()
        .flat_map(|row| row.keys.iter().copied())
        // Suspending and leaving are the loop's; they change nothing in the state.
        .filter(|keys| !["Ctrl-z", "Ctrl-l"].contains(keys))
        .collect();
    prop_oneof![
        24 => proptest::sample::select(keys).prop_map(Step::Keys),
        6 => any::<char>().prop_map(Step::Type),
        4 => proptest::sample::select(vec!["Enter", "Tab", "y", "Esc", ":", "R", "K", "X", "V", "U", "L", "B", "O"])
            .prop_map(Step::Keys),
        1 => proptest::collection::vec(any::<char>(), 0..12).prop_map(|chars| Step::Paste(chars.into_iter().collect())),
        1 => (0_u16..220, 0_u16..70).prop_map(|(width, height)| Step::Resize(width, height)),
        2 => Just(Step::News),
        2 => (0_i64..70_000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Fail),
        1 => any::<bool>().prop_map(Step::Hold),
    ]
}

fn storm(setting: Setting, steps: &[Step]) -> Harness {
    let mut harness = Harness::new(FakeDesk::full(setting), (80, 24));
    for step in steps {
        match step {
            Step::Keys(keys) => harness.press(keys),
            Step::Type(c) => {
                let event = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(*c));
                harness.send(Msg::Terminal(crossterm::event::Event::Key(event)));
            }
            Step::Paste(text) => harness.send(Msg::Terminal(crossterm::event::Event::Paste(text.clone()))),
            Step::Resize(width, height) => harness.resize((*width, *height)),
            Step::News => harness.send(Msg::News(News::Events)),
            Step::Pass(millis) => harness.pass(SignedDuration::from_millis(*millis)),
            Step::Fail(fails) => harness.desk.with(|inside| {
                inside.failure = fails.then(|| fake::error("timeout", "the database took too long"));
            }),
            Step::Hold(true) => harness.hold = true,
            Step::Hold(false) => harness.release(),
        }
        let _drawn = harness.buffer();
        assert!(harness.app.deadline().is_some());
    }
    harness
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_is_written_while_read_only(steps in proptest::collection::vec(step(), 1..160)) {
        let setting = Setting { read_only: true, ..fake::setting() };
        let harness = storm(setting, &steps);
        prop_assert!(harness.seen.iter().all(|effect| !effect.writes()));
        prop_assert!(harness.written().is_empty());
    }

    #[test]
    fn nothing_panics_where_writing_is_allowed(steps in proptest::collection::vec(step(), 1..160)) {
        storm(fake::setting(), &steps);
    }
}
