//! One call to the service: with its token, its own number, and nowhere but to its own host.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;

use super::exchange::{Exchange, ExchangeError, Method, Request, header, origin};
use super::object_id;
use super::token::{NoToken, Tokens};
use crate::target::TargetError;
use crate::target::ldap::Entropy;

/// What to ask.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// A path below the base (`/users`), or an address that the service gave.
    pub(super) to: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Value>,
}

impl<'a> Call<'a> {
    pub(super) fn get(to: &'a str) -> Self {
        Self { method: Method::Get, to, headers: &[], body: None }
    }
}

/// What came back. No `Debug`: a body may hold anything.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) sent_at: Instant,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum CallError {
    Exchange(ExchangeError),
    /// There is no token, the address is another host's, or nobody waits for as long as the service
    /// asks: nothing was sent.
    Target(TargetError),
    /// The application is refused a token, and would be again: nothing was sent.
    Refused(TargetError),
}

impl From<NoToken> for CallError {
    fn from(why: NoToken) -> Self {
        match why {
            NoToken::Refused(error) => Self::Refused(error),
            NoToken::Unanswered(error) => Self::Target(error),
        }
    }
}

/// The way to the service, as one application.
pub(super) struct Line {
    exchange: Arc<dyn Exchange>,
    base: String,
    pub(super) tokens: Tokens,
    timeout: Duration,
    entropy: Entropy,
}

impl Line {
    pub(super) fn new(
        exchange: Arc<dyn Exchange>,
        base: &str,
        tokens: Tokens,
        timeout: Duration,
        entropy: Entropy,
    ) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { exchange, base, tokens, timeout, entropy }
    }

    /// The same host in another version: the directory's size is told by `beta` only.
    pub(super) fn beta(&self, path: &str) -> String {
        let root = self.base.rsplit_once('/').map_or(self.base.as_str(), |(root, _)| root);
        format!("{root}/beta{path}")
    }

    /// Asks once. A token that has died in between is renewed, and the request sent again: the
    /// service has not looked at the first one.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let answer = self.once(&call).await?;
        if answer.status == 401 { self.once(&call).await } else { Ok(answer) }
    }

    async fn once(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let url = self.address(call.to).map_err(CallError::Target)?;
        let bearer = self.tokens.bearer().await?;
        let number = object_id::random(self.entropy).to_string();
        let mut headers: Vec<(String, String)> = vec![
            ("authorization".into(), format!("Bearer {}", bearer.expose_secret())),
            ("client-request-id".into(), number.clone()),
            ("accept".into(), "application/json".into()),
            // Whoever resets a password by hand meanwhile comes first.
            ("x-ms-throttle-priority".into(), "low".into()),
        ];
        if call.body.is_some() {
            headers.push(("content-type".into(), "application/json".into()));
        }
        let more = call.headers.iter();
        headers.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = call.body.map(|body| body.to_string().into_bytes());
        let request = Request { method: call.method, url, headers, body };
        let sent_at = Instant::now();
        let sent = tokio::time::timeout(self.timeout, self.exchange.exchange(request));
        let answer = sent.await.unwrap_or_else(|_| {
            Err(ExchangeError::NoAnswer(format!("nothing within {:?}", self.timeout)))
        });
        let method = call.method.as_str();
        match answer {
            Ok(answer) => {
                let read = |name: &str| header(&answer.headers, name).unwrap_or_default();
                tracing::debug!(
                    method,
                    number,
                    status = answer.status,
                    request_id = read("request-id"),
                    date = read("date"),
                    "answered"
                );
                if answer.status == 401 {
                    self.tokens.discard(&bearer).await;
                }
                let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                Ok(Answer { status: answer.status, headers: answer.headers, body, sent_at })
            }
            Err(error) => {
                tracing::debug!(method, number, %error, "no answer");
                Err(CallError::Exchange(error))
            }
        }
    }

    /// Where a call goes. The token goes with it: never to another host.
    fn address(&self, to: &str) -> Result<String, TargetError> {
        if to.starts_with('/') {
            return Ok(format!("{}{to}", self.base));
        }
        if origin(to) == origin(&self.base) {
            return Ok(to.to_owned());
        }
        Err(TargetError::Unreadable {
            what: format!("the service sends us to another host: {}", origin(to)),
            hint: "look at base_url; nothing was sent there".into(),
        })
    }
}
