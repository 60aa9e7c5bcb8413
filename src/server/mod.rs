//! The HTTP face: webhook routes and health, and the accept loop with its limits.
//!
//! [`router`] needs no socket; [`serve`] is the loop beside it. A route does no more than take a request apart, call one
//! function of the house and put the answer together; [`problem`] is the one place where errors become answers.

mod body;
mod health;
pub mod problem;
mod serve;
mod webhooks;

use std::{any::Any, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri},
    response::IntoResponse,
    routing::{get, post},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
};
use uuid::Uuid;

pub use problem::Problem;
pub use serve::{ServeOptions, serve};

use crate::{store::Store, webhooks::intake::Intake};

/// What the routes need.
#[derive(Clone, Debug)]
pub struct ServerState {
    /// Where deliveries go.
    pub intake: Intake,
    /// Asked by `/readyz`.
    pub store: Store,
    /// How long a request's body may take to arrive.
    pub body_deadline: Duration,
}

impl ServerState {
    /// The state with the defaults.
    pub const fn new(intake: Intake, store: Store) -> Self {
        Self {
            intake,
            store,
            body_deadline: Duration::from_secs(10),
        }
    }
}

/// The address of the peer, from the socket: what a proxy says of others is not believed.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes.
pub fn router(state: ServerState) -> Router {
    Router::new()
        .route("/webhooks/{provider}", post(webhooks::receive))
        .route(
            "/webhooks/{provider}/{secret}",
            post(webhooks::receive_at_secret_path),
        )
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::new(state))
        .layer(
            ServiceBuilder::new()
                .map_request(without_foreign_id)
                .map_response(log_failure)
                .layer(SetRequestIdLayer::new(REQUEST_ID, OwnRequestId))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(CatchPanicLayer::custom(panicked)),
        )
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at `{}`", uri.path()))
}

async fn wrong_method(uri: Uri) -> Problem {
    Problem::method_not_allowed(format!("`{}` does not take this method", uri.path()))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    // The panic hook has told the log what and where.
    Problem::internal().into_response()
}

/// Request ids are ours alone: one from outside could make two requests look like one in the log.
fn without_foreign_id<B>(mut request: Request<B>) -> Request<B> {
    request.headers_mut().remove(REQUEST_ID);
    request
}

/// Only faults of our own: that the database is away is said once, where it is noticed, and not by every request.
fn log_failure<B>(response: Response<B>) -> Response<B> {
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        tracing::error!(request.id = id, "a request failed");
    }
    response
}

#[derive(Clone, Copy)]
struct OwnRequestId;

impl MakeRequestId for OwnRequestId {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        let mut text = [0; uuid::fmt::Simple::LENGTH];
        let text = Uuid::now_v7().as_simple().encode_lower(&mut text);
        HeaderValue::from_str(text).ok().map(RequestId::new)
    }
}
