//! `subscriptions list|show|cancel|resume|verify`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    answer::{Answer, Report},
    changes::{notes, row_diffs, value},
    confirm::Confirm,
    context::Context,
    error::CliError,
    events::find_id,
    exit::Exit,
    filters::{CustomerArgs, PageArgs, Since, Sort, SortColumn},
    listing::{Listing, Row},
    table::{Cell, Column, fields},
    text::{Look, NOTHING, Tone, clean, clean_some},
};
use crate::{
    billing::{
        By,
        lifecycle::{cancel, resume},
        verify::{Provided, verify},
    },
    domain::{
        audit::{Actor, Face},
        ids::SubscriptionId,
        provider::ProviderName,
        subscription::SubscriptionStatus,
        views::{
            action::VerifyReport,
            found::Found,
            subscription::{
                SubscriptionDetail, SubscriptionFilter, SubscriptionRow, SubscriptionSort,
                SubscriptionSortKey,
            },
        },
    },
    providers::CancelWhen,
    runtime::Process,
    store::{subscription_detail::subscription_detail, subscription_list::subscription_list},
};

/// `billdeck subscriptions …`
#[derive(Debug, Subcommand)]
pub(super) enum SubscriptionsCommand {
    /// List subscriptions, newest first
    List(ListArgs),
    /// Show one subscription and what set each of its fields
    Show(ShowArgs),
    /// Cancel a subscription: with the running period, or now
    Cancel(CancelArgs),
    /// Take a scheduled cancellation back, or resume a paused subscription
    Resume(ResumeArgs),
    /// Read a subscription at its provider and compare
    Verify(VerifyArgs),
}

impl SubscriptionsCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::List(args) => args.run(context).await,
            Self::Show(args) => args.run(context).await,
            Self::Cancel(args) => args.run(context).await,
            Self::Resume(args) => args.run(context).await,
            Self::Verify(args) => args.run(context).await,
        }
    }
}

impl SortColumn for SubscriptionSortKey {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("created_at", Self::Created),
        ("current_period_end", Self::PeriodEnd),
    ];
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// In any of these states; several with commas
    #[arg(long, visible_alias = "state", value_name = "STATUS", value_delimiter = ',')]
    status: Vec<SubscriptionStatus>,
    /// Of this provider
    #[arg(long)]
    provider: Option<ProviderName>,
    /// Of the plan with this key
    #[arg(long, value_name = "KEY")]
    plan: Option<String>,
    #[command(flatten)]
    customer: CustomerArgs,
    /// How sure billdeck is of it
    #[arg(long, value_name = "WORD", value_parser = ["pending", "verified", "mismatch"])]
    verification: Option<String>,
    /// Known since then: `2h`, `7d`, a date or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Sort by `created_at` or `current_period_end`; a `-` in front turns it round [default: -created_at]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<Sort<SubscriptionSortKey>>,
    #[command(flatten)]
    page: PageArgs,
}

impl ListArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let sort = self
            .sort
            .map_or_else(SubscriptionSort::default, |sort| SubscriptionSort {
                by: sort.column,
                direction: sort.direction,
            });
        let page = self.page.request();
        let found = context
            .on_database(context.config()?, async |process| {
                let filter = SubscriptionFilter {
                    statuses: self.status,
                    provider: self.provider,
                    plan: self.plan,
                    customer: self.customer.find(process).await?,
                    verification: self.verification,
                    provider_subscription_id: None,
                    since: self.since.map(|since| since.0),
                };
                let mut tx = process.reads().begin_read_only().await?;
                let environment = process.settings().environment;
                Ok(subscription_list(&mut tx, environment, &filter, sort, &page).await?)
            })
            .await?;
        Ok(Answer::new(Listing(found)))
    }
}

/// A subscription's status, in its tone.
pub(super) fn status_cell(status: SubscriptionStatus) -> Cell {
    let tone = match status {
        SubscriptionStatus::Active => Tone::Good,
        SubscriptionStatus::Trialing | SubscriptionStatus::Incomplete => Tone::Going,
        SubscriptionStatus::PastDue => Tone::Attention,
        SubscriptionStatus::Unpaid => Tone::Danger,
        SubscriptionStatus::Paused | SubscriptionStatus::Canceled | SubscriptionStatus::Expired => Tone::Off,
    };
    Cell::toned(status.as_str(), tone)
}

impl Row for SubscriptionRow {
    const WHAT: &'static str = "subscriptions";

    fn columns() -> Vec<Column> {
        vec![
            Column::new("ID").whole(),
            Column::new("CUSTOMER"),
            Column::new("PLAN").optional(2),
            Column::new("STATUS").whole(),
            Column::new("AMOUNT").right().whole().optional(4),
            Column::new("PERIOD END").whole().optional(3),
            Column::new("VERIFIED").whole().optional(5),
            Column::new("PROVIDER").whole().optional(6),
        ]
    }

