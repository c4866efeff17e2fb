//! `apply PLAN --school`: the part of a plan that is of some schools, judged by the guards on its
//! own, and the rest as a plan of its own, which stays to be applied.

use std::collections::BTreeSet;

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::{draft, facts, still};
use crate::model::ids::Uai;
use crate::plan::guard::{GuardFacts, SchoolFacts};
use crate::plan::make::{self, Parts};
use crate::plan::origin::{Origin, Scope};
use crate::plan::part::{self, Half};
use crate::plan::waves;
use crate::plan::{Basis, Plan, guard};
use crate::store::review::answers;
use crate::store::runs::{self, RunId, RunState};
use crate::store::{Store, deliveries, plans, undo};

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
pub(super) struct Part {
    /// The plan's number.
    of: RunId,
    plan: Plan,
    schools: BTreeSet<Uai>,
}

/// What is left of a plan once its part is begun, not kept yet.
pub(super) struct Rest {
    of: RunId,
    plan: Plan,
}

impl Part {
    /// The part of a plan that was typed. Schools of a part are taken from the plan that it is of:
    /// so there is one rest, with all that is left.
    pub(super) fn of_typed(
        store: &Store,
        (run, plan): (RunId, Plan),
        mut schools: BTreeSet<Uai>,
    ) -> anyhow::Result<Self> {
        let Some(typed) = Self::begun_as(store, &plan)? else {
            return Ok(Self { of: run, plan, schools });
        };
        let wanted: Vec<String> = schools.iter().map(ToString::to_string).collect();
        schools.retain(|uai| typed.schools.contains(uai));
        if schools.is_empty() {
            // A part that was refused is the latest plan.
            let what = format!("plan {run} is a part of plan {}, without these schools", typed.of);
            let hint = format!("rentree apply {} --school {}", typed.of, wanted.join(","));
            return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
        }
        Ok(Self { schools, ..typed })
    }

    /// Of a plan that is a part itself, what it is a part of.
    fn begun_as(store: &Store, part: &Plan) -> anyhow::Result<Option<Self>> {
        match (&part.origin.scope, part.origin.part_of) {
            (Scope::Only(schools), Some(whole)) => {
                let plan = plans::load(store, RunId(whole)).map_err(store_failure)?;
                Ok(Some(Self { of: RunId(whole), plan, schools: schools.clone() }))
            }
            (Scope::All | Scope::Without(_), _) | (Scope::Only(_), None) => Ok(None),
        }
    }

    /// The part as a plan, held to what the whole one expected.
    pub(super) fn made(&self, session: &Session, store: &Store) -> anyhow::Result<Plan> {
        let (half, _) = part::split(&self.plan, &self.schools);
        if half.is_empty() {
            return Err(nothing_of(self.of));
        }
        let here = |uai: &Uai| self.schools.contains(uai);
        let mut basis = deliveries::basis(store).map_err(store_failure)?;
        basis.retain(|one| !here(&one.uai));
        basis.extend(self.plan.basis.iter().filter(|one| here(&one.uai)).cloned());
        let expected = part::expected_by_part(&self.plan, &half);
        let ground = part::ground(&self.plan, &expected, None);
        let origin = Origin {
            expected,
            scope: Scope::Only(self.schools.clone()),
            part_of: Some(self.of.0),
            ..self.plan.origin.clone()
        };
        let of = (self.plan.generation, basis);
        let plan = self.half_as_plan(session, store, half, of, origin)?;
        draft::audited(session, &plan, &ground)?;
        Ok(plan)
    }

    pub(super) fn save(&self, store: &mut Store, part: &Plan) -> anyhow::Result<RunId> {
        saved(store, part, self.of)
    }

    /// The rest, which is of the generation after the part. What the part takes away need not count
    /// once more: the guards saw both halves together, and their objections stay.
    fn rest(&self, session: &Session, store: &Store, run: RunId) -> anyhow::Result<Option<Rest>> {
        let (first, half) = part::split(&self.plan, &self.schools);
        if half.is_empty() {
            return Ok(None);
        }
        let expected = part::expected_by_rest(&self.plan, &first, &half);
        let ground = part::ground(&self.plan, &expected, Some(&first));
        let origin = Origin {
            expected,
            scope: self.plan.origin.scope.without(&self.schools),
            part_of: Some(self.of.0),
            after: Some(run.0),
            ..self.plan.origin.clone()
        };
        let of = (self.plan.generation + 1, self.plan.basis.clone());
        let plan = self.half_as_plan(session, store, half, of, origin)?;
        draft::audited(session, &plan, &ground)?;
        Ok(Some(Rest { of: self.of, plan }))
    }

