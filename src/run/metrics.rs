//! `--metrics FILE`: the state of the folder, written at the end of a command however it ended.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::deadlines;
use super::outcome::ExitStatus;
use super::session::{Format, Session, store_failure};
use super::world::{Stopwatch, World};
use crate::model::delivery::Status;
use crate::report::deadlines::Line;
use crate::report::metrics::{self, Ended, Outcomes, Seen};
use crate::store::review::QuestionState;
use crate::store::review::questions;
use crate::store::runs::{self, TallyLine};
use crate::store::standing::{self, Standing};
use crate::store::{Store, refused};

/// Where a command's metrics go, and since when it runs.
pub struct Metrics {
    file: PathBuf,
    command: &'static str,
    watch: Stopwatch,
}

impl Metrics {
    pub fn start(world: &World, command: &'static str, file: PathBuf) -> Self {
        Self { file, command, watch: Stopwatch::start(world) }
    }

    /// Writes the file. A command that found the lock taken leaves it to the one that holds it.
    pub fn end(mut self, config: &Path, world: World, status: ExitStatus) {
        if status == ExitStatus::Locked {
            return;
        }
        let ended = Ended {
            command: self.command,
            exit: status as u8,
            at: world.clock.now(),
            duration_ms: self.watch.lap_ms(),
        };
        let state = Session::open(config, Format::Text, world).and_then(|session| state(&session));
        let page = match &state {
            Ok((last_success, seen)) => metrics::text(&ended, *last_success, Some(seen)),
            // What failed is told by the command itself.
            Err(_) => {
                let before = fs::read_to_string(&self.file).unwrap_or_default();
                metrics::text(&ended, metrics::last_success(&before), None)
            }
        };
        if let Err(error) = write(&self.file, page.as_bytes()) {
            (world.warn)(&format!("cannot write {}: {error}", self.file.display()));
        }
    }
}

/// The end of the last run that did everything, and what the store tells.
fn state(session: &Session) -> anyhow::Result<(Option<i64>, Seen)> {
    let store = session.store()?;
    let targets: Vec<&str> = session.config.targets.iter().map(|one| one.name.as_str()).collect();
    let success = standing::success(&store, &targets).map_err(store_failure)?;
    let asked = questions::list(&store, false).map_err(store_failure)?;
    let open = asked.iter().filter(|one| one.state == QuestionState::Open).count();
    let mut seen = Seen { questions: open as u64, ..Seen::default() };
    seen.successes = success.targets.into_iter().map(|(of, at)| (of, at.as_second())).collect();
    for target in &session.config.targets {
        seen.unread.insert(target.name.clone(), false);
    }
    let refused = refused::list(&store).map_err(store_failure)?;
    seen.poison = refused.iter().filter(|one| one.is_set_aside()).count() as u64;
    if runs::latest(&store).map_err(store_failure)?.is_some() {
        of_standing(standing::standing(&store).map_err(store_failure)?, &mut seen);
        of_clock(session, &store, &mut seen)?;
    }
    Ok((success.whole.map(|at| at.as_second()), seen))
}

fn of_standing(standing: Standing, seen: &mut Seen) {
    let Standing { operations, deliveries, unread, objections } = standing;
    for line in &deliveries {
        *seen.deliveries.entry(line.status).or_default() += 1;
        if line.status == Status::Current {
            seen.records.accepted += line.counts.accepted;
            seen.records.quarantined += line.counts.quarantined;
            seen.records.rejected += line.counts.rejected;
        }
    }
    for target in unread {
        seen.unread.insert(target, true);
    }
    seen.stopped = !objections.is_empty();
    for objection in objections {
        *seen.objections.entry(objection.id).or_default() += 1;
    }
    for (of, TallyLine { planned, done, failed, skipped }) in operations {
        let open = planned.saturating_sub(done + failed + skipped);
        seen.operations.insert(of, Outcomes { done, failed, set_aside: skipped, open });
    }
}

fn of_clock(session: &Session, store: &Store, seen: &mut Seen) -> anyhow::Result<()> {
    let told = deadlines::open(session, store)?;
    let mut late: BTreeMap<_, u64> = BTreeMap::new();
    for one in told.late.iter().filter(|one| one.ended.is_none()) {
        *late.entry(one.cause).or_default() += one.count;
    }
    seen.late_now = late;
    let warned = told.region.figures.warned.clone();
    seen.warned = told.warn_at.iter().copied().zip(warned).collect();
    let first = told.region.figures.earliest_deadline;
    seen.deadline_margin = first.map(|due| due.as_second() - told.now.as_second());
    let margin = |figures: &Line| {
        Some(figures.figures.earliest_deadline?.as_second() - figures.forecast?.as_second())
    };
    seen.forecast_margin = told.schools.iter().filter_map(|school| margin(&school.line)).min();
    Ok(())
}

/// The collector never sees half a file, and reads it as another user.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    // The collector takes `*.prom` only.
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(name);
    let written = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut open = options.write(true).create(true).truncate(true).mode(0o644).open(&beside)?;
        open.set_permissions(fs::Permissions::from_mode(0o644))?;
        open.write_all(bytes)?;
        open.sync_all()?;
        fs::rename(&beside, file)
    };
    written().inspect_err(|_| _ = fs::remove_file(&beside))
}
