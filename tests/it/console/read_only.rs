//! Read-only is enforced twice: no key leads to a write, and the runner refuses one that comes all the same.

use billdeck::{
    console::{
        Access, Answer, Effect, Msg, Runner, Write,
        desk::{Setting, SharedDesk, Theirs},
    },
    domain::event::ReplayMode,
};

use super::{data, fake, fake::FakeDesk, harness::Harness};

fn read_only() -> Setting {
    Setting {
        read_only: true,
        ..fake::setting()
    }
}

/// A write that reached the runner without anybody's leave.
fn forced(setting: Setting, access: Option<Access>) -> Answer {
    let desk = FakeDesk::full(setting);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _in_runtime = runtime.enter();
    let mut harness = Harness::new(desk.clone(), (80, 24));
    harness.press("3");
    // An id of the console's own, so that the test needs none of the crate's inside.
    let run = harness
        .seen
        .iter()
        .find_map(|effect| match effect {
            Effect::Read { run, .. } => Some(*run),
            _ => None,
        })
        .unwrap();
    let shared: SharedDesk = desk;
    let (mut runner, mut answers) = Runner::new(shared);
    if let Some(access) = access {
        runner.run(Effect::Access(access));
    }
    runner.run(Effect::Write {
        run,
        write: Write::Replay {
            ids: vec![data::event_id(0)],
            mode: ReplayMode::Converge,
            reason: None,
        },
    });
    match runtime.block_on(answers.recv()).unwrap() {
        Msg::Answer { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_runner_refuses_what_the_screens_should_not_have_asked() {
    for (setting, access) in [
        (fake::setting(), None),
        (fake::setting(), Some(Access::ReadOnly)),
        (read_only(), None),
        (read_only(), Some(Access::ReadWrite)),
    ] {
        match forced(setting, access) {
            Answer::Replay(Err(error)) => assert_eq!(error.code, "read_only"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        forced(fake::setting(), Some(Access::ReadWrite)),
        Answer::Replay(Ok(_))
    ));
}

#[test]
fn a_console_that_was_started_read_only_stays_so() {
    let mut harness = Harness::new(FakeDesk::full(read_only()), (100, 24));
    assert!(harness.shows(" RO "));
    harness.command("rw");
    assert!(
        harness.shows("started read-only; start without --read-only to write"),
        "{}",
        harness.text()
    );
    harness.press("3");
    harness.press("j");
    harness.press("R");
    assert!(harness.shows("replay: started read-only"), "{}", harness.text());
    assert!(harness.seen.iter().all(|effect| !effect.writes()));
}

#[test]
fn production_begins_read_only_and_asks_for_the_badge() {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), (100, 24));
    assert!(harness.shows("PROD   RO"), "{}", harness.text());
    harness.command("rw");
    harness.press("Tab");
    harness.type_text("prod");
    harness.press("Tab");
    harness.press("Enter");
    assert!(harness.shows("that is not PROD"), "{}", harness.text());
    harness.press("Esc");
    assert!(harness.shows(" RO "));
}

#[test]
fn elsewhere_writing_is_allowed_and_can_be_forbidden() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (100, 24));
    assert!(harness.shows(" RW "));
    harness.command("ro");
    assert!(harness.shows(" RO "), "{}", harness.text());
    harness.command("rw");
    assert!(harness.shows(" RW "), "{}", harness.text());
}

#[test]
fn verify_looks_while_read_only_but_takes_nothing_over() {
    let mut harness = Harness::new(FakeDesk::full(read_only()), (100, 30));
    harness.desk.with(|inside| {
        inside.differences = vec![billdeck::domain::views::action::RowDiff {
            table: "subscription".to_owned(),
            row_key: "sub_1".to_owned(),
            new: false,
            fields: Vec::new(),
        }];
    });
    harness.press("2");
    harness.press("V");
    assert!(harness.shows("Take theirs over"), "{}", harness.text());
    harness.press("y");
    assert!(harness.shows("started read-only"), "{}", harness.text());
    assert!(harness.written().is_empty());
}

#[test]
fn what_a_comparison_finds_is_stored_only_while_writing_is_allowed() {
    for (setting, before, theirs) in [
        (fake::setting(), None, Theirs::Noted),
        (fake::setting(), Some("ro"), Theirs::Shown),
        (fake::production(), None, Theirs::Shown),
        (read_only(), None, Theirs::Shown),
    ] {
        let mut harness = Harness::new(FakeDesk::full(setting), (100, 30));
        if let Some(command) = before {
            harness.command(command);
        }
        harness.press("2");
        harness.press("V");
        assert_eq!(harness.desk.with(|inside| inside.compared.clone()), [theirs]);
    }
}
