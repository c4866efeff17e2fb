//! `rollback RUN`: the inverse plan of a run, from what the journal recorded. Stored and
//! printed like any plan; `apply` does it, through the same guards and checks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use tokio::runtime::Runtime;

use super::again;
use super::draft;
use super::facts;
use super::outcome::{ExitStatus, Failure};
use super::session::{Session, store_failure};
use super::targets::{self, Labs, Observation};
use super::wanted::{self, After};
use super::{applying, machine, tell};
use crate::model::account::{Account, AccountState};
use crate::model::dn;
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::model::observed::Observed;
use crate::model::person::{EndedBy, EnrolmentState, Identifier, Person};
use crate::model::registry::{Registry, RegistryChange};
use crate::model::workspace::{Workspace, WorkspaceState};
use crate::plan::elsewhere::Objects;
use crate::plan::make::{self, Parts};
use crate::plan::operation::OperationKind;
use crate::plan::origin::{self, Left, Origin};
use crate::plan::place;
use crate::plan::together::{self, Staying};
use crate::plan::trace::{self, Sure, Traces};
use crate::plan::undo::{self, Names, Scene};
use crate::plan::{Basis, Plan, Summary, elsewhere, guard};
use crate::report::plan_text::Detail;
use crate::store::runs::{self, RunId, RunState};
use crate::store::undo::{self as kept, Before};
use crate::store::{Store, deliveries, history, plans, registry};

pub fn rollback(session: &Session, number: u64) -> anyhow::Result<ExitStatus> {
    targets::check_secrets(session)?;
    let _lock = session.lock("rollback")?;
    let mut store = session.sound_store()?;
    runs::interrupt_leftovers(&mut store).map_err(store_failure)?;
    let run = RunId(number);
    let before = found(&store, run)?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    planned(session, &mut store, &labs, &runtime, (run, &before))
}

/// Makes and keeps the plan that takes a run back.
pub(super) fn planned(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    (run, before): (RunId, &Before),
) -> anyhow::Result<ExitStatus> {
    let seen = targets::read(session, store, labs, runtime)?.some()?;
    let Observation { mut observed, unread, .. } = seen;
    let written = plans::load(store, run).map_err(store_failure)?;
    let touched = |target: &String| written.operations.iter().any(|one| one.target == *target);
    if let Some((_, what)) = unread.iter().find(|(target, _)| touched(target)) {
        let what =
            format!("{what}; nothing is taken back while a target of the run cannot be read");
        return Err(Failure::new(ExitStatus::Unreachable, what).into());
    }
    let registry = registry::load(store).map_err(store_failure)?;
    observed.values_mut().for_each(|seen| seen.recognise(registry.workspaces.keys()));
    let plan = inverse(session, store, run, before, &registry, &observed)?;
    draft::audited(session, &plan, &observed)?;
    let id = plans::save(store, "rollback", &plan).map_err(store_failure)?;
    tell::planned(session, store, id, &plan, Detail::Full)?;
    Ok(if plan.objections.is_empty() { ExitStatus::Done } else { ExitStatus::Guarded })
}

/// What the run replaced, when it was begun at all.
pub(super) fn found(store: &Store, run: RunId) -> anyhow::Result<Before> {
    let usage = |what: String, hint: &str| Failure::new(ExitStatus::Usage, what).hint(hint);
    let row = runs::get(store, run)
        .map_err(|_| usage(format!("there is no run {run}"), "`rentree runs` lists them"))?;
    if matches!(row.state, RunState::Planned | RunState::Stopped) {
        let what = format!("run {run} is {}: nothing of it was written", row.state.as_str());
        return Err(usage(what, "only a run that was begun can be taken back").into());
    }
    kept::before(store, run).map_err(store_failure)?.ok_or_else(|| {
        let what = format!("run {run} is of a version that did not keep what it replaced");
        usage(what, "correct what it was made of; the next plan follows").into()
    })
}

