//! `demo`: everything in one process, on made-up accounts.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::{announce, console};
use crate::{
    cli::{answer::Answer, context::Context, error::CliError},
    config::Purpose,
    demo::{Demo, DemoOptions},
    postgres::Bar,
    runtime::LogTarget,
};

/// `billdeck demo`
#[derive(Debug, Args)]
pub(in crate::cli) struct DemoArgs {
    /// No console: run until SIGINT or SIGTERM
    #[arg(long)]
    headless: bool,
    /// Empty the demo's data directory first
    #[arg(long)]
    fresh: bool,
    /// Made-up accounts
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    customers: u32,
    /// Events that their histories make, about
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    events: u32,
    /// Names, ids and chances come from it
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// The demo's own directory [default: $XDG_DATA_HOME/billdeck-demo]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DemoArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let data_dir = self.data_dir.map(|path| path.display().to_string());
        let flags = context
            .flags()
            .set_some("--data-dir", "database.data_dir", data_dir);
        let config = context.config_with(&flags, Purpose::Demo)?;
        let console_options = console::options(&config)?;
        context.log(
            &config,
            if self.headless {
                LogTarget::Service
            } else {
                LogTarget::Console
            },
        )?;
        let options = DemoOptions {
            config,
            fresh: self.fresh,
            customers: self.customers,
            events: self.events,
            seed: self.seed,
        };
        let demo = Demo::start(options, Arc::new(Bar::default())).await?;
        let outcome = if self.headless {
            let said = announce(context, &demo.ready());
            if said.is_ok() {
                context.stop().gently.cancelled().await;
            }
            said
        } else {
            let badge = console::badge(demo.process().settings(), true);
            console::open(demo.process(), console_options, badge).await
        };
        demo.stop().await?;
        outcome?;
        Ok(Answer::said())
    }
}
