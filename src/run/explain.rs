//! `explain`: one person's whole story, or what was done to one entry.

use std::collections::{BTreeMap, BTreeSet};

use super::mentions;
use super::next::{self, Next};
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use crate::mapping::graph::UNIQUE_NAME;
use crate::model::dn;
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::report::story::{self, Story};
use crate::store::review::questions::Question;
use crate::store::review::{answers, links, questions};
use crate::store::runs::{self, OperationState, Run, RunId};
use crate::store::steps::{self, Fate, Step};
use crate::store::{Store, StoreError, plans, registry};

pub fn explain(session: &Session, whom: &str) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let ids = find(&store, whom).map_err(store_failure)?;
    let id = match ids.iter().collect::<Vec<_>>().as_slice() {
        [id] => **id,
        [] => {
            if let Some((key, mut steps)) = entry(&store, whom).map_err(store_failure)? {
                fates(session, &store, &mut steps)?;
                return Ok(tell_entry(session, &key, &steps));
            }
            return Err(Failure::new(ExitStatus::Usage, format!("nobody is known as {whom}"))
                .hint(
                    "`rentree people --find TEXT` looks for names, logins and numbers; a record \
                     that waits is nobody yet: rentree check, rentree review list",
                )
                .into());
        }
        several => {
            let list: Vec<String> = several.iter().map(ToString::to_string).collect();
            let what = format!("{whom} leads to several persons: {}", list.join(", "));
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("give the number of one")
                .into());
        }
    };
    tell(session, &store, id)
}

/// The persons that a text names: their number, a name that was ever theirs, the mark or the DN of
/// an entry, the number of a source.
fn find(store: &Store, whom: &str) -> Result<BTreeSet<PersonId>, StoreError> {
    let whom = whom.trim();
    if let Ok(ObjectKey::Account(id)) = whom.parse::<ObjectKey>() {
        return Ok(registry::person(store, id)?.map(|person| person.id).into_iter().collect());
    }
    if let Ok(id) = whom.parse::<PersonId>()
        && let Some(person) = registry::person(store, id)?
    {
        return Ok(BTreeSet::from([person.id]));
    }
    let first = whom.split(',').next().unwrap_or(whom);
    let value = first.split_once('=').map_or(first, |(_, value)| value);
    let name = value.split('@').next().unwrap_or(value).to_lowercase();
    let mut ids: BTreeSet<PersonId> =
        registry::holders(store, &name)?.iter().map(|holder| holder.person).collect();
    if ids.is_empty() && !whom.starts_with("ine:") {
        ids.extend(registry::persons_by_identifier(store, whom)?);
    }
    if ids.is_empty() && !whom.is_empty() {
        ids.extend(registry::persons_by_number(store, whom)?);
    }
    Ok(ids)
}

/// An entry that is no account, by its mark, its DN or its name as plans print it, and
/// what was done to it.
fn entry(store: &Store, whom: &str) -> Result<Option<(ObjectKey, Vec<Step>)>, StoreError> {
    let steps = match whom.parse::<ObjectKey>() {
        Ok(key) => steps::of_object(store, &key)?,
        Err(_) => {
            let mut steps = Vec::new();
            for place in [whom, &dn::rdn(UNIQUE_NAME, whom), &dn::rdn("team", whom)] {
                steps.extend(steps::of_place(store, place)?);
            }
            if steps.is_empty() { steps::of_name(store, whom)? } else { steps }
        }
    };
    Ok(steps.first().map(|step| step.operation.key.clone()).map(|key| (key, steps)))
}

/// What becomes of the operations that are open of a run that will not do them.
fn fates(session: &Session, store: &Store, steps: &mut [Step]) -> anyhow::Result<()> {
    let known = runs::list(store).map_err(store_failure)?;
    let mut fates: BTreeMap<RunId, Option<Fate>> = BTreeMap::new();
    for step in steps.iter_mut() {
        match step.state {
            OperationState::Done | OperationState::Already => continue,
            OperationState::Planned
            | OperationState::Started
            | OperationState::Failed
            | OperationState::Stale
            | OperationState::Blocked => {}
        }
        step.fate = match fates.get(&step.run) {
            Some(fate) => *fate,
            None => {
                let fate = fate(session, store, &known, step.run)?;
                fates.insert(step.run, fate);
                fate
            }
        };
    }
    Ok(())
}

fn fate(
    session: &Session,
    store: &Store,
    known: &[Run],
    run: RunId,
) -> anyhow::Result<Option<Fate>> {
    let Some(run) = known.iter().find(|one| one.id == run) else { return Ok(None) };
    let header = plans::header(store, run.id).map_err(store_failure)?;
    let tally = runs::tally(store, run.id).map_err(store_failure)?;
    Ok(match next::of(session, store, known, (run, &header, &tally))? {
        Next::TakenOver(by) => Some(Fate::TakenOver(by)),
        Next::Outdated { .. } => Some(Fate::NotSent),
        Next::Apply if !header.objections.is_empty() => Some(Fate::NotSent),
        Next::Apply
        | Next::AfterPart(_)
        | Next::UnderWay(_)
        | Next::Died { .. }
        | Next::Replay { .. }
        | Next::SwitchedOff(_)
        | Next::Behind(_)
        | Next::PlannedAnew
        | Next::Nothing => None,
    })
}

fn tell_entry(session: &Session, key: &ObjectKey, steps: &[Step]) -> ExitStatus {
    (session.world.out)(&match session.format {
        Format::Text => story::entry_text(key, steps, &session.config.zone),
        Format::Json => story::entry_json(key, steps) + "\n",
    });
    ExitStatus::Done
}

fn tell(session: &Session, store: &Store, id: PersonId) -> anyhow::Result<ExitStatus> {
    let load = || -> Result<_, StoreError> {
        let registry = registry::load(store)?;
        let questions = questions::list(store, true)?;
        let answers = answers::list(store, None)?;
        let links = links::of_person(store, id)?;
        Ok((registry, questions, answers, links, steps::of_person(store, id)?))
    };
    let (registry, questions, answers, links, mut steps) = load().map_err(store_failure)?;
    fates(session, store, &mut steps)?;
    let Some(person) = registry.persons.get(&id) else {
        return Err(Failure::new(ExitStatus::Usage, format!("there is no person {id}")).into());
    };
    let concerns = |one: &&Question| {
        let number = one.asked.record.number();
        one.persons().contains(&id)
            || number.is_some_and(|number| person.identifiers.contains(number))
    };
    let questions: Vec<&Question> = questions.iter().filter(concerns).collect();
    let mentions = mentions::of(session, store, person).map_err(store_failure)?;
    let story = Story {
        person,
        registry: &registry,
        schools: &session.config.schools,
        zone: &session.config.zone,
        links: &links,
        questions: &questions,
        answers: &answers,
        mentions: &mentions,
        steps: &steps,
        address: person.account.as_ref().map(|account| {
            let pupil = person.enrolments.values().any(|one| one.role.is_pupil());
            session.config.scheme.address(&account.name, pupil)
        }),
    };
    match session.format {
        Format::Text => (session.world.out)(&story::text(&story)),
        Format::Json => (session.world.out)(&format!("{}\n", story::json(&story)?)),
    }
    Ok(ExitStatus::Done)
}
