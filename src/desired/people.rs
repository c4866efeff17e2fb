//! Every person after this run: enrolments, place, names, account.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::account::{self, Right};
use super::declared::{Declarations, Declared};
use super::enrolment::{self, Hearing};
use super::input::SchoolInput;
use super::naming::{self, Ledger};
use super::policy::Policy;
use crate::mapping::naming::Scheme;
use crate::matching::claim;
use crate::model::account::{Account, AccountState};
use crate::model::delivery::Source;
use crate::model::finding::{self, Finding, Place};
use crate::model::identifiers::Identifiers;
use crate::model::ids::{PersonId, Uai};
use crate::model::person::{Enrolment, EnrolmentState, Enrolments, Person, Role};
use crate::model::record::Names;
use crate::model::registry::Registry;

/// What the people room needs to know besides the declarations.
pub struct Setting<'a> {
    pub registry: &'a Registry,
    pub inputs: &'a [SchoolInput<'a>],
    pub declarations: &'a Declarations,
    pub scheme: &'a Scheme,
    pub policy: &'a Policy,
    pub today: Date,
}

/// The persons that differ from the registry, whole, and what schools are told.
#[derive(Debug, Default)]
pub struct Settled {
    pub changed: Vec<Person>,
    pub findings: Vec<Finding>,
    pub moved: u64,
    pub held: u64,
    pub leaving: u64,
    /// Declared as gone, and never seen before: they are not persons of the registry.
    pub strangers: u64,
}

/// Settles every person known or declared. `ledger` holds every name that is taken, in the
/// registry and in the targets; new logins are given in the order of person numbers.
pub fn settle(setting: &Setting<'_>, ledger: &mut Ledger) -> Settled {
    let inputs: BTreeMap<&Uai, &SchoolInput<'_>> =
        setting.inputs.iter().map(|input| (&input.school.uai, input)).collect();
    let ids: BTreeSet<PersonId> = setting
        .registry
        .persons
        .keys()
        .chain(setting.declarations.by_person.keys())
        .copied()
        .collect();
    let mut settled = Settled::default();
    for id in ids {
        let before = setting.registry.persons.get(&id);
        let declared = setting.declarations.by_person.get(&id);
        let Some(mut person) = before.cloned().or_else(|| unknown(id, declared)) else { continue };
        person.enrolments = enrolments(setting, &inputs, &person, declared);
        if before.is_none() && person.enrolments.is_empty() {
            settled.strangers += 1;
            continue; // Gone before we ever knew of him: nothing of him is kept.
        }
        place(&mut person);
        if let Some(declared) = declared {
            describe(&mut person, declared);
        }
        give_account(setting, &mut person, declared, ledger, &mut settled.findings);
        tell_holds(setting, &person, declared, &mut settled);
        count(before, &person, &mut settled);
        if before != Some(&person) {
            settled.changed.push(person);
        }
    }
    settled
}

/// A person never seen before.
fn unknown(id: PersonId, declared: Option<&BTreeMap<Uai, Declared>>) -> Option<Person> {
    let first = declared?.values().min_by_key(|one| &one.claim)?;
    Some(Person {
        id,
        names: first.names.clone(),
        birth_date: first.birth_date,
        traits: first.traits.clone(),
        identifiers: Identifiers::default(),
        enrolments: Enrolments::new(),
        place: None,
        joined: None,
        account: None,
    })
}

fn enrolments(
    setting: &Setting<'_>,
    inputs: &BTreeMap<&Uai, &SchoolInput<'_>>,
    person: &Person,
    declared: Option<&BTreeMap<Uai, Declared>>,
) -> Enrolments {
    let waiting = setting.declarations.waiting.get(&person.id);
    let hear = |uai: &Uai, role: &Role| {
        let source = if role.is_pupil() { Source::SieclePupils } else { Source::Sts };
        let input = inputs.get(uai);
        Hearing {
            declared: declared.and_then(|all| all.get(uai)),
            complete: input.is_some_and(|input| input.complete(source)),
            settled: input.is_some_and(|input| input.settled(source, setting.policy)),
            year: input
                .and_then(|input| input.deliveries.get(&source))
                .map(|delivery| delivery.header.school_year),
            waits: waiting.is_some_and(|schools| schools.contains(uai)),
        }
    };
    let place = person.place.as_ref();
    enrolment::renew(&person.enrolments, &hear, declared, place, setting.policy, setting.today)
}

/// The account stands under a school where the person is; it stays where it is while that is so,
/// and while nothing else is sure.
fn place(person: &mut Person) {
    let stays =
        person.place.as_ref().is_some_and(|place| person.current().any(|(uai, _)| uai == place));
    if stays {
        return;
    }
    let first = person.current().min_by_key(|(uai, enrolment)| (enrolment.since, *uai));
    if let Some(uai) = first.map(|(uai, _)| uai.clone()) {
        person.place = Some(uai);
    }
}

