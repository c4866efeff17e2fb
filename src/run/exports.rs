//! The exports that no run was begun with yet: the oldest of them starts the 72 hours of a file,
//! however often the school exports again (requirements 2.3: the operator's delay moves no start);
//! what only a newer one tells starts with that one.
//!
//! - In: the deliveries in force with those that they replaced, and what the runs before had.
//! - Out: receipts, of each source of a school and, in it, of a person, a class, a record.
//! - Can go wrong: the store cannot be read. An export that is not kept any more, or that the
//!   checks refuse, tells nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::review::{self, Export, Review};
use super::session::{Session, store_failure};
use super::told::{Ask, Earlier, Now, Place, Said};
use crate::model::delivery::{Delivery, Source};
use crate::model::identifiers::Identifiers;
use crate::model::ids::Uai;
use crate::model::school::School;
use crate::plan::News;
use crate::store::history::Past;
use crate::store::{Store, deliveries};

/// What was told when.
#[derive(Debug, Default)]
pub(super) struct Exports {
    news: News,
    /// Of a school with earlier exports to look at, every source in force.
    schools: BTreeMap<Uai, BTreeMap<Source, Told>>,
}

/// One source of a school.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) now: Now,
    pub(super) received_at: Timestamp,
    /// Those that the one in force replaced, in order of receipt.
    pub(super) earlier: Vec<Earlier>,
}

impl Told {
    /// The receipt of the first export since an instant that tells something as the one in force
    /// does. Of what the oldest of them tells already nobody knows how much longer: that instant.
    fn first(&self, since: Timestamp, tells: impl Fn(&Earlier) -> bool) -> Timestamp {
        let mut later = self.earlier.iter().filter(|one| one.received_at >= since);
        match later.next() {
            Some(oldest) if !tells(oldest) => {
                later.find(|one| tells(one)).map_or(self.received_at, |one| one.received_at)
            }
            Some(_) | None => since,
        }
    }
}

impl Exports {
    #[cfg(test)]
    pub(super) fn new(schools: BTreeMap<Uai, BTreeMap<Source, Told>>) -> Self {
        Self { news: News::new(), schools }
    }

    /// By school and source with something new, since when it is: the receipt of the oldest export
    /// that no run was begun with.
    pub(super) fn news(&self) -> &News {
        &self.news
    }

    /// The school has exported again before a run was begun.
    pub(super) fn has(&self, uai: &Uai) -> bool {
        self.schools.contains_key(uai)
    }

    fn told(&self, uai: &Uai, source: Source) -> Option<&Told> {
        self.schools.get(uai)?.get(&source)
    }

    /// Since when a source says of somebody what it says now, and not longer than `since`.
    pub(super) fn person(
        &self,
        (uai, source): (&Uai, Source),
        since: Timestamp,
        identifiers: &Identifiers,
        ask: &Ask,
    ) -> Timestamp {
        let Some(told) = self.told(uai, source) else { return since };
        told.first(since, |one| one.tells_of(&told.now, identifiers, ask))
    }

    /// The same of a record, by its number: every word of it.
    pub(super) fn record(
        &self,
        (uai, source): (&Uai, Source),
        number: &str,
        received_at: Timestamp,
    ) -> Timestamp {
        let since = self.news.get(uai).and_then(|news| news.get(&source)).copied();
        match (since, self.told(uai, source)) {
            (Some(since), Some(told)) => told.first(since, |one| one.tells_record(number)),
            _ => received_at,
        }
    }

    /// Since when a source names a class or group; none: it does not.
    pub(super) fn named(
        &self,
        (uai, source): (&Uai, Source),
        since: Timestamp,
        place: &Place,
    ) -> Option<Timestamp> {
        let told = self.told(uai, source)?;
        let named = told.now.places.contains(place);
        named.then(|| told.first(since, |one| one.places.get(place) != Some(&true)))
    }

    /// Since when a source says of a class or group what it says now, its label too.
    pub(super) fn described(
        &self,
        (uai, source): (&Uai, Source),
        since: Timestamp,
        place: &Place,
    ) -> Timestamp {
        let Some(told) = self.told(uai, source) else { return since };
        told.first(since, |one| !one.places.contains_key(place))
    }
}

