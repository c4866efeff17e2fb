//! Invented schools and people for the tests of the checks.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::overrides::Override;
use super::policy::Policy;
use super::view::{Verdict, View};
use crate::model::delivery::{Counts, Delivery, Header, Source};
use crate::model::ids::{Digest, IneKey, SchoolYear, StructureCode, StructureKind};
use crate::model::record::{
    Content, MefRecord, Names, PupilRecord, StaffKind, StaffRecord, StaffRef, StructureRecord,
    StsContent,
};
use crate::model::school::{School, SchoolSource};
use crate::model::traits::Traits;

pub(crate) fn lycee(uai: &str) -> School {
    School {
        uai: uai.parse().unwrap(),
        name: "Lycée Albertine Sarrazin".to_owned(),
        town: "Lille".to_owned(),
        department: "59".to_owned(),
        academy: "lille".to_owned(),
        service: String::new(),
        team: String::new(),
        section: String::new(),
        source: SchoolSource::StsSiecle,
        o365_from: None,
        o365_until: None,
    }
}

pub(crate) fn codes(codes: &[&str]) -> Vec<StructureCode> {
    codes.iter().map(|code| StructureCode((*code).to_owned())).collect()
}

/// A pupil in whom nothing is wrong, of class 2 A.
pub(crate) fn pupil(line: u64, id: &str) -> PupilRecord {
    PupilRecord {
        line,
        eleve_id: id.to_owned(),
        local_number: None,
        ine: [IneKey(format!("rnie:99{id}"))].into(),
        names: Names { family: "LEFÈVRE".to_owned(), usage: None, given: "Inès".to_owned() },
        birth_date: Some(date(2009, 12, 22)),
        traits: Traits::default(),
        entered_on: Some(date(2026, 9, 1)),
        left_on: None,
        mef: None,
        status: Some("ST".to_owned()),
        divisions: codes(&["2 A"]),
        groups: Vec::new(),
    }
}

pub(crate) fn pupils(count: u64) -> Vec<PupilRecord> {
    (1..=count).map(|line| pupil(line, &line.to_string())).collect()
}

/// A teacher in whom nothing is wrong.
pub(crate) fn staff(line: u64, id: &str) -> StaffRecord {
    StaffRecord {
        line,
        staff: StaffRef { kind: StaffKind::Epp, id: id.to_owned() },
        names: Names { family: "VANDROMME".to_owned(), usage: None, given: "Hugo".to_owned() },
        birth_date: None,
        function: Some("ENS".to_owned()),
        head_teacher_of: Vec::new(),
        substitute: false,
    }
}

pub(crate) fn division(line: u64, code: &str, teachers: &[&str]) -> StructureRecord {
    let teacher = |id: &&str| StaffRef { kind: StaffKind::Epp, id: (*id).to_owned() };
    StructureRecord {
        line,
        kind: StructureKind::Division,
        code: StructureCode(code.to_owned()),
        label: None,
        divisions: Vec::new(),
        teachers: teachers.iter().map(teacher).collect(),
        headcount: None,
    }
}

pub(crate) fn group(line: u64, code: &str, teachers: &[&str]) -> StructureRecord {
    StructureRecord { kind: StructureKind::Group, ..division(line, code, teachers) }
}

pub(crate) fn delivery(source: Source, name: &str, content: Content) -> Delivery {
    let read = match &content {
        Content::Pupils(rows) => rows.len(),
        Content::Structures(rows) => rows.len(),
        Content::Nomenclature(rows) => rows.len(),
        Content::Sts(sts) => sts.staff.len(),
    };
    let read = u64::try_from(read).unwrap();
    let mut bytes = [0_u8; 32];
    for (rank, byte) in name.bytes().chain(read.to_be_bytes()).enumerate() {
        bytes[rank % 32] = bytes[rank % 32].wrapping_mul(31).wrapping_add(byte);
    }
    Delivery {
        digest: Digest::of_bytes(bytes),
        name: name.to_owned(),
        received_at: "2026-09-16T06:00:00Z".parse().unwrap(),
        last_received_at: "2026-09-16T06:00:00Z".parse().unwrap(),
        header: Header {
            source,
            uai: "0590001F".parse().unwrap(),
            school_year: SchoolYear(2026),
            exported_at: Some("2026-09-15T19:04:11Z".parse().unwrap()),
        },
        content,
        counts: Counts { read, accepted: read, quarantined: 0, rejected: 0 },
        findings: Vec::new(),
    }
}

