//! What waits for whom, and since when: the clock of each school in a plan, and the records that
//! are in no operation because somebody must act first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::review::Review;
use crate::clock::figures::Cause;
use crate::model::delivery::{Delivery, Source, Status};
use crate::model::finding::{self, Finding, Severity};
use crate::model::ids::Uai;
use crate::model::record::Content;
use crate::plan::Wait;
use crate::plan::operation::Operation;

/// By target and school with something to write there, the oldest receipt that it waits since: of
/// what is new, or of what earlier runs owe in this target. Of a target that could not be read
/// nobody knows what is to be written: every school with news waits there. `targets` tells of each
/// whether it was read.
pub(super) fn since_at<'a>(
    news: &BTreeMap<Uai, Timestamp>,
    owed: &BTreeMap<String, BTreeMap<Uai, Timestamp>>,
    operations: &[Operation],
    targets: impl Iterator<Item = (&'a str, bool)>,
) -> BTreeMap<String, BTreeMap<Uai, Timestamp>> {
    let in_one = |(target, read): (&str, bool)| {
        let mut since = owed.get(target).cloned().unwrap_or_default();
        for (uai, received) in news {
            let oldest = since.entry(uai.clone()).or_insert(*received);
            *oldest = *received.min(oldest);
        }
        let here = operations.iter().filter(|one| one.target == target);
        let written: BTreeSet<&Uai> = here.filter_map(|one| one.uai.as_ref()).collect();
        since.retain(|uai, _| !read || written.contains(uai));
        (target.to_owned(), since)
    };
    targets.map(in_one).collect()
}

/// By school, the oldest receipt of all targets.
pub(super) fn oldest(
    since_at: &BTreeMap<String, BTreeMap<Uai, Timestamp>>,
) -> BTreeMap<Uai, Timestamp> {
    let mut all = BTreeMap::new();
    for (uai, at) in since_at.values().flatten() {
        let oldest = all.entry(uai.clone()).or_insert(*at);
        *oldest = *at.min(oldest);
    }
    all
}

/// The records in force that wait, each once, for whoever comes last in the list of causes; and
/// files that were refused.
pub(super) fn waits(review: &Review) -> Vec<Wait> {
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
            let since = since_when(review, finding, source, delivery.received_at);
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
fn since_when(review: &Review, finding: &Finding, source: Source, own: Timestamp) -> Timestamp {
    let others = finding.facts.get("other").filter(|_| finding.id == finding::PUPIL_HELD.id);
    let others = others.into_iter().flat_map(|others| others.split(", "));
    let received = |uai: &str| {
        let delivery = review.in_force.get(&(uai.parse().ok()?, source))?;
        Some(delivery.received_at)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::simulator::{account, one_creation};

    #[test]
    fn what_one_target_is_owed_is_no_clock_of_another() {
        // a target that was away keeps its first receipt, and a new creation in the other
        // one has that of its own delivery.
        let uai: Uai = "0599990N".parse().unwrap();
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let creation = |target| one_creation(target, account(1, "0599990N", "ines.lefevre"));
        let owed = [("away".to_owned(), [(uai.clone(), day(1))].into())].into();
        let check = |news: &[i64], operations: &[Operation], read: bool, expect: [&[i64]; 2]| {
            let news = news.iter().map(|at| (uai.clone(), day(*at))).collect();
            let since =
                since_at(&news, &owed, operations, [("near", true), ("away", read)].into_iter());
            let told = ["near", "away"].map(|target| since[target].get(&uai).copied());
            assert_eq!(told, expect.map(|days| days.first().map(|at| day(*at))));
            assert_eq!(oldest(&since).get(&uai).copied(), told.into_iter().flatten().min());
        };
        let (near, away) = (creation("near"), creation("away"));
        check(&[7], std::slice::from_ref(&near), false, [&[7], &[1]]);
        // Read again: what is written there has waited since the first receipt.
        check(&[7], &[near.clone(), away.clone()], true, [&[7], &[1]]);
        check(&[], &[near.clone(), away], true, [&[], &[1]]);
        // Nothing is missing there.
        check(&[7], &[near], true, [&[7], &[]]);
        // Away for another night, without news.
        check(&[], &[], false, [&[], &[1]]);
    }
}
