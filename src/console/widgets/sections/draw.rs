//! How the parts of a detail screen are drawn.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::super::pane;
use crate::console::{format, screens::inspect::node_line, shared::Shared, theme::Role};

use super::{Body, Detail, Section};

pub(crate) fn draw(detail: &impl Detail, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let parts = detail.parts();
    let sections = detail.sections(shared);
    let focus = parts.focus.min(sections.len().saturating_sub(1));
    if shared.zoom {
        if let Some(section) = sections.get(focus) {
            section_body(detail, section, focus, true, frame, area, shared);
        }
        return;
    }
    let head = detail.head(area.width.saturating_sub(3), shared);
    let most = if area.height >= 30 {
        area.height / 2
    } else {
        area.height * 9 / 20
    };
    let rows = u16::try_from(head.len()).unwrap_or(u16::MAX).min(most);
    let [top, rest] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(area);
    for (line, y) in head.iter().zip(top.y..top.y + top.height) {
        frame
            .buffer_mut()
            .set_line(top.x + 1, y, line, top.width.saturating_sub(2));
    }
    if sections.is_empty() {
        return;
    }
    let small = area.height < 30 && area.width < 140;
    if small || sections.len() < 2 {
        let [tabs, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(rest);
        tab_bar(&sections, focus, frame, tabs, shared);
        if let Some(section) = sections.get(focus) {
            rows_of(detail, section, focus, true, frame, body, shared);
        }
        return;
    }
    for (index, area) in tiles(&sections, focus, detail, rest).into_iter().enumerate() {
        if let Some(section) = sections.get(index) {
            section_body(detail, section, index, index == focus, frame, area, shared);
        }
    }
}

/// Where each part stands on a large screen: the first beside the others, or all under each other with most room for
/// the one in focus.
fn tiles(sections: &[Section], focus: usize, detail: &impl Detail, area: Rect) -> Vec<Rect> {
    let tree = detail.tree().map(|(_, tree)| tree);
    let lines: Vec<u16> = sections
        .iter()
        .map(|section| u16::try_from(section.len(tree)).unwrap_or(u16::MAX))
        .collect();
    let stack = |area: Rect, from: usize, to: usize| {
        let wanted = |index: usize| lines[index].max(1).saturating_add(1);
        let all_fit = (from..to).map(|index| u32::from(wanted(index))).sum::<u32>() <= u32::from(area.height);
        // Where all fit the last one takes what is left, else the one in focus.
        let grows = match (all_fit, (from..to).contains(&focus)) {
            (true, _) => to.saturating_sub(1),
            (false, true) => focus,
            (false, false) => from,
        };
        let bounds = (from..to).map(|index| {
            if index == grows {
                Constraint::Fill(1)
            } else if all_fit {
                Constraint::Length(wanted(index))
            } else {
                Constraint::Length(wanted(index).min(7))
            }
        });
        Layout::vertical(bounds).split(area).to_vec()
    };
    let count = sections.len();
    if area.width >= 200 && count >= 3 {
        let [left, middle, right] = Layout::horizontal([
            Constraint::Percentage(45),
            Constraint::Percentage(33),
            Constraint::Fill(1),
        ])
        .spacing(1)
        .areas(area);
        let mut places = vec![left];
        places.extend(stack(middle, 1, count - 1));
        places.push(right);
        places
    } else if area.width >= 140 {
        let [left, right] = Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)])
            .spacing(1)
            .areas(area);
        let mut places = vec![left];
        places.extend(stack(right, 1, count));
        places
    } else {
        stack(area, 0, count)
    }
}

fn tab_bar(sections: &[Section], focus: usize, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let glyphs = shared.glyphs;
    let mut spans = vec![Span::styled(glyphs.rule, shared.style(Role::Border))];
    for (index, section) in sections.iter().enumerate() {
        if index == focus {
            spans.push(Span::styled(
                format!("{}{} ", glyphs.bar, section.title),
                shared.style(Role::Focus),
            ));
        } else {
            spans.push(Span::styled(
                format!(" {} ", section.title),
                shared.style(Role::Dim),
            ));
        }
        spans.push(Span::styled(glyphs.rule, shared.style(Role::Border)));
    }
    if sections.len() > 1 {
        spans.push(Span::styled(" Tab ", shared.style(Role::Key)));
    }
    let used: usize = spans.iter().map(|span| format::width(&span.content)).sum();
    spans.push(Span::styled(
        glyphs.rule.repeat(usize::from(area.width).saturating_sub(used)),
        shared.style(Role::Border),
    ));
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn section_body(
    detail: &impl Detail,
    section: &Section,
    index: usize,
    focused: bool,
    frame: &mut Frame<'_>,
    area: Rect,
    shared: &Shared,
) {
    if area.height == 0 {
        return;
    }
    let title = pane::title(&section.title, focused, area.width, shared);
    frame.buffer_mut().set_line(area.x, area.y, &title, area.width);
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    rows_of(detail, section, index, focused, frame, body, shared);
}

fn rows_of(
    detail: &impl Detail,
    section: &Section,
    index: usize,
    focused: bool,
    frame: &mut Frame<'_>,
    area: Rect,
    shared: &Shared,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    if focused {
        detail.parts().viewport.set(area.height);
    }
    let tree = detail.tree();
    let len = section.len(tree.map(|(_, tree)| tree));
    let cursor = match &section.body {
        Body::Tree => tree.map_or(0, |(_, tree)| tree.cursor()),
        Body::Rows(_) => detail.parts().cursor(index).min(len.saturating_sub(1)),
    };
    let rows = usize::from(area.height);
    // The cursor stands in the middle third, so that one sees what comes.
    let top = cursor.saturating_sub(rows * 2 / 3).min(len.saturating_sub(rows));
    if len == 0 {
        let line = Line::styled("nothing here", shared.style(Role::Dim));
        frame
            .buffer_mut()
            .set_line(area.x + 2, area.y, &line, area.width - 2);
    }
    for offset in 0..rows.min(len.saturating_sub(top)) {
        let place = top + offset;
        let line = match (&section.body, tree) {
            (Body::Rows(rows), _) => rows.get(place).map(|row| row.line.clone()),
            (Body::Tree, Some((document, tree))) => tree
                .lines()
                .get(place)
                .map(|&node| node_line(document, node, tree, shared)),
            (Body::Tree, None) => None,
        };
        let Some(line) = line else { continue };
        let y = area.y + u16::try_from(offset).unwrap_or(u16::MAX);
        let buffer = frame.buffer_mut();
        let line = pane::fitted(&line, area.width - 3, shared.glyphs);
        buffer.set_line(area.x + 2, y, &line, area.width - 2);
        if place == cursor && focused {
            buffer.set_string(area.x, y, shared.glyphs.bar, shared.style(Role::Focus));
            let row = Rect {
                x: area.x + 1,
                y,
                width: area.width - 1,
                height: 1,
            };
            buffer.set_style(row, Style::reset().patch(shared.style(Role::Cursor)));
        }
    }
    let below = len.saturating_sub(top + rows);
    if below > 0 && rows > 1 {
        let text = format!(" {below} more ");
        let wide = u16::try_from(text.len()).unwrap_or(0);
        let x = area.x + area.width.saturating_sub(wide);
        frame.buffer_mut().set_line(
            x,
            area.y + area.height - 1,
            &Line::styled(text, shared.style(Role::Dim)),
            wide,
        );
    }
}
