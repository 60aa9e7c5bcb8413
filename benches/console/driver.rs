//! The console as it runs, but for the terminal: its own update and runner, the desk on the database, and a terminal's
//! backend whose bytes go nowhere.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use billdeck::{
    billing::{Billing, Rules, checkout::ReturnUrls},
    config::{LiveCatalog, LoadedCatalog},
    console::{
        App, ConsoleOptions, Effect, Msg, Runner,
        desk::{BadgeTone, Desk, SharedDesk},
        keymap::Sequence,
        live_desk::{LiveDesk, LiveDeskOptions},
    },
    domain::provider::Environment,
    providers::{
        Registry,
        stripe::{Stripe, StripeOptions},
    },
    store::{ConnectOptions, Store},
};
use crossterm::event::Event;
use jiff::Timestamp;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use tokio::{runtime::Runtime, sync::mpsc::UnboundedReceiver};

use super::Outcome;

pub(super) struct Driver<'r> {
    runtime: &'r Runtime,
    app: App,
    runner: Runner,
    answers: UnboundedReceiver<Msg>,
    terminal: Terminal<CrosstermBackend<io::Sink>>,
}

/// How long a key took.
pub(super) struct Took {
    /// Until the frame that follows it at once.
    pub(super) first: Duration,
    /// Until the frame with the last answer to it.
    pub(super) answered: Duration,
    /// How many requests it made.
    pub(super) requests: usize,
}

/// The desk that `billdeck console` has, on this database.
pub(super) fn desk(runtime: &Runtime, store: &Store) -> Outcome<SharedDesk> {
    let _inside = runtime.enter();
    let reads = Store::connect_lazily(ConnectOptions {
        max_connections: 4,
        read_only: true,
        ..store.options().clone()
    })?;
    let catalog = LoadedCatalog::parse(None, Path::new("catalog.toml"), "")
        .map_err(|problems| format!("the empty catalogue has problems: {problems}"))?;
    let room = Stripe::new(&StripeOptions::new(Environment::Test))?;
    let billing = Billing::new(
        store.clone(),
        Registry::new([Arc::new(room) as _]),
        LiveCatalog::new(Arc::new(catalog)),
        Rules::default(),
        "console@bench",
    );
    let options = LiveDeskOptions {
        badge: "BENCH".to_owned(),
        tone: BadgeTone::Local,
        read_only: false,
        operator: "bench".to_owned(),
        returns: ReturnUrls::default(),
    };
    Ok(Arc::new(LiveDesk::new(billing, reads, options)))
}

impl<'r> Driver<'r> {
    /// A console on its first screen, with everything on it.
    pub(super) fn open(runtime: &'r Runtime, desk: &SharedDesk, size: (u16, u16)) -> Outcome<Self> {
        let (runner, answers) = Runner::new(Arc::clone(desk));
        let area = Rect::new(0, 0, size.0, size.1);
        let terminal = Terminal::with_options(
            CrosstermBackend::new(io::sink()),
            TerminalOptions {
                viewport: Viewport::Fixed(area),
            },
        )?;
        let app = App::new(
            Desk::setting(desk.as_ref()),
            ConsoleOptions::default(),
            Timestamp::now(),
        );
        let mut driver = Self {
            runtime,
            app,
            runner,
            answers,
            terminal,
        };
        driver.hand(Msg::Terminal(Event::Resize(size.0, size.1)));
        let effects = driver.app.start(Timestamp::now());
        driver.carry_out(effects);
        driver.answer_all()?;
        Ok(driver)
    }

    fn hand(&mut self, message: Msg) -> usize {
        if let Msg::Answer { run, .. } = &message {
            self.runner.ended(*run);
        }
        let effects = self.app.handle(message, Timestamp::now());
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> usize {
        let _inside = self.runtime.enter();
        let mut asked = 0;
        for effect in effects {
            asked += usize::from(matches!(effect, Effect::Read { .. } | Effect::Write { .. }));
            self.runner.run(effect);
        }
        asked
    }

    /// Takes answers in as the loop does, a burst before each frame, until nothing is waited for.
    pub(super) fn answer_all(&mut self) -> Outcome<usize> {
        let mut asked = 0;
        while self.runner.running() > 0 || !self.answers.is_empty() {
            let message = self.runtime.block_on(self.answers.recv()).ok_or("no runner")?;
            asked += self.hand(message);
            while let Ok(message) = self.answers.try_recv() {
                asked += self.hand(message);
            }
            self.draw()?;
        }
        Ok(asked)
    }

    /// Draws a frame; gives back how long that took.
    pub(super) fn draw(&mut self) -> Outcome<Duration> {
        let begun = Instant::now();
        let app = &self.app;
        self.terminal.draw(|frame| app.view(frame))?;
        let took = begun.elapsed();
        self.app.drawn();
        Ok(took)
    }

    /// Presses keys without drawing anything; gives back how many requests they made.
    pub(super) fn strike(&mut self, keys: &str) -> Outcome<usize> {
        let sequence: Sequence = keys.parse().map_err(|error| format!("{keys}: {error}"))?;
        let keys = sequence.0.into_iter();
        Ok(keys
            .map(|chord| self.hand(Msg::Terminal(Event::Key(chord.event()))))
            .sum())
    }

    /// Presses keys, and waits for the frame with all answers.
    pub(super) fn press(&mut self, keys: &str) -> Outcome<Took> {
        let begun = Instant::now();
        let mut asked = self.strike(keys)?;
        self.draw()?;
        let first = begun.elapsed();
        asked += self.answer_all()?;
        Ok(Took {
            first,
            answered: begun.elapsed(),
            requests: asked,
        })
    }

    /// Types a text, key by key.
    pub(super) fn type_text(&mut self, text: &str) -> Outcome<()> {
        for c in text.chars() {
            let key = if c == ' ' {
                "Space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&key)?;
        }
        Ok(())
    }

    /// Lets the inspector read what the cursor rests on.
    pub(super) fn rest(&mut self) -> Outcome<()> {
        std::thread::sleep(Duration::from_millis(130));
        self.hand(Msg::Tick);
        self.draw()?;
        self.answer_all()?;
        Ok(())
    }

    /// Everything that is drawn, as text.
    pub(super) fn text(&mut self) -> Outcome<String> {
        let app = &self.app;
        let drawn = self.terminal.draw(|frame| app.view(frame))?;
        let cells = drawn.buffer.content().iter();
        Ok(cells.map(|cell| cell.symbol()).collect())
    }
}