    fn cells(&self, look: &Look) -> Vec<Cell> {
        let ends = if self.cancel_at_period_end { " (ends)" } else { "" };
        vec![
            self.id.to_string().into(),
            clean_some(self.customer_label.as_deref()).into(),
            clean_some(self.plan.as_deref()).into(),
            status_cell(self.status),
            self.amount
                .map_or_else(|| NOTHING.to_owned(), |amount| amount.to_string())
                .into(),
            format!("{}{ends}", look.when_some(self.current_period_end)).into(),
            self.verification.as_str().into(),
            self.provider.to_string().into(),
        ]
    }
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The subscription: billdeck's id or the provider's
    id: String,
}

impl ShowArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let detail = context
            .on_database(context.config()?, async |process| {
                let id = subscription_of_id(process, &self.id).await?;
                shown(process, id).await
            })
            .await?;
        Ok(Answer::new(Detail(detail)))
    }
}

async fn subscription_of_id(process: &Process, id: &str) -> Result<SubscriptionId, CliError> {
    match find_id(process, id).await? {
        Some(Found::Subscription(subscription)) => Ok(subscription),
        Some(Found::Event(_) | Found::Customer(_)) | None => {
            Err(CliError::not_found("subscription", id, process))
        }
    }
}

async fn shown(process: &Process, id: SubscriptionId) -> Result<SubscriptionDetail, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    subscription_detail(&mut tx, process.settings().environment, id)
        .await?
        .ok_or_else(|| CliError::not_found("subscription", &id.to_string(), process))
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Detail(SubscriptionDetail);

impl Report for Detail {
    fn human(&self, look: &Look) -> String {
        let SubscriptionDetail {
            row,
            mismatch,
            canceled_at,
            ended_at,
            set_by,
            ..
        } = &self.0;
        let time = |at: Option<jiff::Timestamp>| at.map_or_else(|| NOTHING.to_owned(), |at| look.exactly(at));
        let provider_id = clean_some(row.provider_subscription_id.as_deref());
        let ends = if row.cancel_at_period_end { "yes" } else { "no" };
        let items: Vec<String> = row
            .items
            .iter()
            .map(|item| {
                let quantity = item
                    .quantity
                    .map_or_else(String::new, |quantity| format!("{quantity} × "));
                format!("{quantity}{}", clean(item.price_id.as_str()))
            })
            .collect();
        let mut parts = vec![fields([
            ("subscription", row.id.to_string()),
            ("at the provider", format!("{} {provider_id}", row.provider)),
            (
                "customer",
                format!(
                    "{} {}",
                    row.customer_id,
                    clean_some(row.customer_label.as_deref())
                ),
            ),
            ("plan", clean_some(row.plan.as_deref())),
            (
                "status",
                format!("{} ({})", row.status, clean(&row.provider_status)),
            ),
            (
                "amount",
                row.amount
                    .map_or_else(|| NOTHING.to_owned(), |amount| amount.to_string()),
            ),
            ("items", items.join(", ")),
            (
                "seats",
                row.seats
                    .map_or_else(|| NOTHING.to_owned(), |seats| seats.to_string()),
            ),
            ("period start", time(row.current_period_start)),
            ("period end", time(row.current_period_end)),
            ("trial end", time(row.trial_end)),
            ("ends with period", ends.to_owned()),
            ("ends at", time(row.cancel_at)),
            ("end asked for", time(*canceled_at)),
            ("ended", time(*ended_at)),
            (
                "verification",
                format!("{} {}", row.verification, clean_some(row.verified_by.as_deref())),
            ),
            ("verified", time(row.verified_at)),
        ])];
        if !mismatch.is_empty() {
            let lines = mismatch.iter().map(|difference| {
                let (ours, theirs) = (value(&difference.before), value(&difference.after));
                format!("  {}: {ours} here, {theirs} at the provider", difference.field)
            });
            parts.push(format!(
                "does not agree\n{}",
                lines.collect::<Vec<_>>().join("\n")
            ));
        }
        if !set_by.is_empty() {
            let lines = set_by.iter().map(|change| {
                format!(
                    "  {} = {}  by {}, {}",
                    change.difference.field,
                    value(&change.difference.after),
                    clean(&change.source),
                    look.when(change.at)
                )
            });
            parts.push(format!("set by\n{}", lines.collect::<Vec<_>>().join("\n")));
        }
        parts.join("\n\n")
    }
}

/// What every change of a subscription takes.
#[derive(Debug, Args)]
struct ChangeArgs {
    /// The subscription: billdeck's id or the provider's
    id: String,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    confirm: Confirm,
}

