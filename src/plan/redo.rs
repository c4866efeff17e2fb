//! Does an operation do again what somebody has taken back?

use std::collections::BTreeMap;

use super::Objection;
use super::guard::ROLLED_BACK;
use super::operation::{Action, Operation};
use super::trace::same_place;
use crate::model::entry::ObjectKey;
use crate::model::ids::Uai;

/// By target and object, the operations that took a run back and were the last on it, each with
/// the number of the run that was taken back.
pub type TakenBack = BTreeMap<(String, ObjectKey), Vec<(u64, Action)>>;

/// One objection a school: what a person took back is not done again unseen.
pub fn objections(operations: &[Operation], taken_back: &TakenBack) -> Vec<Objection> {
    let mut found: BTreeMap<(Option<Uai>, u64), u64> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
        let key = (operation.target.clone(), operation.key.clone());
        let undone = taken_back.get(&key).into_iter().flatten();
        let mut runs = undone.filter(|(_, undone)| opposes(&operation.action, undone));
        if let Some((run, _)) = runs.next() {
            *found.entry((operation.uai.clone(), *run)).or_default() += 1;
        }
    }
    let objection = |((uai, run), count): ((Option<Uai>, u64), u64)| Objection {
        id: ROLLED_BACK.to_owned(),
        uai,
        text: format!(
            "{count} operation(s) would do again what was taken back from run {run}: \
             what it was made of still says so"
        ),
    };
    found.into_iter().map(objection).collect()
}

/// The first brings back what the second took away.
fn opposes(new: &Action, undone: &Action) -> bool {
    match (new, undone) {
        (
            Action::Modify { dn: _, before: from, after: to },
            Action::Modify { dn: _, before, after },
        ) => {
            let names = before.keys().chain(after.keys());
            let touched = |name: &&str| from.contains_key(name) || to.contains_key(name);
            names.filter(touched).any(|name| to.get(name) == before.get(name))
        }
        (Action::Rename { from: _, to }, Action::Rename { from, to: _ }) => same_place(to, from),
        (
            Action::AddLinks { dn: _, attribute, values },
            Action::RemoveLinks { dn: _, attribute: other, values: undone },
        )
        | (
            Action::RemoveLinks { dn: _, attribute, values },
            Action::AddLinks { dn: _, attribute: other, values: undone },
        ) => attribute == other && values.iter().any(|value| undone.contains(value)),
        _ => false,
    }
}