/// Looks at the exports of all schools.
pub(super) fn load(
    session: &Session,
    store: &Store,
    review: &Review,
    past: &Past,
) -> anyhow::Result<Exports> {
    let mut exports = Exports::default();
    for school in session.config.schools.values() {
        let uai = &school.uai;
        let current = review::of_school(&review.in_force, uai);
        let chain = |(source, delivery): (&Source, &&Delivery)| {
            Some((*source, Chain::of(review, past, (uai, *source), delivery)?))
        };
        let chains: BTreeMap<Source, Chain<'_>> = current.iter().filter_map(chain).collect();
        let told = match chains.values().any(|chain| !chain.earlier.is_empty()) {
            true => told(session, store, review, (school, &current), &chains)?,
            false => BTreeMap::new(),
        };
        for (source, chain) in chains {
            let Some(since) = chain.since else { continue };
            let earlier = told.get(&source).into_iter().flat_map(|told| &told.earlier);
            let accepted = earlier.map(|one| one.received_at).find(|at| *at >= since);
            let oldest = accepted.unwrap_or(chain.received_at);
            exports.news.entry(uai.clone()).or_default().insert(source, oldest);
        }
        if !told.is_empty() {
            exports.schools.insert(uai.clone(), told);
        }
    }
    Ok(exports)
}

/// The exports of a school and source that come into question.
#[derive(Debug, PartialEq, Eq)]
struct Chain<'a> {
    /// Those before the one in force, in order of receipt.
    earlier: Vec<&'a Export>,
    received_at: Timestamp,
    /// Receipt of the oldest that no run was begun with; none: there is nothing new.
    since: Option<Timestamp>,
}

impl<'a> Chain<'a> {
    fn of(
        review: &'a Review,
        past: &Past,
        (uai, source): (&Uai, Source),
        current: &Delivery,
    ) -> Option<Self> {
        let key = (uai.clone(), source);
        let before = review.before.get(&key);
        let is_new = before != Some(&current.digest);
        let begun = past.in_force.get(&key).or(before);
        let all = review.exports.get(&key).map(Vec::as_slice).unwrap_or_default();
        let missed = past.missed.values().filter_map(|news| news.get(uai)?.get(&source).copied());
        let first_fresh = match begun {
            Some(begun) => {
                all.iter().position(|one| one.digest == *begun).map_or(all.len(), |rank| rank + 1)
            }
            None => 0,
        };
        chain(all, current, is_new.then_some(first_fresh), missed.min())
    }
}

/// Of exports in their order, the last of which is in force, those that were so when they came: one
/// that came after a newer one never was. `fresh` is the rank of the first that no run was begun
/// with, `missed` since when a target misses them.
fn chain<'a>(
    all: &'a [Export],
    current: &Delivery,
    fresh: Option<usize>,
    missed: Option<Timestamp>,
) -> Option<Chain<'a>> {
    let received_at = current.received_at;
    let mut first = received_at;
    let mut in_turn: Vec<(usize, &Export)> = Vec::new();
    for (rank, export) in all.iter().enumerate().rev() {
        let of_year = export.school_year == current.header.school_year;
        if of_year && export.received_at < first && export.digest != current.digest {
            first = export.received_at;
            in_turn.push((rank, export));
        }
    }
    in_turn.reverse();
    let since = fresh.map(|fresh| {
        let oldest = in_turn.iter().find(|(rank, _)| *rank >= fresh);
        oldest.map_or(received_at, |(_, export)| export.received_at)
    });
    let from = since.into_iter().chain(missed).min()?;
    let earlier = in_turn.into_iter().map(|(_, export)| export);
    let earlier = earlier.filter(|export| export.received_at >= from).collect();
    Some(Chain { earlier, received_at, since })
}

