//! SIGINT and SIGTERM: the first one asks everything to stop in order, the second one stops at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What signals have asked for.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Stop in order.
    pub gently: CancellationToken,
    /// Stop at once.
    pub hard: CancellationToken,
}

/// Begins to listen for signals. Must be called within a tokio runtime.
pub fn stop_on_signals() -> Stop {
    let stop = Stop::default();
    let listening = stop.clone();
    // Where signals cannot be listened for they keep their own effect, which is to end the process.
    if let (Ok(interrupt), Ok(terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    {
        tokio::spawn(listen(interrupt, terminate, listening));
    }
    stop
}

async fn listen(mut interrupt: Signal, mut terminate: Signal, stop: Stop) {
    for token in [&stop.gently, &stop.hard] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        token.cancel();
    }
}
