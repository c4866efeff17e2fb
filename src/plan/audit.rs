//! The checker of plans: it knows the rules, and nothing of how plans are made. A plan that it has
//! something against is a fault of ours and is not applied.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{Action, Operation, OperationKind};
use super::{Plan, make, order};
use crate::mapping::managed::Managed;
use crate::model::attributes::Values;
use crate::model::dn;
use crate::model::entry::{Attributes, ObjectKey, ObjectKind};
use crate::model::ids::PersonId;
use crate::model::observed::Observed;

/// What a plan was made against, for one target.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub observed: &'a Observed,
    pub managed: &'a Managed,
}

/// Everything that is wrong with a plan, one sentence each with the operation's rank; empty when
/// the plan is good. `scenes` has one scene for each target of the plan.
pub fn audit(plan: &Plan, scenes: &BTreeMap<String, Scene<'_>>) -> Vec<String> {
    let mut faults = Faults(Vec::new());
    if !make::is_whole(plan) {
        faults.0.push("the plan is not the one that its hash names".to_owned());
    }
    ranks(plan, &mut faults);
    names(plan, &mut faults);
    let targets: BTreeSet<&String> =
        plan.operations.iter().map(|operation| &operation.target).collect();
    for target in targets {
        let steps = plan.operations.iter().filter(|operation| operation.target == *target);
        let Some(scene) = scenes.get(target) else {
            faults.0.push(format!("nothing is known of the target: {target}"));
            continue;
        };
        let steps: Vec<&Operation> =
            steps.filter(|operation| operation.blocked.is_none()).collect();
        let blocked = plan.operations.iter().filter(|operation| operation.blocked.is_some());
        let places = Places::of(scene, &steps, blocked);
        for step in &steps {
            ownership(step, scene, &places, &mut faults);
            content(step, scene, &mut faults);
            links(step, scene, &places, &mut faults);
        }
        arrivals(&steps, &places, &mut faults);
    }
    faults.0
}

struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, step: &Operation, what: &str) {
        let Operation { seq, kind, key, .. } = step;
        self.0.push(format!("operation {seq} ({} {key}): {what}", kind.as_str()));
    }
}

/// Ranks run from 1 without a gap, and stages never go back: a barrier is a barrier.
fn ranks(plan: &Plan, faults: &mut Faults) {
    let mut last = 0;
    for (step, rank) in plan.operations.iter().zip(1..) {
        if step.seq != rank {
            faults.add(step, &format!("its rank should be {rank}"));
        }
        if step.stage < last {
            faults.add(step, "it stands after a later stage");
        }
        last = last.max(step.stage);
        if order::without_wave(step.stage) != order::stage(step.kind, &step.key, &step.action) {
            faults.add(step, "its stage is not that of its kind");
        }
    }
}

/// Of what the plan writes into the registry, no name has two holders: neither two persons, nor an
/// account and a group, which share one space in some targets.
fn names(plan: &Plan, faults: &mut Faults) {
    let mut holders: BTreeMap<String, PersonId> = BTreeMap::new();
    for person in &plan.change.persons {
        for name in person.account.iter().flat_map(|account| account.name.each()) {
            let holder = holders.insert(name.to_string(), person.id);
            if let Some(other) = holder.filter(|other| *other != person.id) {
                faults.0.push(format!("{name} is given to persons {other} and {}", person.id));
            }
        }
    }
    let mut spaces = BTreeSet::new();
    for space in &plan.change.workspaces {
        let name = space.name.to_lowercase();
        if let Some(person) = holders.get(&name) {
            faults.0.push(format!("{} names a workspace and person {person}", space.name));
        }
        if !spaces.insert(name) {
            faults.0.push(format!("{} names two workspaces", space.name));
        }
    }
}

