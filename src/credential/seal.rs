//! Sealing: what leaves memory can be opened by the reader's key only (SEC-14).

use age::x25519;

/// The public key (`age1…`) of whoever prints the sheets.
#[derive(Clone)]
pub struct Recipient(x25519::Recipient);

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("not an age recipient (age1…): {0}")]
    Recipient(String),
    #[error("cannot seal: {0}")]
    Seal(String),
}

impl Recipient {
    /// Reads `age1…`.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        text.trim()
            .parse::<x25519::Recipient>()
            .map(Self)
            .map_err(|_| SealError::Recipient(text.to_owned()))
    }

    /// Seals a text; only the recipient's identity opens it.
    pub fn seal(&self, text: &str) -> Result<Vec<u8>, SealError> {
        age::encrypt(&self.0, text.as_bytes()).map_err(|error| SealError::Seal(error.to_string()))
    }
}

/// A new key pair, as text: the identity (secret, to be kept elsewhere) and its recipient.
pub fn new_key_pair() -> (secrecy::SecretString, String) {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    (identity.to_string(), recipient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    /// SEC-14: what is sealed opens with the key, and holds no clear text.
    #[test]
    fn only_the_identity_opens_what_is_sealed() {
        let (identity, recipient) = new_key_pair();
        let sealed = Recipient::parse(&recipient).unwrap().seal("Canari-Secret-42").unwrap();
        assert!(!sealed.windows(14).any(|part| part == b"Canari-Secret-"));
        let identity: x25519::Identity = identity.expose_secret().parse().unwrap();
        assert_eq!(age::decrypt(&identity, &sealed).unwrap(), b"Canari-Secret-42");
        let (other, _) = new_key_pair();
        let other: x25519::Identity = other.expose_secret().parse().unwrap();
        assert!(age::decrypt(&other, &sealed).is_err());
    }
}
