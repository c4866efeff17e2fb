//! What one export says of persons and classes, held against what the one in force says: of two
//! exports of one school on two days nearly all is the same, and only what differs is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::mapping::functions::Functions;
use crate::matching::claim::staff_identifier;
use crate::model::delivery::Delivery;
use crate::model::identifiers::Identifiers;
use crate::model::ids::{StructureCode, StructureKind};
use crate::model::person::Identifier;
use crate::model::record::{Content, PupilRecord, StaffRecord, StaffRef, StructureRecord};
use crate::model::school::School;
use crate::validate::Verdict;

/// A class or group of a school.
pub(super) type Place = (StructureKind, StructureCode);

/// What of somebody is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether there is to be an account that can be used.
    Right,
    /// Everything that is written of him.
    Written,
    /// Whether he is in a class or group.
    In(Place),
}

/// What an export says.
pub(super) struct Said<'a> {
    persons: BTreeMap<Identifier, Somebody<'a>>,
    places: BTreeMap<Place, Option<&'a str>>,
}

/// Somebody in an export.
struct Somebody<'a> {
    record: Record<'a>,
    places: BTreeSet<Place>,
    has_right: bool,
    /// The checks have set the record aside.
    waits: bool,
}

#[derive(Clone, Copy)]
enum Record<'a> {
    Pupil(&'a PupilRecord),
    Staff(&'a StaffRecord),
}

/// What the export in force names.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) listed: BTreeSet<Identifier>,
    pub(super) places: BTreeSet<Place>,
}

/// What an earlier export says otherwise than the one in force.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) received_at: Timestamp,
    pub(super) persons: BTreeMap<Identifier, Differs>,
    /// Classes and groups that are named in one of the two only, or else have another label.
    pub(super) places: BTreeMap<Place, bool>,
    /// So much is missing in it that nobody leaves on it.
    pub(super) nobody_leaves: bool,
}

/// Of somebody whose record is another one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Differs {
    pub(super) has_right: bool,
    pub(super) written: bool,
    /// The classes and groups where he is in one of the two only.
    pub(super) places: BTreeSet<Place>,
}

impl<'a> Said<'a> {
    pub(super) fn of(
        school: &School,
        delivery: &'a Delivery,
        verdict: &Verdict,
        functions: &Functions,
        today: Date,
    ) -> Self {
        let mut said = Self { persons: BTreeMap::new(), places: BTreeMap::new() };
        let source = delivery.header.source;
        let waits = |line: u64| verdict.set_aside.contains(&(source, line));
        match &delivery.content {
            Content::Pupils(pupils) => {
                for record in pupils {
                    let key =
                        Identifier::Siecle { uai: school.uai.clone(), id: record.eleve_id.clone() };
                    let places = places_of_pupil(record);
                    said.places.extend(places.iter().map(|place| (place.clone(), None)));
                    let has_right = record.entered_on.is_none_or(|first| first <= today)
                        && record.left_on.is_none_or(|last| last >= today);
                    let (waits, record) = (waits(record.line), Record::Pupil(record));
                    said.persons.insert(key, Somebody { record, places, has_right, waits });
                }
            }
            Content::Sts(sts) => {
                let taught = taught(&sts.structures);
                for record in &sts.staff {
                    let mut places = taught.get(&record.staff).cloned().unwrap_or_default();
                    let heads = record.head_teacher_of.iter();
                    places.extend(heads.map(|(code, _)| (StructureKind::Division, code.clone())));
                    let gives = |code: &str| functions.knows(code) && !functions.gives_none(code);
                    let has_right = record.function.as_deref().is_some_and(gives);
                    let key = staff_identifier(school, &record.staff);
                    let (waits, record) = (waits(record.line), Record::Staff(record));
                    said.persons.insert(key, Somebody { record, places, has_right, waits });
                }
                said.name(&sts.structures);
            }
            Content::Structures(structures) => said.name(structures),
            Content::Nomenclature(_) => {}
        }
        said
    }

    fn name(&mut self, structures: &'a [StructureRecord]) {
        let label = |one: &'a StructureRecord| ((one.kind, one.code.clone()), one.label.as_deref());
        self.places.extend(structures.iter().map(label));
    }

    pub(super) fn now(&self) -> Now {
        let listed = self.persons.iter().filter(|(_, somebody)| !somebody.waits);
        Now {
            listed: listed.map(|(key, _)| key.clone()).collect(),
            places: self.places.keys().cloned().collect(),
        }
    }

    /// What this export says otherwise than the one in force.
    pub(super) fn held_against(
        &self,
        now: &Said<'_>,
        received_at: Timestamp,
        nobody_leaves: bool,
    ) -> Earlier {
        let mut persons = BTreeMap::new();
        for key in self.persons.keys().chain(now.persons.keys()) {
            let differs = differs(self.persons.get(key), now.persons.get(key));
            persons.extend(differs.map(|differs| (key.clone(), differs)));
        }
        let mut places = BTreeMap::new();
        for place in self.places.keys().chain(now.places.keys()) {
            let (then, now) = (self.places.get(place), now.places.get(place));
            if then != now {
                places.insert(place.clone(), then.is_none() || now.is_none());
            }
        }
        Earlier { received_at, persons, places, nobody_leaves }
    }
}

