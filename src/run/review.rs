//! From deliveries to what each school is told: which are in force, what is set aside.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::intake::Intake;
use super::session::{Session, store_failure};
use crate::desired::declared::SchoolInput;
use crate::model::delivery::{Counts, Delivery, Source, Status};
use crate::model::finding::Finding;
use crate::model::ids::{Digest, Uai};
use crate::plan::{Basis, DeliveryLine};
use crate::store::{Store, deliveries};
use crate::validate::batch::{self, Head};
use crate::validate::{self, View};

/// One school, reviewed.
#[derive(Debug, Default)]
pub struct SchoolReview {
    /// Of its deliveries in force, parser and checks together.
    pub findings: Vec<Finding>,
    pub set_aside: BTreeSet<(Source, u64)>,
    pub no_departures: BTreeSet<Source>,
    pub repaired: BTreeMap<(Source, u64), crate::model::record::Names>,
    pub counts: BTreeMap<Source, Counts>,
}

/// Everything known of the deliveries of a run.
#[derive(Debug, Default)]
pub struct Review {
    pub in_force: BTreeMap<(Uai, Source), Delivery>,
    pub schools: BTreeMap<Uai, SchoolReview>,
    /// Of files that are of no school, or refused.
    pub others: Vec<Finding>,
    pub lines: Vec<DeliveryLine>,
    /// The deliveries that the last begun run measured departures on.
    before: BTreeMap<(Uai, Source), Digest>,
}

/// Chooses the deliveries in force among all that are known, and runs the checks on each school.
pub fn review(session: &Session, store: &Store, mut intake: Intake) -> anyhow::Result<Review> {
    let today = session.today();
    let basis = deliveries::basis(store).map_err(store_failure)?;
    let mut review = Review {
        before: basis.iter().map(|one| ((one.uai.clone(), one.source), one.digest.clone())).collect(),
        ..Review::default()
    };
    let heads = heads(store, &intake)?;
    let measured: BTreeSet<Digest> = basis.into_iter().map(|one| one.digest).collect();
    let settled = batch::settle(
        &heads,
        &session.config.schools,
        &measured,
        &session.config.checks,
        today,
    );
    for head in &heads {
        let Some(verdict) = settled.by_digest.get(&head.digest) else { continue };
        let here = intake.deliveries.contains_key(&head.digest);
        if verdict.status == Status::Current {
            let delivery = match intake.deliveries.remove(&head.digest) {
                Some(delivery) => delivery,
                None => match deliveries::load(store, &head.digest).map_err(store_failure)? {
                    Some(delivery) => delivery,
                    None => continue,
                },
            };
            review.in_force.insert((head.header.uai.clone(), head.header.source), delivery);
        }
        if here || verdict.status == Status::Current {
            review.lines.push(line(head, verdict.status));
            file(&mut review, Some(&head.header.uai), verdict.status, &verdict.findings, session);
        }
    }
    for refused in &intake.refused {
        review.lines.push(DeliveryLine {
            name: refused.name.clone(),
            uai: refused.finding.uai.clone(),
            source: None,
            school_year: None,
            exported_at: None,
            received_at: refused.received_at,
            status: Status::Refused,
            counts: Counts::default(),
        });
        let uai = refused.finding.uai.clone();
        file(&mut review, uai.as_ref(), Status::Refused, std::slice::from_ref(&refused.finding), session);
    }
    review.others.append(&mut intake.identical);
    for finding in settled.findings {
        let uai = finding.uai.clone();
        file(&mut review, uai.as_ref(), Status::Current, &[finding], session);
    }
    check_schools(session, store, &mut review, today)?;
    finish_lines(&mut review);
    Ok(review)
}

/// Files a finding under its school, when that is one of ours.
fn file(
    review: &mut Review,
    uai: Option<&Uai>,
    _status: Status,
    findings: &[Finding],
    session: &Session,
) {
    match uai.filter(|uai| session.config.schools.contains_key(*uai)) {
        Some(uai) => review
            .schools
            .entry(uai.clone())
            .or_default()
            .findings
            .extend(findings.iter().cloned()),
        None => review.others.extend(findings.iter().cloned()),
    }
}

fn heads(store: &Store, intake: &Intake) -> anyhow::Result<Vec<Head>> {
    let mut heads: BTreeMap<Digest, Head> = deliveries::heads(store)
        .map_err(store_failure)?
        .into_iter()
        .map(|head| (head.digest.clone(), head))
        .collect();
    for delivery in intake.deliveries.values() {
        let head = Head {
            digest: delivery.digest.clone(),
            name: delivery.name.clone(),
            received_at: delivery.received_at,
            header: delivery.header.clone(),
        };
        heads.insert(delivery.digest.clone(), head);
    }
    Ok(heads.into_values().collect())
}

