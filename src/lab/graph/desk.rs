//! The desk: everything that one request may look at and change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::call::Answer;
use super::counters::Counters;
use super::guid::Guid;
use super::options::Options;
use super::quota::Quota;
use super::strikes::Strikes;
use super::tenant::{Change, Kind, Rel, Standing, State, Tenant};
use super::token::Tokens;
use crate::academy::seed::Stream;
use crate::lab::storage::Storage;

/// A replica's lag is drawn anew this often.
const LAG_TURN_MS: i64 = 20_000;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

pub(super) struct Desk {
    pub(super) options: Options,
    pub(super) origin: String,
    pub(super) tenant: Tenant,
    pub(super) storage: Option<Storage>,
    pub(super) stream: Stream,
    pub(super) tokens: Tokens,
    pub(super) quota: Quota,
    pub(super) counters: Counters,
    pub(super) strikes: Strikes,
    /// Groups that a write is in flight on: until when, and of which call.
    pub(super) busy: BTreeMap<Guid, (i64, u64)>,
    /// Calls over the wire so far.
    pub(super) calls: u64,
    /// Teams to come: when, and of which group.
    pub(super) teams: BTreeMap<Guid, i64>,
    /// The team that the request in hand asks for will not come.
    pub(super) team_fails: bool,
    /// Seats that were bought, by SKU, when it differs from the options.
    pub(super) seats: BTreeMap<String, u64>,
    pub(super) directory_objects: u64,
    /// Milliseconds of the service's clock.
    pub(super) now: i64,
    /// The item in hand waited for the one before it in its batch.
    pub(super) in_series: bool,
    /// How long the request in hand takes.
    pub(super) takes: i64,
    /// Whose request it is.
    pub(super) app: usize,
}

impl Desk {
    fn commit(&mut self, change: &Change) -> Result<(), Answer> {
        if let Some(storage) = &mut self.storage
            && let Err(error) = storage.append(change)
        {
            tracing::warn!(%error, "the lab's folder cannot be written");
            return Err(Answer::error(500, "InternalServerError", "The lab's disk is full."));
        }
        let keep = self.lag_max();
        self.tenant.apply(change, keep);
        Ok(())
    }

    pub(super) fn put(
        &mut self,
        id: Guid,
        kind: Kind,
        standing: Standing,
        map: &Map<String, Value>,
    ) -> Result<(), Answer> {
        let json = Value::Object(map.clone()).to_string();
        let (seq, at) = (self.tenant.next_seq(), self.now);
        self.commit(&Change::Put { id, kind, seq, at, standing, json })
    }

    pub(super) fn link(
        &mut self,
        group: Guid,
        rel: Rel,
        member: Guid,
        added: bool,
    ) -> Result<(), Answer> {
        let (seq, at) = (self.tenant.next_seq(), self.now);
        self.commit(&Change::Link { group, rel, member, added, seq, at })
    }

    pub(super) fn new_id(&mut self) -> Guid {
        loop {
            let id = Guid::drawn(&mut self.stream);
            if self.tenant.kind(id).is_none() {
                return id;
            }
        }
    }

    fn lag_max(&self) -> i64 {
        let faults = &self.options.faults;
        (faults.lag_seconds * faults.lag_slow.max(1.0) * 1_000.0) as i64
    }

    /// Up to when a replica, drawn, has seen the writes.
    pub(super) fn horizon(&mut self, slow: bool) -> i64 {
        let faults = &self.options.faults;
        if faults.lag_seconds <= 0.0 {
            return i64::MAX;
        }
        let replica = self.stream.below(faults.lag_replicas.max(1));
        let turn = u64::try_from(self.now / LAG_TURN_MS).unwrap_or(0);
        let mut its_own = Stream::numbered(self.options.seed ^ replica, "lag", turn);
        let lag = its_own.below((faults.lag_seconds * 1_000.0) as u64 + 1) as f64;
        self.now - (lag * if slow { faults.lag_slow } else { 1.0 }) as i64
    }

