//! The key of a person in a target that must not learn anything by it: sixteen hexadecimal digits
//! that only the holder of a secret can read back (R-50, RGPD: neither INE nor source identifiers
//! are sent to Office 365).
//!
//! Reading back needs no table, so a lost store finds its accounts again. The digits are a
//! permutation of the 64-bit numbers: two persons never have one key. The upper half of a number is
//! always nought, so that the chance of taking somebody else's digits for ours is one in four
//! thousand millions.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;

use super::ids::PersonId;

/// Four rounds of Feistel's network with a pseudo-random function make a pseudo-random
/// permutation (Luby and Rackoff).
const ROUNDS: [u8; 4] = [1, 2, 3, 4];

/// The keys of persons under one secret.
#[derive(Debug, Clone)]
pub struct OpaqueKeys {
    secret: SecretSlice<u8>,
}

impl OpaqueKeys {
    /// `secret` is drawn for this purpose and no other.
    pub fn new(secret: SecretSlice<u8>) -> Self {
        Self { secret }
    }

    /// The digits that stand for a person.
    pub fn of(&self, person: PersonId) -> String {
        let (mut left, mut right) = halves(person.0);
        for round in ROUNDS {
            (left, right) = (right, left ^ self.mix(round, right));
        }
        format!("{left:08X}{right:08X}")
    }

    /// The person that digits stand for. None: they are not ours.
    pub fn person(&self, digits: &str) -> Option<PersonId> {
        let is_ours = |sign: u8| sign.is_ascii_digit() || (b'A'..=b'F').contains(&sign);
        if digits.len() != 16 || !digits.bytes().all(is_ours) {
            return None;
        }
        let (mut left, mut right) = halves(u64::from_str_radix(digits, 16).ok()?);
        for round in ROUNDS.into_iter().rev() {
            (left, right) = (right ^ self.mix(round, left), left);
        }
        (left == 0).then_some(PersonId(u64::from(right)))
    }

    fn mix(&self, round: u8, half: u32) -> u32 {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(&[round]);
        mac.update(&half.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }
}

fn halves(number: u64) -> (u32, u32) {
    // Both parts fit by construction.
    ((number >> 32) as u32, number as u32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(secret: &str) -> OpaqueKeys {
        OpaqueKeys::new(SecretSlice::from(secret.as_bytes().to_vec()))
    }

    #[test]
    fn a_key_is_read_back_and_tells_nothing() {
        //
        let keys = keys("one");
        let all = [0, 1, 2, 4711, u64::from(u32::MAX)].map(PersonId);
        let written: BTreeSet<String> = all.iter().map(|person| keys.of(*person)).collect();
        assert_eq!(written.len(), all.len());
        for person in all {
            let digits = keys.of(person);
            assert_eq!(digits.len(), 16, "{digits}");
            assert_eq!(keys.person(&digits), Some(person));
        }
    }

    #[test]
    fn what_others_wrote_is_not_taken_for_a_key() {
        let keys = keys("one");
        let other = super::tests::keys("another").of(PersonId(1));
        for text in ["", "12", "0123456789ABCDEF", "0123456789abcdef", "00000000000é0000", &other]
        {
            assert_eq!(keys.person(text), None, "{text}");
        }
    }
}
