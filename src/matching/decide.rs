//! The decision, for all claims of a run at once, so that their order never matters.
//!
//! Two records are one person only on proof: an INE and the birth date; the same number in the
//! same school and the birth date; staff by (académie, `epp`, number) and birth date, or by
//! (school, `local`, number). An identifier that points to somebody whose second attribute
//! disagrees is a question: no merge, and no second account either.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::claim::{Claim, ClaimId};
use super::compare;
use crate::model::ids::PersonId;
use crate::model::person::{Identifier, Person};
use crate::model::record::Names;
use crate::model::registry::Registry;

/// What was proven of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Decision {
    /// A person of the registry.
    Same { person: PersonId, evidence: Evidence },
    /// A person not known yet; claims of one new person share the number.
    New { person: PersonId },
    /// A question for a person: the record waits, nothing is made nor ended.
    Ask { about: BTreeSet<PersonId>, why: Doubt },
}

/// Why two records are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Same number in the same school (or académie), and birth date.
    NumberAndBirthDate,
    /// Same number; no birth date on one side, same names.
    NumberAndNames,
    /// Same INE and birth date, first names that agree.
    IneAndBirthDate,
}

/// Why a machine must not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// An identifier of the record is that of somebody born on another day.
    BirthDateDiffers,
    /// Same INE and birth date, other first name: a twin's number?
    GivenNameDiffers,
    /// Same number, and neither date nor names to confirm it.
    NothingAgrees,
    /// Its identifiers lead to two persons.
    TwoPersons,
    /// Another record of the same file is the same person.
    TwiceInOneFile,
}

/// Decides every claim. The answer does not depend on the order of `claims`. `first_free` is the
/// number of the first new person: one that neither the registry nor a target has ever seen.
pub fn decide(
    claims: &[Claim],
    registry: &Registry,
    first_free: PersonId,
) -> BTreeMap<ClaimId, Decision> {
    let mut claims: Vec<&Claim> = claims.iter().collect();
    claims.sort_by(|left, right| left.id.cmp(&right.id));
    let holders = Holders::new(&claims, registry);
    let mut parts = Partition::new(claims.len());
    let mut doubts: BTreeMap<usize, (BTreeSet<PersonId>, Doubt)> = BTreeMap::new();
    let mut links: Vec<BTreeMap<PersonId, Evidence>> = vec![BTreeMap::new(); claims.len()];
    for (rank, claim) in claims.iter().enumerate() {
        for (person, proof) in holders.persons_of(claim, registry) {
            match proof {
                Ok(evidence) => {
                    let known = links[rank].entry(person).or_insert(evidence);
                    *known = evidence.min(*known);
                }
                Err(doubt) => note(&mut doubts, rank, Some(person), doubt),
            }
        }
    }
    for (rank, claim) in claims.iter().enumerate() {
        for other in holders.claims_of(claim).filter(|other| *other < rank) {
            let Some(partner) = claims.get(other) else { continue };
            match prove(&Side::of_claim(claim), &Side::of_claim(partner)) {
                Some(Ok(_)) => parts.join(rank, other),
                Some(Err(doubt)) => {
                    // Whoever is proven already is not doubted because a newcomer is.
                    for one in [rank, other].into_iter().filter(|one| links[*one].is_empty()) {
                        note(&mut doubts, one, None, doubt);
                    }
                }
                None => {}
            }
        }
    }
    let mut decisions = conclude(&claims, first_free, &mut parts, &links, doubts);
    list_once(&mut decisions);
    decisions
}

fn note(
    doubts: &mut BTreeMap<usize, (BTreeSet<PersonId>, Doubt)>,
    rank: usize,
    person: Option<PersonId>,
    doubt: Doubt,
) {
    let entry = doubts.entry(rank).or_insert((BTreeSet::new(), doubt));
    entry.0.extend(person);
    entry.1 = entry.1.min(doubt);
}

