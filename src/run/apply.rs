//! `apply PLAN`: exactly that plan, or nothing.

use std::collections::BTreeMap;

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::world::Stopwatch;
use super::{applying, targets, tell};
use crate::apply::Take;
use crate::plan::Plan;
use crate::store::review::answers;
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, StoreError, journal, plans};

pub fn apply(session: &Session, wanted: &str, confirm: Option<&str>) -> anyhow::Result<ExitStatus> {
    session.may_write()?;
    targets::check_secrets(session)?;
    let _lock = session.lock("apply")?;
    let mut store = session.store()?;
    let run = find(&store, wanted)?;
    if !matches!(run.state, RunState::Planned | RunState::Stopped) {
        let what = format!("plan {} is {} already", run.id, run.state.as_str());
        return Err(Failure::new(ExitStatus::Stale, what)
            .hint("`rentree plan` makes a new one; `rentree replay` takes up what failed")
            .into());
    }
    session.may_write_plan_of(&run)?;
    let plan = plans::load(&store, run.id).map_err(store_failure)?;
    still_right(session, &plan)?;
    if answers::changed_since(&store, run.id).map_err(store_failure)? {
        return Err(stale(
            "somebody has answered a question, or taken an answer back, since it was made",
        ));
    }
    lifted(&mut store, session, run.id, &plan, confirm)?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    match journal::begin(&mut store, run.id, &plan, session.world.clock.now()) {
        Ok(()) => {}
        Err(StoreError::Stale { .. }) => {
            return Err(stale("the registry has changed since it was made"));
        }
        Err(error) => return Err(store_failure(error)),
    }
    let mut watch = Stopwatch::start(&session.world);
    let applied = applying::drive_all(session, &mut store, &labs, &runtime, run.id, Take::Open)?;
    let spent = BTreeMap::from([("apply".to_owned(), watch.lap_ms())]);
    tell::applied(session, &store, run.id, &plan, &applied.tally, &spent)?;
    Ok(applied.status)
}

/// `latest`, a number, or the beginning of a hash.
pub(super) fn find(store: &Store, wanted: &str) -> anyhow::Result<Run> {
    let missing = || {
        anyhow::Error::from(
            Failure::new(ExitStatus::Usage, format!("no plan is called {wanted}"))
                .hint("`rentree runs` lists them; `rentree plan` makes one"),
        )
    };
    if wanted == "latest" {
        return runs::latest(store).map_err(store_failure)?.ok_or_else(missing);
    }
    match wanted.parse::<u64>() {
        Ok(number) if wanted.len() < 12 => runs::get(store, RunId(number)).map_err(|_| missing()),
        _ => runs::find(store, wanted).map_err(|_| missing()),
    }
}

/// A plan made under other settings is another plan, and so is one of another day: what becomes of
/// people follows from the date.
fn still_right(session: &Session, plan: &Plan) -> anyhow::Result<()> {
    let day = plan.made_at.to_zoned_datetime(session.config.zone.clone()).date();
    if plan.settings != session.config.digest {
        return Err(stale("rentree.toml, a mapping or schools.csv has changed since it was made"));
    }
    if plan.made_at > session.world.clock.now() {
        return Err(stale("it was made later than now; look at the clock of this machine"));
    }
    if day != session.today() {
        return Err(stale(&format!("it was made on another day, {day}")));
    }
    Ok(())
}

fn stale(why: &str) -> anyhow::Error {
    Failure::new(ExitStatus::Stale, format!("the plan is stale: {why}"))
        .hint("nothing was written; `rentree plan` makes a new one, to be read again")
        .into()
}

/// A guard is lifted by the whole hash of the plan, and by nothing else (SEC-42).
fn lifted(
    store: &mut Store,
    session: &Session,
    run: RunId,
    plan: &Plan,
    confirm: Option<&str>,
) -> anyhow::Result<()> {
    if plan.objections.is_empty() || confirm == Some(plan.hash.as_str()) {
        return Ok(());
    }
    runs::stop(store, run, session.world.clock.now()).map_err(store_failure)?;
    if session.format == Format::Json {
        tell::applied(session, store, run, plan, &BTreeMap::new(), &BTreeMap::new())?;
    }
    let list: Vec<String> = plan
        .objections
        .iter()
        .map(|one| {
            let scope = one.uai.as_ref().map_or("all schools", |uai| uai.as_str());
            format!("\n  {} ({scope}): {}", one.id, one.text)
        })
        .collect();
    let what = match confirm {
        Some(_) => "that is not the hash of this plan; the guards stay".to_owned(),
        None => format!("{} guard(s) object, nothing was written:{}", list.len(), list.concat()),
    };
    let hint = format!(
        "read the plan (rentree show {run}); if it is right: rentree apply {run} --confirm {}",
        plan.hash
    );
    // In JSON, stdout has its one document already.
    Err(Failure::new(ExitStatus::Guarded, what).hint(hint).told().into())
}
