//! Classes and groups on the pupils' side and on the teachers' side.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::near;
use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding as kind;
use crate::model::ids::{StructureCode, StructureKind};
use crate::model::record::{PupilRecord, StructureRecord};

/// A code declared twice in one file, or for a division and a group: STSWeb itself refuses it.
pub(super) fn duplicated(view: &View<'_>, verdict: &mut Verdict) {
    for source in [Source::Sts, Source::SiecleStructures] {
        let mut seen: BTreeSet<&StructureCode> = BTreeSet::new();
        let told = view.parser_lines(source, &[kind::STRUCTURE_DUPLICATED]);
        for structure in view.structures(source).unwrap_or(&[]) {
            if !seen.insert(&structure.code) && !told.contains(&structure.line) {
                let finding = view
                    .about_row(kind::STRUCTURE_DUPLICATED, source, structure.line)
                    .with("code", &structure.code);
                verdict.add(source, finding);
            }
        }
    }
}

/// Divisions of pupils, of Siècle Structures and of STSWeb compared.
pub(super) fn divisions(view: &View<'_>, verdict: &mut Verdict) {
    let sides = Sides::of(view, StructureKind::Division, |pupil| &pupil.divisions);
    let near_in_sts = sides.unlike(view, verdict);
    if sides.pupils.is_empty() {
        return; // Classes are not entered yet: that is told pupil by pupil.
    }
    let Some(sts) = &sides.sts else { return };
    let taught = taught(view);
    for (code, (line, count)) in &sides.pupils {
        // Without any service in the file, one finding tells it for all.
        let told = near_in_sts.contains_key(*code) || !sides.declares(code) || taught.is_empty();
        if !told && !taught.contains(*code) {
            let finding = view
                .about_row(kind::DIVISION_WITHOUT_TEACHER, Source::SieclePupils, *line)
                .with("code", code)
                .with("count", count);
            verdict.add(Source::SieclePupils, finding);
        }
    }
    let matched: BTreeSet<&StructureCode> = near_in_sts.into_values().collect();
    for (code, line) in sts {
        if !sides.pupils.contains_key(*code) && !matched.contains(*code) {
            let finding =
                view.about_row(kind::DIVISION_WITHOUT_PUPIL, Source::Sts, *line).with("code", code);
            verdict.add(Source::Sts, finding);
        }
    }
}

/// Groups of pupils that nobody declares.
pub(super) fn groups(view: &View<'_>, verdict: &mut Verdict) {
    Sides::of(view, StructureKind::Group, |pupil| &pupil.groups).unlike(view, verdict);
}

/// Codes of one kind, from each side.
struct Sides<'a> {
    kind: StructureKind,
    /// First line and number of the pupils of each code.
    pupils: BTreeMap<&'a StructureCode, (u64, u64)>,
    siecle: Option<BTreeMap<&'a StructureCode, u64>>,
    sts: Option<BTreeMap<&'a StructureCode, u64>>,
}

impl<'a> Sides<'a> {
    fn of(
        view: &View<'a>,
        kind: StructureKind,
        codes: fn(&PupilRecord) -> &Vec<StructureCode>,
    ) -> Self {
        let mut pupils = BTreeMap::new();
        for pupil in view.present_pupils() {
            for code in codes(pupil) {
                pupils.entry(code).or_insert((pupil.line, 0)).1 += 1;
            }
        }
        let declared = |source| {
            // Another school year has other classes: comparing them tells nothing.
            let year = |source| view.current.get(&source).map(|it| it.header.school_year);
            let comparable = year(Source::SieclePupils).is_none_or(|of| Some(of) == year(source));
            // A file without any structure declares nothing; it is no proof against a class.
            let all = view.structures(source).filter(|all| comparable && !all.is_empty())?;
            let of_kind = all.iter().filter(|structure| structure.kind == kind);
            Some(of_kind.map(|structure| (&structure.code, structure.line)).collect())
        };
        Self {
            kind,
            pupils,
            siecle: declared(Source::SiecleStructures),
            sts: declared(Source::Sts),
        }
    }

