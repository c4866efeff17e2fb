//! What earlier runs left behind, for the next plan: accounts that were made, work that is owed,
//! how fast a target writes, strays that a person has seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::column::{At, document, parsed};
use super::plans::{self, Queued};
use super::runs::RunId;
use super::taken::{self, Taken};
use super::{Store, StoreError};
use crate::clock::forecast::{Measured, Pace};
use crate::model::delivery::Source;
use crate::model::entry::ObjectKey;
use crate::model::ids::{Digest, PersonId, Uai};
use crate::plan::origin::Scope;
use crate::plan::{Basis, News, Plan, Stray, Summary, guard, order};

/// Runs of which the rate is measured.
const MEASURED_RUNS_MAX: u32 = 5;
/// A longer silence is an interruption, and no part of the writing; a target that puts off says so
/// for minutes, not longer.
const STEP_SECONDS_MAX: f64 = 600.0;

/// What a plan is told of the runs before it.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// By target, the accounts that a run made there and none deleted since.
    pub made: BTreeMap<String, BTreeSet<PersonId>>,
    /// By target and school, the receipt of the oldest delivery whose changes are not all there.
    pub owed: BTreeMap<String, BTreeMap<Uai, Timestamp>>,
    /// By target that could not be read at the last run, the files that came since it last could.
    pub missed: BTreeMap<String, News>,
    /// The deliveries that were in force at the last run of each school that was begun.
    pub in_force: BTreeMap<(Uai, Source), Digest>,
    /// The strays that a person has seen, and let be.
    pub acknowledged: BTreeSet<Stray>,
    /// Persons whose login or address a target says is somebody else's.
    pub taken: BTreeMap<PersonId, Taken>,
}

pub fn past(store: &Store) -> Result<Past, StoreError> {
    let latest = latest_by_target(store, Plans::BegunBefore(None))?;
    let (missed, in_force) = (missed(&latest), in_force(&latest));
    let (made, owed) = (made_accounts(store)?, owed_since(store, latest)?);
    let (acknowledged, taken) = (acknowledged(store)?, taken::list(store)?);
    Ok(Past { made, owed, missed, in_force, acknowledged, taken })
}

/// By target, the accounts that a run made there and none deleted since.
fn made_accounts(store: &Store) -> Result<BTreeMap<String, BTreeSet<PersonId>>, StoreError> {
    // With `max`, SQLite takes the other columns from the row that has it.
    let sql = "SELECT o.target, o.object, o.kind, max(o.run)
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.kind IN ('create', 'delete') AND o.object LIKE 'rentree:account:%'
                 AND s.state IN ('done', 'already')
               GROUP BY o.target, o.object";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut made: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(2)?;
        if let ObjectKey::Account(person) = parsed(row, 1)?
            && kind == "create"
        {
            made.entry(row.get(0)?).or_default().insert(person);
        }
    }
    Ok(made)
}

/// By target and school, the receipt that the last begun run of the school still owes there: it has
/// operations that are not done, or did not reach the target. A run carries over what the one
/// before it owed.
fn owed_since(
    store: &Store,
    latest: Vec<Latest>,
) -> Result<BTreeMap<String, BTreeMap<Uai, Timestamp>>, StoreError> {
    let sql = "SELECT DISTINCT o.target, o.uai
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 AND o.uai IS NOT NULL
                 AND coalesce(s.state, 'planned') NOT IN ('done', 'already')";
    let mut statement = store.connection.prepare(sql)?;
    let mut owed: BTreeMap<String, BTreeMap<Uai, Timestamp>> = BTreeMap::new();
    for Latest { run, mut summary, of, in_force: _ } in latest {
        let mut open: BTreeMap<String, BTreeSet<Uai>> = BTreeMap::new();
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            open.entry(row.get(0)?).or_default().insert(parsed(row, 1)?);
        }
        if let Some(oldest) = summary.oldest_receipt.filter(|_| summary.since.is_empty()) {
            // A plan of before: it knew the oldest receipt of all only.
            summary.since = open.values().flatten().map(|uai| (uai.clone(), oldest)).collect();
        }
        // A plan of before did not keep what such a target missed.
        for target in summary.unread.keys().filter(|one| !summary.missed.contains_key(*one)) {
            let all = summary.since_in(target).keys().cloned();
            open.entry(target.clone()).or_default().extend(all);
        }
        for (target, schools) in open {
            let mut since = summary.since_in(&target).clone();
            since.retain(|uai, _| of.has_in(&target, uai) && schools.contains(uai));
            owed.entry(target).or_default().extend(since);
        }
    }
    owed.retain(|_, schools| !schools.is_empty());
    Ok(owed)
}

