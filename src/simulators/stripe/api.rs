//! The API's outside: keys, versions, idempotency, faults, headers. What a call means is in `routes`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{RawPathParams, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use base64::Engine;
use futures_util::StreamExt;
use secrecy::ExposeSecret;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::super::faults::{ApiFault, Call as FaultCall};
use super::super::server::cut_connection;
use super::Room;
use super::cx::RequestInfo;
use super::error::ApiError;
use super::expand;
use super::idempotency::{Answer, Verdict};
use super::objects::API_VERSION;
use super::params::Params;
use super::routes::{self, Call, Operation};

const LARGEST_BODY: usize = 1024 * 1024;

pub(crate) fn router(room: Arc<Room>) -> Router {
    let mut router = Router::new();
    for (method, path, operation) in routes::all() {
        let handler = move |Shared(room): Shared<Arc<Room>>, path: RawPathParams, request: Request| async move {
            let id = path
                .iter()
                .find(|(name, _)| *name == "id")
                .map(|(_, id)| id.to_owned());
            serve(room, id.unwrap_or_default(), Some(operation), request).await
        };
        router = router.route(path, on(method, handler));
    }
    let unknown =
        |Shared(room): Shared<Arc<Room>>, request: Request| serve(room, String::new(), None, request);
    router
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(room)
}

/// A call with everything that was sent.
struct Incoming {
    request_id: String,
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    id: String,
    operation: Option<Operation>,
}

/// How an answer goes out.
struct Outgoing {
    answer: Answer,
    replayed: bool,
}

impl From<Answer> for Outgoing {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            replayed: false,
        }
    }
}

