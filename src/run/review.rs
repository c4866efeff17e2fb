//! From deliveries to what each school is told: which are in force, what is set aside. Beside it,
//! in `review/`, the commands on doubtful matches.

pub(in crate::run) mod ask;
pub mod decide;
pub mod export;
pub mod import;
pub mod list;
pub mod show;
pub mod undo;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::intake::Intake;
use super::session::{Session, store_failure};
use crate::config::Config;
use crate::desired::input::SchoolInput;
use crate::model::delivery::{Counts, Delivery, Header, Source, Status};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{Digest, SchoolYear, Uai};
use crate::model::school::School;
use crate::plan::{Basis, DeliveryLine, Objection, guard};
use crate::store::Store;
use crate::store::deliveries::{self, DeliveryRow};
use crate::validate::batch::{self, Batch, Head};
use crate::validate::{self, Verdict, View};

/// One school, reviewed.
#[derive(Debug, Default)]
pub struct SchoolReview {
    /// Of its deliveries in force, parser and checks together.
    pub findings: Vec<Finding>,
    /// Of the checks: what is set aside, where nobody leaves.
    pub verdict: Verdict,
    pub counts: BTreeMap<Source, Counts>,
    /// Its files are of another school year than those of the last run.
    pub turns_year: bool,
    /// The deliveries measured on, where nobody may leave on the one in force.
    pub measured: BTreeMap<Source, Delivery>,
}

/// Everything known of the deliveries of a run.
#[derive(Debug, Default)]
pub struct Review {
    pub in_force: BTreeMap<(Uai, Source), Delivery>,
    pub schools: BTreeMap<Uai, SchoolReview>,
    /// Of files that are of no school, or refused.
    pub others: Vec<Finding>,
    pub lines: Vec<DeliveryLine>,
    /// Those that wait for the turn of the year, wherever their files are by now.
    pub waiting: BTreeSet<Digest>,
    /// The deliveries that the last begun run measured departures on.
    pub(super) before: BTreeMap<(Uai, Source), Digest>,
    /// Those in force, each after the ones that it has replaced, in their order.
    pub(super) exports: BTreeMap<(Uai, Source), Vec<Export>>,
    measured: Measured,
}

/// A good delivery, in force now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Export {
    pub(super) digest: Digest,
    pub(super) school_year: SchoolYear,
    pub(super) received_at: Timestamp,
}

/// The schools that the last begun run measured departures on, with the académie of each.
pub(super) type Measured = BTreeMap<Uai, Option<String>>;

/// Chooses the deliveries in force among all that are known, and runs the checks on each school.
pub fn review(session: &Session, store: &Store, mut intake: Intake) -> anyhow::Result<Review> {
    let basis = deliveries::basis(store).map_err(store_failure)?;
    let mut review = Review { measured: measured(session, &basis), ..Review::default() };
    for Basis { uai, source, digest, academy: _ } in &basis {
        review.before.insert((uai.clone(), *source), digest.clone());
    }
    let known = known(store, &intake)?;
    let heads: Vec<Head<'_>> = known
        .iter()
        .map(|(digest, one)| Head {
            digest,
            name: &one.name,
            received_at: one.received_at,
            last_received_at: one.last_received_at,
            header: &one.header,
        })
        .collect();
    let measured: BTreeSet<Digest> = basis.into_iter().map(|one| one.digest).collect();
    let Config { schools, checks, .. } = &session.config;
    let batch = batch::batch(&heads, schools, &measured, checks, session.world.clock.now());
    review.exports = exports(&heads, &batch);
    for head in &heads {
        let Some(ruling) = batch.rulings.get(head.digest) else { continue };
        if ruling.status == Status::Early {
            review.waiting.insert(head.digest.clone());
        }
        let received =
            intake.fresh.contains_key(head.digest) || intake.known.contains_key(head.digest);
        let here = received && !is_history(head, &heads, &batch);
        if ruling.status == Status::Current {
            let delivery = match intake.fresh.remove(head.digest) {
                Some(delivery) => Some(delivery),
                None => deliveries::load(store, head.digest).map_err(store_failure)?,
            };
            let Some(mut delivery) = delivery.or_else(|| intake.read_again(head.digest)) else {
                continue;
            };
            delivery.received_at = head.received_at;
            delivery.last_received_at = head.last_received_at;
            tracing::debug!(uai = %head.header.uai, source = %head.header.source, "in force");
            review.in_force.insert((head.header.uai.clone(), head.header.source), delivery);
        }
        if here || ruling.status == Status::Current {
            review.lines.push(line(head, ruling.status));
            review.file(session, &ruling.findings);
        }
    }
    for refused in &intake.refused {
        review.lines.push(DeliveryLine {
            name: refused.name.clone(),
            uai: refused.finding.uai.clone(),
            source: refused.source,
            school_year: refused.header.as_ref().map(|header| header.school_year),
            exported_at: refused.header.as_ref().and_then(|header| header.exported_at),
            received_at: refused.received_at,
            status: Status::Refused,
            counts: Counts::default(),
        });
        review.file(session, std::slice::from_ref(&refused.finding));
    }
    review.file(session, &intake.identical);
    batch.missing.values().for_each(|findings| review.file(session, findings));
    check_schools(session, store, &mut review)?;
    review.finish();
    Ok(review)
}

