//! Is anything wrong, and where do I go?

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect, style::Style};
use uuid::Uuid;

use super::{
    Again, Banner, Screen,
    event::{freshness, waiting},
};
use crate::console::{
    effect::{ExportList, RunId},
    format,
    keymap::{Action, Context},
    msg::Answer,
    nav::Place,
    overlay::moved,
    shared::{Cx, Shared, Wish},
    theme::Role,
};

mod rows;

pub(crate) use rows::provider_tone;
use rows::rows;

#[derive(Default)]
pub(crate) struct OverviewScreen {
    cursor: usize,
}

impl OverviewScreen {
    fn commands(shared: &Shared) -> Vec<String> {
        rows(80, shared)
            .into_iter()
            .filter_map(|row| row.command)
            .collect()
    }
}

impl Screen for OverviewScreen {
    fn is_at(&self, place: &Place) -> bool {
        matches!(place, Place::Overview)
    }

    fn banner(&self, shared: &Shared) -> Banner {
        let mut right = Vec::new();
        let zone = match shared.clock.style {
            format::TimeStyle::Utc => jiff::tz::TimeZone::UTC,
            format::TimeStyle::Relative | format::TimeStyle::Local => shared.clock.zone.clone(),
        };
        let clock = shared.now().to_zoned(zone).strftime("%H:%M %Z").to_string();
        let live = if shared.live {
            format!("live {} ", shared.glyphs.dot)
        } else {
            String::new()
        };
        right.push((format!("{live}{clock}"), Role::Dim));
        right.extend(freshness(&shared.overview, shared));
        Banner {
            crumbs: vec!["Overview".to_owned()],
            filter: None,
            right,
        }
    }

    fn contexts(&self, _: &Shared) -> &'static [Context] {
        &[Context::Object, Context::Move]
    }

    fn enter(&mut self, _: &mut Cx<'_>) {}

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        let commands = Self::commands(cx.shared);
        self.cursor = self.cursor.min(commands.len().saturating_sub(1));
        if let Some(cursor) = moved(action, self.cursor, commands.len()) {
            self.cursor = cursor;
            return true;
        }
        if action == Action::Open {
            if let Some(command) = commands.get(self.cursor) {
                cx.wishes.push(Wish::Command(command.clone()));
            }
            return true;
        }
        false
    }

    fn answer(&mut self, _: RunId, _: Answer, _: &mut Cx<'_>) {}

    /// The root reads the overview for the status line on every screen, and so for this one.
    fn again(&mut self, _: Again, _: &mut Cx<'_>) {}

    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String> {
        match action {
            Action::Open if Self::commands(shared).is_empty() => Err("nothing has been read yet".to_owned()),
            Action::NextPane | Action::PreviousPane | Action::Zoom => {
                Err("there is one pane only".to_owned())
            }
            Action::Inspector => Err("the inspector stands beside lists".to_owned()),
            Action::OpenAtProvider
            | Action::Actions
            | Action::CopyId
            | Action::CopyJson
            | Action::CopyLink
            | Action::RelatedCustomer
            | Action::RelatedSubscriptions
            | Action::RelatedEvents
            | Action::RelatedOrders => Err("the overview counts things; Enter leads to them".to_owned()),
            _ => Ok(()),
        }
    }

    fn set_filter(&mut self, _: &str, _: &mut Cx<'_>) -> Result<(), String> {
        Err("the overview has no filter; 3 shows the events".to_owned())
    }

    fn filter(&self) -> String {
        String::new()
    }

    fn sort(&mut self, _: &str, _: &mut Cx<'_>) -> Result<(), String> {
        Err("only lists are sorted".to_owned())
    }

    fn export(&self) -> Option<(ExportList, Option<BTreeSet<Uuid>>, &'static str)> {
        None
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        None
    }

    fn tick(&mut self, _: &mut Cx<'_>) {}

    fn escape(&mut self, _: &mut Cx<'_>) -> bool {
        false
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        if area.height == 0 || area.width < 4 {
            return;
        }
        if shared.overview.value.is_none() {
            let lines = waiting(
                shared.overview.error.as_ref(),
                shared.overview.since(),
                "overview",
                shared,
            );
            for (line, y) in lines.iter().zip(area.y..area.y + area.height) {
                frame.buffer_mut().set_line(area.x + 2, y, line, area.width - 2);
            }
            return;
        }
        let mut rows = rows(area.width, shared);
        let height = usize::from(area.height);
        // Blank lines are the first to go where there is no room.
        while rows.len() > height
            && let Some(gap) = rows
                .iter()
                .rposition(|row| row.command.is_none() && row.line.spans.is_empty())
        {
            rows.remove(gap);
        }
        let choices = rows.iter().filter(|row| row.command.is_some()).count();
        let chosen = self.cursor.min(choices.saturating_sub(1));
        let cursor_row = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.command.is_some())
            .nth(chosen)
            .map(|(index, _)| index);
        let top = cursor_row
            .unwrap_or(0)
            .saturating_sub(height.saturating_sub(2))
            .min(rows.len().saturating_sub(height));
        for (offset, row) in rows.iter().skip(top).take(height).enumerate() {
            let y = area.y + u16::try_from(offset).unwrap_or(u16::MAX);
            let indent = if row.command.is_some() { 2 } else { 1 };
            let buffer = frame.buffer_mut();
            buffer.set_line(area.x + indent, y, &row.line, area.width - indent);
            if cursor_row == Some(top + offset) {
                buffer.set_string(area.x, y, shared.glyphs.bar, shared.style(Role::Focus));
                let place = Rect {
                    x: area.x + 1,
                    y,
                    width: area.width - 1,
                    height: 1,
                };
                buffer.set_style(place, Style::reset().patch(shared.style(Role::Cursor)));
            }
        }
    }
}
