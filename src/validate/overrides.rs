//! What an operator accepts for a while (R-10): dated, with a reason, and it expires. Data is
//! never patched here: the school corrects at the source.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding::{self as kind, Finding, Kind, Place, Severity};
use crate::model::ids::Uai;

/// What may be accepted for a while. Never what refuses a file, nor what makes an account unsafe
/// or its person unsure.
pub const OVERRIDABLE: &[Kind] = &[
    kind::COUNT_DROPPED,
    kind::COUNT_JUMPED,
    kind::PEOPLE_REPLACED,
    kind::CLASSES_LOST,
    kind::SERVICES_EMPTY,
    kind::DIVISION_WITHOUT_TEACHER,
    kind::DIVISION_WITHOUT_PUPIL,
    kind::STRUCTURE_NEAR_MISS,
    kind::BIRTHDATE_IMPLAUSIBLE,
    kind::FUNCTION_MISSING,
    kind::STATUS_OUT_OF_SCOPE,
];

/// One kind of finding accepted for one school, until the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub finding: Kind,
    pub uai: Uai,
    /// Last day on which it holds.
    pub until: Date,
    /// Told to the school.
    pub reason: String,
}

/// One override as written; dates between quotes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawOverride {
    pub finding: Option<String>,
    pub uai: Option<String>,
    pub until: Option<String>,
    pub reason: Option<String>,
}

impl RawOverride {
    /// What was meant, or every problem, each beginning with `path` and the key.
    pub fn check(&self, path: &str, problems: &mut Vec<String>) -> Option<Override> {
        let before = problems.len();
        let mut wrong = |key: &str, text: String| problems.push(format!("{path}.{key}: {text}"));
        let id = self.finding.as_deref().unwrap_or_default();
        let finding = OVERRIDABLE.iter().copied().find(|kind| kind.id == id);
        if finding.is_none() {
            let known: Vec<&str> = OVERRIDABLE.iter().map(|kind| kind.id).collect();
            wrong("finding", format!("one of {} is expected: {id}", known.join(", ")));
        }
        let uai = self.uai.as_deref().unwrap_or_default().parse::<Uai>();
        if let Err(error) = &uai {
            wrong("uai", error.to_string());
        }
        let until = self.until.as_deref().unwrap_or_default();
        let until_day = until.parse::<Date>();
        if until_day.is_err() {
            wrong("until", format!("the last day is required, as AAAA-MM-JJ: {until}"));
        }
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if reason.is_empty() {
            wrong("reason", "a reason is required".to_owned());
        }
        if problems.len() > before {
            return None;
        }
        Some(Override {
            finding: finding?,
            uai: uai.ok()?,
            until: until_day.ok()?,
            reason: reason.to_owned(),
        })
    }
}

/// Makes notes of what is accepted today, and tells which overrides hold or have expired.
pub(super) fn apply(view: &View<'_>, verdict: &mut Verdict) {
    let of_school = view.overrides.iter().filter(|it| it.uai == view.school.uai);
    for accepted in of_school {
        if accepted.until < view.today {
            let finding = about(view, kind::OVERRIDE_EXPIRED, accepted);
            verdict.findings.push(finding);
            continue;
        }
        let count = lift(view, verdict, accepted.finding);
        if count > 0 {
            let finding = about(view, kind::OVERRIDE_APPLIED, accepted).with("count", count);
            verdict.findings.push(finding);
        }
    }
}

fn about(view: &View<'_>, kind: Kind, accepted: &Override) -> Finding {
    kind.at(Place::default())
        .of(&view.school.uai)
        .with("finding", accepted.finding.id)
        .with("until", accepted.until)
        .with("reason", &accepted.reason)
}

/// Makes notes of the findings of one kind, and undoes what they did. Returns their number.
fn lift(view: &View<'_>, verdict: &mut Verdict, kind: Kind) -> usize {
    let mut lifted = BTreeSet::new();
    let mut count = 0;
    for finding in &mut verdict.findings {
        if finding.id == kind.id && finding.severity != Severity::Refuse {
            finding.severity = Severity::Note;
            lifted.insert(finding.place.clone());
            count += 1;
        }
    }
    // Another check, or the parser, may have its own reason to set a row aside.
    let by_parser = view.current.values().flat_map(|delivery| &delivery.findings);
    let still: BTreeSet<Place> = verdict
        .findings
        .iter()
        .chain(by_parser)
        .filter(|finding| finding.severity == Severity::SetAside)
        .map(|finding| finding.place.clone())
        .collect();
    for place in lifted.difference(&still) {
        let Some(source) = source_of(view, &place.file) else { continue };
        if verdict.refused.contains(&source) {
            continue;
        }
        if [kind::COUNT_DROPPED, kind::PEOPLE_REPLACED, kind::SERVICES_EMPTY].contains(&kind) {
            verdict.no_departures.remove(&source);
        }
        if let Some(line) = place.line.filter(|_| kind.severity == Severity::SetAside) {
            verdict.set_aside.remove(&(source, line));
        }
    }
    count
}

