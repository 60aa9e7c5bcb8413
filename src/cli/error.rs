//! What a person reads when a command fails, and with which code the program then ends.

use std::io;

use super::{
    exit::Exit,
    text::{clean, cut},
};
use crate::{
    billing::BillingError,
    config::{ConfigErrors, ConfigProblem},
    console::ConsoleError,
    demo::{DemoError, FolderError},
    domain::provider::Environment,
    runtime::{Process, RuntimeError},
    simulators::SimulatorError,
    store::StoreError,
    webhooks::intake::IntakeError,
};

/// Why a command failed. Display says only its own layer; the printer walks the causes.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The process could not be put together.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A use case.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// A list or detail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event that was given.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The simulators.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// The console.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The demo.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// An argument that parses and makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
    /// There is no such thing in the environment served.
    #[error("there is no {what} `{id}` in the {environment} environment")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// By which id.
        id: String,
        /// Where.
        environment: Environment,
    },
    /// Not allowed as things stand.
    #[error("{message}")]
    Refused {
        /// A stable code in snake case.
        code: &'static str,
        /// What stands in the way.
        message: String,
        /// What the person can do.
        hint: Option<String>,
    },
    /// A file that was named cannot be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried, such as `read`.
        action: &'static str,
        /// On what.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Standard output, or the system.
    #[error("the system refused")]
    Io(#[source] io::Error),
    /// A signal came before the command was done.
    #[error("interrupted")]
    Interrupted,
}

impl CliError {
    /// Wrong usage, with what would be right.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// There is no such thing in the environment that this process serves. A very long id is not repeated in full.
    pub(super) fn not_found(what: &'static str, id: &str, process: &Process) -> Self {
        Self::NotFound {
            what,
            id: cut(&clean(id), 80),
            environment: process.settings().environment,
        }
    }

    /// The exit code: the one place where it is decided.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::Usage { .. } => Exit::Usage,
            Self::Runtime(error) => runtime(error),
            Self::Billing(error) => billing(error),
            Self::Store(error) => store(error),
            Self::Intake(error) => intake(error),
            Self::Simulator(error) => simulator(error),
            Self::Console(error) => console(error),
            Self::Demo(error) => demo(error),
            Self::NotFound { .. } => Exit::NotFound,
            Self::Refused { .. } => Exit::Refused,
            Self::File { .. } | Self::Io(_) | Self::Interrupted => Exit::Failed,
        }
    }

    /// A stable code in snake case.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Config(_) => "bad_configuration",
            Self::Runtime(error) => error.code(),
            Self::Billing(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Intake(error) => error.code(),
            Self::Simulator(_) => "simulator",
            Self::Console(ConsoleError::NoTerminal) => "no_terminal",
            Self::Console(ConsoleError::Terminal(_) | ConsoleError::Panicked) => "console",
            Self::Demo(DemoError::Runtime(error)) => error.code(),
            Self::Demo(DemoError::Store(error)) => error.code(),
            Self::Demo(DemoError::Folder(_) | DemoError::Catalog(_) | DemoError::Simulator(_)) => "demo",
            Self::Usage { .. } => "usage",
            Self::NotFound { .. } => "not_found",
            Self::Refused { code, .. } => code,
            Self::File { .. } => "file",
            Self::Io(_) => "io",
            Self::Interrupted => "interrupted",
        }
    }

    /// What the person can do.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) => Some(
                "`config/billdeck.toml` and `config/catalog.toml` in the repository list every key"
                    .to_owned(),
            ),
            Self::Runtime(error) => error.hint(),
            Self::Billing(error) => error.hint(),
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::Intake(error) => error.hint().map(str::to_owned),
            Self::Demo(error) => error.hint(),
            Self::Usage { hint, .. } | Self::Refused { hint, .. } => hint.clone(),
            Self::NotFound { what, .. } => Some(format!(
                "`billdeck {what}s list` shows those there are; `billdeck config show` tells which environment is served"
            )),
            Self::Simulator(_) | Self::Console(_) | Self::File { .. } | Self::Io(_) | Self::Interrupted => {
                None
            }
        }
    }

    /// The single problems, where there are several.
    pub(super) fn problems(&self) -> Option<&[ConfigProblem]> {
        match self {
            Self::Config(errors)
            | Self::Runtime(RuntimeError::DemoCatalog(errors))
            | Self::Demo(DemoError::Catalog(errors)) => Some(errors.problems()),
            Self::Runtime(_)
            | Self::Billing(_)
            | Self::Store(_)
            | Self::Intake(_)
            | Self::Simulator(_)
            | Self::Console(_)
            | Self::Demo(_)
            | Self::Usage { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::File { .. }
            | Self::Io(_)
            | Self::Interrupted => None,
        }
    }

    /// The sentences from the outermost layer to the innermost cause. A layer that repeats the one before is left out.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![self.to_string()];
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let text = cause.to_string();
            if sentences.last().is_none_or(|last| !last.contains(&text)) {
                sentences.push(text);
            }
            next = cause.source();
        }
        sentences
    }
}

