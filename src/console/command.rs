//! What is typed after `:`. The same words stand on the overview's lines and are taken as the console's first command.

use std::path::PathBuf;

use super::{
    effect::ExportFormat,
    keymap::{Action, TABLE},
    nav::{Filtered, Place},
    screens::{
        customers::Customers, events::Events, list::compile, orders::Orders, subscriptions::Subscriptions,
    },
    shared::Shared,
    theme::nearest,
};

/// A command that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Go(Place),
    /// Whatever this id belongs to.
    Open(String),
    AllowWrites,
    ForbidWrites,
    Sort(String),
    Export(ExportFormat, Option<PathBuf>),
    Mouse(bool),
    Theme(String),
    Environment(String),
    Act(Action),
    Quit,
}

/// A command as the palette offers it.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) others: &'static [&'static str],
    pub(crate) arguments: &'static str,
    pub(crate) help: &'static str,
}

const fn word(
    name: &'static str,
    others: &'static [&'static str],
    arguments: &'static str,
    help: &'static str,
) -> Word {
    Word {
        name,
        others,
        arguments,
        help,
    }
}

/// All commands.
pub(crate) static WORDS: &[Word] = &[
    word("overview", &["home"], "", "is anything wrong, and where do I go?"),
    word("customers", &["c"], "[filter]", "everybody who pays, or might"),
    word("subscriptions", &["subs", "s"], "[filter]", "all subscriptions"),
    word(
        "events",
        &["e"],
        "[filter]",
        "the backlog: `events failed provider=stripe since:2h`",
    ),
    word("orders", &["o"], "[filter]", "orders and payments"),
    word(
        "open",
        &["find"],
        "<any id>",
        "what an id belongs to, ours or a provider's",
    ),
    word(
        "sort",
        &[],
        "<order>",
        "the order of the list; again: the other way round",
    ),
    word(
        "export",
        &[],
        "csv|json [file]",
        "write the marked rows, or all that match, to a file",
    ),
    word("copy", &[], "id|row|cell|json|link", "put it on the clipboard"),
    word(
        "rw",
        &[],
        "",
        "allow writing; in production for 10 minutes, and the badge has to be typed",
    ),
    word("ro", &[], "", "forbid writing"),
    word("theme", &[], "<name>", "change the colours"),
    word(
        "mouse",
        &[],
        "on|off",
        "scroll with the wheel; off lets the terminal select text",
    ),
    word("time", &[], "", "times as relative, local or UTC"),
    word(
        "operations",
        &["ops"],
        "",
        "what runs, what ran, and how it ended",
    ),
    word("env", &[], "<name>", "where to find another environment"),
    word("help", &["h"], "", "the keys that work here"),
    word("quit", &["q", "q!"], "", "leave billdeck"),
];

/// Understands a command, or says what would have been understood.
pub(crate) fn parse(text: &str, shared: &Shared) -> Result<Command, String> {
    let text = text.trim().trim_start_matches(':').trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let known = WORDS
        .iter()
        .find(|word| word.name == name || word.others.contains(&name));
    let Some(known) = known else { return action(name) };
    let now = shared.now();
    let wanted = |what: &str| format!("`{}` needs {what}", known.name);
    Ok(match known.name {
        "overview" => Command::Go(Place::Overview),
        "customers" => {
            compile::<Customers>(None, rest, now).map_err(|error| error.0)?;
            Command::Go(Place::Customers(Filtered::typed(rest)))
        }
        "subscriptions" => {
            compile::<Subscriptions>(None, rest, now).map_err(|error| error.0)?;
            Command::Go(Place::Subscriptions(Filtered::typed(rest)))
        }
        "events" => {
            compile::<Events>(None, rest, now).map_err(|error| error.0)?;
            Command::Go(Place::Events(Filtered::typed(rest)))
        }
        "orders" => {
            compile::<Orders>(None, rest, now).map_err(|error| error.0)?;
            Command::Go(Place::Orders(Filtered::typed(rest)))
        }
        "open" if rest.is_empty() => return Err(wanted("an id: `open sub_1Qx…`")),
        "open" => Command::Open(rest.to_owned()),
        "sort" if rest.is_empty() => Command::Act(Action::SortMenu),
        "sort" => Command::Sort(rest.to_owned()),
        "export" => {
            let (format, path) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let format = match format {
                "csv" => ExportFormat::Csv,
                "json" => ExportFormat::Json,
                _ => return Err(wanted("`csv` or `json`")),
            };
            let path = path.trim();
            Command::Export(format, (!path.is_empty()).then(|| PathBuf::from(path)))
        }
        "copy" => Command::Act(match rest {
            "" | "id" => Action::CopyId,
            "row" => Action::CopyRow,
            "cell" => Action::CopyCell,
            "json" => Action::CopyJson,
            "link" => Action::CopyLink,
            _ => return Err(wanted("`id`, `row`, `cell`, `json` or `link`")),
        }),
        "rw" => Command::AllowWrites,
        "ro" => Command::ForbidWrites,
        "theme" => Command::Theme(rest.to_owned()),
        "mouse" => match rest {
            "on" => Command::Mouse(true),
            "off" => Command::Mouse(false),
            _ => return Err(wanted("`on` or `off`")),
        },
        "time" => Command::Act(Action::TimeStyle),
        "operations" => Command::Act(Action::Operations),
        "env" => Command::Environment(rest.to_owned()),
        "help" => Command::Act(Action::Help),
        _ => Command::Quit,
    })
}

/// Every action of the keymap can be named.
fn action(name: &str) -> Result<Command, String> {
    if name.is_empty() {
        return Err("type a command, or ? for the keys".to_owned());
    }
    if let Ok(action) = name.parse::<Action>()
        && TABLE
            .iter()
            .any(|row| row.action == action && row.keys.iter().any(|_| is_nameable(action)))
    {
        return Ok(Command::Act(action));
    }
    let names = WORDS
        .iter()
        .map(|word| word.name)
        .chain(Action::ALL.iter().map(|action| action.as_str()));
    let hint = nearest(name, names);
    Err(format!("there is no command `{name}`{hint}"))
}

/// Editing and dialog keys make no sense as commands.
pub(crate) fn is_nameable(action: Action) -> bool {
    use super::keymap::Context as C;
    TABLE.iter().any(|row| {
        row.action == action
            && match row.context {
                C::Global
                | C::Table
                | C::Detail
                | C::Object
                | C::Event
                | C::Events
                | C::Subscription
                | C::Customer => true,
                C::Move | C::Text | C::Dialog | C::Replay | C::Panel => false,
            }
    })
}
