//! The whole picture.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{App, CHOICES};
use crate::console::{
    format,
    keymap::{Action, Found, Sequence, binding},
    layout,
    theme::Role,
    widgets::bars,
};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = layout::SMALLEST;
    if area.width < width || area.height < height {
        too_small(app, frame, area);
        return;
    }
    let rows = layout::rows(area);
    let shared = &app.shared;
    let screen = app.stack.current().screen.as_ref();
    bars::status(frame, rows.status, shared);
    bars::banner(frame, rows.banner, &screen.banner(shared), shared);
    screen.view(frame, rows.body, shared);
    let contexts = app.contexts();
    if app.overlays.is_empty() {
        bars::hints(frame, rows.hints, &contexts, |row| app.why_not(row), shared);
    } else {
        bars::hints(frame, rows.hints, &contexts, |_| None, shared);
    }
    for (_, overlay) in &app.overlays {
        overlay.view(
            frame,
            Rect {
                y: area.y + 1,
                height: area.height - 1,
                ..area
            },
            shared,
        );
    }
    if app.overlays.is_empty()
        || app.toast.is_some() && !app.overlays.iter().any(|(_, overlay)| overlay.wants_text())
    {
        bars::toast(frame, rows.toast, app.toast.as_ref(), shared);
    }
    choices(app, frame, rows.hints);
}

fn too_small(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (width, height) = layout::SMALLEST;
    let text = format!(
        "billdeck needs {width}x{height}, this is {}x{}",
        area.width, area.height
    );
    let text = format::cut(&text, usize::from(area.width), app.shared.glyphs).into_owned();
    let used = u16::try_from(format::width(&text)).unwrap_or(area.width);
    let x = area.x + area.width.saturating_sub(used) / 2;
    frame.buffer_mut().set_line(
        x,
        area.y + area.height / 2,
        &Line::styled(text, app.shared.style(Role::Text)),
        area.width.saturating_sub(x - area.x),
    );
}

/// What may follow the keys pressed so far, once they have waited a moment.
fn choices(app: &App, frame: &mut Frame<'_>, hints: Rect) {
    let shared = &app.shared;
    let waited = app
        .pending_since
        .is_some_and(|since| shared.now().duration_since(since) >= CHOICES);
    if !waited {
        return;
    }
    let contexts = app.contexts();
    let Found::Prefix(next) = shared.keymap.find(&contexts, &app.pending) else {
        return;
    };
    let pressed: Vec<String> = app.pending.iter().map(ToString::to_string).collect();
    let mut spans = vec![
        Span::raw(" "),
        Span::styled(pressed.concat(), shared.style(Role::Focus)),
        Span::raw("   "),
    ];
    for (sequence, action) in next {
        let rest = Sequence(sequence.0.iter().skip(app.pending.len()).copied().collect());
        spans.push(Span::styled(rest.to_string(), shared.style(Role::Key)));
        spans.push(Span::styled(
            format!(" {}   ", short(app, action)),
            shared.style(Role::Text),
        ));
    }
    Clear.render(hints, frame.buffer_mut());
    frame
        .buffer_mut()
        .set_line(hints.x, hints.y, &Line::from(spans), hints.width);
}

fn short(app: &App, action: Action) -> &'static str {
    app.contexts()
        .into_iter()
        .find_map(|context| binding(context, action))
        .map_or("", |row| row.short)
}
