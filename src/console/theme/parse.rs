//! Themes from `config/themes/*.toml`: a style for each role that is to differ from the terminal's sixteen colours.

use ratatui::style::{Color, Modifier, Style};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Role, Theme};

/// One thing that is wrong with a theme or key-binding file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ThemeProblem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, with the nearest valid name.
    pub message: String,
}

pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// `; did you mean ...?`, where a known word is near.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or_else(String::new, |(_, candidate)| {
            format!("; did you mean `{candidate}`?")
        })
}

impl Theme {
    /// Reads a theme; roles that it does not name keep the default.
    ///
    /// A role is a colour (`ok = "green"`, `ok = "#50fa7b"`, `ok = "121"`) or a table with `fg`, `bg` and any of
    /// `bold`, `dim`, `italic`, `underlined`, `reversed`, `crossed_out`.
    ///
    /// # Errors
    /// Every problem in the file, each with its line.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Vec<ThemeProblem>> {
        let table = DeTable::parse(text).map_err(|error| {
            vec![ThemeProblem {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            }]
        })?;
        let mut theme = Self::ansi();
        name.clone_into(&mut theme.name);
        let mut problems = Vec::new();
        for (key, value) in table.get_ref() {
            let mut report = |offset: usize, message: String| {
                problems.push(ThemeProblem {
                    line: line_of(text, offset),
                    message,
                });
            };
            match key.get_ref().parse::<Role>() {
                Ok(role) => {
                    if let Some(style) = style(value, &mut report) {
                        theme.styles.insert(role, style);
                    }
                }
                Err(_) => {
                    let hint = nearest(key.get_ref(), Role::ALL.iter().map(|role| role.as_str()));
                    report(
                        key.span().start,
                        format!("there is no role `{}`{hint}", key.get_ref()),
                    );
                }
            }
        }
        if problems.is_empty() {
            Ok(theme)
        } else {
            Err(problems)
        }
    }
}

fn style(value: &Spanned<DeValue<'_>>, report: &mut impl FnMut(usize, String)) -> Option<Style> {
    let at = value.span().start;
    if let Some(word) = value.get_ref().as_str() {
        return color(word, at, report).map(|color| Style::new().fg(color));
    }
    let Some(table) = value.get_ref().as_table() else {
        report(
            at,
            format!(
                "a role is a colour or a table of settings, not {}",
                value.get_ref().type_str()
            ),
        );
        return None;
    };
    let mut style = Style::new();
    for (key, setting) in table {
        let at = setting.span().start;
        let name = key.get_ref().as_ref();
        match (name, setting.get_ref().as_str(), setting.get_ref().as_bool()) {
            ("fg", Some(word), _) => style.fg = color(word, at, report),
            ("bg", Some(word), _) => style.bg = color(word, at, report),
            (_, _, Some(on)) => match modifier(name) {
                Some(modifier) if on => style = style.add_modifier(modifier),
                Some(_) => {}
                None => report(key.span().start, unknown_setting(name)),
            },
            ("fg" | "bg", None, None) => report(at, format!("`{name}` is a colour, written as text")),
            _ if modifier(name).is_some() => report(at, format!("`{name}` is true or false")),
            _ => report(key.span().start, unknown_setting(name)),
        }
    }
    Some(style)
}

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed_out", Modifier::CROSSED_OUT),
];

fn modifier(name: &str) -> Option<Modifier> {
    MODIFIERS
        .iter()
        .find(|(word, _)| *word == name)
        .map(|(_, modifier)| *modifier)
}

fn unknown_setting(name: &str) -> String {
    let known = ["fg", "bg"]
        .into_iter()
        .chain(MODIFIERS.iter().map(|(word, _)| *word));
    format!("there is no setting `{name}`{}", nearest(name, known))
}

fn color(word: &str, at: usize, report: &mut impl FnMut(usize, String)) -> Option<Color> {
    let color = word.parse().ok();
    if color.is_none() {
        report(
            at,
            format!(
                "`{word}` is no colour; use a name such as `light-red`, `#rrggbb` or a number from 0 to 255"
            ),
        );
    }
    color
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_problem_with_its_line() {
        let problems = Theme::from_toml(
            "x",
            "ok = 'green'\nattentoin = 'red'\ndim = { fg = 'nope', bold = 3 }\n",
        )
        .unwrap_err();
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(
            lines
                .iter()
                .any(|line| line.contains("line 2") && line.contains("did you mean `attention`?"))
        );
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("line 3: `nope` is no colour"))
        );
        assert!(lines.iter().any(|line| line == "line 3: `bold` is true or false"));
    }

    #[test]
    fn roles_that_are_not_named_keep_the_default() {
        let theme = Theme::from_toml("x", "ok = '#00ff00'").unwrap();
        assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)));
        assert_eq!(theme.style(Role::Danger), Theme::ansi().style(Role::Danger));
        assert_eq!(theme.without_colour().style(Role::Ok).fg, None);
    }
}
