//! Environment variables: `BILLDECK_SECTION__KEY` for every key, and a few plain names that other programs share.

use std::path::Path;

use toml::Value;

use super::{
    document::Leaf,
    problems::{ConfigProblem, Origin, nearest},
    schema::Node,
    surroundings::Surroundings,
};

/// What every variable of ours begins with.
const PREFIX: &str = "BILLDECK_";

/// A variable with a name of its own that sets a key.
struct Plain {
    name: &'static str,
    key: &'static str,
    /// `NAME_FILE` may name a file that holds the value.
    by_file: bool,
}

const PLAIN: &[Plain] = &[
    Plain {
        name: "DATABASE_URL",
        key: "database.url",
        by_file: true,
    },
    Plain {
        name: "PARENT_APP_URL",
        key: "app.parent_app_url",
        by_file: true,
    },
    Plain {
        name: "STRIPE_API_BASE",
        key: "providers.stripe.api_base",
        by_file: true,
    },
    Plain {
        name: "BILLDECK_PG_BIN",
        key: "database.pg_bin",
        by_file: false,
    },
];

/// Variables of ours that set no key.
const OTHERS: &[&str] = &[
    "BILLDECK_CONFIG",
    "BILLDECK_OPERATOR",
    "BILLDECK_API_KEYS",
    "BILLDECK_API_KEYS_FILE",
    "BILLDECK_SIGNING_KEY",
    "BILLDECK_SIGNING_KEY_FILE",
];

/// The variable that sets a key.
pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// A variable's value, or that of the file that `NAME_FILE` names, less the line break at its end.
pub(super) fn read(
    around: &Surroundings,
    name: &str,
    by_file: bool,
) -> Result<Option<(String, Origin)>, ConfigProblem> {
    let origin = Origin::Variable(name.to_owned());
    if around.unreadable.contains(name) {
        return Err(ConfigProblem::whole(origin, "its value is no UTF-8 text"));
    }
    let file_name = format!("{name}_FILE");
    let file = by_file.then(|| around.variable(&file_name)).flatten();
    match (around.variable(name), file) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some((value.to_owned(), origin))),
        (Some(_), Some(_)) => Err(ConfigProblem::whole(
            origin,
            format!("is set, and so is `{file_name}`: set one of them"),
        )),
        (None, Some(file)) => {
            let origin = Origin::Variable(file_name);
            let path = around.path(file, Path::new(""));
            let value = read_value(&path).map_err(|message| ConfigProblem::whole(origin.clone(), message))?;
            Ok(Some((value, origin)))
        }
    }
}

/// The value that a file holds, less the line break at its end.
pub(super) fn read_value(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
    let value = text.trim_end_matches(['\n', '\r']);
    if value.trim().is_empty() {
        return Err(format!("the file {} is empty", path.display()));
    }
    Ok(value.to_owned())
}

/// The settings that the environment gives. `takes` says for each key whether it may come from here at all.
pub(super) fn leaves(
    around: &Surroundings,
    root: &Node,
    takes: impl Fn(&str) -> bool,
) -> (Vec<Leaf>, Vec<ConfigProblem>) {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut problems = Vec::new();
    if around.variable("NO_COLOR").is_some() {
        leaves.push(Leaf {
            key: "console.color".to_owned(),
            value: Value::Boolean(false),
            origin: Origin::Variable("NO_COLOR".to_owned()),
        });
    }
    let known = root.leaves();
    for (key, kind) in known.iter().filter(|(key, _)| takes(key)) {
        let long = variable_name(key);
        let plain = PLAIN.iter().filter(|plain| plain.key == key);
        let names = plain
            .map(|plain| (plain.name, plain.by_file))
            .chain([(long.as_str(), false)]);
        let mut earlier: Option<(Value, Origin)> = None;
        for (name, by_file) in names {
            let (text, origin) = match read(around, name, by_file) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            match (kind.in_variable(&text), &earlier) {
                (Err(message), _) => problems.push(ConfigProblem::at(origin, key, message)),
                (Ok(value), Some((other, place))) if value != *other => {
                    let message = format!("says something else than {place}: set one of them");
                    problems.push(ConfigProblem::at(origin, key, message));
                }
                (Ok(value), _) => earlier = Some((value, origin)),
            }
        }
        leaves.extend(earlier.map(|(value, origin)| Leaf {
            key: key.clone(),
            value,
            origin,
        }));
    }
    let names: Vec<String> = known.iter().map(|(key, _)| variable_name(key)).collect();
    problems.extend(unknown(around, &names));
    (leaves, problems)
}

/// Variables that begin as ours do and are none of ours.
fn unknown(around: &Surroundings, names: &[String]) -> Vec<ConfigProblem> {
    let valid: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain(OTHERS.iter().copied())
        .chain(PLAIN.iter().map(|plain| plain.name))
        .filter_map(|name| name.strip_prefix(PREFIX))
        .collect();
    around
        .variables
        .keys()
        .filter(|name| around.variable(name).is_some())
        .filter_map(|name| Some((name, name.strip_prefix(PREFIX)?)))
        .filter(|(_, rest)| !valid.contains(rest))
        .map(|(name, rest)| {
            let nearest = nearest(rest, valid.iter().copied()).map(|rest| format!("{PREFIX}{rest}"));
            ConfigProblem::whole(Origin::Variable(name.clone()), "no such setting").nearest(nearest)
        })
        .collect()
}
