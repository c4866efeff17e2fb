//! Since when an operation waits: the receipt of what is new of its school in its plan, or, where
//! the run before left the same entry undone, what that waited since (requirements 2.3: no start
//! ever moves). An entry that is refused for ever makes nothing late but itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::column::parsed;
use super::history::{Latest, Plans, latest_by_target};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;
use crate::model::ids::Uai;
use crate::plan::Summary;
use crate::plan::operation::Side;

/// What an operation is about: an object in a target, its entry or its links and, of a group of all
/// schools, the school whose members come or go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Of {
    pub(super) target: String,
    object: String,
    side: Side,
    school: Option<Uai>,
}

/// The side of an operation `o` in SQL, for [`Of::read`].
pub(super) const SIDE: &str =
    "CASE o.kind WHEN 'add_member' THEN 1 WHEN 'remove_member' THEN 2 ELSE 0 END";

impl Of {
    /// From three columns: target, object, [`SIDE`]; the first of them is `column`.
    pub(super) fn read(row: &Row<'_>, column: usize, uai: &Uai) -> Result<Self, StoreError> {
        let (target, object): (String, String) = (row.get(column)?, row.get(column + 1)?);
        let is_of_all = matches!(object.parse(), Ok(ObjectKey::Licence(_)));
        let school = is_of_all.then(|| uai.clone());
        let side = match row.get(column + 2)? {
            1 => Side::Coming,
            2 => Side::Going,
            _ => Side::Entry,
        };
        Ok(Self { target, object, side, school })
    }

    /// A group that could not be made with its members may be made without them, and the other way
    /// round: what was left of one is owed in the other.
    fn other(&self) -> Option<Self> {
        let side = match self.side {
            Side::Entry => Side::Coming,
            Side::Coming => Side::Entry,
            Side::Going => return None,
        };
        Some(Self { side, ..self.clone() })
    }
}

/// What operations of a plan wait since already: those that the runs before it left.
pub(super) type Owed = BTreeMap<Of, Timestamp>;

/// What was worked out already: an entry that is stuck for weeks leads back through every night.
pub(super) type Known = BTreeMap<RunId, Owed>;

/// What the runs before this one left of its operations.
pub(super) fn owed(store: &Store, run: RunId, known: &mut Known) -> Result<Owed, StoreError> {
    if let Some(owed) = known.get(&run) {
        return Ok(owed.clone());
    }
    let mut owed = Owed::new();
    for before in latest_by_target(store, Plans::BegunBefore(Some(run)))? {
        unread(store, run, &before, &mut owed)?;
        let open = open(store, run, &before)?;
        if open.is_empty() {
            continue;
        }
        let earlier = self::owed(store, before.run, known)?;
        let mut left = Owed::new();
        for (of, uai) in open {
            let fresh = || fresh(&before.summary, &of, &uai);
            if let Some(since) = earlier.get(&of).copied().or_else(fresh) {
                left.insert(of, since);
            }
        }
        let of_other = left.iter().filter_map(|(of, since)| Some((of.other()?, *since)));
        let of_other: Owed = of_other.filter(|(of, _)| !left.contains_key(of)).collect();
        owed.extend(left.into_iter().chain(of_other));
    }
    known.insert(run, owed.clone());
    Ok(owed)
}

/// The receipt that starts the clock of what is new in a plan; none: nothing was delivered. Each
/// file of a school has its own start (requirements 2.3).
pub(super) fn fresh(summary: &Summary, of: &Of, uai: &Uai) -> Option<Timestamp> {
    match &summary.news {
        Some(news) => missed(summary, of, uai)
            .or_else(|| own(summary, of, uai))
            .or_else(|| news.get(uai).copied()),
        // A plan of before did not tell them apart.
        None => summary.since_in(&of.target).get(uai).copied(),
    }
}

/// The same of what a target missed while it could not be read.
pub(super) fn missed(summary: &Summary, of: &Of, uai: &Uai) -> Option<Timestamp> {
    let since = summary.caught_up.get(&of.target)?.get(uai)?;
    Some(own(summary, of, uai).unwrap_or(*since))
}

/// Of an object whose own file came after another one of its school.
fn own(summary: &Summary, of: &Of, uai: &Uai) -> Option<Timestamp> {
    let sides = summary.later.get(&of.target)?.get(uai)?;
    sides.get(&of.side)?.get(&of.object.parse().ok()?).copied()
}

/// Whether the operations of a plan have clocks of their own, beside that of their school.
pub(super) fn by_object(summary: &Summary, owed: &Owed) -> bool {
    !(owed.is_empty() && summary.later.is_empty())
}

/// What a run did not do and this one has too, with the school.
fn open(store: &Store, run: RunId, before: &Latest) -> Result<Vec<(Of, Uai)>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT o.uai, o.target, o.object, {SIDE}
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.uai IS NOT NULL
           AND coalesce(s.state, 'planned') NOT IN ('done', 'already')
           AND EXISTS (SELECT 1 FROM plan_operation n
                       WHERE n.object = o.object AND n.run = ?2 AND n.target = o.target)"
    );
    let mut statement = store.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![before.run.0, run.0])?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        let uai = parsed::<Uai>(row, 0)?;
        let of = Of::read(row, 1, &uai)?;
        if before.of.has_in(&of.target, &uai) {
            open.push((of, uai));
        }
    }
    Ok(open)
}

/// Of a target that a run could not read, and of which it did not keep what it missed, everything
/// waits since that run's clock.
fn unread(store: &Store, run: RunId, before: &Latest, owed: &mut Owed) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT DISTINCT o.uai, o.target, o.object, {SIDE} FROM plan_operation o
         WHERE o.run = ?1 AND o.target = ?2 AND o.uai IS NOT NULL"
    );
    let Summary { unread, missed, .. } = &before.summary;
    for target in unread.keys().filter(|target| !missed.contains_key(*target)) {
        let since = before.summary.since_in(target);
        let mut statement = store.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![run.0, target])?;
        while let Some(row) = rows.next()? {
            let uai = parsed::<Uai>(row, 0)?;
            if let Some(since) = since.get(&uai).filter(|_| before.of.has(&uai)) {
                owed.insert(Of::read(row, 1, &uai)?, *since);
            }
        }
    }
    Ok(())
}
