//! What a record says of a person, as it is kept with a question: enough to show it beside an
//! account. An INE stands there as its keyed hash, and is never shown (requirements 3.3).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::identifiers::Identifiers;
use super::ids::StructureCode;
use super::person::Identifier;
use super::record::Names;
use super::traits::Traits;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedRecord {
    pub names: Names,
    pub birth_date: Option<Date>,
    pub traits: Traits,
    pub identifiers: Identifiers,
    pub left_on: Option<Date>,
    /// Classes, as written.
    pub classes: Vec<StructureCode>,
}

impl AskedRecord {
    /// The identifier under which the school knows the person.
    pub fn number(&self) -> Option<&Identifier> {
        self.identifiers.iter().find(|identifier| !identifier.is_ine())
    }
    pub fn has_ine(&self) -> bool {
        self.identifiers.iter().any(Identifier::is_ine)
    }
}
