//! The accept loop: limits on heads and connections, and a shutdown that lets requests in flight finish.
//!
//! Not `axum::serve`: that sets no timer, so a head that is never finished would be held for ever, and the shutdown
//! would wait for it.

use std::{convert::Infallible, future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::Service;

use super::Peer;
use crate::config::ServerSettings;

/// Limits of the accept loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// How long a request's head may take to arrive; also how long an idle connection is kept.
    pub head_timeout: Duration,
    /// How many headers a request may have.
    pub headers: usize,
    /// The longest head, in bytes.
    pub head_bytes: usize,
    /// How many connections are held at once; more wait to be accepted.
    pub connections: usize,
    /// How long requests in flight may take to finish once the shutdown has begun.
    pub drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(5),
            headers: 64,
            head_bytes: 16 << 10,
            connections: 1_024,
            drain: Duration::from_secs(20),
        }
    }
}

impl From<&ServerSettings> for ServeOptions {
    fn from(settings: &ServerSettings) -> Self {
        Self {
            head_timeout: settings.header_timeout,
            connections: settings.max_connections,
            drain: settings.shutdown_grace,
            ..Self::default()
        }
    }
}

/// After a failed accept (no file descriptors left, mostly) the loop waits, since it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is ready and the requests in flight are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_headers(options.headers)
        .max_buf_size(options.head_bytes);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(options.connections));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                tokio::spawn(converse(
                    http.clone(),
                    stream,
                    peer,
                    router.clone(),
                    graceful.watcher(),
                    place,
                ));
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Whoever connects from here on is refused, rather than left waiting in the backlog.
    drop(listener);
    if tokio::time::timeout(options.drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still in flight when the time for them ran out");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    // Answers are small and whole: nothing is won by holding them back. It fails only where the peer has gone already.
    let _ = stream.set_nodelay(true);
    Ok((stream, Peer(address), place))
}

async fn converse(
    http: http1::Builder,
    stream: TcpStream,
    peer: Peer,
    router: Router,
    watcher: Watcher,
    place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        // Peers that go away, dawdle or talk nonsense are everyday.
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a connection ended early"
        );
    }
    drop(place);
}
