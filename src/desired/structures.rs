//! Divisions and groups as a school declares them this year, and who teaches in them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::input::SchoolInput;
use crate::matching::claim::staff_identifier;
use crate::model::delivery::{Delivery, Source};
use crate::model::ids::{StructureCode, StructureKey, StructureKind};
use crate::model::person::Identifier;
use crate::model::record::{Content, StructureRecord};

/// One division or group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declaration {
    pub label: Option<String>,
    /// Staff of the services and, for a division, head teachers in office.
    pub teachers: BTreeSet<Identifier>,
}

/// What one school declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structures {
    /// A source of structures of the school's year is in force: what is not here is closed.
    pub complete: bool,
    pub declared: BTreeMap<StructureKey, Declaration>,
}

impl Structures {
    /// The codes of the divisions.
    pub fn divisions(&self) -> BTreeSet<StructureCode> {
        self.declared
            .keys()
            .filter(|key| key.kind == StructureKind::Division)
            .map(|key| key.code.clone())
            .collect()
    }
}

/// Joins STSWeb and Siècle Structures. STSWeb names the teachers; a label of Siècle serves when
/// STSWeb has none. On a file on which nobody leaves no class closes either, and no teacher leaves
/// one: what the delivery before it declared is added.
pub fn of_school(input: &SchoolInput<'_>, today: Date) -> Structures {
    let year = input.year();
    let mut structures = Structures::default();
    let mut sts = Vec::new();
    for source in [Source::Sts, Source::SiecleStructures] {
        let now = input.deliveries.get(&source).copied();
        let before = input.measured.get(&source).filter(|_| now.is_some());
        let in_year = |delivery: &&Delivery| Some(delivery.header.school_year) == year;
        for delivery in now.into_iter().chain(before).filter(in_year) {
            let records = match &delivery.content {
                Content::Sts(content) => {
                    sts.push(content);
                    &content.structures
                }
                Content::Structures(records) => records,
                Content::Pupils(_) | Content::Nomenclature(_) => continue,
            };
            structures.complete |= !records.is_empty();
            records.iter().for_each(|record| add(&mut structures, input, record));
        }
    }
    for person in sts.into_iter().flat_map(|content| &content.staff) {
        for (code, until) in &person.head_teacher_of {
            let key = StructureKey {
                uai: input.school.uai.clone(),
                kind: StructureKind::Division,
                code: code.clone(),
            };
            let in_office = until.is_none_or(|last| last >= today);
            if let Some(declaration) = structures.declared.get_mut(&key).filter(|_| in_office) {
                declaration.teachers.insert(staff_identifier(input.school, &person.staff));
            }
        }
    }
    structures
}

fn add(structures: &mut Structures, input: &SchoolInput<'_>, record: &StructureRecord) {
    let key = StructureKey {
        uai: input.school.uai.clone(),
        kind: record.kind,
        code: record.code.clone(),
    };
    let declaration = structures.declared.entry(key).or_default();
    if declaration.label.is_none() {
        declaration.label.clone_from(&record.label);
    }
    let teachers = record.teachers.iter().map(|staff| staff_identifier(input.school, staff));
    declaration.teachers.extend(teachers);
}
