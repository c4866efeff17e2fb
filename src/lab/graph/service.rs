//! The service: a call in, an outcome out, in the service's own time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::{Answer, Call, Outcome, Request, header, local_part};
use super::counters::{Counters, Snapshot, snapshot};
use super::desk::Desk;
use super::guid::Guid;
use super::options::Options;
use super::quota::{self, Quota};
use super::strikes::{Strike, Strikes};
use super::tenant::Tenant;
use super::token::{self, Death, Tokens};
use super::{batch, rehearsal, routes, types};
use crate::academy::seed::Stream;
use crate::lab::{LabError, storage};

const FAULTS_FILE: &str = "faults.txt";
/// A hung connection is cut after so long, in ms.
const HANG_MS: i64 = 120_000;
const UNAVAILABLE: [(u16, &str); 4] = [
    (500, "InternalServerError"),
    (502, "BadGateway"),
    (503, "ServiceUnavailable"),
    (504, "GatewayTimeout"),
];

/// What becomes of a connection; the worst of all items counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Answered,
    /// Done, and cut.
    Lost,
    /// Cut, with nothing done.
    NotSent,
}

/// The lab's Graph, inside this process.
pub struct Service {
    desk: Mutex<Desk>,
    tempo: f64,
    began: Instant,
    began_ms: i64,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("tempo", &self.tempo).finish_non_exhaustive()
    }
}

impl Service {
    /// Opens the tenant: an empty one, or that of the folder.
    pub fn open(mut options: Options) -> Result<Self, LabError> {
        let failed = |folder: &std::path::Path, error: std::io::Error| LabError::Folder {
            folder: folder.to_owned(),
            text: error.to_string(),
        };
        let (mut tenant, mut storage, mut strikes) = (Tenant::default(), None, Strikes::default());
        if let Some(folder) = options.folder.clone() {
            let (kept, log, _) =
                storage::open::<Tenant>(&folder).map_err(|error| failed(&folder, error))?;
            (tenant, storage) = (kept, Some(log));
            strikes = rehearsed(&folder, &mut options).map_err(|error| failed(&folder, error))?;
        }
        // A clock that ran faster than the wall in the last process does not go back in this one.
        let began_ms = (options.now)().as_millisecond().max(tenant.latest);
        let stream = Stream::numbered(options.seed, "graph", tenant.seq);
        let mut desk = Desk {
            origin: options.origin.clone(),
            quota: Quota::of(options.apps.len()),
            directory_objects: options.limits.directory_objects,
            tenant,
            storage,
            stream,
            strikes,
            tokens: Tokens::default(),
            counters: Counters::default(),
            busy: std::collections::BTreeMap::new(),
            calls: 0,
            teams: std::collections::BTreeMap::new(),
            team_fails: false,
            seats: std::collections::BTreeMap::new(),
            now: began_ms,
            in_series: false,
            takes: 0,
            app: 0,
            options,
        };
        desk.find_teams();
        let tempo = desk.options.tempo;
        Ok(Self { desk: Mutex::new(desk), tempo, began: Instant::now(), began_ms })
    }

    /// Scheme and host of links in answers, from now on.
    pub(super) fn set_origin(&self, origin: String) {
        self.desk().origin = origin;
    }

    /// The clock of the service, in milliseconds.
    fn now_ms(&self) -> i64 {
        self.began_ms + (self.began.elapsed().as_secs_f64() * self.tempo * 1_000.0) as i64
    }

