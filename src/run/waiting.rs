//! The records that are in no operation because somebody must act first: for whom they wait, and
//! since when.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::exports::Exports;
use super::review::Review;
use crate::clock::figures::Cause;
use crate::model::delivery::{Delivery, Source, Status};
use crate::model::finding::{self, Finding, Severity};
use crate::model::ids::Uai;
use crate::model::record::Content;
use crate::plan::Wait;

/// The records in force that wait, each once, for whoever comes last in the list of causes; and
/// files that were refused.
pub(super) fn waits(review: &Review, exports: &Exports) -> Vec<Wait> {
    let mut waits: BTreeMap<(Uai, Source, String), Wait> = BTreeMap::new();
    for (uai, school) in &review.schools {
        let current =
            |source: &Source| Some((*source, review.in_force.get(&(uai.clone(), *source))?));
        let numbers: Vec<(Source, &Delivery, BTreeMap<u64, String>)> = Source::ALL
            .iter()
            .filter_map(current)
            .map(|(source, delivery)| (source, delivery, numbers(&delivery.content)))
            .collect();
        for finding in &school.findings {
            let (Some(cause), Some(line)) = (cause(finding), finding.place.line) else { continue };
            let of_file = |one: &&(Source, &Delivery, BTreeMap<u64, String>)| {
                one.1.name == finding.place.file
            };
            let Some((source, delivery, known)) = numbers.iter().find(of_file) else { continue };
            let number = known.get(&line).cloned().unwrap_or_else(|| format!("line {line}"));
            let (uai, source) = (uai.clone(), *source);
            let own = exports.record((&uai, source), &number, delivery.received_at);
            let since = since_when((review, exports), finding, source, own);
            let key = (uai.clone(), source, number.clone());
            let wait = waits.entry(key).or_insert(Wait { uai, source, number, cause, since });
            wait.cause = wait.cause.max(cause);
        }
    }
    for wait in refused(review) {
        waits.entry((wait.uai.clone(), wait.source, wait.number.clone())).or_insert(wait);
    }
    waits.into_values().collect()
}

/// Files that were refused whole, one a school and source, unless a better one came since: all of
/// their school waits for another export.
fn refused(review: &Review) -> impl Iterator<Item = Wait> {
    review.lines.iter().filter(|line| line.status == Status::Refused).filter_map(|line| {
        let (uai, source, since) = (line.uai.clone()?, line.source?, line.received_at);
        let school = review.schools.get(&uai);
        let by_a_check = school.is_some_and(|school| school.verdict.refused.contains(&source));
        let later = review.in_force.get(&(uai.clone(), source));
        let mended = later.is_some_and(|delivery| delivery.received_at >= since);
        let number = "file".to_owned();
        (by_a_check || !mended).then_some(Wait { uai, source, number, cause: Cause::Source, since })
    })
}

/// A pupil is held from the delivery on that was the second to claim him.
fn since_when(
    (review, exports): (&Review, &Exports),
    finding: &Finding,
    source: Source,
    own: Timestamp,
) -> Timestamp {
    let others = finding.facts.get("other").filter(|_| finding.id == finding::PUPIL_HELD.id);
    let others = others.into_iter().flat_map(|others| others.split(", "));
    let received = |uai: &str| {
        let uai: Uai = uai.parse().ok()?;
        let news = exports.news().get(&uai).and_then(|news| news.get(&source));
        let delivery = review.in_force.get(&(uai.clone(), source))?;
        Some(news.copied().unwrap_or(delivery.received_at))
    };
    others.filter_map(received).fold(own, Timestamp::max)
}

/// Whom a finding makes its record wait for.
fn cause(finding: &Finding) -> Option<Cause> {
    let is = |kind: finding::Kind| finding.id == kind.id;
    if is(finding::PUPIL_HELD) {
        return Some(Cause::Hold);
    }
    if finding.severity != Severity::SetAside {
        return None;
    }
    let asked = [finding::RECORD_RESEMBLES, finding::IDENTITY_CONFLICT, finding::LOGIN_IMPOSSIBLE];
    Some(if asked.into_iter().any(is) { Cause::Review } else { Cause::Source })
}

/// Lines of the records, and what their source calls them.
fn numbers(content: &Content) -> BTreeMap<u64, String> {
    match content {
        Content::Pupils(pupils) => {
            pupils.iter().map(|one| (one.line, one.eleve_id.clone())).collect()
        }
        Content::Sts(sts) => sts.staff.iter().map(|one| (one.line, one.staff.id.clone())).collect(),
        Content::Structures(_) | Content::Nomenclature(_) => BTreeMap::new(),
    }
}
