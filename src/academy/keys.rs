//! Keys of invented schools and pupils, valid where a key letter is checked (formats 7).

use crate::model::ids::KEY_LETTERS;

/// The ten letters that stand for the digits of an RNIE key.
const RNIE_DIGITS: &[u8; 10] = b"ABCDEFGHJK";

/// The RNIE number `n` of the range 99…, which keeps clear of real ones (formats 7.1); below ten
/// million.
pub fn ine(n: u32) -> String {
    let number = 990_000_000 + n;
    let key = (97 - number % 97) as usize;
    let letter = |digit: usize| char::from(RNIE_DIGITS[digit]);
    format!("{number}{}{}", letter(key / 10), letter(key % 10))
}

/// The older kind of number (INE-BEA) of the same pupil.
pub fn ine_bea(n: u32) -> String {
    let number = 9_900_000_000 + u64::from(n);
    format!("{number}{}", key_letter(number))
}

/// The code of a school by its seven digits.
pub fn uai(number: u32) -> String {
    format!("{number:07}{}", key_letter(u64::from(number)))
}

fn key_letter(number: u64) -> char {
    let rank = usize::try_from(number % KEY_LETTERS.len() as u64).unwrap_or(0);
    char::from(KEY_LETTERS[rank])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_published_vectors() {
        // Vectors of formats 7.1 and 7.3.
        for (n, expect) in [(1, "990000001EB"), (2, "990000002EA"), (3, "990000003DK")] {
            assert_eq!(ine(n), expect);
        }
        assert_eq!(ine_bea(1), "9900000001S");
        for (number, expect) in
            [(951_099, "0951099D"), (332_490, "0332490C"), (540_001, "0540001H")]
        {
            assert_eq!(uai(number), expect);
        }
    }

    #[test]
    fn a_number_that_97_divides_has_the_key_97() {
        let n = (0..97).find(|n| (990_000_000 + n) % 97 == 0).unwrap();
        assert!(ine(n).ends_with("KH"));
    }
}
