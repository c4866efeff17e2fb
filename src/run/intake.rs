//! From the inbox to deliveries: found, read once, remembered.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use jiff::Timestamp;
use rayon::prelude::*;

use super::session::{Session, store_failure};
use crate::delivery::{self, Part};
use crate::ingest::{self, DIVISIONS_MAX, Door, GROUPS_MAX, IneHasher, PEOPLE_MAX};
use crate::model::delivery::Delivery;
use crate::model::finding::{self, Finding, Place};
use crate::model::ids::Digest;
use crate::store::{Store, deliveries};

/// A file that was refused before its records were looked at.
#[derive(Debug, Clone)]
pub struct RefusedFile {
    pub name: String,
    /// Absent when the bytes could not even be hashed.
    pub digest: Option<Digest>,
    pub received_at: Timestamp,
    pub finding: Finding,
}

/// What the inbox holds.
#[derive(Debug, Default)]
pub struct Intake {
    pub deliveries: BTreeMap<Digest, Delivery>,
    pub refused: Vec<RefusedFile>,
    /// The same bytes under another name.
    pub identical: Vec<Finding>,
}

enum Read {
    Known(Delivery),
    Fresh(Box<Delivery>),
    Refused(RefusedFile),
}

/// Reads the inbox. Bytes that the store knows are not parsed again; what is new goes into the
/// store when `keep` is set. The first receipt of the same bytes counts.
pub fn read(session: &Session, store: &mut Store, keep: bool) -> anyhow::Result<Intake> {
    let folder = &session.config.inbox;
    let scanned = delivery::scan(folder, &delivery::LIMITS)
        .with_context(|| format!("cannot read the inbox {}", folder.display()))?;
    let door = Door {
        hasher: IneHasher::new(session.config.ine_key.clone()),
        zone: session.config.zone.clone(),
        people_max: PEOPLE_MAX,
        divisions_max: DIVISIONS_MAX,
        groups_max: GROUPS_MAX,
    };
    let mut intake = Intake::default();
    let mut seen: BTreeSet<&Digest> = BTreeSet::new();
    let mut parts: Vec<(&Part, Option<Delivery>)> = Vec::new();
    let mut fresh = Vec::new();
    for part in &scanned.parts {
        if !seen.insert(&part.digest) {
            intake.identical.push(finding::DELIVERY_IDENTICAL.at(Place::file(&part.name)));
            continue;
        }
        parts.push((part, deliveries::load(store, &part.digest).map_err(store_failure)?));
    }
    let read: Vec<Read> =
        parts.into_par_iter().map(|(part, known)| read_part(part, known, &door)).collect();
    for one in read {
        match one {
            Read::Known(delivery) => {
                intake.deliveries.insert(delivery.digest.clone(), delivery);
            }
            Read::Fresh(delivery) => {
                fresh.push(*delivery);
            }
            Read::Refused(refused) => intake.refused.push(refused),
        }
    }
    if keep {
        deliveries::save(store, &fresh).map_err(store_failure)?;
    }
    intake.deliveries.extend(fresh.into_iter().map(|one| (one.digest.clone(), one)));
    intake.refused.extend(scanned.refused.into_iter().map(|refusal| RefusedFile {
        name: refusal.name,
        digest: refusal.digest,
        received_at: refusal.received_at,
        finding: refusal.finding,
    }));
    intake.refused.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(intake)
}

fn read_part(part: &Part, known: Option<Delivery>, door: &Door) -> Read {
    if let Some(mut delivery) = known {
        delivery.name.clone_from(&part.name);
        delivery.received_at = delivery.received_at.min(part.received_at);
        return Read::Known(delivery);
    }
    let refused = |finding: Finding| {
        Read::Refused(RefusedFile {
            name: part.name.clone(),
            digest: Some(part.digest.clone()),
            received_at: part.received_at,
            finding,
        })
    };
    match part.read(|xml| ingest::read(&part.name, xml, door)).and_then(|read| read) {
        Ok(ingested) => {
            let mut findings = part.findings.clone();
            for finding in &mut findings {
                finding.uai = Some(ingested.header.uai.clone());
            }
            findings.extend(ingested.findings);
            Read::Fresh(Box::new(Delivery {
                digest: part.digest.clone(),
                name: part.name.clone(),
                received_at: part.received_at,
                header: ingested.header,
                content: ingested.content,
                counts: ingested.counts,
                findings,
            }))
        }
        Err(finding) => refused(finding),
    }
}
