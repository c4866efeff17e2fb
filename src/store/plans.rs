//! Stored plans: immutable once made, read whole for people, by pages for the machine.

use rusqlite::{OptionalExtension, Transaction, params};

use super::column::{At, document, json, parsed};
use super::in_part::IN_PART;
use super::items::PUT_OFF;
use super::review::links;
use super::runs::{self, OperationState, RunId, RunState};
use super::{Store, StoreError};
use crate::model::ids::Uai;
use crate::model::registry::RegistryChange;
use crate::plan::Plan;
use crate::plan::operation::Operation;
use crate::plan::origin::{Expected, Origin};

/// Which operations a drive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Planned, or started and never settled.
    Open,
    /// Those and the failed ones: `replay`.
    OpenAndFailed,
    /// Only those that were started and never settled: what a run left in the middle of them.
    Announced,
}

impl Take {
    fn failed(self) -> bool {
        match self {
            Self::Open | Self::Announced => false,
            Self::OpenAndFailed => true,
        }
    }

    /// As a condition on the state `s` of an operation.
    fn condition(self) -> &'static str {
        match self {
            Self::Open => "coalesce(s.state, 'planned') IN ('planned', 'started')",
            Self::OpenAndFailed => {
                "coalesce(s.state, 'planned') IN ('planned', 'started', 'failed')"
            }
            Self::Announced => "s.state = 'started'",
        }
    }
}

/// An operation and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRow {
    pub operation: Operation,
    pub state: OperationState,
    /// How often it was announced.
    pub attempts: u32,
    /// The server's words, or what it waits for.
    pub detail: Option<String>,
}

/// Operations of one target and stage, after a rank.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub target: &'a str,
    pub stage: u16,
    pub after: u64,
    pub rows_max: usize,
}

/// Stores a plan as a new run; when the newest run is this very plan, not begun, it is that one,
/// made anew: a plan is of the day on which it was last made.
pub fn save(store: &mut Store, command: &str, plan: &Plan) -> Result<RunId, StoreError> {
    if let Some(run) = runs::latest(store)?
        && run.plan_hash == plan.hash
        && matches!(run.state, RunState::Planned | RunState::Stopped)
        && run.rehearsed == plan.rehearsed
    {
        make_anew(store, run.id, plan)?;
        return Ok(run.id);
    }
    store.write(|transaction| {
        let sql = "SELECT coalesce(max(id), 0) + 1 FROM run";
        let run = RunId(transaction.query_row(sql, [], |row| row.get(0))?);
        let header = header_of(plan);
        transaction.execute(
            "INSERT INTO run
                 (id, command, state, made_at, plan_hash, generation, header, rehearsed, undoes,
                  journal_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                     (SELECT coalesce(max(id), 0) FROM journal))",
            params![
                run.0,
                command,
                RunState::Planned,
                At(plan.made_at),
                plan.hash.as_str(),
                plan.generation,
                json(&header)?,
                plan.rehearsed,
                plan.origin.undoes
            ],
        )?;
        save_change(transaction, run, &plan.change)?;
        save_operations(transaction, run, &plan.operations)?;
        save_expected(transaction, run, &plan.origin.expected)?;
        Ok(run)
    })
}

/// The same plan, later: what it does is the same, what it tells of the deliveries may not be.
fn make_anew(store: &mut Store, run: RunId, plan: &Plan) -> Result<(), StoreError> {
    store.write(|transaction| {
        let sql = "UPDATE run SET made_at = ?2, header = ?3,
                       journal_at = (SELECT coalesce(max(id), 0) FROM journal)
                   WHERE id = ?1";
        transaction.execute(sql, params![run.0, At(plan.made_at), json(&header_of(plan))?])?;
        Ok(())
    })
}