/// Who stands where: now, and as the plan goes. Places in comparable form.
struct Places<'a> {
    /// Our entries where they stand now.
    ours: BTreeMap<String, &'a ObjectKey>,
    /// Where a key comes to stand by a creation or move, and at which stage.
    coming: BTreeMap<String, (&'a ObjectKey, u16)>,
    /// The keys of `coming`.
    arriving: BTreeSet<&'a ObjectKey>,
    unmarked: BTreeSet<String>,
    /// Everything above something that stands: it must stand too.
    above: BTreeSet<String>,
    gone: BTreeSet<String>,
    /// Places that somebody wants and does not get.
    refused: BTreeSet<String>,
    copies: BTreeSet<&'a ObjectKey>,
}

impl<'a> Places<'a> {
    fn of(
        scene: &Scene<'a>,
        steps: &[&'a Operation],
        blocked: impl Iterator<Item = &'a Operation>,
    ) -> Self {
        let observed = scene.observed;
        let mut places = Self {
            ours: BTreeMap::new(),
            coming: BTreeMap::new(),
            arriving: BTreeSet::new(),
            unmarked: observed.foreign_dns.iter().map(|dn| dn::comparable(dn)).collect(),
            above: BTreeSet::new(),
            gone: BTreeSet::new(),
            refused: BTreeSet::new(),
            copies: observed.doubles.iter().map(|double| &double.key).collect(),
        };
        for (key, entry) in &observed.entries {
            places.ours.insert(dn::comparable(&entry.dn), key);
            places.climb(&entry.dn);
        }
        for step in steps {
            let to = match &step.action {
                Action::Create { entry } => &entry.dn,
                Action::Rename { from: _, to } => to,
                Action::Delete { dn, before: _ } => {
                    places.gone.insert(dn::comparable(dn));
                    continue;
                }
                Action::Modify { .. } | Action::AddLinks { .. } | Action::RemoveLinks { .. } => {
                    continue;
                }
            };
            places.climb(to);
            places.coming.insert(dn::comparable(to), (&step.key, step.stage));
            places.arriving.insert(&step.key);
        }
        places.refused = blocked
            .filter(|step| step.kind == OperationKind::Create)
            .map(|step| dn::comparable(step.action.dn()))
            .filter(|at| !places.ours.contains_key(at) && !places.coming.contains_key(at))
            .collect();
        places
    }

    fn climb(&mut self, dn: &str) {
        let mut next = dn::parent(dn);
        while let Some(dn) = next {
            if !self.above.insert(dn::comparable(dn)) {
                return;
            }
            next = dn::parent(dn);
        }
    }
}

/// Only marked entries are ours; nothing is made where something stands; groups, but for those of
/// a school year, and containers are never deleted (DESIGN rule 6, SEC-45, R-27).
fn ownership(step: &Operation, scene: &Scene<'_>, places: &Places<'_>, faults: &mut Faults) {
    let at = dn::comparable(step.action.dn());
    let standing = places.ours.get(&at).copied() == Some(&step.key);
    let coming = places.coming.get(&at);
    let arrives = coming.is_some_and(|(key, stage)| **key == step.key && *stage <= step.stage);
    match &step.action {
        Action::Create { entry } => {
            if entry.key != step.key {
                faults.add(step, "the entry is another one");
            }
            let stands = scene.observed.entries.contains_key(&step.key);
            if stands && step.key.kind() != ObjectKind::Container {
                faults.add(step, "it stands already");
            }
        }
        Action::Rename { .. } | Action::Delete { .. } if !standing => {
            faults.add(step, "it does not stand there as ours");
        }
        Action::Delete { .. } => {
            if !matches!(step.key, ObjectKey::Account(_) | ObjectKey::Yearly(_)) {
                faults.add(step, "only an account, or the group of a school year, is ever deleted");
            }
            if places.copies.contains(&step.key) {
                faults.add(step, "two entries have its mark");
            }
        }
        Action::Rename { .. } => {
            if step.key.kind() == ObjectKind::Container {
                faults.add(step, "a container is never moved");
            }
        }
        Action::Modify { .. } | Action::AddLinks { .. } | Action::RemoveLinks { .. } => {
            if !arrives && (!standing || places.arriving.contains(&step.key)) {
                faults.add(step, "our entry does not stand there by then");
            }
        }
    }
}

/// What is written: managed attributes, never a password, and always a change.
fn content(step: &Operation, scene: &Scene<'_>, faults: &mut Faults) {
    let written: Vec<&Attributes> = match &step.action {
        Action::Create { entry } => vec![&entry.attributes],
        Action::Modify { dn: _, before, after } => {
            if before == after {
                faults.add(step, "nothing changes");
            }
            if before.iter().any(|(name, held)| after.get(name) == Some(held)) {
                faults.add(step, "an attribute that does not differ is in it");
            }
            vec![before, after]
        }
        Action::Delete { dn: _, before } => vec![before],
        Action::AddLinks { dn: _, attribute, values }
        | Action::RemoveLinks { dn: _, attribute, values } => {
            if values.is_empty() {
                faults.add(step, "nothing changes");
            }
            if !scene.managed.links.contains(attribute) {
                faults.add(step, &format!("`{attribute}` is not a managed link"));
            }
            return;
        }
        Action::Rename { from, to } => {
            if dn::comparable(from) == dn::comparable(to) {
                faults.add(step, "nothing changes");
            }
            return;
        }
    };
    let managed = scene.managed.attributes.get(&step.key.kind());
    let deleted = matches!(step.action, Action::Delete { .. });
    for name in written.into_iter().flat_map(Attributes::keys) {
        if is_password(scene.managed, name) {
            faults.add(step, &format!("it holds a password, `{name}`"));
        } else if !deleted
            && !managed.is_some_and(|names| names.contains(name))
            && !scene.managed.disabled.contains_key(name)
        {
            faults.add(step, &format!("`{name}` is not managed"));
        }
    }
    if let Action::Create { entry } = &step.action
        && entry.attributes.values().any(Values::is_empty)
    {
        faults.add(step, "an attribute without a value is in it");
    }
}

/// By any name that a directory gives to a password.
fn is_password(managed: &Managed, name: &str) -> bool {
    let name = name.to_lowercase();
    let known = ["unicodepwd", "krbprincipalkey", "sambantpassword", "sambalmpassword"];
    name == managed.password.attribute.to_lowercase()
        || name.ends_with("password")
        || known.contains(&name.as_str())
}

/// Links point to what stands now or after the plan, and never to a stranger in a wanted place.
fn links(step: &Operation, scene: &Scene<'_>, places: &Places<'_>, faults: &mut Faults) {
    let placeholder =
        |value: &&String| scene.managed.placeholders.values().any(|one| one == *value);
    for value in step.action.linked().filter(|value| !placeholder(value)) {
        let at = dn::comparable(value);
        let arrives = places.coming.get(&at).is_some_and(|(_, stage)| *stage <= step.stage);
        let stands = places.ours.contains_key(&at)
            || places.unmarked.contains(&at)
            || places.above.contains(&at);
        if places.gone.contains(&at) {
            faults.add(step, "it links an account that the plan deletes");
        } else if places.refused.contains(&at) {
            faults.add(step, "it links whoever stands in the place of a blocked entry");
        } else if !arrives && !stands {
            faults.add(step, &format!("it links what does not stand: {value}"));
        }
    }
}

/// Two entries never come to one place, nothing comes where something stands, and a parent that
/// the plan makes is there first.
fn arrivals(steps: &[&Operation], places: &Places<'_>, faults: &mut Faults) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for step in steps {
        let to = match &step.action {
            Action::Create { entry } => &entry.dn,
            Action::Rename { from: _, to } => to,
            Action::Modify { .. }
            | Action::Delete { .. }
            | Action::AddLinks { .. }
            | Action::RemoveLinks { .. } => continue,
        };
        let at = dn::comparable(to);
        if places.ours.contains_key(&at) || places.unmarked.contains(&at) {
            faults.add(step, "something stands in its place");
        }
        if let Some(parent) = dn::parent(to).map(dn::comparable)
            && let Some((_, stage)) = places.coming.get(&parent)
            && *stage >= step.stage
        {
            faults.add(step, "its parent is not made in an earlier stage");
        }
        if !taken.insert(at) {
            faults.add(step, "another operation comes to the same place");
        }
    }
}

#[cfg(test)]
mod tests;