/// Names, date and identifiers as declared: by the school of the account first.
fn describe(person: &mut Person, declared: &BTreeMap<Uai, Declared>) {
    let at_place = person.place.as_ref().and_then(|place| declared.get(place));
    if let Some(best) = at_place.or_else(|| declared.values().min_by_key(|one| &one.claim)) {
        person.names = better_written(&person.names, &best.names);
        person.birth_date = best.birth_date.or(person.birth_date);
        person.traits = person.traits.renewed_by(&best.traits);
    }
    for one in declared.values() {
        person.identifiers.extend(one.identifiers.iter().cloned());
    }
}

/// The new names, part by part, unless the new one is the same spelling, more poorly written: its
/// accents are lost, or its small letters (matching section 4). Any other difference is a
/// correction of the source.
fn better_written(old: &Names, new: &Names) -> Names {
    let better = |old: &str, new: &str| {
        let accents = |text: &str| text.nfd().filter(|sign| is_combining_mark(*sign)).count();
        let small = |text: &str| text.chars().any(char::is_lowercase);
        let lost = match accents(new).cmp(&accents(old)) {
            Ordering::Less => true,
            Ordering::Equal => {
                new.to_uppercase() == old.to_uppercase() && small(old) && !small(new)
            }
            Ordering::Greater => false,
        };
        if lost && capitals(old) == capitals(new) { old.to_owned() } else { new.to_owned() }
    };
    Names {
        family: better(&old.family, &new.family),
        usage: match (&old.usage, &new.usage) {
            (Some(old), Some(new)) => Some(better(old, new)),
            (None | Some(_), new) => new.clone(),
        },
        given: better(&old.given, &new.given),
    }
}

/// Without accents and in capitals; blanks, hyphens and apostrophes stay.
fn capitals(text: &str) -> String {
    let plain: String = text.nfd().filter(|sign| !is_combining_mark(*sign)).collect();
    plain.to_uppercase().replace('Œ', "OE").replace('Æ', "AE")
}

fn give_account(
    setting: &Setting<'_>,
    person: &mut Person,
    declared: Option<&BTreeMap<Uai, Declared>>,
    ledger: &mut Ledger,
    findings: &mut Vec<Finding>,
) {
    let waits = setting.declarations.waiting.contains_key(&person.id);
    let right = account::right(person, waits);
    let pupil = person.enrolments.values().any(|enrolment| enrolment.role.is_pupil());
    if let Some(account) = &mut person.account {
        account.state = account::next(&account.state, right, pupil, setting.policy, setting.today);
        return;
    }
    if right != Right::Account {
        return;
    }
    match naming::base(&person.names, setting.scheme) {
        Ok(base) => {
            let name = ledger.grant(&base);
            person.account = Some(Account { name, state: AccountState::Active });
        }
        Err(why) => {
            for (uai, one) in declared.into_iter().flatten() {
                let finding = about(finding::LOGIN_IMPOSSIBLE, setting, uai, one);
                findings.push(finding.with("reason", why.in_french()));
            }
        }
    }
}

fn about(kind: finding::Kind, setting: &Setting<'_>, uai: &Uai, one: &Declared) -> Finding {
    let input = setting.inputs.iter().find(|input| input.school.uai == *uai);
    let file = input.and_then(|input| input.deliveries.get(&one.claim.source));
    let name = file.map_or("", |delivery| delivery.name.as_str());
    kind.at(Place::line(name, one.claim.line)).of(uai).with("id", claim::number(&one.identifiers))
}

/// every school concerned is told, with the name of the others.
fn tell_holds(
    setting: &Setting<'_>,
    person: &Person,
    declared: Option<&BTreeMap<Uai, Declared>>,
    settled: &mut Settled,
) {
    let open = |enrolment: &Enrolment| {
        matches!(enrolment.state, EnrolmentState::Current | EnrolmentState::Held { .. })
    };
    let held = |enrolment: &Enrolment| matches!(enrolment.state, EnrolmentState::Held { .. });
    if !person.enrolments.values().any(held) {
        return;
    }
    let claiming: Vec<&Uai> =
        person.enrolments.iter().filter(|(_, one)| open(one)).map(|(uai, _)| uai).collect();
    for uai in &claiming {
        let others: Vec<&str> =
            claiming.iter().filter(|other| other != &uai).map(|other| other.as_str()).collect();
        let finding = match declared.and_then(|all| all.get(*uai)) {
            Some(one) => about(finding::PUPIL_HELD, setting, uai, one),
            None => finding::PUPIL_HELD.at(Place::default()).of(uai),
        };
        let finding = finding.with("other", others.join(", "));
        let finding = match &person.account {
            Some(_) => finding.with("kept", "oui"),
            None => finding.with("none", "oui"),
        };
        settled.findings.push(finding);
    }
}

fn count(before: Option<&Person>, person: &Person, settled: &mut Settled) {
    let held = |one: &Enrolment| matches!(one.state, EnrolmentState::Held { .. });
    settled.held += u64::from(person.enrolments.values().any(held));
    let moved = before.is_some_and(|old| old.place.is_some() && old.place != person.place);
    settled.moved += u64::from(moved);
    let leaving = person
        .account
        .as_ref()
        .is_some_and(|account| matches!(account.state, AccountState::Leaving { .. }));
    settled.leaving += u64::from(leaving);
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
