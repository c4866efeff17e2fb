//! What becomes of a pupil over the two school years: one or two stays in schools, and what each
//! school's files show of them.

use jiff::Span;
use jiff::civil::{Date, date};

use super::calendar::{Campaign, THIS_YEAR};
use super::events::{Event, Events};
use super::plan::{Place, Plan};
use super::schools::Kind;
use crate::academy::seed::Stream;

/// One record of a pupil in one school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub school: usize,
    /// 0 for the first record of the pupil, 1 for the second: another ELEVE_ID.
    pub record: u8,
    /// First and last day of the files that show it.
    pub seen_from: Date,
    pub seen_until: Date,
    pub entered: Date,
    /// Exit date; files show it from that day on.
    pub left: Option<Date>,
    /// Typed anew by hand, rather than taken over.
    pub retyped: bool,
    pub ine: Number,
    /// Where the pupil was before, when it was another school of the Région.
    pub came_from: Option<usize>,
    pub events: Events,
}

/// Which INE a record was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    Own,
    None,
    /// Another one of the same pupil.
    New,
}

/// Everything that becomes of a pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    pub first: Stay,
    pub second: Option<Stay>,
    /// Does the same year again in 2026.
    pub repeats: bool,
}

impl Fate {
    pub fn stays(&self) -> impl Iterator<Item = &Stay> {
        std::iter::once(&self.first).chain(&self.second)
    }
}

impl Stay {
    /// Whether the school's file of a campaign shows it.
    pub fn is_seen(&self, campaign: Campaign) -> bool {
        (self.seen_from..=self.seen_until).contains(&campaign.day())
    }
}

/// Before the first file, and after the last.
const BEFORE: Date = date(2025, 9, 1);
const AFTER: Date = date(2027, 8, 31);
const SUMMER: Date = date(2026, 8, 31);
const RENTREE: Date = date(2026, 9, 1);

/// The blocks of a school, by the year of their pupils in 2026 (see `Place`).
const SECOND: usize = 1;
const BTS: usize = 4;
const LAST: usize = 6;

/// What becomes of whoever stands at a place.
pub fn fate(plan: &Plan, place: Place) -> Fate {
    let rates = &plan.rates;
    let mut stream = Stream::numbered(plan.seed, "fate", plan.person(place).into());
    let from_third = place.block == SECOND
        && plan.schools[place.school].kind == Kind::Vocational
        && stream.chance(rates.from_third);
    let newcomer = matches!(place.block, 2 | 3) && stream.chance(rates.newcomers);
    if place.block == 0 || newcomer || (place.block == SECOND && !from_third) {
        return new(plan, place, &mut stream);
    }
    let mut first = stay(place.school, BEFORE);
    first.events.note(Event::FromThird, from_third);
    let mut fate = Fate { first, second: None, repeats: false };
    if place.block == LAST {
        fate.first.seen_until = SUMMER;
        return fate;
    }
    fate.repeats = !from_third && stream.chance(rates.repeats);
    if place.block == BTS && !fate.repeats {
        return after_terminale(plan, place, fate, &mut stream);
    }
    if stream.chance(rates.leaves) {
        return leaves(fate, &mut stream);
    }
    if stream.chance(rates.pauses) {
        return pauses(plan, place, fate, &mut stream);
    }
    let moving = if from_third { rates.third_moves } else { rates.changes_school };
    if stream.chance(moving) {
        let when = if from_third { 1.0 } else { stream.below(10_000) as f64 / 10_000.0 };
        return moves(plan, place, fate, when, &mut stream);
    }
    settles(plan, fate, &mut stream)
}

fn stay(school: usize, entered: Date) -> Stay {
    Stay {
        school,
        record: 0,
        seen_from: entered,
        seen_until: AFTER,
        entered,
        left: None,
        retyped: false,
        ine: Number::Own,
        came_from: None,
        events: Events::default(),
    }
}

