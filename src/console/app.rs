//! The console without a terminal: it owns the state, routes what happens, and hands out effects.

use std::collections::VecDeque;

use crossterm::event::Event as TerminalEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::Frame;

use super::{
    ConsoleOptions,
    desk::{News, Setting},
    effect::{Access, Effect, Export, ExportFormat, Read},
    format::Clock,
    keymap::{Binding, Chord, Context},
    msg::Msg,
    nav::{Place, Stack},
    operations::{Noise, Operations, Owner, State, Toast},
    overlay::{Overlay, dialog, prompt::Prompt},
    screens::{self, Again, Screen},
    shared::{Cx, Loaded, POLL, Shared, Todo},
    theme::{Glyphs, Theme},
};

mod answers;
mod commands;
mod keys;
mod view;

/// News are gathered for this long before anything is read again.
const GATHER: SignedDuration = SignedDuration::from_millis(300);
/// A screen reads itself again because of news at most this often.
const NEWS_GAP: SignedDuration = SignedDuration::from_secs(1);
/// So does the status line, on screens other than the overview.
const STATUS_GAP: SignedDuration = SignedDuration::from_secs(5);
/// How often the database is asked for a sign of life.
const PING: SignedDuration = SignedDuration::from_secs(15);
/// How long the first key of several waits before the choices are shown.
const CHOICES: SignedDuration = SignedDuration::from_millis(400);
/// How long writing stays allowed after `:rw` in production.
const WRITABLE: SignedDuration = SignedDuration::from_mins(10);

/// The console's state.
pub struct App {
    shared: Shared,
    stack: Stack,
    overlays: Vec<(u64, Box<dyn Overlay>)>,
    next_overlay: u64,
    toast: Option<Toast>,
    pending: Vec<Chord>,
    pending_since: Option<Timestamp>,
    todo: Vec<Todo>,
    effects: Vec<Effect>,
    themes: Vec<Theme>,
    no_color: bool,
    start: Option<String>,
    /// What was heard since the screen was last read, and when it is to be read again.
    news: Vec<News>,
    news_due: Option<Timestamp>,
    news_taken: Option<Timestamp>,
    status_due: Option<Timestamp>,
    poll_due: Timestamp,
    ping_due: Timestamp,
    quit_asked: bool,
    dirty: bool,
}

impl App {
    /// A console on the overview. Nothing is asked for before [`App::start`].
    pub fn new(setting: Setting, options: ConsoleOptions, now: Timestamp) -> Self {
        let theme = if options.no_color {
            options.theme.without_colour()
        } else {
            options.theme
        };
        let mut shared = Shared {
            access: Access::ReadWrite,
            writable_until: None,
            setting,
            theme,
            glyphs: if options.ascii {
                Glyphs::ascii()
            } else {
                Glyphs::unicode()
            },
            keymap: options.keymap,
            clock: Clock {
                now,
                zone: options.zone,
                style: options.time,
            },
            live: true,
            link_up: true,
            overview: Loaded::default(),
            ping: Loaded::default(),
            operations: Operations::default(),
            inspector: true,
            zoom: false,
            size: (80, 24),
            unsettled: std::collections::BTreeSet::new(),
            subjects: std::collections::BTreeMap::new(),
            next_run: 0,
            commands: Vec::new(),
            filters: Vec::new(),
        };
        if shared.setting.read_only {
            shared.access = Access::ReadOnlyForGood;
        } else if shared.is_production() {
            shared.access = Access::ReadOnly;
        }
        let screen = screens::open(&Place::Overview, &shared);
        Self {
            shared,
            stack: Stack::new(screen),
            overlays: Vec::new(),
            next_overlay: 0,
            toast: None,
            pending: Vec::new(),
            pending_since: None,
            todo: Vec::new(),
            effects: Vec::new(),
            themes: options.themes,
            no_color: options.no_color,
            start: options.start,
            news: Vec::new(),
            news_due: None,
            news_taken: None,
            status_due: None,
            poll_due: now + POLL,
            ping_due: now + PING,
            quit_asked: false,
            dirty: true,
        }
    }

