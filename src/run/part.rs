//! `apply PLAN --school`: the part of a plan that is of some schools, judged by the guards on its
//! own, and the rest as a plan of its own, which stays to be applied.

use std::collections::{BTreeMap, BTreeSet};

use tokio::runtime::Runtime;

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::targets::{self, Labs};
use super::{draft, facts};
use crate::model::ids::Uai;
use crate::model::workspace::{Workspace, WorkspaceState};
use crate::plan::guard::{GuardFacts, SchoolFacts};
use crate::plan::make::{self, Parts};
use crate::plan::operation::OperationKind;
use crate::plan::origin::{Origin, Scope};
use crate::plan::part::{self, Half};
use crate::plan::{Basis, Objection, Plan, guard};
use crate::store::review::answers;
use crate::store::runs::RunId;
use crate::store::{Store, deliveries, plans, registry, undo};

/// The schools that were typed, `UAI` or `UAI,UAI…`.
pub(super) fn schools(session: &Session, typed: &[String]) -> anyhow::Result<BTreeSet<Uai>> {
    let usage = |what: String| Failure::new(ExitStatus::Usage, format!("--school: {what}"));
    let mut schools = BTreeSet::new();
    for text in typed {
        let uai: Uai = text.parse().map_err(|error| usage(format!("{error}")))?;
        if !session.config.schools.contains_key(&uai) {
            return Err(usage(format!("{uai} is not in schools.csv")).into());
        }
        schools.insert(uai);
    }
    Ok(schools)
}

/// A plan and the schools of which it is to be applied.
pub(super) struct Part<'a> {
    pub(super) of: RunId,
    pub(super) plan: &'a Plan,
    pub(super) schools: &'a BTreeSet<Uai>,
}

impl Part<'_> {
    /// The part, held against what stands and stored.
    pub(super) fn save(
        &self,
        session: &Session,
        store: &mut Store,
        labs: &Labs,
        runtime: &Runtime,
    ) -> anyhow::Result<(RunId, Plan)> {
        let (half, _) = part::split(self.plan, self.schools);
        if half.operations.is_empty() && half.change.is_empty() {
            let what = format!("nothing of plan {} is of these schools", self.of);
            return Err(Failure::new(ExitStatus::Usage, what).into());
        }
        let mut seen = runtime.block_on(targets::observe_all(session, store, labs))?;
        let known = registry::load(store).map_err(store_failure)?;
        seen.observed.values_mut().for_each(|one| one.recognise(known.workspaces.keys()));
        let here = |uai: &Uai| self.schools.contains(uai);
        let mut basis = deliveries::basis(store).map_err(store_failure)?;
        basis.retain(|one| !here(&one.uai));
        basis.extend(self.plan.basis.iter().filter(|one| here(&one.uai)).cloned());
        let scope = Scope::Only(self.schools.clone());
        let plan = self.made(session, store, half, (self.plan.generation, basis), scope)?;
        draft::audited(session, &plan, &seen.observed)?;
        let run = plans::save(store, "apply", &plan).map_err(store_failure)?;
        answers::same_as(store, run, self.of).map_err(store_failure)?;
        Ok((run, plan))
    }

    /// The rest, once the part is begun: it is of the generation after it.
    pub(super) fn save_rest(&self, session: &Session, store: &mut Store) -> anyhow::Result<()> {
        let (_, half) = part::split(self.plan, self.schools);
        if half.operations.is_empty() && half.change.is_empty() {
            return Ok(());
        }
        let scope = Scope::Without(self.schools.clone());
        let of = (self.plan.generation + 1, self.plan.basis.clone());
        let plan = self.made(session, store, half, of, scope)?;
        let run = plans::save(store, "apply", &plan).map_err(store_failure)?;
        answers::same_as(store, run, self.of).map_err(store_failure)?;
        if session.format == Format::Text {
            let text = format!(
                "the rest of plan {} stays planned, as plan {run}: rentree show {run}\n",
                self.of
            );
            (session.world.out)(&text);
        }
        Ok(())
    }

    fn made(
        &self,
        session: &Session,
        store: &Store,
        half: Half,
        (generation, basis): (u64, Vec<Basis>),
        scope: Scope,
    ) -> anyhow::Result<Plan> {
        let here: &dyn Fn(&Uai) -> bool = &|uai| scope.has(Some(uai));
        let Plan { made_at, settings, strays, doubles, rehearsed, origin, summary, .. } = self.plan;
        let Half { operations, change } = half;
        let mut facts = facts_of(&origin.facts, here);
        let lately = undo::lately(store, session.a_day_ago()).map_err(store_failure)?;
        facts::count_lately(&mut facts, &lately);
        let mut objections =
            guard::objections(&session.config.guard, session.today(), &operations, &facts);
        let half = Half { operations, change };
        let raised: BTreeSet<String> = objections.iter().map(|one| one.id.clone()).collect();
        let of_all = |one: &&Objection| one.uai.is_none() && !raised.contains(&one.id);
        let kept = self.plan.objections.iter();
        let kept = kept.filter(|one| stays(one, here) || of_all(one) && concerns(one, &half));
        objections.extend(kept.cloned());
        let Half { operations, change } = half;
        let mut summary = summary.clone();
        summary.deliveries.retain(|line| line.uai.as_ref().is_some_and(here));
        summary.since.retain(|uai, _| here(uai));
        summary.waits.retain(|wait| here(&wait.uai));
        summary.oldest_receipt = summary.since.values().min().copied();
        let touched: BTreeSet<_> = operations.iter().map(|one| (&one.target, &one.key)).collect();
        let expected = origin.expected.iter();
        let expected = expected.filter(|one| touched.contains(&(&one.target, &one.key)));
        let origin = Origin {
            expected: expected.cloned().collect(),
            facts: facts.into_iter().collect(),
            scope: scope.clone(),
            ..origin.clone()
        };
        Ok(make::make(Parts {
            made_at: *made_at,
            generation,
            basis,
            settings: settings.clone(),
            change,
            operations,
            objections,
            strays: strays.clone(),
            doubles: doubles.clone(),
            rehearsed: *rehearsed,
            origin,
            summary,
        }))
    }
}

