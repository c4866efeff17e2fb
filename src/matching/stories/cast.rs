//! Who plays in the stories, and how one is told.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use crate::matching::answer::Answers;
use crate::matching::claim::{Claim, ClaimId};
use crate::matching::decide::{Decision, Outcome, Setting, decide};
use crate::matching::policy::Policy;
use crate::matching::{Roster, hash, normal};
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::ids::{IneKey, PersonId, SchoolYear, TraitKey, Uai};
use crate::model::person::{
    EndedBy, Enrolment, EnrolmentState, Enrolments, Identifier, Person, Role,
};
use crate::model::record::Names;
use crate::model::registry::Registry;
use crate::model::traits::{Level, NameKey, Sex, Traits};

pub(in crate::matching) const TODAY: Date = date(2026, 9, 8);
/// Schools, by rank.
pub(super) const COLLEGE: usize = 0;
pub(super) const LYCEE: usize = 1;
pub(super) const ELSEWHERE: usize = 2;

pub(in crate::matching) fn uai(rank: usize) -> Uai {
    ["0590001F", "0599990N", "0809990Z"][rank].parse().unwrap()
}

pub(in crate::matching) fn ine(text: &str) -> Identifier {
    Identifier::Ine { key: IneKey(format!("rnie:{text}")) }
}

pub(in crate::matching) fn names(family: &str, given: &str) -> Names {
    Names { family: family.into(), usage: None, given: given.into() }
}

pub(in crate::matching) fn enrolment(state: EnrolmentState) -> Enrolment {
    Enrolment {
        role: Role::Pupil,
        state,
        since: date(2025, 9, 1),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    }
}

/// Somebody, as a school tells of them.
#[derive(Debug, Clone)]
pub(super) struct Someone {
    names: Names,
    born: Option<Date>,
    ines: Identifiers,
    traits: Traits,
    stays: Enrolments,
    left_on: Option<Date>,
}

/// Born on 12 March 2010; all else is not known.
pub(super) fn someone(family: &str, given: &str) -> Someone {
    let nobody = Someone {
        names: names(family, ""),
        born: Some(date(2010, 3, 12)),
        ines: Identifiers::default(),
        traits: Traits::default(),
        stays: Enrolments::new(),
        left_on: None,
    };
    nobody.given(given)
}

/// A pupil of whom all is known: troisième last year, at the collège still.
pub(super) fn ines() -> Someone {
    let ines = someone("Vandromme", "Inès").second("Marie").ine("A").place(59_350);
    ines.sex(Sex::Female).level(9, 2025).at(COLLEGE)
}

fn name_key(name: &str) -> NameKey {
    let folded = normal::key(name);
    let key = |text: &str| TraitKey(hash::of_bytes(text.as_bytes()));
    NameKey { whole: key(&folded), start: key(folded.get(..3).unwrap_or(&folded)) }
}

impl Someone {
    pub(super) fn family(mut self, family: &str) -> Self {
        self.names.family = family.into();
        self
    }
    pub(super) fn usage(mut self, usage: &str) -> Self {
        self.names.usage = Some(usage.into());
        self
    }
    pub(super) fn given(mut self, given: &str) -> Self {
        self.names.given = given.into();
        self.traits.given = (!given.is_empty()).then(|| name_key(given));
        self
    }
    pub(super) fn second(mut self, second: &str) -> Self {
        self.traits.second = Some(name_key(second));
        self
    }
    pub(super) fn born(mut self, year: i16, month: i8, day: i8) -> Self {
        self.born = Some(date(year, month, day));
        self
    }
    pub(super) fn undated(mut self) -> Self {
        self.born = None;
        self
    }
    /// In place of any other.
    pub(super) fn ine(mut self, text: &str) -> Self {
        self.ines = Identifiers::from([ine(text)]);
        self
    }
    pub(super) fn place(mut self, place: u64) -> Self {
        self.traits.birthplace = Some(TraitKey(place));
        self
    }
    pub(super) fn sex(mut self, sex: Sex) -> Self {
        self.traits.sex = Some(sex);
        self
    }
    pub(super) fn level(mut self, rank: u8, year: i16) -> Self {
        self.traits.level = Some(Level { rank, year: SchoolYear(year) });
        self
    }
    /// The school that the record names as last year's.
    pub(super) fn from(mut self, school: usize) -> Self {
        self.traits.previous_school = Some(uai(school));
        self
    }
    pub(super) fn without_ine(mut self) -> Self {
        self.ines = Identifiers::default();
        self
    }
    /// Names and date only.
    pub(super) fn bare(mut self) -> Self {
        self.traits = Traits { given: self.traits.given, ..Traits::default() };
        self.without_ine()
    }
    pub(super) fn at(mut self, school: usize) -> Self {
        self.stays.insert(uai(school), enrolment(EnrolmentState::Current));
        self
    }
    /// Is at this school no more, by the school's own word.
    pub(super) fn released(mut self, school: usize, on: Date) -> Self {
        let ended = EnrolmentState::Ended { on, by: EndedBy::ExitDate };
        self.stays.insert(uai(school), enrolment(ended));
        self
    }
    /// Is not in the school's file any more, which says nothing of it.
    pub(super) fn dropped(mut self, school: usize, on: Date) -> Self {
        let ended = EnrolmentState::Ended { on, by: EndedBy::NotListed };
        self.stays.insert(uai(school), enrolment(ended));
        self
    }
    /// The record has this day of exit.
    pub(super) fn leaving(mut self, on: Date) -> Self {
        self.left_on = Some(on);
        self
    }