fn inverse(
    session: &Session,
    store: &Store,
    run: RunId,
    before: &Before,
    registry: &Registry,
    observed: &BTreeMap<String, Observed>,
) -> anyhow::Result<Plan> {
    let written = plans::load(store, run).map_err(store_failure)?;
    let since = Since::of(store, run, registry, &written.change)?;
    let mut done = traces(session, store, run, observed, &since)?;
    let change = back(session, before, registry, &written, &mut done, (observed, &since));
    let (traces, mut left) = done;
    let mut after = registry.clone();
    after.apply(&change);
    let (mut operations, mut wanted) = (Vec::new(), BTreeMap::new());
    for target in &session.config.targets {
        let Some(seen) = observed.get(&target.name) else { continue };
        let wrong = |problem: String| Failure::new(ExitStatus::Usage, problem);
        let whole = After { registry: &after, spaces: &[], years: &BTreeMap::new() };
        let desired = wanted::wanted(session, store, target, whole, seen)?.map_err(wrong)?.entries;
        let (some, others) = undo::inverse(&Scene {
            target: &target.name,
            traces: &traces,
            names: &since.names,
            observed: seen,
            managed: target.mapping.managed(),
            disabled_at: &|key| desired.get(key).map(|entry| entry.dn.clone()),
            link_chunk: target.link_chunk,
        });
        operations.extend(some);
        left.extend(others);
        wanted.extend(desired);
    }
    let why = |target: &str| again::out_of_reach(session, target, run);
    left.extend(elsewhere::unconfigured(&traces, observed, why));
    let past = history::past(store).map_err(store_failure)?;
    let mut facts = facts::guard_facts(registry, &after, observed, &wanted, &past.made, &|_| false);
    let lately = kept::lately(store, session.a_day_ago()).map_err(store_failure)?;
    facts::count_lately(&mut facts, &lately, &operations);
    let policy = &session.config.guard;
    let mut objections = guard::objections(policy, session.today(), &operations, &facts);
    for (target, seen) in observed {
        objections.extend(guard::cloud::classes_emptied(policy, target, &operations, seen));
    }
    objections.extend(machine::objection(session, store)?);
    let stand = observed.iter().flat_map(|(name, all)| origin::expected(name, all, &operations));
    let origin = Origin {
        files: session.config.files.clone(),
        expected: stand.collect(),
        undoes: Some(run.0),
        left,
        facts: facts.into_iter().collect(),
        ..Origin::default()
    };
    Ok(make::make(Parts {
        made_at: session.world.clock.now(),
        generation: registry.generation,
        basis: basis(store, &written.basis, &before.basis)?,
        settings: session.config.digest.clone(),
        change,
        operations,
        objections,
        strays: Vec::new(),
        doubles: Vec::new(),
        rehearsed: session.world.clock.is_fixed(),
        origin,
        summary: Summary::default(),
    }))
}

/// What later runs did.
struct Since {
    /// Whom they left otherwise than this run did, of those whom it has among its members only: of
    /// a part, the rest may have the person.
    persons: BTreeSet<PersonId>,
    names: Names,
    written: Objects,
    /// Whom an earlier rollback of the run has taken back.
    again: BTreeSet<PersonId>,
}

impl Since {
    fn of(
        store: &Store,
        run: RunId,
        registry: &Registry,
        written: &RegistryChange,
    ) -> anyhow::Result<Self> {
        let of_run: BTreeSet<PersonId> = written.persons.iter().map(|one| one.id).collect();
        let found = kept::found_since(store, run).map_err(store_failure)?;
        let changed = found.into_iter().filter(|(person, then)| {
            !of_run.contains(person) && registry.persons.get(person) != Some(then)
        });
        let persons = changed.map(|(person, _)| person).collect();
        let names = kept::names_since(store, run).map_err(store_failure)?;
        Ok(Self {
            persons,
            names,
            written: kept::written_since(store, run).map_err(store_failure)?,
            again: again::taken_back(store, run, registry)?,
        })
    }
}

/// The registry, taken back. Of who stays as he is the traces are left out, and told.
fn back(
    session: &Session,
    before: &Before,
    registry: &Registry,
    written: &Plan,
    (traces, left): &mut (Traces, Vec<Left>),
    (observed, since): (&BTreeMap<String, Observed>, &Since),
) -> RegistryChange {
    let run_did =
        together::Scene { before: &before.persons, written: &written.change.persons, registry };
    let staying = run_did.staying(alone(&run_did, traces, &since.again));
    left.extend(leave(traces, &staying, observed, since));
    let back = Back {
        before,
        traces,
        staying: &staying,
        given_back: run_did.given_back(&staying),
        today: session.today(),
        retention_days: session.config.lifecycle.retention_days,
    };
    let mut change = back.change(registry, &written.change);
    change.persons.retain(|one| !since.again.contains(&one.id));
    let lost = elsewhere::lost(registry, &change);
    elsewhere::caught_up(traces, &lost, &since.written, observed, left);
    change
}

