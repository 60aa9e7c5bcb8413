//! `:` and `Ctrl-p`: commands and actions by name, made from the keymap and the list of commands.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{Fate, Overlay, text::TextLine, window};
use crate::console::{
    command::{WORDS, is_nameable},
    format,
    keymap::{Action, Binding, Context, Keymap, TABLE},
    shared::{Cx, Shared, Todo},
    theme::Role,
};

/// What can be chosen.
struct Offer {
    /// What is typed for it.
    name: String,
    /// Shown behind the name.
    arguments: &'static str,
    help: String,
    keys: String,
    why_not: Option<String>,
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A command line.
    Command,
    /// Find anything: an action by its words, an object by its id.
    Find,
}

pub(crate) struct Palette {
    mode: Mode,
    line: TextLine,
    offers: Vec<Offer>,
    /// Which offer is chosen; none: what was typed counts.
    cursor: Option<usize>,
    older: usize,
    error: Option<String>,
}

const ROWS: usize = 9;

impl Palette {
    pub(crate) fn command(
        text: &str,
        error: Option<String>,
        contexts: &[Context],
        keymap: &Keymap,
        why_not: impl Fn(&Binding) -> Option<String>,
    ) -> Self {
        let mut offers: Vec<Offer> = WORDS
            .iter()
            .map(|word| Offer {
                name: word.name.to_owned(),
                arguments: word.arguments,
                help: word.help.to_owned(),
                keys: String::new(),
                why_not: None,
                action: None,
            })
            .collect();
        let taken: Vec<&str> = WORDS
            .iter()
            .flat_map(|word| word.others.iter().copied().chain([word.name]))
            .collect();
        offers
            .extend(actions(contexts, keymap, why_not).filter(|offer| !taken.contains(&offer.name.as_str())));
        Self {
            mode: Mode::Command,
            line: TextLine::of(text),
            offers,
            cursor: None,
            older: 0,
            error,
        }
    }

    pub(crate) fn find(
        contexts: &[Context],
        keymap: &Keymap,
        why_not: impl Fn(&Binding) -> Option<String>,
    ) -> Self {
        Self {
            mode: Mode::Find,
            line: TextLine::default(),
            offers: actions(contexts, keymap, why_not).collect(),
            cursor: Some(0),
            older: 0,
            error: None,
        }
    }

    /// The offers that fit what has been typed, best first.
    fn matching(&self) -> Vec<&Offer> {
        let text = self.line.value().trim().to_lowercase();
        let (name, has_arguments) = match text.split_once(' ') {
            Some((name, _)) if self.mode == Mode::Command => (name.to_owned(), true),
            _ => (text, false),
        };
        let mut found: Vec<((usize, bool), &Offer)> = self
            .offers
            .iter()
            .filter_map(|offer| {
                let rank = if has_arguments {
                    (offer.name == name).then_some(0)
                } else {
                    rank(offer, &name, self.mode)
                };
                Some(((rank?, offer.why_not.is_some()), offer))
            })
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, offer)| offer).collect()
    }

    fn run(&self, cx: &mut Cx<'_>) {
        let text = self.line.value().trim().to_owned();
        let chosen = self.cursor.and_then(|index| self.matching().get(index).copied());
        match (self.mode, chosen) {
            (
                _,
                Some(Offer {
                    action: Some(action), ..
                }),
            ) => cx.todo.push(Todo::Act(*action)),
            (Mode::Command, Some(offer)) => cx.todo.push(Todo::Command(offer.name.clone())),
            (Mode::Command, None) => {
                if !text.is_empty() {
                    if cx.shared.commands.last() != Some(&text) {
                        cx.shared.commands.push(text.clone());
                    }
                    cx.todo.push(Todo::Command(text));
                }
            }
            (Mode::Find, _) if !text.is_empty() => cx.todo.push(Todo::Command(format!("open {text}"))),
            (Mode::Find, _) => {}
        }
    }
}

fn actions(
    contexts: &[Context],
    keymap: &Keymap,
    why_not: impl Fn(&Binding) -> Option<String>,
) -> impl Iterator<Item = Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for &context in contexts {
        for binding in TABLE
            .iter()
            .filter(|binding| binding.context == context && is_nameable(binding.action))
        {
            if offers.iter().any(|offer| offer.action == Some(binding.action)) {
                continue;
            }
            offers.push(Offer {
                name: binding.action.as_str().to_owned(),
                arguments: "",
                help: binding.long.to_owned(),
                keys: super::help::keys_of(binding, keymap),
                why_not: why_not(binding),
                action: Some(binding.action),
            });
        }
    }
    offers.into_iter()
}

/// How well an offer fits: a beginning is better than a part, a part better than letters in order; none: not at all.
fn rank(offer: &Offer, text: &str, mode: Mode) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    if offer.name.starts_with(text) {
        return Some(0);
    }
    if offer.name.contains(text) {
        return Some(1);
    }
    if mode == Mode::Find && offer.help.to_lowercase().contains(text) {
        return Some(2);
    }
    let mut letters = offer.name.chars();
    text.chars()
        .all(|wanted| letters.any(|letter| letter == wanted))
        .then_some(3)
}