/// Turns the parts (claims proven to be one person) into decisions.
fn conclude(
    claims: &[&Claim],
    first_free: PersonId,
    parts: &mut Partition,
    links: &[BTreeMap<PersonId, Evidence>],
    mut doubts: BTreeMap<usize, (BTreeSet<PersonId>, Doubt)>,
) -> BTreeMap<ClaimId, Decision> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for rank in 0..claims.len() {
        members.entry(parts.root(rank)).or_default().push(rank);
    }
    let mut decisions = BTreeMap::new();
    let mut next = first_free;
    for ranks in members.values() {
        let persons: BTreeSet<PersonId> =
            ranks.iter().flat_map(|rank| links[*rank].keys().copied()).collect();
        for pair in same_file_twice(claims, ranks) {
            for rank in pair {
                doubts.entry(rank).or_insert((persons.clone(), Doubt::TwiceInOneFile));
            }
        }
        if persons.is_empty() && ranks.iter().any(|rank| doubts.contains_key(rank)) {
            // A new person of which one record is doubtful waits whole: half a merge is a double.
            for rank in ranks {
                let why = doubts.get(rank).map_or(Doubt::NothingAgrees, |(_, why)| *why);
                let ask = Decision::Ask { about: BTreeSet::new(), why };
                decisions.insert(claims[*rank].id.clone(), ask);
            }
            continue;
        }
        if persons.is_empty() {
            for rank in ranks {
                decisions.insert(claims[*rank].id.clone(), Decision::New { person: next });
            }
            next = PersonId(next.0 + 1);
            continue;
        }
        for rank in ranks {
            let decision = match (doubts.get(rank), persons.len()) {
                (Some((about, why)), _) => {
                    Decision::Ask { about: about.union(&persons).copied().collect(), why: *why }
                }
                (None, 1) => {
                    match links[*rank].iter().next().or_else(|| first_link(ranks, links)) {
                        Some((person, evidence)) => {
                            Decision::Same { person: *person, evidence: *evidence }
                        }
                        None => continue,
                    }
                }
                (None, _) => Decision::Ask { about: persons.clone(), why: Doubt::TwoPersons },
            };
            decisions.insert(claims[*rank].id.clone(), decision);
        }
    }
    decisions
}

/// A person is listed once in a file: two records of one file that lead to the same person are
/// both questions, whatever led there.
fn list_once(decisions: &mut BTreeMap<ClaimId, Decision>) {
    let mut listed: BTreeMap<_, Vec<ClaimId>> = BTreeMap::new();
    for (id, decision) in decisions.iter() {
        if let Decision::Same { person, evidence: _ } | Decision::New { person } = decision {
            let file = (*person, id.uai.clone(), id.source);
            listed.entry(file).or_default().push(id.clone());
        }
    }
    for ((person, _, _), ids) in listed.into_iter().filter(|(_, ids)| ids.len() > 1) {
        for id in ids {
            let about = BTreeSet::from([person]);
            decisions.insert(id, Decision::Ask { about, why: Doubt::TwiceInOneFile });
        }
    }
}

fn first_link<'a>(
    ranks: &[usize],
    links: &'a [BTreeMap<PersonId, Evidence>],
) -> Option<(&'a PersonId, &'a Evidence)> {
    ranks.iter().find_map(|rank| links.get(*rank).and_then(|link| link.iter().next()))
}

/// Records of one part that stand in the same file: a person is listed once.
fn same_file_twice(claims: &[&Claim], ranks: &[usize]) -> Vec<[usize; 2]> {
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    let mut twice = Vec::new();
    for rank in ranks {
        let id = &claims[*rank].id;
        match first.get(&(&id.uai, id.source)) {
            Some(other) => twice.push([*other, *rank]),
            None => {
                first.insert((&id.uai, id.source), *rank);
            }
        }
    }
    twice
}

/// One side of a comparison: a claim or a person.
struct Side<'a> {
    identifiers: &'a BTreeSet<Identifier>,
    names: &'a Names,
    birth_date: Option<Date>,
}

