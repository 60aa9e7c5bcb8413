//! A provider's server for tests: it answers as told and remembers what it was asked.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use futures_util::stream;
use serde_json::Value;

/// What the server does with one request.
pub(crate) enum Reply {
    /// A status, further headers, and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// A body that ends before its time.
    Cut(String),
    /// Nothing at all.
    Silence,
    /// A good answer that takes its time.
    Late(Duration, String),
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::status(200, &body.to_string())
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Status(status, Vec::new(), body.to_owned())
    }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Play {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
    running: usize,
    most_running: usize,
}

type Script = Arc<Mutex<Play>>;

/// A server that is running.
pub(crate) struct Answering {
    pub(crate) base: String,
    script: Script,
}

impl Answering {
    /// A server that gives these answers in turn.
    pub(crate) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script: Script = Arc::new(Mutex::new(Play {
            replies: replies.into_iter().collect(),
            ..Play::default()
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, script }
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// How many answers are left.
    pub(crate) fn left(&self) -> usize {
        self.script.lock().unwrap().replies.len()
    }

    /// How many requests were being answered at once, at most.
    pub(crate) fn most_running(&self) -> usize {
        self.script.lock().unwrap().most_running
    }
}

async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let pairs = |text: &str| -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    };
    let reply = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked {
            method,
            path: uri.path().to_owned(),
            query: pairs(uri.query().unwrap_or_default()),
            headers,
            form: pairs(std::str::from_utf8(&body).unwrap()),
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        script.running += 1;
        script.most_running = script.most_running.max(script.running);
        script.replies.pop_front()
    };
    let response = response(reply).await;
    script.lock().unwrap().running -= 1;
    response
}

async fn response(reply: Option<Reply>) -> Response<Body> {
    match reply {
        Some(Reply::Status(status, headers, body)) => {
            let mut response = Response::builder().status(status).header("request-id", "req_7");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Some(Reply::Cut(body)) => {
            let half: Vec<Result<Bytes, io::Error>> = vec![Ok(body.into()), Err(io::Error::other("cut"))];
            Response::new(Body::from_stream(stream::iter(half)))
        }
        Some(Reply::Silence) => std::future::pending().await,
        Some(Reply::Late(after, body)) => {
            tokio::time::sleep(after).await;
            Response::new(Body::from(body))
        }
        None => Response::builder()
            .status(599)
            .body(Body::from("nothing was prepared"))
            .unwrap(),
    }
}
