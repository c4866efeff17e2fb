//! Identifiers of objects: 128 bits, written as the service writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::academy::seed::Stream;

/// `8a2e6d31-…`, in sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guid(pub(super) u128);

impl Guid {
    /// A drawn one (RFC 9562, version 4).
    pub(super) fn drawn(stream: &mut Stream) -> Self {
        let half = |stream: &mut Stream| u128::from(stream.below(u64::MAX));
        let number = (half(stream) << 64) | half(stream);
        let number = (number & !(0xf << 76)) | (0x4 << 76);
        Self((number & !(0x3 << 62)) | (0x2 << 62))
    }

    /// Without dashes, as the service puts it before the name of a deleted account.
    pub(super) fn plain(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = self;
        let part = |shift: u32, digits: u32| (number >> shift) & ((1u128 << (digits * 4)) - 1);
        let (a, b, c) = (part(96, 8), part(80, 4), part(64, 4));
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", part(48, 4), part(0, 12))
    }
}

impl FromStr for Guid {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let dashes_right = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| {
                (byte == b'-') == matches!(at, 8 | 13 | 18 | 23) && (byte != b'+')
            });
        if !dashes_right {
            return Err(());
        }
        u128::from_str_radix(&text.replace('-', ""), 16).map(Self).map_err(|_| ())
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("not a GUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_and_read_back() {
        let text = "01234567-89ab-4def-8123-456789abcdef";
        let guid: Guid = text.parse().unwrap();
        assert_eq!((guid.to_string(), guid.plain()), (text.to_owned(), text.replace('-', "")));
        assert_eq!(serde_json::to_string(&guid).unwrap(), format!("\"{text}\""));
        for wrong in
            ["", "0123456789ab4def8123456789abcdef", "g1234567-89ab-4def-8123-456789abcdef"]
        {
            assert_eq!(wrong.parse::<Guid>(), Err(()), "{wrong}");
        }
        let drawn = Guid::drawn(&mut Stream::new(1, "guid")).to_string();
        assert_eq!(drawn.parse::<Guid>().unwrap().to_string(), drawn);
        assert_eq!(drawn.as_bytes()[14], b'4');
    }
}
