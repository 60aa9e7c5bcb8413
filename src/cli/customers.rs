//! `customers list|show|link`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    answer::{Answer, Report},
    context::Context,
    error::CliError,
    events::find_id,
    filters::{PageArgs, Since, Sort, SortColumn},
    listing::{Listing, Row, table},
    subscriptions::status_cell,
    table::{Cell, Column, fields},
    text::{Look, NOTHING, clean, clean_some},
};
use crate::{
    billing::{By, linking::link_customer},
    domain::{
        audit::Face,
        customer::{Owner, Scope},
        ids::{CustomerId, ObjectId},
        provider::ProviderName,
        views::{
            customer::{CustomerDetail, CustomerFilter, CustomerRow, CustomerSort, CustomerSortKey},
            found::Found,
            order::OrderRow,
        },
    },
    runtime::Process,
    store::{customer_detail::customer_detail, customer_list::customer_list},
};

/// `billdeck customers …`
#[derive(Debug, Subcommand)]
pub(super) enum CustomersCommand {
    /// List customers, newest first
    List(ListArgs),
    /// Show one customer with its subscriptions and orders
    Show(ShowArgs),
    /// Give a customer that nobody owns to an organization or user of the application
    Link(LinkArgs),
}

impl CustomersCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::List(args) => args.run(context).await,
            Self::Show(args) => args.run(context).await,
            Self::Link(args) => args.run(context).await,
        }
    }
}

impl SortColumn for CustomerSortKey {
    const NAMES: &'static [(&'static str, Self)] = &[("created_at", Self::Created), ("email", Self::Email)];
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Words that e-mail address, name, application id or provider id begin with; all have to match
    words: Vec<String>,
    /// Only organizations, or only users
    #[arg(long, value_name = "SCOPE", conflicts_with = "unlinked")]
    scope: Option<Scope>,
    /// Only those that nobody owns yet
    #[arg(long, conflicts_with_all = ["org", "user"])]
    unlinked: bool,
    /// The organization with this id in the application
    #[arg(long, value_name = "ID", conflicts_with_all = ["user", "scope"])]
    org: Option<String>,
    /// The user with this id in the application
    #[arg(long, value_name = "ID", conflicts_with = "scope")]
    user: Option<String>,
    /// Exactly this e-mail address, in any case
    #[arg(long)]
    email: Option<String>,
    /// Linked at this provider
    #[arg(long)]
    provider: Option<ProviderName>,
    /// Made since then: `2h`, `7d`, a date or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Sort by `created_at` or `email`; a `-` in front turns it round [default: -created_at]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<Sort<CustomerSortKey>>,
    #[command(flatten)]
    page: PageArgs,
}

impl ListArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let (scope, external_id) = match (self.org, self.user) {
            (Some(id), _) => (Some(Scope::Organization), Some(id)),
            (None, Some(id)) => (Some(Scope::User), Some(id)),
            (None, None) => (self.scope, None),
        };
        let filter = CustomerFilter {
            scope,
            unlinked: self.unlinked,
            external_id,
            email: self.email,
            provider: self.provider,
            words: self.words,
            since: self.since.map(|since| since.0),
        };
        let sort = self.sort.map_or_else(CustomerSort::default, |sort| CustomerSort {
            by: sort.column,
            direction: sort.direction,
        });
        let page = self.page.request();
        let found = context
            .on_database(context.config()?, async |process| {
                let mut tx = process.reads().begin_read_only().await?;
                Ok(customer_list(&mut tx, process.viewpoint(), &filter, sort, &page).await?)
            })
            .await?;
        Ok(Answer::new(Listing(found)))
    }
}

impl Row for CustomerRow {
    const WHAT: &'static str = "customers";

    fn columns() -> Vec<Column> {
        vec![
            Column::new("ID").whole(),
            Column::new("OWNER").optional(2),
            Column::new("EMAIL"),
            Column::new("NAME").optional(4),
            Column::new("PLAN").optional(3),
            Column::new("STATUS").optional(1).whole(),
            Column::new("CREATED").optional(5).whole(),
        ]
    }

    fn cells(&self, look: &Look) -> Vec<Cell> {
        vec![
            self.id.to_string().into(),
            owner(self).into(),
            clean_some(self.email.as_deref()).into(),
            clean_some(self.name.as_deref()).into(),
            clean_some(self.plan.as_deref()).into(),
            self.subscription_status
                .map_or_else(|| NOTHING.into(), status_cell),
            look.when(self.created_at).into(),
        ]
    }
}

fn owner(row: &CustomerRow) -> String {
    match (row.scope, &row.external_id) {
        (Some(scope), Some(id)) => format!("{scope} {}", clean(id)),
        (Some(_), None) | (None, _) => NOTHING.to_owned(),
    }
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Any id of the customer: billdeck's, a provider's or the application's
    id: String,
}

