//! From keys to actions, and what the actions of every screen do.

use crossterm::event::{KeyEvent, MouseEventKind};

use super::App;
use crate::console::{
    effect::Effect,
    keymap::{Action, Binding, Chord, Context, Found, binding},
    nav::{Filtered, Place},
    operations::{Owner, Toast},
    overlay::{Fate, help::Help, menu::Menu, operations::OperationsPanel, palette::Palette},
    screens::Again,
    shared::{Cx, Wish},
};

impl App {
    pub(super) fn key(&mut self, event: KeyEvent) {
        let Some(chord) = Chord::of(event) else { return };
        // An error has been seen once a key is pressed.
        if self.toast.as_ref().is_some_and(|toast| toast.until.is_none()) {
            self.toast = None;
        }
        let contexts = self.contexts();
        if self
            .overlays
            .last()
            .is_some_and(|(_, overlay)| overlay.wants_text())
            && self.pending.is_empty()
            && let Some(c) = chord.character()
        {
            self.insert(c);
            return;
        }
        if !self.pending.is_empty() && self.is_escape(chord) {
            self.forget_pending();
            return;
        }
        self.pending.push(chord);
        let mut found = self.shared.keymap.find(&contexts, &self.pending);
        if found == Found::Nothing && !self.overlays.is_empty() {
            // These work over everything.
            found = match self.shared.keymap.find(&[Context::Global], &self.pending) {
                Found::Action(action @ (Action::Interrupt | Action::Suspend | Action::Redraw), context) => {
                    Found::Action(action, context)
                }
                Found::Action(..) | Found::Prefix(_) | Found::Nothing => Found::Nothing,
            };
        }
        match found {
            Found::Action(action, context) => {
                self.forget_pending();
                self.act(action, context);
            }
            Found::Prefix(_) => {
                if self.pending_since.is_none() {
                    self.pending_since = Some(self.shared.now());
                }
            }
            Found::Nothing => {
                let keys: Vec<String> = self.pending.iter().map(ToString::to_string).collect();
                let several = self.pending.len() > 1;
                self.forget_pending();
                if several {
                    self.note(format!("{} means nothing here; ? shows the keys", keys.concat()));
                }
            }
        }
    }

    fn is_escape(&self, chord: Chord) -> bool {
        matches!(
            self.shared.keymap.find(&[Context::Global], &[chord]),
            Found::Action(Action::Escape | Action::Interrupt, _)
        )
    }

    fn forget_pending(&mut self) {
        self.pending.clear();
        self.pending_since = None;
    }

