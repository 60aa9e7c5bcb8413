//! The HTTP face: routes, limits, and how it stops.

use std::time::Duration;

use futures_util::stream;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    LIMIT,
    db::{self, TestDb},
    listener::{Listener, Setup},
    stripe,
};

async fn listening(setup: Setup) -> (TestDb, Listener) {
    let db = db::fresh().await;
    let listener = Listener::start(&db.url, setup).await;
    (db, listener)
}

/// Sends bytes as they are and reads until the other side closes.
async fn raw(listener: &Listener, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    read_to_end(stream).await
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer))
        .await
        .expect("the connection stayed open")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let (_db, listener) = listening(Setup::default()).await;
    let unknown = listener.post("/webhooks/nobody", "{}".into()).await;
    let off = listener.post("/webhooks/polar", "{}".into()).await;
    let legacy = listener.post("/webhooks/legacy", "{}".into()).await;
    let elsewhere = listener.get("/elsewhere").await;
    let method = listener.get("/webhooks/stripe").await;

    assert_eq!(unknown.said(), (404, "unknown_endpoint"));
    assert_eq!(off.said(), (404, "provider_off"));
    assert_eq!(legacy.said(), (404, "unknown_endpoint"));
    assert_eq!(elsewhere.said(), (404, "not_found"));
    assert_eq!(method.said(), (405, "method_not_allowed"));
    for answer in [&unknown, &off, &legacy, &elsewhere, &method] {
        assert_eq!(answer.content_type, "application/problem+json");
    }
    assert_eq!(
        off.body,
        json!({
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "code": "provider_off",
            "detail": "polar is off: it has no credentials here",
            "hint": "set the provider's key and webhook secret; `billdeck doctor` names them",
        })
    );
    listener.stop().await;
}

#[tokio::test]
async fn each_answer_has_a_request_id_of_our_own() {
    let (_db, listener) = listening(Setup::default()).await;
    let answer = raw(
        &listener,
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: theirs\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    assert_eq!(id.len(), 32, "{id}");
    listener.stop().await;
}

#[tokio::test]
async fn readiness_knows_the_schema() {
    let db = db::empty().await;
    let listener = Listener::start(&db.url, Setup::default()).await;
    let ready = listener.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.body["database"].as_str()),
        (503, Some("database_behind"))
    );
    assert_eq!(ready.body["hint"].as_str(), Some("run `billdeck migrate`"));
    assert_eq!(listener.get("/healthz").await.status, 200);
    // Without its tables the database is in no state to write.
    assert_eq!(
        listener.deliver(stripe::event("evt_1")).await.said(),
        (503, "database_unavailable")
    );
    listener.stop().await;

    let (_db, listener) = listening(Setup::default()).await;
    let ready = listener.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.body,
        json!({
            "status": "ready", "database": "ok",
            "intake": { "database": true, "waiting": 0, "waiting_max": 1024, "closing": false },
        })
    );
    listener.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_gets_its_answer() {
    let (db, listener) = listening(Setup::default()).await;
    let five_megabytes = vec![b' '; 5 << 20];

    let announced = listener.deliver(five_megabytes.clone()).await;
    let chunks = stream::iter((0..5).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    let chunked = listener
        .post("/webhooks/stripe", reqwest::Body::wrap_stream(chunks))
        .await;
    // Who asks first need not send it at all.
    let asked = raw(
        &listener,
        b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 5242880\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;

    assert_eq!(announced.said(), (413, "body_too_large"));
    assert_eq!(chunked.said(), (413, "body_too_large"));
    assert!(asked.starts_with("HTTP/1.1 413"), "{asked}");
    assert_eq!(
        db.row(
            "select count(*), min(verdict) as verdict, max(body_length) as length, count(event_id) as events
             from delivery"
        )
        .await,
        json!({ "count": 3, "verdict": "too_large", "length": 5_242_880, "events": 0 })
    );
    assert_eq!(
        listener.deliver(stripe::event("evt_1")).await.said(),
        (200, "accepted")
    );
    listener.stop().await;
}

#[tokio::test]
async fn slow_senders_are_let_go_and_hold_nobody_up() {
    let mut setup = Setup {
        body_deadline: Duration::from_millis(300),
        ..Setup::default()
    };
    setup.serve.head_timeout = Duration::from_millis(300);
    let (_db, listener) = listening(setup).await;
    let mut half_head = TcpStream::connect(listener.address()).await.unwrap();
    half_head
        .write_all(b"POST /webhooks/stripe HTTP/1.1\r\nhost")
        .await
        .unwrap();
    let mut half_body = TcpStream::connect(listener.address()).await.unwrap();
    half_body
        .write_all(b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        .await
        .unwrap();

    assert_eq!(
        listener.deliver(stripe::event("evt_1")).await.said(),
        (200, "accepted")
    );

    let head = read_to_end(half_head).await;
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    let body = read_to_end(half_body).await;
    assert!(
        body.starts_with("HTTP/1.1 408") && body.contains("slow_body"),
        "{body}"
    );
    listener.stop().await;
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let (_db, listener) = listening(Setup::default()).await;
    let many = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n",
        "x-a: b\r\n".repeat(100)
    );
    assert!(raw(&listener, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let long = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n",
        "a".repeat(32 << 10)
    );
    assert!(raw(&listener, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    listener.stop().await;
}

#[tokio::test]
async fn connections_over_the_cap_wait_for_a_place() {
    let mut setup = Setup::default();
    setup.serve.connections = 1;
    let (_db, listener) = listening(setup).await;
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = TcpStream::connect(listener.address()).await.unwrap();
    first.write_all(ask).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut second = TcpStream::connect(listener.address()).await.unwrap();
    second.write_all(ask).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.read_exact(&mut answer)).await;
    assert!(early.is_err(), "served beside the first");
    drop(first);
    tokio::time::timeout(LIMIT, second.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_and_dawdling_peers() {
    let mut setup = Setup::default();
    setup.serve.drain = Duration::from_millis(500);
    let (_db, listener) = listening(setup).await;
    let _idle = TcpStream::connect(listener.address()).await.unwrap();
    let mut half = TcpStream::connect(listener.address()).await.unwrap();
    half.write_all(b"POST /webhooks/stripe HTTP/1.1\r\n")
        .await
        .unwrap();
    assert_eq!(listener.get("/healthz").await.status, 200);
    tokio::time::timeout(LIMIT, listener.stop())
        .await
        .expect("the stop waited for peers that say nothing");
}
