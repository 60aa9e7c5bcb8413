//! Drives the console without a terminal: keys through the real keymap, effects on a fake desk, pictures as text.

use std::{path::Path, sync::Arc};

use billdeck::console::{
    App, ConsoleOptions, Effect, Export, Msg, Read, Runner, desk::SharedDesk, keymap::Sequence,
};
use crossterm::event::Event;
use jiff::{SignedDuration, Timestamp};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::mpsc::UnboundedReceiver};

use super::{data, fake::FakeDesk};

pub(super) struct Harness {
    pub(super) app: App,
    pub(super) desk: Arc<FakeDesk>,
    runtime: Runtime,
    runner: Runner,
    answers: UnboundedReceiver<Msg>,
    pub(super) now: Timestamp,
    size: (u16, u16),
    /// Effects that were held back instead of carried out.
    pub(super) held: Vec<Effect>,
    /// Requests are not answered while this is set.
    pub(super) hold: bool,
    /// Every effect that the console asked for.
    pub(super) seen: Vec<Effect>,
    /// Where exports go that name no place of their own.
    folder: TempDir,
}

/// The effect as it is carried out in a test: nothing is written into the working folder.
fn within(folder: &Path, effect: Effect) -> Effect {
    match effect {
        Effect::Read {
            run,
            read: Read::Export(export),
        } => Effect::Read {
            run,
            read: Read::Export(Export {
                path: folder.join(&export.path),
                ..export
            }),
        },
        other => other,
    }
}

impl Harness {
    pub(super) fn new(desk: Arc<FakeDesk>, size: (u16, u16)) -> Self {
        Self::with_options(desk, size, ConsoleOptions::default(), false)
    }

    /// A console whose first requests are not answered yet.
    pub(super) fn waiting(desk: Arc<FakeDesk>, size: (u16, u16)) -> Self {
        Self::with_options(desk, size, ConsoleOptions::default(), true)
    }

    pub(super) fn with_options(
        desk: Arc<FakeDesk>,
        size: (u16, u16),
        options: ConsoleOptions,
        hold: bool,
    ) -> Self {
        use billdeck::console::desk::Desk as _;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let shared: SharedDesk = desk.clone();
        let (runner, answers) = Runner::new(shared);
        let now = data::now();
        let app = App::new(desk.setting(), options, now);
        let mut harness = Self {
            app,
            desk,
            runtime,
            runner,
            answers,
            now,
            size,
            held: Vec::new(),
            hold,
            seen: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        harness.resize(size);
        let effects = harness.app.start(now);
        harness.carry_out(effects);
        harness.rest();
        harness
    }

    pub(super) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.send(Msg::Terminal(Event::Resize(size.0, size.1)));
    }

    /// Hands a message in, carries out what it asks for, and waits for all answers.
    pub(super) fn send(&mut self, message: Msg) {
        let effects = self.app.handle(message, self.now);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut waiting = effects;
        loop {
            for effect in waiting.drain(..) {
                self.seen.push(effect.clone());
                let asks = matches!(effect, Effect::Read { .. } | Effect::Write { .. });
                if self.hold && asks {
                    self.held.push(effect);
                    continue;
                }
                let (runner, runtime) = (&mut self.runner, &self.runtime);
                let _in_runtime = runtime.enter();
                runner.run(within(self.folder.path(), effect));
            }
            if self.runner.running() == 0 && self.answers.is_empty() {
                return;
            }
            let Some(message) = self.runtime.block_on(self.answers.recv()) else {
                return;
            };
            if let Msg::Answer { run, .. } = &message {
                self.runner.ended(*run);
            }
            waiting = self.app.handle(message, self.now);
        }
    }

    /// Lets the requests that were held back go.
    pub(super) fn release(&mut self) {
        self.hold = false;
        let held = std::mem::take(&mut self.held);
        self.carry_out(held);
        self.rest();
    }

    /// Carries out one request that was held back; what its answer asks for is held back again.
    pub(super) fn answer_only(&mut self, effect: Effect) {
        let _in_runtime = self.runtime.enter();
        self.runner.run(effect);
        let message = self.runtime.block_on(self.answers.recv()).unwrap();
        if let Msg::Answer { run, .. } = &message {
            self.runner.ended(*run);
        }
        self.send(message);
    }

    /// Presses keys, written as in the key-binding file.
    pub(super) fn press(&mut self, keys: &str) {
        let sequence: Sequence = keys.parse().unwrap();
        for chord in sequence.0 {
            self.send(Msg::Terminal(Event::Key(chord.event())));
        }
    }

    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' {
                "Space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&key);
        }
    }

    /// Runs a command of the `:` line.
    pub(super) fn command(&mut self, text: &str) {
        self.press(":");
        self.type_text(text);
        self.press("Enter");
    }

    /// Lets time pass without anything else happening.
    pub(super) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        self.send(Msg::Tick);
    }

    /// Long enough for the inspector to read what the cursor rests on.
    pub(super) fn rest(&mut self) {
        self.pass(SignedDuration::from_millis(130));
    }

    pub(super) fn buffer(&self) -> Buffer {
        let backend = TestBackend::new(self.size.0, self.size.1);
        let mut terminal = Terminal::new(backend).unwrap();
        terminal.draw(|frame| self.app.view(frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, without blanks at the ends of lines.
    pub(super) fn text(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Where a text begins on the screen, by column and row.
    pub(super) fn place_of(&self, wanted: &str) -> Option<(u16, u16)> {
        let buffer = self.buffer();
        for y in 0..buffer.area.height {
            let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            if let Some(at) = line.find(wanted) {
                let x = line[..at].chars().count();
                return Some((u16::try_from(x).unwrap(), y));
            }
        }
        None
    }

    pub(super) fn shows(&self, wanted: &str) -> bool {
        self.text().contains(wanted)
    }

    /// What was written on the desk.
    pub(super) fn written(&self) -> Vec<String> {
        self.desk.with(|inside| inside.written.clone())
    }
}
