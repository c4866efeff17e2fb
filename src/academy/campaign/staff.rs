//! The staff of a school, and who teaches what to whom.

use jiff::civil::date;

use super::calendar::{Campaign, THIS_YEAR};
use super::events::{Event, Events};
use super::papers::{self, Papers};
use super::plan::Plan;
use super::{PersonTruth, rows_around};
use crate::academy::seed::Stream;
use crate::academy::structure::{SUBJECTS, Service, StaffKey, Structures};
use crate::academy::stsweb::Staff;

/// The first people of a school, in this order; the next ones up to a sixtieth of the pupils are
/// supervisors, all others teach.
const OFFICES: [&str; 6] = ["DIR", "DIR", "EDU", "EDU", "DOC", "ADF"];
/// Local numbers begin here in each school.
const LOCAL: u32 = 3_000;
/// Numbers that the other académie gives to whoever comes from this one.
const FROM_OUTSIDE: u32 = 800_000;

/// Disciplines of posts: they say nothing of what is taught (formats 1.2).
const DISCIPLINES: [(&str, &str); 4] = [
    ("L0202", "LETTRES MODERNES"),
    ("L1300", "MATHEMATIQUES"),
    ("L0422", "ANGLAIS"),
    ("L1000", "HISTOIRE GEOGRAPHIE"),
];

/// Where a member of staff is over the two years.
struct Career {
    office: Option<&'static str>,
    substitute: bool,
    local: bool,
    becomes_epp: bool,
    from: Campaign,
    until: Campaign,
    /// Another school from the second year on, or a second one in both.
    moves_to: Option<usize>,
    also_at: Option<usize>,
}

/// The staff of a school's file in one campaign.
pub fn staff(plan: &Plan, campaign: Campaign, school: usize) -> Vec<(Staff, PersonTruth)> {
    let mut people = Vec::new();
    for (home, row) in rows_around(plan, school, |home| plan.schools[home].staff) {
        let career = career(plan, home, row);
        if is_at(&career, campaign, home, school) {
            people.push(member(plan, campaign, (home, row, school), &career));
        }
    }
    people
}

fn is_at(career: &Career, campaign: Campaign, home: usize, school: usize) -> bool {
    let moved = career.moves_to.filter(|_| campaign >= Campaign::Rentree);
    let main = moved.unwrap_or(home);
    let here = main == school || (career.also_at == Some(school) && moved.is_none());
    here && (career.from..=career.until).contains(&campaign)
}

fn career(plan: &Plan, home: usize, row: u32) -> Career {
    let rates = &plan.rates;
    let mut stream = stream(plan, home, row, "career");
    let supervisors = plan.schools[home].age_group * 3 / 60;
    let office = match OFFICES.get(row as usize) {
        Some(office) => Some(*office),
        None => (row < OFFICES.len() as u32 + supervisors).then_some("AED"),
    };
    let head = office == Some("DIR");
    let local = !head && stream.chance(rates.local_staff);
    let substitute = office.is_none() && !local && stream.chance(rates.substitutes);
    let settled = head || local;
    let leaves = !settled && stream.chance(rates.staff_leaves);
    let comes = !settled && !leaves && stream.chance(rates.staff_leaves);
    let draw = stream.below(u64::MAX);
    let moves = !settled && !leaves && !comes && stream.chance(rates.staff_moves);
    let second = office.is_none() && !local && stream.chance(rates.two_schools);
    let neighbour = plan.neighbour(home, draw, false);
    let far = stream.chance(rates.moves_far).then(|| plan.far(home, row)).flatten();
    // A second post is in the same académie: elsewhere the number would be another.
    let same = |other: &usize| plan.schools[*other].academy == plan.schools[home].academy;
    Career {
        office,
        substitute,
        local,
        becomes_epp: local && stream.chance(rates.local_becomes_epp),
        from: if comes { Campaign::Rentree } else { Campaign::Autumn },
        until: if leaves { Campaign::Spring } else { Campaign::NextMonday },
        moves_to: far.or(neighbour).filter(|_| moves),
        also_at: neighbour.filter(same).filter(|_| second && !moves),
    }
}

