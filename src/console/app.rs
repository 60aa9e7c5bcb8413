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
    operations::{Operations, Owner, Toast},
    overlay::{Overlay, dialog, prompt::Prompt},
    screens::{self, Again, Screen},
    shared::{Cx, Loaded, Shared, Wish},
    theme::{Glyphs, Theme},
};

mod answers;
mod commands;
mod keys;
mod time;
mod view;

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
    wishes: Vec<Wish>,
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
            poll: options.refresh,
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
            wishes: Vec::new(),
            effects: Vec::new(),
            themes: options.themes,
            no_color: options.no_color,
            start: options.start,
            news: Vec::new(),
            news_due: None,
            news_taken: None,
            status_due: None,
            poll_due: now + options.refresh,
            ping_due: now + time::PING,
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
            self.wishes.push(Wish::Command(command));
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

    // Running parts of the state with a context

    fn with_screen<T>(&mut self, update: impl FnOnce(&mut dyn Screen, &mut Cx<'_>) -> T) -> T {
        let entry = self.stack.current_mut();
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Screen(entry.id),
            effects: &mut self.effects,
            wishes: &mut self.wishes,
        };
        update(entry.screen.as_mut(), &mut cx)
    }

    fn with_root<T>(&mut self, update: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Root,
            effects: &mut self.effects,
            wishes: &mut self.wishes,
        };
        update(&mut cx)
    }

    /// Carries out what the updates wanted of the root, and what that wants in turn.
    fn settle(&mut self) {
        // Each step wants little; a circle would be a mistake of ours and must not hang the console.
        for _ in 0..64 {
            if self.wishes.is_empty() {
                return;
            }
            let mut waiting = VecDeque::from(std::mem::take(&mut self.wishes));
            while let Some(wish) = waiting.pop_front() {
                self.carry_out(wish);
            }
        }
        self.wishes.clear();
    }

    fn carry_out(&mut self, wish: Wish) {
        let now = self.shared.now();
        match wish {
            Wish::Go(place) => self.go(&place),
            Wish::Open(overlay) => self.open(overlay),
            Wish::Toast(toast) => self.toast = Some(toast),
            Wish::Command(text) => self.command(&text),
            Wish::Act(action) => self.act_by_name(action),
            Wish::ReadAgain => self.again(Again::Asked),
            Wish::AllowWrites => {
                let until = self.shared.is_production().then(|| now + WRITABLE);
                self.set_access(Access::ReadWrite);
                self.shared.writable_until = until;
                self.toast = Some(Toast::note("writing is allowed; :ro ends it", now));
            }
            Wish::Filter(text) => {
                let result = self.with_screen(|screen, cx| screen.set_filter(&text, cx));
                if let Err(why) = result {
                    self.open(Box::new(Prompt::filter(&text, Some(why))));
                }
            }
            Wish::Export(format) => self.export(format, None),
            Wish::Copy(what, text) => self.with_root(|cx| cx.copy(what, text)),
            Wish::Browse(url) => {
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
            wishes: &mut self.wishes,
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
                self.wishes.push(Wish::Filter(text));
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
            Access::ReadOnly => self.wishes.push(Wish::AllowWrites),
        }
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
                        wishes: &mut self.wishes,
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