/// A day of the week after the rentrée's files.
fn september(stream: &mut Stream) -> Date {
    days_after(date(THIS_YEAR, 9, 8), stream.below(7))
}

fn winter(stream: &mut Stream) -> Date {
    days_after(date(2025, 11, 10), stream.below(100))
}

fn days_after(day: Date, count: u64) -> Date {
    let days = i32::try_from(count).unwrap_or(0);
    day.checked_add(Span::new().days(days)).unwrap_or(day)
}

/// From a collège, or from outside.
fn new(plan: &Plan, place: Place, stream: &mut Stream) -> Fate {
    let mut first = stay(place.school, RENTREE);
    if stream.chance(plan.rates.arrives_late) {
        let day = september(stream);
        (first.seen_from, first.entered) = (day, day);
        first.events.add(Event::ArrivedLate);
    }
    settles(plan, Fate { first, second: None, repeats: false }, stream)
}

/// Stays, unless something happens in the first days.
fn settles(plan: &Plan, mut fate: Fate, stream: &mut Stream) -> Fate {
    if stream.chance(plan.rates.leaves_in_september) {
        let day = september(stream);
        fate.first.left = Some(day.max(fate.first.entered));
    }
    fate
}

/// One in eight goes on to a BTS, where there is one; the others are done.
fn after_terminale(plan: &Plan, place: Place, mut fate: Fate, stream: &mut Stream) -> Fate {
    let goes_on = stream.chance(plan.rates.goes_on_to_bts);
    let here = plan.schools[place.school].kind == Kind::General { bts: true };
    let draw = stream.below(u64::MAX);
    // Who has a BTS at home stays there, every other time.
    if goes_on && here && draw.is_multiple_of(2) {
        return settles(plan, fate, stream);
    }
    fate.first.seen_until = SUMMER;
    let away = || destination(plan, place, draw / 2, true);
    if let Some(school) = if goes_on { away() } else { None } {
        let mut second = change(plan, &mut fate.first, school, Moment::Summer, stream);
        second.events.add(Event::ToBts);
        fate.second = Some(second);
        // Whoever has finished stands in no file of the next year.
        (fate.first.seen_until, fate.first.left) = (SUMMER, None);
    } else if goes_on && here {
        fate.first.seen_until = AFTER;
    }
    fate
}

fn leaves(mut fate: Fate, stream: &mut Stream) -> Fate {
    match stream.below(3) {
        0 => {
            fate.first.left = Some(winter(stream));
            fate.first.seen_until = SUMMER;
        }
        // Exited pupils stay listed (formats 2.4).
        1 => fate.first.left = Some(SUMMER),
        _ => fate.first.seen_until = SUMMER,
    }
    fate
}

/// Leaves in the autumn, and is back a year later.
fn pauses(plan: &Plan, place: Place, mut fate: Fate, stream: &mut Stream) -> Fate {
    let rates = &plan.rates;
    fate.first.left = Some(days_after(date(2025, 10, 15), stream.below(40)));
    fate.first.seen_until = SUMMER;
    let elsewhere = destination(plan, place, stream.below(u64::MAX), place.block > BTS);
    let elsewhere = elsewhere.filter(|_| stream.chance(rates.returns_elsewhere));
    let unknown = stream.chance(rates.returns_without_ine);
    let mut back = stay(elsewhere.unwrap_or(place.school), RENTREE);
    back.events.add(Event::Returned);
    back.events.note(Event::MovedFar, is_far(plan, place.school, back.school));
    back.came_from = Some(place.school);
    // The own school finds its old record again, most of the time.
    back.record = u8::from(elsewhere.is_some() || unknown);
    if unknown {
        (back.retyped, back.ine) = (true, Number::None);
        back.events.add(Event::RecreatedWithoutIne);
    }
    fate.second = Some(back);
    fate
}

