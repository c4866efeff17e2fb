//! From reviewed deliveries to a stored plan: match, settle, observe, compare, guard.

use std::collections::{BTreeMap, BTreeSet};

use super::decided::{self, Decided, Known};
use super::exports::{self, Exports};
use super::facts;
use super::forecast;
use super::intake;
use super::machine;
use super::outcome::{ExitStatus, Failure};
use super::review::{self, Review};
use super::session::{Session, store_failure};
use super::starts::{self, Linked, Starts};
use super::targets::{self, Labs, Observation};
use super::unseen;
use super::waiting;
use super::wanted::{self, After};
use super::world::{Stopwatch, World};
use crate::desired::entries;
use crate::desired::graph::Wanted;
use crate::desired::naming::{self, Ledger};
use crate::desired::structures::Structures;
use crate::model::entry::{Entry, ObjectKey};
use crate::model::ids::{PersonId, Uai};
use crate::model::observed::Observed;
use crate::model::registry::Registry;
use crate::plan::audit::{self, Scene};
use crate::plan::diff::{self, Sides};
use crate::plan::guard::GuardFacts;
use crate::plan::make::{self, Parts};
use crate::plan::operation::Operation;
use crate::plan::origin::{self, Left, Origin};
use crate::plan::{Basis, News, Objection, PersonCounts, Plan, Stray, Summary, guard, redo};
use crate::store::history::{self, Past};
use crate::store::review::questions;
use crate::store::runs::RunId;
use crate::store::taken::Taken;
use crate::store::{Store, plans, undo};

/// A plan, stored, with what was seen on the way.
pub struct Draft {
    pub run: RunId,
    pub plan: Plan,
    pub review: Review,
    /// Milliseconds by stage.
    pub duration_ms: BTreeMap<String, u64>,
}

/// Makes and stores the plan of what the inbox and the store hold.
pub fn draft(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &tokio::runtime::Runtime,
    command: &str,
) -> anyhow::Result<Draft> {
    let mut laps = Laps::start(&session.world);
    let intake = intake::read(session, store, true)?;
    laps.lap("ingest");
    let review = review::review(session, store, intake)?;
    laps.lap("validate");
    let decide: &Decide<'_> = &|review, known, observed, taken| {
        decided::decide_all(session, review, known, observed, taken)
    };
    drafted(session, store, (labs, runtime), command, (review, laps), decide)
}

/// What should stand, by the deliveries, by what the store knows, by what stands, and by the names
/// that are taken in a target.
pub(super) type Decide<'a> =
    dyn Fn(&Review, &Known, &BTreeMap<String, Observed>, &TakenNames) -> Decided + 'a;

type TakenNames = BTreeMap<PersonId, Taken>;