fn source_of(view: &View<'_>, file: &str) -> Option<Source> {
    view.current.iter().find(|(_, delivery)| delivery.name == file).map(|(source, _)| *source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::fixture::{Case, pupil, pupils};
    use crate::validate::school;
    use jiff::civil::date;

    fn accept(finding: Kind, until: Date) -> Override {
        let uai = Case::new().school.uai;
        Override { finding, uai, until, reason: "fermeture du site B".to_owned() }
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        #[serde(default, rename = "override")]
        overrides: Vec<RawOverride>,
    }

    /// As `rentree.toml` holds them: the good ones, and every problem of the others.
    fn parse(text: &str) -> Result<(Vec<Override>, Vec<String>), toml::de::Error> {
        let written: Written = toml::from_str(text)?;
        let mut problems = Vec::new();
        let ranked = written.overrides.iter().zip(1..);
        let check =
            |(raw, rank): (&RawOverride, _)| raw.check(&format!("override {rank}"), &mut problems);
        Ok((ranked.filter_map(check).collect(), problems))
    }

    #[test]
    fn an_override_without_end_date_or_reason_is_refused() {
        // R-10.
        let (good, problems) = parse(
            r#"
            [[override]]
            finding = "count-dropped"
            uai = "0590001F"
            until = "2026-10-31"
            reason = "fermeture du site B"
            [[override]]
            finding = "uai-unknown"
            uai = "0590001A"
            reason = " "
            "#,
        )
        .unwrap();
        assert_eq!(good, [accept(kind::COUNT_DROPPED, date(2026, 10, 31))]);
        let keys: Vec<_> = problems.iter().filter_map(|text| text.split(':').next()).collect();
        let key = |name: &str| format!("override 2.{name}");
        assert_eq!(keys, [key("finding"), key("uai"), key("until"), key("reason")]);
        assert!(parse("[[override]]\nfor-ever = true").is_err());
        assert_eq!(parse(""), Ok((Vec::new(), Vec::new())));
    }

    #[test]
    fn a_refusal_can_never_be_overridden() {
        assert!(OVERRIDABLE.iter().all(|kind| kind.severity != Severity::Refuse));
    }

    #[test]
    fn a_live_override_lets_people_leave_on_a_smaller_file() {
        let mut case = Case::new().pupils(pupils(50)).before(pupils(100));
        assert!(school(&case.view()).no_departures.contains(&Source::SieclePupils));
        case.overrides = vec![accept(kind::COUNT_DROPPED, case.today)];
        let verdict = school(&case.view());
        assert!(verdict.no_departures.is_empty());
        assert_eq!(case.told(&verdict), ["override-applied", "count-dropped"]);
        assert!(verdict.findings.iter().all(|finding| finding.severity == Severity::Note));
    }

    #[test]
    fn an_expired_override_changes_nothing_and_is_told() {
        let mut case = Case::new().pupils(pupils(50)).before(pupils(100));
        case.overrides = vec![accept(kind::COUNT_DROPPED, case.today.yesterday().unwrap())];
        let verdict = school(&case.view());
        assert!(verdict.no_departures.contains(&Source::SieclePupils));
        assert_eq!(case.told(&verdict), ["override-expired", "count-dropped"]);
    }

    #[test]
    fn a_row_with_another_fault_stays_aside() {
        let mut apprentice = pupil(1, "1");
        apprentice.status = Some("AP".to_owned());
        let mut damaged = pupil(2, "2");
        damaged.status = Some("AP".to_owned());
        damaged.names.given = "Fran?ois".to_owned();
        let mut case = Case::new().pupils(vec![apprentice, damaged]);
        case.overrides = vec![accept(kind::STATUS_OUT_OF_SCOPE, case.today)];
        let verdict = school(&case.view());
        assert_eq!(verdict.set_aside, [(Source::SieclePupils, 2)].into());
    }

    #[test]
    fn the_override_of_another_school_does_nothing() {
        let mut case = Case::new().pupils(pupils(50)).before(pupils(100));
        let mut other = accept(kind::COUNT_DROPPED, case.today);
        other.uai = "0332490C".parse().unwrap();
        case.overrides = vec![other];
        assert_eq!(case.told(&school(&case.view())), ["count-dropped"]);
    }
}
