//! The staff of a school, and who teaches what to whom.

use jiff::civil::{Date, date};

use super::Day;
use super::cast::{self, StaffCharacter};
use super::crowd::{choir_code, group_code};
use super::schools::{DemoSchool, FOSSE, MARAIS, PIERRE, REMPART, mef_of};
use super::{NEAR_MISS, RENAMED, WITHOUT_TEACHER};
use crate::academy::names::Names;
use crate::academy::seed::Stream;
use crate::academy::siecle::Pupil;
use crate::academy::structure::{Division, Group, SUBJECTS, Service, StaffKey, Structures};
use crate::academy::stsweb::Staff;

const SEED: u64 = 59;

/// People of a school who do not teach, in this order; the rest do.
const OFFICES: [&str; 9] = ["DIR", "DIR", "EDU", "EDU", "DOC", "AED", "AED", "AED", "ADF"];

/// The number of a teacher whom a service of school 4 names and who is in no list.
pub const DANGLING_TEACHER: &str = "99001";

/// The staff of a school's file, in its order.
pub fn staff(school: &DemoSchool, day: Day) -> Vec<Staff> {
    let names = Names::load();
    let other_day = match day {
        Day::One => cast::TEACHER_ARRIVING,
        Day::Two => cast::TEACHER_LEAVING,
    };
    let named = cast::STAFF.iter().filter(|character| character.schools.contains(&school.uai));
    let named: Vec<&StaffCharacter> = named.collect();
    let first_day = named.iter().filter(|character| ***character != cast::TEACHER_ARRIVING).count();
    let crowd = school.staff.saturating_sub(first_day as u32);
    let present = named.into_iter().filter(|character| **character != other_day);
    (0..crowd).map(|index| extra(school, &names, index)).chain(present.map(played)).collect()
}

/// Numbers of the two académies overlap on purpose: the same one is two people.
fn number(school: &DemoSchool, index: u32) -> u32 {
    let base = if school.uai == REMPART || school.uai == MARAIS { 31_000 } else { 32_000 };
    base + index
}

fn extra(school: &DemoSchool, names: &Names, index: u32) -> Staff {
    let mut stream = Stream::new(SEED, &format!("{}/staff/{index}", school.uai));
    let office = OFFICES.get(index as usize).copied();
    let birth_name = names.surname(&mut stream).to_uppercase();
    let married = stream.once_in(5);
    let usage =
        if married { names.surname(&mut stream).to_uppercase() } else { birth_name.clone() };
    let sex = stream.pick(&["1", "2"]);
    let small = |number: u64| i8::try_from(number).unwrap_or(0);
    let born = date(
        1960 + i16::from(small(stream.below(38))),
        1 + small(stream.below(12)),
        1 + small(stream.below(28)),
    );
    let teaches = office.is_none();
    let head_of = school.divisions.get((index as usize).wrapping_sub(OFFICES.len()));
    Staff {
        key: StaffKey::epp(number(school, index)),
        sex: sex.to_owned(),
        civility: if sex == "1" { '1' } else { '2' },
        usage,
        birth_name: Some(birth_name),
        given: names.given_name(&mut stream).to_uppercase(),
        born: Some(born),
        grade: teaches.then_some("CERT. CL N"),
        function: Some(office.unwrap_or("ENS").to_owned()),
        head_of: head_of
            .map(|(code, _)| (sts_code(school, code), end_of_year()))
            .into_iter()
            .collect(),
        discipline: teaches.then_some(("L0422", "ANGLAIS")),
        substitute: false,
    }
}

fn played(character: &StaffCharacter) -> Staff {
    let local = character.kind == "local";
    Staff {
        key: StaffKey { kind: character.kind, id: character.id.to_owned() },
        sex: if local { String::new() } else { "2".to_owned() },
        civility: '2',
        usage: character.family.to_owned(),
        birth_name: match (local, character.substitute) {
            (true, _) => Some(String::new()),
            (_, true) => None,
            _ => Some(character.family.to_owned()),
        },
        given: character.given.to_owned(),
        born: character.born,
        grade: (!local).then_some("AGREGE CLN"),
        function: character.function.map(str::to_owned),
        head_of: Vec::new(),
        discipline: None,
        substitute: character.substitute,
    }
}

fn end_of_year() -> Option<Date> {
    Some(date(2027, 8, 31))
}

/// The code that STSWeb has for a division of Siècle: the same, but for the near miss.
fn sts_code(school: &DemoSchool, code: &str) -> String {
    if (school.uai, code) == (NEAR_MISS.0, NEAR_MISS.1) { NEAR_MISS.2 } else { code }.to_owned()
}

