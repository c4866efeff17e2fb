//! One 64-bit hash for words and keys, the same on every machine and in every run: std's is seeded
//! anew by each process. A chance collision only proposes one more pair; nothing is decided on it.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
const SPREAD: u64 = 0xD6E8_FEB8_6659_FD93;

/// Of bytes. Never 0, which stands for an empty word.
pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hash = STEP ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        if let Some(start) = word.get_mut(..chunk.len()) {
            start.copy_from_slice(chunk);
        }
        hash = mix(hash, u64::from_le_bytes(word));
    }
    hash.max(1)
}

/// Of a hash and one more value.
pub(super) fn mix(hash: u64, value: u64) -> u64 {
    let mut mixed = (hash.rotate_left(23) ^ value).wrapping_mul(STEP);
    mixed ^= mixed >> 32;
    mixed = mixed.wrapping_mul(SPREAD);
    mixed ^ (mixed >> 29)
}

/// Of several hashes, for tables: quicker than mixing each.
pub(super) fn of_parts(salt: u64, parts: &[u64]) -> u64 {
    let add = |hash: u64, part: &u64| (hash.rotate_left(23) ^ part).wrapping_mul(STEP);
    mix(parts.iter().fold(salt, add), 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn close_values_are_far_apart() {
        let words = ["", "A", "B", "AA", "MARTIN", "MARTINE", "MARTIN\0", "LONGTEMPS", "LONGTEMPT"];
        let hashes: BTreeSet<u64> = words.iter().map(|word| of_bytes(word.as_bytes())).collect();
        assert_eq!(hashes.len(), words.len());
        let keys: BTreeSet<u64> = (0..100_000).map(|value| mix(7, value)).collect();
        assert_eq!(keys.len(), 100_000);
        let pairs =
            (0..300).flat_map(|left| (0..300).map(move |right| of_parts(7, &[left, right])));
        assert_eq!(pairs.collect::<BTreeSet<u64>>().len(), 90_000);
        // Of the low bits too: they choose the place in the filters.
        let low: BTreeSet<u64> = keys.iter().map(|key| key & 0xFF_FFFF).collect();
        assert!(low.len() > 99_000, "{}", low.len());
    }
}
