//! The schools inside the agreement, keyed by UAI; a name is only a label.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::Uai;

/// Where a school's people come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchoolSource {
    /// STSWeb for staff and structures, Siècle for pupils.
    StsSiecle,
    /// Declared by hand in PGCU only; deliveries are refused.
    Pgcu,
    /// Another file, not read yet.
    Other,
}

/// One line of `schools.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    pub uai: Uai,
    pub name: String,
    pub town: String,
    pub department: String,
    /// Scope of the `epp` numbers: two académies may use the same one for two people.
    pub academy: String,
    /// Reports are grouped by service, team and section.
    pub service: String,
    pub team: String,
    pub section: String,
    pub source: SchoolSource,
    pub o365_from: Option<Date>,
    pub o365_until: Option<Date>,
}

pub type Schools = BTreeMap<Uai, School>;