/// The way from reviewed deliveries on.
pub(super) fn drafted(
    session: &Session,
    store: &mut Store,
    (labs, runtime): (&Labs, &tokio::runtime::Runtime),
    command: &str,
    (mut review, mut laps): (Review, Laps),
    decide: &Decide<'_>,
) -> anyhow::Result<Draft> {
    let known = Known::load(store)?;
    laps.lap("load");
    let seen = targets::read(session, store, labs, runtime)?;
    laps.lap("observe");
    if seen.is_blind() && unseen::is_kept(session, store, command)? {
        return unseen::drafted(session, store, command, (review, laps), seen.told(session));
    }
    let Observation { mut observed, unread, .. } = seen.some()?;
    let past = history::past(store).map_err(store_failure)?;
    let decided = decide(&review, &known, &observed, &past.taken);
    laps.lap("match");
    observed.values_mut().for_each(|seen| seen.recognise(decided.after.workspaces.keys()));
    let compared = compare(session, store, &decided, &mut observed)?;
    laps.lap("diff");
    let Decided { change, counts, findings, after, questions, spaces: _, years: _ } = decided;
    review.tell(session, findings);
    let turns = |uai: &Uai| review.schools.get(uai).is_some_and(|school| school.turns_year);
    let wanted = &compared.desired;
    let mut facts =
        facts::guard_facts(&known.registry, &after, &observed, wanted, &past.made, &turns);
    let lately = undo::lately(store, session.a_day_ago()).map_err(store_failure)?;
    let operations = compared.operations;
    facts::count_lately(&mut facts, &lately, &operations);
    facts::count_beginnings(&mut facts, &operations, &observed);
    let mut objections =
        guard::objections(&session.config.guard, session.today(), &operations, &facts);
    let lost = forgotten(&compared.strays, &past.acknowledged);
    let gone = review.missing();
    let basis = basis_of(session, &review, gone.is_some() && operations.is_empty());
    objections.extend(lost.into_iter().chain(gone).filter(|_| !operations.is_empty()));
    objections.extend(machine::objection(session, store)?);
    objections.extend(wanted::objections(session, &operations, &observed));
    let taken_back = undo::taken_back(store).map_err(store_failure)?;
    objections.extend(redo::objections(&operations, &taken_back));
    let origin = origin_of(session, &review, &observed, &operations, facts);
    let told = (&operations[..], &after, &compared.linked);
    let exports = exports::load(session, store, &review, &past)?;
    let summary = summary(session, (&review, &exports), &past, told, (counts, unread));
    let waves = forecast::waves(session, store, &operations, &summary.since)?;
    let parts = Parts {
        made_at: session.world.clock.now(),
        generation: known.registry.generation,
        basis,
        settings: session.config.digest.clone(),
        change,
        operations,
        objections,
        strays: compared.strays,
        doubles: compared.doubles,
        rehearsed: session.world.clock.is_fixed(),
        origin: Origin { left: compared.left, ..origin },
        summary,
    };
    let plan = make::in_waves(parts, &waves);
    audited(session, &plan, &observed)?;
    let run = plans::save(store, command, &plan).map_err(store_failure)?;
    questions::save(store, run, known.changes, &questions, plan.made_at).map_err(store_failure)?;
    laps.lap("plan");
    Ok(Draft { run, plan, review, duration_ms: laps.ms })
}

/// What departures are measured on from now on. A run that is not stopped, as it has nothing to
/// write, does not forget the deliveries that are missing.
fn basis_of(session: &Session, review: &Review, keeps_missing: bool) -> Vec<Basis> {
    let missing = if keeps_missing { review.basis_missing() } else { Vec::new() };
    review.basis(session).into_iter().chain(missing).collect()
}

/// What the plan says of where it comes from, with the clock of each school in each target.
pub(super) fn summary(
    session: &Session,
    (review, exports): (&Review, &Exports),
    past: &Past,
    (operations, after, linked): (&[Operation], &Registry, &Linked),
    (persons, unread): (PersonCounts, BTreeMap<String, String>),
) -> Summary {
    let targets = session.config.targets.iter();
    let targets = targets.map(|one| (one.name.as_str(), !unread.contains_key(&one.name)));
    let news = exports.news();
    let none = News::new();
    let missed = |target: &str| past.missed.get(target).unwrap_or(&none);
    let files = targets
        .clone()
        .map(|(target, _)| (target.to_owned(), starts::merged(news, missed(target))));
    let files: BTreeMap<String, News> = files.collect();
    let later = starts::later(&files, operations, after, linked, exports);
    let clocks = Starts { files: &files, later: &later, owed: &past.owed };
    let since_at = starts::since_at(&clocks, operations, targets.clone());
    let since = starts::oldest(&since_at);
    Summary {
        deliveries: review.lines.clone(),
        persons,
        oldest_receipt: since.values().min().copied(),
        since,
        since_at,
        news: Some(starts::by_school(news)),
        caught_up: starts::caught_up(&files, &past.missed, targets.clone()),
        later,
        missed: files.into_iter().filter(|(target, _)| unread.contains_key(target)).collect(),
        waits: waiting::waits(review, exports),
        unread,
    }
}

