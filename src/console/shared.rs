//! What every screen may look at, and the context in which updates run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    desk::{BadgeTone, DeskError, DeskResult, Setting},
    effect::{Access, Effect, Read, RunId, Write},
    format::Clock,
    keymap::{Action, Keymap},
    nav::Place,
    operations::{Noise, Operation, Operations, Owner, State, Toast},
    overlay::Overlay,
    theme::{Glyphs, Role, Theme, Tone},
};
use crate::domain::{ids::SubscriptionId, provider::Environment, views::overview::Overview};

/// A value that is read from outside, again and again; the old one stays while a newer one is on its way.
#[derive(Clone, Debug)]
pub(crate) struct Loaded<T> {
    pub(crate) value: Option<T>,
    pub(crate) error: Option<DeskError>,
    pub(crate) at: Option<Timestamp>,
    run: Option<(RunId, Timestamp)>,
}

impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self {
            value: None,
            error: None,
            at: None,
            run: None,
        }
    }
}

impl<T> Loaded<T> {
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.run.map(|(_, since)| since)
    }

    /// Takes an answer in; false when nobody waits for it any more.
    pub(crate) fn take(&mut self, run: RunId, result: DeskResult<T>, now: Timestamp) -> bool {
        if self.run.is_none_or(|(waiting, _)| waiting != run) {
            return false;
        }
        self.run = None;
        match result {
            Ok(value) => {
                self.value = Some(value);
                self.error = None;
                self.at = Some(now);
            }
            Err(error) => self.error = Some(error),
        }
        true
    }

    pub(crate) fn forget(&mut self, cx: &mut Cx<'_>) {
        if let Some((run, _)) = self.run.take() {
            cx.cancel(run);
        }
        *self = Self::default();
    }
}

/// Data is called stale once two looks for news and so much more have brought none.
const STALE_AFTER_LOOKS: SignedDuration = SignedDuration::from_secs(15);
/// Loading shows itself only after this.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_millis(150);

/// What every screen may look at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) setting: Setting,
    pub(crate) access: Access,
    pub(crate) writable_until: Option<Timestamp>,
    pub(crate) theme: Theme,
    pub(crate) glyphs: &'static Glyphs,
    pub(crate) keymap: Keymap,
    pub(crate) clock: Clock,
    /// How often a screen that hears no news reads itself again.
    pub(crate) poll: SignedDuration,
    pub(crate) live: bool,
    pub(crate) link_up: bool,
    pub(crate) overview: Loaded<Overview>,
    pub(crate) ping: Loaded<std::time::Duration>,
    pub(crate) operations: Operations,
    pub(crate) inspector: bool,
    pub(crate) zoom: bool,
    pub(crate) size: (u16, u16),
    /// Subscriptions of which a write's outcome is not known: nothing more is written to them until they are verified.
    pub(crate) unsettled: BTreeSet<SubscriptionId>,
    /// Which subscription a write that is under way concerns.
    pub(crate) subjects: BTreeMap<RunId, SubscriptionId>,
    pub(crate) next_run: u64,
    /// What was typed before, newest last: commands, and filters or searches.
    pub(crate) commands: Vec<String>,
    pub(crate) filters: Vec<String>,
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now
    }

    pub(crate) fn style(&self, role: Role) -> ratatui::style::Style {
        self.theme.style(role)
    }

    pub(crate) fn tone(&self, tone: Tone) -> ratatui::style::Style {
        self.theme.style(tone.role())
    }

    /// Real money, or a place that is called production: everything that writes asks twice.
    pub(crate) fn is_production(&self) -> bool {
        self.setting.tone == BadgeTone::Production || self.setting.environment == Environment::Live
    }

    /// Word and role of the badge. Live credentials look like production whatever the profile is called.
    pub(crate) fn badge(&self) -> (String, Role) {
        let word =
            if self.setting.environment == Environment::Live && self.setting.tone != BadgeTone::Production {
                "LIVE".to_owned()
            } else {
                super::format::clean(&self.setting.badge).to_uppercase()
            };
        let role = if self.is_production() {
            Role::Production
        } else {
            match self.setting.tone {
                BadgeTone::Production => Role::Production,
                BadgeTone::Staging => Role::Staging,
                BadgeTone::Local => Role::Local,
            }
        };
        (word, role)
    }

    /// Why nothing can be written just now, if so.
    pub(crate) fn may_write(&self) -> Result<(), String> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err("read-only; `:rw` allows writing".to_owned()),
            Access::ReadOnlyForGood => {
                Err("started read-only; start without --read-only to write".to_owned())
            }
        }
    }

    /// Whether work that began then should show itself by now.
    pub(crate) fn is_slow(&self, since: Option<Timestamp>) -> bool {
        since.is_some_and(|since| self.now().duration_since(since) >= PATIENCE)
    }

    pub(crate) fn spinner(&self) -> &'static str {
        let frame = self.now().as_millisecond().div_euclid(200).rem_euclid(4);
        self.glyphs.spinner[usize::try_from(frame).unwrap_or(0)]
    }

    /// The words that stand behind a pane's title: loading, age, pause.
    pub(crate) fn freshness(
        &self,
        since: Option<Timestamp>,
        at: Option<Timestamp>,
    ) -> Option<(String, Role)> {
        if let Some(since) = since
            && self.is_slow(Some(since))
        {
            let seconds = self.now().duration_since(since).as_secs();
            return Some((format!("{} {seconds}s", self.glyphs.reload), Role::Pending));
        }
        let age = self.now().duration_since(at?);
        let stale = self.poll + self.poll + STALE_AFTER_LOOKS;
        if age < stale {
            return None;
        }
        let text = format!(
            "{} {} old",
            self.glyphs.stale,
            super::format::span(at?, self.now())
        );
        Some((
            text,
            if age >= stale + stale {
                Role::Attention
            } else {
                Role::Stale
            },
        ))
    }
}

