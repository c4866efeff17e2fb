//! What every command starts from: configuration, clock, form of the output.

use std::path::Path;

use jiff::civil::Date;

use crate::cli::args::Format;
use crate::cli::clock::Clock;
use crate::cli::say::{ExitStatus, Failure};
use crate::config::{self, Config, TargetKind};
use crate::store::lock::{Held, Lock, LockOwner};
use crate::store::{Options, Store, StoreError};

/// A command's surroundings.
pub struct Session {
    pub config: Config,
    pub format: Format,
    pub clock: Clock,
}

impl Session {
    /// Reads and checks the configuration.
    pub fn open(path: &Path, format: Format, clock: Clock) -> anyhow::Result<Self> {
        let config = config::load(path).map_err(|error| {
            Failure::new(ExitStatus::Usage, error.to_string()).hint(
                "`rentree init DIR` writes a commented configuration; `rentree --help` tells more",
            )
        })?;
        Ok(Self { config, format, clock })
    }

    /// The civil day of the clock, in the configured zone.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned_datetime(self.config.zone.clone()).date()
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
            started_at: self.clock.now(),
            command: command.to_owned(),
        };
        let state = &self.config.state;
        Lock::take(state, &owner).map_err(|held| {
            let (status, hint) = match &held {
                Held::By(_) => (
                    ExitStatus::Locked,
                    "wait for it to end; a lock never outlives its process".to_owned(),
                ),
                Held::Io(_) => {
                    (ExitStatus::Internal, format!("check the folder {}", state.display()))
                }
            };
            Failure::new(status, held.to_string()).hint(hint).into()
        })
    }

    /// Refuses to write to a real directory under a clock that is not the wall's.
    pub fn may_write(&self) -> anyhow::Result<()> {
        let real =
            self.config.targets.iter().find(|target| matches!(target.kind, TargetKind::Ldap(_)));
        match real {
            Some(target) if self.clock.is_fixed() => {
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
    Failure::new(ExitStatus::Internal, error.to_string()).into()
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_else(|_| "unknown".to_owned())
}