/// What the plan is made from, to be asked again before it is applied.
pub(super) fn origin_of(
    session: &Session,
    review: &Review,
    observed: &BTreeMap<String, Observed>,
    operations: &[Operation],
    facts: GuardFacts,
) -> Origin {
    let expected = observed.iter();
    let expected = expected.flat_map(|(name, seen)| origin::expected(name, seen, operations));
    Origin {
        in_force: review.basis_in_force(),
        files: session.config.files.clone(),
        expected: expected.collect(),
        facts: facts.into_iter().collect(),
        ..Origin::default()
    }
}

/// Refuses a plan that breaks the rules which every plan is held to.
pub(super) fn audited(
    session: &Session,
    plan: &Plan,
    observed: &BTreeMap<String, Observed>,
) -> anyhow::Result<()> {
    let mut scenes = BTreeMap::new();
    for target in &session.config.targets {
        if let Some(observed) = observed.get(&target.name) {
            let managed = target.mapping.managed();
            scenes.insert(target.name.clone(), Scene { observed, managed });
        }
    }
    let wrong = audit::audit(plan, &scenes);
    if wrong.is_empty() {
        return Ok(());
    }
    let what = format!("the plan breaks its own rules: {}", wrong.join("; "));
    Err(Failure::new(ExitStatus::Internal, what)
        .hint("nothing was written; please report this with the output of `rentree show`")
        .into())
}

/// The number of the next new person: beyond every number that the registry gave, and beyond every
/// mark that a target holds. A registry that was restored from a copy, or lost, must not give the
/// number, and with it the account, of somebody that it has forgotten.
pub(super) fn first_free(registry: &Registry, observed: &BTreeMap<String, Observed>) -> PersonId {
    let marks = observed.values().flat_map(|seen| seen.entries.keys().chain(seen.unmarked.keys()));
    let marked = marks.filter_map(ObjectKey::person).map(|person| PersonId(person.0 + 1));
    marked.max().unwrap_or(PersonId(1)).max(registry.next_person())
}

/// Accounts with our mark that the registry never gave: it is older than the directory. Nothing is
/// written until a person has looked at them, once.
fn forgotten(strays: &[Stray], acknowledged: &BTreeSet<Stray>) -> Option<Objection> {
    let accounts: Vec<String> = strays
        .iter()
        .filter(|one| matches!(one.key, ObjectKey::Account(_)) && !acknowledged.contains(one))
        .map(|one| one.key.to_string())
        .collect();
    let first = accounts.first()?;
    let text = format!(
        "{} account(s) of the directory carry our mark and are not in the registry \
         ({first} is one): \
         the store is older than the directory, or belongs to another one; a newer copy of it, if \
         there is one, is to be put back: let pass, whoever is behind them gets a second account",
        accounts.len()
    );
    Some(Objection { id: guard::REGISTRY_OLDER.to_owned(), uai: None, text })
}

/// Every name that is taken, by the registry, by a structure or in a target.
pub(super) fn ledger(
    session: &Session,
    registry: &Registry,
    structures: &BTreeMap<Uai, Structures>,
    observed: &BTreeMap<String, Observed>,
) -> Ledger {
    let mut ledger = naming::taken(registry, structures);
    for (target, seen) in observed {
        seen.foreign_names.iter().for_each(|name| ledger.take(name));
        // Our own entries too: one that the registry has forgotten keeps its names.
        let target = session.config.targets.iter().find(|one| one.name == *target);
        for name in target.into_iter().flat_map(|target| &target.mapping.managed().names) {
            let values = seen.entries.values().filter_map(|entry| entry.attributes.get(name));
            values.flatten().for_each(|name| ledger.take(name));
        }
    }
    ledger
}

