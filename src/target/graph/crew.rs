//! The applications of a tenant, and which of them are in service.
//!
//! One that is refused a token, whose tokens are not taken, or that is denied what another one is
//! granted, rests for the rest of the run, and the others do its work. The last one never rests:
//! what it is told is told to whoever asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::app::App;
use super::fault::Fault;
use crate::target::TargetError;

/// Applications that were denied a question, by their rank.
pub(super) type Denied = BTreeSet<usize>;

pub(super) struct Crew {
    /// In the order of the settings.
    pub(super) apps: Vec<Arc<App>>,
    /// The target's name, for the log.
    name: String,
    /// They go to rest one after the other: never the last two at once.
    roster: Mutex<()>,
}

impl Crew {
    pub(super) fn new(apps: Vec<Arc<App>>, name: &str) -> Self {
        Self { apps, name: name.to_owned(), roster: Mutex::new(()) }
    }

    pub(super) fn in_service(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.iter().filter(|app| app.cause_of_rest().is_none())
    }

    /// Those that a question is not denied to; if it is to all, any of them.
    fn able(&self, denied: &Denied) -> impl Iterator<Item = &Arc<App>> {
        let is_final = self.is_denied_by_all(denied);
        self.in_service().filter(move |app| is_final || !denied.contains(&app.rank))
    }

    /// The application that reads.
    pub(super) fn reader(&self, denied: &Denied) -> Option<&Arc<App>> {
        self.able(denied).next()
    }

    /// All of them write, one of them reads.
    pub(super) fn may_ask(&self, app: &App, is_write: bool, denied: &Denied) -> bool {
        let mut able = self.able(denied);
        match is_write {
            true => able.any(|one| one.rank == app.rank),
            false => able.next().is_some_and(|one| one.rank == app.rank),
        }
    }

    pub(super) fn is_denied_by_all(&self, denied: &Denied) -> bool {
        self.in_service().all(|app| denied.contains(&app.rank))
    }

    /// Nobody else is in service.
    pub(super) fn is_last(&self, app: &App) -> bool {
        self.in_service().all(|one| one.rank == app.rank)
    }

    /// Sends an application to rest, or gives the cause back: it is the last one.
    pub(super) fn rest(&self, app: &App, cause: TargetError) -> Result<(), TargetError> {
        let _turn = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        if app.cause_of_rest().is_some() {
            return Ok(());
        }
        if self.is_last(app) {
            return Err(cause);
        }
        tracing::warn!(
            target_name = %self.name,
            client_id = app.line.tokens.client_id(),
            %cause,
            "an application rests, and the others do its work"
        );
        app.rest(cause);
        Ok(())
    }

    /// What the answer to a question tells of the application that asked. True: another one is to
    /// ask the same.
    pub(super) fn passes_on(&self, app: &App, fault: &Fault, denied: &mut Denied) -> bool {
        match fault.status {
            401 => app.cause_of_rest().is_some(),
            403 if fault.is_denied() => {
                denied.insert(app.rank);
                !self.is_denied_by_all(denied)
            }
            200..300 => {
                for rank in std::mem::take(denied) {
                    self.lacks_rights(rank);
                }
                false
            }
            _ => false,
        }
    }

    /// An application was denied what another one has just been granted.
    fn lacks_rights(&self, rank: usize) {
        let Some(app) = self.apps.get(rank) else { return };
        let cause = TargetError::Unreadable {
            what: format!(
                "the application {} is denied what another one is granted",
                app.line.tokens.client_id()
            ),
            hint: "grant it the same application permissions, with an administrator's consent"
                .into(),
        };
        // One that has become the last one meanwhile goes on.
        let _ = self.rest(app, cause);
    }

    /// A call was answered with this status, whole. Token after token that is not taken is no
    /// accident.
    pub(super) fn heard(&self, app: &App, status: u16, sent_at: tokio::time::Instant) {
        if !app.is_shut_out(status, sent_at) {
            return;
        }
        let cause = TargetError::Unreachable {
            what: format!(
                "the tokens of the application {} are not taken, new ones neither",
                app.line.tokens.client_id()
            ),
            hint: "look in the tenant whether it is enabled, and whether a policy keeps it out"
                .into(),
        };
        // Whoever asked is told by the answer.
        let _ = self.rest(app, cause);
    }
}
