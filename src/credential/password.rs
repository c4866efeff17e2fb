//! The initial password of an account: random, never derived from the person (SEC-11).

use secrecy::{ExposeSecret, SecretString};

/// 56 signs that are not mistaken for one another on paper: no `0 O o 1 l I`.
const SIGNS: &[u8; 56] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
const LENGTH: usize = 14;

/// 14 signs of 56, with a lower case letter, a capital and a digit: 81 bits (SEC-11).
///
/// No `Clone`, no `Serialize`; `Debug` says `[REDACTED]`; erased on drop. The one exit is
/// [`InitialPassword::reveal`].
#[derive(Debug)]
pub struct InitialPassword(SecretString);

impl InitialPassword {
    /// Draws one. `entropy` fills a buffer with random bytes; the caller owns the source, so that
    /// only `cli/clock.rs` reads the system's generator.
    pub fn draw(entropy: &mut dyn FnMut(&mut [u8])) -> Self {
        loop {
            let mut text = String::with_capacity(LENGTH);
            while text.len() < LENGTH {
                let mut byte = [0u8; 1];
                entropy(&mut byte);
                // 224 is the largest multiple of 56 in a byte: beyond it, some signs would be
                // likelier than others.
                if byte[0] < 224
                    && let Some(sign) = SIGNS.get(usize::from(byte[0]) % SIGNS.len())
                {
                    text.push(char::from(*sign));
                }
            }
            let has = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
            if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
            {
                return Self(SecretString::from(text));
            }
        }
    }

    /// The text itself, for the writer of the target and the sealer; nobody else asks.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(seed: u64) -> impl FnMut(&mut [u8]) {
        let mut state = seed;
        move |buffer: &mut [u8]| {
            for byte in buffer {
                // SplitMix64: good enough to look at frequencies.
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                *byte = (z ^ (z >> 31)) as u8;
            }
        }
    }

    /// SEC-11, R-18: no two alike, every class present, no sign likelier than another.
    #[test]
    fn passwords_are_distinct_and_fair() {
        let mut entropy = counter(7);
        let mut seen = std::collections::BTreeSet::new();
        let mut frequency = [0u32; 256];
        const DRAWS: usize = 100_000;
        for _ in 0..DRAWS {
            let password = InitialPassword::draw(&mut entropy);
            let text = password.reveal();
            assert_eq!(text.len(), 14);
            assert!(text.bytes().any(|b| b.is_ascii_digit()));
            assert!(text.bytes().any(|b| b.is_ascii_lowercase()));
            assert!(text.bytes().any(|b| b.is_ascii_uppercase()));
            text.bytes().for_each(|byte| frequency[usize::from(byte)] += 1);
            assert!(seen.insert(text.to_owned()), "seed 7: twice the same");
        }
        // Rejection makes digits (8 of 56, one at least) slightly likelier: within each class the
        // signs must be even, within 3 %.
        for class in [&SIGNS[..8], &SIGNS[8..32], &SIGNS[32..]] {
            let counts: Vec<u32> = class.iter().map(|sign| frequency[usize::from(*sign)]).collect();
            let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
            for count in counts {
                assert!((f64::from(count) / mean - 1.0).abs() < 0.03, "{count} of mean {mean}");
            }
        }
        assert_eq!(frequency.iter().filter(|count| **count > 0).count(), SIGNS.len());
    }

    /// SEC-02.
    #[test]
    fn a_password_does_not_print() {
        let password = InitialPassword::draw(&mut counter(1));
        let shown = format!("{password:?}");
        assert!(shown.contains("REDACTED") && !shown.contains(password.reveal()), "{shown}");
    }
}