impl ChangeArgs {
    /// Asks about a change, makes it, and shows the subscription afterwards.
    async fn run(
        self,
        context: &Context,
        question: impl FnOnce(&SubscriptionRow, &Look) -> String,
        change: impl AsyncFnOnce(&Process, SubscriptionId, &Actor, Option<&str>) -> Result<(), CliError>,
    ) -> Result<Answer, CliError> {
        let config = context.writable_config()?;
        self.confirm.is_possible()?;
        let detail = context
            .on_database(config, async |process| {
                let id = subscription_of_id(process, &self.id).await?;
                if self.confirm.asks() {
                    let before = shown(process, id).await?;
                    let question = question(&before.row, &Look::of_stdout());
                    self.confirm.ask(context.printer(), &question).await?;
                }
                let actor = process.actor(Face::Cli);
                change(process, id, &actor, self.reason.as_deref()).await?;
                shown(process, id).await
            })
            .await?;
        Ok(Answer::new(Detail(detail)))
    }
}

/// Whose subscription it is, in a question.
fn named(row: &SubscriptionRow) -> String {
    format!(
        "{} of {} ({}, {})",
        clean_some(row.plan.as_deref()),
        clean_some(row.customer_label.as_deref()),
        row.status,
        clean_some(row.provider_subscription_id.as_deref())
    )
}

#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// At once, instead of with the running period
    #[arg(long)]
    now: bool,
}

impl CancelArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let when = if self.now {
            CancelWhen::Now
        } else {
            CancelWhen::PeriodEnd
        };
        let question = move |row: &SubscriptionRow, look: &Look| match when {
            CancelWhen::Now => format!("Cancel {} now?", named(row)),
            CancelWhen::PeriodEnd => format!(
                "Cancel {} with its period, which ends {}?",
                named(row),
                look.when_some(row.current_period_end)
            ),
        };
        self.change
            .run(context, question, async move |process, id, actor, reason| {
                cancel(process.billing(), id, when, By { actor, reason }).await?;
                Ok(())
            })
            .await
    }
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    change: ChangeArgs,
}

impl ResumeArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let question = |row: &SubscriptionRow, _: &Look| format!("Resume {}?", named(row));
        self.change
            .run(context, question, async |process, id, actor, reason| {
                resume(process.billing(), id, By { actor, reason }).await?;
                Ok(())
            })
            .await
    }
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The subscription: billdeck's id or the provider's
    id: String,
    /// Write the provider's word over ours
    #[arg(long)]
    fix: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    confirm: Confirm,
}

impl VerifyArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let (config, provided) = if self.fix {
            let config = context.writable_config()?;
            self.confirm.is_possible()?;
            (config, Provided::Applied)
        } else {
            // A read-only session only shows what it finds.
            (context.config()?, Provided::Noted)
        };
        let report = context
            .on_database(config, async |process| {
                let id = subscription_of_id(process, &self.id).await?;
                if self.fix && self.confirm.asks() {
                    let found = verify(process.billing(), id, Provided::Shown, None).await?;
                    if !found.changes.is_empty() {
                        context.printer().remark(&row_diffs(&found.changes));
                        self.confirm
                            .ask(context.printer(), "Write the provider's word over ours?")
                            .await?;
                    }
                }
                let actor = process.actor(Face::Cli);
                let by = By {
                    actor: &actor,
                    reason: self.reason.as_deref(),
                };
                Ok(verify(process.billing(), id, provided, Some(by)).await?)
            })
            .await?;
        Ok(Answer::new(Verified(report)))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Verified(VerifyReport);

impl Report for Verified {
    fn human(&self, _: &Look) -> String {
        let report = &self.0;
        let verdict = match (&report.unsettled, report.changes.is_empty(), report.applied) {
            (Some(why), _, _) => format!("it cannot be said whether the provider agrees: {why}"),
            (None, true, _) => "the provider agrees with what is stored".to_owned(),
            (None, false, true) => "the provider's word was written over ours".to_owned(),
            (None, false, false) => {
                "the provider does not agree with what is stored (`--fix` takes its word)".to_owned()
            }
        };
        let mut parts = vec![match &report.unsettled {
            Some(_) => verdict,
            None => format!("{verdict}; it is {} now", report.verification),
        }];
        if !report.changes.is_empty() {
            parts.push(row_diffs(&report.changes));
        }
        parts.extend(notes(&report.notes));
        parts.join("\n")
    }

    /// What could not be compared was not verified.
    fn exit(&self) -> Exit {
        if self.0.unsettled.is_some() {
            Exit::Failed
        } else {
            Exit::Done
        }
    }
}
