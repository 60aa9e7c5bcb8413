//! Where things stand for a given size.

use ratatui::layout::{Constraint, Layout, Rect};

/// Smaller screens show one line that says how large it should be.
pub(crate) const SMALLEST: (u16, u16) = (60, 16);
/// Text is never stretched wider than this.
pub(crate) const TEXT_MAX: u16 = 100;

/// How list and inspector share the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Below,
    Right,
    /// List, inspector, and what is related.
    Three,
}

/// The rows of the whole screen.
pub(crate) struct Rows {
    pub(crate) status: Rect,
    pub(crate) banner: Rect,
    pub(crate) body: Rect,
    pub(crate) toast: Rect,
    pub(crate) hints: Rect,
}

pub(crate) fn rows(area: Rect) -> Rows {
    let [status, banner, body, toast, hints] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    Rows {
        status,
        banner,
        body,
        toast,
        hints,
    }
}

/// Whether and where the inspector has room.
pub(crate) const fn inspector((width, height): (u16, u16), wanted: bool, zoom: bool) -> Option<Split> {
    if zoom || !wanted {
        return None;
    }
    if width >= 200 && height >= 40 {
        Some(Split::Three)
    } else if width >= 140 {
        Some(Split::Right)
    } else if height >= 34 {
        Some(Split::Below)
    } else {
        None
    }
}

pub(crate) struct ListAreas {
    pub(crate) list: Rect,
    pub(crate) inspector: Option<Rect>,
    pub(crate) related: Option<Rect>,
}

pub(crate) fn list_areas(area: Rect, split: Option<Split>) -> ListAreas {
    let two = |[list, inspector]: [Rect; 2]| ListAreas {
        list,
        inspector: Some(inspector),
        related: None,
    };
    match split {
        None => ListAreas {
            list: area,
            inspector: None,
            related: None,
        },
        Some(Split::Below) => {
            two(Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area))
        }
        Some(Split::Right) => two(
            Layout::horizontal([Constraint::Percentage(60), Constraint::Fill(1)])
                .spacing(1)
                .areas(area),
        ),
        Some(Split::Three) => {
            let [list, inspector, related] = Layout::horizontal([
                Constraint::Percentage(45),
                Constraint::Percentage(33),
                Constraint::Fill(1),
            ])
            .spacing(1)
            .areas(area);
            ListAreas {
                list,
                inspector: Some(inspector),
                related: Some(related),
            }
        }
    }
}
