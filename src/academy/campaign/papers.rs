//! What the base of the staff says of somebody in one year: who it is, and what is wrong there.

use jiff::civil::{Date, date};

use super::events::{Event, Events};
use super::letters;
use super::person::{self, Identity};
use super::plan::{Place, Plan};
use crate::academy::seed::Stream;
use crate::academy::stsweb::Staff;

/// The truth about a member of staff in a school year; names in capitals, as STSWeb has them.
pub(super) struct Papers {
    pub woman: bool,
    pub given: String,
    pub birth_name: String,
    pub usage: String,
    pub born: Date,
}

/// Who stands in a row of a school's staff.
pub(super) fn papers(
    plan: &Plan,
    home: usize,
    row: u32,
    this_year: bool,
    events: &mut Events,
) -> Papers {
    let number = u64::from(plan.schools[home].first_staff + row);
    let mut stream = Stream::numbered(plan.seed, "staff", number);
    let mut woman = stream.chance(0.6);
    let child = child(plan, home, number);
    events.note(Event::Parent, child.is_some());
    let same = child.as_ref().filter(|_| stream.chance(plan.rates.parent_same_given));
    events.note(Event::ParentSameGiven, same.is_some());
    let given = match same {
        Some(child) => {
            woman = child.sex == '2';
            capitals(&child.given)
        }
        None if woman => capitals(plan.lists.women.draw(&mut stream)),
        None => capitals(plan.lists.men.draw(&mut stream)),
    };
    let mut surname = || capitals(plan.lists.surnames.draw(&mut stream));
    let (mut birth_name, mut other, later) = (surname(), surname(), surname());
    let mut married = woman && stream.chance(0.4);
    if let Some(child) = &child {
        // A mother bears the name by marriage, most of the time.
        married = woman && !stream.once_in(4);
        let name = capitals(&child.family);
        if married { other = name } else { birth_name = name }
    }
    let marries = events.note(Event::StaffMarried, stream.chance(plan.rates.marries) && this_year);
    let usage = match (marries, married) {
        (true, _) => later,
        (false, true) => other,
        (false, false) => birth_name.clone(),
    };
    let born = born(child.as_ref(), &mut stream);
    Papers { woman, given, birth_name, usage, born }
}

/// The pupil of the school whose parent somebody is; `None` for most.
fn child(plan: &Plan, home: usize, number: u64) -> Option<Identity> {
    let mut stream = Stream::numbered(plan.seed, "parent", number);
    if !stream.chance(plan.rates.staff_parents) {
        return None;
    }
    // Of the three years that are there at the rentrée.
    let block = 1 + stream.index(3);
    let size = plan.block_size(home, block);
    let row = u32::try_from(stream.below(size.into())).unwrap_or(0);
    (size > 0).then(|| person::identity(plan, Place { school: home, block, row }).0)
}

fn born(child: Option<&Identity>, stream: &mut Stream) -> Date {
    let small = |number: u64| i8::try_from(number).unwrap_or(0);
    let year = match child {
        Some(child) => child.born.year() - 21 - i16::from(small(stream.below(20))),
        None => 1962 + i16::from(small(stream.below(38))),
    };
    date(year, 1 + small(stream.below(12)), 1 + small(stream.below(28)))
}

/// What is wrong in one year's files. A base has its errors in all files of the year; the other
/// académie, where somebody is typed anew, has others.
pub(super) fn mistype(
    plan: &Plan,
    number: u32,
    (this_year, other_base): (bool, bool),
    staff: &mut Staff,
    events: &mut Events,
) {
    let rates = &plan.rates;
    let file = u64::from(number) * 4 + u64::from(this_year) * 2 + u64::from(other_base);
    let mut stream = Stream::numbered(plan.seed, "staff-typing", file);
    let birth_name = staff.birth_name.clone().filter(|name| !name.is_empty());
    if let Some(birth_name) = birth_name {
        let married = birth_name != staff.usage;
        if events
            .note(Event::StaffUsageDropped, married && stream.chance(rates.staff_usage_dropped))
        {
            staff.usage = birth_name;
        } else if events.note(
            Event::StaffBirthNameIsUsage,
            married && stream.chance(rates.staff_birth_name_is_usage),
        ) {
            staff.birth_name = Some(staff.usage.clone());
        }
        if events.note(Event::StaffBirthNameMissing, stream.chance(rates.staff_birth_name_missing))
        {
            staff.birth_name = Some(String::new());
        }
    }
    if events.note(Event::StaffMistyped, stream.chance(rates.staff_mistyped)) {
        let name = if stream.once_in(2) { &mut staff.usage } else { &mut staff.given };
        *name = letters::mistyped(&name.to_lowercase(), &mut stream).to_uppercase();
    }
    if let Some(born) = staff.born {
        if events.note(Event::StaffDateMissing, stream.chance(rates.staff_date_missing)) {
            staff.born = None;
        } else if events.note(Event::StaffDateDigit, stream.chance(rates.staff_date_digit)) {
            staff.born = Some(letters::digit_off(born, &mut stream));
        }
    }
}

/// Capitals without accents, as STSWeb has them.
fn capitals(name: &str) -> String {
    letters::plain(name).to_uppercase()
}
