//! Identifiers, one parser each: a value of these types is proof that the text was right.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Why a text is no identifier, in words fit for a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("an UAI is seven digits and a letter: {0}")]
    UaiForm(String),
    #[error("the key letter of {0} should be {1}")]
    UaiKey(String, char),
    #[error("a school year is its first year, four digits: {0}")]
    SchoolYear(String),
    #[error("a login is made of a-z, 0-9, dots and hyphens: {0}")]
    Login(String),
    #[error("a person's number is expected: {0}")]
    Person(String),
    #[error("a SHA-256 is 64 hexadecimal digits: {0}")]
    Digest(String),
}

/// The 23 key letters of UAI and INE-BEA: no I, O, Q (formats section 7).
pub const KEY_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

/// A school, by its national code: seven digits and a key letter, which is checked (formats 7.3).
/// Kept in place: every record of a Région names its school several times.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uai([u8; 8]);

impl Uai {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII, by its parser.
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uai({})", self.as_str())
    }
}

impl FromStr for Uai {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let form = || IdError::UaiForm(text.to_owned());
        let (number, letter) = text
            .split_at_checked(7)
            .filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(form)?;
        let [letter] = letter.as_bytes() else { return Err(form()) };
        if !letter.is_ascii_uppercase() {
            return Err(form());
        }
        let rank = number.parse::<usize>().map_err(|_| form())? % KEY_LETTERS.len();
        let expected = KEY_LETTERS.get(rank).copied().ok_or_else(form)?;
        if *letter != expected {
            return Err(IdError::UaiKey(text.to_owned(), char::from(expected)));
        }
        text.as_bytes().try_into().map(Self).map_err(|_| form())
    }
}

/// The first calendar year of a school year: 2026 is 2026-2027.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SchoolYear(pub i16);

impl SchoolYear {
    /// The school year in force on a day, when years change on `turn` (month, day).
    pub fn on(day: Date, turn: (i8, i8)) -> Self {
        Self(if (day.month(), day.day()) >= turn { day.year() } else { day.year() - 1 })
    }
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl FromStr for SchoolYear {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse::<i16>() {
            Ok(year) if text.len() == 4 && (1990..2100).contains(&year) => Ok(Self(year)),
            _ => Err(IdError::SchoolYear(text.to_owned())),
        }
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.0 + 1)
    }
}

/// The keyed hash of an INE: 32 hexadecimal digits, prefixed by the kind of number (`rnie:`,
/// `bea:`, `app:`, `ine:`). The INE itself never passes the door (requirements 3.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IneKey(pub String);

/// `CODE_STRUCTURE` of a division or group: opaque text, trimmed, compared exactly (formats 6.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StructureCode(pub String);

/// What a structure code names. Siècle says D and G.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructureKind {
    Division,
    Group,
}

impl StructureKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Division => "division",
            Self::Group => "group",
        }
    }
}

/// The key of a division or group: the same code is another class in another school.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StructureKey {
    pub uai: Uai,
    pub kind: StructureKind,
    pub code: StructureCode,
}

/// A login, as it stands in every target: `[a-z0-9.-]`, unique for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

impl Login {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = |byte: Option<u8>| byte.is_some_and(sign);
        let good = text.bytes().all(|byte| sign(byte) || byte == b'.' || byte == b'-')
            && ends(text.bytes().next())
            && ends(text.bytes().next_back())
            && text.len() <= 64;
        if good { Ok(Self(text.to_owned())) } else { Err(IdError::Login(text.to_owned())) }
    }
}

/// A keyed hash of something that only matching compares, and only for equality: a place of birth,
/// a second first name (requirements 3.3). The key is that of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TraitKey(pub u64);

/// A person known to the registry. Never changes, never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub u64);

impl FromStr for PersonId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(Self).map_err(|_| IdError::Person(text.to_owned()))
    }
}

/// A SHA-256 in lower-case hexadecimal: of a delivery's bytes, of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    pub fn of_bytes(hash: impl AsRef<[u8]>) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in hash.as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The 32 bytes that the digits say.
    pub fn to_bytes(&self) -> Vec<u8> {
        let pairs = self.0.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.filter_map(byte).collect()
    }
    /// The first 12 digits: enough for a person to tell two apart.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let good = text.len() == 64
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if good { Ok(Self(text.to_owned())) } else { Err(IdError::Digest(text.to_owned())) }
    }
}

macro_rules! text_forms {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}
text_forms!(Uai, Login, Digest);

macro_rules! shown_as_inside {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}
shown_as_inside!(IneKey, StructureCode, Login, PersonId, Digest);

impl fmt::Display for StructureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.uai, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uai_is_accepted_with_its_key_letter_only() {
        // SEC-41; vectors of formats 7.3.
        for good in ["0951099D", "0332490C", "0540001H", "0590001F"] {
            assert_eq!(good.parse::<Uai>().map(String::from), Ok(good.to_owned()));
        }
        assert_eq!("0750001A".parse::<Uai>(), Err(IdError::UaiKey("0750001A".into(), 'U')));
        for bad in ["", "+590119J", "059001F", "0590001f", "0590001FF", "059000éF", "123ABC"] {
            assert!(matches!(bad.parse::<Uai>(), Err(IdError::UaiForm(_))), "{bad}");
        }
    }

    #[test]
    fn a_login_has_no_other_signs_and_ends_on_a_letter_or_digit() {
        assert!("ines.lefevre2".parse::<Login>().is_ok());
        for bad in ["", ".a", "a.", "a-", "A", "a b", "é", "a,b", &"a".repeat(65)] {
            assert!(bad.parse::<Login>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_school_year_turns_on_the_day_that_is_set() {
        let turn = (8, 20);
        assert_eq!(SchoolYear::on(jiff::civil::date(2026, 8, 19), turn), SchoolYear(2025));
        assert_eq!(SchoolYear::on(jiff::civil::date(2026, 8, 20), turn), SchoolYear(2026));
        assert_eq!(SchoolYear::on(jiff::civil::date(2027, 1, 1), turn), SchoolYear(2026));
    }
}
