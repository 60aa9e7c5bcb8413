//! A row of bars, one per cell.

use crate::console::theme::Glyphs;

/// The values as bars between nothing and the largest of them; the newest values where there are more than cells.
pub(crate) fn line(values: &[u64], cells: usize, glyphs: &Glyphs) -> String {
    let shown = &values[values.len().saturating_sub(cells)..];
    let most = shown.iter().copied().max().unwrap_or(0).max(1);
    let mut text = " ".repeat(cells.saturating_sub(shown.len()));
    for &value in shown {
        // Anything above nothing shows at least the lowest bar.
        let level = if value == 0 { 0 } else { 1 + (value * 7 / most) };
        text.push_str(glyphs.levels[usize::try_from(level.min(8)).unwrap_or(8)]);
    }
    text
}

/// The sums of neighbouring values, so that a long row fits in so many cells.
pub(crate) fn squeeze(values: &[u64], cells: usize) -> Vec<u64> {
    if values.len() <= cells || cells == 0 {
        return values.to_vec();
    }
    let per = values.len().div_ceil(cells);
    values.chunks(per).map(|part| part.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_from_blank_to_full() {
        let glyphs = Glyphs::unicode();
        assert_eq!(line(&[0, 1, 4, 8], 4, glyphs), " ▁▄█");
        assert_eq!(line(&[5], 3, glyphs), "  █");
        assert_eq!(line(&[1, 2, 3], 2, glyphs), "▅█");
        assert_eq!(line(&[], 2, Glyphs::ascii()), "  ");
        assert_eq!(squeeze(&[1, 2, 3, 4, 5], 2), [6, 9]);
    }
}