impl<'a> Side<'a> {
    fn of_claim(claim: &'a Claim) -> Self {
        let Claim { id: _, identifiers, names, birth_date, traits: _, left_on: _ } = claim;
        Self { identifiers, names, birth_date: *birth_date }
    }
    fn of_person(person: &'a Person) -> Self {
        Self {
            identifiers: &person.identifiers,
            names: &person.names,
            birth_date: person.birth_date,
        }
    }
}

/// Whether two sides are one person: nothing in common, proof, or a contradiction.
fn prove(left: &Side<'_>, right: &Side<'_>) -> Option<Result<Evidence, Doubt>> {
    let shared: Vec<&Identifier> = left.identifiers.intersection(right.identifiers).collect();
    let number = shared.iter().find(|identifier| !matches!(identifier, Identifier::Ine { .. }));
    if shared.is_empty() {
        return None;
    }
    Some(match (left.birth_date, right.birth_date, number) {
        (Some(a), Some(b), Some(_)) if a == b => Ok(Evidence::NumberAndBirthDate),
        (Some(a), Some(b), None) if a == b => {
            if compare::given_compatible(&left.names.given, &right.names.given) {
                Ok(Evidence::IneAndBirthDate)
            } else {
                Err(Doubt::GivenNameDiffers)
            }
        }
        (Some(_), Some(_), _) => Err(Doubt::BirthDateDiffers),
        // Typed by the head, or a base without the date: the number and the whole name.
        (_, _, Some(_)) if compare::names_equal(left.names, right.names) => {
            Ok(Evidence::NumberAndNames)
        }
        (_, _, _) => Err(Doubt::NothingAgrees),
    })
}

/// Who holds an identifier: blocking by identifier, so that nothing is compared with everything.
struct Holders<'a> {
    persons: BTreeMap<&'a Identifier, Vec<PersonId>>,
    claims: BTreeMap<&'a Identifier, Vec<usize>>,
}

impl<'a> Holders<'a> {
    fn new(claims: &[&'a Claim], registry: &'a Registry) -> Self {
        let mut by_claim: BTreeMap<&Identifier, Vec<usize>> = BTreeMap::new();
        for (rank, claim) in claims.iter().enumerate() {
            for identifier in &claim.identifiers {
                by_claim.entry(identifier).or_default().push(rank);
            }
        }
        let mut by_person: BTreeMap<&Identifier, Vec<PersonId>> = BTreeMap::new();
        for person in registry.persons.values() {
            for identifier in &person.identifiers {
                by_person.entry(identifier).or_default().push(person.id);
            }
        }
        Self { persons: by_person, claims: by_claim }
    }

    fn claims_of(&self, claim: &Claim) -> impl Iterator<Item = usize> + use<> {
        let found: BTreeSet<usize> = claim
            .identifiers
            .iter()
            .filter_map(|identifier| self.claims.get(identifier))
            .flatten()
            .copied()
            .collect();
        found.into_iter()
    }

    fn persons_of(
        &self,
        claim: &Claim,
        registry: &Registry,
    ) -> Vec<(PersonId, Result<Evidence, Doubt>)> {
        let found: BTreeSet<PersonId> = claim
            .identifiers
            .iter()
            .filter_map(|identifier| self.persons.get(identifier))
            .flatten()
            .copied()
            .collect();
        found
            .into_iter()
            .filter_map(|id| registry.persons.get(&id))
            .filter_map(|person| {
                prove(&Side::of_claim(claim), &Side::of_person(person))
                    .map(|proof| (person.id, proof))
            })
            .collect()
    }
}

/// Union-find over ranks; the root of a part is its smallest rank, whatever the order of joins.
struct Partition(Vec<usize>);

impl Partition {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }
    fn root(&mut self, rank: usize) -> usize {
        let mut root = rank;
        while self.0[root] != root {
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }
    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left.max(right)] = left.min(right);
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