/// Objections that no number of a school decides: they are of the whole, or of its schools.
fn stays(objection: &Objection, here: &dyn Fn(&Uai) -> bool) -> bool {
    match objection.id.as_str() {
        guard::REGISTRY_OLDER | guard::DELIVERIES_MISSING | guard::CLOCK_STEPPED_BACK => true,
        guard::ROLLED_BACK | guard::SUBSCRIPTION_ENDED => objection.uai.as_ref().is_none_or(here),
        _ => false,
    }
}

/// Whether a part takes some of what the whole plan was stopped for. Ten parts that each pass would
/// add up to what a second person was to look at.
fn concerns(objection: &Objection, half: &Half) -> bool {
    let any = |kinds: &[OperationKind]| half.operations.iter().any(|one| kinds.contains(&one.kind));
    match objection.id.as_str() {
        guard::TOO_MANY_DISABLES_OVERALL | guard::TOO_MANY_DELETES_OVERALL => {
            any(&[OperationKind::Disable, OperationKind::Delete])
        }
        guard::CLASSES_LOST_OVERALL => {
            let closes = |space: &Workspace| space.state != WorkspaceState::Open;
            any(&[OperationKind::RemoveMember]) || half.change.workspaces.iter().any(closes)
        }
        guard::TOO_MANY_GROUP_DELETES_OVERALL => any(&[OperationKind::Delete]),
        guard::TARGET_ROOM => any(&[OperationKind::Create, OperationKind::AddMember]),
        guard::TOO_MANY_CREATIONS_OVERALL | guard::ACCOUNTS_MISSING_OVERALL => {
            any(&[OperationKind::Create])
        }
        _ => false,
    }
}

/// What the schools lose is theirs; what stands elsewhere is still the whole that it is held
/// against.
fn facts_of(all: &[(Option<Uai>, SchoolFacts)], here: &dyn Fn(&Uai) -> bool) -> GuardFacts {
    let one = |(uai, facts): &(Option<Uai>, SchoolFacts)| {
        let SchoolFacts { accounts, usable, made, groups, pupils, .. } = *facts;
        let losses_none =
            SchoolFacts { accounts, usable, made, groups, pupils, ..SchoolFacts::default() };
        let ours = uai.as_ref().is_some_and(here);
        (uai.clone(), if ours { *facts } else { losses_none })
    };
    let mut facts: BTreeMap<_, _> = all.iter().map(one).collect();
    // Counted again, as of now.
    for school in facts.values_mut() {
        school.disabled_lately = 0;
        school.deleted_lately = 0;
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::operation::Operation;
    use crate::plan::simulator::{account, one_creation};

    /// SEC-42: parts that each pass would add up to what a second person was to look at.
    #[test]
    fn a_part_keeps_the_objections_to_the_whole_that_it_takes_its_share_of() {
        let whole = |id: &str| Objection { id: id.to_owned(), uai: None, text: String::new() };
        let of = |kind: OperationKind| {
            let creation = one_creation("ldap", account(1, "0599990N", "ines.lefevre"));
            let operations = vec![Operation { kind, ..creation }];
            Half { operations, ..Half::default() }
        };
        let kinds = [
            OperationKind::Disable,
            OperationKind::Delete,
            OperationKind::Create,
            OperationKind::RemoveMember,
            OperationKind::Update,
        ];
        for (id, expected) in [
            ("too-many-disables-overall", [true, true, false, false, false]),
            ("too-many-deletes-overall", [true, true, false, false, false]),
            ("too-many-creations-overall", [false, false, true, false, false]),
            ("accounts-missing-overall", [false, false, true, false, false]),
            ("classes-lost-overall", [false, false, false, true, false]),
            ("too-many-group-deletes-overall", [false, true, false, false, false]),
            ("target-room", [false, false, true, false, false]),
        ] {
            let kept = kinds.map(|kind| concerns(&whole(id), &of(kind)));
            assert_eq!(kept, expected, "{id}");
        }
        let stays = |id: &str| stays(&whole(id), &|_| false);
        assert!(stays(guard::CLOCK_STEPPED_BACK) && stays(guard::DELIVERIES_MISSING));
        assert!(!stays("too-many-disables-overall"));
        // the end of a subscription goes with the part that has the school.
        let uai: Uai = "0599990N".parse().unwrap();
        let ended = Objection { uai: Some(uai.clone()), ..whole(guard::SUBSCRIPTION_ENDED) };
        assert!(super::stays(&ended, &|one| *one == uai) && !super::stays(&ended, &|_| false));
    }
}
