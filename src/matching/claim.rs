//! Claims: what one record says of a person, as far as matching is concerned.

use jiff::civil::Date;

use super::level;
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::ids::{SchoolYear, Uai};
use crate::model::person::Identifier;
use crate::model::record::{Names, PupilRecord, StaffKind, StaffRecord, StaffRef};
use crate::model::school::School;
use crate::model::traits::Traits;

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
    pub identifiers: Identifiers,
    pub names: Names,
    pub birth_date: Option<Date>,
    /// Level included; what the record does not say is not known.
    pub traits: Traits,
    /// The day on which the school says that the person leaves, or left.
    pub left_on: Option<Date>,
}

impl Claim {
    /// A pupil and a member of staff are never one person to a machine.
    pub fn is_pupil(&self) -> bool {
        self.id.source == Source::SieclePupils
    }

    /// The number under which the school knows the person; empty when there is none.
    pub fn number(&self) -> &str {
        number(&self.identifiers)
    }
}

/// The number, among identifiers, under which a school knows a person.
pub fn number(identifiers: &Identifiers) -> &str {
    let number = identifiers.iter().find_map(|identifier| match identifier {
        Identifier::Siecle { id, .. }
        | Identifier::StsEpp { id, .. }
        | Identifier::StsLocal { id, .. } => Some(id.as_str()),
        Identifier::Ine { .. } => None,
    });
    number.unwrap_or_default()
}

/// The claim of a pupil's record. `year` is that of its file.
pub fn of_pupil(uai: &Uai, record: &PupilRecord, year: Option<SchoolYear>) -> Claim {
    let mut identifiers: Identifiers =
        record.ine.iter().map(|key| Identifier::Ine { key: key.clone() }).collect();
    identifiers.insert(Identifier::Siecle { uai: uai.clone(), id: record.eleve_id.clone() });
    let level = year.zip(record.mef.as_deref()).and_then(|(year, mef)| level::level(mef, year));
    Claim {
        id: ClaimId { uai: uai.clone(), source: Source::SieclePupils, line: record.line },
        identifiers,
        names: record.names.clone(),
        birth_date: record.birth_date,
        traits: Traits { level, ..record.traits.clone() },
        left_on: record.left_on,
    }
}

/// The claim of a staff record.
pub fn of_staff(school: &School, record: &StaffRecord) -> Claim {
    Claim {
        id: ClaimId { uai: school.uai.clone(), source: Source::Sts, line: record.line },
        identifiers: Identifiers::from([staff_identifier(school, &record.staff)]),
        names: record.names.clone(),
        birth_date: record.birth_date,
        traits: Traits::default(),
        left_on: None,
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