    /// A line of the school's file; the school knows the pupil by its number.
    pub(super) fn record(&self, school: usize, number: u64) -> Claim {
        let siecle = Identifier::Siecle { uai: uai(school), id: number.to_string() };
        Claim {
            id: ClaimId { uai: uai(school), source: Source::SieclePupils, line: number },
            identifiers: self.ines.iter().cloned().chain([siecle]).collect(),
            names: self.names.clone(),
            birth_date: self.born,
            traits: self.traits.clone(),
            left_on: self.left_on,
        }
    }

    /// A member of staff in the school's file.
    pub(super) fn staff(&self, school: usize, line: u64, number: Identifier) -> Claim {
        Claim {
            id: ClaimId { uai: uai(school), source: Source::Sts, line },
            identifiers: Identifiers::from([number]),
            names: self.names.clone(),
            birth_date: self.born,
            traits: Traits::default(),
            left_on: None,
        }
    }

    /// A person of the registry, whom each of the schools knows by the person's number.
    pub(super) fn known(&self, id: u64) -> Person {
        let numbers = self
            .stays
            .keys()
            .map(|uai| Identifier::Siecle { uai: uai.clone(), id: id.to_string() });
        Person {
            id: PersonId(id),
            names: self.names.clone(),
            birth_date: self.born,
            identifiers: self.ines.iter().cloned().chain(numbers).collect(),
            traits: self.traits.clone(),
            enrolments: self.stays.clone(),
            place: None,
            joined: None,
            account: None,
        }
    }

    pub(super) fn known_staff(&self, id: u64, number: Identifier) -> Person {
        Person { identifiers: Identifiers::from([number]), ..self.known(id) }
    }
}

pub(in crate::matching) fn registry(persons: &[Person]) -> Registry {
    let persons = persons.iter().map(|person| (person.id, person.clone())).collect();
    Registry { persons, ..Registry::default() }
}

pub(in crate::matching) fn outcome(claims: &[Claim], persons: &[Person]) -> Outcome {
    let registry = registry(persons);
    let setting = Setting {
        roster: &Roster::new(&registry, TODAY),
        answers: &Answers::default(),
        policy: &Policy::PROPOSED,
        weights: None,
        today: TODAY,
        first_free: registry.next_person(),
    };
    decide(claims, &setting)
}

/// `=7 …` same as 7, `+8` new, `? …` ask with its doubt.
pub(in crate::matching) fn told(decision: &Decision) -> String {
    match decision {
        Decision::Same { person, evidence } => format!("={person} {evidence:?}"),
        Decision::New { person } => format!("+{person}"),
        Decision::Ask { about: _, why } => format!("? {why:?}"),
    }
}

/// What is decided of each record, in the order in which they are told: the same in every other.
#[track_caller]
pub(super) fn story(persons: &[Person], records: &[Claim], expect: &[&str]) {
    let decided = outcome(records, persons);
    let decisions: Vec<String> =
        records.iter().map(|record| told(&decided.decisions[&record.id])).collect();
    assert_eq!(decisions, expect, "{persons:#?} {records:#?}");
    for turn in 0..records.len().min(4) {
        let mut turned = records.to_vec();
        turned.rotate_left(turn);
        turned.reverse();
        assert_eq!(outcome(&turned, persons), decided, "order matters");
    }
}

/// The same of each of several records that might come alone.
#[track_caller]
pub(super) fn each_alone(persons: &[Person], cases: &[(Claim, &str)]) {
    for (rank, (record, expect)) in cases.iter().enumerate() {
        let decided = outcome(std::slice::from_ref(record), persons);
        assert_eq!(told(&decided.decisions[&record.id]), *expect, "case {rank}: {record:?}");
    }
}