/// The run that wrote first since a plan was stored, but for the part that the plan is the rest of.
pub fn overtaken_by(
    store: &Store,
    run: RunId,
    part: Option<RunId>,
) -> Result<Option<RunId>, StoreError> {
    let sql = "SELECT run FROM journal
               WHERE id > (SELECT journal_at FROM run WHERE id = ?1) AND run IS NOT ?2
               ORDER BY id LIMIT 1";
    let part = part.map(|part| part.0);
    let found = store.connection.query_row(sql, params![run.0, part], |row| row.get(0));
    Ok(found.optional()?.map(RunId))
}

/// What is kept in one document: all but the long lists, which are kept row by row.
fn header_of(plan: &Plan) -> Plan {
    let Plan {
        hash,
        made_at,
        generation,
        basis,
        settings,
        change: _,
        operations: _,
        objections,
        strays,
        doubles,
        rehearsed,
        origin,
        summary,
    } = plan;
    Plan {
        hash: hash.clone(),
        made_at: *made_at,
        generation: *generation,
        basis: basis.clone(),
        settings: settings.clone(),
        change: RegistryChange::default(),
        operations: Vec::new(),
        objections: objections.clone(),
        strays: strays.clone(),
        doubles: doubles.clone(),
        rehearsed: *rehearsed,
        origin: Origin { expected: Vec::new(), ..origin.clone() },
        summary: summary.clone(),
    }
}

fn save_change(
    transaction: &Transaction<'_>,
    run: RunId,
    change: &RegistryChange,
) -> Result<(), StoreError> {
    let RegistryChange { persons, workspaces, links: given } = change;
    let mut insert = transaction
        .prepare("INSERT INTO plan_change (run, part, seq, document) VALUES (?1, ?2, ?3, ?4)")?;
    for (seq, person) in persons.iter().enumerate() {
        insert.execute(params![run.0, "person", seq, json(person)?])?;
    }
    for (seq, workspace) in workspaces.iter().enumerate() {
        insert.execute(params![run.0, "workspace", seq, json(workspace)?])?;
    }
    links::save_planned(transaction, run, given)
}

fn save_operations(
    transaction: &Transaction<'_>,
    run: RunId,
    operations: &[Operation],
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare(
        "INSERT INTO plan_operation (run, seq, target, stage, kind, uai, object, document)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for operation in operations {
        let Operation { seq, target, kind, key, uai, stage, action: _, blocked: _ } = operation;
        insert.execute(params![
            run.0,
            seq,
            target,
            stage,
            kind.as_str(),
            uai.as_ref().map(|uai| uai.as_str()),
            key.to_string(),
            json(operation)?
        ])?;
    }
    Ok(())
}

/// What the plan expects to find, entry by entry.
fn save_expected(
    transaction: &Transaction<'_>,
    run: RunId,
    expected: &[Expected],
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare(
        "INSERT INTO plan_expected (run, target, object, dn, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Expected { target, key, dn, digest } in expected {
        let digest = digest.as_ref().map_or("", |digest| digest.as_str());
        insert.execute(params![run.0, target, key.to_string(), dn, digest])?;
    }
    Ok(())
}

fn load_expected(store: &Store, run: RunId) -> Result<Vec<Expected>, StoreError> {
    let sql = "SELECT target, object, dn, digest FROM plan_expected WHERE run = ?1";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| {
        let digest = match row.get_ref(3)?.as_str()? {
            "" => None,
            _ => Some(parsed(row, 3)?),
        };
        Ok(Expected { target: row.get(0)?, key: parsed(row, 1)?, dn: row.get(2)?, digest })
    })?;
    let mut expected = rows.collect::<Result<Vec<_>, _>>()?;
    expected.sort();
    Ok(expected)
}

/// A plan without its change and operations: who made it from what, and what objects to it.
pub fn header(store: &Store, run: RunId) -> Result<Plan, StoreError> {
    let sql = "SELECT header FROM run WHERE id = ?1";
    let found = store.connection.query_row(sql, [run.0], |row| document(row, 0)).optional()?;
    found.ok_or(StoreError::NoRun(run))
}

