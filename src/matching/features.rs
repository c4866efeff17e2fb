//! What is compared of a record or a person, folded once: names as words with their hashes, the
//! date as a number, the traits.

use jiff::civil::Date;

use super::claim::Claim;
use super::word::Word;
use super::{hash, normal, sound};
use crate::model::identifiers::Identifiers;
use crate::model::ids::{TraitKey, Uai};
use crate::model::person::{Identifier, Person};
use crate::model::record::Names;
use crate::model::traits::{Level, NameKey, Sex, Traits};

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Features {
    pub(super) pupil: bool,
    pub(super) family: Word,
    pub(super) usage: Word,
    pub(super) given: Word,
    /// Of the first and of the last component of a compound first name; that of the whole when it
    /// is single.
    pub(super) head: u64,
    pub(super) tail: u64,
    /// The first name has several components.
    pub(super) compound: bool,
    /// Of the family name without particle.
    pub(super) bare: u64,
    pub(super) family_sound: u64,
    pub(super) given_sound: u64,
    pub(super) date: Day,
    pub(super) sex: Option<Sex>,
    pub(super) birthplace: Option<TraitKey>,
    pub(super) given_key: Option<NameKey>,
    pub(super) second: Option<NameKey>,
    /// Of the UAI; 0 when not known.
    pub(super) previous: u64,
    pub(super) level: Option<Level>,
    /// An INE is known.
    pub(super) has_ine: bool,
    /// A name has lost bytes (`?`, U+FFFD): a machine decides nothing on it.
    pub(super) damaged: bool,
}

/// A birth date as `YYYYMMDD`; 0 when not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Day(pub(super) u32);

impl Day {
    fn of(date: Option<Date>) -> Self {
        let Some(date) = date else { return Self(0) };
        let part = |number: i8| u32::from(number.unsigned_abs());
        let year = u32::from(date.year().unsigned_abs());
        Self(year * 10_000 + part(date.month()) * 100 + part(date.day()))
    }
    pub(super) fn is_known(self) -> bool {
        self.0 != 0
    }
    pub(super) fn year(self) -> u32 {
        self.0 / 10_000
    }
    /// Day and month exchanged; the same number when that gives no month.
    pub(super) fn swapped(self) -> Self {
        let (year, month, day) = (self.year(), self.0 / 100 % 100, self.0 % 100);
        if day <= 12 { Self(year * 10_000 + day * 100 + month) } else { self }
    }
    /// One digit differs, or two neighbouring ones are exchanged.
    pub(super) fn is_near(self, other: Self) -> bool {
        let digits = |day: Self| std::array::from_fn(|rank| day.0 / 10_u32.pow(rank as u32) % 10);
        let (left, right): ([u32; 8], [u32; 8]) = (digits(self), digits(other));
        let apart: Vec<usize> = (0..8).filter(|rank| left[*rank] != right[*rank]).collect();
        match apart[..] {
            [_] => true,
            [a, b] => b == a + 1 && left[a] == right[b] && left[b] == right[a],
            _ => false,
        }
    }
}

/// The hash that a school is compared by.
pub(super) fn school(uai: &Uai) -> u64 {
    hash::of_bytes(uai.as_str().as_bytes())
}

pub(super) fn of_claim(claim: &Claim) -> Features {
    let mut features = of(&claim.names, claim.birth_date, &claim.traits, claim.is_pupil());
    features.has_ine = has_ine(&claim.identifiers);
    features
}

/// Whoever has a pupil's number is a pupil, also long after.
pub(super) fn of_person(person: &Person) -> Features {
    let pupil = person
        .identifiers
        .iter()
        .any(|one| matches!(one, Identifier::Ine { .. } | Identifier::Siecle { .. }));
    let mut features = of(&person.names, person.birth_date, &person.traits, pupil);
    features.has_ine = has_ine(&person.identifiers);
    features
}

fn has_ine(identifiers: &Identifiers) -> bool {
    identifiers.iter().any(|identifier| matches!(identifier, Identifier::Ine { .. }))
}

fn of(names: &Names, born: Option<Date>, traits: &Traits, pupil: bool) -> Features {
    let family = Word::of(&names.family);
    let usage = names.usage.as_deref().map_or(Word::NONE, Word::of);
    let given = Word::of(&names.given);
    let (head, tail, compound) = ends(&names.given, &given);
    let bare = normal::key_without_particle(&names.family)
        .map_or(family.hash, |bare| hash::of_bytes(bare.as_bytes()));
    let damaged = [&names.family, &names.given]
        .into_iter()
        .chain(&names.usage)
        .any(|name| name.contains(['?', '\u{FFFD}']));
    Features {
        pupil,
        head,
        tail,
        compound,
        bare,
        family_sound: sound::sound(family.letters()),
        given_sound: sound::sound(given.letters()),
        family,
        usage,
        given,
        date: Day::of(born),
        sex: traits.sex,
        birthplace: traits.birthplace,
        given_key: traits.given,
        second: traits.second,
        previous: traits.previous_school.as_ref().map_or(0, school),
        level: traits.level,
        has_ine: false,
        damaged,
    }
}

/// Hashes of the first and the last word of a first name, and whether they are two.
fn ends(name: &str, folded: &Word) -> (u64, u64, bool) {
    if normal::is_one_word(name) {
        return (folded.hash, folded.hash, false);
    }
    let words = normal::tokens(name);
    let hash = |word: Option<&String>| word.map_or(0, |word| upper_hash(word));
    (hash(words.first()), hash(words.last()), words.len() > 1)
}

fn upper_hash(token: &str) -> u64 {
    hash::of_bytes(token.to_ascii_uppercase().as_bytes())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Day {
        Day::of(Some(date(year, month, day)))
    }

    #[test]
    fn dates_that_are_one_typing_error_apart() {
        let right = day(2010, 3, 12);
        for (other, near) in [
            (day(2010, 3, 13), true),
            (day(2011, 3, 12), true),
            (day(2010, 3, 21), true),
            (day(2010, 12, 3), false),
            (day(2010, 4, 13), false),
            (day(2010, 3, 12), false),
        ] {
            assert_eq!(right.is_near(other), near, "{other:?}");
            assert_eq!(other.is_near(right), near, "{other:?}");
        }
        assert_eq!(right.swapped(), day(2010, 12, 3));
        assert_eq!(day(2010, 3, 13).swapped(), day(2010, 3, 13));
    }

    #[test]
    fn the_head_of_a_compound_is_the_single_name() {
        let traits = Traits::default();
        let given = |given: &str| {
            let names = Names { family: "Roy".into(), usage: None, given: given.into() };
            of(&names, None, &traits, true)
        };
        assert_eq!(given("Jean-Paul").head, given("JEAN").given.hash);
        assert!(given("Jean-Paul").compound && !given("Jean").compound);
        assert_eq!(given("Zoé").given, given("ZOE").given);
        assert!(given("Beno?t").damaged);
    }
}
