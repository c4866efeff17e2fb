//! The token that every request carries: asked for once, renewed at half of its life, and at once
//! when the service does not take it any more. Its inside is not ours to read.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::assertion::Signer;
use super::encode::form;
use super::exchange::{Exchange, ExchangeError, Method, Request, Response};
use super::fault::{Fault, retry_after};
use super::object_id;
use super::patience::{PATIENCE, WAIT};
use super::settings::{App, Credential, Settings};
use crate::target::TargetError;
use crate::target::ldap::Entropy;
use crate::target::pace::Tempo;

/// Tries to get a token, while nobody says no.
const TRIES_MAX: u32 = 5;
/// A token that says it lives longer is renewed all the same.
const LIFE_MAX: Duration = Duration::from_secs(30 * 86_400);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token. Two are the same only if they are one.
pub(super) type Bearer = Arc<SecretString>;

/// Why there is no token.
#[derive(Debug)]
pub(super) enum NoToken {
    /// The application is refused one, and would be again.
    Refused(TargetError),
    /// Nobody tells.
    Unanswered(TargetError),
}

impl From<NoToken> for TargetError {
    fn from(why: NoToken) -> Self {
        match why {
            NoToken::Refused(error) | NoToken::Unanswered(error) => error,
        }
    }
}

/// The tokens of one application, one after the other.
pub(super) struct Tokens {
    exchange: Arc<dyn Exchange>,
    url: String,
    scope: String,
    client_id: String,
    proof: Proof,
    tempo: Tempo,
    now: fn() -> jiff::Timestamp,
    entropy: Entropy,
    timeout: Duration,
    held: Mutex<Option<Held>>,
}

enum Proof {
    Secret { secret: SecretString, ends_at: Option<jiff::Timestamp> },
    Signer(Box<Signer>),
}

struct Held {
    bearer: Bearer,
    renew_at: Instant,
    ends_at: Instant,
}

impl Tokens {
    pub(super) fn new(
        settings: &Settings,
        app: &App,
        exchange: Arc<dyn Exchange>,
        entropy: Entropy,
    ) -> Result<Self, TargetError> {
        let proof = match &app.credential {
            Credential::Secret { secret, ends_at } => {
                Proof::Secret { secret: secret.clone(), ends_at: *ends_at }
            }
            Credential::Certificate { pem, key } => Proof::Signer(Box::new(Signer::new(pem, key)?)),
        };
        Ok(Self {
            exchange,
            url: settings.token_url.clone(),
            scope: settings.scope.clone(),
            client_id: app.client_id.clone(),
            proof,
            tempo: settings.tempo(),
            now: settings.now,
            entropy,
            timeout: settings.timeout,
            held: Mutex::new(None),
        })
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The end of what proves who we are; None: it cannot be read, or nobody noted it.
    pub(super) fn proof_ends_at(&self) -> Option<jiff::Timestamp> {
        match &self.proof {
            Proof::Secret { ends_at, .. } => *ends_at,
            Proof::Signer(signer) => signer.ends_at,
        }
    }

    pub(super) fn has_certificate(&self) -> bool {
        matches!(self.proof, Proof::Signer(_))
    }

    /// The token to use now. Whoever comes while it is being renewed waits for the same one.
    pub(super) async fn bearer(&self) -> Result<Bearer, NoToken> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        if let Some(one) = held.as_ref().filter(|one| now < one.renew_at) {
            return Ok(one.bearer.clone());
        }
        match self.ask().await {
            Ok(new) => {
                let bearer = new.bearer.clone();
                *held = Some(new);
                Ok(bearer)
            }
            // It is still good: the next request tries again.
            Err(error) => match held.as_ref().filter(|one| Instant::now() < one.ends_at) {
                Some(one) => Ok(one.bearer.clone()),
                None => Err(error),
            },
        }
    }