    /// Asks for what the first screen needs, and runs the first command.
    pub fn start(&mut self, now: Timestamp) -> Vec<Effect> {
        self.shared.clock.now = now;
        self.effects.push(Effect::Access(self.shared.access));
        self.load_status();
        self.ping();
        self.with_screen(|screen, cx| screen.enter(cx));
        if let Some(command) = self.start.take() {
            self.todo.push(Todo::Command(command));
        }
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// Takes in what happened; gives back what is to be done.
    pub fn handle(&mut self, message: Msg, now: Timestamp) -> Vec<Effect> {
        self.shared.clock.now = now;
        self.dirty = true;
        if self.shared.writable_until.is_some_and(|until| until <= now) {
            self.set_access(Access::ReadOnly);
            self.toast = Some(Toast::note(
                "writing has ended by itself; :rw allows it again",
                now,
            ));
        }
        match message {
            Msg::Terminal(event) => self.terminal(event),
            Msg::Answer { run, answer } => self.answer(run, answer),
            Msg::News(news) => self.hear(news),
            Msg::Tick => self.tick(),
            Msg::CopyFailed(why) => {
                self.toast = Some(Toast::note(format!("not copied: {why}"), now));
            }
            Msg::Continued => self.again(Again::Asked),
        }
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// Whether something has changed since [`App::drawn`].
    pub fn needs_drawing(&self) -> bool {
        self.dirty
    }

    /// Takes note that the picture is up to date.
    pub fn drawn(&mut self) {
        self.dirty = false;
    }

    /// Draws the console.
    pub fn view(&self, frame: &mut Frame<'_>) {
        view::draw(self, frame);
    }

    /// When [`Msg::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let now = self.shared.now();
        // Ages are counted by the minute.
        let minute = Timestamp::from_second((now.as_second().div_euclid(60) + 1) * 60).ok();
        let choices = self
            .pending_since
            .map(|since| since + CHOICES)
            .filter(|at| *at > now);
        let live = self.shared.live;
        [
            minute,
            choices,
            self.toast.as_ref().and_then(|toast| toast.until),
            self.news_due.filter(|_| live),
            self.status_due.filter(|_| live),
            Some(self.poll_due).filter(|_| live),
            Some(self.ping_due),
            self.shared.writable_until,
            self.stack.current().screen.deadline(&self.shared),
            self.overlays
                .last()
                .and_then(|(_, overlay)| overlay.deadline(&self.shared)),
            self.spinner_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Work shows itself after a moment, and then moves.
    fn spinner_deadline(&self) -> Option<Timestamp> {
        let now = self.shared.now();
        let first = self
            .shared
            .overview
            .value
            .is_none()
            .then(|| self.shared.overview.since())
            .flatten();
        let shown = self
            .shared
            .operations
            .newest_first()
            .filter(|entry| entry.state == State::Running && entry.noise != Noise::Routine)
            .map(|entry| entry.started);
        first
            .into_iter()
            .chain(shown)
            .map(|since| {
                let visible = since + super::shared::PATIENCE;
                if visible > now {
                    visible
                } else {
                    now + SignedDuration::from_millis(200)
                }
            })
            .min()
    }

    // Running parts of the state with a context

    fn with_screen<T>(&mut self, update: impl FnOnce(&mut dyn Screen, &mut Cx<'_>) -> T) -> T {
        let entry = self.stack.current_mut();
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Screen(entry.id),
            effects: &mut self.effects,
            todo: &mut self.todo,
        };
        update(entry.screen.as_mut(), &mut cx)
    }

    fn with_root<T>(&mut self, update: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Root,
            effects: &mut self.effects,
            todo: &mut self.todo,
        };
        update(&mut cx)
    }

    /// Carries out what the updates wanted of the root, and what that wants in turn.
    fn settle(&mut self) {
        // Each step wants little; a circle would be a mistake of ours and must not hang the console.
        for _ in 0..64 {
            if self.todo.is_empty() {
                return;
            }
            let mut waiting = VecDeque::from(std::mem::take(&mut self.todo));
            while let Some(todo) = waiting.pop_front() {
                self.carry_out(todo);
            }
        }
        self.todo.clear();
    }

    fn carry_out(&mut self, todo: Todo) {
        let now = self.shared.now();
        match todo {
            Todo::Go(place) => self.go(&place),
            Todo::Open(overlay) => self.open(overlay),
            Todo::Toast(toast) => self.toast = Some(toast),
            Todo::Command(text) => self.command(&text),
            Todo::Act(action) => self.act_by_name(action),
            Todo::ReadAgain => self.again(Again::Asked),
            Todo::AllowWrites => {
                let until = self.shared.is_production().then(|| now + WRITABLE);
                self.set_access(Access::ReadWrite);
                self.shared.writable_until = until;
                self.toast = Some(Toast::note("writing is allowed; :ro ends it", now));
            }
            Todo::Filter(text) => {
                let result = self.with_screen(|screen, cx| screen.set_filter(&text, cx));
                if let Err(why) = result {
                    self.open(Box::new(Prompt::filter(&text, Some(why))));
                }
            }
            Todo::Export(format) => self.export(format, None),
            Todo::Copy(what, text) => self.with_root(|cx| cx.copy(what, text)),
            Todo::Browse(url) => {
                self.with_root(|cx| cx.read(Read::OpenUrl(url)));
            }
        }
    }

    fn open(&mut self, mut overlay: Box<dyn Overlay>) {
        let id = self.next_overlay;
        self.next_overlay += 1;
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Overlay(id),
            effects: &mut self.effects,
            todo: &mut self.todo,
        };
        overlay.enter(&mut cx);
        self.pending.clear();
        self.pending_since = None;
        self.overlays.push((id, overlay));
    }

    fn close_overlay(&mut self) {
        if let Some((id, _)) = self.overlays.pop() {
            self.cancel_reads(Owner::Overlay(id));
        }
    }

    fn cancel_reads(&mut self, owner: Owner) {
        for run in self.shared.operations.owned_by(owner) {
            self.with_root(|cx| cx.cancel(run));
        }
    }

    // Going places

    /// Leaves the screen in front, changes the stack, and enters what is in front then.
    fn switch(&mut self, change: impl FnOnce(&mut Stack) -> bool) -> bool {
        let leaving = self.stack.current().id;
        if !change(&mut self.stack) {
            return false;
        }
        self.cancel_reads(Owner::Screen(leaving));
        self.shared.zoom = false;
        self.with_screen(|screen, cx| screen.enter(cx));
        true
    }

    fn go(&mut self, place: &Place) {
        if self.stack.current().screen.is_at(place) {
            let text = match place {
                Place::Customers(filter) => filter.text.clone(),
                Place::Subscriptions(filter) => filter.text.clone(),
                Place::Events(filter) => filter.text.clone(),
                Place::Orders(filter) => filter.text.clone(),
                Place::Overview | Place::Customer(_) | Place::Subscription(_) | Place::Event(..) => return,
            };
            if !text.is_empty() && text != self.stack.current().screen.filter() {
                self.todo.push(Todo::Filter(text));
            }
            return;
        }
        // A list that is on the stack comes back as it was left, unless something else is wanted of it.
        let plain = match place {
            Place::Overview => true,
            Place::Customers(filter) => filter.base.is_none() && filter.text.is_empty(),
            Place::Subscriptions(filter) => filter.base.is_none() && filter.text.is_empty(),
            Place::Events(filter) => filter.base.is_none() && filter.text.is_empty(),
            Place::Orders(filter) => filter.base.is_none() && filter.text.is_empty(),
            Place::Customer(_) | Place::Subscription(_) | Place::Event(..) => false,
        };
        if plain && self.switch(|stack| stack.raise(|screen| screen.is_at(place))) {
            return;
        }
        let screen = screens::open(place, &self.shared);
        self.switch(|stack| {
            stack.push(screen);
            true
        });
    }

    fn export(&mut self, format: ExportFormat, path: Option<std::path::PathBuf>) {
        let Some((list, only, name)) = self.stack.current().screen.export() else {
            self.toast = Some(Toast::note("only lists are exported", self.shared.now()));
            return;
        };
        let stamp = self.shared.now().strftime("%Y%m%d-%H%M%S");
        let path = path.unwrap_or_else(|| {
            std::path::PathBuf::from(format!(
                "billdeck-{}-{stamp}.{}",
                name.to_lowercase(),
                format.extension()
            ))
        });
        let export = Export {
            list,
            only,
            format,
            path,
        };
        self.with_root(|cx| cx.read(Read::Export(export)));
    }

    fn set_access(&mut self, access: Access) {
        if self.shared.access == Access::ReadOnlyForGood {
            return;
        }
        self.shared.access = access;
        self.shared.writable_until = None;
        self.effects.push(Effect::Access(access));
    }

    fn ask_for_writes(&mut self) {
        let now = self.shared.now();
        match self.shared.access {
            Access::ReadOnlyForGood => {
                let why = self.shared.may_write().err().unwrap_or_default();
                self.toast = Some(Toast::note(why, now));
            }
            Access::ReadWrite => self.toast = Some(Toast::note("writing is allowed already", now)),
            Access::ReadOnly if self.shared.is_production() => {
                let dialog = dialog::allow_writes(&self.shared);
                self.open(Box::new(dialog));
            }
            Access::ReadOnly => self.todo.push(Todo::AllowWrites),
        }
    }

    // Time and news

    fn hear(&mut self, news: News) {
        let now = self.shared.now();
        if let News::Link { up } = news {
            let was_up = std::mem::replace(&mut self.shared.link_up, up);
            if up && !was_up {
                self.toast = Some(Toast::good("the database is back", now));
            }
        }
        if !self.news.contains(&news) {
            self.news.push(news);
        }
        let after_gap = |last: Option<Timestamp>, gap: SignedDuration| {
            let soonest = now + GATHER;
            last.map_or(soonest, |last| soonest.max(last + gap))
        };
        if self.news_due.is_none() {
            self.news_due = Some(after_gap(self.news_taken, NEWS_GAP));
        }
        if self.status_due.is_none() {
            let gap = if self.stack.current().screen.is_at(&Place::Overview) {
                NEWS_GAP
            } else {
                STATUS_GAP
            };
            self.status_due = Some(after_gap(self.shared.overview.at, gap));
        }
    }

    fn tick(&mut self) {
        let now = self.shared.now();
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| toast.until.is_some_and(|until| until <= now))
        {
            self.toast = None;
        }
        if self.ping_due <= now {
            self.ping();
        }
        self.with_screen(|screen, cx| screen.tick(cx));
        if !self.shared.live {
            return;
        }
        if self.status_due.is_some_and(|due| due <= now) {
            self.load_status();
        }
        if self.news_due.is_some_and(|due| due <= now) {
            self.news_due = None;
            self.news_taken = Some(now);
            for news in std::mem::take(&mut self.news) {
                self.with_screen(|screen, cx| screen.again(Again::News(news), cx));
            }
        }
        if self.poll_due <= now {
            self.poll_due = now + POLL;
            self.load_status();
            self.with_screen(|screen, cx| screen.again(Again::Poll, cx));
        }
    }