/// The targets, compared.
#[derive(Default)]
struct Compared {
    operations: Vec<Operation>,
    strays: Vec<Stray>,
    doubles: Vec<Stray>,
    left: Vec<Left>,
    linked: Linked,
    /// Of all targets; of an object of several, as the first one has it.
    desired: BTreeMap<ObjectKey, Entry>,
}

/// Compares what should stand with what stands, in every target.
fn compare(
    session: &Session,
    store: &Store,
    decided: &Decided,
    observed: &mut BTreeMap<String, Observed>,
) -> anyhow::Result<Compared> {
    let Decided { after: registry, spaces, years, .. } = decided;
    let after = After { registry, spaces, years };
    let unheard = entries::unheard(registry, spaces);
    let mut compared = Compared::default();
    for target in &session.config.targets {
        let Some(seen) = observed.get_mut(&target.name) else { continue };
        let wrong = |problem: String| {
            Failure::new(ExitStatus::Usage, format!("target {}: {problem}", target.name))
                .hint("correct the mapping, then run `rentree doctor`")
        };
        let Wanted { entries, deletions, known, told } =
            wanted::wanted(session, store, target, after, seen)?.map_err(wrong)?;
        seen.prefer(|key| entries.get(key).map(|entry| entry.dn.as_str()));
        let difference = diff::diff(&Sides {
            target: &target.name,
            desired: &entries,
            observed: seen,
            managed: target.mapping.managed(),
            known: &known,
            deletions: &deletions,
            unheard: &unheard,
            link_chunk: target.link_chunk,
        });
        let all = entries.iter().chain(&seen.entries);
        compared.linked.insert(target.name.clone(), starts::linked(&difference.operations, all));
        compared.operations.extend(difference.operations);
        let stray = |key: ObjectKey, dn: String| Stray { target: target.name.clone(), key, dn };
        let dn = |key: &ObjectKey| seen.entries.get(key).map(|entry| entry.dn.clone());
        let strays = difference.strays.into_iter().filter_map(|key| Some((dn(&key)?, key)));
        compared.strays.extend(strays.map(|(dn, key)| stray(key, dn)));
        compared.doubles.extend(difference.doubles.into_iter().map(|(key, dn)| stray(key, dn)));
        let left = told.into_iter().filter_map(|(key, why)| Some((dn(&key)?, key, why)));
        let left = left.map(|(dn, key, why)| Left { target: target.name.clone(), key, dn, why });
        compared.left.extend(left);
        compared.left.extend(unmarked(&target.name, &entries, &known, seen));
        for (key, entry) in entries {
            compared.desired.entry(key).or_insert(entry);
        }
    }
    Ok(compared)
}

/// Accounts that are wanted no more and have lost our mark: nobody disables them.
fn unmarked(
    target: &str,
    wanted: &BTreeMap<ObjectKey, Entry>,
    known: &BTreeSet<ObjectKey>,
    seen: &Observed,
) -> Vec<Left> {
    let is_told = |key: &&ObjectKey| {
        known.contains(*key) && !wanted.contains_key(*key) && !seen.entries.contains_key(*key)
    };
    let lost = seen.unmarked.iter().filter(|(key, _)| is_told(key));
    let left = lost.flat_map(|(key, places)| places.iter().map(move |dn| (key, dn)));
    let left = left.map(|(key, dn)| Left {
        target: target.to_owned(),
        key: key.clone(),
        dn: dn.clone(),
        why: "it carries our mark no more: whether it may still be used is settled by hand".into(),
    });
    left.collect()
}

/// Time spent, by stage.
pub(super) struct Laps {
    watch: Stopwatch,
    pub(super) ms: BTreeMap<String, u64>,
}

impl Laps {
    pub(super) fn start(world: &World) -> Self {
        Self { watch: Stopwatch::start(world), ms: BTreeMap::new() }
    }
    fn lap(&mut self, stage: &str) {
        let ms = self.watch.lap_ms();
        tracing::info!(stage, ms, "done");
        self.ms.insert(stage.to_owned(), ms);
    }
}
