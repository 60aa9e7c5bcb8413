//! What runs until it is told to stop: the listener, the worker, and the tasks beside them.

use std::{io, net::SocketAddr};

use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Process, Role, RuntimeError, tasks};
use crate::{
    server::{self, ServerState},
    store::figures::Heartbeat,
    webhooks::{
        intake::{Intake, IntakeOptions},
        worker::{Figures, Worker},
    },
};

/// What is to run.
#[derive(Debug, Default)]
pub struct ServeOptions {
    /// The socket that deliveries come in on, see [`bind`]; none leaves the listener out.
    pub listener: Option<TcpListener>,
    /// How many lanes are worked on at once; none leaves the worker out.
    pub workers: Option<usize>,
}

/// Services that run. Dropped, they are told to stop, and nobody waits for it.
#[derive(Debug)]
pub struct Services {
    address: Option<SocketAddr>,
    listener: Option<Listening>,
    worker: Option<(CancellationToken, JoinHandle<()>)>,
    tasks: TaskTracker,
    stop_tasks: CancellationToken,
}

#[derive(Debug)]
struct Listening {
    stop: CancellationToken,
    server: JoinHandle<io::Result<()>>,
    intake: Intake,
}

/// Takes an address; port 0 picks a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, RuntimeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| RuntimeError::Listen { address, source })
}

impl Services {
    /// Starts them; when this returns, deliveries are taken. Must be called within a tokio runtime.
    pub fn start(process: &Process, options: ServeOptions) -> Self {
        let (tasks, stop_tasks) = (TaskTracker::new(), CancellationToken::new());
        let store = process.store();
        let address = options
            .listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok());
        let is_listening = options.listener.is_some();
        let listener = options.listener.map(|socket| {
            let beat = heartbeat(process, Role::Listener, 0);
            tasks.spawn(tasks::heartbeat(store.clone(), beat, None, stop_tasks.clone()));
            listen(process, socket)
        });
        let worker = options.workers.map(|slots| {
            let pause = process.settings().worker.poll_interval;
            let worker = Worker::new(process.billing().clone(), slots).looking_every(pause);
            let beat = heartbeat(process, Role::Worker, slots);
            let figures: Figures = worker.figures().clone();
            tasks.spawn(tasks::heartbeat(
                store.clone(),
                beat,
                Some(figures),
                stop_tasks.clone(),
            ));
            let stop = CancellationToken::new();
            let until = stop.clone();
            (stop, tokio::spawn(async move { worker.run(until).await }))
        });
        if !is_listening {
            tasks.spawn(tasks::partitions(store.clone(), stop_tasks.clone()));
        }
        tasks.spawn(tasks::rollup(store.clone(), stop_tasks.clone()));
        tasks.close();
        Self {
            address,
            listener,
            worker,
            tasks,
            stop_tasks,
        }
    }

    /// Where deliveries are taken; none without a listener.
    pub const fn addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// `http://127.0.0.1:PORT`; none without a listener.
    pub fn url(&self) -> Option<String> {
        self.address.map(|address| format!("http://{address}"))
    }

    /// Stops in the order that loses nothing: no more connections, the requests in flight answered, what was handed in
    /// committed, the worker's events finished, the last figures told.
    pub async fn stop(mut self) {
        if let Some(Listening { stop, server, intake }) = self.listener.take() {
            stop.cancel();
            match server.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the listener failed");
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the listener ended early"
                    );
                }
            }
            intake.shutdown().await;
        }
        if let Some((stop, worker)) = self.worker.take() {
            stop.cancel();
            if let Err(error) = worker.await {
                tracing::error!(error = &error as &dyn std::error::Error, "the worker ended early");
            }
        }
        self.stop_tasks.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.stop.cancel();
        }
        if let Some((stop, _)) = &self.worker {
            stop.cancel();
        }
        self.stop_tasks.cancel();
    }
}

fn listen(process: &Process, socket: TcpListener) -> Listening {
    let settings = &process.settings().server;
    let options = IntakeOptions::from_settings(Role::Listener.process_name(), settings);
    let billing = process.billing();
    let intake = Intake::start(process.store().clone(), billing.providers(), options);
    let state = ServerState {
        body_deadline: settings.body_timeout,
        ..ServerState::new(intake.clone(), process.store().clone())
    };
    let stop = CancellationToken::new();
    let until = stop.clone().cancelled_owned();
    let serving = server::serve(socket, server::router(state), settings.into(), until);
    Listening {
        stop,
        server: tokio::spawn(serving),
        intake,
    }
}

fn heartbeat(process: &Process, role: Role, workers: usize) -> Heartbeat {
    Heartbeat {
        process: role.process_name(),
        kind: role.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        workers: u16::try_from(workers).unwrap_or(u16::MAX),
        environment: process.settings().environment,
        started_at: Timestamp::now(),
    }
}
