//! the order of the records changes nothing, of people who resemble one another by kinship
//! and by chance. A failure prints its seed, which alone replays it.

use jiff::civil::date;

use super::cast::*;
use crate::matching::claim::Claim;
use crate::matching::hash;
use crate::model::person::Person;

/// Numbers that a seed draws, one after the other.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = hash::mix(self.0, 0x5EED);
        self.0 % end
    }
    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }
    fn often(&mut self) -> bool {
        self.below(3) > 0
    }
}

/// Of few names, days, numbers and places: most pairs have something in common.
fn anybody(draws: &mut Draws) -> Someone {
    let family = draws.one_of(&["Durand", "Durand-Moreau", "Moreau Durand", "DURRAND", "Léa"]);
    let given = draws.one_of(&["Léa", "LEA", "Léo", "Léa-Marie", "Marie", "Durand", "L?a"]);
    let mut one = someone(family, given);
    if draws.often() {
        let day = 1 + i8::try_from(draws.below(3)).unwrap();
        one = one.born(2010, draws.one_of(&["2", "1"]).parse().unwrap(), day);
    } else if draws.below(4) == 0 {
        one = one.undated();
    }
    if draws.often() {
        one = one.ine(draws.one_of(&["A", "B", "C", "D", "E"]));
    }
    if draws.often() {
        one = one.place(draws.below(2) + 1);
    }
    if draws.often() {
        one = one.second(draws.one_of(&["Marie", "Rose", "Léa"]));
    }
    if draws.often() {
        one = one.from(draws.below(3) as usize);
    }
    one
}

fn known(draws: &mut Draws, id: u64) -> Person {
    let school = draws.below(3) as usize;
    let one = anybody(draws);
    let one = if draws.often() { one.at(school) } else { one.released(school, date(2026, 7, 4)) };
    one.known(id)
}

/// Some carry the number of a known person in their school, rightly or not.
fn record(draws: &mut Draws, line: u64) -> Claim {
    let mut one = anybody(draws);
    if draws.below(4) == 0 {
        one = one.leaving(date(2026, 9, 1));
    }
    let number = if draws.below(3) == 0 { 1 + draws.below(6) } else { 100 + line };
    let mut record = one.record(draws.below(3) as usize, number);
    record.id.line = line;
    record
}

fn shuffled(draws: &mut Draws, records: &[Claim]) -> Vec<Claim> {
    let mut shuffled = records.to_vec();
    for end in (1..shuffled.len()).rev() {
        shuffled.swap(end, usize::try_from(draws.below(end as u64 + 1)).unwrap());
    }
    shuffled
}

#[test]
fn whatever_the_order_the_decisions_are_the_same() {
    for seed in 0..60 {
        let mut draws = Draws(hash::mix(seed, 1));
        let persons: Vec<Person> = (1..=6).map(|id| known(&mut draws, id)).collect();
        let size = 2 + draws.below(12);
        let records: Vec<Claim> = (0..size).map(|line| record(&mut draws, line)).collect();
        let decided = outcome(&records, &persons);
        for _ in 0..3 {
            let other = outcome(&shuffled(&mut draws, &records), &persons);
            assert_eq!(other, decided, "seed {seed}: order matters");
        }
        // The order in which people became known decides nothing either.
        let renamed: Vec<Person> =
            persons.iter().map(|one| Person { id: mirrored(one.id), ..one.clone() }).collect();
        let mirror = outcome(&records, &renamed);
        for (id, decision) in &decided.decisions {
            let same = told(decision).chars().next() == told(&mirror.decisions[id]).chars().next();
            assert!(same, "seed {seed}: {id:?} {decision:?} {:?}", mirror.decisions[id]);
        }
    }
}

/// Six persons in the other order.
fn mirrored(id: crate::model::ids::PersonId) -> crate::model::ids::PersonId {
    crate::model::ids::PersonId(7 - id.0)
}