/// One school on 16 September 2026.
pub(crate) struct Case {
    pub(crate) school: School,
    pub(crate) today: Date,
    pub(crate) policy: Policy,
    pub(crate) current: BTreeMap<Source, Delivery>,
    pub(crate) before: BTreeMap<Source, Delivery>,
    pub(crate) overrides: Vec<Override>,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            school: lycee("0590001F"),
            today: date(2026, 9, 16),
            policy: Policy::standard(),
            current: BTreeMap::new(),
            before: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }

    fn give(mut self, source: Source, name: &str, content: Content) -> Self {
        self.current.insert(source, delivery(source, name, content));
        self
    }
    pub(crate) fn pupils(self, pupils: Vec<PupilRecord>) -> Self {
        self.give(Source::SieclePupils, "eleves.xml", Content::Pupils(pupils))
    }
    pub(crate) fn structures(self, structures: Vec<StructureRecord>) -> Self {
        self.give(Source::SiecleStructures, "structures.xml", Content::Structures(structures))
    }
    pub(crate) fn mefs(self, codes: &[&str]) -> Self {
        let mef = |code: &&str| MefRecord { line: 1, code: (*code).to_owned(), label: None };
        let mefs = codes.iter().map(mef).collect();
        self.give(Source::SiecleNomenclature, "nomenclature.xml", Content::Nomenclature(mefs))
    }
    /// Teacher 7 is always there.
    pub(crate) fn sts(self, structures: Vec<StructureRecord>) -> Self {
        let content = StsContent { staff: vec![staff(40, "7")], structures };
        self.give(Source::Sts, "sts.xml", Content::Sts(content))
    }
    pub(crate) fn staff(self, staff: Vec<StaffRecord>) -> Self {
        let content = StsContent { staff, structures: Vec::new() };
        self.give(Source::Sts, "sts.xml", Content::Sts(content))
    }
    pub(crate) fn before(mut self, pupils: Vec<PupilRecord>) -> Self {
        let content = Content::Pupils(pupils);
        let last = delivery(Source::SieclePupils, "avant.xml", content);
        self.before.insert(Source::SieclePupils, last);
        self
    }
    /// The staff file before the current one, with these structures.
    pub(crate) fn sts_before(mut self, structures: Vec<StructureRecord>) -> Self {
        let content = StsContent { staff: vec![staff(40, "7")], structures };
        let last = delivery(Source::Sts, "sts-avant.xml", Content::Sts(content));
        self.before.insert(Source::Sts, last);
        self
    }
    pub(crate) fn year_of(&mut self, source: Source, year: i16) {
        for delivery in self.current.get_mut(&source).into_iter() {
            delivery.header.school_year = SchoolYear(year);
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            school: &self.school,
            current: self.current.iter().map(|(source, delivery)| (*source, delivery)).collect(),
            before: self.before.iter().map(|(source, delivery)| (*source, delivery)).collect(),
            today: self.today,
            policy: &self.policy,
            known_function: &|code| matches!(code, "ENS" | "DIR" | "IEX"),
            function_without_account: &|code| code == "IEX",
            overrides: &self.overrides,
        }
    }

    /// One check alone.
    pub(crate) fn run(&self, check: fn(&View<'_>, &mut Verdict)) -> Verdict {
        let mut verdict = Verdict::default();
        check(&self.view(), &mut verdict);
        verdict
    }

    /// Findings as `id line`.
    pub(crate) fn told(&self, verdict: &Verdict) -> Vec<String> {
        let text = |finding: &crate::model::finding::Finding| match finding.place.line {
            Some(line) => format!("{} {line}", finding.id),
            None => finding.id.to_string(),
        };
        assert!(verdict.findings.iter().all(|it| it.uai.as_ref() == Some(&self.school.uai)));
        verdict.findings.iter().map(text).collect()
    }
}

pub(crate) fn lines(verdict: &Verdict) -> Vec<u64> {
    verdict.findings.iter().filter_map(|finding| finding.place.line).collect()
}
