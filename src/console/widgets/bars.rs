//! The rows around a screen: status, banner, toast, hints.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::console::{
    effect::Access,
    format,
    keymap::{Binding, Context, TABLE},
    operations::Toast,
    screens::Banner,
    shared::Shared,
    theme::{Role, Tone},
};

/// Pieces from the left, dropped whole from the end where they do not fit.
fn fitted(pieces: Vec<Vec<Span<'static>>>, gap: &'static str, width: usize) -> (Vec<Span<'static>>, usize) {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for piece in pieces {
        let wide: usize = piece.iter().map(|span| format::width(&span.content)).sum();
        let between = if spans.is_empty() { 0 } else { gap.len() };
        if used + between + wide > width {
            break;
        }
        if between > 0 {
            spans.push(Span::raw(gap));
        }
        used += between + wide;
        spans.extend(piece);
    }
    (spans, used)
}

/// Row 1: where one is, whether one can write, and how everything behind it is.
pub(crate) fn status(frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let (badge, role) = shared.badge();
    let mut pieces = vec![vec![
        Span::raw(" "),
        Span::styled(format!(" {badge} "), shared.style(role)),
    ]];
    pieces.push(match shared.access {
        Access::ReadWrite => {
            let mut words = " RW ".to_owned();
            if let Some(until) = shared.writable_until {
                let left = until.duration_since(shared.now()).as_secs().max(0);
                let minutes = (left + 59) / 60;
                words = format!(" RW {minutes}m left ");
            }
            vec![Span::styled(words, shared.style(Role::ReadWrite))]
        }
        Access::ReadOnly | Access::ReadOnlyForGood => vec![Span::styled("RO", shared.style(Role::Dim))],
    });
    let overview = shared.overview.value.as_ref();
    if !shared.link_up {
        pieces.push(vec![Span::styled(
            format!("{} database link lost", shared.glyphs.danger),
            shared.style(Role::Danger),
        )]);
    }
    for figures in overview
        .map(|overview| overview.providers.as_slice())
        .unwrap_or_default()
    {
        let tone = crate::console::screens::overview::provider_tone(figures);
        pieces.push(vec![
            Span::styled(format!("{} ", figures.provider), shared.style(Role::Text)),
            Span::styled(shared.glyphs.sign(tone), shared.tone(tone)),
        ]);
    }
    if let Some(ping) = shared.ping.value
        && shared.link_up
    {
        let millis = ping.as_millis();
        let tone = if millis > 250 { Tone::Attention } else { Tone::Ok };
        let style = if tone == Tone::Attention {
            shared.tone(tone)
        } else {
            shared.style(Role::Dim)
        };
        let text = if millis == 0 {
            "db <1ms".to_owned()
        } else {
            format!("db {millis}ms")
        };
        pieces.push(vec![Span::styled(text, style)]);
    }
    if let Some(overview) = overview {
        let workers: i64 = overview
            .processes
            .iter()
            .map(|process| i64::from(process.workers))
            .sum();
        let (text, style) = if workers > 0 {
            (format!("workers {workers}"), shared.style(Role::Dim))
        } else {
            (
                format!("{} no worker", shared.glyphs.attention),
                shared.style(Role::Attention),
            )
        };
        pieces.push(vec![Span::styled(text, style)]);
        let lag = overview
            .stats
            .oldest_pending_seconds
            .map_or(0, |seconds| u64::try_from(seconds).unwrap_or(0));
        let style = if lag > 60 {
            shared.style(Role::Attention)
        } else {
            shared.style(Role::Dim)
        };
        pieces.push(vec![Span::styled(
            format!("lag {}", format::exact_duration(lag)),
            style,
        )]);
    }
    let right = format!("{} ", format::clean(&shared.setting.operator));
    let right_width = format::width(&right);
    let width = usize::from(area.width);
    let (mut spans, used) = fitted(pieces, "  ", width);
    if used + right_width + 2 <= width {
        spans.push(Span::raw(" ".repeat(width - used - right_width)));
        spans.push(Span::styled(right, shared.style(Role::Dim)));
    }
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Row 2: where one is, the filter in force, and figures.
pub(crate) fn banner(frame: &mut Frame<'_>, area: Rect, banner: &Banner, shared: &Shared) {
    let width = usize::from(area.width);
    let mut right: Vec<Vec<Span<'static>>> = Vec::new();
    // The last pieces matter most (age, error), so they are the ones that stay.
    for (text, role) in banner.right.iter().rev() {
        right.push(vec![Span::styled(text.clone(), shared.style(*role))]);
    }
    if !shared.live {
        right.insert(0, vec![Span::styled("paused", shared.style(Role::Attention))]);
    }
    let separator = format!(" {} ", shared.glyphs.crumb);
    let crumbs = format::cut(
        &banner.crumbs.join(&separator),
        width.saturating_sub(2),
        shared.glyphs,
    )
    .into_owned();
    let mut left = vec![Span::raw(" "), Span::styled(crumbs, shared.style(Role::Title))];
    let mut used: usize = left.iter().map(|span| format::width(&span.content)).sum();
    let mut kept: Vec<Span<'static>> = Vec::new();
    let mut right_width = 0;
    let filter_room = banner
        .filter
        .as_ref()
        .map_or(0, |text| format::width(text).min(width / 3) + 11);
    for piece in right {
        let wide: usize = piece.iter().map(|span| format::width(&span.content)).sum();
        if used + filter_room + right_width + wide + 4 > width {
            break;
        }
        right_width += wide + 2;
        for span in piece.into_iter().rev() {
            kept.insert(0, span);
        }
        kept.insert(0, Span::raw("  "));
    }
    if let Some(filter) = &banner.filter {
        let room = width.saturating_sub(used + right_width + 12);
        let text = format::cut(filter, room, shared.glyphs).into_owned();
        let text = format!("   filter: {text}");
        used += format::width(&text);
        left.push(Span::styled(text, shared.style(Role::Attention)));
    }
    left.push(Span::raw(
        " ".repeat(width.saturating_sub(used + right_width + 1)),
    ));
    left.extend(kept);
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(left), area.width);
}

