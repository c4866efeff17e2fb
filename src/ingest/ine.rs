//! The INE at the door (formats 7.1): its kind and key are looked at, a keyed hash is kept, the
//! number itself goes no further (requirements 3.3).

use std::collections::BTreeSet;

use super::hasher::KeyedHasher;
use super::notes::Notes;
use super::text;
use crate::model::finding;
use crate::model::ids::{IneKey, KEY_LETTERS};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IneKind {
    /// Since 2018: nine digits, two letters.
    Rnie,
    /// Before: ten digits, a letter.
    Bea,
    Apprentice,
    /// Eleven signs as the schema of Siècle allows, of no known kind.
    Other,
}

impl IneKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Rnie => "rnie:",
            Self::Bea => "bea:",
            Self::Apprentice => "app:",
            Self::Other => "ine:",
        }
    }
}

/// What an INE looks like. Only `Number` can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Number(IneKind, KeyCheck),
    /// Typed to fill the field: `00000000000`, `1234567890X`.
    Placeholder,
    Malformed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyCheck {
    Good,
    Wrong,
    /// No rule is known for this kind.
    Unknown,
}

/// Takes the INEs of one pupil, field by field.
pub(super) struct IneDoor<'a> {
    hasher: &'a KeyedHasher,
    eleve_id: &'a str,
    line: u64,
    /// The numbers of this pupil that were taken: dropped with the pupil.
    taken: Vec<String>,
}

impl<'a> IneDoor<'a> {
    pub(super) fn new(hasher: &'a KeyedHasher, eleve_id: &'a str, line: u64) -> Self {
        Self { hasher, eleve_id, line, taken: Vec::new() }
    }

    /// Adds the hash of one field to the pupil's keys; says what is odd about the number.
    pub(super) fn take(
        &mut self,
        field: &'static str,
        written: &str,
        keys: &mut BTreeSet<IneKey>,
        notes: &mut Notes<'_>,
    ) {
        let number = text::trim(written).to_ascii_uppercase();
        // The same number usually stands in two fields: it is hashed and told once.
        if number.is_empty() || self.taken.contains(&number) {
            return;
        }
        let mut say = |kind| {
            let finding = notes.at(kind, self.line);
            notes.push(finding.with("id", self.eleve_id).with("field", field));
        };
        match look(&number) {
            Look::Placeholder => say(finding::INE_PLACEHOLDER),
            Look::Malformed => say(finding::INE_MALFORMED),
            Look::Number(kind, check) => {
                keys.insert(self.hasher.ine(kind.prefix(), &number));
                match (kind, check) {
                    (IneKind::Other, _) => say(finding::INE_MALFORMED),
                    (_, KeyCheck::Wrong) => say(finding::INE_KEY),
                    (_, KeyCheck::Good | KeyCheck::Unknown) => {}
                }
            }
        }
        // An absurd length is no number to remember.
        if number.len() <= 11 {
            self.taken.push(number);
        }
    }
}

fn look(number: &str) -> Look {
    let bytes = number.as_bytes();
    let [digits @ .., tens, units] = bytes else { return Look::Malformed };
    let sign = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if bytes.len() != 11 || !bytes.iter().all(sign) {
        return Look::Malformed;
    }
    let repeated = bytes.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    if repeated || number == "1234567890X" || number.starts_with("00000000") {
        return Look::Placeholder;
    }
    let numeric = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let apprentice = || {
        let (year, rest) = digits.split_at_checked(4)?;
        let [b'A', serial @ ..] = rest else { return None };
        Some(
            numeric(year)
                && numeric(serial)
                && tens.is_ascii_digit()
                && units.is_ascii_alphabetic(),
        )
    };
    if numeric(digits) && tens.is_ascii_alphabetic() && units.is_ascii_alphabetic() {
        Look::Number(IneKind::Rnie, rnie_key(digits, *tens, *units))
    } else if numeric(digits) && tens.is_ascii_digit() && units.is_ascii_alphabetic() {
        Look::Number(IneKind::Bea, bea_key(digits, *tens, *units))
    } else if apprentice() == Some(true) {
        Look::Number(IneKind::Apprentice, KeyCheck::Unknown)
    } else {
        Look::Number(IneKind::Other, KeyCheck::Unknown)
    }
}

fn value(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

/// Two letters that are digits (A is 0, K is 9): 97 less the number modulo 97.
fn rnie_key(digits: &[u8], tens: u8, units: u8) -> KeyCheck {
    let digit = |letter: u8| (0u64..).zip(b"ABCDEFGHJK").find(|(_, known)| **known == letter);
    let key = digit(tens).zip(digit(units)).map(|((tens, _), (units, _))| 10 * tens + units);
    if key == Some(97 - value(digits) % 97) { KeyCheck::Good } else { KeyCheck::Wrong }
}

/// The letter of the ten digits modulo 23, as for an UAI.
fn bea_key(digits: &[u8], last: u8, letter: u8) -> KeyCheck {
    let number = value(digits) * 10 + u64::from(last - b'0');
    let expected = usize::try_from(number % 23).ok().and_then(|rank| KEY_LETTERS.get(rank));
    if expected == Some(&letter) { KeyCheck::Good } else { KeyCheck::Wrong }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretSlice;

    use super::*;

    /// The synthetic vectors of formats 7.1.
    #[test]
    fn kinds_and_keys_of_ine() {
        use IneKind::{Apprentice, Bea, Other, Rnie};
        let check = |number: &str, expect: Look| assert_eq!(look(number), expect, "{number}");
        for good in [
            "990000001EB",
            "990000002EA",
            "990000003DK",
            "123456789FJ",
            "000000097KH",
            "000000096AB",
        ] {
            check(good, Look::Number(Rnie, KeyCheck::Good));
        }
        check("990000001EA", Look::Number(Rnie, KeyCheck::Wrong));
        check("990000001ZZ", Look::Number(Rnie, KeyCheck::Wrong));
        check("9900000001S", Look::Number(Bea, KeyCheck::Good));
        check("0123456789M", Look::Number(Bea, KeyCheck::Good));
        check("9900000001T", Look::Number(Bea, KeyCheck::Wrong));
        check("9901A00001X", Look::Number(Apprentice, KeyCheck::Unknown));
        check("99AB0000CDE", Look::Number(Other, KeyCheck::Unknown));
        for empty in ["00000000000", "1234567890X", "00000000123", "XXXXXXXXXXX"] {
            check(empty, Look::Placeholder);
        }
        for bad in ["990000001E", "990000001EBB", "99000000-EB", "9900000é1B", ""] {
            check(bad, Look::Malformed);
        }
    }

    #[test]
    fn a_key_is_its_kind_and_a_hash_that_depends_on_the_installation() {
        let hash = |key: &[u8]| {
            KeyedHasher::new(SecretSlice::from(key.to_vec()))
                .ine(IneKind::Rnie.prefix(), "990000001EB")
        };
        let IneKey(text) = hash(b"one key");
        assert!(text.starts_with("rnie:") && text.len() == 5 + 32, "{text}");
        assert!(!text.contains("990000001"));
        assert_eq!(hash(b"one key"), hash(b"one key"));
        assert_ne!(hash(b"one key"), hash(b"another"));
    }

    /// SEC-02.
    #[test]
    fn the_hasher_does_not_print_its_key() {
        let hasher = KeyedHasher::new(SecretSlice::from(b"canary".to_vec()));
        assert_eq!(format!("{hasher:?}"), "KeyedHasher([REDACTED])");
    }
}
