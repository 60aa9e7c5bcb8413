//! The listener that is measured: this program again, as a process of its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use billdeck::{
    domain::provider::Environment,
    providers::{
        Registry,
        stripe::{Stripe, StripeOptions},
    },
    server::{self, ServeOptions, ServerState},
    store::{ConnectOptions, Store},
    webhooks::intake::{Intake, IntakeOptions},
};
use tokio::io::AsyncReadExt;

use super::{Outcome, event};

/// Set to a database's URL, it makes this program the listener.
pub(super) const ROLE: &str = "BILLDECK_BENCH_LISTENER";

pub(super) struct Listener {
    child: Child,
    address: SocketAddr,
}

impl Listener {
    pub(super) fn start(url: &str) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(ROLE, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { child, address })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Serves until the input ends.
pub(super) async fn serve(url: String) -> Outcome<()> {
    let store = Store::connect(ConnectOptions::new(url.into(), Environment::Test)).await?;
    let mut stripe = StripeOptions::new(Environment::Test);
    stripe.webhook_secrets = vec![event::SECRET.into()];
    let registry = Registry::new([Arc::new(Stripe::new(&stripe)?) as _]);
    let mut options = IntakeOptions::new("listener@bench");
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<usize>().ok())
    };
    options.committers = number("BILLDECK_BENCH_COMMITTERS").unwrap_or(options.committers);
    options.batch_worth = number("BILLDECK_BENCH_BATCH_WORTH").unwrap_or(options.batch_worth);
    let intake = Intake::start(store.clone(), &registry, options);
    let router = server::router(ServerState::new(intake.clone(), store));
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", socket.local_addr()?)?;
    let ended = async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
    };
    server::serve(socket, router, ServeOptions::default(), ended).await?;
    intake.shutdown().await;
    Ok(())
}
