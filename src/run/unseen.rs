//! A night on which no target could be read. Nothing is decided then: who is new is numbered beyond
//! whoever stands in a target, and logins that others hold are seen there. That it was tried is
//! kept all the same, with what waits for the targets and since when: `status`, the deadlines and
//! the metrics tell it, and the clock of what is new does not begin anew with the next file.

use std::collections::BTreeMap;

use super::draft::{self, Draft, Laps};
use super::review::Review;
use super::session::{Session, store_failure};
use super::targets::Observation;
use super::{exports, machine, replay};
use crate::model::registry::RegistryChange;
use crate::plan::guard::GuardFacts;
use crate::plan::make::{self, Parts};
use crate::plan::origin::Origin;
use crate::plan::{Basis, PersonCounts, Plan};
use crate::store::{Store, deliveries, history, plans, registry};

/// Whether such a night is kept as a run: that of `run`, unless an earlier one waits for `replay`,
/// which a run begun after it would take over.
pub(super) fn is_kept(session: &Session, store: &Store, command: &str) -> anyhow::Result<bool> {
    Ok(command == "run" && !replay::is_due(session, store)?)
}

/// Makes and stores the plan of it.
pub(super) fn drafted(
    session: &Session,
    store: &mut Store,
    command: &str,
    (review, laps): (Review, Laps),
    seen: Observation,
) -> anyhow::Result<Draft> {
    let plan = plan(session, store, &review, seen)?;
    let run = plans::save(store, command, &plan).map_err(store_failure)?;
    Ok(Draft { run, plan, review, duration_ms: laps.ms })
}

/// No operation, no change; departures are measured on the same deliveries as before.
fn plan(
    session: &Session,
    store: &Store,
    review: &Review,
    seen: Observation,
) -> anyhow::Result<Plan> {
    let registry = registry::load(store).map_err(store_failure)?;
    let past = history::past(store).map_err(store_failure)?;
    let none = BTreeMap::new();
    let told = (&[][..], &registry, &none);
    let counts = (PersonCounts::default(), seen.unread);
    let exports = exports::load(session, store, review, &past)?;
    let summary = draft::summary(session, (review, &exports), &past, told, counts);
    let origin = draft::origin_of(session, review, &BTreeMap::new(), &[], GuardFacts::new());
    // Nothing was decided from what is new: the next run compares with the plan that did.
    let basis = |((uai, source), digest)| Basis { uai, source, digest, academy: None };
    let in_force = past.in_force.into_iter().map(basis).collect();
    Ok(make::make(Parts {
        made_at: session.world.clock.now(),
        generation: registry.generation,
        basis: deliveries::basis(store).map_err(store_failure)?,
        settings: session.config.digest.clone(),
        change: RegistryChange::default(),
        operations: Vec::new(),
        objections: machine::objection(session, store)?.into_iter().collect(),
        strays: Vec::new(),
        doubles: Vec::new(),
        rehearsed: session.world.clock.is_fixed(),
        origin: Origin { in_force, ..origin },
        summary,
    }))
}
