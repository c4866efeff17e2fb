//! What every command starts from: configuration, clock, form of the output.

use std::path::Path;

use clap::ValueEnum;
use jiff::civil::Date;

use super::outcome::{ExitStatus, Failure};
use super::world::World;
use crate::config::{self, Config, TargetKind};
use crate::store::lock::{Held, Lock, LockOwner};
use crate::store::{Options, Store, StoreError};

/// What stdout holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// A command's surroundings.
pub struct Session {
    pub config: Config,
    pub format: Format,
    pub world: World,
}

impl Session {
    /// Reads and checks the configuration.
    pub fn open(path: &Path, format: Format, world: World) -> anyhow::Result<Self> {
        let config = config::load(path).map_err(|error| {
            Failure::new(ExitStatus::Usage, error.to_string()).hint(
                "`rentree init DIR` writes a commented configuration; `rentree --help` tells more",
            )
        })?;
        Ok(Self { config, format, world })
    }

    /// The civil day of the clock, in the configured zone.
    pub fn today(&self) -> Date {
        self.world.clock.now().to_zoned_datetime(self.config.zone.clone()).date()
    }

    /// Opens the store, making it when it is not there yet.
    pub fn store(&self) -> anyhow::Result<Store> {
        let options =
            Options { size_max_bytes: self.config.store_size_max_bytes, ..Options::default() };
        Store::open(&self.config.state, &options).map_err(store_failure)
    }

    /// Takes the lock for a command that changes something (exit 7 when another holds it).
    pub fn lock(&self, command: &str) -> anyhow::Result<Lock> {
        let owner = LockOwner {
            pid: std::process::id(),
            host: host_name(),
            started_at: self.world.clock.now(),
            command: command.to_owned(),
        };
        Lock::take(&self.config.state, &owner).map_err(|held| match held {
            Held::By(_) => Failure::new(ExitStatus::Locked, held.to_string())
                .hint("wait for it to end; a lock never outlives its process")
                .into(),
            Held::Io(_) => Failure::new(ExitStatus::Internal, held.to_string())
                .hint(format!("look at the folder {}", self.config.state.display()))
                .into(),
        })
    }

    /// Refuses to write to a real directory under a clock that is not the wall's.
    pub fn may_write(&self) -> anyhow::Result<()> {
        let real =
            self.config.targets.iter().find(|target| matches!(target.kind, TargetKind::Ldap(_)));
        match real {
            Some(target) if self.world.clock.is_fixed() => {
                let what = format!("--now is for rehearsals: {} is a real target", target.name);
                Err(Failure::new(ExitStatus::Usage, what)
                    .hint("leave --now out, or use a folder whose target is the lab")
                    .into())
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A store that cannot be used: what happened and what to do are in the error itself.
pub(super) fn store_failure(error: StoreError) -> anyhow::Error {
    let status = match &error {
        StoreError::Stale { .. } => ExitStatus::Stale,
        _ => ExitStatus::Internal,
    };
    Failure::new(status, error.to_string()).into()
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_else(|_| "unknown".to_owned())
}