fn line(head: &Head, status: Status) -> DeliveryLine {
    DeliveryLine {
        name: head.name.clone(),
        uai: Some(head.header.uai.clone()),
        source: Some(head.header.source),
        school_year: Some(head.header.school_year),
        exported_at: head.header.exported_at,
        received_at: head.received_at,
        status,
        counts: Counts::default(),
    }
}

fn check_schools(
    session: &Session,
    store: &Store,
    review: &mut Review,
    today: Date,
) -> anyhow::Result<()> {
    let functions = &session.config.functions;
    for school in session.config.schools.values() {
        let current: BTreeMap<Source, &Delivery> = of_school(&review.in_force, &school.uai);
        if current.is_empty() {
            continue;
        }
        let mut before: BTreeMap<Source, Delivery> = BTreeMap::new();
        for source in Source::ALL {
            let Some(digest) = review.before.get(&(school.uai.clone(), source)) else { continue };
            if let Some(delivery) = deliveries::load(store, digest).map_err(store_failure)? {
                before.insert(source, delivery);
            }
        }
        let view = View {
            school,
            before: before.iter().map(|(source, delivery)| (*source, delivery)).collect(),
            today,
            policy: &session.config.checks,
            known_function: &|code| functions.knows(code),
            overrides: &session.config.overrides,
            current,
        };
        let verdict = validate::school(&view);
        let counts =
            view.current.iter().map(|(source, one)| (*source, validate::counts(one, &verdict)));
        let counts = counts.collect();
        let parser = view.current.values().flat_map(|one| one.findings.iter().cloned());
        let parser: Vec<Finding> = parser.collect();
        let reviewed = review.schools.entry(school.uai.clone()).or_default();
        reviewed.counts = counts;
        reviewed.findings.extend(parser);
        reviewed.findings.extend(verdict.findings);
        reviewed.findings.sort();
        reviewed.findings.dedup();
        reviewed.set_aside = verdict.set_aside;
        reviewed.no_departures = verdict.no_departures;
        reviewed.repaired = verdict.repaired;
    }
    Ok(())
}

fn of_school<'a>(
    in_force: &'a BTreeMap<(Uai, Source), Delivery>,
    uai: &Uai,
) -> BTreeMap<Source, &'a Delivery> {
    Source::ALL
        .into_iter()
        .filter_map(|source| Some((source, in_force.get(&(uai.clone(), source))?)))
        .collect()
}

/// Fills the counts of the lines in, and puts them in the order of a report.
fn finish_lines(review: &mut Review) {
    for line in &mut review.lines {
        let (Some(uai), Some(source), Status::Current) = (&line.uai, line.source, line.status)
        else {
            continue;
        };
        let counts = review.schools.get(uai).and_then(|school| school.counts.get(&source));
        line.counts = counts.copied().unwrap_or_default();
    }
    review.lines.sort_by(|left, right| {
        (&left.uai, left.source, left.status, &left.name)
            .cmp(&(&right.uai, right.source, right.status, &right.name))
    });
}

impl Review {
    /// The schools with something in force, as the people room wants them.
    pub fn inputs<'a>(&'a self, session: &'a Session) -> Vec<SchoolInput<'a>> {
        let schools = session.config.schools.values();
        schools
            .filter_map(|school| {
                let deliveries = of_school(&self.in_force, &school.uai);
                let reviewed = self.schools.get(&school.uai)?;
                (!deliveries.is_empty()).then(|| SchoolInput {
                    school,
                    deliveries,
                    set_aside: reviewed.set_aside.clone(),
                    no_departures: reviewed.no_departures.clone(),
                    repaired: reviewed.repaired.clone(),
                })
            })
            .collect()
    }

    /// The deliveries that departures are measured on from now on: those in force, but where
    /// nobody may leave on a file, the one before it, or a drop would pass on its second day.
    pub fn basis(&self) -> Vec<Basis> {
        let measured = |(uai, source): &(Uai, Source), delivery: &Delivery| {
            let held = self
                .schools
                .get(uai)
                .is_some_and(|school| school.no_departures.contains(source));
            let old = self.before.get(&(uai.clone(), *source)).filter(|_| held);
            let digest = old.unwrap_or(&delivery.digest).clone();
            Basis { uai: uai.clone(), source: *source, digest }
        };
        self.in_force.iter().map(|(key, delivery)| measured(key, delivery)).collect()
    }

    /// Something was refused, or waits for a correction (exit 3).
    pub fn has_gaps(&self) -> bool {
        self.lines.iter().any(|line| {
            line.status == Status::Refused || line.counts.quarantined + line.counts.rejected > 0
        })
    }
}