/// Divisions and groups as Siècle knows them on a day, with the headcounts of its pupils.
pub fn siecle_structures(school: &DemoSchool, day: Day, pupils: &[Pupil]) -> Structures {
    let count = |kind, code: &str| {
        let listed = |pupil: &&Pupil| pupil.codes(kind).any(|own| own == code);
        pupils.iter().filter(|pupil| pupil.left.is_none()).filter(listed).count()
    };
    let code_of = |code: &str| match (school.uai, code, day) {
        (uai, old, Day::Two) if (uai, old) == (RENAMED.0, RENAMED.1) => RENAMED.2.to_owned(),
        _ => code.to_owned(),
    };
    let mut structures = Structures::default();
    for (old, label) in school.divisions {
        let code = code_of(old);
        let mef = mef_of(old).code.to_owned();
        for (language, of) in [("ANG", "ANGLAIS"), ("ESP", "ESPAGNOL")] {
            let group = group_code(old, language);
            structures.groups.push(Group {
                label: format!("{of} {old}"),
                mef: mef.clone(),
                divisions: vec![code.clone()],
                headcount: count('G', &group),
                services: Vec::new(),
                code: group,
            });
        }
        structures.divisions.push(Division {
            label: (*label).to_owned(),
            mef,
            headcount: count('D', &code),
            services: Vec::new(),
            code,
        });
    }
    structures.groups.extend(choirs(&structures.divisions, count));
    structures
}

/// One choir a level, across its classes.
fn choirs(divisions: &[Division], count: impl Fn(char, &str) -> usize) -> Vec<Group> {
    let mut choirs: Vec<Group> = Vec::new();
    for division in divisions {
        let code = choir_code(&division.code);
        if let Some(choir) = choirs.iter_mut().find(|choir| choir.code == code) {
            choir.divisions.push(division.code.clone());
            continue;
        }
        choirs.push(Group {
            label: String::new(),
            mef: division.mef.clone(),
            divisions: vec![division.code.clone()],
            headcount: count('G', &code),
            services: Vec::new(),
            code,
        });
    }
    choirs
}

/// The same as STSWeb knows them: its own codes, and the teachers of each.
pub fn sts_structures(school: &DemoSchool, siecle: &Structures, staff: &[Staff]) -> Structures {
    let mut structures = siecle.clone();
    let teachers: Vec<&Staff> = staff
        .iter()
        .filter(|person| person.grade.is_some() && person.key.kind == "epp")
        .filter(|person| person.function.as_deref() == Some("ENS"))
        .collect();
    for (rank, division) in structures.divisions.iter_mut().enumerate() {
        division.code = sts_code(school, &division.code);
        if (school.uai, division.code.as_str()) != WITHOUT_TEACHER {
            division.services = services(&teachers, rank);
        }
    }
    for (rank, group) in structures.groups.iter_mut().enumerate() {
        group.divisions = group.divisions.iter().map(|code| sts_code(school, code)).collect();
        let subject = SUBJECTS[2 + rank % 2].code.to_owned();
        let teacher = teachers[rank % teachers.len()].key.clone();
        group.services = vec![Service { subject, mode: "TD", teachers: vec![teacher] }];
    }
    leftovers(school, staff, &mut structures);
    structures
}

/// Every subject, each by one of the teachers.
fn services(teachers: &[&Staff], rank: usize) -> Vec<Service> {
    let service = |(place, subject): (usize, &crate::academy::structure::Subject)| Service {
        subject: subject.code.to_owned(),
        mode: "CG",
        teachers: vec![teachers[(rank * 3 + place * 5) % teachers.len()].key.clone()],
    };
    SUBJECTS.iter().enumerate().map(service).collect()
}

/// Services that a story needs: the substitute's, that of somebody on leave, a dangling one.
fn leftovers(school: &DemoSchool, staff: &[Staff], structures: &mut Structures) {
    let extra = match school.uai {
        REMPART => cast::SUBSTITUTE.id,
        MARAIS => cast::FUNCTION_MISSING.id,
        FOSSE => cast::TWO_SCHOOLS.id,
        PIERRE => DANGLING_TEACHER,
        _ => return,
    };
    let known = staff.iter().find(|person| person.key.id == extra).map(|person| person.key.clone());
    let teacher = known.unwrap_or_else(|| StaffKey::epp(extra));
    if let Some(service) =
        structures.groups.first_mut().and_then(|group| group.services.first_mut())
    {
        service.teachers.push(teacher);
    }
}
