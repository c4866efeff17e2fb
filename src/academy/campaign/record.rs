//! A pupil as one school's file of one campaign shows him, with the truth beside.

use jiff::Span;
use jiff::civil::{Date, date};

use super::calendar::{Campaign, LAST_YEAR, THIS_YEAR};
use super::classes::{self, Level};
use super::events::{Event, Events};
use super::fate::{Fate, Number, Stay};
use super::person::{self, Identity};
use super::plan::{Place, Plan};
use super::typing::{self, Hand, Typed};
use super::{PersonTruth, letters};
use crate::academy::keys;
use crate::academy::seed::Stream;
use crate::academy::siecle::{Private, Pupil};
use crate::academy::structure::SUBJECTS;

/// A record being made.
#[derive(Clone, Copy)]
pub(super) struct Sheet<'a> {
    pub plan: &'a Plan,
    pub place: Place,
    pub person: u32,
    pub fate: &'a Fate,
    pub stay: &'a Stay,
    pub campaign: Campaign,
}

impl Sheet<'_> {
    pub(super) fn fill(self) -> (Pupil, PersonTruth) {
        let (identity, mut events) = person::identity(self.plan, self.place);
        events = events.and(self.stay.events);
        let (typed, how) = self.typed(&identity);
        events = events.and(how);
        let left = self.stay.left.filter(|left| *left <= self.campaign.day());
        events.note(Event::Exited, left.is_some());
        events.note(Event::Repeats, self.fate.repeats && self.campaign >= Campaign::Rentree);
        let ine = self.ine(&mut events);
        let ine_bea = self.ine_bea(events, ine.is_some());
        let level = self.level(self.campaign);
        let school = &self.plan.schools[self.stay.school];
        let mut stream = self.stream("private");
        let local = self.local_number();
        let pupil = Pupil {
            eleve_id: self.eleve_id(),
            local_number: (!stream.once_in(50)).then_some(local),
            ine,
            ine_bea,
            family: typed.family.clone(),
            usage: typed.usage.clone().or_else(|| stream.once_in(3).then(String::new)),
            given: typed.given.clone(),
            second_given: typed.second_given.clone(),
            born: Some(typed.born),
            entered: Some(self.entered()),
            left,
            mef: classes::mef(school.kind, level).code.to_owned(),
            structures: self.memberships(level, &mut events),
            private: self.private(&identity, &typed, &mut stream, &mut events),
        };
        (pupil, PersonTruth { person: self.person, events })
    }

    fn stream(&self, purpose: &str) -> Stream {
        let number = u64::from(self.person) * 2 + u64::from(self.stay.record);
        Stream::numbered(self.plan.seed, purpose, number)
    }

    /// Records are numbered through the académie; another school's is another.
    fn eleve_id(&self) -> String {
        (1_000_000 + self.person * 2 + u32::from(self.stay.record)).to_string()
    }

    fn local_number(&self) -> u32 {
        let first = self.plan.schools[self.place.school].first_pupil;
        if self.stay.record == 0 {
            1 + (self.person - first) % 49_000
        } else {
            50_000 + self.person % 49_000
        }
    }

    fn typed(&self, identity: &Identity) -> (Typed, Events) {
        let hand = if self.stay.retyped { Hand::Anew } else { Hand::First };
        let (typed, events) = typing::typed(self.plan, identity, self.person, hand);
        if self.stay.retyped || self.campaign < Campaign::Rentree || !self.was_known() {
            return (typed, events);
        }
        let (typed, more) = typing::edited(self.plan, identity, self.person, typed);
        (typed, events.and(more))
    }

    fn ine(&self, events: &mut Events) -> Option<String> {
        let plan = self.plan;
        match self.stay.ine {
            Number::None => {
                events.add(Event::IneMissing);
                return None;
            }
            // Half of the second numbers are of the older kind; no two pupils share one.
            Number::New if self.person.is_multiple_of(2) => {
                return Some(keys::ine(plan.people() + self.person / 2));
            }
            Number::New => return Some(keys::ine_bea(plan.people() + self.person)),
            Number::Own => {}
        }
        let mut stream = Stream::numbered(plan.seed, "ine", self.person.into());
        if events.note(Event::IneMissing, self.lacks_ine(&mut stream)) {
            return None;
        }
        let other = plan.person(person::neighbour(self.place));
        let twins = person::are_twins(plan, self.place);
        if self.stay.retyped {
            if events.note(Event::IneNeighbour, stream.chance(plan.rates.ine_neighbour)) {
                return Some(keys::ine(other));
            }
            let own = keys::ine(self.person);
            let wrong = events.note(Event::IneDigit, stream.chance(plan.rates.ine_digit));
            return Some(if wrong { letters::ine_off(&own, &mut stream) } else { own });
        }
        let pair = self.person.min(other);
        let mut both = Stream::numbered(plan.seed, "swapped", pair.into());
        let swapped = twins && both.chance(plan.rates.ine_swapped_twins);
        if events.note(Event::IneSwapped, swapped)
            || events.note(Event::IneShared, stream.chance(plan.rates.ine_shared))
        {
            return Some(keys::ine(other));
        }
        Some(keys::ine(self.person))
    }

    /// Whether the number is still to come.
    fn lacks_ine(&self, stream: &mut Stream) -> bool {
        let rates = &self.plan.rates;
        let new = !self.was_known();
        let rate = if new { rates.ine_missing_new } else { rates.ine_missing };
        let missing = stream.chance(rate);
        let found = stream.chance(rates.ine_found_later);
        let found_from = if new { Campaign::Tuesday } else { Campaign::Rentree };
        missing && !(found && self.campaign >= found_from)
    }

    /// The older number, of a third of the pupils; a record with anything odd has none.
    fn ine_bea(&self, events: Events, has_ine: bool) -> Option<String> {
        let odd = [Event::IneShared, Event::IneSwapped, Event::IneNeighbour, Event::IneDigit];
        let plain = has_ine && !self.stay.retyped && !odd.iter().any(|event| events.has(*event));
        (plain && self.person.is_multiple_of(3)).then(|| keys::ine_bea(self.person))
    }

    /// The level in the school year of a campaign.
    fn level(&self, campaign: Campaign) -> Level {
        let this_year = campaign.school_year() == THIS_YEAR;
        let behind = usize::from(!this_year || self.fate.repeats);
        Level::of_rank(self.place.block.saturating_sub(behind))
    }

    fn entered(&self) -> Date {
        if self.stay.record > 0 || self.stay.entered > date(LAST_YEAR, 9, 1) {
            return self.stay.entered;
        }
        // Came with seconde, or with the first year of BTS.
        let years = match self.place.block {
            3 => 1,
            4 => 2,
            6 => 1,
            _ => 0,
        };
        self.stay.entered.checked_sub(Span::new().years(years)).unwrap_or(self.stay.entered)
    }

    fn memberships(&self, level: Level, events: &mut Events) -> Vec<(char, String)> {
        let rates = &self.plan.rates;
        let school = &self.plan.schools[self.stay.school];
        let year = u32::from(self.campaign.school_year() == THIS_YEAR);
        let mut stream = self.stream("class");
        let changes = stream.chance(rates.changes_class);
        let waits = stream.chance(rates.class_later);
        let on = Campaign::ALL[3 + stream.index(3)];
        let changed = changes && self.campaign >= on;
        events.note(Event::ClassChanged, changed);
        let waiting = waits && self.campaign >= Campaign::Rentree && self.campaign < on;
        if events.note(Event::ClassMissing, waiting) {
            return Vec::new();
        }
        let turn = year * 3 + u32::from(changed);
        classes::memberships(school, level, self.person, turn)
    }

    fn private(
        &self,
        identity: &Identity,
        typed: &Typed,
        stream: &mut Stream,
        events: &mut Events,
    ) -> Private {
        let birthplace = &identity.birthplace;
        let school = &self.plan.schools[self.stay.school];
        let options = (0..stream.below(3)).map(|_| SUBJECTS[stream.index(SUBJECTS.len())].code);
        let options = options.collect();
        let (previous_school, previous_class, previous_mef) = self.last_year(events);
        Private {
            options,
            sex: identity.sex,
            email: format!("canari.{}@example.org", self.person),
            phone: format!("063998{:04}", stream.below(10_000)),
            nationality: birthplace.nationality,
            birth_department: birthplace.department,
            birth_town: typed.town.clone().unwrap_or_default(),
            boarding: *stream.pick(&[&'0', &'2']),
            street: format!("{} RUE DU CANARI", 1 + stream.below(120)),
            postcode: format!("{}990", school.department),
            town: "CANARI-LES-BAINS".to_owned(),
            previous_school,
            previous_class,
            previous_mef,
            grant: stream.once_in(5),
        }
    }

    /// School, class and programme of the year before; an empty school when nobody noted it.
    fn last_year(&self, events: &mut Events) -> (String, String, &'static str) {
        let plan = self.plan;
        let own = &plan.schools[self.stay.school];
        let mut stream = self.stream("before");
        let rates = &plan.rates;
        let rate = if self.stay.retyped {
            rates.previous_school_unasked
        } else {
            rates.previous_school_missing
        };
        if events.note(Event::PreviousSchoolMissing, stream.chance(rate)) {
            return (String::new(), String::new(), "");
        }
        let this_year = self.campaign.school_year() == THIS_YEAR;
        let rank = self.place.block.saturating_sub(if this_year { 1 } else { 2 });
        let level = Level::of_rank(rank);
        let known = if this_year { self.was_known() } else { self.place.block >= 3 };
        if !known {
            // From a collège, or a lycée outside: the Région knows neither.
            let mut stream = Stream::numbered(plan.seed, "college", self.person.into());
            let mef = if rank == 0 { &classes::MEFS[0] } else { classes::mef(own.kind, level) };
            let class = format!("3 {}", stream.pick(&["A", "B", "C", "D"]));
            return (own.college(&mut stream), class, mef.code);
        }
        // Whoever came in winter ended the year here.
        let came_in_winter = this_year && self.stay.entered < date(THIS_YEAR, 8, 31);
        let before = self.stay.came_from.filter(|_| !came_in_winter);
        let here = if came_in_winter { self.stay.school } else { self.place.school };
        let school = &plan.schools[before.unwrap_or(here)];
        let class = classes::division(school, level, self.person, 0);
        (school.uai.clone(), class, classes::mef(school.kind, level).code)
    }

    /// Whether a school of the academy had the pupil in the first year.
    fn was_known(&self) -> bool {
        self.fate.first.seen_from < date(THIS_YEAR, 9, 1)
    }
}
