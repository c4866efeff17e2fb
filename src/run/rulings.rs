//! The answers of people, as matching and the people room take them.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::joined::{Said, What};
use crate::matching::answer::{Answer as Ruled, Fingerprint, RecordKey, Ruling};
use crate::model::ids::PersonId;
use crate::model::person::Identifier;
use crate::store::review::Verdict;
use crate::store::review::answers::Answer;

/// The answers in force, in two forms.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InForce {
    pub rulings: BTreeMap<RecordKey, Vec<Ruling>>,
    pub said: Vec<Said>,
}

type Links = BTreeMap<(RecordKey, PersonId), u64>;

/// Reads the answers in the order in which they were given: the latest word on a record and a
/// person counts. What was taken back is taken from the person once, and only while nothing newer
/// has given it (`links` has the last of each).
pub fn in_force(answers: &[Answer], links: &Links) -> InForce {
    let mut rulings: BTreeMap<RecordKey, Vec<Ruling>> = BTreeMap::new();
    for answer in answers {
        let (key, facts) = (&answer.shown.key, answer.shown.facts);
        let own = rulings.entry(key.clone()).or_default();
        for person in &answer.persons {
            let ruled = match answer.verdict {
                Verdict::Same => Ruled::Same,
                Verdict::Different => Ruled::Different,
                Verdict::Later => continue,
            };
            own.retain(|old| !is_overruled(old, *person, facts, ruled));
            // What a later answer replaced does not come back when that one is undone.
            if answer.undone.is_none() {
                own.push(Ruling { person: *person, facts, answer: ruled });
            }
        }
    }
    rulings.retain(|_, own| !own.is_empty());
    let said = said(answers, &rulings, links);
    InForce { rulings, said }
}

/// A record is one person: the last one that somebody said.
fn is_overruled(old: &Ruling, person: PersonId, facts: Fingerprint, now: Ruled) -> bool {
    match (old.answer, now) {
        (Ruled::Same, Ruled::Same) => true,
        (Ruled::Same, Ruled::Different) => old.person == person,
        (Ruled::Different, _) => old.person == person && old.facts == facts,
    }
}

fn said(
    answers: &[Answer],
    rulings: &BTreeMap<RecordKey, Vec<Ruling>>,
    links: &Links,
) -> Vec<Said> {
    let mut said: BTreeMap<(RecordKey, PersonId), Said> = BTreeMap::new();
    let mut pairs: BTreeSet<(&RecordKey, PersonId)> = BTreeSet::new();
    for answer in answers.iter().filter(|answer| answer.verdict != Verdict::Later) {
        pairs.extend(answer.persons.iter().map(|person| (&answer.shown.key, *person)));
    }
    for (key, person) in pairs {
        let own = rulings.get(key).map(Vec::as_slice).unwrap_or_default();
        let same = own.iter().find(|one| one.person == person && one.answer == Ruled::Same);
        let what = match same {
            Some(ruling) => Some(What::Same { facts: ruling.facts }),
            None => not(answers, key, person, links.get(&(key.clone(), person)).copied()),
        };
        let about = |one: &&Answer| one.shown.key == *key && one.persons.contains(&person);
        let Some((what, last)) = what.zip(answers.iter().rfind(about)) else { continue };
        let identifiers = last.shown.record.identifiers.clone();
        let one = Said { key: key.clone(), identifiers, person, what };
        said.insert((key.clone(), person), one);
    }
    said.into_values().collect()
}

/// « Not this person »: said, or « the same » taken back or given to somebody else, since the
/// record was last given to him.
fn not(answers: &[Answer], key: &RecordKey, person: PersonId, link: Option<u64>) -> Option<What> {
    let of_record = || answers.iter().filter(|one| one.shown.key == *key);
    let of_person = || of_record().filter(|one| one.persons.contains(&person));
    let first_same = of_person().find(|one| one.verdict == Verdict::Same).map(|one| one.id);
    let seen = of_record()
        .filter_map(|one| match (one.verdict, one.persons.contains(&person), &one.undone) {
            (Verdict::Different, true, None) => Some(one.links_seen),
            (Verdict::Same, true, Some(undone)) => Some(undone.links_seen),
            (Verdict::Different, true, Some(undone))
                if first_same.is_some_and(|first| first < one.id) =>
            {
                Some(undone.links_seen)
            }
            // Said to be somebody else after it was said to be this person.
            (Verdict::Same, false, None) if first_same.is_some_and(|first| first < one.id) => {
                Some(one.links_seen)
            }
            _ => None,
        })
        .max()?;
    if link.is_some_and(|link| link > seen) {
        return None;
    }
    let has = |number: &Identifier, answer: &Answer| {
        let own = answer.before.iter().find(|one| one.id == person);
        own.is_some_and(|own| own.identifiers.contains(number))
    };
    // As he was before the record was his.
    let untouched = |one: &&Answer| {
        one.verdict == Verdict::Same
            && one.shown.record.number().is_some_and(|number| !has(number, one))
    };
    let before = of_person().rfind(untouched);
    Some(What::Not { before: before.map(|one| one.before.clone()).unwrap_or_default() })
}

#[cfg(test)]
#[path = "rulings_tests.rs"]
mod tests;
