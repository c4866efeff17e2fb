//! `show --drift`: what stands otherwise than we last wrote it. Only read.

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::targets::{self, Observation};
use super::{applying, part};
use crate::config::Target;
use crate::model::entry::ObjectKey;
use crate::model::observed::Observed;
use crate::plan::drift::{self, Drifted};
use crate::plan::trace::{self, Sure, Traces};
use crate::report::drift as report;
use crate::store::{Store, registry, undo};

pub fn drift(session: &Session, schools: &[String]) -> anyhow::Result<ExitStatus> {
    targets::check_secrets(session)?;
    let only = part::schools(session, schools)?;
    let store = session.store()?;
    let mut traces = Traces::new();
    // What is not settled is for `status` to tell.
    undo::each_done(&store, None, |operation, sure| {
        if sure == Sure::Done {
            trace::fold(&mut traces, &operation);
        }
    })
    .map_err(store_failure)?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    let Observation { mut observed, unread, .. } =
        runtime.block_on(targets::observe_all(session, &store, &labs))?;
    let (mut drifted, mut compared) = (Vec::new(), 0);
    traces.retain(|_, trace| {
        only.is_empty() || trace.uai.as_ref().is_some_and(|uai| only.contains(uai))
    });
    for target in &session.config.targets {
        let Some(seen) = observed.get_mut(&target.name) else { continue };
        let (found, of) = of_target(&store, target, &traces, seen)?;
        drifted.extend(found);
        compared += of;
    }
    (session.world.out)(&match session.format {
        Format::Text => report::text(&drifted, compared),
        Format::Json => format!("{}\n", report::document(&drifted, compared)),
    });
    match unread.values().next() {
        Some(what) => Err(Failure::new(ExitStatus::Unreachable, what.clone()).told().into()),
        None => Ok(ExitStatus::Done),
    }
}

/// What stands in one target otherwise than the traces tell, and how many entries were compared.
pub(super) fn of_target(
    store: &Store,
    target: &Target,
    traces: &Traces,
    seen: &mut Observed,
) -> anyhow::Result<(Vec<Drifted>, u64)> {
    let known = registry::workspaces(store).map_err(store_failure)?;
    seen.recognise(known.keys());
    let of = |key: &ObjectKey| traces.get(&(target.name.clone(), key.clone()));
    seen.prefer(|key| of(key).map(|trace| trace.to.as_str()));
    Ok(drift::drift(&target.name, traces, seen, target.mapping.managed()))
}