/// By target that the latest plan of a school could not read, what it has missed of the school.
fn missed(latest: &[Latest]) -> BTreeMap<String, News> {
    let mut all: BTreeMap<String, News> = BTreeMap::new();
    for Latest { run: _, summary, of, in_force: _ } in latest {
        for (target, missed) in &summary.missed {
            let here = missed.iter().filter(|(uai, _)| of.has(uai));
            let here = here.map(|(uai, files)| (uai.clone(), files.clone()));
            all.entry(target.clone()).or_default().extend(here);
        }
    }
    all
}

/// By school and source, what its latest plan had in force.
fn in_force(latest: &[Latest]) -> BTreeMap<(Uai, Source), Digest> {
    let of_plan = |one: &Latest| {
        let here = one.in_force.iter().filter(|basis| one.of.has(&basis.uai));
        let here = here.map(|basis| ((basis.uai.clone(), basis.source), basis.digest.clone()));
        here.collect::<Vec<_>>()
    };
    latest.iter().flat_map(of_plan).collect()
}

/// Which plans are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plans {
    All,
    /// Those that were begun; and that are older than a run.
    BegunBefore(Option<RunId>),
}

/// A plan, and the schools of which it is the latest word.
pub(super) struct Latest {
    pub(super) run: RunId,
    pub(super) summary: Summary,
    pub(super) of: LatestOf,
    pub(super) in_force: Vec<Basis>,
}

/// The schools that a plan speaks of and that no later one does.
pub(super) struct LatestOf {
    scope: Scope,
    later: Vec<Later>,
}

/// A later plan: it says nothing of the targets that it could not read.
#[derive(Clone)]
struct Later {
    scope: Scope,
    unread: BTreeSet<String>,
}

impl LatestOf {
    pub(super) fn all() -> Self {
        Self { scope: Scope::All, later: Vec::new() }
    }

    pub(super) fn has(&self, uai: &Uai) -> bool {
        self.scope.has(Some(uai)) && !self.later.iter().any(|later| later.scope.has(Some(uai)))
    }

    /// The same of one target: a plan that could not read it says nothing of what is left there.
    pub(super) fn has_in(&self, target: &str, uai: &Uai) -> bool {
        let says = |later: &Later| later.scope.has(Some(uai)) && !later.unread.contains(target);
        self.scope.has(Some(uai)) && !self.later.iter().any(says)
    }
}

/// The latest plans of each school, newest first. A part says nothing of the schools that it is not
/// of; a plan that takes a run back says nothing of what is owed to anybody.
pub(super) fn latest_by_school(store: &Store, plans: Plans) -> Result<Vec<Latest>, StoreError> {
    latest(store, plans, &|_| true)
}

/// The same, and those before them that are the latest word on a target which could not be read
/// since: for these, see [`LatestOf::has_in`].
pub(super) fn latest_by_target(store: &Store, plans: Plans) -> Result<Vec<Latest>, StoreError> {
    latest(store, plans, &|unread| unread.is_empty())
}

/// Back to the first plan of all schools after which, by the targets that none of them could read,
/// it is enough.
fn latest(
    store: &Store,
    plans: Plans,
    is_enough: &dyn Fn(&BTreeSet<String>) -> bool,
) -> Result<Vec<Latest>, StoreError> {
    let sql = "SELECT id, header FROM run
               WHERE undoes IS NULL AND (?1 OR started_at IS NOT NULL) AND (?2 IS NULL OR id < ?2)
               ORDER BY id DESC";
    let before = match plans {
        Plans::All | Plans::BegunBefore(None) => None,
        Plans::BegunBefore(Some(run)) => Some(run.0),
    };
    let mut statement = store.connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![plans == Plans::All, before])?;
    let (mut latest, mut later) = (Vec::new(), Vec::new());
    let mut never: Option<BTreeSet<String>> = None;
    while let Some(row) = rows.next()? {
        let (id, plan): (u64, Plan) = (row.get(0)?, document(row, 1)?);
        let Plan { origin, summary, .. } = plan;
        let unread: BTreeSet<String> = summary.unread.keys().cloned().collect();
        let of = LatestOf { scope: origin.scope.clone(), later: later.clone() };
        latest.push(Latest { run: RunId(id), summary, of, in_force: origin.in_force });
        if origin.scope == Scope::All {
            let unread = match &never {
                Some(before) => before & &unread,
                None => unread.clone(),
            };
            if is_enough(&unread) {
                break;
            }
            never = Some(unread);
        }
        later.push(Later { scope: origin.scope, unread });
    }
    Ok(latest)
}

