//! A folded name, in place: comparing two costs no walk through memory.

use super::{hash, normal};

/// Letters that are kept for comparison: a hostile name is not longer to compare than another.
const LETTERS_MAX: usize = 39;

/// A folded name. Equal hashes are equal names, whatever their length.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// 0 for no name.
    pub(super) hash: u64,
    length: u8,
    letters: [u8; LETTERS_MAX],
}

impl Word {
    pub(super) const NONE: Self = Self { hash: 0, length: 0, letters: [0; LETTERS_MAX] };

    pub(super) fn of(name: &str) -> Self {
        let key = normal::key(name);
        let mut word = Self::NONE;
        if !key.is_empty() {
            word.hash = hash::of_bytes(key.as_bytes());
        }
        for (place, letter) in word.letters.iter_mut().zip(key.bytes()) {
            *place = letter;
            word.length += 1;
        }
        word
    }

    pub(super) fn is_known(&self) -> bool {
        self.hash != 0
    }

    /// `A`–`Z`, digits.
    pub(super) fn letters(&self) -> &[u8] {
        self.letters.get(..usize::from(self.length)).unwrap_or_default()
    }
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
}
