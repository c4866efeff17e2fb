//! What a run needs of its machine: room on the disk of the store, and a clock that does not step
//! back. `doctor` tells before a run does.

use std::path::Path;

use jiff::SignedDuration;

use super::doctor::{bad, good};
use super::outcome::{ExitStatus, Failure};
use super::session::{Session, store_failure};
use crate::plan::{Objection, guard};
use crate::store::runs::{self, Run};
use crate::store::{FILE, Store, StoreError};
use crate::target::examined::{Examined, Verdict};

/// A run of a school year's beginning at the size of an académie takes less.
const ROOM_MIN_BYTES: u64 = 256 << 20;
/// Of the configured size of the store.
const FILLED_PERCENT_MAX: u64 = 90;
/// What a time server may take back.
const STEP_MAX: SignedDuration = SignedDuration::from_hours(1);

pub(super) const CLOCK: &str = "correct the clock; if it is right, and was wrong before: rentree \
                                show latest, which says how two persons let it pass";

const CLOCK_OF_REPLAY: &str = "correct the clock; if it is right, and was wrong before: rentree \
                               plan, which says how two persons let it pass";

/// The state folder can be written to, and has room.
pub(super) fn room(session: &Session) -> Vec<Examined> {
    let folder = &session.config.state;
    let shown = folder.display();
    if !folder.exists() {
        // Made by the first command; the store tells when it cannot be.
        let stands = folder.ancestors().find(|one| one.exists()).unwrap_or(Path::new("."));
        return sizes(session, stands);
    }
    let probe = folder.join("doctor.probe");
    let written = std::fs::write(&probe, b"x");
    let removed = std::fs::remove_file(&probe); // On a full disk the empty file is there.
    if let Err(error) = written.and(removed) {
        let hint = "give its owner the right to write, mount its disk for writing, or free space";
        return vec![bad("state-folder", format!("{shown} cannot be written to: {error}"), hint)];
    }
    sizes(session, folder)
}

/// What the store may grow to: on the disk of a folder, by its own limit, by that of the process.
fn sizes(session: &Session, folder: &Path) -> Vec<Examined> {
    let shown = session.config.state.display();
    let size = std::fs::metadata(session.config.state.join(FILE)).map_or(0, |file| file.len());
    let mut list = Vec::new();
    // The store is written beside itself: a second one must fit.
    let wanted = ROOM_MIN_BYTES.max(size);
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            list.push(disk_room(&shown.to_string(), free, wanted));
        }
        Err(error) => list.push(bad("disk", format!("{shown}: {error}"), "look at its disk")),
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    list.extend(limit.and_then(|limit| file_room(limit, wanted)));
    list.extend(session.config.store_size_max_bytes.and_then(|limit| store_room(size, limit)));
    list
}

fn disk_room(shown: &str, free: u64, wanted: u64) -> Examined {
    let (free_mib, wanted_mib) = (free >> 20, wanted.div_ceil(1 << 20));
    if free < wanted {
        let what = format!("{free_mib} MiB are free on the disk of {shown}");
        bad("disk", what, &format!("free {wanted_mib} MiB or more before the next run"))
    } else {
        good("disk", format!("{wanted_mib} MiB or more are free on the disk of {shown}"))
    }
}

fn file_room(limit: u64, wanted: u64) -> Option<Examined> {
    let what = || format!("this process may write files of {} KiB at most", limit >> 10);
    let hint = format!(
        "allow {} MiB or more (ulimit -f, LimitFSIZE=) to whoever runs rentree",
        wanted.div_ceil(1 << 20)
    );
    (limit < wanted).then(|| bad("file-size", what(), &hint))
}

fn store_room(size: u64, limit: u64) -> Option<Examined> {
    let filled = size.saturating_mul(100) > limit.saturating_mul(FILLED_PERCENT_MAX);
    let what = || format!("the store has {} of at most {} MiB", size >> 20, limit >> 20);
    filled.then(|| bad("store-size", what(), "raise size_max_mib in [store]"))
}

/// Before a command that writes: what the doctor would say of the disk. It goes on all the same; a
/// disk that fills in the middle leaves nothing half-done, and the 72 hours do not wait.
pub(super) fn warn_of_room(session: &Session) {
    for Examined { id: _, verdict, what, hint } in room(session) {
        if verdict != Verdict::Good {
            (session.world.warn)(&format!("{what}: {hint}"));
        }
    }
}

/// Says so when the clock is behind the last run that was begun: grace, retention and deadlines
/// would be counted from a day that has passed.
pub(super) fn stepped_back(session: &Session, store: &Store) -> Result<Option<String>, StoreError> {
    let rehearsed = session.world.clock.is_fixed();
    let begun = |run: &Run| run.rehearsed == rehearsed && run.started_at.is_some();
    let Some(last) = runs::list(store)?.into_iter().find(begun) else { return Ok(None) };
    let Some(started_at) = last.started_at else { return Ok(None) };
    let behind = started_at.duration_since(session.world.clock.now());
    Ok((behind > STEP_MAX)
        .then(|| format!("the clock is behind run {}, which was begun at {started_at}", last.id)))
}

/// The same, for a command that plans nothing.
pub(super) fn refuse_stepped_back(session: &Session, store: &Store) -> anyhow::Result<()> {
    match stepped_back(session, store).map_err(store_failure)? {
        None => Ok(()),
        Some(what) => {
            let what = format!("nothing is written: {what}");
            Err(Failure::new(ExitStatus::Guarded, what).hint(CLOCK_OF_REPLAY).into())
        }
    }
}

/// The same, for a plan: nothing is written until a person has looked at the clock.
pub(super) fn objection(session: &Session, store: &Store) -> anyhow::Result<Option<Objection>> {
    let text = stepped_back(session, store).map_err(store_failure)?;
    Ok(text.map(|text| {
        let id = guard::CLOCK_STEPPED_BACK.to_owned();
        Objection { id, uai: None, text }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_told_with_what_to_free() {
        let disk = |free, wanted| {
            let Examined { id, verdict, what, hint } = disk_room("state", free, wanted);
            assert_eq!((id, hint.is_empty()), ("disk", verdict == Verdict::Good));
            (verdict, what, hint)
        };
        let (verdict, what, hint) = disk(ROOM_MIN_BYTES - 1, ROOM_MIN_BYTES);
        assert_eq!(verdict, Verdict::Bad);
        assert_eq!(what, "255 MiB are free on the disk of state");
        assert_eq!(hint, "free 256 MiB or more before the next run");
        let (verdict, what, _) = disk(ROOM_MIN_BYTES, ROOM_MIN_BYTES);
        assert_eq!(verdict, Verdict::Good);
        assert_eq!(what, "256 MiB or more are free on the disk of state");
        // A store that is larger needs its own size, rounded up.
        let (_, _, hint) = disk(0, (900 << 20) + 1);
        assert_eq!(hint, "free 901 MiB or more before the next run");
    }

    #[test]
    fn a_store_near_its_limit_is_told_before_it_is_there() {
        assert_eq!(store_room(90 << 20, 100 << 20), None);
        let told = store_room((90 << 20) + 1, 100 << 20).unwrap();
        assert_eq!((told.id, told.verdict), ("store-size", Verdict::Bad));
        assert_eq!(told.what, "the store has 90 of at most 100 MiB");
    }
}
