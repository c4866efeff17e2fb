//! Persons and their enrolments, as the registry keeps them.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::identifiers::Identifiers;
use super::ids::{IneKey, PersonId, StructureCode, Uai};
use super::record::Names;
use super::traits::Traits;

/// An identifier that a source gives to a person, with the space in which it is unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Identifier {
    Ine {
        key: IneKey,
    },
    /// `ELEVE_ID`, trusted inside one school only (formats 7.2).
    Siecle {
        uai: Uai,
        id: String,
    },
    StsEpp {
        academy: String,
        id: String,
    },
    StsLocal {
        uai: Uai,
        id: String,
    },
}

impl Identifier {
    /// National, and matching-only; the others are numbers of a school or an académie.
    pub fn is_ine(&self) -> bool {
        matches!(self, Self::Ine { .. })
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ine { key } => write!(f, "ine:{key}"),
            Self::Siecle { uai, id } => write!(f, "siecle:{uai}:{id}"),
            Self::StsEpp { academy, id } => write!(f, "epp:{academy}:{id}"),
            Self::StsLocal { uai, id } => write!(f, "local:{uai}:{id}"),
        }
    }
}

/// What a person is to a school. The categories of staff come from `mappings/functions.toml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Pupil,
    Teacher,
    /// Other staff, by category: `direction`, `education`…
    Staff(String),
    /// Function missing or unknown: an existing account is kept as it is, none is made.
    Unknown,
}

impl Role {
    pub fn is_pupil(&self) -> bool {
        matches!(self, Self::Pupil)
    }
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pupil => "pupil",
            Self::Teacher => "teacher",
            Self::Staff(category) => category,
            Self::Unknown => "unknown",
        }
    }
}

/// Where an enrolment is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum EnrolmentState {
    Current,
    /// Declared to begin on a later day.
    Future,
    /// Another school still claims the pupil: « en attente de libération ».
    Held {
        since: Date,
    },
    Ended {
        on: Date,
        by: EndedBy,
    },
}

/// What ended an enrolment. Absence of a file never does (DESIGN rule 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// `DATE_SORTIE` in the school's own file.
    ExitDate,
    /// Not in a complete, current delivery of the school.
    NotListed,
    /// Another school lists the pupil in a newer school year; this one says nothing of it yet.
    NewYearElsewhere,
    /// Somebody decided that the person is another one, who has the record now.
    Joined,
    /// Somebody decided that the record, which alone led here, is of another person.
    Separated,
    /// The run that began it was taken back.
    RolledBack,
}

/// Two persons of the registry turned out to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub to: PersonId,
    pub on: Date,
}

/// Person × school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    pub role: Role,
    pub state: EnrolmentState,
    pub since: Date,
    pub entered_on: Option<Date>,
    /// The class, when exactly one is sure.
    pub division: Option<StructureCode>,
    pub groups: BTreeSet<StructureCode>,
}

/// The enrolments of a person, by school: one or two, in one piece of memory.
pub type Enrolments = LiteMap<Uai, Enrolment>;

/// One human being, known to the registry under a number that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// Best-written form seen; usage name for display.
    pub names: Names,
    /// For matching only; never in a target, a log or a report (requirements 3.2).
    pub birth_date: Option<Date>,
    pub identifiers: Identifiers,
    /// As last declared; for matching only.
    #[serde(default)]
    pub traits: Traits,
    pub enrolments: Enrolments,
    /// The school under which the account stands; kept during a hold.
    pub place: Option<Uai>,
    /// Somebody decided that this is another person of the registry (`review decide`), whose
    /// account goes on; this one's ends. Undone, it is a person again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Joined>,
    /// None until the first school gives a right to one.
    pub account: Option<Account>,
}

impl Person {
    /// Enrolments that give a right today.
    pub fn current(&self) -> impl Iterator<Item = (&Uai, &Enrolment)> {
        self.enrolments.iter().filter(|(_, enrolment)| enrolment.state == EnrolmentState::Current)
    }
}
