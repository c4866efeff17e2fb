//! What the checks of one school see, and what they leave.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::divisions::structures_of;
use super::overrides::Override;
use super::policy::Policy;
use crate::model::delivery::{Delivery, Source};
use crate::model::finding::{Finding, Kind, Place, Severity};
use crate::model::ids::StructureCode;
use crate::model::record::{
    Content, MefRecord, Names, PupilRecord, StaffRecord, StructureRecord, StsContent,
};
use crate::model::school::School;

/// One school on one day.
pub struct View<'a> {
    pub school: &'a School,
    pub current: BTreeMap<Source, &'a Delivery>,
    /// What the registry was last brought in line with. Must stay at the last delivery on which
    /// departures counted: one that is in `no_departures` may not become the measure of the next,
    /// or a drop would pass on its second day.
    pub before: BTreeMap<Source, &'a Delivery>,
    pub today: Date,
    pub policy: &'a Policy,
    /// Whether `mappings/functions.toml` has a code.
    pub known_function: &'a dyn Fn(&str) -> bool,
    /// Whether it says that the code gives no account.
    pub function_without_account: &'a dyn Fn(&str) -> bool,
    /// Of every school; the others' are passed over.
    pub overrides: &'a [Override],
}

impl<'a> View<'a> {
    pub(super) fn pupils(&self) -> &'a [PupilRecord] {
        self.current.get(&Source::SieclePupils).map_or(&[], |delivery| pupils_of(delivery))
    }

    pub(super) fn sts(&self) -> Option<&'a StsContent> {
        match self.current.get(&Source::Sts).map(|delivery| &delivery.content) {
            Some(Content::Sts(sts)) => Some(sts),
            _ => None,
        }
    }

    pub(super) fn staff(&self) -> &'a [StaffRecord] {
        self.sts().map_or(&[], |sts| &sts.staff)
    }

    /// Structures that one source declares; absent while the source has delivered nothing.
    pub(super) fn structures(&self, source: Source) -> Option<&'a [StructureRecord]> {
        self.current.get(&source).map(|delivery| structures_of(&delivery.content))
    }

    pub(super) fn nomenclature(&self) -> Option<&'a [MefRecord]> {
        match self.current.get(&Source::SiecleNomenclature).map(|delivery| &delivery.content) {
            Some(Content::Nomenclature(mefs)) => Some(mefs),
            _ => None,
        }
    }

    /// Pupils who have not left: there is nothing to correct in the others.
    pub(super) fn present_pupils(&self) -> impl Iterator<Item = &'a PupilRecord> {
        let today = self.today;
        self.pupils().iter().filter(move |pupil| pupil.left_on.is_none_or(|left| left >= today))
    }

    /// Lines of which the parser has already told something of these kinds.
    pub(super) fn parser_lines(&self, source: Source, kinds: &[Kind]) -> BTreeSet<u64> {
        let findings = self.current.get(&source).map_or(&[][..], |delivery| &delivery.findings);
        findings
            .iter()
            .filter(|finding| kinds.iter().any(|kind| kind.id == finding.id))
            .filter_map(|finding| finding.place.line)
            .collect()
    }

    fn place(&self, source: Source, line: Option<u64>) -> Place {
        let file = self.current.get(&source).map(|delivery| delivery.name.clone());
        Place { file: file.unwrap_or_default(), line }
    }

    /// A finding about a file as a whole.
    pub(super) fn about_file(&self, kind: Kind, source: Source) -> Finding {
        kind.at(self.place(source, None)).of(&self.school.uai)
    }

    /// A finding about a row that is no person's.
    pub(super) fn about_row(&self, kind: Kind, source: Source, line: u64) -> Finding {
        kind.at(self.place(source, Some(line))).of(&self.school.uai)
    }

    /// A finding about a pupil, named by number, line and class only.
    pub(super) fn about_pupil(&self, kind: Kind, pupil: &PupilRecord) -> Finding {
        let finding =
            self.about_row(kind, Source::SieclePupils, pupil.line).with("id", &pupil.eleve_id);
        match pupil.divisions.first() {
            Some(StructureCode(class)) => finding.with("class", class),
            None => finding,
        }
    }

    /// A finding about a member of staff, named by number and line only.
    pub(super) fn about_staff(&self, kind: Kind, staff: &StaffRecord) -> Finding {
        self.about_row(kind, Source::Sts, staff.line).with("id", &staff.staff.id)
    }
}

pub(super) fn pupils_of(delivery: &Delivery) -> &[PupilRecord] {
    match &delivery.content {
        Content::Pupils(pupils) => pupils,
        Content::Structures(_) | Content::Nomenclature(_) | Content::Sts(_) => &[],
    }
}

/// What the checks of one school found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Of the checks only: those of the parser stay in their delivery.
    pub findings: Vec<Finding>,
    /// Rows that wait for a correction, those that the parser set aside included, by line.
    pub set_aside: BTreeSet<(Source, u64)>,
    /// Files that must be left out whole: over the limits of SEC-40.
    pub refused: BTreeSet<Source>,
    /// Files on which nobody leaves.
    pub no_departures: BTreeSet<Source>,
    /// Names that were read in a wrong encoding, as they should read (`NAME_REPAIRED`).
    pub repaired: BTreeMap<(Source, u64), Names>,
}

impl Verdict {
    /// Notes a finding; one that sets aside takes its row with it.
    pub(super) fn add(&mut self, source: Source, finding: Finding) {
        if let (Severity::SetAside, Some(line)) = (finding.severity, finding.place.line) {
            self.set_aside.insert((source, line));
        }
        self.findings.push(finding);
    }
}