    /// What the service's clock says.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.now = desk.now.max(self.now_ms());
        desk
    }

    /// Answers a call, in the time that it takes.
    pub async fn answer(&self, call: Call) -> Outcome {
        let (answer, fate, takes) = {
            let mut desk = self.desk();
            desk.settle();
            desk.calls += 1;
            let (least, most) = desk.options.faults.latency_ms;
            let drawn = least + desk.stream.below(most.saturating_sub(least) + 1);
            desk.takes = i64::try_from(drawn).unwrap_or(0);
            let hangs = desk.options.faults.hangs;
            let hung = is_api(&call) && desk.stream.chance(hangs);
            let sent = !hung || desk.stream.once_in(2);
            let (answer, fate) = match sent {
                true => whole(&mut desk, &call),
                false => (Answer::empty(), Fate::NotSent),
            };
            let takes = if hung { HANG_MS } else { desk.takes };
            let fate = if hung { fate.max(Fate::Lost) } else { fate };
            if fate == Fate::Answered {
                desk.counters.answered(answer.status);
            }
            (finished(&mut desk, &call, answer), fate, takes)
        };
        if takes > 0 {
            tokio::time::sleep(Duration::from_secs_f64(takes as f64 / 1_000.0 / self.tempo)).await;
        }
        match fate {
            Fate::Answered => {
                let Answer { status, headers, body } = answer;
                let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
                Outcome::Reply { status, headers, body }
            }
            Fate::Lost | Fate::NotSent => Outcome::Cut,
        }
    }

    /// Requests by method and kind of path, such as `POST /users` or `PATCH /groups/{id}`; items of
    /// batches each by itself, and the batch too.
    pub fn requests(&self) -> std::collections::BTreeMap<String, u64> {
        self.desk().counters.requests.clone()
    }

    /// Answers by status, items of batches included.
    pub fn statuses(&self) -> std::collections::BTreeMap<u16, u64> {
        self.desk().counters.statuses.clone()
    }

    /// Requests and items that were answered 429.
    pub fn throttled(&self) -> u64 {
        self.desk().quota.refused
    }

    /// Writes that were let through, as the quota counts them.
    pub fn writes(&self) -> u64 {
        self.desk().quota.writes
    }

    /// The most writes that an app asked for in any 150 s, as the quota counts them: more than
    /// `limits.writes` means that it asked for too much.
    pub fn writes_in_window_max(&self) -> u64 {
        self.desk().quota.writes_in_window_max()
    }

    /// The most writes that all apps together asked for in any 300 s.
    pub fn tenant_writes_in_window_max(&self) -> u64 {
        self.desk().quota.tenant_writes_in_window_max()
    }

    /// Bodies that the metadata does not know, and calls that no client means.
    pub fn violations(&self) -> Vec<String> {
        self.desk().counters.violations.clone()
    }

    /// Changes of the password of an account that stood (R-55: none).
    pub fn password_patches(&self) -> u64 {
        self.desk().counters.password_patches
    }

    pub fn tokens_given(&self) -> u64 {
        self.desk().tokens.given
    }

    /// The tenant as it stands.
    pub fn tenant(&self) -> Snapshot {
        snapshot(&self.desk())
    }

    /// The next `times` requests or items that match are struck; None: all of them.
    pub fn strike(&self, method: &str, path: &str, strike: Strike, times: Option<u32>) {
        self.desk().strikes.add(method, path, strike, times);
    }

    /// All tokens end now.
    pub fn revoke_tokens(&self) {
        self.desk().tokens.revoke();
    }

    /// An app dies now, and the others live on.
    pub fn end_app(&self, client_id: &str, death: Death) {
        let desk = &mut *self.desk();
        let apps = &mut desk.options.apps;
        let Some(at) = apps.iter().position(|app| app.client_id == client_id) else { return };
        match death {
            Death::NotPermitted => apps[at].permissions.clear(),
            Death::SecretExpired | Death::ShutOut => desk.tokens.end(at, death),
        }
    }

    /// Faults from now on.
    pub fn set_faults(&self, faults: super::faults::Faults) {
        self.desk().options.faults = faults;
    }
}

/// What the folder asks for: nothing, as a rule.
fn rehearsed(folder: &std::path::Path, options: &mut Options) -> std::io::Result<Strikes> {
    let text = match std::fs::read_to_string(folder.join(FAULTS_FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Strikes::default());
        }
        Err(error) => return Err(error),
    };
    let (faults, limits) = (options.faults.clone(), options.limits.clone());
    let read = rehearsal::parse(&text, faults, limits);
    read.and_then(|rehearsal| rehearsal.play(options))
        .map_err(|wrong| std::io::Error::other(format!("{FAULTS_FILE}: {wrong}")))
}

