//! `{SSHA}`: the salted form in which an initial password is written (`PasswordForm::Ssha`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const PREFIX: &str = "{SSHA}";
const DIGEST_BYTES: usize = 20;
pub const SALT_BYTES: usize = 8;

/// The value of `userPassword` for a password and a salt that was drawn for it alone.
pub fn hashed(password: &str, salt: [u8; SALT_BYTES]) -> String {
    let mut whole = digest(password, &salt).to_vec();
    whole.extend_from_slice(&salt);
    format!("{PREFIX}{}", STANDARD.encode(whole))
}

/// The stored value is of this form, whether or not we can read it.
pub fn is_hashed(stored: &str) -> bool {
    stored.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

/// The password is the one that was stored.
pub fn matches(stored: &str, password: &str) -> bool {
    let whole = stored.get(PREFIX.len()..).and_then(|text| STANDARD.decode(text).ok());
    let Some(whole) = whole.filter(|whole| is_hashed(stored) && whole.len() >= DIGEST_BYTES) else {
        return false;
    };
    let (expected, salt) = whole.split_at(DIGEST_BYTES);
    // No early end: the time must not tell how many bytes were right.
    let difference = digest(password, salt).iter().zip(expected).fold(0, |d, (a, b)| d | (a ^ b));
    difference == 0
}

fn digest(password: &str, salt: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut sha = Sha1::new();
    sha.update(password.as_bytes());
    sha.update(salt);
    sha.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_password_is_recognised_and_no_other() {
        let stored = hashed("Canari-42", *b"sel sel ");
        assert!(is_hashed(&stored) && matches(&stored, "Canari-42"));
        for wrong in ["", "canari-42", "Canari-42 "] {
            assert!(!matches(&stored, wrong), "{wrong}");
        }
        assert!(!matches("{SSHA}AAAA", "") && !matches("Canari-42", "Canari-42"));
        assert_ne!(stored, hashed("Canari-42", *b"autresel"));
        // Made by slappasswd -h {SSHA}: its salt has four bytes.
        assert!(matches("{SSHA}JtlpkDDJYUTSqgAIbtcyuwkNF1d6CS07", "Canari-42"));
    }
}