/// What the run left of each entry, as the journal knows it and the directory tells. What a later
/// run wrote is that run's, where nothing tells the two apart: members, and what is not known to
/// have been done.
fn traces(
    session: &Session,
    store: &Store,
    run: RunId,
    observed: &BTreeMap<String, Observed>,
    since: &Since,
) -> anyhow::Result<(Traces, Vec<Left>)> {
    let mut traces = Traces::new();
    let mut left: BTreeMap<(String, ObjectKey), Left> = BTreeMap::new();
    kept::each_done(store, Some(run), |operation, sure| {
        let members =
            matches!(operation.kind, OperationKind::AddMember | OperationKind::RemoveMember);
        let object = (operation.target.clone(), operation.key.clone());
        if since.written.contains(&object) && (members || sure == Sure::Maybe) {
            let (target, key) = object.clone();
            let dn = operation.action.dn().to_owned();
            let why = "a later run has written it".to_owned();
            left.entry(object).or_insert(Left { target, key, dn, why });
            return;
        }
        let seen = observed.get(&operation.target);
        if seen.is_none() && sure == Sure::Maybe && !members {
            let (target, key) = object.clone();
            let dn = operation.action.dn().to_owned();
            let why = again::out_of_reach(session, &target, run);
            left.entry(object).or_insert(Left { target, key, dn, why });
            return;
        }
        let standing = seen.and_then(|seen| seen.entries.get(&operation.key));
        if let Some(part) = trace::done_part(&operation, sure, standing) {
            trace::fold(&mut traces, &part);
        }
    })
    .map_err(store_failure)?;
    Ok((traces, left.into_values().collect()))
}

/// Persons of whom the registry tells something else since, whose account was deleted, or who are
/// new and got none: they stay as they are.
fn alone(
    run: &together::Scene<'_>,
    traces: &Traces,
    again: &BTreeSet<PersonId>,
) -> BTreeSet<PersonId> {
    let (made, deleted) = (accounts(traces, is_made), accounts(traces, |one| one.deleted));
    let stays = |one: &&Person| {
        let new = !run.before.contains_key(&one.id) && !made.contains(&one.id);
        let differs = run.registry.persons.get(&one.id) != Some(*one);
        new || deleted.contains(&one.id) || differs && !again.contains(&one.id)
    };
    run.written.iter().filter(stays).map(|one| one.id).collect()
}

/// Whoever stays as he is in the registry does in the directory too: the two are taken back
/// together, or not at all.
fn leave(
    traces: &mut Traces,
    staying: &Staying,
    observed: &BTreeMap<String, Observed>,
    since: &Since,
) -> Vec<Left> {
    let who = |key: &ObjectKey| key.person().and_then(|one| staying.get(&one));
    let is_left = |key: &ObjectKey| {
        key.person().is_some_and(|one| staying.contains_key(&one) || since.persons.contains(&one))
    };
    let mut left = Vec::new();
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    for (target, seen) in observed {
        let theirs = seen.entries.iter().filter(|(key, _)| is_left(key));
        names.extend(theirs.map(|(_, entry)| (target.clone(), dn::comparable(&entry.dn))));
    }
    let borne = since.names.iter().filter(|(_, key)| is_left(key));
    names.extend(borne.map(|(name, _)| name.clone()));
    traces.retain(|(target, key), trace| {
        let Some(bound) = who(key).filter(|_| !trace.deleted) else { return true };
        names.extend([&trace.from, &trace.to].map(|name| (target.clone(), dn::comparable(name))));
        let (target, key, dn) = (target.clone(), key.clone(), trace.to.clone());
        let why = match bound {
            None => "the registry has changed since".to_owned(),
            Some(other) => format!("it goes back with person {other} or not at all, who stays"),
        };
        left.push(Left { target, key, dn, why });
        false
    });
    for ((target, key), trace) in traces {
        let mut stays = BTreeSet::new();
        for links in [&mut trace.came, &mut trace.went] {
            for value in links.values().flatten() {
                if names.contains(&(target.clone(), dn::comparable(value))) {
                    stays.insert(value.clone());
                }
            }
            links.values_mut().for_each(|values| values.retain(|value| !stays.contains(value)));
            links.retain(|_, values| !values.is_empty());
        }
        // Under two names it is still one.
        let told: BTreeSet<String> = stays.iter().map(|value| place::name(value)).collect();
        left.extend(told.into_iter().map(|name| Left {
            target: target.clone(),
            key: key.clone(),
            dn: trace.to.clone(),
            why: format!("whether {name} is a member stays as it is"),
        }));
    }
    left
}