    /// The live state of an object as a replica shows it; else the 404 of the service.
    pub(super) fn looked_up(&mut self, key: &str, kind: Kind) -> Result<(Guid, State), Answer> {
        let horizon = self.horizon(false);
        let gone = || not_found(key);
        let id = match key.parse::<Guid>() {
            Ok(id) => id,
            Err(()) if kind == Kind::User => {
                let found = self.tenant.find(kind, "userPrincipalName", key);
                *found.first().ok_or_else(gone)?
            }
            Err(()) => return Err(bad_id(key)),
        };
        if self.tenant.kind(id) != Some(kind) {
            return Err(gone());
        }
        let state = self.tenant.seen(id, horizon).filter(|state| state.is_live());
        state.cloned().map(|state| (id, state)).ok_or_else(gone)
    }

    /// The same for a write: what the replica shows must stand, but the truth is changed.
    pub(super) fn writing(
        &mut self,
        key: &str,
        kind: Kind,
    ) -> Result<(Guid, Map<String, Value>), Answer> {
        let (id, _) = self.looked_up(key, kind)?;
        let state = self.tenant.live(id, kind).ok_or_else(|| not_found(key))?;
        Ok((id, state.map()))
    }

    /// Things that happen by themselves: deleted objects go, teams come.
    pub(super) fn settle(&mut self) {
        let days = i64::from(self.options.limits.deleted_days) * DAY_MS;
        for (id, at) in self.tenant.overdue(self.now - days) {
            let Some((kind, state)) = self.tenant.kind(id).zip(self.tenant.now(id).cloned()) else {
                continue;
            };
            // A disk that is full is told to the next that writes.
            let _ = self.put(id, kind, Standing::Purged(at + days), &state.map());
        }
        self.settle_teams();
        let now = self.now;
        self.busy.retain(|_, (until, _)| *until > now);
    }

    /// The app in hand was granted a permission.
    pub(super) fn permitted(&self, permission: &str) -> Result<(), Answer> {
        let app = self.options.apps.get(self.app);
        match app.is_some_and(|app| app.permissions.contains(permission)) {
            true => Ok(()),
            false => Err(denied()),
        }
    }

    /// One more object fits, or the refusal of the service.
    pub(super) fn room(&mut self) -> Result<(), Answer> {
        match self.quota_used() < self.directory_objects {
            true => Ok(()),
            false => Err(Answer::error(
                403,
                "Directory_QuotaExceeded",
                "The directory object quota limit for the Tenant has been exceeded. Please ask \
                 your administrator to increase the quota limit or delete objects to reduce the \
                 used quota.",
            )),
        }
    }

    pub(super) fn quota_used(&mut self) -> u64 {
        let days = i64::from(self.options.limits.deleted_days) * DAY_MS;
        self.tenant.quota_used(self.now - days)
    }

    /// `2026-09-01T06:00:00Z` of a time of the service.
    pub(super) fn stamp(at: i64) -> String {
        let time = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    pub(super) fn context(&self, rest: &str) -> String {
        format!("{}/v1.0/$metadata#{rest}", self.origin)
    }
}

pub(super) fn not_found(key: &str) -> Answer {
    let text = format!(
        "Resource '{key}' does not exist or one of its queried reference-property objects are not \
         present."
    );
    Answer::error(404, "Request_ResourceNotFound", text)
}

pub(super) fn bad_id(key: &str) -> Answer {
    let text = format!("Invalid object identifier '{key}'.");
    Answer::error(400, "Request_BadRequest", text)
}

pub(super) fn bad(text: impl Into<String>) -> Answer {
    Answer::error(400, "Request_BadRequest", text)
}

pub(super) fn denied() -> Answer {
    let text = "Insufficient privileges to complete the operation.";
    Answer::error(403, "Authorization_RequestDenied", text)
}

pub(super) fn conflict(target: &str) -> Answer {
    let text = format!("Another object with the same value for property {target} already exists.");
    bad(text).detail("ObjectConflict", target)
}

pub(super) fn concurrent(status: u16) -> Answer {
    let text = "Error due to concurrent requests being made to the tenant. Please wait briefly \
                and retry.";
    Answer::error(status, "Directory_ConcurrencyViolation", text)
}