fn moves(plan: &Plan, place: Place, mut fate: Fate, when: f64, stream: &mut Stream) -> Fate {
    let rates = &plan.rates;
    let bts = place.block > BTS;
    let Some(school) = destination(plan, place, stream.below(u64::MAX), bts) else {
        return fate;
    };
    let moment = if when < rates.moves_in_winter {
        Moment::Winter(winter(stream))
    } else if when < rates.moves_in_winter + rates.moves_in_september {
        Moment::September(september(stream))
    } else {
        Moment::Summer
    };
    fate.second = Some(change(plan, &mut fate.first, school, moment, stream));
    fate
}

/// Where somebody goes who goes to another school: around, or anywhere in the Région.
fn destination(plan: &Plan, place: Place, draw: u64, bts: bool) -> Option<usize> {
    let mut stream = Stream::numbered(plan.seed, "far", plan.person(place).into());
    if stream.chance(plan.rates.moves_far) {
        let row = plan.person(place) - plan.schools[place.school].first_pupil;
        if let Some(school) = plan.far(place.school, row).filter(|far| plan.takes(*far, bts)) {
            return Some(school);
        }
    }
    plan.neighbour(place.school, draw, bts)
}

fn is_far(plan: &Plan, from: usize, to: usize) -> bool {
    !plan.schools[from].basin.contains(&to)
}

/// When a change of school happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Winter(Date),
    Summer,
    September(Date),
}

impl Moment {
    fn entered(self) -> Date {
        match self {
            Self::Winter(day) | Self::September(day) => day,
            Self::Summer => RENTREE,
        }
    }

    /// Last day of the files of the old school that go on showing a pupil.
    fn old_file_until(self) -> Date {
        if matches!(self, Self::Winter(_)) { SUMMER } else { AFTER }
    }
}

/// The record at the new school, and what the old one makes of it.
fn change(plan: &Plan, old: &mut Stay, school: usize, moment: Moment, stream: &mut Stream) -> Stay {
    let rates = &plan.rates;
    let mut new = stay(school, moment.entered());
    (new.record, new.came_from) = (1, Some(old.school));
    new.events.add(Event::Moved);
    new.events.note(Event::MovedFar, is_far(plan, old.school, school));
    let mut draw = stream.below(1_000_000) as f64 / 1_000_000.0;
    let mut is = |share: f64| {
        draw -= share;
        draw < 0.0
    };
    if is(rates.released) {
        new.events.add(Event::Released);
        old.left = Some(moment.entered().yesterday().unwrap_or(moment.entered()));
        // Half of those released in summer have left the new year's file altogether.
        let gone = moment == Moment::Summer && stream.once_in(2);
        old.seen_until = if gone { SUMMER } else { moment.old_file_until() };
        return new;
    }
    let event = if is(rates.claimed) {
        Event::Claimed
    } else if is(rates.recreated_without_ine) {
        (new.retyped, new.ine) = (true, Number::None);
        Event::RecreatedWithoutIne
    } else if is(rates.recreated_new_ine) {
        (new.retyped, new.ine) = (true, Number::New);
        Event::RecreatedNewIne
    } else {
        new.retyped = true;
        Event::Retyped
    };
    new.events.add(event);
    if event == Event::Claimed || stream.chance(rates.still_listed) {
        old.events.add(Event::StillListed);
        old.seen_until = moment.old_file_until();
        // Who claims together lets go in the end, every other time.
        if stream.once_in(2) && moment != Moment::Summer {
            old.left = Some(days_after(moment.entered(), 3));
        } else if stream.once_in(2) && moment == Moment::Summer {
            old.left = Some(date(THIS_YEAR, 9, 8));
        }
    } else {
        old.seen_until = before(moment);
    }
    new
}

/// The old school took the pupil off its list without an exit date.
fn before(moment: Moment) -> Date {
    match moment {
        Moment::Winter(day) | Moment::September(day) => day,
        Moment::Summer => SUMMER,
    }
}
