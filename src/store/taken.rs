//! Names that a target refused, as they are somebody else's where our look does not see him.
//!
//! Whoever has no account yet is given the next ones by the naming rules. Whoever has one,
//! anywhere, keeps his names: they open something. Nobody is named for ever: after a few names a
//! person has to look.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::column::{At, words};
use super::runs::{OperationState, RunId};
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::model::observed::Observed;

/// Logins of one person that are tried.
pub const NAMES_MAX: u64 = 5;

/// Somebody whose present names a target refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The targets that refuse them.
    pub by: BTreeSet<String>,
    /// Targets to which an account was sent and that have not said what became of it: it may stand.
    pub unsure: BTreeSet<String>,
    pub outlook: Outlook,
}

words! {
    /// What the next plan does about it.
    Outlook {
        /// It takes the next names.
        Next = "next-name",
        /// Nothing: the account that was made elsewhere keeps its names.
        Kept = "kept",
        /// Nothing any more.
        Enough = "enough",
    }
}

/// Those who are given other names: nobody whose account stands, or may stand, in a target.
pub fn nameless(
    taken: &BTreeMap<PersonId, Taken>,
    observed: &BTreeMap<String, Observed>,
) -> BTreeSet<PersonId> {
    let stands = |key: &ObjectKey| observed.values().any(|seen| seen.entries.contains_key(key));
    let is_nameless = |(person, one): &(&PersonId, &Taken)| {
        let Taken { by: _, unsure, outlook } = one;
        let is_sure = unsure.iter().all(|target| observed.contains_key(target));
        *outlook == Outlook::Next && is_sure && !stands(&ObjectKey::Account(**person))
    };
    taken.iter().filter(is_nameless).map(|(person, _)| *person).collect()
}

/// Notes that the names of an account to be made are somebody else's.
pub(super) fn note(
    transaction: &Transaction<'_>,
    run: RunId,
    seq: u64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO taken_name (person, login, target, run, seq, at)
               SELECT p.id, json_extract(p.document, '$.account.name.login'), o.target, ?1, ?2, ?3
               FROM plan_operation o JOIN person p ON o.object = 'rentree:account:' || p.id
               WHERE (o.run, o.seq) = (?1, ?2) AND o.kind = 'create'
                 AND json_extract(p.document, '$.account.name.login') IS NOT NULL
               ON CONFLICT (person, login, target)
               DO UPDATE SET run = excluded.run, seq = excluded.seq, at = excluded.at";
    transaction.prepare_cached(sql)?.execute(params![run.0, seq, At(at)])?;
    Ok(())
}

/// Everybody whose present names are refused somewhere.
pub fn list(store: &Store) -> Result<BTreeMap<PersonId, Taken>, StoreError> {
    let sql = "SELECT t.person, t.target,
                      (SELECT count(DISTINCT n.login) FROM taken_name n WHERE n.person = t.person)
               FROM taken_name t JOIN person p ON p.id = t.person
               WHERE t.login = json_extract(p.document, '$.account.name.login')
                 AND NOT EXISTS (
                     SELECT 1 FROM plan_operation o JOIN operation_state s USING (run, seq)
                     WHERE o.object = 'rentree:account:' || t.person AND o.kind = 'create'
                       AND o.target = t.target AND s.state IN ('done', 'already')
                       AND o.run >= t.run)";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut taken: BTreeMap<PersonId, Taken> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (person, target, names): (u64, String, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let outlook = if names < NAMES_MAX { Outlook::Next } else { Outlook::Enough };
        let (by, unsure) = (BTreeSet::new(), BTreeSet::new());
        let one = taken.entry(PersonId(person)).or_insert(Taken { by, unsure, outlook });
        one.by.insert(target);
    }
    for (person, one) in &mut taken {
        sent(store, *person, one)?;
    }
    Ok(taken)
}

/// Where an account of the person was made, or may have been.
fn sent(store: &Store, person: PersonId, taken: &mut Taken) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT o.target, s.state
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.object = 'rentree:account:' || ?1 AND o.kind = 'create'
                 AND s.state IN ('started', 'done', 'already')";
    let mut statement = store.connection.prepare_cached(sql)?;
    let mut rows = statement.query([person.0])?;
    while let Some(row) = rows.next()? {
        match row.get(1)? {
            OperationState::Started => _ = taken.unsure.insert(row.get(0)?),
            _ => taken.outlook = Outlook::Kept,
        }
    }
    Ok(())
}
