//! What a run replaced, and what was taken back: for `rollback`, and for the plans after it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::assent::{self, Act};
use super::column::{At, document, json, parsed};
use super::in_part::{Gaps, LAST_LINE};
use super::runs::{OperationState, RunId};
use super::{Store, StoreError, deliveries, plans};
use crate::model::dn;
use crate::model::entry::ObjectKey;
use crate::model::ids::{PersonId, StructureKey, Uai};
use crate::model::person::Person;
use crate::model::registry::RegistryChange;
use crate::model::workspace::Workspace;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::plan::redo::TakenBack;
use crate::plan::trace::Sure;
use crate::plan::undo::Names;
use crate::plan::{Basis, guard};

/// The registry as a run found it, of what the run changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Before {
    pub persons: BTreeMap<PersonId, Person>,
    pub workspaces: BTreeMap<StructureKey, Workspace>,
    /// What departures were measured on.
    pub basis: Vec<Basis>,
}

/// Keeps what a run is about to replace; in the transaction that replaces it.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    run: RunId,
    change: &RegistryChange,
) -> Result<(), StoreError> {
    let mut person = transaction.prepare_cached(
        "INSERT INTO registry_before (run, part, object, document)
         SELECT ?1, 'person', id, document FROM person WHERE id = ?2",
    )?;
    for one in &change.persons {
        person.execute(params![run.0, one.id.0])?;
    }
    let mut workspace = transaction.prepare_cached(
        "INSERT INTO registry_before (run, part, object, document)
         SELECT ?1, 'workspace', uai || ':' || kind || ':' || code, document FROM workspace
         WHERE uai = ?2 AND kind = ?3 AND code = ?4",
    )?;
    for Workspace { key, .. } in &change.workspaces {
        let StructureKey { uai, kind, code } = key;
        workspace.execute(params![run.0, uai.as_str(), kind.as_str(), code.0])?;
    }
    let basis = json(&deliveries::basis_in(transaction)?)?;
    let sql = "INSERT INTO registry_before (run, part, object, document)
               VALUES (?1, 'basis', 'all', ?2)";
    transaction.execute(sql, params![run.0, basis])?;
    transaction.execute("UPDATE run SET keeps_before = 1 WHERE id = ?1", [run.0])?;
    Ok(())
}

/// What a run replaced; none when it was begun before this was kept.
pub fn before(store: &Store, run: RunId) -> Result<Option<Before>, StoreError> {
    let sql = "SELECT keeps_before FROM run WHERE id = ?1";
    let kept: Option<bool> =
        store.connection.query_row(sql, [run.0], |row| row.get(0)).optional()?;
    if kept != Some(true) {
        return Ok(None);
    }
    let mut before = Before::default();
    let sql = "SELECT document FROM registry_before WHERE run = ?1 AND part = ?2";
    let mut statement = store.connection.prepare(sql)?;
    for person in statement.query_map(params![run.0, "person"], |row| document(row, 0))? {
        let person: Person = person?;
        before.persons.insert(person.id, person);
    }
    for space in statement.query_map(params![run.0, "workspace"], |row| document(row, 0))? {
        let space: Workspace = space?;
        before.workspaces.insert(space.key.clone(), space);
    }
    before.basis = statement.query_row(params![run.0, "basis"], |row| document(row, 0))?;
    Ok(Some(before))
}

