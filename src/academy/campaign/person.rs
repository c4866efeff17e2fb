//! Who a pupil is, before anybody types it: a function of the number. Twins, triplets and siblings
//! share what families share; a perfect homonym has the names and the birth date of somebody else.

use jiff::civil::{Date, date};

use super::birthplace::{self, Birthplace};
use super::events::{Event, Events};
use super::plan::{Place, Plan};
use crate::academy::seed::Stream;

/// The truth about one pupil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `1` or `2`.
    pub sex: char,
    /// In mixed case, with all accents.
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub second_given: Option<String>,
    pub born: Date,
    pub birthplace: Birthplace,
}

/// First parts of compound first names.
const GIRLS_BEFORE: [&str; 7] = ["Marie", "Anne", "Lou", "Emma", "Lily", "Rose", "Fatima"];
const BOYS_BEFORE: [&str; 6] = ["Jean", "Pierre", "Paul", "Louis", "Mohamed", "Léo"];

/// Who stands at a place.
pub fn identity(plan: &Plan, place: Place) -> (Identity, Events) {
    let mut events = Events::default();
    let mut identity = own(plan, place, &mut events);
    let mut stream = Stream::numbered(plan.seed, "homonym", plan.person(place).into());
    if stream.chance(plan.homonyms)
        && let Some(other) = namesake(plan, place, &mut stream)
    {
        let other = own(plan, other, &mut Events::default());
        events.add(Event::Homonym);
        identity = Identity {
            sex: other.sex,
            family: other.family,
            given: other.given,
            born: other.born,
            usage: other.usage,
            ..identity
        };
    }
    (identity, events)
}

/// Somebody of the same age group, anywhere.
fn namesake(plan: &Plan, place: Place, stream: &mut Stream) -> Option<Place> {
    let school = stream.index(plan.schools.len());
    let size = plan.block_size(school, place.block);
    let row = u32::try_from(stream.below(size.into())).unwrap_or(0);
    let other = Place { school, row, ..place };
    // A family has no two children of one name; who is born together is told apart by it.
    (size > 0 && birth(plan, other) != birth(plan, place)).then_some(other)
}

fn own(plan: &Plan, place: Place, events: &mut Events) -> Identity {
    let person = plan.person(place);
    let twins = are_twins(plan, place);
    events.note(Event::Twin, twins);
    let first = birth(plan, place);
    events.note(Event::Triplet, three(plan, first));
    let root = eldest(plan, first);
    events.note(Event::Sibling, root != first);
    let mut family = Stream::numbered(plan.seed, "family", plan.person(root).into());
    let (surname, birthplace) =
        (surname(plan, &mut family), birthplace::draw(plan, root, &mut family));
    let mut stream = Stream::numbered(plan.seed, "pupil", person.into());
    let (sex, given) = given(plan, place, twins, events);
    let second_given = stream.chance(plan.rates.second_given).then(|| {
        let list = plan.lists.given(sex);
        list.draw(&mut stream).to_owned()
    });
    let usage = stream.chance(plan.rates.usage_names).then(|| {
        let other = plan.lists.surnames.draw(&mut stream);
        if stream.once_in(2) { other.to_owned() } else { format!("{surname} {other}") }
    });
    Identity {
        sex,
        family: surname,
        usage,
        given,
        second_given,
        born: born(plan, first),
        birthplace,
    }
}

/// The birthday of whoever was born first.
fn born(plan: &Plan, place: Place) -> Date {
    let mut stream = Stream::numbered(plan.seed, "born", plan.person(place).into());
    // Pupils of seconde, block 1, turn 15 in the year of the rentrée.
    let block = i16::try_from(place.block).unwrap_or(0);
    let late = i16::from(stream.chance(plan.rates.late)) - i16::from(stream.once_in(50));
    let first = date(2012 - block - late, 1, 1);
    let days = i32::try_from(stream.below(365)).unwrap_or(0);
    first.checked_add(jiff::Span::new().days(days)).unwrap_or(first)
}

fn surname(plan: &Plan, stream: &mut Stream) -> String {
    let lists = &plan.lists;
    if stream.chance(plan.rates.rare_surnames) {
        return lists.rare_surname(stream);
    }
    let first = lists.surnames.draw(stream);
    let simple = |name: &str| !name.contains([' ', '-', '\'']);
    if stream.chance(plan.rates.double_surnames) && simple(first) {
        let second = lists.surnames.draw(stream);
        if second != first && simple(second) {
            let sign = if stream.once_in(3) { " " } else { "-" };
            return format!("{first}{sign}{second}");
        }
    }
    first.to_owned()
}