    fn declares(&self, code: &StructureCode) -> bool {
        [&self.siecle, &self.sts].into_iter().flatten().any(|side| side.contains_key(code))
    }

    /// Codes of Siècle that STSWeb lacks, and codes of pupils that nobody declares: a near miss
    /// when another spelling stands there, else unknown. Never merged by the machine. Returns the
    /// near misses found in STSWeb.
    fn unlike(
        &self,
        view: &View<'_>,
        verdict: &mut Verdict,
    ) -> BTreeMap<&'a StructureCode, &'a StructureCode> {
        let mut in_sts = BTreeMap::new();
        let rows = |(code, (line, count)): (&&'a StructureCode, &(u64, u64))| {
            (*code, (Source::SieclePupils, *line, *count))
        };
        let mut ours: BTreeMap<_, _> = self.pupils.iter().map(rows).collect();
        for (code, line) in self.siecle.iter().flatten() {
            ours.entry(*code).or_insert((Source::SiecleStructures, *line, 0));
        }
        for (code, (source, line, count)) in ours {
            let nearest = |side: &Option<BTreeMap<&'a StructureCode, u64>>| {
                let side = side.as_ref().filter(|side| !side.contains_key(code))?;
                // A code that stands on our side as well is another class, if somebody declares
                // ours; else ours is a misspelling of it.
                let free = |other: &&StructureCode| {
                    !self.pupils.contains_key(*other) || !self.declares(code)
                };
                side.keys().copied().filter(free).find(|other| near(other) == near(code))
            };
            let (sts, siecle) = (nearest(&self.sts), nearest(&self.siecle));
            let finding = match sts.or(siecle.filter(|_| !self.declares(code))) {
                Some(other) => view
                    .about_row(kind::STRUCTURE_NEAR_MISS, source, line)
                    .with("near", other)
                    .with("side", if sts.is_some() { "STSWeb" } else { "Siècle, structures" }),
                None if self.declares(code) || (self.siecle.is_none() && self.sts.is_none()) => {
                    continue;
                }
                None if self.kind == StructureKind::Division => {
                    view.about_row(kind::DIVISION_UNKNOWN, source, line)
                }
                None => view.about_row(kind::GROUP_UNKNOWN, source, line),
            };
            in_sts.extend(sts.map(|other| (code, other)));
            let finding = finding.with("code", code);
            verdict.add(source, if count > 0 { finding.with("count", count) } else { finding });
        }
        in_sts
    }
}