/// The operations of a run, or of all runs from the oldest on, that may have changed something, in
/// order, one at a time, and how sure that is. What was surely written of one that was done in part
/// comes as one that was done; the whole comes after it where that was sent again since. Members
/// who were to leave are among them in any case: they tell who was a member before the run.
pub fn each_done(
    store: &Store,
    run: Option<RunId>,
    mut visit: impl FnMut(Operation, Sure),
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT o.document, coalesce(s.state, '') IN ('done', 'already'), o.run,
                s.state,
                iif(s.state IN ('started', 'failed', 'stale'), {LAST_LINE}, NULL)
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE (?1 IS NULL OR o.run = ?1)
           AND (s.state IN ('done', 'already', 'started', 'failed', 'stale')
                OR o.kind = 'remove_member')
         ORDER BY o.run, o.seq"
    );
    let mut statement = store.connection.prepare(&sql)?;
    let mut rows = statement.query([run.map(|run| run.0)])?;
    let mut gaps: BTreeMap<RunId, Gaps> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (operation, of): (Operation, RunId) = (document(row, 0)?, RunId(row.get(2)?));
        let (state, line): (Option<OperationState>, Option<u64>) = (row.get(3)?, row.get(4)?);
        if let Some(line) = line {
            let gaps = match gaps.entry(of) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(Gaps::of_run(&store.connection, of)?),
            };
            visit(gaps.written(operation.clone(), line), Sure::Done);
        }
        let makes = matches!(operation.action, Action::Create { .. });
        match state {
            _ if row.get(1)? => visit(operation, Sure::Done),
            // In part, and nothing since; or it stands already, and is not made twice.
            Some(OperationState::Failed) if line.is_some() => {}
            Some(OperationState::Started) if line.is_some() && makes => {}
            Some(OperationState::Stale) if operation.kind != OperationKind::RemoveMember => {}
            _ => visit(operation, Sure::Maybe),
        }
    }
    Ok(())
}

/// What a run did is what the deliveries and the settings say. Of one that took back such a run it
/// is not, and of one that took that back again it is.
pub fn is_of_deliveries(store: &Store, run: RunId) -> Result<bool, StoreError> {
    let mut statement = store.connection.prepare("SELECT undoes FROM run WHERE id = ?1")?;
    let (mut run, mut is_said) = (run.0, true);
    // A run takes back an earlier one only, so this ends.
    while let Some(undone) = statement.query_row([run], |row| row.get(0))? {
        (run, is_said) = (undone, !is_said);
    }
    Ok(is_said)
}

/// The persons that later runs changed, as the first of these found them.
pub fn found_since(store: &Store, run: RunId) -> Result<BTreeMap<PersonId, Person>, StoreError> {
    let sql = "SELECT document FROM registry_before
               WHERE run > ?1 AND part = 'person' ORDER BY run";
    let mut statement = store.connection.prepare(sql)?;
    let mut found = BTreeMap::new();
    for person in statement.query_map([run.0], |row| document(row, 0))? {
        let person: Person = person?;
        found.entry(person.id).or_insert(person);
    }
    Ok(found)
}

/// The names that accounts leave and take in this run and in later ones, done or not: by target and
/// comparable name, whose it was first.
pub fn names_since(store: &Store, run: RunId) -> Result<Names, StoreError> {
    let sql = "SELECT document FROM plan_operation
               WHERE run >= ?1 AND kind IN ('rename', 'disable', 'enable')
                 AND object LIKE 'rentree:account:%'
               ORDER BY run, seq";
    let mut statement = store.connection.prepare(sql)?;
    let mut names = Names::new();
    for operation in statement.query_map([run.0], |row| document(row, 0))? {
        let Operation { target, key, action, .. } = operation?;
        let Action::Rename { from, to } = action else { continue };
        for name in [from, to] {
            let name = (target.clone(), dn::comparable(&name));
            names.entry(name).or_insert_with(|| key.clone());
        }
    }
    Ok(names)
}

