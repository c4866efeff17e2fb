//! Stage 1: what identifiers prove of each record, against everybody known and among the records
//! themselves; and what they make doubtful.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use smallvec::SmallVec;

use super::answer::{self, Answers};
use super::claim::Claim;
use super::decide::{Doubt, Evidence};
use super::features::{self, Features};
use super::identify::{self, Common, Core};
use super::partition::Partition;
use super::population::Population;
use super::roster::{self, Roster};
use super::shards::{Entry, Shards};
use crate::model::ids::PersonId;

/// The claims of a batch, in order, with their features.
pub(super) struct Claims<'a> {
    pub(super) claims: Vec<&'a Claim>,
    pub(super) features: Vec<Features>,
    identities: Identities,
}

impl<'a> Claims<'a> {
    pub(super) fn of(claims: &'a [Claim]) -> Self {
        let mut claims: Vec<&Claim> = claims.iter().collect();
        claims.par_sort_by(|left, right| left.id.cmp(&right.id));
        let features = claims.par_iter().map(|claim| features::of_claim(claim)).collect();
        let identities = Identities::of(&claims);
        Self { claims, features, identities }
    }
}

/// The hashes of the records' identifiers.
struct Identities {
    /// Record by record.
    hashes: Vec<u64>,
    /// Where those of each record end.
    ends: Vec<usize>,
}

impl Identities {
    fn of(claims: &[&Claim]) -> Self {
        let hashes = claims
            .par_iter()
            .flat_map_iter(|claim| claim.identifiers.iter().map(roster::identity))
            .collect();
        let ends = claims
            .iter()
            .scan(0, |end, claim| {
                *end += claim.identifiers.len();
                Some(*end)
            })
            .collect();
        Self { hashes, ends }
    }

    fn of_record(&self, rank: usize) -> &[u64] {
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.hashes.get(start..self.ends[rank]).unwrap_or_default()
    }
}

/// What identifiers say of one record.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    /// Persons that it is, each with its best proof.
    pub(super) proven: SmallVec<[(PersonId, Evidence); 1]>,
    /// Persons that an identifier leads to and something else denies.
    pub(super) doubted: Vec<(PersonId, Doubt)>,
    /// Persons that somebody said it is not.
    pub(super) excluded: BTreeSet<PersonId>,
}

impl Links {
    fn add(&mut self, person: PersonId, proof: Result<Evidence, Doubt>) {
        match proof {
            Ok(evidence) => match self.proven.iter_mut().find(|(id, _)| *id == person) {
                Some((_, known)) => *known = evidence.min(*known),
                None => self.proven.push((person, evidence)),
            },
            Err(doubt) => self.doubted.push((person, doubt)),
        }
    }

    /// Who is proven is not doubted, and the number of the school, checked, outweighs an INE that
    /// leads to somebody else: it was typed wrong.
    fn settle(&mut self) {
        let by_number = self.proven.iter().any(|(_, evidence)| evidence.is_by_number());
        let proven = &self.proven;
        self.doubted
            .retain(|(person, _)| !by_number && !proven.iter().any(|(known, _)| known == person));
        self.proven.sort_unstable();
        self.doubted.sort_unstable();
    }
}

/// Every record against everybody known.
pub(super) fn with_known(
    batch: &Claims<'_>,
    roster: &Roster,
    population: &Population<'_>,
    answers: &Answers,
) -> Vec<Links> {
    (0..batch.claims.len())
        .into_par_iter()
        .map(|rank| links_of(batch, rank, roster, population, answers))
        .collect()
}

fn links_of(
    batch: &Claims<'_>,
    rank: usize,
    roster: &Roster,
    population: &Population<'_>,
    answers: &Answers,
) -> Links {
    let features = &batch.features[rank];
    let mut links = Links::default();
    if !answers.rulings.is_empty() {
        let claim = batch.claims[rank];
        let key = answer::record_key(claim);
        let facts = answer::fingerprint(claim);
        if let Some(person) = answers.same(&key, facts) {
            links.proven.push((person, Evidence::Decided));
            return links;
        }
        links.excluded = answers.different(&key, facts);
    }
    // Nearly always the INE and the number lead to one account: it is compared once.
    let mut compared: Option<(u32, Core)> = None;
    for identity in batch.identities.of_record(rank) {
        let common = Common::of(*identity);
        for rank in roster.holders(*identity) {
            let account = roster.account(rank);
            if links.excluded.contains(&account.person) {
                continue;
            }
            let core = match compared {
                Some((other, core)) if other == rank => core,
                _ => Core::of(features, &account.features, population),
            };
            compared = Some((rank, core));
            let mut proof = identify::prove(common, core, features.pupil);
            if common == Common::Ine && identify::is_a_twin_s(features, rank, roster) {
                proof = Err(Doubt::GivenNameDiffers);
            }
            links.add(account.person, proof);
        }
    }
    links.settle();
    links
}

/// More records than these that share one identifier prove nothing of one another.
const SHARERS_MAX: usize = 16;

/// The records among themselves: proof joins parts, and what contradicts makes both doubtful.
pub(super) fn among_themselves(
    batch: &Claims<'_>,
    population: &Population<'_>,
    links: &[Links],
) -> (Partition, BTreeMap<usize, Doubt>) {
    let mut parts = Partition::new(batch.claims.len());
    let mut doubts: BTreeMap<usize, Doubt> = BTreeMap::new();
    let carriers = Shards::of((0..batch.claims.len()).into_par_iter(), |rank, take| {
        batch.identities.of_record(rank).iter().for_each(|one| take(*one, rank as u32));
    });
    let shared: Vec<&[Entry]> = carriers
        .par_iter()
        .flat_map_iter(|shard| shard.chunk_by(|left, right| left.0 == right.0))
        .filter(|sharers| sharers.len() > 1)
        .collect();
    // Whoever is proven already is not doubted because a newcomer is; nor is who was decided.
    let mut doubt = |rank: usize, why: Doubt| {
        if links[rank].proven.is_empty() {
            let known = doubts.entry(rank).or_insert(why);
            *known = why.min(*known);
        }
    };
    for sharers in shared {
        let common = sharers.first().map_or(Common::Number, |(one, _)| Common::of(*one));
        if sharers.len() > SHARERS_MAX {
            sharers.iter().for_each(|(_, rank)| doubt(*rank as usize, Doubt::NothingAgrees));
            continue;
        }
        for (place, (_, right)) in sharers.iter().enumerate() {
            for (_, left) in sharers.iter().take(place) {
                let (left, right) = (*left as usize, *right as usize);
                if is_decided(&links[left]) || is_decided(&links[right]) {
                    continue;
                }
                let (one, other) = (&batch.features[left], &batch.features[right]);
                let core = Core::of(one, other, population);
                match identify::prove(common, core, one.pupil) {
                    Ok(_) => parts.join(left, right),
                    Err(why) => {
                        doubt(left, why);
                        doubt(right, why);
                    }
                }
            }
        }
    }
    (parts, doubts)
}

fn is_decided(links: &Links) -> bool {
    !links.excluded.is_empty()
        || links.proven.iter().any(|(_, evidence)| *evidence == Evidence::Decided)
}
