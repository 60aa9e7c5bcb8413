//! Liveness and readiness.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use super::ServerState;
use crate::{
    store::{StoreError, migrate},
    webhooks::intake::Readiness,
};

const ANSWER_WITHIN: Duration = Duration::from_secs(2);

#[derive(Serialize)]
pub(super) struct Live {
    status: &'static str,
}

/// The process lives. Says nothing of the database: restarting billdeck does not bring that back.
pub(super) async fn live() -> Json<Live> {
    Json(Live { status: "alive" })
}

#[derive(Serialize)]
pub(super) struct Ready {
    status: &'static str,
    /// `ok`, or the code of what is wrong.
    database: &'static str,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    intake: Readiness,
}

/// Deliveries can be taken: the database answers and is of this version, and the queue has room.
pub(super) async fn ready(State(state): State<Arc<ServerState>>) -> (StatusCode, Json<Ready>) {
    let database = tokio::time::timeout(ANSWER_WITHIN, database(&state))
        .await
        .unwrap_or(Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)));
    let intake = state.intake.readiness();
    let open = intake.database && !intake.closing && intake.waiting < intake.waiting_max;
    let (status, word) = if database.is_ok() && open {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not_ready")
    };
    let ready = Ready {
        status: word,
        database: database.as_ref().err().map_or("ok", StoreError::code),
        hint: database.as_ref().err().and_then(StoreError::hint),
        intake,
    };
    (status, Json(ready))
}

async fn database(state: &ServerState) -> Result<(), StoreError> {
    let mut conn = state.store.pool().acquire().await?;
    migrate::ensure_current(&mut conn).await
}
