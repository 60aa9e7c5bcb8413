//! `audit list`.

use clap::{Args, Subcommand};

use super::{
    answer::Answer,
    context::Context,
    error::CliError,
    filters::{CustomerArgs, PageArgs, Since},
    listing::{Listing, Row},
    table::{Cell, Column},
    text::{Look, Tone, clean, clean_some},
};
use crate::{
    domain::views::audit::{AuditFilter, AuditRow},
    store::audit::audit_list,
};

/// `billdeck audit …`
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List who did what, newest first
    List(ListArgs),
}

impl AuditCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::List(args) => args.run(context).await,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// By this person
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// To the thing with exactly this id
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    #[command(flatten)]
    customer: CustomerArgs,
    /// Since then: `2h`, `7d`, a date or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    #[command(flatten)]
    page: PageArgs,
}

impl ListArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let page = self.page.request();
        let found = context
            .on_database(context.config()?, async |process| {
                let filter = AuditFilter {
                    actor: self.actor,
                    target: self.target,
                    customer: self.customer.find(process).await?,
                    since: self.since.map(|since| since.0),
                };
                let mut tx = process.reads().begin_read_only().await?;
                Ok(audit_list(&mut tx, &filter, &page).await?)
            })
            .await?;
        Ok(Answer::new(Listing(found)))
    }
}

impl Row for AuditRow {
    const WHAT: &'static str = "acts";

    fn columns() -> Vec<Column> {
        vec![
            Column::new("WHEN").whole(),
            Column::new("WHO"),
            Column::new("FACE").whole().optional(3),
            Column::new("WHAT").whole(),
            Column::new("TARGET").whole(),
            Column::new("OUTCOME").optional(1),
            Column::new("REASON").optional(2),
        ]
    }

    fn cells(&self, look: &Look) -> Vec<Cell> {
        let tone = match self.outcome.as_str() {
            "done" => Tone::Good,
            "requested" => Tone::Going,
            _ => Tone::Attention,
        };
        vec![
            look.when(self.at).into(),
            clean(&self.actor).into(),
            self.face.to_string().into(),
            clean(&self.action).into(),
            clean(&self.target).into(),
            Cell::toned(clean(&self.outcome), tone),
            clean_some(self.reason.as_deref()).into(),
        ]
    }
}
