//! `BEE_NOMENCLATURES` (formats 2.5): the labels of the MEF, nothing else.

use std::io::BufRead;

use crate::ingest::notes::Notes;
use crate::ingest::xml::{Verdict, Xml};
use crate::ingest::{count_row, text};
use crate::model::delivery::Counts;
use crate::model::finding;
use crate::model::record::{Content, MefRecord};

/// The national list has some thousands.
const MEF_MAX: u64 = 20_000;

#[derive(Default)]
pub(in crate::ingest) struct Nomenclature {
    has_section: bool,
    mefs: Vec<MefRecord>,
    counts: Counts,
}

impl Nomenclature {
    pub(in crate::ingest) fn read_data<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
    ) -> Verdict<()> {
        while xml.child()? {
            match xml.name() {
                "MEFS" => {
                    self.has_section = true;
                    while xml.child()? {
                        match xml.name() {
                            "MEF" => self.read_mef(xml, notes)?,
                            _ => xml.unknown()?,
                        }
                    }
                }
                "MATIERES" | "PROGRAMMES" | "OPTIONS_OBLIGATOIRES" => xml.skip()?,
                _ => xml.unknown()?,
            }
        }
        Ok(())
    }

    fn read_mef<R: BufRead>(&mut self, xml: &mut Xml<R>, notes: &mut Notes<'_>) -> Verdict<()> {
        let line = xml.line();
        count_row(&mut self.counts.read, MEF_MAX, notes, line)?;
        let Some(code) = xml.attribute("CODE_MEF").and_then(|code| text::code(&code)) else {
            self.counts.rejected += 1;
            notes.push(notes.at(finding::ID_MISSING, line));
            return xml.skip();
        };
        let (mut long, mut edition) = (None, None);
        while xml.child()? {
            match xml.name() {
                "LIBELLE_LONG" => long = text::name(xml.text()?),
                "LIBELLE_EDITION" => edition = text::name(xml.text()?),
                "FORMATION" | "MEF_RATTACHEMENT" | "CODE_MEFSTAT" | "DATE_OUVERTURE"
                | "DATE_FERMETURE" => xml.skip()?,
                _ => xml.unknown()?,
            }
        }
        self.counts.accepted += 1;
        self.mefs.push(MefRecord { line, code, label: long.or(edition) });
        Ok(())
    }

    pub(in crate::ingest) fn finish(self, notes: &Notes<'_>) -> Verdict<(Content, Counts)> {
        if !self.has_section {
            return Err(notes.at_file(finding::SECTION_MISSING).with("section", "MEFS"));
        }
        Ok((Content::Nomenclature(self.mefs), self.counts))
    }
}
