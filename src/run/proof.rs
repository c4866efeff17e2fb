//! After a drive, the target is read again: what stands as it was written is proven, and that is
//! when the 72 hours end (requirements 2.4, t1).

use std::collections::BTreeSet;

use tokio::runtime::Runtime;

use super::drift;
use super::open::Open;
use super::outcome::ExitStatus;
use super::session::{Session, store_failure};
use crate::config::Target;
use crate::model::entry::ObjectKey;
use crate::plan::trace::{self, Sure, Traces};
use crate::store::runs::RunId;
use crate::store::{Store, proof, undo};
use crate::target::Observe as _;

/// Whether a directory is still to be read, where nothing is to be written any more. A tenant shows
/// writes late, and what it does not show yet holds nothing up.
pub(super) fn is_owed(store: &Store, run: RunId, target: &Target) -> anyhow::Result<bool> {
    let owed = || proof::is_owed(store, run, &target.name).map_err(store_failure);
    Ok(target.graph().is_none() && owed()?)
}

/// Reads one target and keeps what is proven. Said, and a reason for exit status 5: an entry that
/// does not stand as it was written a moment ago. A target that cannot be read proves nothing; its
/// own word stays what is known.
pub(super) fn prove(
    session: &Session,
    store: &mut Store,
    runtime: &Runtime,
    run: RunId,
    target: &Target,
    open: &mut Open,
) -> anyhow::Result<ExitStatus> {
    let mut traces = Traces::new();
    undo::each_done(store, Some(run), |operation, sure| {
        if sure == Sure::Done && operation.target == target.name {
            trace::fold(&mut traces, &operation);
        }
    })
    .map_err(store_failure)?;
    if traces.is_empty() {
        return Ok(ExitStatus::Done);
    }
    let mut observed = match runtime.block_on(open.observe()) {
        Ok(observed) => observed,
        Err(error) => {
            let name = &target.name;
            (session.world.warn)(&format!("{name}: written, and not read again: {error}"));
            return Ok(ExitStatus::Done);
        }
    };
    let now = session.world.clock.now();
    let (found, _) = drift::of_target(store, target, &traces, &mut observed)?;
    let differing: BTreeSet<ObjectKey> = found.into_iter().map(|one| one.key).collect();
    proof::save(store, run, &target.name, now, &differing).map_err(store_failure)?;
    // A tenant shows a write late: what it does not show yet is not proven, and no fault.
    if differing.is_empty() || target.graph().is_some() {
        return Ok(ExitStatus::Done);
    }
    proof::disprove(store, run, &target.name, now, &differing).map_err(store_failure)?;
    (session.world.warn)(&format!(
        "{}: {} objects do not stand as they were written a moment ago; the next run looks again: \
         rentree status {run}",
        target.name,
        differing.len()
    ));
    Ok(ExitStatus::SomeFailed)
}
