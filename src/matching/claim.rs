//! Claims: what one record says of a person, as far as matching is concerned.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::delivery::Source;
use crate::model::ids::Uai;
use crate::model::person::Identifier;
use crate::model::record::{Names, PupilRecord, StaffKind, StaffRecord, StaffRef};
use crate::model::school::School;

/// Which record: unique in a run, and the order in which new persons are numbered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimId {
    pub uai: Uai,
    pub source: Source,
    /// Line in the delivery.
    pub line: u64,
}

/// One record, for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub id: ClaimId,
    pub identifiers: BTreeSet<Identifier>,
    pub names: Names,
    pub birth_date: Option<Date>,
}

impl Claim {
    /// The number under which the school knows the person; empty when there is none.
    pub fn number(&self) -> &str {
        number(&self.identifiers)
    }
}

/// The number, among identifiers, under which a school knows a person.
pub fn number(identifiers: &BTreeSet<Identifier>) -> &str {
    let number = identifiers.iter().find_map(|identifier| match identifier {
        Identifier::Siecle { id, .. }
        | Identifier::StsEpp { id, .. }
        | Identifier::StsLocal { id, .. } => Some(id.as_str()),
        Identifier::Ine { .. } => None,
    });
    number.unwrap_or_default()
}

/// The claim of a pupil's record.
pub fn of_pupil(uai: &Uai, record: &PupilRecord) -> Claim {
    let mut identifiers: BTreeSet<Identifier> =
        record.ine.iter().map(|key| Identifier::Ine { key: key.clone() }).collect();
    identifiers.insert(Identifier::Siecle { uai: uai.clone(), id: record.eleve_id.clone() });
    Claim {
        id: ClaimId { uai: uai.clone(), source: Source::SieclePupils, line: record.line },
        identifiers,
        names: record.names.clone(),
        birth_date: record.birth_date,
    }
}

/// The claim of a staff record.
pub fn of_staff(school: &School, record: &StaffRecord) -> Claim {
    Claim {
        id: ClaimId { uai: school.uai.clone(), source: Source::Sts, line: record.line },
        identifiers: BTreeSet::from([staff_identifier(school, &record.staff)]),
        names: record.names.clone(),
        birth_date: record.birth_date,
    }
}

/// The identifier behind a staff number: its space is the académie for `epp`, the school for
/// `local` (formats 7.4).
pub fn staff_identifier(school: &School, staff: &StaffRef) -> Identifier {
    match staff.kind {
        StaffKind::Epp => {
            Identifier::StsEpp { academy: school.academy.clone(), id: staff.id.clone() }
        }
        StaffKind::Local => Identifier::StsLocal { uai: school.uai.clone(), id: staff.id.clone() },
    }
}