/// A delivery that was right in its time and has been replaced since by one received later: there
/// is nothing to tell of it any more.
fn is_history(head: &Head<'_>, heads: &[Head<'_>], batch: &Batch) -> bool {
    let status = |one: &Head<'_>| batch.rulings.get(one.digest).map(|ruling| ruling.status);
    let later = |other: &&Head<'_>| {
        (&other.header.uai, other.header.source) == (&head.header.uai, head.header.source)
            && status(other) == Some(Status::Current)
            && other.last_received_at >= head.received_at
    };
    status(head) == Some(Status::Superseded) && heads.iter().any(|other| later(&other))
}

/// By school and source, the deliveries that are good and not early, in their order.
fn exports(heads: &[Head<'_>], batch: &Batch) -> BTreeMap<(Uai, Source), Vec<Export>> {
    let heads: BTreeMap<&Digest, &Head<'_>> =
        heads.iter().map(|head| (head.digest, head)).collect();
    let mut exports: BTreeMap<(Uai, Source), Vec<Export>> = BTreeMap::new();
    for (digest, ruling) in batch.order.iter().filter_map(|one| batch.rulings.get_key_value(one)) {
        let Some(Head { received_at, header, .. }) = heads.get(digest) else { continue };
        if matches!(ruling.status, Status::Current | Status::Superseded) {
            let of_source = exports.entry((header.uai.clone(), header.source)).or_default();
            let (digest, school_year) = (digest.clone(), header.school_year);
            of_source.push(Export { digest, school_year, received_at: *received_at });
        }
    }
    exports
}

/// A delivery as the choice needs it.
struct Known {
    name: String,
    received_at: Timestamp,
    last_received_at: Timestamp,
    header: Header,
}

/// Every good delivery of the store and of the inbox.
fn known(store: &Store, intake: &Intake) -> anyhow::Result<BTreeMap<Digest, Known>> {
    let mut known: BTreeMap<Digest, Known> = BTreeMap::new();
    for row in deliveries::list(store).map_err(store_failure)? {
        // What can be read again from the inbox counts as much.
        if row.has_content || intake.known.contains_key(&row.digest) {
            let DeliveryRow { digest, name, header, .. } = row;
            let (received_at, last_received_at) = match intake.receipts.get(&digest) {
                Some(receipt) => (receipt.first, receipt.last),
                None => (row.received_at, row.last_received_at),
            };
            known.insert(digest, Known { name, received_at, last_received_at, header });
        }
    }
    for delivery in intake.fresh.values() {
        let Delivery { digest, name, received_at, last_received_at, header, .. } = delivery;
        let (received_at, last_received_at) = (*received_at, *last_received_at);
        let (name, header) = (name.clone(), header.clone());
        known.insert(digest.clone(), Known { name, received_at, last_received_at, header });
    }
    Ok(known)
}

fn line(head: &Head<'_>, status: Status) -> DeliveryLine {
    DeliveryLine {
        name: head.name.to_owned(),
        uai: Some(head.header.uai.clone()),
        source: Some(head.header.source),
        school_year: Some(head.header.school_year),
        exported_at: head.header.exported_at,
        received_at: head.received_at,
        status,
        counts: Counts::default(),
    }
}

/// What the checks say of deliveries of one school, measured on those `before`.
pub(super) fn verdict(
    session: &Session,
    school: &School,
    current: &BTreeMap<Source, &Delivery>,
    before: &BTreeMap<Source, &Delivery>,
) -> Verdict {
    let functions = &session.config.functions;
    validate::school(&View {
        school,
        current: current.clone(),
        before: before.clone(),
        today: session.today(),
        policy: &session.config.checks,
        known_function: &|code| functions.knows(code),
        function_without_account: &|code| functions.gives_none(code),
        overrides: &session.config.overrides,
    })
}

fn check_schools(session: &Session, store: &Store, review: &mut Review) -> anyhow::Result<()> {
    for school in session.config.schools.values() {
        let current = of_school(&review.in_force, &school.uai);
        if current.is_empty() {
            continue;
        }
        let mut old = replaced(store, &review.before, &school.uai, &current)?;
        let before = measured_on(&review.before, &school.uai, &current, &old);
        let verdict = verdict(session, school, &current, &before);
        let counts: BTreeMap<Source, Counts> = current
            .iter()
            .map(|(source, one)| (*source, validate::counts(one, &verdict)))
            .collect();
        let parser = current.values().flat_map(|one| one.findings.iter().cloned());
        let parser: Vec<Finding> = parser.collect();
        let last = before.values().map(|one| one.header.school_year).max();
        let new = current.values().map(|one| one.header.school_year).max();
        let reviewed = review.schools.entry(school.uai.clone()).or_default();
        reviewed.turns_year = last.is_some() && last != new;
        reviewed.counts = counts;
        reviewed.findings.extend(parser);
        reviewed.findings.extend(verdict.findings.iter().cloned());
        old.retain(|source, _| verdict.no_departures.contains(source));
        reviewed.measured = old;
        reviewed.verdict = verdict;
    }
    Ok(())
}

/// What the last begun run measured departures on and is not in force any more, of one school.
pub(super) fn replaced(
    store: &Store,
    before: &BTreeMap<(Uai, Source), Digest>,
    uai: &Uai,
    current: &BTreeMap<Source, &Delivery>,
) -> anyhow::Result<BTreeMap<Source, Delivery>> {
    let mut old = BTreeMap::new();
    for source in Source::ALL {
        let Some(digest) = before.get(&(uai.clone(), source)) else { continue };
        if current.get(&source).is_none_or(|delivery| delivery.digest != *digest) {
            let loaded = deliveries::load(store, digest).map_err(store_failure)?;
            old.extend(loaded.map(|delivery| (source, delivery)));
        }
    }
    Ok(old)
}

/// All that it measured departures on, of one school.
pub(super) fn measured_on<'a>(
    before: &BTreeMap<(Uai, Source), Digest>,
    uai: &Uai,
    current: &BTreeMap<Source, &'a Delivery>,
    old: &'a BTreeMap<Source, Delivery>,
) -> BTreeMap<Source, &'a Delivery> {
    let is_same = |(source, delivery): &(&Source, &&Delivery)| {
        before.get(&(uai.clone(), **source)) == Some(&delivery.digest)
    };
    let same = current.iter().filter(is_same).map(|(source, delivery)| (*source, *delivery));
    same.chain(old.iter().map(|(source, delivery)| (*source, delivery))).collect()
}