/// The rest of a plan, when it was kept already: what goes after its part.
pub fn rest_of(store: &Store, whole: RunId, part: RunId) -> Result<Option<RunId>, StoreError> {
    let sql = "SELECT id FROM run
               WHERE json_extract(header, '$.origin.part_of') = ?1
                 AND json_extract(header, '$.origin.after') = ?2";
    let found = store.connection.query_row(sql, [whole.0, part.0], |row| row.get(0).map(RunId));
    Ok(found.optional()?)
}

/// A whole plan, equal to the one that was saved.
pub fn load(store: &Store, run: RunId) -> Result<Plan, StoreError> {
    let mut plan = header(store, run)?;
    let sql = "SELECT document FROM plan_change WHERE run = ?1 AND part = ?2 ORDER BY seq";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map(params![run.0, "person"], |row| document(row, 0))?;
    plan.change.persons = rows.collect::<Result<_, _>>()?;
    let rows = statement.query_map(params![run.0, "workspace"], |row| document(row, 0))?;
    plan.change.workspaces = rows.collect::<Result<_, _>>()?;
    plan.change.links = links::planned(&store.connection, run)?;
    let sql = "SELECT document FROM plan_operation WHERE run = ?1 ORDER BY seq";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| document(row, 0))?;
    plan.operations = rows.collect::<Result<_, _>>()?;
    plan.origin.expected = load_expected(store, run)?;
    Ok(plan)
}

/// Every operation of a run with where it is, in order, one at a time.
pub fn each_operation(
    store: &Store,
    run: RunId,
    mut visit: impl FnMut(OperationRow),
) -> Result<(), StoreError> {
    let sql = "SELECT o.document, coalesce(s.state, 'planned'), coalesce(s.attempts, 0), s.detail
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 ORDER BY o.seq";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        visit(read_row(row)?);
    }
    Ok(())
}

/// The stages that a target has operations in, in order.
pub fn stages(store: &Store, run: RunId, target: &str) -> Result<Vec<u16>, StoreError> {
    let sql = "SELECT DISTINCT stage FROM plan_operation WHERE run = ?1 AND target = ?2 ORDER BY 1";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map(params![run.0, target], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next operations of a target and stage that a drive takes, by rank.
pub fn page(
    store: &Store,
    run: RunId,
    page: &Page<'_>,
    take: Take,
) -> Result<Vec<OperationRow>, StoreError> {
    let sql = format!(
        "SELECT o.document, coalesce(s.state, 'planned'), coalesce(s.attempts, 0), s.detail
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.target = ?2 AND o.stage = ?3 AND o.seq > ?4 AND {}
         ORDER BY o.seq LIMIT ?5",
        take.condition()
    );
    let Page { target, stage, after, rows_max } = page;
    let mut statement = store.connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![run.0, target, stage, after, rows_max], read_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many operations of a target a drive takes.
pub fn count(store: &Store, run: RunId, target: &str, take: Take) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT count(*)
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.target = ?2 AND {}",
        take.condition()
    );
    Ok(store.connection.query_row(&sql, params![run.0, target], |row| row.get(0))?)
}

/// What a drive of [`Take::OpenAndFailed`] takes up of a target, by why it is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsettled {
    /// Planned, never announced.
    pub not_sent: u64,
    /// Announced; done or not.
    pub unanswered: u64,
    /// The target was too busy each time.
    pub put_off: u64,
    /// For another operation, all of it or a part.
    pub waiting: u64,
    pub refused: u64,
}

