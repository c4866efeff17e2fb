//! Is everything that a plan was made from as it was? What has changed is said by name, and nothing
//! is written (SEC-43, exit status 8).

use std::collections::{BTreeMap, BTreeSet};

use tokio::runtime::Runtime;

use super::outcome::{ExitStatus, Failure};
use super::session::{Session, store_failure};
use super::targets::{self, Labs};
use super::{intake, review};
use crate::model::delivery::Source;
use crate::model::ids::{Digest, Uai};
use crate::plan::origin::{self, Origin};
use crate::plan::{Basis, Plan, make};
use crate::store::review::answers;
use crate::store::runs::RunId;
use crate::store::{Store, plans, registry};

/// Changes that one message names.
const NAMED_MAX: usize = 10;

/// The plan itself, settings, day, registry, answers, deliveries. A plan made under other settings
/// is another plan, and so is one of another day: what becomes of people follows from the date.
pub(super) fn unchanged(
    session: &Session,
    store: &mut Store,
    run: RunId,
    plan: &Plan,
) -> anyhow::Result<()> {
    if !make::is_whole(plan) {
        return Err(stale(plan, "the store holds another plan under this hash"));
    }
    match outdated(session, store, run, plan)? {
        Some(why) => Err(stale(plan, &why)),
        None => deliveries_unchanged(session, store, plan),
    }
}

/// Why a plan can be applied no more, as far as is known without reading the deliveries. Its header
/// is enough.
pub(super) fn outdated(
    session: &Session,
    store: &Store,
    run: RunId,
    plan: &Plan,
) -> anyhow::Result<Option<String>> {
    if plan.settings != session.config.digest {
        return Ok(Some(settings(session, plan)));
    }
    let day = plan.made_at.to_zoned_datetime(session.config.zone.clone()).date();
    if plan.made_at > session.world.clock.now() {
        let why = "it was made later than now; look at the clock of this machine";
        return Ok(Some(why.to_owned()));
    }
    if day != session.today() {
        return Ok(Some(format!("it was made on another day, {day}")));
    }
    if registry::generation_now(store).map_err(store_failure)? != plan.generation {
        return Ok(Some(REGISTRY_CHANGED.to_owned()));
    }
    if answers::changed_since(store, run).map_err(store_failure)? {
        let why = "somebody has answered a question, or taken an answer back, since it was made";
        return Ok(Some(why.to_owned()));
    }
    let part = plan.origin.after.map(RunId);
    let by = plans::overtaken_by(store, run, part).map_err(store_failure)?;
    Ok(by.map(|by| format!("run {by} has written since it was made")))
}

/// The command that makes such a plan anew.
pub(super) fn anew(origin: &Origin) -> String {
    match origin.undoes {
        Some(run) => format!("rentree rollback {run}"),
        None => "rentree plan".to_owned(),
    }
}

const REGISTRY_CHANGED: &str = "the registry has changed since it was made: another run was begun";

pub(super) fn registry_changed(plan: &Plan) -> anyhow::Error {
    stale(plan, REGISTRY_CHANGED)
}

fn stale(plan: &Plan, why: &str) -> anyhow::Error {
    let anew = anew(&plan.origin);
    Failure::new(ExitStatus::Stale, format!("the plan is stale: {why}"))
        .hint(format!("nothing was written; `{anew}` makes a new one, to be read again"))
        .into()
}

/// Which files of the configuration are other ones.
fn settings(session: &Session, plan: &Plan) -> String {
    let (then, now) = (&plan.origin.files, &session.config.files);
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let changed = names.into_iter().filter(|name| then.get(*name) != now.get(*name));
    let changed: Vec<&str> = changed.map(String::as_str).collect();
    format!("{} has changed since it was made", changed.join(", "))
}

/// The deliveries in force are the same; what a plan takes back does not depend on them.
fn deliveries_unchanged(session: &Session, store: &mut Store, plan: &Plan) -> anyhow::Result<()> {
    if plan.origin.undoes.is_some() {
        return Ok(());
    }
    let intake = intake::read(session, store, false)?;
    let now = review::review(session, store, intake)?.basis_in_force();
    let by_key = |basis: &[Basis]| -> BTreeMap<(Uai, Source), Digest> {
        let one = |one: &Basis| ((one.uai.clone(), one.source), one.digest.clone());
        basis.iter().map(one).collect()
    };
    let (then, now) = (by_key(&plan.origin.in_force), by_key(&now));
    let keys: BTreeSet<&(Uai, Source)> = then.keys().chain(now.keys()).collect();
    let changed = keys.into_iter().filter(|key| then.get(key) != now.get(key));
    let changed = changed.map(|(uai, source)| format!("{source} of {uai}"));
    match named(changed.collect()) {
        Some(list) => Err(stale(plan, &format!("another delivery is in force now: {list}"))),
        None => Ok(()),
    }
}

/// Every entry that the plan expects stands as it was seen. Without this, an entry that somebody
/// has changed is set aside, and the rest is written.
pub(super) fn entries_unchanged(
    session: &Session,
    store: &Store,
    labs: &Labs,
    runtime: &Runtime,
    plan: &Plan,
) -> anyhow::Result<()> {
    let mut seen = runtime.block_on(targets::observe_all(session, store, labs))?;
    let out = plan.operations.iter().find(|one| seen.unread.contains_key(&one.target));
    if let Some(operation) = out {
        let what = format!("{} cannot be read: its entries cannot be compared", operation.target);
        return Err(Failure::new(ExitStatus::Unreachable, what)
            .hint("nothing was written; again once it is back, or without --exact")
            .into());
    }
    let known = registry::load(store).map_err(store_failure)?;
    let (mut changed, none) = (Vec::new(), BTreeMap::new());
    for (target, observed) in &mut seen.observed {
        observed.recognise(known.workspaces.keys());
        let of = session.config.targets.iter().find(|one| one.name == *target);
        let placeholders = of.map_or(&none, |of| &of.mapping.managed().placeholders);
        let (origin, operations) = (&plan.origin, &plan.operations);
        changed.extend(origin::changed(target, observed, origin, operations, placeholders));
    }
    match named(changed) {
        Some(list) => Err(stale(plan, &format!("entries have changed since it was made: {list}"))),
        None => Ok(()),
    }
}

/// The first of a list, in words; none when it is empty.
fn named(all: Vec<String>) -> Option<String> {
    let first = all.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        count if count > NAMED_MAX => Some(format!("{first} and {} more", count - NAMED_MAX)),
        _ => Some(first),
    }
}
