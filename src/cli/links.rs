//! `checkout create` and `portal create`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    answer::{Answer, Report},
    context::Context,
    error::CliError,
    filters::CustomerArgs,
    text::Look,
};
use crate::{
    billing::{
        By,
        checkout::{self, CheckoutPage, Purchase, ReturnUrls},
        portal,
    },
    domain::{audit::Face, views::action::CustomerPage},
};

/// `billdeck checkout …`
#[derive(Debug, Subcommand)]
pub(super) enum CheckoutCommand {
    /// Make a link on which a customer can subscribe to a plan
    Create(CheckoutArgs),
}

impl CheckoutCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::Create(args) => args.run(context).await,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckoutArgs {
    #[command(flatten)]
    customer: CustomerArgs,
    /// The plan's key in the catalogue
    #[arg(long, value_name = "KEY")]
    plan: String,
    /// How many seats, where the plan is sold by seats
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seats: u32,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl CheckoutArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let page = context
            .on_database(context.writable_config()?, async |process| {
                let purchase = Purchase {
                    customer: self.customer.required(process).await?,
                    plan: self.plan,
                    seats: self.seats,
                };
                let actor = process.actor(Face::Cli);
                let by = By {
                    actor: &actor,
                    reason: self.reason.as_deref(),
                };
                let returns = ReturnUrls::from(&process.settings().app);
                Ok(checkout::create(process.billing(), &purchase, &returns, by).await?)
            })
            .await?;
        Ok(Answer::new(Checkout(page)))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Checkout(CheckoutPage);

impl Report for Checkout {
    fn human(&self, look: &Look) -> String {
        link(&self.0.url, self.0.expires_at, look)
    }
}

fn link(url: &str, expires_at: Option<jiff::Timestamp>, look: &Look) -> String {
    match expires_at {
        Some(at) => format!("{url}\nworks until {}", look.exactly(at)),
        None => url.to_owned(),
    }
}

/// `billdeck portal …`
#[derive(Debug, Subcommand)]
pub(super) enum PortalCommand {
    /// Make a link to the provider's own page for a customer
    Create(PortalArgs),
}

impl PortalCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::Create(args) => args.run(context).await,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct PortalArgs {
    #[command(flatten)]
    customer: CustomerArgs,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl PortalArgs {
    async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let page = context
            .on_database(context.writable_config()?, async |process| {
                let customer = self.customer.required(process).await?;
                let actor = process.actor(Face::Cli);
                let by = By {
                    actor: &actor,
                    reason: self.reason.as_deref(),
                };
                let returns = ReturnUrls::from(&process.settings().app);
                Ok(portal::create(process.billing(), customer, &returns, by).await?)
            })
            .await?;
        Ok(Answer::new(Portal(page)))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Portal(CustomerPage);

impl Report for Portal {
    fn human(&self, look: &Look) -> String {
        link(&self.0.url, self.0.expires_at, look)
    }
}
