//! `BEE_ELEVES` (formats 2.3, 2.4): pupils, joined with their structures at the end, because the
//! sections come in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use super::memberships::{Block, Memberships};
use super::traits;
use crate::ingest::dates::Form;
use crate::ingest::ine::IneDoor;
use crate::ingest::notes::{DateField, Notes};
use crate::ingest::xml::{Verdict, Xml};
use crate::ingest::{Door, count_row, text};
use crate::model::delivery::{Counts, Header};
use crate::model::finding;
use crate::model::ids::Uai;
use crate::model::record::{Content, Names, PupilRecord};
use crate::model::traits::Traits;

#[derive(Default)]
pub(in crate::ingest) struct Pupils {
    has_section: bool,
    addresses_told: bool,
    pupils: Vec<Row>,
    /// Pupils that were listed but made no record: their structures are no orphans.
    rejected: BTreeSet<String>,
    counts: Counts,
    memberships: Memberships,
}

struct Row {
    record: PupilRecord,
    /// `ID_ELEVE_ETAB`: its six last digits say whose number `ELENOET` is.
    school_number: Option<String>,
}

/// One `ELEVE` while it is read.
#[derive(Default)]
struct Draft {
    family: Option<String>,
    old_name: Option<String>,
    usage: Option<String>,
    given: Option<String>,
    school_number: Option<String>,
}

impl Pupils {
    pub(in crate::ingest) fn read_data<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        while xml.child()? {
            match xml.name() {
                "ELEVES" => {
                    self.has_section = true;
                    while xml.child()? {
                        match xml.name() {
                            "ELEVE" => self.read_pupil(xml, notes, door)?,
                            _ => xml.unknown()?,
                        }
                    }
                }
                "STRUCTURES" => self.memberships.read(xml, notes, door)?,
                "ADRESSES" => self.drop_addresses(xml, notes)?,
                "OPTIONS" | "BOURSES" => xml.skip()?,
                _ => xml.unknown()?,
            }
        }
        Ok(())
    }

    /// Not one of them is read; the school is told once that it sends too much.
    fn drop_addresses<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
    ) -> Verdict<()> {
        let line = xml.line();
        while xml.child()? {
            if !std::mem::replace(&mut self.addresses_told, true) {
                notes.push(notes.at(finding::ADDRESSES_PRESENT, line));
            }
            xml.skip()?;
        }
        Ok(())
    }

    fn read_pupil<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        let line = xml.line();
        count_row(&mut self.counts.read, door.people_max, notes, line)?;
        let code = |xml: &Xml<R>, name| xml.attribute(name).and_then(|value| text::code(&value));
        let Some(eleve_id) = code(xml, "ELEVE_ID") else {
            self.counts.rejected += 1;
            notes.push(notes.at(finding::ID_MISSING, line));
            return xml.skip();
        };
        let mut record = PupilRecord {
            line,
            local_number: code(xml, "ELENOET"),
            ine: BTreeSet::new(),
            names: Names { family: String::new(), usage: None, given: String::new() },
            birth_date: None,
            traits: Traits::default(),
            entered_on: None,
            left_on: None,
            mef: None,
            status: None,
            divisions: Vec::new(),
            groups: Vec::new(),
            eleve_id,
        };
        let draft = read_fields(xml, notes, door, &mut record)?;
        let family = draft.family.or(draft.old_name);
        let (family, usage) = match (family, draft.usage) {
            (Some(family), usage) => (Some(family), usage),
            // The only name given is the name.
            (None, usage) => (usage, None),
        };
        let missing = match (&family, &draft.given) {
            (None, _) => Some("NOM_DE_FAMILLE"),
            (_, None) => Some("PRENOM"),
            _ => None,
        };
        if let Some(field) = missing {
            self.counts.rejected += 1;
            let finding = notes.at(finding::NAME_MISSING, line);
            notes.push(finding.with("id", &record.eleve_id).with("field", field));
            self.rejected.insert(record.eleve_id);
            return Ok(());
        }
        record.names = Names {
            family: family.unwrap_or_default(),
            usage,
            given: draft.given.unwrap_or_default(),
        };
        self.counts.accepted += 1;
        self.pupils.push(Row { record, school_number: draft.school_number });
        Ok(())
    }

    pub(in crate::ingest) fn finish(
        self,
        header: &Header,
        notes: &mut Notes<'_>,
    ) -> Verdict<(Content, Counts)> {
        let Self { has_section, addresses_told: _, pupils, rejected, counts, memberships } = self;
        if !has_section {
            return Err(notes.at_file(finding::SECTION_MISSING).with("section", "ELEVES"));
        }
        let blocks = memberships.into_blocks();
        tell_orphans(&blocks, &pupils, &rejected, notes);
        let records = pupils.into_iter().map(|Row { mut record, school_number }| {
            if school_number.is_some_and(|number| belongs_elsewhere(&number, &header.uai)) {
                record.local_number = None;
            }
            if let Some(block) = blocks.get(&record.eleve_id) {
                record.divisions.clone_from(&block.divisions);
                record.groups.clone_from(&block.groups);
            }
            record
        });
        Ok((Content::Pupils(records.collect()), counts))
    }
}

