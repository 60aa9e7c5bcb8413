//! Tables that fit the terminal: what must be whole stays whole, the rest is cut, and what matters least goes first.

use clap::builder::styling::Style;

use super::text::{Look, Tone, cut, width};

const GAP: &str = "  ";
/// A column is never cut to less than this; rather another one goes.
const LEAST: usize = 8;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    title: &'static str,
    right: bool,
    whole: bool,
    weight: u8,
}

impl Column {
    /// A column that may be cut, but not left out.
    pub(super) const fn new(title: &'static str) -> Self {
        Self {
            title,
            right: false,
            whole: false,
            weight: 0,
        }
    }

    /// Never cut: an id that will be copied, a figure.
    pub(super) const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Aligned on the right.
    pub(super) const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// May be left out where there is no room; the highest number goes first.
    pub(super) const fn optional(mut self, weight: u8) -> Self {
        self.weight = weight;
        self
    }
}

/// One cell: text that is clean, and its tone.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            tone: Tone::Plain,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Cell {
    /// A text in a tone.
    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: one cell per column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text, without a line break at the end.
    pub(super) fn render(&self, look: &Look) -> String {
        let natural: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(index));
                let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
                widest.max(width(column.title))
            })
            .collect();
        let widths = match look.width {
            Some(room) => self.fit(natural, room),
            None => natural.into_iter().map(Some).collect(),
        };
        let bold = Style::new().bold();
        let titles = self.line(&widths, |index| (self.columns[index].title, bold));
        let rows = self.rows.iter().map(|row| {
            self.line(&widths, |index| {
                row.get(index)
                    .map_or(("", Style::new()), |cell| (cell.text.as_str(), cell.tone.style()))
            })
        });
        std::iter::once(titles).chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// The width of each column; none where it is left out.
    fn fit(&self, natural: Vec<usize>, room: usize) -> Vec<Option<usize>> {
        let mut widths: Vec<Option<usize>> = natural.into_iter().map(Some).collect();
        loop {
            let shown = widths.iter().flatten().count();
            let taken: usize = widths.iter().flatten().sum::<usize>() + GAP.len() * shown.saturating_sub(1);
            let Some(over) = taken.checked_sub(room).filter(|over| *over > 0) else {
                return widths;
            };
            if self.shrink(&mut widths, over) {
                return widths;
            }
            let heaviest = (0..widths.len())
                .filter(|index| widths[*index].is_some() && self.columns[*index].weight > 0)
                .max_by_key(|index| self.columns[*index].weight);
            match heaviest {
                Some(index) => widths[index] = None,
                None => {
                    // What is left must be there: long lines are better than wrong ids.
                    for (column, width) in self.columns.iter().zip(&mut widths) {
                        if !column.whole {
                            *width = width.map(|width| width.min(LEAST.max(self::width(column.title))));
                        }
                    }
                    return widths;
                }
            }
        }
    }

    /// Takes so many columns away from what may be cut, the widest first. False when that is too much to ask.
    fn shrink(&self, widths: &mut [Option<usize>], over: usize) -> bool {
        let least = |column: &Column| LEAST.max(width(column.title));
        let spare: usize = self
            .columns
            .iter()
            .zip(widths.iter())
            .filter(|(column, _)| !column.whole)
            .filter_map(|(column, width)| Some((*width)?.saturating_sub(least(column))))
            .sum();
        if spare < over {
            return false;
        }
        for _ in 0..over {
            let widest = (0..widths.len())
                .filter(|index| {
                    let column = &self.columns[*index];
                    !column.whole && widths[*index].is_some_and(|width| width > least(column))
                })
                .max_by_key(|index| widths[*index]);
            if let Some(index) = widest {
                widths[index] = widths[index].map(|width| width - 1);
            }
        }
        true
    }

    fn line<'c>(&self, widths: &[Option<usize>], cell: impl Fn(usize) -> (&'c str, Style)) -> String {
        let mut line = String::new();
        let shown: Vec<(usize, usize)> = widths
            .iter()
            .enumerate()
            .filter_map(|(index, width)| Some((index, (*width)?)))
            .collect();
        for (place, (index, room)) in shown.iter().enumerate() {
            let (text, style) = cell(*index);
            let text = cut(text, *room);
            let padding = " ".repeat(room.saturating_sub(width(&text)));
            if place > 0 {
                line.push_str(GAP);
            }
            let painted = if style == Style::new() || text.is_empty() {
                text
            } else {
                format!("{style}{text}{style:#}")
            };
            match (self.columns[*index].right, place + 1 == shown.len()) {
                (true, _) => line.push_str(&(padding + &painted)),
                (false, true) => line.push_str(&painted),
                (false, false) => line.push_str(&(painted + &padding)),
            }
        }
        line
    }
}

/// Names and values below each other, the values aligned.
pub(super) fn fields<'f>(fields: impl IntoIterator<Item = (&'f str, String)>) -> String {
    let fields: Vec<_> = fields.into_iter().collect();
    let widest = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let bold = Style::new().bold();
    fields
        .into_iter()
        .map(|(name, value)| {
            let padding = " ".repeat(widest - width(name));
            format!("{bold}{name}{bold:#}{padding}  {value}")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    fn render(width: Option<usize>) -> String {
        let mut table = Table::new([
            Column::new("ID").whole(),
            Column::new("NAME"),
            Column::new("NOTE").optional(1),
            Column::new("AMOUNT").right().whole(),
        ]);
        table.row(
            [
                "evt_0123456789",
                "a rather long name of somebody",
                "remark",
                "12.00",
            ]
            .map(Cell::from),
        );
        table.row(["evt_1", "short", "", "1,234.50"].map(Cell::from));
        let look = Look {
            width,
            now: Timestamp::UNIX_EPOCH,
            zone: TimeZone::UTC,
        };
        anstream::adapter::strip_str(&table.render(&look)).to_string()
    }

    #[test]
    fn a_table_is_as_wide_as_it_has_to_be() {
        insta::assert_snapshot!(render(None), @r"
        ID              NAME                            NOTE      AMOUNT
        evt_0123456789  a rather long name of somebody  remark     12.00
        evt_1           short                                   1,234.50
        ");
    }

    #[test]
    fn what_may_be_cut_is_cut_before_anything_is_left_out() {
        insta::assert_snapshot!(render(Some(50)), @r"
        ID              NAME              NOTE      AMOUNT
        evt_0123456789  a rather long n…  remark     12.00
        evt_1           short                     1,234.50
        ");
    }

    #[test]
    fn ids_stay_whole_however_narrow_it_is() {
        insta::assert_snapshot!(render(Some(30)), @r"
        ID              NAME        AMOUNT
        evt_0123456789  a rathe…     12.00
        evt_1           short     1,234.50
        ");
    }
}