async fn serve(room: Arc<Room>, id: String, operation: Option<Operation>, request: Request) -> Response {
    let request_id = room.request_id();
    let (
        Parts {
            method, uri, headers, ..
        },
        body,
    ) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let error = ApiError::unreadable("The request body could not be read.");
        return respond(&room, &request_id, error_answer(&error, &request_id).into());
    };
    // The path is the documented one: what the room is nested under has been taken off.
    let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    let incoming = Incoming {
        request_id,
        method,
        path,
        query,
        headers,
        body,
        id,
        operation,
    };
    let fault = room.faults().on_call(&FaultCall {
        provider: super::PROVIDER,
        method: incoming.method.as_str(),
        path: &incoming.path,
        query: &incoming.query,
        body: &incoming.body,
    });
    let request_id = incoming.request_id.clone();
    let refuse = |error: &ApiError| respond(&room, &request_id, error_answer(error, &request_id).into());
    match fault {
        None => answer(&room, incoming, Duration::ZERO, false).await,
        Some(ApiFault::Slow { milliseconds }) => {
            answer(&room, incoming, Duration::from_millis(milliseconds), false).await
        }
        Some(ApiFault::RateLimit { retry_after_seconds }) => {
            let mut response = refuse(&ApiError::rate_limited());
            if let Some(seconds) = retry_after_seconds {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Some(ApiFault::ServerError { after_effect: false }) => {
            refuse(&ApiError::broken(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Some(ApiFault::ServerError { after_effect: true }) => {
            answer(&room, incoming, Duration::ZERO, true).await
        }
        Some(ApiFault::Unavailable) => refuse(&ApiError::broken(StatusCode::SERVICE_UNAVAILABLE)),
        Some(ApiFault::Outage { after_effect }) => {
            if after_effect {
                drop(answer(&room, incoming, Duration::ZERO, false).await);
            }
            cut_connection()
        }
        Some(ApiFault::HtmlBody) => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
            (
                StatusCode::BAD_GATEWAY,
                [(header::CONTENT_TYPE, "text/html")],
                page,
            )
                .into_response()
        }
        Some(ApiFault::HalfBody) => half(answer(&room, incoming, Duration::ZERO, false).await).await,
    }
}

/// Does the call in a task of its own, so that it is done even when the caller hangs up, as at the real provider.
async fn answer(room: &Arc<Room>, incoming: Incoming, delay: Duration, spoilt: bool) -> Response {
    let request_id = incoming.request_id.clone();
    let worker = Arc::clone(room);
    let task = tokio::spawn(async move { perform(&worker, incoming, delay, spoilt).await });
    let outgoing = match task.await {
        Ok(Ok(outgoing)) => outgoing,
        Ok(Err(error)) => error_answer(&error, &request_id).into(),
        Err(_) => error_answer(&ApiError::broken(StatusCode::INTERNAL_SERVER_ERROR), &request_id).into(),
    };
    respond(room, &request_id, outgoing)
}

async fn perform(
    room: &Arc<Room>,
    incoming: Incoming,
    delay: Duration,
    spoilt: bool,
) -> Result<Outgoing, ApiError> {
    authenticate(room, &incoming.headers)?;
    check_version(&incoming.headers)?;
    let Some(operation) = incoming.operation else {
        return Err(ApiError::unknown_url(incoming.method.as_str(), &incoming.path));
    };
    let key = idempotency_key(&incoming);
    let claim = match &key {
        None => None,
        Some(key) => {
            let fingerprint = fingerprint(&incoming);
            match room.keys.claim(key, fingerprint, room.shared.clock.now())? {
                Verdict::Replay(answer) => {
                    return Ok(Outgoing {
                        answer,
                        replayed: true,
                    });
                }
                Verdict::Run(claim) => Some(claim),
            }
        }
    };
    tokio::time::sleep(delay).await;
    let outcome = read_and_work(room, &incoming, operation, key);
    let (answer, executed) = match &outcome {
        Ok(_) if spoilt => (
            error_answer(
                &ApiError::broken(StatusCode::INTERNAL_SERVER_ERROR),
                &incoming.request_id,
            ),
            true,
        ),
        Ok(value) => (json_answer(StatusCode::OK, value), true),
        Err(error) => (error_answer(error, &incoming.request_id), error.executed),
    };
    if let Some(claim) = claim
        && executed
    {
        claim.keep(&answer, room.shared.clock.now());
    }
    Ok(answer.into())
}

fn read_and_work(
    room: &Room,
    incoming: &Incoming,
    operation: Operation,
    idempotency_key: Option<String>,
) -> Result<Value, ApiError> {
    let mut params = if incoming.method == Method::POST {
        check_content_type(incoming)?;
        Params::parse(&incoming.body)?
    } else if incoming.body.is_empty() {
        Params::parse(incoming.query.as_bytes())?
    } else {
        Params::parse(&incoming.body)?
    };
    let expanded = params.texts("expand")?;
    expand::check(&expanded)?;
    let call = Call {
        id: incoming.id.clone(),
        params,
    };
    let request = RequestInfo {
        id: Some(incoming.request_id.clone()),
        idempotency_key,
    };
    room.work(request, |cx| {
        let mut value = operation(cx, call)?;
        expand::expand(&mut value, &expanded, cx.state)?;
        Ok(value)
    })
}

/// Only writes by POST honour a key; GET and DELETE are repeatable by themselves.
fn idempotency_key(incoming: &Incoming) -> Option<String> {
    if incoming.method != Method::POST {
        return None;
    }
    let value = incoming.headers.get("idempotency-key")?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn fingerprint(incoming: &Incoming) -> Vec<u8> {
    [
        incoming.path.as_bytes(),
        b"?",
        incoming.query.as_bytes(),
        b"\n",
        &incoming.body,
    ]
    .concat()
}

fn authenticate(room: &Room, headers: &HeaderMap) -> Result<(), ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let key = value
        .and_then(presented_key)
        .ok_or_else(|| ApiError::unauthorized(None))?;
    let expected = room.secret_key.expose_secret().as_bytes();
    if bool::from(key.as_bytes().ct_eq(expected)) {
        Ok(())
    } else {
        Err(ApiError::unauthorized(Some(&key)))
    }
}

/// The key of a bearer token, or the user name of Basic auth.
fn presented_key(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(rest.trim())
            .ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        return Some(decoded.split(':').next().unwrap_or_default().to_owned());
    }
    None
}

fn check_version(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("stripe-version").map(HeaderValue::as_bytes) {
        None => Ok(()),
        Some(version) if version == API_VERSION.as_bytes() => Ok(()),
        Some(other) => Err(ApiError::unknown_version(
            &String::from_utf8_lossy(other),
            API_VERSION,
        )),
    }
}

fn check_content_type(incoming: &Incoming) -> Result<(), ApiError> {
    let kind = incoming
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if incoming.body.is_empty() || kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(ApiError::unreadable(format!(
        "Invalid content type: {kind}. Use application/x-www-form-urlencoded."
    )))
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    Answer {
        status,
        body: serde_json::to_vec_pretty(value)
            .map(Bytes::from)
            .unwrap_or_default(),
    }
}

fn error_answer(error: &ApiError, request_id: &str) -> Answer {
    json_answer(error.status, &error.body(request_id))
}

fn respond(room: &Room, request_id: &str, outgoing: Outgoing) -> Response {
    let mut response = (outgoing.answer.status, outgoing.answer.body).into_response();
    let date = room
        .shared
        .clock
        .now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("stripe-version", HeaderValue::from_static(API_VERSION));
    for (name, value) in [(header::DATE.as_str(), &*date), ("request-id", request_id)] {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if outgoing.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// Announces the whole body, sends half of it and closes.
async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, LARGEST_BODY * 16).await.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let first = futures_util::stream::iter([Ok(whole.slice(..whole.len() / 2))]);
    // An error right behind it would make the server drop the half that has not gone out yet.
    let then_cut = futures_util::stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
    });
    let pieces = first.chain(then_cut);
    Response::from_parts(parts, Body::from_stream(pieces))
}
