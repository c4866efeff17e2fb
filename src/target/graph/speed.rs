//! How fast the tenant lets us go, to be kept while it is written.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, select_all};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::{GraphTarget, Memory};
use crate::target::Speed;
use crate::target::pace::Level;

/// The level of each quota.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Levels {
    /// Of each application, in the order of the settings.
    pub(super) apps: Vec<AppLevels>,
    /// Of all together, where there are several.
    pub(super) tenant: Option<Level>,
}

/// Those of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AppLevels {
    pub(super) writes: Level,
    pub(super) units: Level,
    pub(super) teams: Level,
}

/// Of each application, in the order of the settings.
struct Speeds {
    apps: Vec<Arc<App>>,
    now: fn() -> Timestamp,
}

impl Speed for Speeds {
    fn changed(&self) -> BoxFuture<'_, ()> {
        select_all(self.apps.iter().map(|app| app.paces.changed().boxed())).map(drop).boxed()
    }

    fn kept(&self) -> Option<String> {
        serde_json::to_string(&levels(&self.apps, (self.now)())).ok()
    }

    /// Of the application that may go first.
    fn frozen_for(&self) -> Duration {
        let in_service = self.apps.iter().filter(|app| app.cause_of_rest().is_none());
        in_service.map(|app| app.paces.frozen_for()).min().unwrap_or_default()
    }
}

fn levels(apps: &[Arc<App>], now: Timestamp) -> Levels {
    Levels {
        apps: apps.iter().map(|app| app.paces.levels(now)).collect(),
        tenant: apps.first().and_then(|app| app.paces.tenant_level(now)),
    }
}

impl GraphTarget {
    pub(super) fn levels(&self) -> Levels {
        levels(&self.crew.apps, (self.settings.now)())
    }

    pub(super) fn speeds(&self) -> Arc<dyn Speed> {
        Arc::new(Speeds { apps: self.crew.apps.clone(), now: self.settings.now })
    }
}

impl Memory {
    /// With a speed that was kept after the rest of it. One that cannot be read is left.
    #[must_use]
    pub fn with_speed(mut self, kept: &str) -> Self {
        if let Ok(levels) = serde_json::from_str(kept) {
            self.paces = levels;
        }
        self
    }
}