impl Overlay for Palette {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Text]
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        // At the end of the text, the arrow to the right takes the suggestion.
        let takes = action == Action::Complete || action == Action::CursorRight && self.line.at_end();
        if takes {
            let name = self.matching().get(self.cursor.unwrap_or(0)).map(|offer| {
                let blank = if offer.arguments.is_empty() { "" } else { " " };
                format!("{}{blank}", offer.name)
            });
            if let Some(name) = name
                && !self.line.value().contains(' ')
            {
                self.line.set(&name);
                self.cursor = (self.mode == Mode::Find).then_some(0);
            }
            return Fate::Stay;
        }
        if self.line.edit(action) {
            self.error = None;
            return Fate::Stay;
        }
        match action {
            Action::Dismiss => return Fate::Close,
            Action::Accept => {
                self.run(cx);
                return Fate::Close;
            }
            Action::HistoryOlder | Action::HistoryNewer if self.mode == Mode::Find => {
                let last = self.matching().len().saturating_sub(1);
                let at = self.cursor.unwrap_or(0);
                self.cursor = Some(if action == Action::HistoryNewer {
                    (at + 1).min(last)
                } else {
                    at.saturating_sub(1)
                });
            }
            Action::HistoryOlder | Action::HistoryNewer => {
                let history = &cx.shared.commands;
                self.older = if action == Action::HistoryOlder {
                    (self.older + 1).min(history.len())
                } else {
                    self.older.saturating_sub(1)
                };
                let text = history
                    .len()
                    .checked_sub(self.older)
                    .and_then(|index| history.get(index));
                self.line.set(text.map_or("", String::as_str));
            }
            _ => {}
        }
        Fate::Stay
    }

    fn wants_text(&self) -> bool {
        true
    }

    fn insert(&mut self, text: &str, _: &mut Cx<'_>) {
        self.error = None;
        self.line.insert(text);
        self.cursor = (self.mode == Mode::Find).then_some(0);
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        if area.height < 4 {
            return;
        }
        let matching = self.matching();
        let shown = matching
            .len()
            .min(ROWS)
            .min(usize::from(area.height.saturating_sub(5)));
        let top = window(self.cursor.unwrap_or(0), shown.max(1));
        let height = u16::try_from(shown).unwrap_or(0) + 1;
        let y = area.y + area.height - 2 - height;
        let over = Rect {
            y,
            height: height + 1,
            ..area
        };
        Clear.render(over, frame.buffer_mut());
        let title = match self.mode {
            Mode::Command => "Commands",
            Mode::Find => "Find an action, or type any id and press Enter",
        };
        let buffer = frame.buffer_mut();
        buffer.set_line(
            area.x,
            y,
            &crate::console::widgets::pane::title(title, true, area.width, shared),
            area.width,
        );
        for (offset, offer) in matching.iter().skip(top).take(shown).enumerate() {
            let here = self.cursor == Some(top + offset);
            let row = y + 1 + u16::try_from(offset).unwrap_or(0);
            buffer.set_line(
                area.x,
                row,
                &offer_line(offer, here, usize::from(area.width), shared),
                area.width,
            );
        }
        let row = area.y + area.height - 2;
        let mut spans = vec![Span::styled(
            if self.mode == Mode::Command {
                " :"
            } else {
                " find "
            },
            shared.style(Role::Key),
        )];
        let error = self
            .error
            .as_ref()
            .map(|error| format!("  {} {}", shared.glyphs.danger, format::clean(error)));
        let error_width = error
            .as_deref()
            .map_or(0, format::width)
            .min(usize::from(area.width / 2));
        let cells = usize::from(area.width).saturating_sub(8 + error_width);
        spans.extend(self.line.spans(cells, true, shared));
        if let Some(error) = error {
            spans.push(Span::styled(error, shared.style(Role::Danger)));
        }
        buffer.set_line(area.x, row, &Line::from(spans), area.width);
    }
}

fn offer_line(offer: &Offer, here: bool, width: usize, shared: &Shared) -> Line<'static> {
    let bar = if here { shared.glyphs.bar } else { " " };
    let style = if here {
        shared.style(Role::Cursor)
    } else {
        shared.style(Role::Text)
    };
    let name = format!("{} {}", offer.name, offer.arguments);
    let mut spans = vec![
        Span::styled(bar, shared.style(Role::Focus)),
        Span::styled(format!(" {} ", format::pad(&name, 28)), style),
        Span::styled(
            format!("{} ", format::pad(&offer.keys, 9)),
            shared.style(Role::Key),
        ),
    ];
    let room = width.saturating_sub(44);
    let (text, role) = match &offer.why_not {
        Some(why) => (format!("not now: {why}"), Role::Attention),
        None => (offer.help.clone(), Role::Dim),
    };
    let text = format::cut(&format::clean(&text), room, shared.glyphs).into_owned();
    spans.push(Span::styled(text, shared.style(role)));
    Line::from(spans)
}