/// What later runs wrote, or may have written: it is theirs.
pub fn written_since(
    store: &Store,
    run: RunId,
) -> Result<BTreeSet<(String, ObjectKey)>, StoreError> {
    let sql = "SELECT DISTINCT o.target, o.object
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.run > ?1 AND s.state IN ('done', 'already', 'started')";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| Ok((row.get(0)?, parsed(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The operations that took a run back, where nothing was done to the entry since.
pub fn taken_back(store: &Store) -> Result<TakenBack, StoreError> {
    let sql = "SELECT o.target, o.object, r.undoes, o.document
               FROM run r JOIN plan_operation o ON o.run = r.id
                          JOIN operation_state s ON s.run = o.run AND s.seq = o.seq
               WHERE r.undoes IS NOT NULL AND s.state IN ('done', 'already')
                 AND NOT EXISTS (
                     SELECT 1 FROM plan_operation l JOIN operation_state t USING (run, seq)
                     WHERE l.object = o.object AND l.target = o.target AND l.run > o.run
                       AND t.state IN ('done', 'already'))
               ORDER BY o.run, o.seq";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut taken_back = TakenBack::new();
    while let Some(row) = rows.next()? {
        let key: (String, ObjectKey) = (row.get(0)?, parsed(row, 1)?);
        let operation: Operation = document(row, 3)?;
        taken_back.entry(key).or_default().push((row.get(2)?, operation.action));
    }
    Ok(taken_back)
}

/// Accounts of a school that runs took away since an instant. Those that can be used again do not
/// count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gone {
    /// But for those that a person let pass for this school.
    pub disabled: BTreeSet<ObjectKey>,
    pub deleted: BTreeSet<ObjectKey>,
    /// But for those that were let pass for the whole, by two persons: what one person lets pass
    /// school by school is in them.
    pub disabled_in_all: BTreeSet<ObjectKey>,
    pub deleted_in_all: BTreeSet<ObjectKey>,
}

/// By school.
pub type Lately = BTreeMap<Option<Uai>, Gone>;

/// What was taken away since an instant.
pub fn lately(store: &Store, since: Timestamp) -> Result<Lately, StoreError> {
    let sql = "SELECT o.uai, o.object, o.kind, o.run
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE s.at > ?1 AND o.kind IN ('disable', 'delete')
                 AND o.object LIKE 'rentree:account:%'
                 AND s.state IN ('done', 'already', 'started')
                 AND NOT EXISTS (
                     SELECT 1 FROM plan_operation l JOIN operation_state t USING (run, seq)
                     WHERE l.object = o.object AND l.target = o.target AND l.run > o.run
                       AND l.kind IN ('enable', 'create') AND t.state IN ('done', 'already'))";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([At(since)])?;
    let mut passed: BTreeMap<u64, Passed> = BTreeMap::new();
    let mut lately = Lately::new();
    while let Some(row) = rows.next()? {
        let uai = match row.get::<_, Option<String>>(0)? {
            Some(_) => Some(parsed::<Uai>(row, 0)?),
            None => None,
        };
        let (kind, run): (String, u64) = (row.get(2)?, row.get(3)?);
        let passed = match passed.entry(run) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(let_pass(store, RunId(run))?),
        };
        let gone = lately.entry(uai.clone()).or_default();
        let (here, in_all, of_school, of_all) = if kind == "delete" {
            let ids = (guard::TOO_MANY_DELETES, guard::TOO_MANY_DELETES_OVERALL);
            (&mut gone.deleted, &mut gone.deleted_in_all, ids.0, ids.1)
        } else {
            let ids = (guard::TOO_MANY_DISABLES, guard::TOO_MANY_DISABLES_OVERALL);
            (&mut gone.disabled, &mut gone.disabled_in_all, ids.0, ids.1)
        };
        let key: ObjectKey = parsed(row, 1)?;
        if !passed.contains(&(of_school.to_owned(), uai)) {
            here.insert(key.clone());
        }
        if !passed.contains(&(of_all.to_owned(), None)) {
            in_all.insert(key);
        }
    }
    Ok(lately)
}

/// The objections to a run that were lifted: what of, and of which school.
type Passed = BTreeSet<(String, Option<Uai>)>;

fn let_pass(store: &Store, run: RunId) -> Result<Passed, StoreError> {
    if !assent::of_run(store, run)?.iter().any(|one| one.act == Act::Lifted) {
        return Ok(Passed::new());
    }
    let objections = plans::header(store, run)?.objections;
    Ok(objections.into_iter().map(|one| (one.id, one.uai)).collect())
}