/// The children of one `ELEVE`, in any order. What is dropped is named, so that a new element
/// shows as unknown.
fn read_fields<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &mut Notes<'_>,
    door: &Door,
    record: &mut PupilRecord,
) -> Verdict<Draft> {
    let mut draft = Draft::default();
    let (id, line) = (record.eleve_id.clone(), record.line);
    let date = |element| DateField { id: &id, line, element, form: Form::French };
    let mut ine = IneDoor::new(&door.hasher, &id, line);
    while xml.child()? {
        match xml.name() {
            "ID_NATIONAL" => ine.take("ID_NATIONAL", xml.text()?, &mut record.ine, notes),
            "INE_RNIE" => ine.take("INE_RNIE", xml.text()?, &mut record.ine, notes),
            "INE_BEA" => ine.take("INE_BEA", xml.text()?, &mut record.ine, notes),
            "NOM_DE_FAMILLE" => draft.family = text::name(xml.text()?),
            "NOM_USAGE" => draft.usage = text::name(xml.text()?),
            // The single name of exports before summer 2016.
            "NOM" => draft.old_name = text::name(xml.text()?),
            "PRENOM" => {
                draft.given = text::name(xml.text()?);
                record.traits.given =
                    draft.given.as_deref().and_then(|g| traits::name_key(door, g));
            }
            "PRENOM2" => record.traits.second = traits::name_key(door, xml.text()?),
            "CODE_SEXE" => record.traits.sex = traits::sex(door, xml.text()?),
            "CODE_COMMUNE_INSEE_NAISS" => {
                record.traits.birthplace = traits::birthplace(door, xml.text()?);
            }
            "SCOLARITE_AN_DERNIER" => read_last_year(xml, record)?,
            "ELENOET" => {
                // Where both are written and differ, the attribute is the school's own.
                let number = text::code(xml.text()?);
                record.local_number = record.local_number.take().or(number);
            }
            "ID_ELEVE_ETAB" => draft.school_number = text::code(xml.text()?),
            "DATE_NAISS" => record.birth_date = notes.date(xml.text()?, date("DATE_NAISS")),
            "DATE_ENTREE" => record.entered_on = notes.date(xml.text()?, date("DATE_ENTREE")),
            "DATE_SORTIE" => record.left_on = notes.date(xml.text()?, date("DATE_SORTIE")),
            "CODE_MEF" => record.mef = text::code(xml.text()?),
            "CODE_STATUT" => record.status = text::code(xml.text()?),
            "PRENOM3"
            | "CODE_MOTIF_SORTIE"
            | "ID_PRV_ELE"
            | "CODE_REGIME"
            | "DOUBLEMENT"
            | "ADHESION_TRANSPORT"
            | "CODE_PROVENANCE"
            | "DATE_MODIFICATION"
            | "ADRESSE_ID"
            | "MEL"
            | "ACCEPTE_SMS"
            | "TEL_PERSONNEL"
            | "TEL_PORTABLE"
            | "TEL_PROFESSIONNEL"
            | "CODE_PAYS"
            | "CODE_PAYS_NAT"
            | "VILLE_NAISS"
            | "CODE_DEPARTEMENT_NAISS" => xml.skip()?,
            _ => xml.unknown()?,
        }
    }
    Ok(draft)
}

/// Last year's school, and nothing else of it: the class code in there is that of another year.
fn read_last_year<R: BufRead>(xml: &mut Xml<R>, record: &mut PupilRecord) -> Verdict<()> {
    while xml.child()? {
        match xml.name() {
            "CODE_RNE" => record.traits.previous_school = traits::previous_school(xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(())
}

/// `ID_ELEVE_ETAB` is `ELENOET` and the UAI without its first and last sign (formats 2.4).
fn belongs_elsewhere(school_number: &str, uai: &Uai) -> bool {
    let own = uai.as_str().get(1..7).unwrap_or_default();
    !school_number.ends_with(own)
}

fn tell_orphans(
    blocks: &BTreeMap<String, Block>,
    pupils: &[Row],
    rejected: &BTreeSet<String>,
    notes: &mut Notes<'_>,
) {
    let known: BTreeSet<&str> = pupils.iter().map(|row| row.record.eleve_id.as_str()).collect();
    let mut orphans: Vec<u64> = blocks
        .iter()
        .filter(|(id, _)| !known.contains(id.as_str()) && !rejected.contains(*id))
        .map(|(_, block)| block.line)
        .collect();
    orphans.sort_unstable();
    for line in orphans {
        notes.tally(finding::STRUCTURES_ORPHAN, "", line);
    }
}
