//! Divisions and groups, as `BEE_STRUCTURES` and `STS_EDT` declare them (formats 1.2, 2.5). The
//! two differ in the names of attributes and in what is an attribute; both ways are read.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::notes::Notes;
use super::stsweb::staff_kind;
use super::xml::{Verdict, Xml};
use super::{Door, count_row, push_bounded, text};
use crate::model::delivery::Counts;
use crate::model::finding;
use crate::model::ids::{StructureCode, StructureKind};
use crate::model::record::{Content, StaffRef, StructureRecord};

#[derive(Default)]
pub(super) struct Structures {
    has_divisions: bool,
    divisions: u64,
    groups: u64,
    rejected: u64,
    records: Vec<StructureRecord>,
    places: BTreeMap<(StructureKind, StructureCode), usize>,
}

impl Structures {
    /// The children of `DONNEES` in Siècle, of `DONNEES/STRUCTURE` in STSWeb.
    pub(super) fn read_sections<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        while xml.child()? {
            match xml.name() {
                "DIVISIONS" => {
                    self.has_divisions = true;
                    self.read_list(xml, notes, door, StructureKind::Division)?;
                }
                "GROUPES" => self.read_list(xml, notes, door, StructureKind::Group)?,
                _ => xml.unknown()?,
            }
        }
        Ok(())
    }

    fn read_list<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
        kind: StructureKind,
    ) -> Verdict<()> {
        while xml.child()? {
            let line = xml.line();
            match (xml.name(), kind) {
                ("DIVISION", StructureKind::Division) => {
                    count_row(&mut self.divisions, door.divisions_max, notes, line)?;
                }
                ("GROUPE", StructureKind::Group) => {
                    count_row(&mut self.groups, door.groups_max, notes, line)?;
                }
                _ => {
                    xml.unknown()?;
                    continue;
                }
            }
            match read_structure(xml, notes, kind)? {
                Some(record) => self.add(record, notes),
                None => {
                    self.rejected += 1;
                    notes.push(notes.at(finding::ID_MISSING, line));
                }
            }
        }
        Ok(())
    }

    /// The same code again: merged; told when the two rows do not say the same.
    fn add(&mut self, record: StructureRecord, notes: &mut Notes<'_>) {
        let line = record.line;
        let other_kind = match record.kind {
            StructureKind::Division => StructureKind::Group,
            StructureKind::Group => StructureKind::Division,
        };
        let place = self.places.get(&(record.kind, record.code.clone())).copied();
        let differs = match place.and_then(|place| self.records.get_mut(place)) {
            Some(first) => {
                let same = StructureRecord { line: first.line, ..record.clone() } == *first;
                merge(first, &record);
                !same
            }
            None => {
                // STSWeb itself refuses one code for a class and a group: it blocks the school.
                let differs = self.places.contains_key(&(other_kind, record.code.clone()));
                self.places.insert((record.kind, record.code.clone()), self.records.len());
                self.records.push(record.clone());
                differs
            }
        };
        if differs {
            let twice = notes.at(finding::STRUCTURE_DUPLICATED, line);
            notes.push(twice.with("code", &record.code).with("kind", record.kind.as_str()));
        }
    }

    /// The records of an STSWeb file, where structures are no rows.
    pub(super) fn into_records(self) -> Vec<StructureRecord> {
        self.records
    }

    pub(super) fn finish(self, notes: &Notes<'_>) -> Verdict<(Content, Counts)> {
        if !self.has_divisions {
            return Err(notes.at_file(finding::SECTION_MISSING).with("section", "DIVISIONS"));
        }
        let read = self.divisions + self.groups;
        let accepted = read - self.rejected;
        let counts = Counts { read, accepted, quarantined: 0, rejected: self.rejected };
        Ok((Content::Structures(self.records), counts))
    }
}

/// Nothing is lost: a teacher of the second row would otherwise lose the class.
fn merge(first: &mut StructureRecord, second: &StructureRecord) {
    if first.label.is_none() {
        first.label.clone_from(&second.label);
    }
    first.headcount = first.headcount.or(second.headcount);
    for code in &second.divisions {
        if !first.divisions.contains(code) {
            first.divisions.push(code.clone());
        }
    }
    for teacher in &second.teachers {
        if !first.teachers.contains(teacher) {
            first.teachers.push(teacher.clone());
        }
    }
}