fn runtime(error: &RuntimeError) -> Exit {
    match error {
        RuntimeError::Cluster(_) => Exit::Database,
        RuntimeError::Database { source, .. } => store(source),
        RuntimeError::DemoCatalog(_) | RuntimeError::Stripe(_) => Exit::Usage,
        RuntimeError::DemoSetting(_) | RuntimeError::Listen { .. } | RuntimeError::LogFile { .. } => {
            Exit::Failed
        }
    }
}

fn console(error: &ConsoleError) -> Exit {
    match error {
        ConsoleError::NoTerminal => Exit::Usage,
        ConsoleError::Terminal(_) | ConsoleError::Panicked => Exit::Failed,
    }
}

fn demo(error: &DemoError) -> Exit {
    match error {
        DemoError::Folder(FolderError::NotADemo(_) | FolderError::InUse(_)) => Exit::Refused,
        DemoError::Folder(FolderError::Cluster { .. }) => Exit::Database,
        DemoError::Folder(FolderError::Io { .. } | FolderError::Socket(_)) => Exit::Failed,
        DemoError::Catalog(_) => Exit::Usage,
        DemoError::Runtime(error) => runtime(error),
        DemoError::Simulator(error) => simulator(error),
        DemoError::Store(error) => store(error),
    }
}

fn billing(error: &BillingError) -> Exit {
    match error {
        BillingError::Store(error) => store(error),
        BillingError::Provider(_) | BillingError::ProviderOff(_) => Exit::Provider,
        BillingError::NotFound { .. } => Exit::NotFound,
        BillingError::Refused { .. } => Exit::Refused,
        BillingError::Unrecorded { source, .. } => match billing(source) {
            Exit::Database => Exit::Database,
            Exit::Done | Exit::Failed | Exit::Usage | Exit::NotFound | Exit::Refused | Exit::Provider => {
                Exit::Failed
            }
        },
        BillingError::Word(_) => Exit::Usage,
        BillingError::Event(_) | BillingError::LaneBusy { .. } | BillingError::Problem(_) => Exit::Failed,
    }
}

fn store(error: &StoreError) -> Exit {
    match error {
        StoreError::Unavailable(_) | StoreError::Behind { .. } | StoreError::Ahead { .. } => Exit::Database,
        StoreError::ReadOnly(_) => Exit::Refused,
        StoreError::Cursor(_) => Exit::Usage,
        StoreError::Migrate(_)
        | StoreError::Constraint { .. }
        | StoreError::Collision(_)
        | StoreError::BadRow { .. }
        | StoreError::Gone { .. }
        | StoreError::Query(_) => Exit::Failed,
    }
}

fn intake(error: &IntakeError) -> Exit {
    match error {
        IntakeError::Unavailable { .. } => Exit::Database,
        IntakeError::ProviderOff(_) => Exit::Provider,
        IntakeError::UnknownEndpoint
        | IntakeError::TooLarge { .. }
        | IntakeError::BadSignature(_)
        | IntakeError::BadBody(_)
        | IntakeError::OtherEnvironment { .. }
        | IntakeError::Busy { .. }
        | IntakeError::Closing { .. }
        | IntakeError::Refused => Exit::Failed,
    }
}

fn simulator(error: &SimulatorError) -> Exit {
    match error {
        SimulatorError::NotLoopback { .. } | SimulatorError::DeliverTo { .. } => Exit::Usage,
        SimulatorError::Listen { .. }
        | SimulatorError::Client(_)
        | SimulatorError::ClockStep
        | SimulatorError::OutOfTime { .. }
        | SimulatorError::Story { .. }
        | SimulatorError::Refused { .. }
        | SimulatorError::NoEvent => Exit::Failed,
    }
}
