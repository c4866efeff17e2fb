//! Records: one person or structure as one source describes it, after the door. Whatever is not
//! a field here was dropped by the parser (requirements 3.3).

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::{IneKey, StructureCode, StructureKind};
use super::traits::Traits;

/// The names of one person as declared, NFC and trimmed, case and accents as received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Names {
    /// Birth name (`NOM_DE_FAMILLE`, `NOM_PATRONYMIQUE`); for local staff, the only name given.
    pub family: String,
    /// Usage name, when there is one and it differs from nothing.
    pub usage: Option<String>,
    /// First name or names, whole (`PRENOM`).
    pub given: String,
}

impl Names {
    /// The name that the person is called by: usage first, birth name otherwise.
    pub fn called(&self) -> &str {
        self.usage.as_deref().unwrap_or(&self.family)
    }
}

/// One `ELEVE` of a Siècle file, with its structures joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PupilRecord {
    /// Line of `<ELEVE` in the file, from 1.
    pub line: u64,
    /// `ELEVE_ID`: the key inside the file and, with the UAI, between deliveries of one school.
    pub eleve_id: String,
    /// `ELENOET`, only when `ID_ELEVE_ETAB` does not say that it is another school's.
    pub local_number: Option<String>,
    /// Keyed hashes of every INE given (in force, BEA, RNIE); empty when there is none.
    pub ine: BTreeSet<IneKey>,
    pub names: Names,
    pub birth_date: Option<Date>,
    /// Deliveries read before the traits existed have none.
    #[serde(default)]
    pub traits: Traits,
    pub entered_on: Option<Date>,
    /// `DATE_SORTIE`; may be in the future. Exited pupils stay listed (formats 2.4).
    pub left_on: Option<Date>,
    /// `CODE_MEF`, 11 characters.
    pub mef: Option<String>,
    /// `CODE_STATUT`: ST, AP (apprentices, R-57)…
    pub status: Option<String>,
    /// Every D of the pupil in file order, « Inactifs » left out.
    pub divisions: Vec<StructureCode>,
    pub groups: Vec<StructureCode>,
}

/// Where the number of a member of staff was drawn from (formats 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffKind {
    /// The académie's personnel base.
    Epp,
    /// Typed in STSWeb by the head: often without birth date, sex or birth name.
    Local,
}

/// A member of staff as a service names him: (`TYPE`, `ID`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StaffRef {
    pub kind: StaffKind,
    pub id: String,
}

/// One `INDIVIDU` or `SUPPLEANT` of an STSWeb file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRecord {
    pub line: u64,
    pub staff: StaffRef,
    pub names: Names,
    pub birth_date: Option<Date>,
    /// `FONCTION` as written (ENS, DIR…); its meaning is in `mappings/functions.toml`.
    pub function: Option<String>,
    /// Divisions of which the person is head teacher, with the last day when one is given.
    pub head_teacher_of: Vec<(StructureCode, Option<Date>)>,
    /// Came from `SUPPLEANTS`.
    pub substitute: bool,
}

/// A division or group as STSWeb or Siècle Structures declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureRecord {
    pub line: u64,
    pub kind: StructureKind,
    pub code: StructureCode,
    /// `LIBELLE_LONG`, trimmed; absent when empty: the code then serves.
    pub label: Option<String>,
    /// For a group: the divisions it draws on.
    pub divisions: Vec<StructureCode>,
    /// Teachers of the services, distinct, in order (STSWeb only).
    pub teachers: Vec<StaffRef>,
    /// `EFFECTIF_CALCULE` or `EFFECTIF_PREVU`, for plausibility only.
    pub headcount: Option<u32>,
}

/// What an STSWeb file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct StsContent {
    pub staff: Vec<StaffRecord>,
    pub structures: Vec<StructureRecord>,
}

/// One `MEF` of a nomenclature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MefRecord {
    pub line: u64,
    pub code: String,
    pub label: Option<String>,
}

/// The records of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Pupils(Vec<PupilRecord>),
    Structures(Vec<StructureRecord>),
    Nomenclature(Vec<MefRecord>),
    Sts(StsContent),
}
