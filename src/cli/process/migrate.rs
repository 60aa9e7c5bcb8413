//! `migrate`.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        answer::{Answer, Report},
        context::Context,
        error::CliError,
        text::Look,
    },
    postgres::Bar,
    runtime::{Database, LogTarget, shown_url},
};

/// `billdeck migrate`
#[derive(Debug, Args)]
pub(in crate::cli) struct MigrateArgs {}

/// What became of the database.
#[derive(Debug, Serialize)]
struct Migrated {
    database_url: String,
    from: i64,
    to: i64,
}

impl Report for Migrated {
    fn human(&self, _: &Look) -> String {
        let Self {
            database_url,
            from,
            to,
        } = self;
        if from == to {
            format!("{database_url} is at version {to} already")
        } else {
            format!("brought {database_url} from version {from} to version {to}")
        }
    }
}

impl MigrateArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let config = context.writable_config()?;
        context.log(&config, LogTarget::Command)?;
        let database = Database::open(&config.settings.database, Arc::new(Bar::default())).await?;
        let migrated = database.migrate().await.map(|before| Migrated {
            database_url: shown_url(database.url()),
            from: before.found,
            to: before.known,
        });
        database.leave().await?;
        Ok(Answer::new(migrated?))
    }
}
