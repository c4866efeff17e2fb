//! A service in one function: it gets each request, also those of a batch, one by one.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::settings::Settings;
use super::super::{
    Exchange, ExchangeError, GraphTarget, Memory, Request, Response, connect, exchange,
};
use super::settings;

/// What a request is answered.
#[derive(Clone)]
pub(in super::super) enum Say {
    Reply(u16, Value),
    With(u16, Vec<(&'static str, &'static str)>, Value),
    /// The whole call is left without an answer.
    Nothing,
}

/// A request as it was received: `PATCH /users/1 {"a":1}`, without its query.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Heard {
    pub(in super::super) line: String,
    pub(in super::super) body: Value,
    pub(in super::super) at: Instant,
}

type Answers = Box<dyn FnMut(&str, &Value) -> Say + Send>;

pub(in super::super) struct Script {
    answers: Mutex<Answers>,
    pub(in super::super) heard: Mutex<Vec<Heard>>,
    /// Calls over the network, batches as one: their headers.
    pub(in super::super) calls: Mutex<Vec<Vec<(String, String)>>>,
}

impl Script {
    pub(in super::super) fn new(
        answers: impl FnMut(&str, &Value) -> Say + Send + 'static,
    ) -> Arc<Self> {
        let (heard, calls) = (Mutex::default(), Mutex::default());
        Arc::new(Self { answers: Mutex::new(Box::new(answers)), heard, calls })
    }

    /// The requests received, as lines, tokens left out.
    pub(in super::super) fn lines(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|one| one.line.clone()).filter(|line| !line.contains("/token")).collect()
    }

    fn say(&self, method: &str, url: &str, body: &Value) -> Say {
        let path = url.split('?').next().unwrap();
        let path = path.strip_prefix("https://graph.test/v1.0").unwrap_or(path);
        let line = format!("{method} {path}");
        let heard = Heard { line: line.clone(), body: body.clone(), at: Instant::now() };
        self.heard.lock().unwrap().push(heard);
        (self.answers.lock().unwrap())(&line, body)
    }
}

impl Exchange for Script {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response, ExchangeError>> {
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            self.calls.lock().unwrap().push(request.headers.clone());
            let bytes = request.body.unwrap_or_default();
            let body = serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
            if !request.url.ends_with("/$batch") {
                return answer(self.say(request.method.as_str(), &request.url, &body));
            }
            let mut responses = Vec::new();
            for one in body["requests"].as_array().unwrap() {
                let (method, url) = (one["method"].as_str().unwrap(), one["url"].as_str().unwrap());
                let (status, headers, body) = match self.say(method, url, &one["body"]) {
                    Say::Reply(status, body) => (status, vec![], body),
                    Say::With(status, headers, body) => (status, headers, body),
                    Say::Nothing => return answer(Say::Nothing),
                };
                let headers: serde_json::Map<String, Value> =
                    headers.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
                responses.push(json!({
                    "id": one["id"], "status": status, "headers": headers, "body": body,
                }));
            }
            responses.reverse();
            answer(Say::Reply(200, json!({ "responses": responses })))
        }
        .boxed()
    }
}

fn answer(say: Say) -> Result<Response, ExchangeError> {
    let (status, headers, body) = match say {
        Say::Reply(status, body) => (status, vec![], body),
        Say::With(status, headers, body) => (status, headers, body),
        Say::Nothing => return Err(ExchangeError::NoAnswer("cut".into())),
    };
    let headers = headers.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
    Ok(Response { status, headers, body: body.to_string().into_bytes() })
}

pub(in super::super) fn token(name: &str) -> Say {
    Say::Reply(200, json!({ "access_token": name, "expires_in": 3600 }))
}

thread_local! {
    static BEGIN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The wall clock of a test: it goes as tokio's does.
pub(in super::super) fn now() -> Timestamp {
    let begin = BEGIN.get().unwrap_or_else(|| {
        BEGIN.set(Some(Instant::now()));
        Instant::now()
    });
    let start: Timestamp = "2026-09-01T06:00:00Z".parse().unwrap();
    start + begin.elapsed()
}

/// Not random: numbers that only have to differ.
pub(in super::super) fn entropy(bytes: &mut [u8]) {
    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    for byte in bytes {
        COUNT.set(COUNT.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        *byte = (COUNT.get() >> 33) as u8;
    }
}

pub(in super::super) async fn target(script: &Arc<Script>) -> GraphTarget {
    target_with(script, Memory::default(), |settings| settings).await
}

pub(in super::super) async fn target_with(
    script: &Arc<Script>,
    memory: Memory,
    change: impl FnOnce(Settings) -> Settings,
) -> GraphTarget {
    let exchange: Arc<dyn exchange::Exchange> = script.clone();
    connect(settings(change), exchange, memory, entropy).await.unwrap()
}
