//! A folded name, in place: comparing two costs no walk through memory.

use super::{hash, normal};

/// Letters that are kept for comparison: a hostile name is not longer to compare than another.
const LETTERS_MAX: usize = 35;

/// A folded name. Equal hashes are equal names, whatever their length.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// 0 for no name.
    pub(super) hash: u64,
    /// Which letters are kept, a bit each: digits count as one.
    kinds: u32,
    length: u8,
    letters: [u8; LETTERS_MAX],
}

impl Word {
    pub(super) const NONE: Self = Self { hash: 0, kinds: 0, length: 0, letters: [0; LETTERS_MAX] };

    pub(super) fn of(name: &str) -> Self {
        let mut word = Self::NONE;
        let mut length = 0;
        normal::each_letter(name, |letter| {
            if let Some(place) = word.letters.get_mut(length) {
                *place = letter;
                word.kinds |= kind(letter);
            }
            length += 1;
        });
        word.length = length.min(LETTERS_MAX) as u8;
        word.hash = match length {
            0 => 0,
            1..=LETTERS_MAX => hash::of_bytes(word.letters()),
            _ => hash::of_bytes(normal::key(name).as_bytes()),
        };
        word
    }

    /// The most letters that can have their like on the other side: nearly always too few for two
    /// names that have nothing in common, and known without comparing them.
    pub(super) fn common_max(&self, other: &Self) -> usize {
        let own = usize::from(self.length) - only(self.kinds, other.kinds);
        let others = usize::from(other.length) - only(other.kinds, self.kinds);
        own.min(others)
    }

    pub(super) fn is_known(&self) -> bool {
        self.hash != 0
    }

    /// `A`–`Z`, digits.
    pub(super) fn letters(&self) -> &[u8] {
        self.letters.get(..usize::from(self.length)).unwrap_or_default()
    }
}

fn kind(letter: u8) -> u32 {
    1 << if letter.is_ascii_digit() { 26 } else { letter - b'A' }
}

/// How many kinds of letters stand on one side only: as many letters at least.
fn only(kinds: u32, others: u32) -> usize {
    (kinds & !others).count_ones() as usize
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.letters()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_told_apart_by_their_hash_and_compared_by_their_beginning() {
        let long = "A".repeat(100);
        let (one, other) = (Word::of(&long), Word::of(&format!("{long}B")));
        assert_ne!(one, other);
        assert_eq!(one.letters(), other.letters());
        assert_eq!(Word::of("Zoé").letters(), b"ZOE");
        assert_eq!(Word::of("-"), Word::NONE);
        assert!(!Word::of("").is_known());
    }

    #[test]
    fn letters_that_only_one_name_has_are_in_no_pair() {
        let most = |one: &str, other: &str| Word::of(one).common_max(&Word::of(other));
        assert_eq!(most("MARTIN", "MARTINE"), 6);
        assert_eq!(most("ANNA", "NAN"), 3);
        assert_eq!(most("LUCAS", "EMMY"), 0);
        assert_eq!(most("LEO2", "LEO3"), 4);
    }
}
