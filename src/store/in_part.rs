//! What was written of an operation that the journal says was done in part, waiting for another
//! one: all but its links to entries that should have stood by then, and did not.

use rusqlite::{Connection, params};

use super::StoreError;
use super::column::document;
use super::runs::RunId;
use crate::plan::operation::{Action, Operation};

/// How the detail of such an outcome begins.
pub(crate) const IN_PART: &str = "in part: ";

/// The last line of the journal that says so of the operation `o`; none: it never was.
pub(super) const LAST_LINE: &str = "(SELECT max(p.id) FROM journal p
     WHERE p.run = o.run AND p.seq = o.seq AND p.detail LIKE 'in part: waits for operation %')";

/// An entry that did not stand when an operation of its run was done in part.
struct Missing {
    seq: u64,
    target: String,
    dn: String,
    /// The line of the journal that says that it was made after all.
    made: Option<u64>,
}

/// The entries of one run that were late.
pub(super) struct Gaps(Vec<Missing>);

impl Gaps {
    /// What was to be made, or moved, and was not by the time of the first operation in part.
    pub(super) fn of_run(connection: &Connection, run: RunId) -> Result<Self, StoreError> {
        let sql = "SELECT document, made FROM (
                       SELECT o.seq, o.document,
                              (SELECT min(j.id) FROM journal j
                               WHERE j.run = o.run AND j.seq = o.seq
                                 AND j.event IN ('done', 'already')) AS made
                       FROM plan_operation o
                       WHERE o.run = ?1 AND o.kind IN ('create', 'rename', 'disable', 'enable'))
                   WHERE made IS NULL
                      OR made > (SELECT min(id) FROM journal
                                 WHERE run = ?1 AND detail LIKE 'in part: %')
                   ORDER BY seq";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![run.0])?;
        let mut missing = Vec::new();
        while let Some(row) = rows.next()? {
            let Operation { seq, target, action, .. } = document(row, 0)?;
            let dn = match action {
                Action::Create { entry } => entry.dn,
                Action::Rename { from: _, to } => to,
                Action::Modify { .. }
                | Action::Delete { .. }
                | Action::AddLinks { .. }
                | Action::RemoveLinks { .. } => continue,
            };
            missing.push(Missing { seq, target, dn, made: row.get(1)? });
        }
        Ok(Self(missing))
    }

    /// The operation without the links that it left out, by what the line of the journal knew.
    pub(super) fn written(&self, mut operation: Operation, line: u64) -> Operation {
        let Operation { seq, target, action, .. } = &mut operation;
        let stood = |dn: &String| {
            !self.0.iter().any(|one| {
                one.dn == *dn
                    && one.seq < *seq
                    && one.target == *target
                    && one.made.is_none_or(|made| made > line)
            })
        };
        match action {
            Action::Create { entry } => {
                entry.links.values_mut().for_each(|values| values.retain(stood));
                entry.links.retain(|_, values| !values.is_empty());
            }
            Action::AddLinks { dn: _, attribute: _, values } => values.retain(stood),
            Action::Modify { .. }
            | Action::Rename { .. }
            | Action::Delete { .. }
            | Action::RemoveLinks { .. } => {}
        }
        operation
    }
}