    /// The service does not take this one any more. If another one is held already, that is it.
    pub(super) async fn discard(&self, dead: &Bearer) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|one| Arc::ptr_eq(&one.bearer, dead)) {
            *held = None;
        }
    }

    async fn ask(&self) -> Result<Held, NoToken> {
        let (begun_at, mut asked) = (Instant::now(), Duration::ZERO);
        let mut tries = 0;
        loop {
            tries += 1;
            let asked_at = Instant::now();
            let request = self.request().map_err(NoToken::Refused)?;
            let sent = tokio::time::timeout(self.timeout, self.exchange.exchange(request));
            let answer = sent.await.unwrap_or_else(|_| {
                Err(ExchangeError::NoAnswer(format!("nothing within {:?}", self.timeout)))
            });
            let (why, told) = match answer {
                Ok(answer) if answer.status == 200 => {
                    return self.read(&answer, asked_at).map_err(NoToken::Unanswered);
                }
                Ok(answer) if answer.status == 429 || Fault::is_passing(answer.status) => {
                    let told = retry_after(&answer.headers, (self.now)());
                    (format!("HTTP status {}", answer.status), told)
                }
                Ok(answer) => return Err(NoToken::Refused(self.refused(&answer))),
                Err(error) => (error.to_string(), None),
            };
            let pause = told.unwrap_or(Duration::from_secs(1) * 2u32.pow(tries.min(5)));
            // Nobody waits longer, on either clock.
            asked += pause;
            let waited = begun_at.elapsed() + self.tempo.here(pause);
            if asked.max(waited) > PATIENCE && told.is_some() {
                let minutes = pause.as_secs().div_ceil(60);
                let why = format!("{why}, no request for another {minutes} min (Retry-After)");
                return Err(NoToken::Unanswered(TargetError::Unreachable {
                    what: format!("no token from {}: {why}", self.url),
                    hint: WAIT.into(),
                }));
            }
            if tries >= TRIES_MAX || waited > PATIENCE {
                return Err(NoToken::Unanswered(self.unreachable(&why)));
            }
            self.tempo.sleep(pause).await;
        }
    }

    fn request(&self) -> Result<Request, TargetError> {
        let mut fields = vec![
            ("client_id", self.client_id.clone()),
            ("grant_type", "client_credentials".to_owned()),
            ("scope", self.scope.clone()),
        ];
        match &self.proof {
            Proof::Secret { secret, .. } => {
                fields.push(("client_secret", secret.expose_secret().to_owned()));
            }
            Proof::Signer(signer) => {
                let id = object_id::random(self.entropy);
                let assertion = signer.sign(&self.url, &self.client_id, id, (self.now)())?;
                fields.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
                fields.push(("client_assertion", assertion.expose_secret().to_owned()));
            }
        }
        let kind = "application/x-www-form-urlencoded".to_owned();
        Ok(Request {
            method: Method::Post,
            url: self.url.clone(),
            headers: vec![("content-type".to_owned(), kind)],
            body: Some(form(&fields).into_bytes()),
        })
    }

    fn read(&self, answer: &Response, asked_at: Instant) -> Result<Held, TargetError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let token = body.get("access_token").and_then(Value::as_str);
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(self.unreachable("its answer holds no token"));
        };
        let seconds = body.get("expires_in").and_then(Value::as_u64).unwrap_or(0);
        let life = self.tempo.here(Duration::from_secs(seconds).min(LIFE_MAX));
        tracing::debug!(client_id = %self.client_id, seconds, "token received");
        Ok(Held {
            bearer: Arc::new(SecretString::from(token)),
            renew_at: asked_at + life / 2,
            ends_at: asked_at + life,
        })
    }

    fn unreachable(&self, why: &str) -> TargetError {
        TargetError::Unreachable {
            what: format!("no token from {}: {why}", self.url),
            hint: "look at the network and at authority".into(),
        }
    }

    /// No, for good: told by its cause (SEC-03).
    fn refused(&self, answer: &Response) -> TargetError {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let described = text("error_description");
        let number = described.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next());
        let (cause, hint) = cause(number.unwrap_or_default(), self.has_certificate());
        let number = number.map(|number| format!(", AADSTS{number}")).unwrap_or_default();
        TargetError::Unreachable {
            what: format!(
                "{} refused a token to the application {}: {cause} ({}{number})",
                self.url,
                self.client_id,
                text("error"),
            ),
            hint: hint.into(),
        }
    }
}

/// What is wrong, and what to do.
fn cause(number: &str, has_certificate: bool) -> (&'static str, &'static str) {
    match number {
        "7000215" => (
            "the secret is not the application's",
            "put the secret's value (not its id) in secret_file",
        ),
        "7000222" => (
            "the secret has expired",
            "make another one for the application, or better use a certificate",
        ),
        "700016" => ("the tenant does not know the application", "look at client_id and tenant"),
        "90002" | "900023" => ("there is no such tenant", "look at tenant"),
        "700027" | "7000214" => (
            "the certificate is not one of the application's, or has expired",
            "upload the certificate to the application, and look at its end",
        ),
        "700024" => (
            "the statement is not of this time",
            "look at this machine's clock: it must be right to the minute",
        ),
        "70011" | "1002012" => ("the scope is not one of the service", "look at scope"),
        "7000112" => ("the application is disabled", "enable it in the tenant"),
        _ if has_certificate => (
            "the certificate is not taken",
            "look at client_id, at tenant, and at the certificates of the application",
        ),
        _ => (
            "the secret is not taken",
            "look at client_id, at tenant, and at the secrets of the application",
        ),
    }
}

#[cfg(test)]
mod tests;