/// Reads the `DIVISION` or `GROUPE` that was just opened; None when it has no code.
fn read_structure<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &Notes<'_>,
    kind: StructureKind,
) -> Verdict<Option<StructureRecord>> {
    let Some(code) = code_attribute(xml) else {
        xml.skip()?;
        return Ok(None);
    };
    let mut record = StructureRecord {
        line: xml.line(),
        kind,
        code,
        label: None,
        divisions: Vec::new(),
        teachers: Vec::new(),
        headcount: None,
    };
    let mut planned = None;
    while xml.child()? {
        match xml.name() {
            "LIBELLE_LONG" => record.label = text::label(xml.text()?),
            "EFFECTIF_CALCULE" => record.headcount = headcount(xml.text()?),
            "EFFECTIF_PREVU" => planned = headcount(xml.text()?),
            "SERVICES" => read_services(xml, notes, &mut record.teachers)?,
            "DIVISIONS_APPARTENANCE" if kind == StructureKind::Group => {
                read_divisions(xml, notes, &mut record.divisions)?;
            }
            "MEFS_APPARTENANCE" | "CODE_RNE" | "CODE_CONTRAT" => xml.skip()?,
            _ => xml.unknown()?,
        }
    }
    record.headcount = record.headcount.or(planned);
    Ok(Some(record))
}

/// `CODE` in STSWeb, `CODE_STRUCTURE` in Siècle.
fn code_attribute<R: BufRead>(xml: &Xml<R>) -> Option<StructureCode> {
    let written = xml.attribute("CODE").or_else(|| xml.attribute("CODE_STRUCTURE"))?;
    text::code(&written).map(StructureCode)
}

fn headcount(text: &str) -> Option<u32> {
    text::trim(text).parse().ok()
}

/// The divisions that a group draws on.
fn read_divisions<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &Notes<'_>,
    divisions: &mut Vec<StructureCode>,
) -> Verdict<()> {
    while xml.child()? {
        if !matches!(xml.name(), "DIVISION_APPARTENANCE" | "DIVISION") {
            xml.unknown()?;
            continue;
        }
        let line = xml.line();
        let mut code = code_attribute(xml);
        while xml.child()? {
            match xml.name() {
                "CODE_STRUCTURE" => code = text::code(xml.text()?).map(StructureCode).or(code),
                // « Avec leurs caractéristiques »: those of the division, told there.
                "EFFECTIF_PREVU" | "EFFECTIF_CALCULE" | "LIBELLE_LONG" | "CODE_RNE"
                | "CODE_CONTRAT" | "MEFS_APPARTENANCE" => xml.skip()?,
                _ => xml.unknown()?,
            }
        }
        if let Some(code) = code.filter(|code| !divisions.contains(code)) {
            push_bounded(divisions, code, notes, line)?;
        }
    }
    Ok(())
}

/// `SERVICES/SERVICE/ENSEIGNANTS/ENSEIGNANT`: who teaches here, each once, in order.
fn read_services<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &Notes<'_>,
    teachers: &mut Vec<StaffRef>,
) -> Verdict<()> {
    while xml.child()? {
        if xml.name() != "SERVICE" {
            xml.unknown()?;
            continue;
        }
        while xml.child()? {
            if xml.name() != "ENSEIGNANTS" {
                xml.unknown()?;
                continue;
            }
            while xml.child()? {
                if xml.name() != "ENSEIGNANT" {
                    xml.unknown()?;
                    continue;
                }
                let line = xml.line();
                let id = xml.attribute("ID").and_then(|id| text::code(&id));
                let (kind, _) = staff_kind(xml.attribute("TYPE").as_deref());
                let teacher = id.map(|id| StaffRef { kind, id });
                // Hours and the like are for pay.
                xml.skip()?;
                if let Some(teacher) = teacher.filter(|teacher| !teachers.contains(teacher)) {
                    push_bounded(teachers, teacher, notes, line)?;
                }
            }
        }
    }
    Ok(())
}