/// Not the token endpoint: nothing of the faults below is told of that one.
fn is_api(call: &Call) -> bool {
    let path = local_part(&call.path_and_query);
    path.starts_with("/v1.0/") || path.starts_with("/beta/")
}

/// A call over the wire.
fn whole(desk: &mut Desk, call: &Call) -> (Answer, Fate) {
    let local = local_part(&call.path_and_query);
    let parts: Vec<&str> =
        local.split('?').next().unwrap_or("").trim_matches('/').split('/').collect();
    if let [tenant, "oauth2", "v2.0", "token"] = parts.as_slice() {
        desk.counters.count("POST /token".to_owned());
        return (token::grant(desk, tenant, call), Fate::Answered);
    }
    let Some(mut request) = Request::new(&call.method, local, &call.headers) else {
        return (Answer::error(400, "BadRequest", "Invalid version."), Fate::Answered);
    };
    let faults = desk.options.faults.clone();
    if desk.stream.chance(faults.request_lost) {
        return (Answer::empty(), Fate::NotSent);
    }
    if desk.stream.chance(faults.revoked) {
        desk.tokens.revoke();
    }
    let Some(app) = desk.tokens.app(request.header("authorization"), desk.now) else {
        desk.counters.count(request.kind());
        let text = "Access token has expired or is not yet valid.";
        return (Answer::error(401, "InvalidAuthenticationToken", text), Fate::Answered);
    };
    desk.app = app;
    if !call.body.is_empty() {
        match serde_json::from_slice(&call.body) {
            Ok(body) => request.body = Some(body),
            Err(_) => {
                desk.counters.violation(format!("{}: not JSON", request.kind()));
                let text = "Unable to read JSON request payload. Please ensure Content-Type header \
                            is set and payload is of valid JSON format.";
                return (Answer::error(400, "BadRequest", text), Fate::Answered);
            }
        }
    }
    let is_batch = request.parts() == ["$batch"] && request.method == "POST";
    let (answer, fate) = match is_batch {
        true => {
            desk.counters.count(request.kind());
            match desk.stream.chance(faults.unavailable_before) {
                true => (unavailable(desk), Fate::Answered),
                false => batch::answer(desk, &request),
            }
        }
        false => one(desk, &request),
    };
    let answer = match is_batch && desk.stream.chance(faults.unavailable_after) {
        true => unavailable(desk),
        false => answer,
    };
    match desk.stream.chance(faults.answer_lost) {
        true => (answer, fate.max(Fate::Lost)),
        false => (answer, fate),
    }
}

/// One request, or one item of a batch.
pub(super) fn one(desk: &mut Desk, request: &Request) -> (Answer, Fate) {
    desk.counters.count(request.kind());
    let path = request.path.join("/");
    let strike = desk.strikes.on(&request.method, &request.kind(), &path);
    let faults = desk.options.faults.clone();
    let early = match strike {
        Some(Strike::RequestLost) => return (Answer::empty(), Fate::NotSent),
        Some(Strike::Status(status)) => Some(struck(desk, status)),
        Some(Strike::TokenRevoked) => {
            desk.tokens.revoke();
            let text = "Access token has expired or is not yet valid.";
            Some(Answer::error(401, "InvalidAuthenticationToken", text))
        }
        Some(Strike::QuotaFull) => {
            let text = "The directory object quota limit for the Tenant has been exceeded.";
            Some(Answer::error(403, "Directory_QuotaExceeded", text))
        }
        _ => desk.stream.chance(faults.unavailable_before).then(|| unavailable(desk)),
    };
    let answer = match early {
        Some(answer) => answer,
        None => {
            desk.team_fails = strike == Some(Strike::TeamFailed);
            let answer = worked(desk, request);
            match strike {
                Some(Strike::AfterStatus(status)) => struck(desk, status),
                _ if desk.stream.chance(faults.unavailable_after) => unavailable(desk),
                _ => answer,
            }
        }
    };
    desk.counters.answered(answer.status);
    let fate = if strike == Some(Strike::AnswerLost) { Fate::Lost } else { Fate::Answered };
    let client = request.header("client-request-id");
    (told(desk, client, answer), fate)
}