    fn half_as_plan(
        &self,
        session: &Session,
        store: &Store,
        half: Half,
        (generation, basis): (u64, Vec<Basis>),
        origin: Origin,
    ) -> anyhow::Result<Plan> {
        let scope = origin.scope.clone();
        let here: &dyn Fn(&Uai) -> bool = &|uai| scope.has(Some(uai));
        let Plan { made_at, settings, strays, doubles, rehearsed, summary, .. } = &self.plan;
        let mut facts = facts_of(&origin.facts, here);
        let lately = undo::lately(store, session.a_day_ago()).map_err(store_failure)?;
        facts::count_lately(&mut facts, &lately, &half.operations);
        let mut objections =
            guard::objections(&session.config.guard, session.today(), &half.operations, &facts);
        let raised: BTreeSet<String> = objections.iter().map(|one| one.id.clone()).collect();
        let is_rest = !matches!(scope, Scope::Only(_));
        let judged = guard::half::Judged { half: &half, is_rest, here, raised: &raised };
        let kept = self.plan.objections.iter();
        objections.extend(kept.filter(|one| guard::half::keeps(judged, one)).cloned());
        let Half { operations, change } = half;
        let mut summary = summary.clone();
        summary.deliveries.retain(|line| line.uai.as_ref().is_some_and(here));
        summary.since.retain(|uai, _| here(uai));
        summary.news.iter_mut().for_each(|news| news.retain(|uai, _| here(uai)));
        let later = summary.later.values_mut();
        later.for_each(|schools| schools.retain(|uai, _| here(uai)));
        summary.missed.values_mut().for_each(|missed| missed.retain(|uai, _| here(uai)));
        summary.caught_up.values_mut().for_each(|since| since.retain(|uai, _| here(uai)));
        summary.since_at.values_mut().for_each(|since| since.retain(|uai, _| here(uai)));
        summary.waits.retain(|wait| here(&wait.uai));
        summary.oldest_receipt = summary.since.values().min().copied();
        let parts = Parts {
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
            origin: Origin { facts: facts.into_iter().collect(), ..origin },
            summary,
        };
        Ok(make::in_waves(parts, &waves::of_plan(&self.plan.operations)))
    }
}

impl Rest {
    pub(super) fn save(&self, store: &mut Store) -> anyhow::Result<RunId> {
        saved(store, &self.plan, self.of)
    }

    pub(super) fn tell(&self, session: &Session, run: RunId) {
        if session.format == Format::Text {
            let of = self.of;
            let text =
                format!("the rest of plan {of} stays planned, as plan {run}: rentree show {run}\n");
            (session.world.out)(&text);
        }
    }
}

fn nothing_of(plan: RunId) -> anyhow::Error {
    let what = format!("nothing of plan {plan} is of these schools");
    Failure::new(ExitStatus::Usage, what).into()
}

fn saved(store: &mut Store, half: &Plan, of: RunId) -> anyhow::Result<RunId> {
    let run = plans::save(store, "apply", half).map_err(store_failure)?;
    answers::same_as(store, run, of).map_err(store_failure)?;
    Ok(run)
}

/// The rest of the plan that this one is a part of, however the part is begun; none when it is no
/// part, or takes all.
pub(super) fn rest(
    session: &Session,
    store: &Store,
    (run, plan): (RunId, &Plan),
) -> anyhow::Result<Option<Rest>> {
    match Part::begun_as(store, plan)? {
        Some(part) => part.rest(session, store, run),
        None => Ok(None),
    }
}

/// The same for a part that is taken up again: none when it was kept before, which is not the case
/// of a process that died between the two. On another day nobody could apply it.
pub(super) fn forgotten_rest(
    session: &Session,
    store: &Store,
    (run, plan): (RunId, &Plan),
) -> anyhow::Result<Option<Rest>> {
    let Some(whole) = plan.origin.part_of else { return Ok(None) };
    let made_on = plan.made_at.to_zoned_datetime(session.config.zone.clone()).date();
    let kept = plans::rest_of(store, RunId(whole), run).map_err(store_failure)?;
    if kept.is_some() || made_on != session.today() {
        return Ok(None);
    }
    rest(session, store, (run, plan))
}

/// Refuses a rest while its part is not finished: members of the one may need what the other makes.
pub(super) fn part_is_finished(store: &Store, run: RunId, plan: &Plan) -> anyhow::Result<()> {
    let Some(part) = unfinished(store, plan)? else { return Ok(()) };
    let what =
        format!("plan {run} is what run {part} left of a plan, and run {part} is not finished");
    Err(Failure::new(ExitStatus::Stale, what)
        .hint(format!(
            "nothing was written; first: rentree replay {part}. If it cannot be finished, `{}` \
             makes a new plan of everything",
            still::anew(&plan.origin)
        ))
        .into())
}

/// The part that a plan is the rest of, while it is not finished.
pub(super) fn unfinished(store: &Store, plan: &Plan) -> anyhow::Result<Option<RunId>> {
    let Some(part) = plan.origin.after.map(RunId) else { return Ok(None) };
    let state = runs::get(store, part).map_err(store_failure)?.state;
    Ok((state != RunState::Applied).then_some(part))
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
    all.iter().map(one).collect()
}
