//! A run that is taken back once more: what an earlier rollback could not reach is left of it.

use std::collections::BTreeSet;

use super::session::{Session, store_failure};
use crate::model::ids::PersonId;
use crate::model::registry::Registry;
use crate::store::runs::{self, RunId};
use crate::store::{Store, plans};

/// Persons who are in the registry as a rollback of the run has left them: only their entries are
/// still to be taken back, where they can be reached now.
pub(super) fn taken_back(
    store: &Store,
    run: RunId,
    registry: &Registry,
) -> anyhow::Result<BTreeSet<PersonId>> {
    let mut found = BTreeSet::new();
    let known = runs::list(store).map_err(store_failure)?;
    for later in known.iter().filter(|one| one.id > run && one.started_at.is_some()) {
        let header = plans::header(store, later.id).map_err(store_failure)?;
        if header.origin.undoes == Some(run.0) {
            let persons = plans::load(store, later.id).map_err(store_failure)?.change.persons;
            let is_left = persons.iter().filter(|one| registry.persons.get(&one.id) == Some(*one));
            found.extend(is_left.map(|one| one.id));
        }
    }
    Ok(found)
}

/// Why what a run wrote in a target that nobody reads is left as it is.
pub(super) fn out_of_reach(session: &Session, target: &str, run: RunId) -> String {
    let is_off = session.config.switched_off.iter().any(|one| one == target);
    match is_off {
        true => format!("{target} is switched off: rentree rollback {run} again once it is on"),
        false => format!("{target} is not in rentree.toml any more"),
    }
}