fn stream(plan: &Plan, home: usize, row: u32, purpose: &str) -> Stream {
    Stream::numbered(plan.seed, purpose, u64::from(plan.schools[home].first_staff + row))
}

fn member(
    plan: &Plan,
    campaign: Campaign,
    (home, row, school): (usize, u32, usize),
    career: &Career,
) -> (Staff, PersonTruth) {
    let this_year = campaign.school_year() == THIS_YEAR;
    let person = plan.schools[home].first_staff + row;
    let local = career.local && !(career.becomes_epp && this_year);
    let mut events = Events::default();
    events.note(Event::BecameEpp, career.becomes_epp && this_year);
    let papers = papers::papers(plan, home, row, this_year, &mut events);
    let Papers { woman, given, birth_name, usage, born } = papers;
    let mut stream = stream(plan, home, row, "post");
    let away = stream.chance(plan.rates.function_missing);
    let teaches = career.office.is_none();
    let mut staff = Staff {
        key: if local { StaffKey::local(LOCAL + row) } else { epp(plan, home, row, school) },
        sex: if local { String::new() } else { if woman { "2" } else { "1" }.to_owned() },
        civility: if woman { '2' } else { '1' },
        usage,
        birth_name: match (local, career.substitute) {
            (true, _) => Some(String::new()),
            (_, true) => None,
            _ => Some(birth_name),
        },
        given,
        born: (!local).then_some(born),
        grade: (teaches && !local).then_some("CERT. CL N"),
        function: (!away).then(|| career.office.unwrap_or("ENS").to_owned()),
        head_of: Vec::new(),
        discipline: (teaches && !local).then(|| DISCIPLINES[stream.index(DISCIPLINES.len())]),
        substitute: career.substitute,
    };
    let elsewhere = plan.schools[home].academy != plan.schools[school].academy;
    papers::mistype(plan, person, (this_year, elsewhere), &mut staff, &mut events);
    (staff, PersonTruth { person, events })
}

/// The number in the académie's personnel base. Both académies count from the same number on, and
/// whoever goes over to the other gets a new one.
fn epp(plan: &Plan, home: usize, row: u32, school: usize) -> StaffKey {
    let own = &plan.schools[home];
    if own.academy == plan.schools[school].academy {
        StaffKey::epp(own.first_epp + row)
    } else {
        StaffKey::epp(FROM_OUTSIDE + own.first_staff + row)
    }
}

/// Head teachers and services: every division has a team and a head, every group a teacher.
pub fn assign(structures: &mut Structures, staff: &mut [(Staff, PersonTruth)]) {
    let teaches = |person: &Staff| person.function.as_deref() == Some("ENS");
    let teachers: Vec<usize> = (0..staff.len()).filter(|place| teaches(&staff[*place].0)).collect();
    if teachers.is_empty() {
        return;
    }
    let teacher = |n: usize| teachers[n % teachers.len()];
    let end = Some(date(THIS_YEAR + 1, 8, 31));
    for (rank, division) in structures.divisions.iter_mut().enumerate() {
        staff[teacher(rank)].0.head_of.push((division.code.clone(), end));
        let service = |(place, subject): (usize, &crate::academy::structure::Subject)| Service {
            subject: subject.code.to_owned(),
            mode: "CG",
            teachers: vec![staff[teacher(rank * 3 + place * 5)].0.key.clone()],
        };
        division.services = SUBJECTS.iter().enumerate().map(service).collect();
    }
    for (rank, group) in structures.groups.iter_mut().enumerate() {
        group.services = vec![Service {
            subject: SUBJECTS[2 + rank % 2].code.to_owned(),
            mode: "TD",
            teachers: vec![staff[teacher(rank)].0.key.clone()],
        }];
    }
}
