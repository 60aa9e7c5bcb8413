//! Control over HTTP: the clock, faults, deliveries, the catalogue, stories and raw events.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::Fault;
use super::stripe::{CardBehaviour, Moment, SimPrice, Story};
use super::{DeliveryState, Handle, SimulatorError};

pub(crate) fn router(handle: Handle) -> Router {
    Router::new()
        .route("/_clock", get(clock))
        .route("/_clock/advance", post(advance))
        .route("/_faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_faults/{id}", delete(remove_fault))
        .route("/_deliveries", get(deliveries))
        .route("/_deliveries/{event}/resend", post(resend))
        .route("/_prices", post(add_prices))
        .route("/_stories", post(play))
        .route("/_stories/{customer}", post(play_on))
        .route("/_events", post(emit))
        .route("/_cards/{customer}", post(set_card))
        .route("/_disputes/{charge}", post(open_dispute))
        .with_state(handle)
}

/// A body that could not be read, or what it asked for could not be done.
struct Problem(StatusCode, String);

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<SimulatorError> for Problem {
    fn from(error: SimulatorError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer<T> = Result<Json<T>, Problem>;

async fn clock(State(handle): State<Handle>) -> Json<Value> {
    Json(json!({ "now": handle.now(), "offset_seconds": handle.clock_offset().as_secs() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: i64,
}

async fn advance(State(handle): State<Handle>, body: Body<Advance>) -> Answer<Value> {
    let Json(Advance { seconds }) = body?;
    let now = handle.advance(SignedDuration::from_secs(seconds))?;
    Ok(Json(
        json!({ "now": now, "offset_seconds": handle.clock_offset().as_secs() }),
    ))
}

async fn faults(State(handle): State<Handle>) -> Json<Value> {
    Json(json!({ "faults": handle.faults() }))
}

async fn add_fault(State(handle): State<Handle>, body: Body<Fault>) -> Answer<Value> {
    let Json(fault) = body?;
    Ok(Json(json!({ "id": handle.add_fault(fault) })))
}

async fn clear_faults(State(handle): State<Handle>) -> StatusCode {
    handle.clear_faults();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(handle): State<Handle>, Path(id): Path<u64>) -> StatusCode {
    if handle.remove_fault(id) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

#[derive(Deserialize)]
struct DeliveryFilter {
    event: Option<String>,
    state: Option<String>,
}

async fn deliveries(State(handle): State<Handle>, Query(filter): Query<DeliveryFilter>) -> Answer<Value> {
    let state = match filter.state.as_deref() {
        None => None,
        Some("pending") => Some(DeliveryState::Pending),
        Some("delivered") => Some(DeliveryState::Delivered),
        Some("failed") => Some(DeliveryState::Failed),
        Some("dropped") => Some(DeliveryState::Dropped),
        Some(other) => {
            let message = format!("`{other}` is no state; use pending, delivered, failed or dropped");
            return Err(Problem(StatusCode::BAD_REQUEST, message));
        }
    };
    let mut deliveries = match filter.event {
        Some(event) => handle.deliveries_of(&event),
        None => handle.deliveries(),
    };
    deliveries.retain(|delivery| state.is_none_or(|state| delivery.state == state));
    Ok(Json(
        json!({ "pending": handle.pending_deliveries(), "deliveries": deliveries }),
    ))
}

async fn resend(State(handle): State<Handle>, Path(event): Path<String>) -> StatusCode {
    if handle.stripe().resend(&event) {
        StatusCode::ACCEPTED
    } else {
        StatusCode::NOT_FOUND
    }
}

async fn add_prices(State(handle): State<Handle>, body: Body<Vec<SimPrice>>) -> Answer<Value> {
    let Json(prices) = body?;
    let count = prices.len();
    handle.stripe().add_prices(prices);
    Ok(Json(json!({ "added": count })))
}

async fn play(State(handle): State<Handle>, body: Body<Story>) -> Answer<impl Serialize> {
    let Json(story) = body?;
    Ok(Json(handle.stripe().play(story)?))
}

async fn play_on(
    State(handle): State<Handle>,
    Path(customer): Path<String>,
    body: Body<Vec<Moment>>,
) -> Answer<impl Serialize> {
    let Json(moments) = body?;
    Ok(Json(handle.stripe().play_on(&customer, moments)?))
}

async fn emit(State(handle): State<Handle>, body: Body<Value>) -> Answer<Value> {
    let Json(event) = body?;
    Ok(Json(json!({ "id": handle.stripe().emit_raw(event)? })))
}

async fn set_card(
    State(handle): State<Handle>,
    Path(customer): Path<String>,
    body: Body<CardBehaviour>,
) -> Result<StatusCode, Problem> {
    let Json(behaviour) = body?;
    handle.stripe().set_card_behaviour(&customer, &behaviour)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDispute {
    reason: String,
}

async fn open_dispute(
    State(handle): State<Handle>,
    Path(charge): Path<String>,
    body: Body<NewDispute>,
) -> Answer<Value> {
    let Json(NewDispute { reason }) = body?;
    Ok(Json(
        json!({ "id": handle.stripe().open_dispute(&charge, &reason)? }),
    ))
}