    fn again(&mut self, why: Again) {
        self.load_status();
        self.with_screen(|screen, cx| screen.again(why, cx));
    }

    fn load_status(&mut self) {
        self.status_due = None;
        let mut overview = std::mem::take(&mut self.shared.overview);
        self.with_root(|cx| cx.load(&mut overview, Read::Overview));
        self.shared.overview = overview;
    }

    fn ping(&mut self) {
        self.ping_due = self.shared.now() + PING;
        let mut ping = std::mem::take(&mut self.shared.ping);
        self.with_root(|cx| cx.load(&mut ping, Read::Ping));
        self.shared.ping = ping;
    }

    // What is in force

    /// The contexts whose keys count just now.
    fn contexts(&self) -> Vec<Context> {
        match self.overlays.last() {
            Some((_, overlay)) => overlay.contexts().to_vec(),
            None => self.screen_contexts(),
        }
    }

    fn screen_contexts(&self) -> Vec<Context> {
        let mut contexts = self.stack.current().screen.contexts(&self.shared).to_vec();
        contexts.push(Context::Global);
        contexts
    }

    /// Why a key of the screen does nothing just now.
    fn why_not(&self, binding: &Binding) -> Option<String> {
        let screen = self.stack.current().screen.as_ref();
        let possible = screen.why_not(binding.action, &self.shared);
        if binding.write {
            possible.and_then(|()| self.shared.may_write()).err()
        } else {
            possible.err()
        }
    }

    fn terminal(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Key(key) if key.is_press() => self.key(key),
            TerminalEvent::Paste(text) => {
                if let Some((id, overlay)) = self.overlays.last_mut()
                    && overlay.wants_text()
                {
                    let mut cx = Cx {
                        shared: &mut self.shared,
                        owner: Owner::Overlay(*id),
                        effects: &mut self.effects,
                        todo: &mut self.todo,
                    };
                    overlay.insert(&text, &mut cx);
                }
            }
            TerminalEvent::Resize(width, height) => {
                self.shared.size = (width, height);
                self.with_screen(|screen, cx| screen.act(super::keymap::Action::Inspector, cx));
            }
            TerminalEvent::Mouse(mouse) => self.mouse(mouse.kind),
            TerminalEvent::Key(_) | TerminalEvent::FocusGained | TerminalEvent::FocusLost => {}
        }
    }
}