/// The schools of a basis. One that was kept without its académie is in that of today's list.
pub(super) fn measured(session: &Session, basis: &[Basis]) -> Measured {
    let academy = |one: &Basis| one.academy.clone().or_else(|| academy_of(session, &one.uai));
    basis.iter().map(|one| (one.uai.clone(), academy(one))).collect()
}

/// What the guard says of schools that were measured on and are not `present`.
pub(super) fn missing(measured: &Measured, present: &dyn Fn(&Uai) -> bool) -> Option<Objection> {
    let schools = measured.iter().map(|(uai, academy)| (academy.clone(), present(uai)));
    guard::deliveries_missing(&schools.collect::<Vec<_>>())
}

fn academy_of(session: &Session, uai: &Uai) -> Option<String> {
    session.config.schools.get(uai).map(|school| school.academy.clone())
}

pub(super) fn of_school<'a>(
    in_force: &'a BTreeMap<(Uai, Source), Delivery>,
    uai: &Uai,
) -> BTreeMap<Source, &'a Delivery> {
    Source::ALL
        .into_iter()
        .filter_map(|source| Some((source, in_force.get(&(uai.clone(), source))?)))
        .collect()
}

impl Review {
    /// Files findings under their school, when that is one of ours.
    fn file(&mut self, session: &Session, findings: &[Finding]) {
        for finding in findings {
            let ours = finding.uai.as_ref().filter(|uai| session.config.schools.contains_key(*uai));
            match ours {
                Some(uai) => {
                    self.schools.entry(uai.clone()).or_default().findings.push(finding.clone());
                }
                None => self.others.push(finding.clone()),
            }
        }
    }