impl ShowArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let detail = context
            .on_database(context.config()?, async |process| {
                let id = customer_of_id(process, &self.id).await?;
                customer_shown(process, id).await
            })
            .await?;
        Ok(Answer::new(Detail(detail)))
    }
}

/// The customer that any id names.
pub(super) async fn customer_of_id(process: &Process, id: &str) -> Result<CustomerId, CliError> {
    match find_id(process, id).await? {
        Some(Found::Customer(customer)) => Ok(customer),
        Some(Found::Event(_) | Found::Subscription(_)) | None => {
            Err(CliError::not_found("customer", id, process))
        }
    }
}

async fn customer_shown(process: &Process, id: CustomerId) -> Result<CustomerDetail, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    customer_detail(&mut tx, process.viewpoint(), id)
        .await?
        .ok_or_else(|| CliError::not_found("customer", &id.to_string(), process))
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Detail(CustomerDetail);

impl Report for Detail {
    fn human(&self, look: &Look) -> String {
        let CustomerDetail {
            row,
            links,
            subscriptions,
            orders,
            owner_candidates,
        } = &self.0;
        let mut parts = vec![fields([
            ("customer", row.id.to_string()),
            ("owner", owner(row)),
            ("email", clean_some(row.email.as_deref())),
            ("name", clean_some(row.name.as_deref())),
            ("country", clean_some(row.country.as_deref())),
            ("plan", clean_some(row.plan.as_deref())),
            ("made", look.exactly(row.created_at)),
        ])];
        let links: Vec<String> = links
            .iter()
            .map(|link| {
                let default = if link.is_default { ", default" } else { "" };
                let deleted = if link.deleted { ", deleted there" } else { "" };
                format!(
                    "  {} {}{default}{deleted}",
                    link.provider,
                    clean(&link.provider_customer_id)
                )
            })
            .collect();
        let sections = [
            ("links", links.join("\n")),
            ("subscriptions", some_table(subscriptions, look)),
            ("orders", some_table(orders, look)),
            (
                "owners with the same e-mail address",
                some_table(owner_candidates, look),
            ),
        ];
        for (title, text) in sections {
            if !text.is_empty() {
                parts.push(format!("{title}\n{text}"));
            }
        }
        parts.join("\n\n")
    }
}

fn some_table<R: Row>(rows: &[R], look: &Look) -> String {
    if rows.is_empty() {
        String::new()
    } else {
        table(rows, look)
    }
}

impl Row for OrderRow {
    const WHAT: &'static str = "orders";

    fn columns() -> Vec<Column> {
        vec![
            Column::new("ORDER").whole(),
            Column::new("AMOUNT").right().whole(),
            Column::new("STATUS").whole(),
            Column::new("PAID").whole(),
            Column::new("FAILURE").optional(1),
        ]
    }

    fn cells(&self, look: &Look) -> Vec<Cell> {
        use crate::domain::money::Money;
        let amount = match (self.amount, self.currency) {
            (Some(minor), Some(currency)) => Money::new(minor, currency).to_string(),
            (None, _) | (_, None) => NOTHING.to_owned(),
        };
        vec![
            clean(&self.provider_order_id).into(),
            amount.into(),
            self.status.to_string().into(),
            look.when_some(self.purchased_at).into(),
            clean_some(self.failure.as_deref()).into(),
        ]
    }
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("owner").required(true))]
pub(super) struct LinkArgs {
    /// Any id of the customer: billdeck's or a provider's
    id: String,
    /// The organization of the application that it belongs to
    #[arg(long, value_name = "ID", group = "owner")]
    org: Option<ObjectId>,
    /// The user of the application that it belongs to
    #[arg(long, value_name = "ID", group = "owner")]
    user: Option<ObjectId>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl LinkArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let owner = match (self.org, self.user) {
            (Some(external_id), _) => Owner {
                scope: Scope::Organization,
                external_id,
            },
            (None, Some(external_id)) => Owner {
                scope: Scope::User,
                external_id,
            },
            (None, None) => {
                return Err(CliError::usage(
                    "no owner is named",
                    "name one with `--org` or `--user`",
                ));
            }
        };
        let config = context.writable_config()?;
        let detail = context
            .on_database(config, async |process| {
                let id = customer_of_id(process, &self.id).await?;
                let actor = process.actor(Face::Cli);
                let by = By {
                    actor: &actor,
                    reason: self.reason.as_deref(),
                };
                let linked = link_customer(process.billing(), id, &owner, by).await?;
                customer_shown(process, linked).await
            })
            .await?;
        Ok(Answer::new(Detail(detail)))
    }
}
