//! `POST /webhooks/{provider}`: bytes in, receipt out. Nothing is parsed before the signature.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
};

use super::{
    Peer, Problem, ServerState,
    body::{self, Unread},
};
use crate::webhooks::intake::{Delivery, IntakeError, Receipt, is_kept_header};

pub(super) async fn receive(
    State(state): State<Arc<ServerState>>,
    Path(provider): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    take(
        &state,
        &provider,
        None,
        peer.map(|Extension(peer)| peer),
        &headers,
        body,
    )
    .await
}

pub(super) async fn receive_at_secret_path(
    State(state): State<Arc<ServerState>>,
    Path((provider, secret)): Path<(String, String)>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    take(
        &state,
        &provider,
        Some(&secret),
        peer.map(|Extension(peer)| peer),
        &headers,
        body,
    )
    .await
}

async fn take(
    state: &ServerState,
    provider: &str,
    path_secret: Option<&str>,
    peer: Option<Peer>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    let intake = &state.intake;
    let door = intake.door(provider, path_secret)?;
    let remote = peer.map(|peer| peer.0.ip().to_canonical());
    let limit = intake.body_limit();
    let body = match body::read(headers, body, limit, state.body_deadline).await {
        Ok(body) => body,
        Err(Unread::TooLarge(length)) => {
            intake.note_too_large(door, kept(headers), remote, length).await;
            return Err(IntakeError::TooLarge { limit }.into());
        }
        Err(Unread::Slow) => return Err(Problem::slow_body(state.body_deadline)),
        Err(Unread::Broken) => return Err(Problem::broken_body()),
    };
    let delivery = Delivery {
        headers: kept(headers),
        body,
        remote,
    };
    Ok(Json(intake.receive(door, delivery).await?))
}

/// The headers that are kept. Of one that comes several times the values are joined, as HTTP has it.
fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        if !is_kept_header(name.as_str()) {
            continue;
        }
        let Ok(value) = value.to_str() else { continue };
        match kept.get_mut(name.as_str()) {
            Some(known) => {
                known.push_str(", ");
                known.push_str(value);
            }
            None => {
                kept.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
    }
    kept
}
