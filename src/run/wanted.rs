//! What should stand in a target of either kind, and what of it is known, deleted or left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::session::{Session, store_failure};
use crate::config::{Target, TargetKind};
use crate::desired::graph::{self, Rules, Wanted};
use crate::desired::{entries, subscription};
use crate::mapping::Mapping;
use crate::mapping::entries::EntryMapping;
use crate::mapping::graph::SCHOOL;
use crate::model::account::AccountState;
use crate::model::entry::ObjectKey;
use crate::model::ids::{PersonId, SchoolYear, Uai};
use crate::model::observed::Observed;
use crate::model::registry::Registry;
use crate::model::workspace::WorkspaceWithMembers;
use crate::plan::Objection;
use crate::plan::guard::cloud;
use crate::plan::operation::Operation;
use crate::store::{Store, memory};

/// The registry as it becomes, and what goes with it.
#[derive(Clone, Copy)]
pub(super) struct After<'a> {
    pub(super) registry: &'a Registry,
    pub(super) spaces: &'a [WorkspaceWithMembers],
    /// The school year of what each school declares.
    pub(super) years: &'a BTreeMap<Uai, SchoolYear>,
}

/// What should stand in a target. The error is the mapping's.
pub(super) fn wanted(
    session: &Session,
    store: &Store,
    target: &Target,
    after: After<'_>,
    observed: &Observed,
) -> anyhow::Result<Result<Wanted, String>> {
    let mapping = match &target.mapping {
        Mapping::Ldap(mapping) => return Ok(in_tree(session, after, mapping)),
        Mapping::Graph(mapping) => mapping,
    };
    let at = memory::disabled_at(store, &target.name).map_err(store_failure)?;
    let day = |at: jiff::Timestamp| at.to_zoned_datetime(session.config.zone.clone()).date();
    let disabled_on: BTreeMap<PersonId, Date> =
        at.into_iter().map(|(person, at)| (person, day(at))).collect();
    let rules = target.graph().map_or(Rules::NONE, |graph| Rules {
        teams: graph.teams,
        old_groups_kept_days: graph.old_groups_kept_days,
    });
    Ok(graph::desired(&graph::Scene {
        registry: after.registry,
        spaces: after.spaces,
        schools: &session.config.schools,
        years: after.years,
        scheme: &session.config.scheme,
        mapping,
        policy: &session.config.lifecycle,
        rules,
        observed,
        disabled_on: &disabled_on,
        today: session.today(),
    }))
}

/// Everything of the registry stands in a directory of the house.
fn in_tree(session: &Session, after: After<'_>, mapping: &EntryMapping) -> Result<Wanted, String> {
    let registry = after.registry;
    let entries = entries::desired(registry, after.spaces, &session.config.scheme, mapping)?;
    let mut wanted = Wanted { entries, ..Wanted::default() };
    for person in registry.persons.values() {
        let key = ObjectKey::Account(person.id);
        let state = person.account.as_ref().map(|account| &account.state);
        if matches!(state, Some(AccountState::Deleted { .. })) {
            wanted.deletions.insert(key.clone());
        }
        wanted.known.insert(key);
    }
    wanted.known.extend(registry.workspaces.keys().cloned().map(ObjectKey::Group));
    wanted.known.extend(wanted.entries.keys().cloned());
    Ok(wanted)
}

/// What only the guards of Office 365 have against a plan: of each of its targets that was read.
pub(super) fn objections(
    session: &Session,
    operations: &[Operation],
    observed: &BTreeMap<String, Observed>,
) -> Vec<Objection> {
    let schools = &session.config.schools;
    let ended = |uai: &Uai| match schools.get(uai) {
        Some(school) if subscription::is_current(school, session.today()) => None,
        Some(school) => Some(match school.o365_until {
            Some(until) if until < session.today() => {
                format!("the subscription to Office 365 ended with {until}")
            }
            _ => "schools.csv has no subscription to Office 365 in force any more".to_owned(),
        }),
        None => Some("it is not in schools.csv any more".to_owned()),
    };
    let mut found = Vec::new();
    for target in session.config.targets.iter().filter(|target| target.graph().is_some()) {
        let Some(seen) = observed.get(&target.name) else { continue };
        found.extend(cloud::subscription_ended(&target.name, operations, &ended));
        found.extend(cloud::target_room(&target.name, operations, seen));
    }
    found
}

/// Nothing is asked of Office 365 while no school has subscribed and nothing of ours was ever
/// written there.
pub(super) fn is_asked(session: &Session, store: &Store, target: &Target) -> anyhow::Result<bool> {
    match &target.kind {
        TargetKind::Ldap(_) | TargetKind::Lab(_) => Ok(true),
        TargetKind::Graph(_) => {
            let any = subscription::any_current(&session.config.schools, session.today());
            Ok(any || memory::was_written(store, &target.name).map_err(store_failure)?)
        }
    }
}

/// Tells the school of each entry that stands in a tenant, where no place tells it.
pub(super) fn locate(session: &Session, target: &Target, observed: &mut Observed) {
    let Mapping::Graph(mapping) = &target.mapping else { return };
    let known: BTreeSet<Uai> = session.config.schools.keys().cloned().collect();
    for (key, entry) in observed.entries.iter_mut().filter(|(_, entry)| entry.uai.is_none()) {
        let code = entry.attributes.get(SCHOOL).and_then(|values| values.first());
        let of_account = code.and_then(|code| mapping.tenant.school_of(code, &known));
        let of_group = key.structure().map(|structure| &structure.uai);
        entry.uai = of_account.or(of_group).cloned();
    }
}
