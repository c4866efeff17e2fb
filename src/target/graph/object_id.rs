//! The number that the service gives an object: a GUID.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An object of the tenant. Stored without hyphens: there are hundreds of thousands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(pub u128);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        for (at, (from, to)) in parts.into_iter().enumerate() {
            if at > 0 {
                f.write_str("-")?;
            }
            f.write_str(digits.get(from..to).unwrap_or_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an object: {0}")]
pub struct NotAnId(String);

impl FromStr for ObjectId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId(text.to_owned());
        let digits: String = text.chars().filter(|sign| *sign != '-').collect();
        let is_guid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).map_err(|_| wrong())?;
        if is_guid { Ok(Self(number)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for ObjectId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        format!("{:032x}", id.0)
    }
}

/// A random GUID (RFC 9562, version 4), as requests and assertions are named.
pub(super) fn random(entropy: fn(&mut [u8])) -> ObjectId {
    let mut bytes = [0; 16];
    entropy(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let version = 0xf << 76;
    let variant = 0x3 << 62;
    ObjectId(number & !version & !variant | 0x4 << 76 | 0x2 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_in_both_forms() {
        let text = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let id: ObjectId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!(stored, "\"0f8fad5bd9cb469fa16570867728950e\"");
        assert_eq!(serde_json::from_str::<ObjectId>(&stored).unwrap(), id);
        for text in ["", "x", "0f8fad5b", "0f8fad5b-d9cb-469f-a165-70867728950e0", "+1"] {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_drawn_number_says_that_it_is_drawn() {
        let text = random(|bytes| bytes.fill(0xff)).to_string();
        assert_eq!(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