    fn note(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast::note(text, self.shared.now()));
    }

    fn insert(&mut self, c: char) {
        if let Some((id, overlay)) = self.overlays.last_mut() {
            let mut cx = Cx {
                shared: &mut self.shared,
                owner: Owner::Overlay(*id),
                effects: &mut self.effects,
                wishes: &mut self.wishes,
            };
            overlay.insert(c.encode_utf8(&mut [0; 4]), &mut cx);
        }
    }

    /// An action that was named instead of pressed: it counts where the screen's contexts have it.
    pub(super) fn act_by_name(&mut self, action: Action) {
        let context = self
            .screen_contexts()
            .into_iter()
            .find(|&context| binding(context, action).is_some());
        match context {
            Some(context) => self.act(action, context),
            None => self.note(format!("`{action}` means nothing on this screen")),
        }
    }

    fn act(&mut self, action: Action, context: Context) {
        if action == Action::Interrupt {
            self.interrupt();
            return;
        }
        // Leaving takes one key, or a command that is typed; anything else is a change of mind.
        if self.overlays.is_empty() && !matches!(action, Action::Back | Action::Command) {
            self.quit_asked = false;
        }
        let in_screen = self.overlays.is_empty() || context == Context::Global;
        if !in_screen {
            self.act_on_overlay(action);
            return;
        }
        if let Some(row) = binding(context, action)
            && let Some(why) = self.why_not(row)
        {
            self.note(format!("{}: {why}", row.short));
            return;
        }
        if context == Context::Global {
            self.act_anywhere(action);
        } else if action == Action::Actions {
            self.choose_action();
        } else {
            let understood = self.with_screen(|screen, cx| screen.act(action, cx));
            if !understood {
                self.note(format!("`{action}` means nothing here"));
            }
        }
    }

    fn act_on_overlay(&mut self, action: Action) {
        let Some((id, overlay)) = self.overlays.last_mut() else {
            return;
        };
        let id = *id;
        let mut cx = Cx {
            shared: &mut self.shared,
            owner: Owner::Overlay(id),
            effects: &mut self.effects,
            wishes: &mut self.wishes,
        };
        if overlay.act(action, &mut cx) == Fate::Close {
            self.close_overlay();
        }
    }

    fn act_anywhere(&mut self, action: Action) {
        match action {
            Action::Command => self.open_palette("", None),
            Action::Find => {
                let overlay = Palette::find(&self.screen_contexts(), &self.shared.keymap, |row| {
                    self.why_not(row)
                });
                self.open(Box::new(overlay));
            }
            Action::Help => {
                let overlay = Help::new(&self.screen_contexts(), &self.shared.keymap, |row| {
                    self.why_not(row)
                });
                self.open(Box::new(overlay));
            }
            Action::Operations => self.open(Box::<OperationsPanel>::default()),
            Action::Escape => {
                self.toast = None;
                if !self.with_screen(|screen, cx| screen.escape(cx)) {
                    self.switch(crate::console::nav::Stack::pop);
                }
            }
            Action::Back => self.back(),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::GoOverview => self.go(&Place::Overview),
            Action::GoCustomers => self.go(&Place::Customers(Filtered::default())),
            Action::GoSubscriptions => self.go(&Place::Subscriptions(Filtered::default())),
            Action::GoEvents => self.go(&Place::Events(Filtered::default())),
            Action::GoOrders => self.go(&Place::Orders(Filtered::default())),
            Action::HistoryBack => {
                if !self.switch(crate::console::nav::Stack::earlier) {
                    self.note("there is no screen before this one");
                }
            }
            Action::HistoryForward => {
                if !self.switch(crate::console::nav::Stack::later) {
                    self.note("there is no screen after this one");
                }
            }
            Action::LastScreen => {
                if !self.switch(crate::console::nav::Stack::swap) {
                    self.note("there is no screen before this one");
                }
            }
            Action::Refresh => self.again(Again::Asked),
            Action::PauseLive => {
                self.shared.live = !self.shared.live;
                if self.shared.live {
                    self.again(Again::Asked);
                } else {
                    self.note("paused: nothing is read until P goes on");
                }
            }
            Action::TimeStyle => {
                self.shared.clock.style = self.shared.clock.style.next();
                let word = self.shared.clock.style.word();
                self.toast = Some(Toast::good(format!("times are {word}"), self.shared.now()));
            }
            Action::Inspector => {
                self.shared.inspector = !self.shared.inspector;
                let room = crate::console::layout::inspector(self.shared.size, true, false).is_some();
                if self.shared.inspector && !room {
                    self.note("the inspector needs 140 columns or 34 rows; Enter opens the whole object");
                }
                self.with_screen(|screen, cx| screen.act(Action::Inspector, cx));
            }
            Action::Zoom => self.shared.zoom = !self.shared.zoom,
            other => {
                self.with_screen(|screen, cx| screen.act(other, cx));
            }
        }
    }

    pub(super) fn open_palette(&mut self, text: &str, error: Option<String>) {
        let overlay = Palette::command(text, error, &self.screen_contexts(), &self.shared.keymap, |row| {
            self.why_not(row)
        });
        self.open(Box::new(overlay));
    }

    /// The menu of what can be done here, made from the keymap. What is easily undone comes first.
    fn choose_action(&mut self) {
        let contexts = self.stack.current().screen.contexts(&self.shared);
        let is_verb = |row: &Binding| {
            let own = matches!(
                row.context,
                Context::Event | Context::Events | Context::Subscription | Context::Customer
            );
            own || matches!(
                row.action,
                Action::OpenAtProvider | Action::CopyId | Action::CopyJson | Action::CopyLink
            )
        };
        let mut rows: Vec<&Binding> = crate::console::keymap::TABLE
            .iter()
            .filter(|row| contexts.contains(&row.context) && is_verb(row) && self.why_not(row).is_none())
            .collect();
        rows.sort_by_key(|row| row.write);
        if rows.is_empty() {
            self.note("nothing can be done here");
            return;
        }
        let choices = rows
            .into_iter()
            .map(|row| {
                let keys = crate::console::overlay::help::keys_of(row, &self.shared.keymap);
                (
                    format!("{}  {}", crate::console::format::pad(&keys, 6), row.long),
                    Wish::Act(row.action),
                )
            })
            .collect();
        self.open(Box::new(Menu::new("Actions", choices)));
    }

    /// The overview is the first screen, however it was reached.
    fn back(&mut self) {
        let is_first = self.stack.current().screen.is_at(&Place::Overview);
        if is_first || !self.switch(crate::console::nav::Stack::pop) {
            self.quit();
        }
    }

    pub(super) fn quit(&mut self) {
        let writing = self.shared.operations.running().any(|operation| operation.writes);
        if writing && !self.quit_asked {
            self.quit_asked = true;
            self.note("a change is under way; q or :q once more leaves without its outcome");
            return;
        }
        self.effects.push(Effect::Quit);
    }

    /// Ctrl-c: closes what is open, else gives up what runs, else leaves.
    fn interrupt(&mut self) {
        if !self.overlays.is_empty() {
            self.close_overlay();
            return;
        }
        let running = self
            .shared
            .operations
            .running()
            .next()
            .map(|operation| (operation.run, operation.writes));
        match running {
            // The runner answers that the outcome is not known; that ends the operation.
            Some((run, true)) => self.effects.push(Effect::Cancel(run)),
            Some((run, false)) => self.with_root(|cx| cx.cancel(run)),
            None => self.quit(),
        }
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind) {
        let action = match kind {
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::ScrollUp => Action::Up,
            MouseEventKind::Down(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight => return,
        };
        for _ in 0..3 {
            if self.overlays.is_empty() {
                self.with_screen(|screen, cx| screen.act(action, cx));
            } else {
                self.act_on_overlay(action);
            }
        }
    }
}
