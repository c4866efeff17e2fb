//! What every command starts from: configuration, clock, form of the output.

use std::io::{self, ErrorKind};
use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::outcome::{ExitStatus, Failure};
use super::targets;
use super::world::World;
use crate::config::{self, Config, Target};
use crate::store::lock::{self, Held, Lock, LockOwner};
use crate::store::runs::Run;
use crate::store::{Options, Store, StoreError, health, history};

/// What stdout holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let config = config::load(path, &targets::problems).map_err(|error| {
            Failure::new(ExitStatus::Usage, error.to_string()).hint(error.hint())
        })?;
        Ok(Self { config, format, world })
    }

    /// The civil day of the clock, in the configured zone.
    pub fn today(&self) -> Date {
        self.world.clock.now().to_zoned_datetime(self.config.zone.clone()).date()
    }

    /// From here on, runs count together with the plan that is made now.
    pub(super) fn a_day_ago(&self) -> Timestamp {
        let day = SignedDuration::from_hours(24);
        self.world.clock.now().checked_sub(day).unwrap_or(Timestamp::MIN)
    }

    /// Opens the store, making it when it is not there yet. One that was filled under another key
    /// is not touched: nobody in it would be recognised.
    pub fn store(&self) -> anyhow::Result<Store> {
        let mut store = self.open_store().map_err(store_failure)?;
        self.check_key(&mut store)?;
        Ok(store)
    }

    /// The same for a command that writes: a damaged one is found before anything is decided.
    pub(super) fn sound_store(&self) -> anyhow::Result<Store> {
        let store = self.store()?;
        health::sound(&store).map_err(store_failure)?;
        Ok(store)
    }

    pub(super) fn open_store(&self) -> Result<Store, StoreError> {
        let options =
            Options { size_max_bytes: self.config.store_size_max_bytes, ..Options::default() };
        Store::open(&self.config.state, &options)
    }

    /// The key of the INE is the one that the store was filled under.
    pub(super) fn check_key(&self, store: &mut Store) -> anyhow::Result<()> {
        let witness = self.config.ine_key_witness();
        if history::witnesses(store, "ine-key", &witness).map_err(store_failure)? {
            return Ok(());
        }
        let what = format!(
            "the key of the INE is not the one that {} was filled under",
            store.path().display()
        );
        Err(Failure::new(ExitStatus::Usage, what).hint(config::INE_KEY_HINT).into())
    }

    /// Takes the lock for a command that changes something. When another holds it, that is one line
    /// and exit status 7: cron may start the next run before the last one has ended.
    pub fn lock(&self, command: &str) -> anyhow::Result<Lock> {
        let owner = LockOwner {
            pid: std::process::id(),
            born: lock::born(std::process::id()),
            host: host_name(),
            started_at: self.world.clock.now(),
            command: command.to_owned(),
        };
        let taken = Lock::take(&self.config.state, &owner).map_err(|held| match held {
            Held::By(_) => Failure::new(ExitStatus::Locked, held.to_string()),
            Held::Io(ref error) => {
                Failure::new(ExitStatus::Internal, held.to_string()).hint(self.no_lock(error))
            }
        })?;
        if let Some(LockOwner { pid, born: _, host, started_at, command }) = &taken.left_by {
            (self.world.warn)(&format!(
                "`rentree {command}`, process {pid} on {host}, since {started_at}, died without \
                 letting go of the lock: it is taken over"
            ));
        }
        Ok(taken)
    }

    fn no_lock(&self, error: &io::Error) -> String {
        let folder = self.config.state.display();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!(
                "free space on the disk of {folder}, then run the same command again; nothing was \
                 begun"
            ),
            ErrorKind::ReadOnlyFilesystem => {
                format!("mount the disk of {folder} for writing, then run the same command again")
            }
            _ => format!("look at the folder {folder}"),
        }
    }

    /// Who is at work in the state folder now.
    pub(super) fn at_work(&self) -> anyhow::Result<Option<LockOwner>> {
        lock::at_work(&self.config.state, &host_name()).map_err(|error| {
            let what = format!("who holds the lock cannot be told: {error}");
            Failure::new(ExitStatus::Internal, what)
                .hint(format!("look at the folder {}", self.config.state.display()))
                .into()
        })
    }

    /// A target that is not a lab.
    pub(super) fn real_target(&self) -> Option<&Target> {
        self.config.targets.iter().find(|target| target.is_real())
    }

    /// Refuses to write to a real directory under a clock that is not the wall's.
    pub fn may_write(&self) -> anyhow::Result<()> {
        match self.real_target() {
            Some(target) if self.world.clock.is_fixed() => {
                let what = format!("--now is for rehearsals: {} is a real target", target.name);
                Err(Failure::new(ExitStatus::Usage, what)
                    .hint("leave --now out, or use a folder whose target is the lab")
                    .into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses to write to a real directory what was planned under such a clock.
    pub(super) fn may_write_plan_of(&self, run: &Run) -> anyhow::Result<()> {
        match self.real_target() {
            Some(target) if run.rehearsed => {
                let what = format!(
                    "plan {} is a rehearsal, made under --now: {} is a real target",
                    run.id, target.name
                );
                Err(Failure::new(ExitStatus::Usage, what)
                    .hint("nothing was written; `rentree plan` makes a plan of today")
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
