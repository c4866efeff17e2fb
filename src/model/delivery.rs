//! A delivery: what was received for one school from one source, once read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::ids::{Digest, SchoolYear, Uai};
use super::record::Content;

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    SieclePupils,
    SiecleStructures,
    SiecleNomenclature,
    Sts,
}

impl Source {
    pub const ALL: [Self; 4] =
        [Self::SieclePupils, Self::SiecleStructures, Self::SiecleNomenclature, Self::Sts];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SieclePupils => "siecle-pupils",
            Self::SiecleStructures => "siecle-structures",
            Self::SiecleNomenclature => "siecle-nomenclature",
            Self::Sts => "sts",
        }
    }
    /// What a school calls it.
    pub fn french(self) -> &'static str {
        match self {
            Self::SieclePupils => "Siècle, élèves",
            Self::SiecleStructures => "Siècle, structures",
            Self::SiecleNomenclature => "Siècle, nomenclatures",
            Self::Sts => "STSWeb",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Rows of one file. Always `read = accepted + quarantined + rejected` (DESIGN rule 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub read: u64,
    pub accepted: u64,
    /// Set aside by a check: a correction at the source brings them back.
    pub quarantined: u64,
    /// No record could be made of them: no key, no name.
    pub rejected: u64,
}

impl Counts {
    pub fn add_up(&self) -> bool {
        self.read == self.accepted + self.quarantined + self.rejected
    }
}

/// What the file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub source: Source,
    pub uai: Uai,
    pub school_year: SchoolYear,
    /// `HORODATAGE`, else `DATE_EXPORT` at midnight (Europe/Paris); STSWeb has none.
    pub exported_at: Option<Timestamp>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The newest good one of its school and source: the desired state is made of these.
    Current,
    /// Good, but a newer export is known.
    Superseded,
    /// Good, of the school year in preparation: waits for the turn of the year.
    Early,
    /// Refused whole; changes nothing.
    Refused,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Superseded => "superseded",
            Self::Early => "early",
            Self::Refused => "refused",
        }
    }
}

/// A delivery that was read and not refused by its parser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// SHA-256 of the XML bytes: identical bytes are the same delivery, whatever their name.
    pub digest: Digest,
    /// Path below the inbox, with `!entry` for a part of an archive.
    pub name: String,
    /// When it reached the Région: starts the 72 h clock, never moves.
    pub received_at: Timestamp,
    /// When the same bytes came last: a correction may be an undoing, and it is what dates a file
    /// that has no date of its own.
    pub last_received_at: Timestamp,
    pub header: Header,
    pub content: Content,
    /// As the parser left them: nothing is quarantined yet.
    pub counts: Counts,
    /// What the parser found.
    pub findings: Vec<Finding>,
}