/// What is still to be written of the latest plans of each school and target, the oldest first.
pub fn queue(store: &Store) -> Result<Vec<Queued>, StoreError> {
    let mut queue = Vec::new();
    for (rank, Latest { run, of, .. }) in
        latest_by_target(store, Plans::All)?.iter().enumerate().rev()
    {
        let mut open = plans::queue(store, *run)?;
        // What is of all schools is in the newest.
        open.retain(|one| one.uai.as_ref().map_or(rank == 0, |uai| of.has_in(&one.target, uai)));
        queue.extend(open);
    }
    Ok(queue)
}

/// By target, how fast it was: the stages of the last runs, and of this one step by step.
pub fn paces(store: &Store, this: Option<RunId>) -> Result<BTreeMap<String, Measured>, StoreError> {
    // A refusal takes its time as well.
    let sql = "SELECT o.target, j.run, j.at, max(o.stage),
                      sum(j.event NOT IN ('started', 'unknown', 'put-back'))
               FROM journal j JOIN plan_operation o USING (run, seq)
               WHERE j.run IN (SELECT id FROM run WHERE started_at IS NOT NULL
                               ORDER BY id DESC LIMIT ?1)
               GROUP BY o.target, j.run, j.at ORDER BY o.target, j.run, j.at";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([MEASURED_RUNS_MAX])?;
    let mut measured: BTreeMap<String, Measured> = BTreeMap::new();
    let mut before: Option<(String, u64, Timestamp)> = None;
    while let Some(row) = rows.next()? {
        let (target, run, At(at)): (String, u64, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (stage, operations): (u16, u64) = (row.get(3)?, row.get(4)?);
        let stage = order::without_wave(stage);
        let step = before.filter(|(of, number, _)| *of == target && *number == run);
        let seconds = step.map_or(0.0, |(_, _, last)| at.duration_since(last).as_secs_f64());
        if seconds > 0.0 && seconds <= STEP_SECONDS_MAX {
            let target = measured.entry(target.clone()).or_default();
            if Some(RunId(run)) == this {
                target.run.push((stage, Pace { operations, seconds }));
            } else {
                let past = target.past.entry(stage).or_default();
                past.operations += operations;
                past.seconds += seconds;
            }
        }
        before = Some((target, run, at));
    }
    Ok(measured)
}

fn acknowledged(store: &Store) -> Result<BTreeSet<Stray>, StoreError> {
    let sql = "SELECT target, object, dn FROM acknowledged_stray";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Stray { target: row.get(0)?, key: parsed(row, 1)?, dn: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps the strays of a plan whose objection to them was lifted.
pub(super) fn acknowledge(
    transaction: &Transaction<'_>,
    run: RunId,
    plan: &Plan,
    at: Timestamp,
) -> Result<(), StoreError> {
    if !plan.objections.iter().any(|one| one.id == guard::REGISTRY_OLDER) {
        return Ok(());
    }
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO acknowledged_stray (target, object, dn, run, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Stray { target, key, dn } in &plan.strays {
        insert.execute(params![target, key.to_string(), dn, run.0, At(at)])?;
    }
    Ok(())
}

/// What the store was filled with goes by this name and value: keeps it the first time, and tells
/// whether it is the same ever after.
pub fn witnesses(store: &mut Store, name: &str, value: &str) -> Result<bool, StoreError> {
    let sql = "SELECT value FROM witness WHERE name = ?1";
    let kept: Option<String> =
        store.connection.query_row(sql, [name], |row| row.get(0)).optional()?;
    if let Some(kept) = kept {
        return Ok(kept == value);
    }
    store.write(|transaction| {
        let sql = "INSERT OR IGNORE INTO witness (name, value) VALUES (?1, ?2)";
        transaction.execute(sql, [name, value])?;
        let sql = "SELECT value = ?2 FROM witness WHERE name = ?1";
        Ok(transaction.query_row(sql, [name, value], |row| row.get(0))?)
    })
}