fn places_of_pupil(record: &PupilRecord) -> BTreeSet<Place> {
    let division = |code: &StructureCode| (StructureKind::Division, code.clone());
    let group = |code: &StructureCode| (StructureKind::Group, code.clone());
    record.divisions.iter().map(division).chain(record.groups.iter().map(group)).collect()
}

fn taught(structures: &[StructureRecord]) -> BTreeMap<&StaffRef, BTreeSet<Place>> {
    let mut taught: BTreeMap<&StaffRef, BTreeSet<Place>> = BTreeMap::new();
    for structure in structures {
        for staff in &structure.teachers {
            taught.entry(staff).or_default().insert((structure.kind, structure.code.clone()));
        }
    }
    taught
}

/// None: the two records say the same, word for word. One that waited told nothing yet.
fn differs(then: Option<&Somebody<'_>>, now: Option<&Somebody<'_>>) -> Option<Differs> {
    let then = then.filter(|then| !then.waits || now.is_some_and(|now| now.waits));
    let none = BTreeSet::new();
    let places = |one: Option<&Somebody<'_>>| one.map_or(none.clone(), |one| one.places.clone());
    let places = &places(then) ^ &places(now);
    let (same, alike) = match (then, now) {
        (Some(then), Some(now)) => (then.record.is(now.record), then.record.writes(now.record)),
        (None, None) => return None,
        (Some(_), None) | (None, Some(_)) => (false, false),
    };
    if same && places.is_empty() {
        return None;
    }
    let right = |one: Option<&Somebody<'_>>| one.is_some_and(|one| one.has_right);
    let (has_right, written) = (right(then) != right(now), !alike || !places.is_empty());
    Some(Differs { has_right, written, places })
}

impl Record<'_> {
    /// Word for word; wherever they stand in their files.
    fn is(self, other: Record<'_>) -> bool {
        match (self, other) {
            (Self::Pupil(one), Record::Pupil(other)) => {
                *one == PupilRecord { line: one.line, ..other.clone() }
            }
            (Self::Staff(one), Record::Staff(other)) => {
                *one == StaffRecord { line: one.line, ..other.clone() }
            }
            (Self::Pupil(_), Record::Staff(_)) | (Self::Staff(_), Record::Pupil(_)) => false,
        }
    }

    /// The same would be written of the two: what serves matching only is passed over.
    fn writes(self, other: Record<'_>) -> bool {
        match (self, other) {
            (Self::Pupil(one), Record::Pupil(other)) => {
                let of = |record: &PupilRecord| {
                    let PupilRecord {
                        line: _,
                        eleve_id: _,
                        local_number: _,
                        ine: _,
                        names,
                        birth_date: _,
                        traits: _,
                        entered_on,
                        left_on,
                        mef,
                        status,
                        // The first class may count.
                        divisions,
                        groups: _,
                    } = record.clone();
                    (names, entered_on, left_on, mef, status, divisions)
                };
                of(one) == of(other)
            }
            (Self::Staff(one), Record::Staff(other)) => {
                let of = |record: &StaffRecord| {
                    let StaffRecord {
                        line: _,
                        staff: _,
                        names,
                        birth_date: _,
                        function,
                        head_teacher_of,
                        substitute,
                    } = record.clone();
                    (names, function, head_teacher_of, substitute)
                };
                of(one) == of(other)
            }
            (Self::Pupil(_), Record::Staff(_)) | (Self::Staff(_), Record::Pupil(_)) => false,
        }
    }
}

impl Earlier {
    /// It says of somebody what the one in force does, under whatever number.
    pub(super) fn tells_of(&self, now: &Now, identifiers: &Identifiers, ask: &Ask) -> bool {
        let listed = identifiers.iter().any(|one| now.listed.contains(one));
        let agrees = |one: &Identifier| match (self.persons.get(one), ask) {
            (None, _) => true,
            (Some(differs), Ask::Right) => !differs.has_right,
            (Some(differs), Ask::Written) => !differs.written,
            (Some(differs), Ask::In(place)) => !differs.places.contains(place),
        };
        (listed || !self.nobody_leaves) && identifiers.iter().all(agrees)
    }

    /// It has the same record under a number of its file.
    pub(super) fn tells_record(&self, number: &str) -> bool {
        let is_it = |key: &Identifier| match key {
            Identifier::Siecle { uai: _, id }
            | Identifier::StsEpp { academy: _, id }
            | Identifier::StsLocal { uai: _, id } => id == number,
            Identifier::Ine { .. } => false,
        };
        !self.persons.keys().any(is_it)
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
pub(super) mod tests;
