//! What a secretary makes of a pupil: the names, date and places of one record.

use jiff::civil::Date;

use super::events::{Event, Events};
use super::letters;
use super::person::Identity;
use super::plan::Plan;
use crate::academy::seed::Stream;

/// One record as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub second_given: Option<String>,
    pub born: Date,
    /// Code of the commune of birth.
    pub town: Option<String>,
}

/// Which of the pupil's records is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The very first, years ago.
    First,
    /// Anew, by a school that had nothing to take over.
    Anew,
}

/// The record that a hand makes of somebody, the same each time.
pub fn typed(plan: &Plan, identity: &Identity, person: u32, hand: Hand) -> (Typed, Events) {
    let purpose = if hand == Hand::First { "typed" } else { "retyped" };
    let stream = Stream::numbered(plan.seed, purpose, person.into());
    let care = if hand == Hand::First { plan.rates.first_typing } else { 1.0 };
    let mut desk = Desk { plan, stream, care, events: Events::default() };
    let typed = desk.types(identity);
    (typed, desk.events)
}

/// The same record, edited in place between two school years.
pub fn edited(plan: &Plan, identity: &Identity, person: u32, mut typed: Typed) -> (Typed, Events) {
    let mut stream = Stream::numbered(plan.seed, "edited", person.into());
    let mut events = Events::default();
    if !stream.chance(plan.rates.edited) {
        return (typed, events);
    }
    events.add(Event::Edited);
    match stream.below(8) {
        0..3 => {
            // Corrected from the identity card.
            typed.family = identity.family.to_uppercase();
            typed.given.clone_from(&identity.given);
            typed.born = identity.born;
        }
        3 => typed.town = identity.birthplace.town.clone(),
        4 => typed.family = letters::mistyped(&typed.family, &mut stream).to_uppercase(),
        5 => typed.given = letters::mistyped(&typed.given, &mut stream),
        6 => typed.born = letters::digit_off(typed.born, &mut stream),
        _ => {
            let other = plan.lists.surnames.draw(&mut stream).to_uppercase();
            typed.usage = if typed.usage.is_some() { None } else { Some(other) };
        }
    }
    typed.family = letters::fitting(&typed.family);
    typed.given = letters::fitting(&typed.given);
    (typed, events)
}

/// Somebody at work.
struct Desk<'a> {
    plan: &'a Plan,
    stream: Stream,
    /// How often errors are made, against the table.
    care: f64,
    events: Events,
}

