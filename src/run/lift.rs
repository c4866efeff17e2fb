//! Who lets a plan pass its guards: its whole hash, a reason, and for a region-wide plan a second
//! person who approved the same hash beforehand (SEC-42).

use std::collections::BTreeMap;

use super::outcome::{ExitStatus, Failure};
use super::review::ask;
use super::session::{Format, Session, store_failure};
use super::{apply, still, tell};
use crate::model::dn;
use crate::plan::Plan;
use crate::report::catalogue;
use crate::report::plan_text::stop;
use crate::store::assent::{self, Act, Assent};
use crate::store::runs::{self, RunId};
use crate::store::{Store, plans};

/// What was typed to lift guards.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed<'a> {
    pub confirm: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub by: Option<&'a str>,
}

/// `approve PLAN`: the second person.
pub fn approve(session: &Session, wanted: &str, typed: Typed<'_>) -> anyhow::Result<ExitStatus> {
    let _lock = session.lock("approve")?;
    let mut store = session.store()?;
    let run = apply::find(session, &store, wanted)?;
    approved(session, &mut store, run.id, typed)
}

/// Keeps that somebody approved a plan, when there is something to approve.
pub(super) fn approved(
    session: &Session,
    store: &mut Store,
    run: RunId,
    typed: Typed<'_>,
) -> anyhow::Result<ExitStatus> {
    apply::refuse_begun(store, &runs::get(store, run).map_err(store_failure)?)?;
    let plan = plans::load(store, run).map_err(store_failure)?;
    still::unchanged(session, store, run, &plan)?;
    if plan.objections.is_empty() {
        let what = format!("no guard objects to plan {run}: there is nothing to approve");
        return Err(Failure::new(ExitStatus::Usage, what).into());
    }
    if typed.confirm != Some(plan.hash.as_str()) {
        let typed = typed.confirm.unwrap_or_default();
        let what = format!("{}: nothing was approved", another(typed, run, &plan));
        let hint = format!("read it first: rentree show {run}");
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    let assent = signed(session, Act::Approved, typed)?;
    assent::give(store, run, &plan.hash, &assent).map_err(store_failure)?;
    (session.world.out)(&match session.format {
        Format::Text => format!(
            "plan {run} is approved by {}; somebody else applies it:\n  \
             rentree apply {run} --confirm {} --reason TEXT\n",
            assent.who, plan.hash
        ),
        Format::Json => format!("{}\n", serde_json::json!({ "run": run, "assent": assent })),
    });
    Ok(ExitStatus::Done)
}

fn signed(session: &Session, act: Act, typed: Typed<'_>) -> anyhow::Result<Assent> {
    let reason = ask::reason(typed.reason.unwrap_or_default()).map_err(Failure::from)?;
    let who = ask::who(session, typed.by).map_err(Failure::from)?;
    let (system_user, at) = ((session.world.user)(), session.world.clock.now());
    Ok(Assent { act, who, system_user, reason: reason.to_owned(), at })
}

/// Passes when nothing objects, or when who types this may lift what does. Nothing was written.
pub(super) fn lifted(
    store: &mut Store,
    session: &Session,
    run: RunId,
    plan: &Plan,
    typed: Typed<'_>,
) -> anyhow::Result<()> {
    if plan.objections.is_empty() {
        return nothing_to_lift(session, run, plan, typed);
    }
    let approved_by = approved_by(store, plan)?;
    let lifting =
        stop::lifting(run.0, plan.hash.as_str(), &plan.objections, approved_by.as_deref());
    let read = format!("read the plan (rentree show {run}); if it is right: {}", lifting.line());
    let given = lifting.apply;
    let (what, hint) = match typed.confirm {
        Some(hash) if hash == plan.hash.as_str() => match typed.reason {
            None => ("a reason is needed: it is kept with the run".to_owned(), given),
            Some(_) => {
                let assent = signed(session, Act::Lifted, typed)?;
                match second(store, session, plan, &assent)? {
                    None => {
                        return assent::give(store, run, &plan.hash, &assent)
                            .map_err(store_failure);
                    }
                    Some(what) => {
                        let other = stop::typed("approve", run.0, plan.hash.as_str());
                        (what, format!("the other person: {other}; then once more: {given}"))
                    }
                }
            }
        },
        Some(hash) => (format!("{}; the guards stay", another(hash, run, plan)), read),
        None => (objections(plan), read),
    };
    runs::stop(store, run, session.world.clock.now()).map_err(store_failure)?;
    if session.format == Format::Json {
        tell::applied(session, store, run, plan, &BTreeMap::new(), &BTreeMap::new())?;
    }
    // In JSON, stdout has its one document already.
    Err(Failure::new(ExitStatus::Guarded, what).hint(hint).told().into())
}

/// Of a plan that no guard objects to, a hash that was typed is that of the plan that was read.
fn nothing_to_lift(
    session: &Session,
    run: RunId,
    plan: &Plan,
    typed: Typed<'_>,
) -> anyhow::Result<()> {
    if let Some(hash) = typed.confirm.filter(|hash| *hash != plan.hash.as_str()) {
        let what = format!("{}: nothing was written", another(hash, run, plan));
        let hint = format!("read it first: rentree show {run}; then: rentree apply {run}");
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    if typed.confirm.is_some() || typed.reason.is_some() || typed.by.is_some() {
        (session.world.warn)(&format!(
            "no guard objects to plan {run}: nothing was to be lifted, so no name and no reason is \
             kept"
        ));
    }
    Ok(())
}

/// What was typed, and what the plan is.
fn another(typed: &str, run: RunId, plan: &Plan) -> String {
    let (typed, hash) = (catalogue::harmless(typed), &plan.hash);
    format!("{typed} is not the hash of plan {run}, which is {hash}")
}

fn objections(plan: &Plan) -> String {
    let lines = plan.objections.iter().map(|one| {
        let scope = one.uai.as_ref().map_or("all schools", |uai| uai.as_str());
        format!("\n  {} ({scope}): {}", one.id, one.text)
    });
    let lines: Vec<String> = lines.collect();
    format!("{} guard(s) object, nothing was written:{}", lines.len(), lines.concat())
}

/// Who approved a plan last.
pub(super) fn approved_by(store: &Store, plan: &Plan) -> anyhow::Result<Option<String>> {
    let approvals = assent::approvals(store, &plan.hash).map_err(store_failure)?;
    Ok(approvals.into_iter().next_back().map(|one| one.who))
}

/// What is missing of the second person, when the plan is region-wide.
fn second(
    store: &Store,
    session: &Session,
    plan: &Plan,
    first: &Assent,
) -> anyhow::Result<Option<String>> {
    if plan.objections.iter().all(|one| one.uai.is_some()) {
        return Ok(None);
    }
    let approvals = assent::approvals(store, &plan.hash).map_err(store_failure)?;
    let two_users = session.config.guard.two_users;
    if approvals.iter().any(|one| are_two(one, first, two_users)) {
        return Ok(None);
    }
    Ok(Some(missing(&approvals, first)))
}

/// Why no approval is a second person's.
fn missing(approvals: &[Assent], first: &Assent) -> String {
    if approvals.is_empty() {
        return "the plan is region-wide: a second person must approve it first".to_owned();
    }
    match approvals.iter().find(|one| !is_one_name(one, first)) {
        Some(Assent { who, system_user, .. }) => format!(
            "{who} approved as the system user {system_user}, as which {} applies: the plan is \
             region-wide, and two_users in [guard] asks for two system users",
            first.who
        ),
        None => {
            format!("{} cannot approve and apply: the plan is region-wide, it takes two", first.who)
        }
    }
}

/// Two persons.
fn are_two(one: &Assent, other: &Assent, two_users: bool) -> bool {
    !is_one_name(one, other) && (!two_users || one.system_user != other.system_user)
}

/// A name is the same however it is typed: in capitals, with its accents composed or not.
fn is_one_name(one: &Assent, other: &Assent) -> bool {
    dn::comparable_value(&one.who) == dn::comparable_value(&other.who)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(who: &str, system_user: &str) -> Assent {
        Assent {
            act: Act::Approved,
            who: who.to_owned(),
            system_user: system_user.to_owned(),
            reason: "Relu".to_owned(),
            at: "2026-10-02T20:00:00Z".parse().unwrap(),
        }
    }

    /// SEC-42.
    #[test]
    fn one_person_is_one_however_the_name_is_typed() {
        let first = typed("Adèle", "a");
        for (who, two) in [
            ("Adèle", false),
            ("ADÈLE", false),
            ("Ade\u{300}le", false),
            (" adèle ", false),
            ("Adele", true),
            ("Bruno", true),
        ] {
            assert_eq!(are_two(&typed(who, "b"), &first, false), two, "{who}");
            assert_eq!(are_two(&typed(who, "b"), &first, true), two, "{who}");
            assert!(!are_two(&typed(who, "a"), &first, true), "{who}");
        }
    }

    /// SEC-42: the refusal names what is missing.
    #[test]
    fn who_is_missing_is_told_by_name_or_by_system_user() {
        let first = typed("Adèle", "root");
        let told = |approvals: &[Assent]| missing(approvals, &first);
        assert!(told(&[]).contains("a second person must approve it first"));
        assert!(told(&[typed("ADÈLE", "b")]).starts_with("Adèle cannot approve and apply"));
        let one_user = told(&[typed("Adèle", "b"), typed("Bruno", "root")]);
        assert!(one_user.starts_with("Bruno approved as the system user root"), "{one_user}");
    }
}
