//! `serve` and `worker`.

use clap::Args;

use super::announce;
use crate::{
    cli::{answer::Answer, context::Context, error::CliError},
    config::Flags,
    runtime::{Ready, Role, ServeOptions, Services, bind},
};

/// `billdeck serve`
#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArgs {
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:8484]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Customers that are worked on at a time [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Only take deliveries in; another process works them off
    #[arg(long, conflicts_with = "workers")]
    no_worker: bool,
}

/// `billdeck worker`
#[derive(Debug, Args)]
pub(in crate::cli) struct WorkerArgs {
    /// Customers that are worked on at a time [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

fn with_workers(flags: Flags, workers: Option<u16>) -> Flags {
    flags.set_some("--workers", "worker.workers", workers.map(i64::from))
}

impl ServeArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let flags = context.flags().set_some("--listen", "server.listen", self.listen);
        let config = context.writable_config_with(&with_workers(flags, self.workers))?;
        let process = context.service(config, Role::Listener).await?;
        let socket = match bind(process.settings().server.listen).await {
            Ok(socket) => socket,
            Err(error) => {
                process.close().await?;
                return Err(error.into());
            }
        };
        let options = ServeOptions {
            listener: Some(socket),
            workers: (!self.no_worker).then_some(process.settings().worker.workers),
        };
        let services = Services::start(&process, options);
        let ready = Ready::new(services.url().unwrap_or_default()).database(process.database().shown());
        announce(context, &ready)?;
        tracing::info!(listen = ready.listen, "taking deliveries");
        context.stop().gently.cancelled().await;
        tracing::info!("stopping; a second signal stops at once");
        services.stop().await;
        process.close().await?;
        Ok(Answer::said())
    }
}

impl WorkerArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let config = context.writable_config_with(&with_workers(context.flags(), self.workers))?;
        let process = context.service(config, Role::Worker).await?;
        let workers = process.settings().worker.workers;
        let options = ServeOptions {
            listener: None,
            workers: Some(workers),
        };
        let services = Services::start(&process, options);
        tracing::info!(workers, "working");
        context.stop().gently.cancelled().await;
        tracing::info!("stopping; a second signal stops at once");
        services.stop().await;
        process.close().await?;
        Ok(Answer::said())
    }
}
