//! Keyed hashes at the door (requirements 3.3): equal values give equal hashes, and without the key
//! of this installation a hash says nothing.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::model::ids::{IneKey, TraitKey};

/// Hashes with the key of `secrets/ine.key`.
pub struct KeyedHasher {
    key: SecretSlice<u8>,
}

impl KeyedHasher {
    pub fn new(key: SecretSlice<u8>) -> Self {
        Self { key }
    }

    /// An INE with its kind: the spaces of numbers are never compared with one another.
    pub(super) fn ine(&self, kind: &str, number: &str) -> IneKey {
        let mut text = String::with_capacity(kind.len() + 32);
        text.push_str(kind);
        for byte in self.hash(kind, number).iter().take(16) {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        IneKey(text)
    }

    /// A value in a space of its own. Half the bits of an INE's hash: a chance agreement of two
    /// values is still one in 10^19, and it is never proof by itself.
    pub(super) fn trait_key(&self, space: &str, value: &str) -> TraitKey {
        let hash = self.hash(space, value);
        let [a, b, c, d, e, f, g, h, ..] = hash;
        TraitKey(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    fn hash(&self, space: &str, value: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(space.as_bytes());
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for KeyedHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyedHasher([REDACTED])")
    }
}