/// Departures are measured on what they were measured on before, where that is still what the run
/// put there.
fn basis(store: &Store, of_run: &[Basis], before: &[Basis]) -> anyhow::Result<Vec<Basis>> {
    let mut basis = deliveries::basis(store).map_err(store_failure)?;
    let same = |one: &Basis, other: &Basis| (&one.uai, one.source) == (&other.uai, other.source);
    let taken: Vec<Basis> = basis.extract_if(.., |one| of_run.contains(one)).collect();
    let back = taken.iter().filter_map(|one| before.iter().find(|old| same(old, one)));
    basis.extend(back.cloned());
    Ok(basis)
}

/// The registry, taken back.
struct Back<'a> {
    before: &'a Before,
    traces: &'a Traces,
    staying: &'a Staying,
    /// Numbers that go back to whoever had them.
    given_back: BTreeSet<&'a Identifier>,
    today: Date,
    retention_days: i32,
}

impl Back<'_> {
    /// Of what the run changed and nobody has changed since.
    fn change(&self, registry: &Registry, written: &RegistryChange) -> RegistryChange {
        let made = accounts(self.traces, is_made);
        let mut change = RegistryChange::default();
        let back = written.persons.iter().filter(|one| !self.staying.contains_key(&one.id));
        for after in back {
            let back = self.person(after, made.contains(&after.id));
            change.persons.extend(back.filter(|back| back != after));
        }
        for after in &written.workspaces {
            if registry.workspaces.get(&after.key) == Some(after) {
                let back = self.workspace(after);
                change.workspaces.extend((back != *after).then_some(back));
            }
        }
        change
    }

    /// A person whom the run made stays, without a right, and without the numbers that go back to
    /// somebody else; a login that was given stays given.
    fn person(&self, after: &Person, made: bool) -> Option<Person> {
        let account = after
            .account
            .as_ref()
            .map(|account| if made { self.disabled(account) } else { account.clone() });
        match self.before.persons.get(&after.id) {
            Some(old) if old.account.is_none() => {
                let place = old.place.clone().or_else(|| after.place.clone());
                Some(Person { account, place, ..old.clone() })
            }
            Some(old) => Some(self.not_deleted_at_once(old)),
            None if !made => None,
            None => {
                let mut person = Person { account, ..after.clone() };
                person.identifiers.retain(|one| !self.given_back.contains(one));
                for (_, enrolment) in person.enrolments.iter_mut() {
                    let (on, by) = (self.today, EndedBy::RolledBack);
                    enrolment.state = EnrolmentState::Ended { on, by };
                }
                Some(person)
            }
        }
    }

    /// An account that is disabled again waits as long as any other: its day of deletion may have
    /// passed while it was in use.
    fn not_deleted_at_once(&self, old: &Person) -> Person {
        let mut person = old.clone();
        if let Some(Account { state: AccountState::Disabled { delete_on, .. }, .. }) =
            &mut person.account
        {
            let wait = self.retention_days.max(1).days();
            *delete_on = (*delete_on).max(self.today.saturating_add(wait));
        }
        person
    }

    fn disabled(&self, account: &Account) -> Account {
        let delete_on = self.today.saturating_add(self.retention_days.max(1).days());
        let state = AccountState::Disabled { since: self.today, delete_on };
        Account { state, ..account.clone() }
    }

    fn workspace(&self, after: &Workspace) -> Workspace {
        match self.before.workspaces.get(&after.key) {
            Some(old) => old.clone(),
            None => {
                let state = WorkspaceState::Frozen { since: self.today };
                Workspace { state, ..after.clone() }
            }
        }
    }
}

fn is_made(trace: &trace::Trace) -> bool {
    trace.made && !trace.deleted
}

fn accounts(traces: &Traces, wanted: fn(&trace::Trace) -> bool) -> BTreeSet<PersonId> {
    let found = traces.iter().filter(|(_, trace)| wanted(trace));
    found.filter_map(|((_, key), _)| key.person()).collect()
}

#[cfg(test)]
mod tests;
