//! From the inbox to deliveries: found, read once, remembered.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use rayon::prelude::*;

use super::receipts::{self, Known, Receipt};
use super::session::{Session, store_failure};
use crate::delivery::{self, Part};
use crate::ingest::{self, DIVISIONS_MAX, Door, GROUPS_MAX, KeyedHasher, PEOPLE_MAX};
use crate::model::delivery::{Delivery, Header, Source};
use crate::model::finding::{self, Finding, Place};
use crate::model::ids::Digest;
use crate::store::deliveries::{self, DeliveryRow, Refusal};
use crate::store::{Store, StoreError};

/// A file that was refused before its records were looked at.
#[derive(Debug, Clone)]
pub struct RefusedFile {
    pub name: String,
    /// Absent when the bytes could not even be hashed.
    pub digest: Option<Digest>,
    pub received_at: Timestamp,
    pub finding: Finding,
    /// What it had told of itself before it was refused.
    pub source: Option<Source>,
    pub header: Option<Header>,
}

/// What the inbox holds.
pub struct Intake {
    /// Read now, for the first time.
    pub fresh: BTreeMap<Digest, Delivery>,
    /// Bytes that the store knows: not parsed again.
    pub known: BTreeMap<Digest, Part>,
    pub refused: Vec<RefusedFile>,
    /// Of everything that it holds.
    pub receipts: BTreeMap<Digest, Receipt>,
    /// The same bytes under another name.
    pub identical: Vec<Finding>,
    door: Door,
}

/// Reads the inbox. Bytes that the store knows are not parsed again; what is new goes into the
/// store when `keep` is set. The first receipt of the same bytes counts.
pub fn read(session: &Session, store: &mut Store, keep: bool) -> anyhow::Result<Intake> {
    let folder = &session.config.inbox;
    let scanned = delivery::scan(folder, &delivery::LIMITS)
        .with_context(|| format!("cannot read the inbox {}", folder.display()))?;
    let mut intake = Intake {
        fresh: BTreeMap::new(),
        known: BTreeMap::new(),
        refused: scanned.refused.into_iter().map(RefusedFile::from).collect(),
        receipts: BTreeMap::new(),
        identical: Vec::new(),
        door: Door {
            hasher: KeyedHasher::new(session.config.ine_key.clone()),
            keep_birthplace: session.config.matching.use_birthplace,
            keep_sex: session.config.matching.use_sex,
            zone: session.config.zone.clone(),
            people_max: PEOPLE_MAX,
            divisions_max: DIVISIONS_MAX,
            groups_max: GROUPS_MAX,
        },
    };
    let listed = deliveries::list(store).map_err(store_failure)?;
    let now = session.world.clock.now();
    let known: BTreeMap<Digest, Known> = listed.into_iter().map(known_row).collect();
    let files = scanned.parts.iter().map(|part| (&part.digest, part.received_at));
    intake.receipts = receipts::hear(&known, files, now);
    let mut names: BTreeMap<Digest, String> = BTreeMap::new();
    let mut unread = Vec::new();
    for part in scanned.parts {
        if let Some(first) = names.get(&part.digest) {
            let mut identical = finding::DELIVERY_IDENTICAL.at(Place::file(&part.name));
            identical.uai = known.get(&part.digest).map(|one| one.uai.clone());
            intake.identical.push(identical.with("current", first));
            continue;
        }
        names.insert(part.digest.clone(), part.name.clone());
        if known.contains_key(&part.digest) {
            intake.known.insert(part.digest.clone(), part);
        } else {
            unread.push(part);
        }
    }
    intake.parse(&unread);
    intake.refused.sort_by(|left, right| left.name.cmp(&right.name));
    if keep {
        remember(store, &intake, &known).map_err(store_failure)?;
    }
    tracing::info!(
        fresh = intake.fresh.len(),
        known = intake.known.len(),
        refused = intake.refused.len(),
        "inbox read"
    );
    Ok(intake)
}

fn known_row(row: DeliveryRow) -> (Digest, Known) {
    let receipt =
        Receipt { first: row.received_at, last: row.last_received_at, heard: row.heard_at };
    (row.digest, Known { uai: row.header.uai, source: row.header.source, receipt })
}

/// What was read, what was received again, and what was refused, goes into the store.
fn remember(
    store: &mut Store,
    intake: &Intake,
    known: &BTreeMap<Digest, Known>,
) -> Result<(), StoreError> {
    let fresh: Vec<Delivery> = intake.fresh.values().cloned().collect();
    deliveries::save(store, &fresh)?;
    let again = |(digest, part): (&Digest, &Part)| {
        let receipt = intake.receipts.get(digest)?;
        let stored = known.get(digest).map(|one| &one.receipt);
        (stored != Some(receipt)).then(|| deliveries::Receipt {
            digest: digest.clone(),
            name: part.name.clone(),
            received_at: receipt.first,
            last_received_at: receipt.last,
            heard_at: receipt.heard,
        })
    };
    let again: Vec<deliveries::Receipt> = intake.known.iter().filter_map(again).collect();
    deliveries::save_receipts(store, &again)?;
    let refusals: Vec<Refusal> = intake
        .refused
        .iter()
        .filter_map(|one| {
            Some(Refusal {
                digest: one.digest.clone()?,
                name: one.name.clone(),
                received_at: one.received_at,
                finding: one.finding.clone(),
            })
        })
        .collect();
    deliveries::save_refusals(store, &refusals)
}

impl Intake {
    /// Reads what the store does not know.
    fn parse(&mut self, unread: &[Part]) {
        let read: Vec<_> = unread.par_iter().map(|part| read_part(part, &self.door)).collect();
        for (part, one) in unread.iter().zip(read) {
            match one {
                Ok(mut delivery) => {
                    if let Some(receipt) = self.receipts.get(&delivery.digest) {
                        delivery.received_at = receipt.first;
                        delivery.last_received_at = receipt.last;
                    }
                    self.fresh.insert(delivery.digest.clone(), delivery);
                }
                Err(refused) => {
                    let ingest::Refused { finding, source, header } = *refused;
                    self.refused.push(RefusedFile {
                        name: part.name.clone(),
                        digest: Some(part.digest.clone()),
                        received_at: part.received_at,
                        finding,
                        source,
                        header,
                    });
                }
            }
        }
    }

    /// A delivery of which the store has forgotten the records, read again from the inbox.
    pub fn read_again(&self, digest: &Digest) -> Option<Delivery> {
        self.known.get(digest).and_then(|part| read_part(part, &self.door).ok())
    }
}

impl From<delivery::Refusal> for RefusedFile {
    fn from(refusal: delivery::Refusal) -> Self {
        let delivery::Refusal { name, received_at, digest, finding } = refusal;
        Self { name, digest, received_at, finding, source: None, header: None }
    }
}

fn read_part(part: &Part, door: &Door) -> Result<Delivery, Box<ingest::Refused>> {
    let unreadable = |finding| Box::new(ingest::Refused { finding, source: None, header: None });
    let ingested = part.read(|xml| ingest::read(&part.name, xml, door)).map_err(unreadable)??;
    let mut findings = part.findings.clone();
    for finding in &mut findings {
        finding.uai = Some(ingested.header.uai.clone());
    }
    findings.extend(ingested.findings);
    Ok(Delivery {
        digest: part.digest.clone(),
        name: part.name.clone(),
        received_at: part.received_at,
        last_received_at: part.received_at,
        header: ingested.header,
        content: ingested.content,
        counts: ingested.counts,
        findings,
    })
}