/// What an update wants of the root.
pub(crate) enum Wish {
    Go(Place),
    Open(Box<dyn Overlay>),
    Toast(Toast),
    /// A command as if it had been typed.
    Command(String),
    /// An action as if its key had been pressed.
    Act(Action),
    /// The screens may be out of date: something was written.
    ReadAgain,
    /// `:rw` was confirmed.
    AllowWrites,
    /// A filter or a search was typed.
    Filter(String),
    /// Rows are to be written to a file.
    Export(super::effect::ExportFormat),
    /// A text goes to the clipboard, under that name.
    Copy(&'static str, String),
    /// A page is to be opened in the browser.
    Browse(String),
}

/// The context of an update: what it may look at, and where its effects go.
pub(crate) struct Cx<'a> {
    pub(crate) shared: &'a mut Shared,
    pub(crate) owner: Owner,
    pub(crate) effects: &'a mut Vec<Effect>,
    pub(crate) wishes: &'a mut Vec<Wish>,
}

impl Cx<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.now()
    }

    fn run(&mut self, what: &str, target: &str, writes: bool, noise: Noise) -> RunId {
        self.shared.next_run += 1;
        let run = RunId(self.shared.next_run);
        let started = self.now();
        self.shared.operations.begin(Operation {
            run,
            owner: self.owner,
            what: what.to_owned(),
            target: target.to_owned(),
            writes,
            noise,
            started,
            ended: None,
            state: State::Running,
        });
        run
    }

    /// Asks for something.
    pub(crate) fn read(&mut self, read: Read) -> RunId {
        let (what, target, noise) = describe(&read);
        let run = self.run(what, &target, false, noise);
        self.effects.push(Effect::Read { run, read });
        run
    }

    /// Changes something; answers the root when nobody else waits for it.
    pub(crate) fn write(&mut self, write: Write, what: &str, target: &str) -> RunId {
        let run = self.run(what, target, true, Noise::Loud);
        if let Write::Cancel { id, .. } | Write::Resume { id, .. } = &write {
            self.shared.subjects.insert(run, *id);
        }
        self.effects.push(Effect::Write { run, write });
        run
    }

    /// Reads a value again; an older request for it is given up.
    pub(crate) fn load<T>(&mut self, value: &mut Loaded<T>, read: Read) {
        if let Some((older, _)) = value.run.take() {
            self.cancel(older);
        }
        let run = self.read(read);
        value.run = Some((run, self.now()));
    }

    pub(crate) fn cancel(&mut self, run: RunId) {
        let now = self.now();
        if self.shared.operations.end(run, State::Cancelled, now).is_some() {
            self.effects.push(Effect::Cancel(run));
        }
    }

    pub(crate) fn go(&mut self, place: Place) {
        self.wishes.push(Wish::Go(place));
    }

    pub(crate) fn open(&mut self, overlay: impl Overlay + 'static) {
        self.wishes.push(Wish::Open(Box::new(overlay)));
    }

    pub(crate) fn good(&mut self, text: impl Into<String>) {
        let toast = Toast::good(text, self.now());
        self.wishes.push(Wish::Toast(toast));
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let toast = Toast::note(text, self.now());
        self.wishes.push(Wish::Toast(toast));
    }

    /// Puts a text on the clipboard, and says so.
    pub(crate) fn copy(&mut self, what: &str, text: String) {
        let shown = super::format::clean(&text).into_owned();
        let shown = super::format::cut(&shown, 48, self.shared.glyphs).into_owned();
        self.good(format!("copied {what}: {shown}"));
        self.effects.push(Effect::Copy(text));
    }
}

/// What a request is called in the list of operations, and how much it makes itself heard.
fn describe(read: &Read) -> (&'static str, String, Noise) {
    let routine = |what| (what, String::new(), Noise::Routine);
    let quiet = |what| (what, String::new(), Noise::Quiet);
    match read {
        Read::Overview => routine("read overview"),
        Read::Ping => routine("ping database"),
        Read::Events { .. } => quiet("read events"),
        Read::EventsTotal(_) => routine("count events"),
        Read::Event(id) => ("read event", id.to_string(), Noise::Quiet),
        Read::ReplayPreview { ids, .. } => (
            "plan replay",
            super::format::counted(ids.len(), "event"),
            Noise::Quiet,
        ),
        Read::Customers { .. } => quiet("read customers"),
        Read::Customer(id) => ("read customer", id.to_string(), Noise::Quiet),
        Read::Timeline(id) => ("read timeline", id.to_string(), Noise::Quiet),
        Read::Subscriptions { .. } => quiet("read subscriptions"),
        Read::Subscription(id) => ("read subscription", id.to_string(), Noise::Quiet),
        Read::Compare(id) => ("compare with provider", id.to_string(), Noise::Loud),
        Read::Orders { .. } => quiet("read orders"),
        Read::Find(id) => ("find", super::format::clean(id).into_owned(), Noise::Loud),
        Read::Export(export) => ("export", export.path.display().to_string(), Noise::Loud),
        Read::Dashboard { object, .. } => ("look up link", object.to_string(), Noise::Routine),
        Read::OpenUrl(url) => ("open", super::format::clean(url).into_owned(), Noise::Loud),
    }
}