fn given(plan: &Plan, place: Place, twins: bool, events: &mut Events) -> (char, String) {
    if !twins {
        return match pair_before(plan, place) {
            Some(pair) => given_of_third(plan, place, pair),
            None => given_of(plan, place),
        };
    }
    let pair = first_twin(place);
    let is_first = pair == place;
    if let Some([first, second]) = close_names(plan, pair) {
        events.add(Event::CloseTwin);
        return if is_first { first } else { second };
    }
    let (sex, name) = given_of(plan, place);
    if !is_first && given_of(plan, pair).1 == name {
        return (sex, format!("{name}-{}", if sex == '1' { "Marie" } else { "Anne" }));
    }
    (sex, name)
}

fn given_of(plan: &Plan, place: Place) -> (char, String) {
    let mut stream = Stream::numbered(plan.seed, "given", plan.person(place).into());
    let sex = *stream.pick(&[&'1', &'2']);
    let name = plan.lists.given(sex).draw(&mut stream);
    if stream.chance(plan.rates.compound_given) && !name.contains(['-', ' ']) {
        let before =
            if sex == '1' { stream.pick(&BOYS_BEFORE) } else { stream.pick(&GIRLS_BEFORE) };
        if before != name {
            return (sex, format!("{before}-{name}"));
        }
    }
    (sex, name.to_owned())
}

/// The names of a pair whose parents liked what sounds alike; `None` for most.
fn close_names(plan: &Plan, pair: Place) -> Option<[(char, String); 2]> {
    const TRIES: usize = 40;
    let mut stream = Stream::numbered(plan.seed, "close", plan.person(pair).into());
    if !stream.chance(plan.rates.close_twins) {
        return None;
    }
    (0..TRIES).find_map(|_| {
        let sex = *stream.pick(&[&'1', &'2']);
        let name = plan.lists.given(sex).draw(&mut stream);
        let (other_sex, other) = plan.lists.close_given(name, &mut stream)?;
        Some([(sex, name.to_owned()), (other_sex, other.to_owned())])
    })
}

/// The first name of a third child, which neither of the two has.
fn given_of_third(plan: &Plan, place: Place, pair: Place) -> (char, String) {
    let (sex, name) = given_of(plan, place);
    let of = |twin| given(plan, twin, true, &mut Events::default()).1;
    if [pair, neighbour(pair)].map(of).contains(&name) {
        return (sex, format!("{name}-{}", if sex == '1' { "Louis" } else { "Rose" }));
    }
    (sex, name)
}

/// Twins stand side by side.
pub fn are_twins(plan: &Plan, place: Place) -> bool {
    let pair = plan.person(first_twin(place));
    Stream::numbered(plan.seed, "twins", pair.into()).chance(plan.rates.twins)
}

/// The pair of twins whose third somebody is: the third stands first in the pair after theirs.
fn pair_before(plan: &Plan, place: Place) -> Option<Place> {
    if place.row % 4 != 2 || are_twins(plan, place) {
        return None;
    }
    let pair = Place { row: place.row - 2, ..place };
    let mut stream = Stream::numbered(plan.seed, "triplets", plan.person(pair).into());
    (are_twins(plan, pair) && stream.chance(plan.rates.triplets)).then_some(pair)
}

/// Whether a pair has a third, who has a place.
fn three(plan: &Plan, first: Place) -> bool {
    let third = Place { row: first.row + 2, ..first };
    third.row < plan.block_size(third.school, third.block)
        && pair_before(plan, third) == Some(first)
}

/// Whoever was born first of those born together; most are alone.
fn birth(plan: &Plan, place: Place) -> Place {
    match pair_before(plan, place) {
        Some(pair) => pair,
        None if are_twins(plan, place) => first_twin(place),
        None => place,
    }
}

/// The first of a pair, twins or not.
pub fn first_twin(place: Place) -> Place {
    Place { row: place.row & !1, ..place }
}

/// The other of a pair, twins or not.
pub fn neighbour(place: Place) -> Place {
    Place { row: place.row ^ 1, ..place }
}

/// The eldest known of the family: the younger ones stand in the same row of later age groups.
fn eldest(plan: &Plan, place: Place) -> Place {
    let mut stream = Stream::numbered(plan.seed, "sibling", plan.person(place).into());
    if !stream.chance(plan.rates.siblings) {
        return place;
    }
    let elder = Place { block: place.block + 1 + stream.index(3), ..place };
    if elder.block > 4 || elder.row >= plan.block_size(place.school, elder.block) {
        return place;
    }
    eldest(plan, birth(plan, elder))
}