/// What each source of a school told in its earlier exports, held against the one in force.
fn told(
    session: &Session,
    store: &Store,
    review: &Review,
    (school, current): (&School, &BTreeMap<Source, &Delivery>),
    chains: &BTreeMap<Source, Chain<'_>>,
) -> anyhow::Result<BTreeMap<Source, Told>> {
    let old = review::replaced(store, &review.before, &school.uai, current)?;
    let before = review::measured_on(&review.before, &school.uai, current, &old);
    let Some(reviewed) = review.schools.get(&school.uai) else { return Ok(BTreeMap::new()) };
    let (functions, today) = (&session.config.functions, session.today());
    let mut sources = BTreeMap::new();
    for (source, delivery) in current {
        let said = Said::of(school, delivery, &reviewed.verdict, functions, today);
        let mut told =
            Told { now: said.now(), received_at: delivery.received_at, earlier: Vec::new() };
        for export in chains.get(source).into_iter().flat_map(|chain| &chain.earlier) {
            let Some(then) = deliveries::load(store, &export.digest).map_err(store_failure)? else {
                continue;
            };
            let mut current = current.clone();
            current.insert(*source, &then);
            let verdict = review::verdict(session, school, &current, &before);
            if !verdict.refused.contains(source) {
                let nobody_leaves = verdict.no_departures.contains(source);
                let then = Said::of(school, &then, &verdict, functions, today);
                told.earlier.push(then.held_against(&said, export.received_at, nobody_leaves));
            }
        }
        sources.insert(*source, told);
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{Digest, SchoolYear};
    use crate::model::record::Content;
    use crate::validate::fixture;

    fn day(day: u8) -> Timestamp {
        format!("2026-11-{day:02}T18:00:00Z").parse().unwrap()
    }

    /// Of exports in their order, by the day of their receipt (`!`: of the year before), the last
    /// of which is in force: those that are looked at, and since when there is something new.
    fn check(exports: &str, fresh: Option<usize>, missed: Option<u8>, expect: &str) {
        let export = |(rank, text): (usize, &str)| Export {
            digest: Digest::of_bytes([u8::try_from(rank).unwrap(); 32]),
            school_year: SchoolYear(if text.contains('!') { 2025 } else { 2026 }),
            received_at: day(text.trim_end_matches('!').parse().unwrap()),
        };
        let all: Vec<Export> = exports.split(' ').enumerate().map(export).collect();
        let last = all.last().unwrap();
        let mut current = fixture::delivery(Source::SieclePupils, "a", Content::Pupils(Vec::new()));
        current.digest = last.digest.clone();
        current.received_at = last.received_at;
        let on = |at: &Timestamp| at.strftime("%-d").to_string();
        let told = match chain(&all, &current, fresh, missed.map(day)) {
            Some(chain) => {
                let earlier = chain.earlier.iter().map(|one| on(&one.received_at));
                let since = chain.since.as_ref().map_or_else(|| "-".to_owned(), on);
                format!("{} since {since}", earlier.collect::<Vec<_>>().join(" "))
            }
            None => "nothing".to_owned(),
        };
        assert_eq!(told, expect, "{exports}");
    }

    #[test]
    fn the_clock_starts_with_the_oldest_export_that_no_run_was_begun_with() {
        // the first of them was begun with.
        check("1 9 10 12", Some(1), None, "9 10 since 9");
        check("9 10", Some(0), None, "9 since 9");
        check("9", Some(0), None, " since 9");
        // The one in force is that of the last run.
        check("9 10", None, None, "nothing");
        // What was begun with is not known any more: only the one in force is.
        check("9 10", Some(2), None, " since 10");
        // An older export that came after the one in force, or after another newer one, was never
        // in force.
        check("1 8 11 10", Some(1), None, "8 since 8");
        check("1 12 10", Some(1), None, " since 10");
        check("1 11 9 10", Some(1), None, "9 since 9");
        // Exports of last year told of last year.
        check("1! 8! 9 10", Some(1), None, "9 since 9");
        // A target that was away for days misses those that runs were begun with meanwhile.
        check("1 9 10 12", Some(3), Some(9), "9 10 since 12");
        check("1 9 10 12", None, Some(9), "9 10 since -");
    }
}