/// Divisions that somebody teaches: by a service, by a group drawn from them, or as head teacher.
fn taught<'a>(view: &View<'a>) -> BTreeSet<&'a StructureCode> {
    let Some(sts) = view.sts() else { return BTreeSet::new() };
    let mut taught = BTreeSet::new();
    let with_teacher = |structure: &&StructureRecord| !structure.teachers.is_empty();
    for structure in sts.structures.iter().filter(with_teacher) {
        match structure.kind {
            StructureKind::Division => {
                taught.insert(&structure.code);
            }
            StructureKind::Group => taught.extend(&structure.divisions),
        }
    }
    if !taught.is_empty() {
        for person in &sts.staff {
            let active = person
                .head_teacher_of
                .iter()
                .filter(|(_, until)| until.is_none_or(|day| day >= view.today));
            taught.extend(active.map(|(code, _)| code));
        }
    }
    taught
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::fixture::{Case, codes, division, group, lines, pupil};

    fn in_class(line: u64, class: &str) -> PupilRecord {
        PupilRecord { divisions: codes(&[class]), ..pupil(line, &line.to_string()) }
    }

    #[test]
    fn the_three_faults_between_pupils_and_teachers_are_told() {
        // pupils without teachers, teachers without pupils, a near miss.
        let case = Case::new()
            .pupils(vec![in_class(1, "2NDE1"), in_class(2, "2 B"), in_class(3, "2 C")])
            .structures(vec![
                division(1, "2NDE1", &[]),
                division(2, "2 B", &[]),
                division(3, "2 C", &[]),
            ])
            .sts(vec![
                division(50, "2NDE 1", &["7"]),
                division(51, "2 C", &["7"]),
                division(52, "2 D", &["7"]),
            ]);
        let verdict = case.run(divisions);
        assert_eq!(
            case.told(&verdict),
            ["structure-near-miss 1", "division-without-teacher 2", "division-without-pupil 52"]
        );
        assert!(verdict.set_aside.is_empty(), "nothing is merged nor held back");
    }

    #[test]
    fn two_declared_classes_of_near_codes_are_two_classes() {
        let case = Case::new()
            .pupils(vec![in_class(1, "2A"), in_class(2, "2 A")])
            .sts(vec![division(50, "2A", &["7"]), division(51, "2 A", &["7"])]);
        assert!(case.run(divisions).findings.is_empty());
        // The pupils' 2A and 2 A both exist, STSWeb has only the second.
        let case = Case::new()
            .pupils(vec![in_class(1, "2A"), in_class(2, "2 A")])
            .sts(vec![division(51, "2 A", &["7"])]);
        assert_eq!(case.told(&case.run(divisions)), ["structure-near-miss 1"]);
        // Siècle declares both: two classes, of which STSWeb lacks one.
        let case = Case::new()
            .pupils(vec![in_class(1, "2A"), in_class(2, "2 A")])
            .structures(vec![division(1, "2A", &[]), division(2, "2 A", &[])])
            .sts(vec![division(51, "2 A", &["7"])]);
        assert!(case.told(&case.run(divisions)).iter().all(|it| !it.contains("near-miss")));
    }

    #[test]
    fn a_class_that_nobody_declares_is_told_once_with_its_pupils() {
        let case = Case::new()
            .pupils(vec![in_class(1, "9Z"), in_class(2, "9Z"), in_class(3, "2 A")])
            .sts(vec![division(50, "2 A", &["7"])]);
        let verdict = case.run(divisions);
        assert_eq!(case.told(&verdict), ["division-unknown 1"]);
        assert!(verdict.findings.iter().all(|it| it.facts.get("count").is_some_and(|n| n == "2")));
        // Without any structure file nothing can be said.
        let case = Case::new().pupils(vec![in_class(1, "9Z")]);
        assert!(case.run(divisions).findings.is_empty());
    }

    #[test]
    fn groups_are_compared_like_divisions() {
        let mut record = pupil(1, "1");
        record.groups = codes(&["2ANG.GR1", "2ESP_1", "2ALL"]);
        let case = Case::new()
            .pupils(vec![record])
            .sts(vec![group(60, "2ANG GR1", &["2 A"]), group(61, "2ALL", &["2 A"])]);
        let told = case.told(&case.run(groups));
        assert_eq!(told, ["structure-near-miss 1", "group-unknown 1"]);
    }

    #[test]
    fn a_class_taught_in_groups_has_teachers() {
        let case = Case::new().pupils(vec![in_class(1, "2 A")]).sts(vec![
            division(50, "2 A", &[]),
            StructureRecord { divisions: codes(&["2 A"]), ..group(51, "G1", &["7"]) },
        ]);
        assert!(case.run(divisions).findings.is_empty());
    }

    #[test]
    fn classes_of_two_school_years_are_not_compared() {
        let mut case =
            Case::new().pupils(vec![in_class(1, "2 A")]).sts(vec![division(50, "3 B", &["7"])]);
        case.year_of(Source::Sts, 2025);
        assert!(case.run(divisions).findings.is_empty());
    }

    #[test]
    fn a_code_shared_by_a_division_and_a_group_is_told() {
        let case = Case::new().sts(vec![division(50, "2 A", &[]), group(51, "2 A", &[])]);
        assert_eq!(lines(&case.run(duplicated)), [51]);
    }
}
