//! Stage 1: what identifiers prove of each record, against everybody known and among the records
//! themselves; and what they make doubtful.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::answer::{self, Answers};
use super::claim::Claim;
use super::decide::{Doubt, Evidence};
use super::features::Features;
use super::identify::{self, Common};
use super::partition::Partition;
use super::population::Population;
use super::roster::{self, Roster};
use crate::model::ids::PersonId;

/// The claims of a batch, in order, with their features.
pub(super) struct Claims<'a> {
    pub(super) claims: Vec<&'a Claim>,
    pub(super) features: Vec<Features>,
}

/// What identifiers say of one record.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    /// Persons that it is, each with its best proof.
    pub(super) proven: Vec<(PersonId, Evidence)>,
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
    batch
        .claims
        .par_iter()
        .zip(&batch.features)
        .map(|(claim, features)| links_of(claim, features, roster, population, answers))
        .collect()
}

fn links_of(
    claim: &Claim,
    features: &Features,
    roster: &Roster,
    population: &Population<'_>,
    answers: &Answers,
) -> Links {
    let mut links = Links::default();
    if !answers.rulings.is_empty() {
        let key = answer::record_key(claim);
        let facts = answer::fingerprint(claim);
        if let Some(person) = answers.same(&key, facts) {
            links.proven.push((person, Evidence::Decided));
            return links;
        }
        links.excluded = answers.different(&key, facts);
    }
    for identifier in &claim.identifiers {
        let identity = roster::identity(identifier);
        let common = if roster::is_ine(identity) { Common::Ine } else { Common::Number };
        for rank in roster.holders(identity) {
            let account = roster.account(rank);
            if links.excluded.contains(&account.person) {
                continue;
            }
            let mut proof = identify::prove(common, features, &account.features, population);
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
    let mut carriers: Vec<(u64, usize)> = batch
        .claims
        .par_iter()
        .enumerate()
        .flat_map_iter(|(rank, claim)| {
            claim.identifiers.iter().map(move |one| (roster::identity(one), rank))
        })
        .collect();
    carriers.par_sort_unstable();
    // Whoever is proven already is not doubted because a newcomer is; nor is who was decided.
    let mut doubt = |rank: usize, why: Doubt| {
        if links[rank].proven.is_empty() {
            let known = doubts.entry(rank).or_insert(why);
            *known = why.min(*known);
        }
    };
    for sharers in carriers.chunk_by(|left, right| left.0 == right.0).filter(|one| one.len() > 1) {
        let common = sharers.first().map_or(Common::Number, |(identity, _)| {
            if roster::is_ine(*identity) { Common::Ine } else { Common::Number }
        });
        if sharers.len() > SHARERS_MAX {
            sharers.iter().for_each(|(_, rank)| doubt(*rank, Doubt::NothingAgrees));
            continue;
        }
        for (place, (_, right)) in sharers.iter().enumerate() {
            for (_, left) in sharers.iter().take(place) {
                if is_decided(&links[*left]) || is_decided(&links[*right]) {
                    continue;
                }
                let (one, other) = (&batch.features[*left], &batch.features[*right]);
                match identify::prove(common, one, other, population) {
                    Ok(_) => parts.join(*left, *right),
                    Err(why) => {
                        doubt(*left, why);
                        doubt(*right, why);
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
