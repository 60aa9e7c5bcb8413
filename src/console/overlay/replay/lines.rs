//! How a replay's plan and its results read.

use std::collections::BTreeMap;

use ratatui::text::{Line, Span};

use crate::{
    console::{
        format,
        shared::Shared,
        theme::{Role, Tone},
        widgets::pane::change,
    },
    domain::{
        event::ReplayMode,
        views::action::{ReplayItem, ReplayOutcome},
    },
};

use super::{ReplayDialog, Stage, Subject};

impl ReplayDialog {
    pub(super) fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for item in self.results.values() {
            *counts.entry(outcome(&item.outcome).1).or_default() += 1;
        }
        let unknown = self.errors.values().filter(|error| error.outcome_unknown).count();
        let failed = self.errors.len() - unknown;
        let mut words: Vec<String> = counts
            .into_iter()
            .map(|(word, number)| format!("{number} {word}"))
            .collect();
        if failed > 0 {
            words.push(format!("{failed} not done"));
        }
        if unknown > 0 {
            words.push(format!("{unknown} unknown"));
        }
        words.join(", ")
    }

    pub(super) fn title(&self) -> String {
        format!("Replay {}", format::counted(self.subjects.len(), "event"))
    }

    pub(super) fn list(&self, width: usize, shared: &Shared) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for subject in &self.subjects {
            let item = match self.stage {
                Stage::Planning => self.planned.get(&subject.id),
                Stage::Running { .. } | Stage::Done => self.results.get(&subject.id),
            };
            lines.extend(self.subject_lines(subject, item, width, shared));
        }
        lines
    }

    fn subject_lines(
        &self,
        subject: &Subject,
        item: Option<&ReplayItem>,
        width: usize,
        shared: &Shared,
    ) -> Vec<Line<'static>> {
        let glyphs = shared.glyphs;
        let planning = matches!(self.stage, Stage::Planning);
        let (tone, word) = match (item, self.errors.get(&subject.id), &self.stage) {
            (Some(item), _, Stage::Planning) => (outcome(&item.outcome).0, would(&item.outcome)),
            (Some(item), _, _) => outcome(&item.outcome),
            (None, Some(error), _) if error.outcome_unknown => (Tone::Unknown, "outcome unknown"),
            (None, Some(_), _) => (Tone::Danger, "not done"),
            (None, None, Stage::Running { asked, .. }) if asked.contains(&subject.id) => {
                (Tone::Pending, "running")
            }
            (None, None, Stage::Planning) if self.is_planned() => (Tone::Off, "not in the plan"),
            (None, None, Stage::Planning) => (Tone::Pending, "being planned"),
            (None, None, _) => (Tone::Off, "waits"),
        };
        let name = format::id(&subject.label, glyphs);
        let mut lines = vec![Line::from(vec![
            Span::styled(format!("{} ", glyphs.sign(tone)), shared.tone(tone)),
            Span::styled(format!("{}  ", format::pad(&name, 16)), shared.style(Role::Text)),
            Span::styled(
                format!(
                    "{}  ",
                    format::pad(&format::cut(&format::clean(&subject.event_type), 30, glyphs), 30)
                ),
                shared.style(Role::Dim),
            ),
            Span::styled(word, shared.tone(tone)),
        ])];
        let indent = "  ";
        let mut say = |text: &str, role: Role| {
            for part in format::wrap(text, width.saturating_sub(4).max(10)) {
                lines.push(Line::styled(format!("{indent}{part}"), shared.style(role)));
            }
        };
        if let Some(error) = self.errors.get(&subject.id) {
            say(&error.message, Role::Text);
            if error.outcome_unknown {
                say("Verify (V) the object before you try again.", Role::Unknown);
            }
        }
        let Some(item) = item else { return lines };
        match &item.outcome {
            ReplayOutcome::Ignored { why } | ReplayOutcome::Refused { why } => say(why, Role::Text),
            ReplayOutcome::Waiting { problem } | ReplayOutcome::Failed { problem } => {
                say(&problem.message, Role::Text);
            }
            ReplayOutcome::Applied | ReplayOutcome::AlreadyInEffect | ReplayOutcome::Stale => {}
        }
        for note in &item.notes {
            say(note, Role::Dim);
        }
        // After the fact the results are read; the fields have been shown in the plan.
        if planning {
            for row in &item.changes {
                let new = if row.new { "new " } else { "" };
                let head = format!(
                    "{indent}{new}{} {}",
                    format::clean(&row.table),
                    format::id(&row.row_key, glyphs)
                );
                lines.push(Line::styled(head, shared.style(Role::Text)));
                for field in &row.fields {
                    let mut spans = vec![Span::raw("    ")];
                    spans.extend(change(&field.field, &field.before, &field.after, shared).spans);
                    lines.push(Line::from(spans));
                }
            }
        }
        lines
    }

    pub(super) fn head(&self, shared: &Shared) -> Line<'static> {
        let (mode, words) = match self.mode {
            ReplayMode::Converge => ("converge", "asks the provider for its word of now"),
            ReplayMode::AsRecorded => ("as recorded", "uses the stored body; newer state wins"),
        };
        match self.stage {
            Stage::Planning => Line::from(vec![
                Span::styled("Mode  ", shared.style(Role::Dim)),
                Span::styled(mode, shared.style(Role::Title)),
                Span::styled(format!("  {words}   "), shared.style(Role::Dim)),
                Span::styled("m", shared.style(Role::Key)),
                Span::styled(" changes it", shared.style(Role::Dim)),
            ]),
            Stage::Running { .. } => Line::from(vec![
                Span::styled(format!("{} ", shared.spinner()), shared.style(Role::Pending)),
                Span::styled(
                    format!(
                        "{} of {} done   Esc stops after what is under way",
                        self.results.len(),
                        self.subjects.len()
                    ),
                    shared.style(Role::Text),
                ),
            ]),
            Stage::Done => Line::styled(self.summary(), shared.style(Role::Title)),
        }
    }
}

pub(crate) const fn outcome(outcome: &ReplayOutcome) -> (Tone, &'static str) {
    match outcome {
        ReplayOutcome::Applied => (Tone::Ok, "applied"),
        ReplayOutcome::AlreadyInEffect => (Tone::Ok, "already in effect"),
        ReplayOutcome::Stale => (Tone::Off, "stale: newer state is in place"),
        ReplayOutcome::Ignored { .. } => (Tone::Off, "ignored"),
        ReplayOutcome::Waiting { .. } => (Tone::Attention, "waiting"),
        ReplayOutcome::Failed { .. } => (Tone::Danger, "failed"),
        ReplayOutcome::Refused { .. } => (Tone::Danger, "refused"),
    }
}

pub(crate) const fn would(outcome: &ReplayOutcome) -> &'static str {
    match outcome {
        ReplayOutcome::Applied => "would change",
        ReplayOutcome::AlreadyInEffect => "is in effect already",
        ReplayOutcome::Stale => "is stale: newer state is in place",
        ReplayOutcome::Ignored { .. } => "would be ignored",
        ReplayOutcome::Waiting { .. } => "would wait",
        ReplayOutcome::Failed { .. } => "would fail again",
        ReplayOutcome::Refused { .. } => "cannot be replayed",
    }
}
