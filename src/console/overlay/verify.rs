//! Verify: ours beside the provider's, then theirs is taken over or left.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Fate, Overlay,
    form::{Field, Form, Pressed},
    framed, write_lines,
};
use crate::{
    console::{
        effect::{Read, RunId, Write},
        format,
        keymap::{Action, Context},
        msg::Answer,
        shared::{Cx, Loaded, Shared, Wish},
        theme::{Role, Tone},
        widgets::table::error_lines,
    },
    domain::{
        ids::SubscriptionId,
        views::{
            action::{RowDiff, VerifyReport},
            found::Found,
        },
    },
};

pub(crate) struct VerifyDialog {
    /// The id a person talks about.
    label: String,
    id: Option<SubscriptionId>,
    lookup: Loaded<Option<Found>>,
    report: Loaded<VerifyReport>,
    applying: Option<RunId>,
    form: Form,
    scroll: usize,
}

impl VerifyDialog {
    pub(crate) fn new(id: SubscriptionId, label: String) -> Self {
        Self {
            label,
            id: Some(id),
            lookup: Loaded::default(),
            report: Loaded::default(),
            applying: None,
            form: Form::new("Close", None),
            scroll: 0,
        }
    }

    /// For a provider's id of which it is not known yet whose it is here.
    pub(crate) fn looking_up(label: String) -> Self {
        Self {
            id: None,
            ..Self::new(SubscriptionId::from(uuid::Uuid::nil()), label)
        }
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        match self.id {
            Some(id) => cx.load(&mut self.report, Read::Compare(id)),
            None => cx.load(&mut self.lookup, Read::Find(self.label.clone())),
        }
    }

    fn take_report(&mut self, cx: &mut Cx<'_>) {
        let Some(report) = &self.report.value else { return };
        cx.shared.unsettled.remove(&report.subscription_id);
        if report.changes.is_empty() || report.applied {
            self.form = Form::new("Close", None);
        } else {
            self.form = Form::new("Leave it", Some("Take theirs over"));
            self.form.fields.push(Field::text("Reason", false));
        }
    }

    fn body(&self, width: usize, shared: &Shared) -> Vec<Line<'static>> {
        if let Some(error) = self.report.error.as_ref().or(self.lookup.error.as_ref()) {
            return error_lines(
                error,
                "The provider could not be asked",
                "V asks again",
                u16::try_from(width).unwrap_or(u16::MAX),
                shared,
            );
        }
        if let (None, Some(None)) = (self.id, &self.lookup.value) {
            let text = "billdeck does not know this subscription yet: replay the event to store it.";
            return vec![Line::styled(text, shared.style(Role::Attention))];
        }
        let Some(report) = &self.report.value else {
            return vec![Line::styled(
                format!("{} asking the provider", shared.spinner()),
                shared.style(Role::Pending),
            )];
        };
        let mut lines = Vec::new();
        if self.applying.is_some() {
            lines.push(Line::styled(
                format!("{} taking over", shared.spinner()),
                shared.style(Role::Pending),
            ));
        } else if report.applied {
            let text = format!("{} the provider's word is stored now", shared.glyphs.ok);
            lines.push(Line::styled(text, shared.style(Role::Ok)));
        } else if let Some(why) = &report.unsettled {
            let text = format!("Whether ours and the provider's agree cannot be said: {why}");
            for part in format::wrap(&text, width) {
                lines.push(Line::styled(part, shared.style(Role::Attention)));
            }
        } else if report.changes.is_empty() {
            let text = format!("{} ours and the provider's agree", shared.glyphs.ok);
            lines.push(Line::styled(text, shared.style(Role::Ok)));
        }
        for row in &report.changes {
            lines.extend(row_lines(row, width, shared));
        }
        for note in &report.notes {
            for part in format::wrap(note, width) {
                lines.push(Line::styled(part, shared.style(Role::Attention)));
            }
        }
        let tone = Tone::of_verification(&report.verification);
        let mut foot = vec![
            Span::styled("verification  ", shared.style(Role::Dim)),
            Span::styled(
                format!(
                    "{} {}",
                    shared.glyphs.sign(tone),
                    format::clean(&report.verification)
                ),
                shared.tone(tone),
            ),
        ];
        if let Some(request) = &report.request_id {
            foot.push(Span::styled(
                format!("   request {}", format::clean(request)),
                shared.style(Role::Dim),
            ));
        }
        lines.push(Line::default());
        lines.push(Line::from(foot));
        lines
    }
}

