//! What the deliveries in force declare of each person, once matching has said who is who.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::input::SchoolInput;
use super::structures::Structures;
use crate::mapping::functions::Functions;
use crate::matching::claim::{self, Claim, ClaimId};
use crate::matching::compare;
use crate::matching::decide::{Decision, Decisions};
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::ids::{PersonId, SchoolYear, StructureCode, Uai};
use crate::model::person::{Identifier, Person, Role};
use crate::model::record::{Names, PupilRecord, StaffRecord};
use crate::model::registry::Registry;
use crate::model::traits::Traits;
use crate::validate::divisions::{Division, division_of};

/// The claims of a school's accepted records, for matching.
pub fn claims(input: &SchoolInput<'_>) -> Vec<Claim> {
    all_claims(input).filter(|claim| !input.is_set_aside(claim.id.source, claim.id.line)).collect()
}

fn all_claims<'a>(input: &'a SchoolInput<'_>) -> impl Iterator<Item = Claim> + 'a {
    let school = input.school;
    let year = input.year_of_source(Source::SieclePupils);
    let pupils =
        input.pupils().iter().map(move |record| claim::of_pupil(&school.uai, record, year));
    let staff = input.staff().iter().map(|record| claim::of_staff(school, record));
    pupils.chain(staff).map(|mut claim| {
        if let Some(names) = input.verdict.repaired.get(&(claim.id.source, claim.id.line)) {
            claim.names.clone_from(names);
        }
        claim
    })
}

/// The classes that a pupil's record names, as written.
pub fn classes<'a>(input: &'a SchoolInput<'_>, line: u64) -> &'a [StructureCode] {
    let record = input.pupils().iter().find(|record| record.line == line);
    record.map(|record| record.divisions.as_slice()).unwrap_or_default()
}

/// The numbers under which a file lists people, those of records set aside too.
pub fn numbers<'a>(input: &'a SchoolInput<'_>, source: Source) -> impl Iterator<Item = &'a str> {
    let pupils = input.pupils().iter().map(|record| record.eleve_id.as_str());
    let staff = input.staff().iter().map(|record| record.staff.id.as_str());
    let of = move |one: Source| source == one;
    pupils.filter(move |_| of(Source::SieclePupils)).chain(staff.filter(move |_| of(Source::Sts)))
}

/// One person as one school declares him or her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub names: Names,
    pub birth_date: Option<Date>,
    pub traits: Traits,
    pub identifiers: Identifiers,
    pub role: Role,
    pub year: SchoolYear,
    pub entered_on: Option<Date>,
    pub left_on: Option<Date>,
    /// `None`: not said; the enrolment keeps what it has when `division_unclear`.
    pub division: Option<StructureCode>,
    pub division_unclear: bool,
    pub groups: BTreeSet<StructureCode>,
    /// For the order of first arrival.
    pub claim: ClaimId,
}

#[cfg(test)]
impl Declared {
    /// A pupil of whom a line says the names and nothing else.
    pub(crate) fn pupil(uai: &Uai, line: u64, family: &str, given: &str) -> Self {
        Self {
            names: Names { family: family.into(), usage: None, given: given.into() },
            birth_date: None,
            traits: Traits::default(),
            identifiers: Identifiers::default(),
            role: Role::Pupil,
            year: SchoolYear(2026),
            entered_on: None,
            left_on: None,
            division: None,
            division_unclear: false,
            groups: BTreeSet::new(),
            claim: ClaimId { uai: uai.clone(), source: Source::SieclePupils, line },
        }
    }
}

/// Everything declared, by person and school.
#[derive(Debug, Default)]
pub struct Declarations {
    pub by_person: BTreeMap<PersonId, BTreeMap<Uai, Declared>>,
    /// Persons of whom a record waits, and the schools where: nothing changes for them there, and
    /// the account is kept whatever another school says.
    pub waiting: BTreeMap<PersonId, BTreeSet<Uai>>,
}

impl Declarations {
    fn wait(&mut self, persons: impl IntoIterator<Item = PersonId>, uai: &Uai) {
        for person in persons {
            self.waiting.entry(person).or_default().insert(uai.clone());
        }
    }
}

