//! Entries: the objects of a target, as far as they are managed. Desired and observed entries have
//! the same shape, so that a plan is their difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};

pub use super::attributes::Attributes;
use super::ids::{Digest, PersonId, SchoolYear, StructureCode, StructureKey, StructureKind, Uai};

/// Which of our objects an entry is. Its text form is the ownership mark that the entry carries in
/// the target; an entry without one is never changed nor deleted (DESIGN rule 6, SEC-45).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObjectKey {
    /// A branch of the tree, by its path below the base: `0590001F/personnes`.
    Container(String),
    Account(PersonId),
    Group(StructureKey),
    /// The group of a structure in one school year, in targets where a rentrée makes new groups
    /// instead of moving everybody link by link (Office 365).
    Yearly(YearGroup),
    /// The team made of such a group.
    Team(YearGroup),
    /// Everybody who gets one licence by being in it.
    Licence(Licence),
}

/// What the group of a structure is in a school year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearGroup {
    pub year: SchoolYear,
    pub form: GroupForm,
    pub structure: StructureKey,
}

/// A group never changes its form: another form is another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupForm {
    /// Rights only.
    Security,
    /// With a mailbox and a site: a Microsoft 365 group.
    Unified,
}

impl GroupForm {
    /// As it is written in a mark.
    fn sign(self) -> char {
        match self {
            Self::Security => '@',
            Self::Unified => '+',
        }
    }
}

/// The two licences of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licence {
    Pupils,
    Staff,
}

impl Licence {
    pub const ALL: [Self; 2] = [Self::Pupils, Self::Staff];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pupils => "pupils",
            Self::Staff => "staff",
        }
    }
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
            Self::Group(_) | Self::Yearly(_) | Self::Licence(_) => ObjectKind::Group,
            Self::Team(_) => ObjectKind::Team,
        }
    }

    /// The person whose account it is.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Account(person) => Some(*person),
            Self::Container(_)
            | Self::Group(_)
            | Self::Yearly(_)
            | Self::Team(_)
            | Self::Licence(_) => None,
        }
    }

    /// The structure that a group or team is of.
    pub fn structure(&self) -> Option<&StructureKey> {
        match self {
            Self::Group(structure) => Some(structure),
            Self::Yearly(group) | Self::Team(group) => Some(&group.structure),
            Self::Container(_) | Self::Account(_) | Self::Licence(_) => None,
        }
    }

    /// The same key with a code that tells nothing: a hash. It is the mark of a class whose code
    /// or label tells of handicap or the like (requirements 3.3); plans name the key itself.
    #[must_use]
    pub fn opaque(&self) -> Self {
        match self.structure() {
            Some(structure) => self.with_structure(&structure.opaque()),
            None => self.clone(),
        }
    }

    /// The same group or team, of another structure.
    #[must_use]
    pub(super) fn with_structure(&self, structure: &StructureKey) -> Self {
        let structure = structure.clone();
        match self.clone() {
            Self::Group(_) => Self::Group(structure),
            Self::Yearly(group) => Self::Yearly(YearGroup { structure, ..group }),
            Self::Team(group) => Self::Team(YearGroup { structure, ..group }),
            key @ (Self::Container(_) | Self::Account(_) | Self::Licence(_)) => key,
        }
    }

    /// Whether a mark that was found is this object's, in either form.
    pub fn is_marked(&self, found: &Self) -> bool {
        found == self || (self.structure().is_some() && *found == self.opaque())
    }
}

impl StructureKey {
    /// The structure whose code is a hash.
    pub(super) fn opaque(&self) -> Self {
        let Self { uai, kind, code } = self;
        let text = format!("mark\n{uai}\n{}\n{code}", kind.as_str());
        let digest = Digest::of_bytes(Sha256::digest(text));
        let digits: String = digest.as_str().chars().take(OPAQUE_DIGITS).collect();
        let code = StructureCode(format!("{OPAQUE}{digits}"));
        Self { uai: uai.clone(), kind: *kind, code }
    }

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
            Self::Yearly(group) => write!(f, "{MARK}:{group}"),
            Self::Team(group) => write!(f, "{MARK}:team-{group}"),
            Self::Licence(licence) => write!(f, "{MARK}:licence:{}", licence.as_str()),
        }
    }
}

impl fmt::Display for YearGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, form, structure: StructureKey { uai, kind, code } } = self;
        write!(f, "{}{}{}:{uai}:{code}", kind.as_str(), form.sign(), year.0)
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
            Ok(StructureKey { uai, kind, code: StructureCode(code.to_owned()) })
        };
        if let Some((form, kind, year)) = of_year(kind) {
            let (kind, is_team) = match kind.strip_prefix("team-") {
                Some(kind) => (kind, true),
                None => (kind, false),
            };
            let kind = structure_kind(kind).ok_or_else(wrong)?;
            let year = year.parse().map_err(|_| wrong())?;
            let group = YearGroup { year, form, structure: structure(kind)? };
            return Ok(if is_team { Self::Team(group) } else { Self::Yearly(group) });
        }
        match kind {
            "container" => Ok(Self::Container(rest.to_owned())),
            "account" => rest.parse().map(Self::Account).map_err(|_| wrong()),
            "licence" => {
                let licence = Licence::ALL.into_iter().find(|licence| licence.as_str() == rest);
                licence.map(Self::Licence).ok_or_else(wrong)
            }
            _ => structure(structure_kind(kind).ok_or_else(wrong)?).map(Self::Group),
        }
    }
}

/// Form, kind and year of `division@2026`.
fn of_year(text: &str) -> Option<(GroupForm, &str, &str)> {
    [GroupForm::Security, GroupForm::Unified].into_iter().find_map(|form| {
        let (kind, year) = text.split_once(form.sign())?;
        Some((form, kind, year))
    })
}

fn structure_kind(text: &str) -> Option<StructureKind> {
    [StructureKind::Division, StructureKind::Group].into_iter().find(|kind| kind.as_str() == text)
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
    Team,
}

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
            "rentree:division@2026:0590001F:2 A",
            "rentree:group+2026:0590001F:_301:P1@2",
            "rentree:team-division+2026:0590001F:2 A",
            "rentree:licence:pupils",
        ] {
            assert_eq!(text.parse::<ObjectKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "rentree",
            "rentree:account:x",
            "autre:account:1",
            "rentree:division:1:2",
            "rentree:division@26:0590001F:2 A",
            "rentree:team-division:0590001F:2 A",
            "rentree:licence:all",
        ] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}");
        }
    }
}