/// How many operations of a target a replay takes up, by why.
pub fn unsettled(store: &Store, run: RunId, target: &str) -> Result<Unsettled, StoreError> {
    let sql = "SELECT coalesce(s.state, 'planned'), coalesce(s.detail, '')
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 AND o.target = ?2
                 AND coalesce(s.state, 'planned') IN ('planned', 'started', 'failed')";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query(params![run.0, target])?;
    let mut counts = Unsettled::default();
    while let Some(row) = rows.next()? {
        let (state, detail): (OperationState, String) = (row.get(0)?, row.get(1)?);
        let waits = |text: &str| text.starts_with(WAITS);
        let count = match state {
            OperationState::Planned => &mut counts.not_sent,
            OperationState::Started => &mut counts.unanswered,
            _ if waits(detail.strip_prefix(IN_PART).unwrap_or(&detail)) => &mut counts.waiting,
            _ if detail.starts_with(PUT_OFF) => &mut counts.put_off,
            _ => &mut counts.refused,
        };
        *count += 1;
    }
    Ok(counts)
}

/// How the detail of an operation begins that was not sent, as another one failed; of one that was
/// sent in part, how it goes on.
pub(crate) const WAITS: &str = "waits for operation ";

/// Operations that are still to be written, those that failed included: of one school and stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    pub target: String,
    pub stage: u16,
    pub uai: Option<Uai>,
    pub operations: u64,
}

/// What is still to be written, in the order in which a target is written.
pub fn queue(store: &Store, run: RunId) -> Result<Vec<Queued>, StoreError> {
    let sql = "SELECT o.target, o.stage, o.uai, count(*), min(o.seq)
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1
                 AND coalesce(s.state, 'planned') IN ('planned', 'started', 'failed')
               GROUP BY o.target, o.stage, o.uai ORDER BY o.target, min(o.seq)";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| {
        let uai: Option<String> = row.get(2)?;
        Ok(Queued {
            target: row.get(0)?,
            stage: row.get(1)?,
            uai: uai.map(|_| parsed(row, 2)).transpose()?,
            operations: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The operations of a target that ended badly and that a drive does not take again: what later
/// ones wait for.
pub fn set_aside(
    store: &Store,
    run: RunId,
    target: &str,
    take: Take,
) -> Result<Vec<Operation>, StoreError> {
    let sql = "SELECT o.document
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 AND o.target = ?2
                 AND (s.state IN ('stale', 'blocked') OR (NOT ?3 AND s.state = 'failed'))
               ORDER BY o.seq";
    let mut statement = store.connection.prepare(sql)?;
    let rows =
        statement.query_map(params![run.0, target, take.failed()], |row| document(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The creations of accounts that a drive takes; blocked ones are never sent.
fn account_creations(take: Take) -> String {
    format!(
        "SELECT o.document, coalesce(s.state, 'planned'), coalesce(s.attempts, 0), s.detail
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.target = ?2 AND o.kind = 'create'
           AND o.object LIKE 'rentree:account:%' AND json_extract(o.document, '$.blocked') IS NULL
           AND {}",
        take.condition()
    )
}

/// Whether a drive will create accounts, and so must be able to seal their secrets.
pub fn creates_accounts(
    store: &Store,
    run: RunId,
    target: &str,
    take: Take,
) -> Result<bool, StoreError> {
    let sql = format!("SELECT EXISTS ({})", account_creations(take));
    Ok(store.connection.query_row(&sql, params![run.0, target], |row| row.get(0))?)
}

/// The creations of accounts that a drive takes and for which a secret is kept already: an earlier
/// attempt, of this run or another, may have done them.
pub fn creations_with_secret(
    store: &Store,
    run: RunId,
    target: &str,
    take: Take,
) -> Result<Vec<OperationRow>, StoreError> {
    let sql = format!(
        "{} AND o.object IN
             (SELECT 'rentree:account:' || person FROM sealed_secret WHERE target = ?2)
         ORDER BY o.seq",
        account_creations(take)
    );
    let mut statement = store.connection.prepare(&sql)?;
    let rows = statement.query_map(params![run.0, target], read_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<OperationRow> {
    Ok(OperationRow {
        operation: document(row, 0)?,
        state: row.get(1)?,
        attempts: row.get(2)?,
        detail: row.get(3)?,
    })
}