/// Collects the declarations of all schools.
pub fn collect(
    inputs: &[SchoolInput<'_>],
    structures: &BTreeMap<Uai, Structures>,
    decisions: &Decisions,
    functions: &Functions,
    registry: &Registry,
) -> Declarations {
    let mut declarations = Declarations::default();
    let known = Known::of(registry);
    let mut alike: BTreeSet<(PersonId, &Uai)> = BTreeSet::new();
    for input in inputs {
        let uai = &input.school.uai;
        for claim in all_claims(input) {
            match decisions.get(&claim.id) {
                Some(Decision::Ask { about, why: _ }) => {
                    declarations.wait(about.iter().copied(), uai);
                }
                Some(Decision::Same { .. } | Decision::New { .. }) => {}
                None => {
                    let numbered = known.holders(&claim);
                    if numbered.is_empty() {
                        alike.extend(known.alike(&claim).into_iter().map(|id| (id, uai)));
                    }
                    declarations.wait(numbered, uai);
                }
            }
        }
        let divisions = structures.get(uai).map(Structures::divisions).unwrap_or_default();
        let year = input.year();
        for record in input.pupils() {
            let declared = pupil(input, record, &divisions, year);
            place(&mut declarations, decisions, input, declared);
        }
        for record in input.staff() {
            let declared = staff(input, record, functions);
            place(&mut declarations, decisions, input, declared);
        }
    }
    // Whoever has a record of his own at the school is not the one whose record waits there.
    for (person, uai) in alike {
        let own = declarations.by_person.get(&person);
        if own.is_none_or(|schools| !schools.contains_key(uai)) {
            declarations.wait([person], uai);
        }
    }
    keep_ines_apart(&mut declarations, &known.holders);
    declarations
}

fn place(
    declarations: &mut Declarations,
    decisions: &Decisions,
    input: &SchoolInput<'_>,
    mut declared: Declared,
) {
    if let Some(names) = input.verdict.repaired.get(&(declared.claim.source, declared.claim.line)) {
        declared.names.clone_from(names);
    }
    let person = match decisions.get(&declared.claim) {
        Some(Decision::Same { person, evidence: _ } | Decision::New { person }) => *person,
        Some(Decision::Ask { .. }) | None => return,
    };
    let schools = declarations.by_person.entry(person).or_default();
    schools.insert(input.school.uai.clone(), declared);
}

/// The registry, as a record that waits is looked up in it.
struct Known<'a> {
    holders: BTreeMap<&'a Identifier, Vec<PersonId>>,
    members: BTreeMap<&'a Uai, Vec<&'a Person>>,
    born: BTreeMap<Date, Vec<&'a Person>>,
}

impl<'a> Known<'a> {
    fn of(registry: &'a Registry) -> Self {
        let mut known =
            Self { holders: BTreeMap::new(), members: BTreeMap::new(), born: BTreeMap::new() };
        for person in living(registry) {
            for identifier in &person.identifiers {
                known.holders.entry(identifier).or_default().push(person.id);
            }
            for uai in person.enrolments.keys() {
                known.members.entry(uai).or_default().push(person);
            }
            if let Some(day) = person.birth_date {
                known.born.entry(day).or_default().push(person);
            }
        }
        known
    }

    /// Who has one of its numbers.
    fn holders(&self, claim: &Claim) -> BTreeSet<PersonId> {
        let holders = claim.identifiers.iter().filter_map(|one| self.holders.get(one));
        holders.flatten().copied().collect()
    }

    /// A record that leads to nobody by its numbers may still be somebody of the school, declared
    /// anew, by birth date or by name, or somebody who comes from another one, by both.
    fn alike(&self, claim: &Claim) -> BTreeSet<PersonId> {
        let same_day =
            |person: &Person| person.birth_date.is_some() && person.birth_date == claim.birth_date;
        let same_name = |person: &Person| {
            compare::given_compatible(&person.names.given, &claim.names.given)
                && compare::surname_close(&person.names, &claim.names)
        };
        let here = self.members.get(&claim.id.uai).into_iter().flatten();
        let here = here.filter(|person| same_day(person) || same_name(person));
        let born = claim.birth_date.and_then(|day| self.born.get(&day)).into_iter().flatten();
        let elsewhere = born.filter(|person| same_name(person));
        here.chain(elsewhere).map(|person| person.id).collect()
    }
}

/// Whoever was joined to somebody else is nobody any more.
fn living(registry: &Registry) -> impl Iterator<Item = &Person> {
    registry.persons.values().filter(|person| person.joined.is_none())
}

