//! `simulate`: the provider simulators alone.

use clap::Args;
use secrecy::SecretString;
use serde::Serialize;

use crate::{
    cli::{answer::Answer, context::Context, error::CliError},
    config::{Flags, Purpose},
    runtime::{LogTarget, Ready, simulated_prices, use_tls},
    simulators::{Simulator, SimulatorOptions, Url, stripe::StripeAccount},
};

/// The key of the simulated account where none is configured. It opens nothing but a simulator.
const MADE_UP_KEY: &str = "sk_test_billdeckSimulator";
/// The same for its webhooks.
const MADE_UP_WEBHOOK_SECRET: &str = "whsec_billdeckSimulator";

/// `billdeck simulate`
#[derive(Debug, Args)]
pub(in crate::cli) struct SimulateArgs {
    /// Loopback address and port; port 0 picks a free one [default: 127.0.0.1:8484]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where webhooks go: the address of a listener, such as http://127.0.0.1:8484 [default: nowhere]
    #[arg(long, value_name = "URL")]
    deliver_to: Option<Url>,
}

/// The ready line, with what is needed to talk to simulated Stripe. Credentials that were configured are not repeated.
#[derive(Serialize)]
struct SimulatorReady {
    #[serde(flatten)]
    ready: Ready,
    stripe_api_base: String,
    stripe_secret_key: Option<&'static str>,
    stripe_webhook_secret: Option<&'static str>,
}

impl SimulateArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let flags: Flags = context.flags().set_some("--listen", "server.listen", self.listen);
        let config = context.config_with(&flags, Purpose::Ordinary)?;
        context.log(&config, LogTarget::Service)?;
        use_tls();
        let credentials = &config.settings.stripe.credentials;
        let made_up_key = credentials.secret_key.is_none().then_some(MADE_UP_KEY);
        let made_up_secret = credentials
            .webhook_secrets
            .is_empty()
            .then_some(MADE_UP_WEBHOOK_SECRET);
        let key = credentials
            .secret_key
            .clone()
            .unwrap_or_else(|| MADE_UP_KEY.into());
        let mut account = StripeAccount::new(key, SecretString::from(MADE_UP_WEBHOOK_SECRET));
        if !credentials.webhook_secrets.is_empty() {
            account.webhook_secrets.clone_from(&credentials.webhook_secrets);
        }
        let prices = simulated_prices(&config.catalog.catalog, config.settings.environment);
        let options = SimulatorOptions {
            listen: config.settings.server.listen,
            deliver_to: self.deliver_to,
            ..SimulatorOptions::new(account.selling(prices))
        };
        let simulator = Simulator::start(options).await?;
        let ready = SimulatorReady {
            ready: Ready::new(simulator.url()).simulator(simulator.url()),
            stripe_api_base: simulator.stripe_base(),
            stripe_secret_key: made_up_key,
            stripe_webhook_secret: made_up_secret,
        };
        announce(context, &ready)?;
        context.stop().gently.cancelled().await;
        simulator.shutdown().await;
        Ok(Answer::said())
    }
}

fn announce(context: &Context, ready: &SimulatorReady) -> Result<(), CliError> {
    let line = if context.printer().is_json() {
        serde_json::to_string(ready).map_err(|error| CliError::Io(error.into()))?
    } else {
        let settings = [
            ("STRIPE_API_BASE", Some(ready.stripe_api_base.as_str())),
            ("STRIPE_SECRET_KEY", ready.stripe_secret_key),
            ("STRIPE_WEBHOOK_SECRET", ready.stripe_webhook_secret),
        ];
        let settings = settings
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        format!(
            "simulated Stripe is ready on {}  {}",
            ready.ready.listen,
            settings.collect::<Vec<_>>().join(" ")
        )
    };
    context.printer().line(&line).map(drop)
}
