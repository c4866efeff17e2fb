//! Where the folder stands, over all runs: what is in force, what the last runs did and what is not
//! settled, which stop persists, and when a run last did everything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::params;

use super::history::{Latest, LatestOf, Plans, latest_by_school};
use super::runs::{self, OperationState, Run, RunId, RunState, TallyLine};
use super::{Store, StoreError, plans};
use crate::model::ids::Uai;
use crate::plan::operation::OperationKind;
use crate::plan::origin::Scope;
use crate::plan::{DeliveryLine, Objection};

/// Each school by the newest plan that speaks of it.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What is left of the newest plans, and what the last run of each school did.
    pub operations: BTreeMap<(String, OperationKind), TallyLine>,
    pub deliveries: Vec<DeliveryLine>,
    pub unread: BTreeSet<String>,
    /// To plans that nobody began.
    pub objections: Vec<Objection>,
}

pub fn standing(store: &Store) -> Result<Standing, StoreError> {
    let mut standing = Standing::default();
    let newest = latest_by_school(store, Plans::All)?;
    let begun = latest_by_school(store, Plans::BegunBefore(None))?;
    // Of a plan of which a part was begun, the rest is a plan of its own.
    let split = split(store, &newest)?;
    let ended = runs::list(store)?;
    let ended = ended.iter().filter(|run| run.state == RunState::Applied);
    let ended = ended.filter_map(|run| run.finished_at).max();
    for Latest { run, summary, of, in_force: _ } in
        newest.iter().filter(|one| !split.contains(&one.run))
    {
        let of_line = |line: &&DeliveryLine| match &line.uai {
            Some(uai) => of.has(uai),
            None => true,
        };
        standing.deliveries.extend(summary.deliveries.iter().filter(of_line).cloned());
        standing.unread.extend(summary.unread.keys().cloned());
        let run = runs::get(store, *run)?;
        standing.stop(store, &run, of)?;
        // A run that was taken up again since, and did everything, left nothing to this plan.
        let is_past = run.started_at.is_none() && ended.is_some_and(|at| at > run.made_at);
        if !is_past {
            standing.count(store, run.id, of, true)?;
        }
    }
    // Lines without a school are of the whole, of which a part does not tell.
    if let Some(whole) = newest.iter().find(|one| split.contains(&one.run)) {
        let lines = whole.summary.deliveries.iter().filter(|line| line.uai.is_none());
        standing.deliveries.extend(lines.cloned());
    }
    for Latest { run, of, .. } in begun {
        if !newest.iter().any(|one| one.run == run) {
            standing.count(store, run, &of, false)?;
        }
    }
    let last = runs::latest(store)?.filter(|last| !newest.iter().any(|one| one.run == last.id));
    if let Some(undoing) = last {
        // It takes a run back.
        let all = LatestOf::all();
        standing.stop(store, &undoing, &all)?;
        standing.count(store, undoing.id, &all, true)?;
    }
    Ok(standing)
}

/// The plans of which a part was begun.
fn split(store: &Store, newest: &[Latest]) -> Result<BTreeSet<RunId>, StoreError> {
    let mut split = BTreeSet::new();
    for one in newest {
        let origin = plans::header(store, one.run)?.origin;
        let begun = runs::get(store, one.run)?.started_at.is_some();
        if begun || origin.after.is_some() {
            split.extend(origin.part_of.map(RunId));
        }
    }
    Ok(split)
}

impl Standing {
    /// The objections that stand in the way of a plan.
    fn stop(&mut self, store: &Store, run: &Run, of: &LatestOf) -> Result<(), StoreError> {
        if matches!(run.state, RunState::Planned | RunState::Stopped) {
            let objections = plans::header(store, run.id)?.objections;
            let here = |one: &Objection| one.uai.as_ref().is_none_or(|uai| of.has(uai));
            self.objections.extend(objections.into_iter().filter(here));
        }
        Ok(())
    }

    /// Counts the operations of a run in. Of one that a newer plan has taken over, what was never
    /// sent is in that plan.
    fn count(
        &mut self,
        store: &Store,
        run: RunId,
        of: &LatestOf,
        with_open: bool,
    ) -> Result<(), StoreError> {
        let sql = "SELECT o.target, o.kind, o.uai, coalesce(s.state, 'planned'), count(*)
                   FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
                   WHERE o.run = ?1 GROUP BY 1, 2, 3, 4";
        let mut statement = store.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![run.0])?;
        while let Some(row) = rows.next()? {
            let uai: Option<String> = row.get(2)?;
            let uai: Option<Uai> = uai.and_then(|uai| uai.parse().ok());
            let (state, count): (OperationState, u64) = (row.get(3)?, row.get(4)?);
            let is_open = matches!(state, OperationState::Planned | OperationState::Started);
            if uai.is_some_and(|uai| !of.has(&uai)) || is_open && !with_open {
                continue;
            }
            let kind = runs::kind(&row.get::<_, String>(1)?)?;
            self.operations.entry((row.get(0)?, kind)).or_default().add(state, count);
        }
        Ok(())
    }
}

/// When a run last did all that it had to do; and by target, when one last did so there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Success {
    pub whole: Option<Timestamp>,
    pub targets: BTreeMap<String, Timestamp>,
}

/// The last successes in these targets: nothing failed, nothing was set aside, and every target
/// could be read. A part of some schools and a plan that takes a run back are no success of the
/// whole; the rest of a plan, which comes after its parts, is.
pub fn success(store: &Store, targets: &[&str]) -> Result<Success, StoreError> {
    let mut success = Success::default();
    for run in runs::list(store)?.iter().filter(|run| run.started_at.is_some()) {
        if success.whole.is_some() && targets.iter().all(|one| success.targets.contains_key(*one)) {
            break;
        }
        let plan = plans::header(store, run.id)?;
        let of_some = matches!(plan.origin.scope, Scope::Only(_)) || plan.origin.undoes.is_some();
        let Some(at) = run.finished_at.filter(|_| !of_some) else { continue };
        let tally = runs::tally(store, run.id)?;
        let did_all = |target: &str| {
            let mut lines = tally.get(target).into_iter().flat_map(BTreeMap::values);
            !plan.summary.unread.contains_key(target) && lines.all(|line| line.done == line.planned)
        };
        if targets.iter().all(|target| did_all(target)) {
            success.whole = success.whole.max(Some(at));
        }
        for target in targets.iter().filter(|target| did_all(target)) {
            let last = success.targets.entry((*target).to_owned()).or_insert(at);
            *last = at.max(*last);
        }
    }
    Ok(success)
}
