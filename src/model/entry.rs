//! Entries: the objects of a target, as far as they are managed. Desired and observed entries have
//! the same shape, so that a plan is their difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};

use super::ids::{Digest, PersonId, StructureCode, StructureKey, StructureKind, Uai};

/// Which of our objects an entry is. Its text form is the ownership mark that the entry carries in
/// the target; an entry without one is never changed nor deleted (DESIGN rule 6, SEC-45).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObjectKey {
    /// A branch of the tree, by its path below the base: `0590001F/personnes`.
    Container(String),
    Account(PersonId),
    Group(StructureKey),
}

/// The mark's first word, in every target.
pub const MARK: &str = "rentree";
/// What an opaque code begins with, and the digits after it.
const OPAQUE: char = '#';
const OPAQUE_DIGITS: usize = 16;

impl ObjectKey {
    /// The school of a group or container; that of an account is not in its key.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Container(_) => ObjectKind::Container,
            Self::Account(_) => ObjectKind::Account,
            Self::Group(_) => ObjectKind::Group,
        }
    }

    /// The same key with a code that tells nothing: a hash. It is the mark of a class whose code
    /// or label tells of handicap or the like (requirements 3.3); plans name the key itself.
    #[must_use]
    pub fn opaque(&self) -> Self {
        let Self::Group(StructureKey { uai, kind, code }) = self else { return self.clone() };
        let text = format!("mark\n{uai}\n{}\n{code}", kind.as_str());
        let digest = Digest::of_bytes(Sha256::digest(text));
        let digits: String = digest.as_str().chars().take(OPAQUE_DIGITS).collect();
        let code = StructureCode(format!("{OPAQUE}{digits}"));
        Self::Group(StructureKey { uai: uai.clone(), kind: *kind, code })
    }

    /// Whether a mark that was found is this object's, in either form.
    pub fn is_marked(&self, found: &Self) -> bool {
        found == self || (self.kind() == ObjectKind::Group && *found == self.opaque())
    }
}

impl StructureKey {
    /// The code has the form of [`ObjectKey::opaque`].
    pub fn is_opaque(&self) -> bool {
        self.code.0.strip_prefix(OPAQUE).is_some_and(|digits| {
            digits.len() == OPAQUE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(path) => write!(f, "{MARK}:container:{path}"),
            Self::Account(person) => write!(f, "{MARK}:account:{person}"),
            Self::Group(StructureKey { uai, kind, code }) => {
                write!(f, "{MARK}:{}:{uai}:{code}", kind.as_str())
            }
        }
    }
}

/// The text is not one of our marks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a mark of rentree: {0}")]
pub struct NotAMark(String);

impl FromStr for ObjectKey {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let wrong = || NotAMark(text.to_owned());
        let rest = text.strip_prefix(MARK).and_then(|rest| rest.strip_prefix(':'));
        let (kind, rest) = rest.and_then(|rest| rest.split_once(':')).ok_or_else(wrong)?;
        let structure = |kind| {
            let (uai, code) = rest.split_once(':').ok_or_else(wrong)?;
            let uai: Uai = uai.parse().map_err(|_| wrong())?;
            Ok(Self::Group(StructureKey { uai, kind, code: StructureCode(code.to_owned()) }))
        };
        match kind {
            "container" => Ok(Self::Container(rest.to_owned())),
            "account" => rest.parse().map(Self::Account).map_err(|_| wrong()),
            "division" => structure(StructureKind::Division),
            "group" => structure(StructureKind::Group),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = NotAMark;
    fn try_from(text: String) -> Result<Self, NotAMark> {
        text.parse()
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.to_string()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    Container,
    Account,
    Group,
}

/// Attribute name (as the mapping spells it) → values, sorted; never empty: absent is absent.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// Link attribute (`member`, `owner`) → the names (DN) it points to, as written.
pub type Links = BTreeMap<String, BTreeSet<String>>;

/// One object as it should stand, or stands, in a target: managed attributes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub key: ObjectKey,
    /// The school it is counted under in reports and guards.
    pub uai: Option<Uai>,
    /// Where it stands: a DN.
    pub dn: String,
    /// Managed attributes, the mark and the object classes included; an attribute of this map that
    /// the other side lacks is added or removed. Never a password.
    pub attributes: Attributes,
    pub links: Links,
    /// The account can be used. True for every other kind of object.
    pub enabled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_mark_tells_nothing_and_is_recognised() {
        // Requirements 3.3.
        let key: ObjectKey = "rentree:division:0599990N:ULIS".parse().unwrap();
        let mark = key.opaque().to_string();
        assert!(
            !mark.contains("ULIS") && mark.starts_with("rentree:division:0599990N:#"),
            "{mark}"
        );
        let found: ObjectKey = mark.parse().unwrap();
        assert_eq!(found.to_string(), mark);
        assert!(key.is_marked(&found) && key.is_marked(&key));
        for other in ["rentree:division:0599990N:ULIS2", "rentree:group:0599990N:ULIS"] {
            let other: ObjectKey = other.parse().unwrap();
            assert!(!other.is_marked(&found) && !other.is_marked(&key), "{other}");
        }
        let account: ObjectKey = "rentree:account:1".parse().unwrap();
        assert_eq!(account.opaque(), account);
    }

    #[test]
    fn a_mark_is_read_back_as_it_was_written() {
        // SEC-45: codes are opaque and may hold anything, colons included.
        for text in [
            "rentree:container:0590001F/personnes",
            "rentree:account:4711",
            "rentree:division:0590001F:2 A",
            "rentree:group:0590001F:_301:P1é",
        ] {
            assert_eq!(text.parse::<ObjectKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "rentree", "rentree:account:x", "autre:account:1", "rentree:division:1:2"]
        {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}");
        }
    }
}
