//! The pupils of a school: those of the stories, and a crowd around them.

use jiff::civil::{Date, date};

use super::Day;
use super::cast::{self, Character};
use super::schools::{DemoSchool, level_of, mef_of};
use crate::academy::keys;
use crate::academy::names::Names;
use crate::academy::seed::Stream;
use crate::academy::siecle::{Private, Pupil};
use crate::academy::structure::SUBJECTS;

const SEED: u64 = 2026;

/// The pupils of a school's file, in its order. Empty for a school that sends nothing.
pub fn pupils(school: &DemoSchool, day: Day) -> Vec<Pupil> {
    let first = first_day(school);
    match day {
        Day::One => first,
        Day::Two => super::second_day::pupils(school, first),
    }
}

fn first_day(school: &DemoSchool) -> Vec<Pupil> {
    let names = Names::load();
    let named = cast::FIRST_DAY.iter().filter(|character| character.school == school.uai);
    let named: Vec<Pupil> = (0..).zip(named).map(|(n, c)| played(school, n, c)).collect();
    let crowd = school.pupils.saturating_sub(named.len() as u32);
    (0..crowd).map(|index| extra(school, &names, index)).chain(named).collect()
}

/// One of the crowd: the `index`th of the school, the same on every day.
pub(super) fn extra(school: &DemoSchool, names: &Names, index: u32) -> Pupil {
    let mut stream = Stream::new(SEED, &format!("{}/pupil/{index}", school.uai));
    let (division, _) = school.divisions[index as usize % school.divisions.len()];
    let (family, given) = loop {
        let (family, given) = (names.surname(&mut stream), names.given_name(&mut stream));
        if !is_in_cast(&family, given) {
            break (family.to_uppercase(), given.to_owned());
        }
    };
    let usage = match stream.below(40) {
        0 => Some(names.surname(&mut stream).to_uppercase()),
        1..20 => Some(String::new()),
        _ => None,
    };
    let number = 1_000 * (1 + school.rank()) + index;
    let structures = structures(division, stream.below(u64::MAX), stream.once_in(2));
    Pupil {
        eleve_id: (1_800_000 + 10_000 * school.rank() + index).to_string(),
        local_number: (!stream.once_in(50)).then_some(4_000 + index),
        ine: Some(keys::ine(number)),
        ine_bea: stream.once_in(3).then(|| keys::ine_bea(number)),
        family,
        usage,
        given,
        second_given: stream.once_in(3).then(|| names.given_name(&mut stream).to_owned()),
        born: Some(birth_date(&mut stream, division)),
        entered: Some(date(2026, 9, 1)),
        left: None,
        mef: mef_of(division).code.to_owned(),
        structures,
        private: private(school, &mut stream, number),
    }
}

/// A person of the stories, as the file of `school` shows them.
pub(super) fn played(school: &DemoSchool, place: u32, character: &Character) -> Pupil {
    let mut stream =
        Stream::new(SEED, &format!("{}/{}/{}", school.uai, character.family, character.given));
    let eleve_id = (1_900_000 + 10_000 * school.rank() + place).to_string();
    let mut structures = structures(character.division, 1, character.group_first);
    structures.extend(character.second_division.map(|code| ('D', code.to_owned())));
    Pupil {
        eleve_id,
        local_number: Some(8_000 + place),
        ine: character.ine.map(keys::ine),
        ine_bea: None,
        family: character.family.to_owned(),
        usage: character.usage.map(str::to_owned),
        given: character.given.to_owned(),
        second_given: None,
        born: Some(character.born),
        entered: Some(character.entered),
        left: character.left,
        mef: mef_of(character.division).code.to_owned(),
        structures,
        private: private(school, &mut stream, 90_000 + place),
    }
}

/// A division with one of its two language groups, and for one in ten the choir of the level.
pub(super) fn structures(division: &str, draw: u64, group_first: bool) -> Vec<(char, String)> {
    let language = if draw.is_multiple_of(2) { "ANG" } else { "ESP" };
    let mut groups = vec![('G', group_code(division, language))];
    if (draw / 2).is_multiple_of(10) {
        groups.push(('G', choir_code(division)));
    }
    let class = ('D', division.to_owned());
    if group_first {
        groups.push(class);
    } else {
        groups.insert(0, class);
    }
    groups
}

/// `A.2A1`: STSWeb allows letters, digits and `._-` in a group's code, 8 signs at most.
pub(super) fn group_code(division: &str, language: &str) -> String {
    let plain = |sign: &char| sign.is_ascii_alphanumeric();
    let tail: String = division.replace('É', "E").chars().filter(plain).take(6).collect();
    format!("{}.{tail}", language.chars().next().unwrap_or('_'))
}

/// `_2CHOEUR`: codes may begin with a low line.
pub(super) fn choir_code(division: &str) -> String {
    format!("_{}CHOEUR", division.chars().next().unwrap_or('_'))
}

fn is_in_cast(family: &str, given: &str) -> bool {
    let family = family.to_uppercase();
    cast::FIRST_DAY
        .iter()
        .chain([&cast::ARRIVING])
        .any(|character| character.family == family && character.given == given)
}

/// Pupils of seconde turn 15 in the year, and one in eight is a year late.
fn birth_date(stream: &mut Stream, division: &str) -> Date {
    let late = i16::from(stream.once_in(8));
    let small = |number: u64| i8::try_from(number).unwrap_or(0);
    let month = 1 + small(stream.below(12));
    date(2011 - i16::from(level_of(division)) - late, month, 1 + small(stream.below(28)))
}

/// Invented values for all that the door must drop. Telephone numbers are of the range that the
/// regulator keeps for fiction.
fn private(school: &DemoSchool, stream: &mut Stream, number: u32) -> Private {
    let options = (0..stream.below(3)).map(|_| SUBJECTS[stream.index(SUBJECTS.len())].code);
    Private {
        options: options.collect(),
        sex: stream.pick(&[&'1', &'2']).to_owned(),
        email: format!("canari.{number}@example.org"),
        phone: format!("063998{:04}", stream.below(10_000)),
        nationality: if stream.once_in(15) { "132" } else { "100" },
        birth_department: stream.pick(&["059", "062", "080", "060", "002"]),
        birth_town: format!("{}{:03}", school.department, stream.below(700)),
        boarding: stream.pick(&[&'0', &'2']).to_owned(),
        street: format!("{} RUE DU CANARI", 1 + stream.below(120)),
        postcode: format!("{}990", school.department),
        town: "CANARI-LES-BAINS".to_owned(),
        previous_school: keys::uai(599_900 + stream.below(80) as u32),
        previous_class: format!("3 {}", stream.pick(&["A", "B", "C", "D"])),
        previous_mef: "10310019110",
        grant: stream.once_in(5),
    }
}
