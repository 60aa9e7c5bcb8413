//! `demo`.

use std::sync::Arc;

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
    /// No console: run until a signal comes
    #[arg(long)]
    headless: bool,
    /// Empty the data directory first, if a demo made it
    #[arg(long)]
    fresh: bool,
    /// How many made-up accounts there are
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    customers: u32,
    /// About how many events their histories make
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    events: u32,
    /// Where names, ids and chances come from
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// The demo's own folder [default: $XDG_DATA_HOME/billdeck-demo]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
}

impl DemoArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        if context.names_database() {
            return Err(CliError::usage(
                "a demo has a database of its own and takes no `--database-url`",
                "choose where it lies with `--data-dir`",
            ));
        }
        let flags = context
            .flags()
            .set_some("--data-dir", "database.data_dir", self.data_dir);
        let mut config = context.config_with(&flags, Purpose::Demo)?;
        let options = console::options(&config)?;
        let target = if self.headless {
            LogTarget::Service
        } else {
            LogTarget::Console
        };
        context.log(&config, target)?;
        // The demo's own world has to be written; it is the person who may not write.
        let read_only = std::mem::take(&mut config.settings.read_only);
        let demo = DemoOptions {
            config,
            fresh: self.fresh,
            customers: self.customers,
            events: self.events,
            seed: self.seed,
        };
        let demo = Demo::start(demo, Arc::new(Bar::default())).await?;
        let outcome = if self.headless {
            let announced = announce(context, &demo.ready());
            context.stop().gently.cancelled().await;
            announced
        } else {
            console::show(demo.process(), options, read_only).await
        };
        demo.stop().await?;
        outcome?;
        Ok(Answer::said())
    }
}
