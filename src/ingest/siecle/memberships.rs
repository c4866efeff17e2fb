//! `STRUCTURES` of a pupils' file: the divisions and groups of each pupil (formats 2.4).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::BufRead;

use crate::ingest::notes::Notes;
use crate::ingest::xml::{Verdict, Xml};
use crate::ingest::{Door, count_row, push_bounded, text};
use crate::model::finding;
use crate::model::ids::{StructureCode, StructureKind};

#[derive(Default)]
pub(super) struct Memberships {
    blocks: BTreeMap<String, Block>,
    count: u64,
}

/// The structures of one pupil, in the order of the file.
pub(super) struct Block {
    pub line: u64,
    pub divisions: Vec<StructureCode>,
    pub groups: Vec<StructureCode>,
}

impl Memberships {
    pub(super) fn read<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        while xml.child()? {
            if xml.name() != "STRUCTURES_ELEVE" {
                xml.unknown()?;
                continue;
            }
            let line = xml.line();
            // One a pupil; twice as many leave room for doubles, and no more.
            count_row(&mut self.count, door.people_max.saturating_mul(2), notes, line)?;
            let id = xml.attribute("ELEVE_ID").and_then(|id| text::code(&id));
            let block = read_block(xml, notes, line)?;
            match id.map(|id| self.blocks.entry(id)) {
                Some(Entry::Vacant(place)) => {
                    place.insert(block);
                }
                Some(Entry::Occupied(first)) => {
                    let twice = notes.at(finding::STRUCTURES_TWICE, line);
                    notes.push(twice.with("id", first.key()));
                }
                None => notes.tally(finding::STRUCTURES_ORPHAN, "", line),
            }
        }
        Ok(())
    }

    /// By `ELEVE_ID`.
    pub(super) fn into_blocks(self) -> BTreeMap<String, Block> {
        self.blocks
    }
}

fn read_block<R: BufRead>(xml: &mut Xml<R>, notes: &mut Notes<'_>, line: u64) -> Verdict<Block> {
    let mut block = Block { line, divisions: Vec::new(), groups: Vec::new() };
    while xml.child()? {
        if xml.name() != "STRUCTURE" {
            xml.unknown()?;
            continue;
        }
        let line = xml.line();
        let (mut code, mut kind) = (None, None);
        while xml.child()? {
            match xml.name() {
                "CODE_STRUCTURE" => code = text::code(xml.text()?),
                "TYPE_STRUCTURE" => {
                    kind = match text::trim(xml.text()?) {
                        "D" => Some(StructureKind::Division),
                        "G" => Some(StructureKind::Group),
                        _ => None,
                    }
                }
                _ => xml.unknown()?,
            }
        }
        let list = match (kind, &code) {
            // Siècle's drawer for pupils without a class.
            (Some(StructureKind::Division), Some(code))
                if code.eq_ignore_ascii_case("Inactifs") =>
            {
                continue;
            }
            (Some(StructureKind::Division), _) => &mut block.divisions,
            (Some(StructureKind::Group), _) => &mut block.groups,
            (None, _) => {
                notes.tally(finding::STRUCTURE_TYPE_UNKNOWN, "TYPE_STRUCTURE", line);
                continue;
            }
        };
        match code.map(StructureCode) {
            Some(code) if list.contains(&code) => {}
            Some(code) => push_bounded(list, code, notes, line)?,
            None => notes.tally(finding::STRUCTURE_TYPE_UNKNOWN, "CODE_STRUCTURE", line),
        }
    }
    Ok(block)
}