    /// Files what the registry found; a record that waits for a decision is one set aside.
    pub fn tell(&mut self, session: &Session, findings: Vec<Finding>) {
        for finding in &findings {
            let source = finding.uai.as_ref().and_then(|uai| {
                let of = |source: &&Source| {
                    self.in_force
                        .get(&(uai.clone(), **source))
                        .is_some_and(|delivery| delivery.name == finding.place.file)
                };
                Source::ALL.iter().find(of).map(|source| (uai.clone(), *source))
            });
            let (Some((uai, source)), Severity::SetAside, Some(line)) =
                (source, finding.severity, finding.place.line)
            else {
                continue;
            };
            let Some(school) = self.schools.get_mut(&uai) else { continue };
            let counts = school.counts.entry(source).or_default();
            if school.verdict.set_aside.insert((source, line)) {
                counts.accepted -= 1;
                counts.quarantined += 1;
            }
        }
        self.file(session, &findings);
        self.finish();
    }

    /// Fills the counts of the lines in, and puts everything in the order of a report.
    fn finish(&mut self) {
        for school in self.schools.values_mut() {
            school.findings.sort();
            school.findings.dedup();
        }
        for line in &mut self.lines {
            let (Some(uai), Some(source)) = (&line.uai, line.source) else { continue };
            let school = self.schools.get(uai);
            if line.status == Status::Current {
                let counts = school.and_then(|school| school.counts.get(&source));
                line.counts = counts.copied().unwrap_or_default();
                if school.is_some_and(|school| school.verdict.refused.contains(&source)) {
                    line.status = Status::Refused;
                }
            }
        }
        self.lines.sort_by(|left, right| {
            (&left.uai, left.source, left.status, &left.name).cmp(&(
                &right.uai,
                right.source,
                right.status,
                &right.name,
            ))
        });
    }

    /// The schools with something in force, as the people room wants them.
    pub fn inputs<'a>(&'a self, session: &'a Session) -> Vec<SchoolInput<'a>> {
        let schools = session.config.schools.values();
        schools
            .filter_map(|school| {
                let mut deliveries = of_school(&self.in_force, &school.uai);
                let SchoolReview { verdict, measured, .. } = self.schools.get(&school.uai)?;
                deliveries.retain(|source, _| !verdict.refused.contains(source));
                let zone = &session.config.zone;
                (!deliveries.is_empty()).then_some(SchoolInput {
                    school,
                    deliveries,
                    measured,
                    verdict,
                    zone,
                })
            })
            .collect()
    }

    /// The deliveries that departures are measured on from now on: those in force, but where
    /// nobody may leave on a file, the one before it, or a drop would pass on its second day.
    pub fn basis(&self, session: &Session) -> Vec<Basis> {
        let measured = |(uai, source): &(Uai, Source), delivery: &Delivery| {
            let held = self.schools.get(uai).is_some_and(|school| {
                let Verdict { no_departures, refused, .. } = &school.verdict;
                no_departures.contains(source) || refused.contains(source)
            });
            let old = self.before.get(&(uai.clone(), *source)).filter(|_| held);
            let digest = old.unwrap_or(&delivery.digest).clone();
            let academy = academy_of(session, uai);
            Basis { uai: uai.clone(), source: *source, digest, academy }
        };
        self.in_force.iter().map(|(key, delivery)| measured(key, delivery)).collect()
    }

    /// The deliveries in force, by school and source.
    pub fn basis_in_force(&self) -> Vec<Basis> {
        let one = |((uai, source), delivery): (&(Uai, Source), &Delivery)| Basis {
            uai: uai.clone(),
            source: *source,
            digest: delivery.digest.clone(),
            academy: None,
        };
        self.in_force.iter().map(one).collect()
    }

    /// Schools that the last run measured on, and of which nothing is in force any more: a whole
    /// académie of them, or many.
    pub fn missing(&self) -> Option<Objection> {
        missing(&self.measured, &|uai| self.has(uai))
    }

    /// What the last run measured on those schools. A run that writes nothing is not stopped for
    /// them: it keeps it, or the next one would not know that anything is missing.
    pub fn basis_missing(&self) -> Vec<Basis> {
        let gone = self.before.iter().filter(|((uai, _), _)| !self.has(uai));
        let kept = gone.map(|((uai, source), digest)| Basis {
            uai: uai.clone(),
            source: *source,
            digest: digest.clone(),
            academy: self.measured.get(uai).cloned().flatten(),
        });
        kept.collect()
    }

    /// Something of the school is in force.
    fn has(&self, uai: &Uai) -> bool {
        Source::ALL.into_iter().any(|source| self.in_force.contains_key(&(uai.clone(), source)))
    }

    /// Something was refused, or waits for a correction (exit 3).
    pub fn has_gaps(&self) -> bool {
        self.lines.iter().any(|line| {
            line.status == Status::Refused || line.counts.quarantined + line.counts.rejected > 0
        })
    }
}