/// The last row but one: the toast, else what is running.
pub(crate) fn toast(frame: &mut Frame<'_>, area: Rect, toast: Option<&Toast>, shared: &Shared) {
    let glyphs = shared.glyphs;
    let width = usize::from(area.width);
    if let Some(toast) = toast {
        let text = format!(" {} {}", glyphs.sign(toast.tone), format::clean(&toast.text));
        let line = Line::styled(
            format::cut(&text, width, glyphs).into_owned(),
            shared.tone(toast.tone),
        );
        let hint = toast
            .hint
            .as_ref()
            .map(|hint| format!("   {}", format::clean(hint)));
        let Some(hint) = hint else {
            frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
            return;
        };
        let fits = format::width(&text) + format::width(&hint) <= width;
        if fits || area.y == 0 {
            let mut line = line;
            line.push_span(Span::styled(hint, shared.style(Role::Text)));
            frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
        } else {
            // Two lines at most: the sentence above, the hint below it.
            let above = Rect {
                y: area.y - 1,
                ..area
            };
            ratatui::widgets::Widget::render(ratatui::widgets::Clear, above, frame.buffer_mut());
            let hint = format::cut(&hint, width, glyphs).into_owned();
            frame.buffer_mut().set_line(area.x, area.y - 1, &line, area.width);
            frame.buffer_mut().set_line(
                area.x,
                area.y,
                &Line::styled(hint, shared.style(Role::Text)),
                area.width,
            );
        }
        return;
    }
    let running = shared.operations.running().next();
    if let Some(operation) = running
        && shared.is_slow(Some(operation.started))
    {
        let seconds = shared.now().duration_since(operation.started).as_secs();
        let more = shared.operations.running().count();
        let more = if more > 1 {
            format!("  and {} more (@)", more - 1)
        } else {
            String::new()
        };
        let text = format!(
            " {} {} {}  {seconds}s{more}  Ctrl-c stops it",
            shared.spinner(),
            operation.what,
            format::clean(&operation.target)
        );
        let text = format::cut(&text, width, glyphs).into_owned();
        frame.buffer_mut().set_line(
            area.x,
            area.y,
            &Line::styled(text, shared.style(Role::Pending)),
            area.width,
        );
    }
}

/// The last row: the most useful keys, as whole hints.
pub(crate) fn hints(
    frame: &mut Frame<'_>,
    area: Rect,
    contexts: &[Context],
    why_not: impl Fn(&Binding) -> Option<String>,
    shared: &Shared,
) {
    let mut rows: Vec<(u8, &Binding)> = TABLE
        .iter()
        .filter(|row| contexts.contains(&row.context))
        .filter_map(|row| Some((row.hint?, row)))
        .collect();
    rows.sort_by_key(|(place, _)| *place);
    // Help and quit are never the ones that are cut.
    let is_way_out =
        |row: &Binding| row.context == Context::Global && row.hint.is_some_and(|place| place >= 91);
    let (last, first): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|(_, row)| row)
        .partition(|row| is_way_out(row));
    let piece = |row: &&Binding, dim: bool| {
        let key = shared
            .keymap
            .keys_of(row.context, row.action)
            .first()
            .map(ToString::to_string)?;
        let (key_role, text_role) = if dim {
            (Role::Dim, Role::Dim)
        } else {
            (Role::Key, Role::Text)
        };
        Some(vec![
            Span::styled(key, shared.style(key_role)),
            Span::raw(" "),
            Span::styled(row.short, shared.style(text_role)),
        ])
    };
    let last: Vec<_> = last.iter().filter_map(|row| piece(row, false)).collect();
    let last_width: usize = last
        .iter()
        .flatten()
        .map(|span| format::width(&span.content))
        .sum::<usize>()
        + 2 * last.len();
    let first = first
        .iter()
        .filter(|row| why_not(row).is_none())
        .filter_map(|row| piece(row, false))
        .collect();
    let width = usize::from(area.width).saturating_sub(2);
    let (spans, _) = fitted(first, "  ", width.saturating_sub(last_width));
    let mut line = vec![Span::raw(" ")];
    line.extend(spans);
    for piece in last {
        line.push(Span::raw("  "));
        line.extend(piece);
    }
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(line), area.width);
}