/// An INE that is somebody else's is not added to a person: the next run would find two persons
/// under it. Of two persons who are declared with one INE that is nobody's yet, neither gets it.
fn keep_ines_apart(
    declarations: &mut Declarations,
    holders: &BTreeMap<&Identifier, Vec<PersonId>>,
) {
    let mut carriers: Vec<(Identifier, PersonId)> = Vec::new();
    for (person, schools) in &mut declarations.by_person {
        for declared in schools.values_mut() {
            declared.identifiers.retain(|identifier| {
                let held = identifier.is_ine().then(|| holders.get(identifier)).flatten();
                held.is_none_or(|ids| ids.contains(person))
            });
            let free = |one: &&Identifier| one.is_ine() && !holders.contains_key(*one);
            let free = declared.identifiers.iter().filter(free);
            carriers.extend(free.map(|one| (one.clone(), *person)));
        }
    }
    carriers.sort_unstable();
    carriers.dedup();
    for shared in carriers.chunk_by(|left, right| left.0 == right.0).filter(|one| one.len() > 1) {
        for (ine, person) in shared {
            for declared in declarations.by_person.get_mut(person).into_iter().flatten() {
                declared.1.identifiers.remove(ine);
            }
        }
    }
}

fn pupil(
    input: &SchoolInput<'_>,
    record: &PupilRecord,
    known: &BTreeSet<StructureCode>,
    year: Option<SchoolYear>,
) -> Declared {
    let own_year = input.year_of_source(Source::SieclePupils).unwrap_or(SchoolYear(0));
    // Classes of last year's file do not exist any more once a file of the new year is in force.
    let in_year = Some(own_year) == year;
    let (division, division_unclear) = match division_of(record, known) {
        Division::Sure(code) => (Some(code).filter(|_| in_year), false),
        Division::None => (None, false),
        Division::Ambiguous(_) => (None, in_year),
    };
    let claim = claim::of_pupil(&input.school.uai, record, Some(own_year));
    Declared {
        names: record.names.clone(),
        birth_date: record.birth_date,
        traits: claim.traits,
        identifiers: claim.identifiers,
        role: Role::Pupil,
        year: own_year,
        entered_on: record.entered_on,
        left_on: record.left_on,
        division,
        division_unclear,
        groups: record.groups.iter().filter(|_| in_year).cloned().collect(),
        claim: claim.id,
    }
}

fn staff(input: &SchoolInput<'_>, record: &StaffRecord, functions: &Functions) -> Declared {
    let claim = claim::of_staff(input.school, record);
    Declared {
        names: record.names.clone(),
        birth_date: record.birth_date,
        traits: claim.traits,
        identifiers: claim.identifiers,
        role: functions.role(record.function.as_deref(), record.staff.kind),
        year: input.year_of_source(Source::Sts).unwrap_or(SchoolYear(0)),
        entered_on: None,
        left_on: None,
        division: None,
        division_unclear: false,
        groups: BTreeSet::new(),
        claim: claim.id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::IneKey;

    fn ine(text: &str) -> Identifier {
        Identifier::Ine { key: IneKey(text.into()) }
    }

    fn declared(identifiers: &[Identifier]) -> Declared {
        let uai: Uai = "0599990N".parse().unwrap();
        let identifiers = identifiers.iter().cloned().collect();
        Declared { identifiers, ..Declared::pupil(&uai, 1, "MARTIN", "Léo") }
    }

    #[test]
    fn an_ine_is_added_to_nobody_who_is_not_known_by_it_while_somebody_else_is() {
        let number =
            |id: &str| Identifier::Siecle { uai: "0599990N".parse().unwrap(), id: id.into() };
        let uai: Uai = "0599990N".parse().unwrap();
        let mut declarations = Declarations::default();
        for (id, identifiers) in [
            (1, vec![number("1"), ine("held")]),
            (2, vec![number("2"), ine("held")]),
            (3, vec![number("3"), ine("twice")]),
            (4, vec![number("4"), ine("twice")]),
            (5, vec![number("5"), ine("free")]),
        ] {
            let schools = BTreeMap::from([(uai.clone(), declared(&identifiers))]);
            declarations.by_person.insert(PersonId(id), schools);
        }
        let held = ine("held");
        let holders = BTreeMap::from([(&held, vec![PersonId(1)])]);
        keep_ines_apart(&mut declarations, &holders);
        let has_ine: Vec<bool> = declarations
            .by_person
            .values()
            .map(|schools| schools[&uai].identifiers.iter().any(Identifier::is_ine))
            .collect();
        assert_eq!(has_ine, [true, false, false, false, true]);
    }
}
