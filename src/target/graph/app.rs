//! An application of the tenant: its way to the service, and its quotas.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::courier::Cost;
use super::exchange::Exchange;
use super::line::Line;
use super::settings::{App as Registration, Settings};
use super::speed::AppLevels;
use super::token::Tokens;
use crate::target::TargetError;
use crate::target::ldap::Entropy;
use crate::target::pace::{Allowance, Level, Pace};

/// Writes of one application in one tenant.
const WRITES: (u32, Duration) = (3000, Duration::from_secs(150));
/// Writes of all applications of a tenant.
const TENANT_WRITES: (u32, Duration) = (18_000, Duration::from_secs(300));
/// Resource units of one application in a tenant of more than 500 users.
const UNITS: (u32, Duration) = (8000, Duration::from_secs(10));
/// New teams: ten a second, and 83 % of that if it goes on.
const TEAMS: (u32, Duration) = (83, Duration::from_secs(10));

/// Calls in a row, each with a new token and after the answer to the one before, that are answered
/// 401: the application is shut out.
const SHUT_OUT: u32 = 3;

pub(super) struct App {
    /// Its place in the settings.
    pub(super) rank: usize,
    pub(super) line: Line,
    pub(super) paces: Paces,
    rest: OnceLock<TargetError>,
    bell: Notify,
    unauthorised: Mutex<Unauthorised>,
}

/// Calls in a row that were answered 401.
#[derive(Default)]
struct Unauthorised {
    count: u32,
    told_at: Option<Instant>,
}

impl App {
    pub(super) fn new(
        settings: &Settings,
        (rank, registration): (usize, &Registration),
        exchange: &Arc<dyn Exchange>,
        tenant: Option<&Arc<Pace>>,
        levels: AppLevels,
        entropy: Entropy,
    ) -> Result<Self, TargetError> {
        let tokens = Tokens::new(settings, registration, Arc::clone(exchange), entropy)?;
        let (base, timeout) = (&settings.base_url, settings.timeout);
        let line = Line::new(Arc::clone(exchange), base, tokens, timeout, entropy);
        Ok(Self {
            rank,
            line,
            paces: Paces::new(settings, tenant, levels),
            rest: OnceLock::new(),
            bell: Notify::new(),
            unauthorised: Mutex::default(),
        })
    }

    /// It does nothing more; only its crew sends it to rest.
    pub(super) fn rest(&self, cause: TargetError) {
        let _ = self.rest.set(cause);
        self.bell.notify_waiters();
    }

    /// None: it is in service.
    pub(super) fn cause_of_rest(&self) -> Option<&TargetError> {
        self.rest.get()
    }

    pub(super) async fn until_at_rest(&self) {
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            if self.rest.get().is_some() {
                return;
            }
            bell.await;
        }
    }

    /// Counts a call, answered with this status as a whole.
    pub(super) fn is_shut_out(&self, status: u16, sent_at: Instant) -> bool {
        let mut row = self.unauthorised.lock().unwrap_or_else(PoisonError::into_inner);
        if status != 401 {
            *row = Unauthorised::default();
        } else if row.told_at.is_none_or(|told_at| sent_at >= told_at) {
            // Those that were on their way at once tell the same.
            row.count += 1;
            row.told_at = Some(Instant::now());
        }
        row.count >= SHUT_OUT
    }
}

/// The quota that the applications of a tenant share; None: there is one, whose own is smaller.
pub(super) fn of_tenant(settings: &Settings, level: Level) -> Option<Arc<Pace>> {
    let is_shared = !settings.extra_apps.is_empty();
    is_shared.then(|| Arc::new(pace(settings, TENANT_WRITES, level)))
}

fn pace(settings: &Settings, (amount, window): (u32, Duration), level: Level) -> Pace {
    let allowance = Allowance { amount, window, share: settings.share };
    Pace::new(allowance, settings.tempo(), level, (settings.now)())
}

/// The quotas of an application, each with its speed.
pub(super) struct Paces {
    writes: Pace,
    /// Of all applications.
    tenant: Option<Arc<Pace>>,
    units: Pace,
    teams: Pace,
}

impl Paces {
    fn new(settings: &Settings, tenant: Option<&Arc<Pace>>, levels: AppLevels) -> Self {
        let AppLevels { writes, units, teams } = levels;
        Self {
            writes: pace(settings, WRITES, writes),
            tenant: tenant.cloned(),
            units: pace(settings, UNITS, units),
            teams: pace(settings, TEAMS, teams),
        }
    }

    /// Waits until a question may go: for the quotas that it counts in, and for no other.
    pub(super) async fn take(&self, cost: Cost) {
        for (pace, units) in self.of(cost) {
            pace.take(units).await;
        }
    }

    /// The quotas that a question counts in, and as how much.
    fn of(&self, cost: Cost) -> impl Iterator<Item = (&Pace, u32)> {
        let Cost { writes, units, teams } = cost;
        let own = [(&self.units, units), (&self.teams, teams), (&self.writes, writes)];
        let tenant = self.tenant.as_deref().map(|tenant| (tenant, writes));
        own.into_iter().chain(tenant).filter(|(_, units)| *units > 0)
    }

    /// A question was refused as one too many: the quota that binds it is held.
    pub(super) fn refused(&self, cost: Cost, at: Instant, wait: Option<Duration>, chance: f64) {
        self.binding(cost).refused(at, wait, chance);
    }

    /// It was one too many of all applications together: every one of them is held.
    pub(super) fn tenant_refused(&self, at: Instant, wait: Option<Duration>, chance: f64) {
        if let Some(tenant) = &self.tenant {
            tenant.refused(at, wait, chance);
        }
    }

    pub(super) fn accepted(&self, cost: Cost, sent_at: Instant) {
        self.binding(cost).accepted(sent_at);
    }

    pub(super) fn near(&self, cost: Cost, used: f64) {
        self.binding(cost).near(used);
    }

    /// Waits until the service has slowed any of them.
    pub(super) async fn changed(&self) {
        let tenant = async {
            match &self.tenant {
                Some(tenant) => tenant.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.writes.changed() => {}
            () = self.units.changed() => {}
            () = self.teams.changed() => {}
            () = tenant => {}
        }
    }

    /// Time that was lost as the service told us to wait.
    pub(super) fn held_back(&self) -> Duration {
        self.writes.held_back()
    }

    /// How long such a question may not go.
    pub(super) fn frozen_of(&self, cost: Cost) -> Duration {
        self.of(cost).map(|(pace, _)| pace.frozen_for()).max().unwrap_or_default()
    }

    /// How long no write may go.
    pub(super) fn frozen_for(&self) -> Duration {
        self.frozen_of(Cost { writes: 1, units: 1, teams: 0 })
    }

    pub(super) fn levels(&self, now: Timestamp) -> AppLevels {
        AppLevels {
            writes: self.writes.level(now),
            units: self.units.level(now),
            teams: self.teams.level(now),
        }
    }

    /// That of all applications together, where there are several.
    pub(super) fn tenant_level(&self, now: Timestamp) -> Option<Level> {
        self.tenant.as_ref().map(|tenant| tenant.level(now))
    }

    fn binding(&self, cost: Cost) -> &Pace {
        match cost {
            Cost { teams: 1.., .. } => &self.teams,
            Cost { writes: 1.., .. } => &self.writes,
            Cost { .. } => &self.units,
        }
    }
}
