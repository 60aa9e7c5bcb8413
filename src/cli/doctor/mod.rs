//! `doctor`: looks at everything that billdeck needs, and says what to do about what is missing. What can be looked at is,
//! whatever else is broken.

mod database;
mod provider;

use clap::Args;
use serde::Serialize;

use super::{
    answer::{Answer, Report},
    context::Context,
    error::CliError,
    exit::Exit,
    process::console,
    text::{Look, Tone, width},
};
use crate::{
    config::Config,
    domain::{provider::ProviderName, views::overview::ProcessView},
    runtime::{LogTarget, Role, bind},
};

/// `billdeck doctor`
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    /// What was looked at.
    check: &'static str,
    /// How it is.
    status: Status,
    /// What was found.
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Check {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            message: message.into(),
            hint: None,
        }
    }

    fn warn(check: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Warn,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    fn fail(check: &'static str, error: impl Into<CliError>) -> Self {
        let error = error.into();
        Self {
            check,
            status: Status::Fail,
            message: error.sentences().join(": "),
            hint: error.hint(),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    ok: bool,
    checks: Vec<Check>,
}

impl DoctorArgs {
    /// A configuration that cannot be used is told as such: nothing else can be looked at without.
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let mut config = context.config()?;
        context.log(&config, LogTarget::Command)?;
        let mut checks = vec![Check::ok(
            "configuration",
            format!("sound; {} environment", config.settings.environment),
        )];
        checks.extend(
            console::options(&config)
                .err()
                .map(|error| Check::fail("console", error)),
        );
        let processes = database::look(&mut config, &mut checks).await;
        checks.push(catalogue(&config));
        provider::look(&config, &mut checks).await;
        checks.push(listen(&config, processes.as_deref()).await);
        checks.extend(processes.as_deref().map(worker));
        Ok(Answer::new(Findings {
            ok: checks.iter().all(|check| check.status != Status::Fail),
            checks,
        }))
    }
}

fn catalogue(config: &Config) -> Check {
    let plans = config.catalog.catalog.plans();
    let environment = config.settings.environment;
    let is_sold = |provider| {
        plans
            .iter()
            .flat_map(|plan| &plan.prices)
            .any(|price| price.provider == provider && price.environment == environment)
    };
    if plans.is_empty() {
        return Check::warn(
            "catalogue",
            "it holds no plans",
            "describe them in `catalog.toml`, so that subscriptions find their plan",
        );
    }
    if config.settings.stripe.credentials.is_on() && !is_sold(ProviderName::Stripe) {
        return Check::warn(
            "catalogue",
            format!("no plan has a Stripe price in the {environment} environment"),
            "add the prices' ids to `catalog.toml`; until then every subscription's event waits for a plan",
        );
    }
    Check::ok("catalogue", format!("{} plans", plans.len()))
}

async fn listen(config: &Config, processes: Option<&[ProcessView]>) -> Check {
    let address = config.settings.server.listen;
    let runs = processes
        .unwrap_or_default()
        .iter()
        .any(|process| process.kind == Role::Listener.as_str());
    match bind(address).await {
        Ok(_) => Check::ok("listen address", format!("{address} is free")),
        Err(_) if runs => Check::ok("listen address", format!("{address} is taken; a listener runs")),
        Err(error) => {
            let error = CliError::from(error);
            Check::warn(
                "listen address",
                error.sentences().join(": "),
                error.hint().unwrap_or_default(),
            )
        }
    }
}

fn worker(processes: &[ProcessView]) -> Check {
    let lanes: i32 = processes.iter().map(|process| process.workers).sum();
    if lanes > 0 {
        let workers = processes.iter().filter(|process| process.workers > 0).count();
        return Check::ok(
            "worker",
            format!("{workers} at work, {lanes} customers at a time"),
        );
    }
    Check::warn(
        "worker",
        "none was seen in the last two minutes: events come in and wait",
        "run `billdeck serve` or `billdeck worker`",
    )
}

impl Report for Findings {
    fn human(&self, _: &Look) -> String {
        let widest = self
            .checks
            .iter()
            .map(|check| width(check.check))
            .max()
            .unwrap_or(0);
        let mut lines = Vec::new();
        for check in &self.checks {
            let (word, tone) = match check.status {
                Status::Ok => ("ok  ", Tone::Good),
                Status::Warn => ("warn", Tone::Attention),
                Status::Fail => ("FAIL", Tone::Danger),
            };
            let padding = " ".repeat(widest - width(check.check));
            lines.push(format!(
                "{}  {}{padding}  {}",
                tone.paint(word),
                check.check,
                check.message
            ));
            if let Some(hint) = &check.hint {
                lines.push(format!("      {}  {hint}", " ".repeat(widest)));
            }
        }
        lines.join("\n")
    }

    fn exit(&self) -> Exit {
        if self.ok { Exit::Done } else { Exit::Failed }
    }
}
