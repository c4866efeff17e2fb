//! The token endpoint: client credentials with a secret or a certificate.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::assertion;
use super::call::{Answer, Call, decoded};
use super::desk::Desk;
use super::guid::Guid;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Debug)]
struct Token {
    app: usize,
    until: i64,
}

/// How an app dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Its tokens end, and it is given no other one: its secret has expired.
    SecretExpired,
    /// It is given tokens, and none is taken.
    ShutOut,
    /// Its permissions are withdrawn.
    NotPermitted,
}

#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Apps that died by their tokens.
    dead: BTreeMap<usize, Death>,
    valid: BTreeMap<String, Token>,
    pub(super) given: u64,
    /// Assertions that were used; each is good once.
    used: std::collections::BTreeSet<String>,
}

impl Tokens {
    /// Ends them all, as an administrator does.
    pub(super) fn revoke(&mut self) {
        self.valid.clear();
    }

    pub(super) fn end(&mut self, app: usize, death: Death) {
        self.valid.retain(|_, token| token.app != app);
        self.dead.insert(app, death);
    }

    /// The app of a token that is valid.
    pub(super) fn app(&self, header: Option<&str>, now: i64) -> Option<usize> {
        let (scheme, word) = header?.split_once(' ')?;
        let token = self.valid.get(word).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
        (now < token.until).then_some(token.app)
    }
}

/// Answers `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn grant(desk: &mut Desk, tenant: &str, call: &Call) -> Answer {
    let form: BTreeMap<String, String> = String::from_utf8_lossy(&call.body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decoded(key, true), decoded(value, true)))
        .collect();
    match check(desk, tenant, &form) {
        Ok(app) => {
            let (least, most) = desk.options.limits.token_minutes;
            let drawn = desk.stream.below(u64::from(most.saturating_sub(least)) * 60 + 1);
            let seconds = u64::from(least) * 60 + drawn;
            let word = format!("lab.{}", Guid::drawn(&mut desk.stream).plain());
            let until = desk.now + i64::try_from(seconds * 1_000).unwrap_or(i64::MAX);
            desk.tokens.valid.retain(|_, token| desk.now < token.until);
            if !desk.tokens.dead.contains_key(&app) {
                desk.tokens.valid.insert(word.clone(), Token { app, until });
            }
            desk.tokens.given += 1;
            let seconds = seconds - 1;
            Answer::ok(json!({
                "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds,
                "access_token": word,
            }))
        }
        Err(refused) => refusal(desk, &refused),
    }
}

/// Why no token is given: HTTP status, word, number and text of the service.
struct Refused {
    status: u16,
    word: &'static str,
    number: u32,
    text: String,
}

fn check(desk: &mut Desk, tenant: &str, form: &BTreeMap<String, String>) -> Result<usize, Refused> {
    let refused = |status, word, number, text: String| Refused { status, word, number, text };
    let field = |name: &str| form.get(name).map(String::as_str);
    let known = tenant == desk.options.tenant
        || desk.options.domains.iter().any(|domain| domain.eq_ignore_ascii_case(tenant));
    if !known {
        let text = format!("Tenant '{tenant}' not found.");
        return Err(refused(400, "invalid_request", 90002, text));
    }
    if field("grant_type") != Some("client_credentials") {
        let text = "The app requested an unsupported grant type.".to_owned();
        return Err(refused(400, "unsupported_grant_type", 70003, text));
    }
    let client = field("client_id").unwrap_or_default();
    let app = desk.options.apps.iter().position(|app| app.client_id == client);
    let Some((at, app)) = app.map(|at| (at, desk.options.apps[at].clone())) else {
        let text = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'."
        );
        return Err(refused(400, "unauthorized_client", 700016, text));
    };
    if desk.tokens.dead.get(&at) == Some(&Death::SecretExpired) {
        let text = format!("The provided client secret keys for app '{client}' are expired.");
        return Err(refused(401, "invalid_client", 7000222, text));
    }
    if !field("scope").is_some_and(|scope| scope.ends_with("/.default")) {
        let text = "The provided value for scope is not valid. Client credential flows must have a \
                    scope value with /.default suffixed to the resource identifier.";
        return Err(refused(400, "invalid_scope", 1002012, text.to_owned()));
    }
    if let Some(secret) = field("client_secret") {
        let right = app.secret.as_ref().is_some_and(|own| own.expose_secret() == secret);
        let text = format!("Invalid client secret provided for app '{client}'.");
        return right.then_some(at).ok_or(refused(401, "invalid_client", 7000215, text));
    }
    if field("client_assertion_type") != Some(ASSERTION_TYPE) {
        let text = "The request body must contain 'client_assertion' or 'client_secret'.";
        return Err(refused(401, "invalid_client", 7000218, text.to_owned()));
    }
    let jwt = field("client_assertion").unwrap_or_default();
    let certificate = app.certificate.as_deref().unwrap_or_default();
    // The address is that of the lab, whatever scheme the front has.
    let audience = format!("/{tenant}/oauth2/v2.0/token");
    assertion::check(jwt, certificate, client, &audience, desk.now / 1_000)
        .and_then(|jti| desk.tokens.used.insert(jti).then_some(()).ok_or("it was used before"))
        .map(|()| at)
        .map_err(|why| {
            let text = format!("Client assertion failed signature validation: {why}.");
            refused(401, "invalid_client", 700027, text)
        })
}

fn refusal(desk: &mut Desk, refused: &Refused) -> Answer {
    let Refused { status, word, number, text } = refused;
    let (trace, correlation) = (Guid::drawn(&mut desk.stream), Guid::drawn(&mut desk.stream));
    let stamp = Desk::stamp(desk.now).replace('T', " ");
    let described = format!(
        "AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    );
    let body: Value = json!({
        "error": word, "error_description": described, "error_codes": [number],
        "timestamp": stamp, "trace_id": trace.to_string(),
        "correlation_id": correlation.to_string(),
    });
    Answer { status: *status, headers: Vec::new(), body: Some(body) }
}