fn row_lines(row: &RowDiff, width: usize, shared: &Shared) -> Vec<Line<'static>> {
    let column = width.saturating_sub(26) / 2;
    let cut = |text: &str| {
        format::pad(
            &format::cut(text, column.saturating_sub(1), shared.glyphs),
            column,
        )
    };
    let new = if row.new { "  only the provider has it" } else { "" };
    let mut lines = vec![
        Line::from(vec![
            Span::styled(format!("{} ", format::clean(&row.table)), shared.style(Role::Dim)),
            Span::styled(
                format::clean(&row.row_key).into_owned(),
                shared.style(Role::Title),
            ),
            Span::styled(new, shared.style(Role::Attention)),
        ]),
        Line::styled(
            format!("  {}{}PROVIDER", format::pad("FIELD", 24), cut("OURS")),
            shared.style(Role::Dim),
        ),
    ];
    for field in &row.fields {
        let name = format::cut(&format::clean(&field.field), 22, shared.glyphs).into_owned();
        let ours = format::value(&field.before, &shared.clock, shared.glyphs);
        let theirs = format::value(&field.after, &shared.clock, shared.glyphs);
        lines.push(Line::from(vec![
            Span::styled(format!("  {}", format::pad(&name, 24)), shared.style(Role::Text)),
            Span::styled(cut(&ours), shared.style(Role::Dim)),
            Span::styled(cut(&theirs), shared.style(Role::Attention)),
        ]));
    }
    lines
}

impl Overlay for VerifyDialog {
    fn contexts(&self) -> &'static [Context] {
        if self.form.wants_text() {
            &[Context::Dialog, Context::Text]
        } else {
            &[Context::Dialog]
        }
    }

    fn enter(&mut self, cx: &mut Cx<'_>) {
        self.ask(cx);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        match action {
            Action::ScrollDown => self.scroll = self.scroll.saturating_add(8).min(4_000),
            Action::ScrollUp => self.scroll = self.scroll.saturating_sub(8),
            other => match self.form.act(other) {
                Pressed::Nothing => {}
                Pressed::Back => return Fate::Close,
                Pressed::Button => match (cx.shared.may_write(), self.id) {
                    (Err(why), _) => self.form.error = Some(why),
                    (Ok(()), Some(id)) if self.applying.is_none() => {
                        let reason = self.form.value("Reason").filter(|reason| !reason.is_empty());
                        let label = self.label.clone();
                        self.applying = Some(cx.write(Write::TakeOver { id, reason }, "take over", &label));
                    }
                    (Ok(()), _) => {}
                },
            },
        }
        Fate::Stay
    }

    fn wants_text(&self) -> bool {
        self.form.wants_text()
    }

    fn insert(&mut self, text: &str, _: &mut Cx<'_>) {
        self.form.insert(text);
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) -> Fate {
        let now = cx.now();
        match answer {
            Answer::Found { result, .. } => {
                if self.lookup.take(run, result, now)
                    && let Some(Some(Found::Subscription(id))) = self.lookup.value
                {
                    self.id = Some(id);
                    self.ask(cx);
                }
            }
            Answer::Compare(result) => {
                let is_ours = self.report.take(run, result.map(|report| *report), now);
                if is_ours {
                    self.take_report(cx);
                    cx.wishes.push(Wish::ReadAgain);
                }
            }
            Answer::TakeOver(result) if self.applying == Some(run) => {
                self.applying = None;
                match result {
                    Ok(report) => {
                        self.report.value = Some(*report);
                        self.take_report(cx);
                    }
                    Err(error) => self.form.error = Some(error.message),
                }
                cx.wishes.push(Wish::ReadAgain);
            }
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let width = area.width.min(96);
        let inner = usize::from(width.saturating_sub(4));
        let body = self.body(inner, shared);
        let foot = self.form.lines(inner, shared);
        let wanted = body.len() + foot.len() + 2;
        let height = u16::try_from(wanted)
            .unwrap_or(u16::MAX)
            .min(area.height.saturating_sub(1))
            .max(6);
        let title = format!("Verify {}", format::id(&self.label, shared.glyphs));
        let inside = framed(frame, area, &title, (width, height), false, shared);
        let rows = usize::from(inside.height).saturating_sub(foot.len());
        let scroll = self.scroll.min(body.len().saturating_sub(rows));
        let mut lines: Vec<Line<'_>> = body.into_iter().skip(scroll).take(rows).collect();
        let blank = rows.saturating_sub(lines.len());
        lines.extend((0..blank).map(|_| Line::default()));
        lines.extend(foot);
        write_lines(frame, inside, &lines);
    }
}