/// Past every fault: quota, types, and the act itself.
fn worked(desk: &mut Desk, request: &Request) -> Answer {
    let headers = match quota::pass(desk, request) {
        Ok(headers) => headers,
        Err(refused) => return refused,
    };
    let faults = if request.method == "GET" { Vec::new() } else { types::faults(request) };
    let mut answer = match faults.as_slice() {
        [] => match routes::act(desk, request) {
            Ok(answer) | Err(answer) => answer,
        },
        [first, ..] => {
            for fault in &faults {
                desk.counters.violation(format!("{}: {fault}", request.kind()));
            }
            Answer::error(400, "Request_BadRequest", format!("Invalid property: {first}."))
        }
    };
    answer.headers.extend(headers);
    answer
}

fn unavailable(desk: &mut Desk) -> Answer {
    let (status, code) = UNAVAILABLE[desk.stream.index(UNAVAILABLE.len())];
    Answer::error(status, code, "The service is temporarily unavailable. Please try again later.")
}

fn struck(desk: &mut Desk, status: u16) -> Answer {
    match status {
        429 => {
            desk.quota.refused += 1;
            let wait = quota::without_reason_ms(desk);
            quota::throttled(desk, wait, "Tenant_Application/Write", "WriteLimitExceeded")
        }
        409 => super::desk::concurrent(409),
        400 => super::desk::concurrent(400),
        401 => Answer::error(401, "InvalidAuthenticationToken", "Access token has expired."),
        403 => super::desk::denied(),
        404 => super::desk::not_found("of the rehearsal"),
        other => {
            let known = UNAVAILABLE.iter().find(|(status, _)| *status == other);
            let code = known.map_or("UnknownError", |(_, code)| code);
            Answer::error(other, code, "The service is temporarily unavailable.")
        }
    }
}

/// The ids and the date that an error carries.
fn told(desk: &mut Desk, client: Option<&str>, mut answer: Answer) -> Answer {
    let own = Guid::drawn(&mut desk.stream).to_string();
    let date = Desk::stamp(desk.now).trim_end_matches('Z').to_owned();
    let error = answer.body.as_mut().and_then(|body| body.get_mut("error"));
    if let Some(error) = error.filter(|error| error.is_object()) {
        if error.get("innerError").is_none() {
            error["innerError"] = json!({});
        }
        error["innerError"]["date"] = json!(date);
        error["innerError"]["request-id"] = json!(own);
        error["innerError"]["client-request-id"] = json!(client.unwrap_or(&own));
    }
    answer
}

/// The headers that every answer has.
fn finished(desk: &mut Desk, call: &Call, mut answer: Answer) -> Answer {
    // One that reached its act says so already; one that was refused at the door does not yet.
    let error = answer.body.as_ref().and_then(|body| body.get("error")?.as_object());
    if error.is_some_and(|error| error.get("innerError").is_none()) {
        answer = told(desk, header(&call.headers, "client-request-id"), answer);
    }
    let own = Guid::drawn(&mut desk.stream).to_string();
    let client = header(&call.headers, "client-request-id").unwrap_or(&own).to_owned();
    let date = quota::http_date(desk.now);
    answer = answer.with("Date", date).with("request-id", own).with("client-request-id", client);
    let typed = header(&answer.headers, "content-type").is_some();
    if let (false, Some(body)) = (typed, &answer.body) {
        let kind = match body.get("token_type").or(body.get("error_description")) {
            Some(Value::String(_)) => "application/json; charset=utf-8",
            _ => {
                "application/json;odata.metadata=minimal;odata.streaming=true;\
                  IEEE754Compatible=false;charset=utf-8"
            }
        };
        answer = answer.with("Content-Type", kind);
    }
    answer
}