impl Desk<'_> {
    fn types(&mut self, identity: &Identity) -> Typed {
        let rates = &self.plan.rates;
        let mut family = self.double_name(&identity.family);
        let mut usage = identity.usage.clone();
        if let Some(name) = &usage {
            if self.errs(rates.usage_as_family, Event::UsageAsFamily) {
                family.clone_from(name);
                usage = None;
            } else if self.happens(rates.usage_dropped, Event::UsageDropped) {
                usage = None;
            }
        }
        let mut given = self.compound(&identity.given);
        let mut second = identity.second_given.clone();
        if let Some(name) = &mut second
            && self.errs(rates.given_exchanged, Event::GivenExchanged)
        {
            std::mem::swap(name, &mut given);
        }
        family = self.letters(family, rates.keyboard_family);
        given = self.letters(given, rates.keyboard_given);
        family = self.particle(family);
        if self.errs(rates.names_swapped, Event::NamesSwapped) {
            std::mem::swap(&mut family, &mut given);
        }
        let (family, given) = self.signs(family, given);
        if self.happens(rates.second_given_missing, Event::SecondGivenMissing) {
            second = None;
        }
        let town = identity.birthplace.town.clone();
        let known = !self.happens(rates.birthplace_missing, Event::BirthplaceMissing);
        Typed {
            family,
            usage: usage.map(|name| letters::fitting(&name.to_uppercase())),
            given,
            second_given: second.map(|name| letters::fitting(&name)),
            born: self.date(identity.born),
            town: town.filter(|_| known),
        }
    }

    /// An error: rarer where more care was taken.
    fn errs(&mut self, rate: f64, event: Event) -> bool {
        let so = self.stream.chance(rate * self.care);
        self.events.note(event, so)
    }

    /// A habit: as frequent everywhere.
    fn happens(&mut self, rate: f64, event: Event) -> bool {
        let so = self.stream.chance(rate);
        self.events.note(event, so)
    }

    fn double_name(&mut self, family: &str) -> String {
        let rates = &self.plan.rates;
        let Some((first, second)) = halves(family) else { return family.to_owned() };
        if self.errs(rates.double_reordered, Event::DoubleReordered) {
            return format!("{second}-{first}");
        }
        if self.errs(rates.double_halved, Event::DoubleHalved) {
            return if self.stream.once_in(2) { first } else { second }.to_owned();
        }
        if self.happens(rates.double_respaced, Event::DoubleRespaced) {
            let sign = self.stream.pick(&[" ", "--", "-"]);
            return format!("{first}{sign}{second}");
        }
        family.to_owned()
    }

    fn compound(&mut self, given: &str) -> String {
        let rates = &self.plan.rates;
        let Some((first, second)) = given.split_once(['-', ' ']) else { return given.to_owned() };
        if self.errs(rates.compound_truncated, Event::CompoundTruncated) {
            return first.to_owned();
        }
        if self.happens(rates.compound_respaced, Event::CompoundRespaced) {
            let glued = self.stream.once_in(5);
            return if glued {
                format!("{first}{}", second.to_lowercase())
            } else {
                format!("{first} {second}")
            };
        }
        given.to_owned()
    }

    fn letters(&mut self, mut name: String, rate: f64) -> String {
        if self.errs(rate, Event::Keyboard) {
            name = letters::mistyped(&name, &mut self.stream);
        }
        // The rate is that of a record, which has two names.
        if self.errs(self.plan.rates.ocr / 2.0, Event::Ocr) {
            name = letters::misread(&name, &mut self.stream);
        }
        name
    }

    /// `De Smet` glued, `D'Haese` without its apostrophe.
    fn particle(&mut self, family: String) -> String {
        let particles = ["De ", "Le ", "La ", "Van ", "D'", "N'", "El ", "Da ", "Ben ", "Dos "];
        if !particles.iter().any(|particle| family.starts_with(particle)) {
            return family;
        }
        if !self.happens(self.plan.rates.particle_glued, Event::ParticleGlued) {
            return family;
        }
        match family.split_once('\'') {
            Some((particle, name)) if self.stream.once_in(2) => format!("{particle} {name}"),
            _ => family.replace([' ', '\''], ""),
        }
    }

    /// Capitals, accents, and letters that Siècle cannot write.
    fn signs(&mut self, mut family: String, mut given: String) -> (String, String) {
        let rates = &self.plan.rates;
        let accented = |name: &str| !name.is_ascii();
        if accented(&family) && self.happens(rates.accents_lost_family, Event::AccentsLost) {
            family = letters::plain(&family);
        }
        if accented(&given) && self.happens(rates.accents_lost_given, Event::AccentsLost) {
            given = letters::plain(&given);
        }
        if self.happens(rates.given_in_capitals, Event::InCapitals) {
            given = given.to_uppercase();
        }
        family = family.to_uppercase();
        for name in [&mut family, &mut given] {
            if !letters::fits(name) && !self.happens(rates.lost_bytes, Event::LostBytes) {
                *name = letters::fitting(name);
            }
        }
        if accented(&given) && letters::fits(&given) && self.errs(rates.mojibake, Event::Mojibake) {
            given = letters::fitting(&letters::garbled(&given));
        }
        (family, given)
    }

    fn date(&mut self, born: Date) -> Date {
        let rates = &self.plan.rates;
        let can_swap = letters::swapped(born) != born;
        if can_swap && self.errs(rates.day_month_swapped, Event::DayMonthSwapped) {
            return letters::swapped(born);
        }
        if self.errs(rates.date_digit, Event::DateDigit) {
            return letters::digit_off(born, &mut self.stream);
        }
        born
    }
}

/// The halves of a double name; particles make no double name.
fn halves(family: &str) -> Option<(&str, &str)> {
    let (first, second) = family.split_once('-').or_else(|| family.split_once(' '))?;
    let is_name = |half: &str| half.chars().count() > 3 && half != "Saint";
    (is_name(first) && is_name(second)).then_some((first, second))
}
