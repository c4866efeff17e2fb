//! The decision, for all records of a run at once, so that their order never matters.
//!
//! First proof: identifiers, each checked by what else the record says (`links`). Then evidence for
//! the records left over (`evidence`, `assign`): the same person, a question, or somebody new. Then
//! the same for new records among themselves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use litemap::LiteMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::answer::Answers;
use super::assign;
use super::block::KeyCount;
use super::claim::{Claim, ClaimId};
use super::judge::Stop;
use super::links::{self, Claims, Links};
use super::numbering;
use super::partition::Partition;
use super::policy::Policy;
use super::population::Population;
use super::roster::Roster;
use super::weigh::{Weighed, Weights};
use crate::model::ids::PersonId;

/// What is decided of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Decision {
    /// A person of the registry.
    Same { person: PersonId, evidence: Evidence },
    /// A person not known yet; records of one new person share the number.
    New { person: PersonId },
    /// A question for a person: the record waits, nothing is made nor ended.
    Ask { about: BTreeSet<PersonId>, why: Doubt },
}

/// Why two records are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Somebody decided it.
    Decided,
    /// Same number in the same school (or académie), and birth date.
    NumberAndBirthDate,
    /// Same number, same names; the birth date is missing or mistyped.
    NumberAndNames,
    /// Same INE and birth date, first names that agree.
    IneAndBirthDate,
    /// Same INE and names; the birth date differs.
    IneAndNames,
    /// No common identifier; names, date and independent evidence beyond doubt.
    Corroborated,
}

impl Evidence {
    pub fn is_by_number(self) -> bool {
        matches!(self, Self::NumberAndBirthDate | Self::NumberAndNames)
    }
}

/// Why a machine must not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// An identifier of the record is that of somebody born on another day.
    BirthDateDiffers,
    /// Same identifier, other first name: a twin's number?
    GivenNameDiffers,
    /// Same number and first name, other family name.
    NameDiffers,
    /// Same number, and neither date nor names to confirm it.
    NothingAgrees,
    /// Its identifiers lead to two persons.
    TwoPersons,
    /// Another record of the same file is the same person.
    TwiceInOneFile,
    /// No common identifier, but names and date that resemble; the gravest of what stopped it.
    Resembles(Stop),
}

/// An account that was weighed for a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub person: PersonId,
    /// Tenths of a bit.
    pub decibits: i32,
    pub lines: Vec<Weighed>,
}

/// What was weighed for a record without proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighing {
    pub best: Candidate,
    pub runner_up: Option<Candidate>,
    /// What stopped an automatic merge; empty when nothing did.
    pub stops: Vec<Stop>,
}

/// What was asked, and what had to be decided all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub about: BTreeSet<PersonId>,
    pub why: Doubt,
    /// It has waited long enough: the record is a person of its own until somebody answers.
    pub granted: bool,
}

/// By record, in one piece of memory: there is one for each.
pub type Decisions = LiteMap<ClaimId, Decision>;

/// The decisions of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    pub decisions: Decisions,
    /// Of the records that evidence was weighed for, those that were not simply new.
    pub weighed: BTreeMap<ClaimId, Weighing>,
    /// Open questions, granted or not.
    pub questions: BTreeMap<ClaimId, Question>,
    /// What each blocking key proposed.
    pub keys: Vec<KeyCount>,
    /// By which records were weighed against everybody known; none when nothing was.
    pub weights: Option<Weights>,
}

/// What decisions are made on, beside the records.
pub struct Setting<'a> {
    pub roster: &'a Roster,
    pub answers: &'a Answers,
    pub policy: &'a Policy,
    /// In the place of those that the batch would teach.
    pub weights: Option<&'a Weights>,
    pub today: Date,
    /// The first new person's number: one that neither the registry nor a target has ever seen.
    pub first_free: PersonId,
}

/// Decides every record. The answer does not depend on the order of `claims`.
pub fn decide(claims: &[Claim], setting: &Setting<'_>) -> Outcome {
    let batch = Claims::of(claims);
    let roster = setting.roster;
    let population = Population::of(&roster.census, roster.accounts.len(), &batch.features);
    let links = links::with_known(&batch, roster, &population, setting.answers);
    let (mut parts, doubts) = links::among_themselves(&batch, &population, &links);
    let mut states = conclude(&batch, &mut parts, &links, &doubts);
    let weighed =
        assign::by_evidence(&batch, &population, setting, &links, &mut parts, &mut states);
    numbering::number(&batch, setting, &mut parts, &states, weighed)
}

/// Where a record stands while the batch is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Same(PersonId, Evidence),
    /// New so far.
    Open,
    Ask(BTreeSet<PersonId>, Doubt),
    /// A question about another record of the batch, by its rank.
    AskRecord(usize, Doubt),
}

/// Turns the parts (records proven to be one person) into states.
fn conclude(
    batch: &Claims<'_>,
    parts: &mut Partition,
    links: &[Links],
    doubts: &BTreeMap<usize, Doubt>,
) -> Vec<State> {
    let mut states = vec![State::Open; links.len()];
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let roots: Vec<usize> = (0..links.len()).map(|rank| parts.root(rank)).collect();
    let mut sizes = vec![0_u32; links.len()];
    roots.iter().for_each(|root| sizes[*root] += 1);
    for (rank, own) in links.iter().enumerate() {
        let root = roots[rank];
        // Nearly all records stand alone, and are proven by one thing.
        if let ([(person, evidence)], [], 1) = (&own.proven[..], &own.doubted[..], sizes[root]) {
            states[rank] = State::Same(*person, *evidence);
            continue;
        }
        if root != rank
            || !own.proven.is_empty()
            || !own.doubted.is_empty()
            || doubts.contains_key(&rank)
        {
            members.entry(root).or_default().push(rank);
        }
    }
    for (root, ranks) in &mut members {
        if ranks.first() != Some(root) {
            ranks.insert(0, *root);
        }
        conclude_part(batch, ranks, links, doubts, &mut states);
    }
    list_once(batch, &mut states);
    states
}

fn conclude_part(
    batch: &Claims<'_>,
    ranks: &[usize],
    links: &[Links],
    doubts: &BTreeMap<usize, Doubt>,
    states: &mut [State],
) {
    let persons: BTreeSet<PersonId> =
        ranks.iter().flat_map(|rank| links[*rank].proven.iter().map(|(id, _)| *id)).collect();
    let doubted: BTreeSet<PersonId> =
        ranks.iter().flat_map(|rank| links[*rank].doubted.iter().map(|(id, _)| *id)).collect();
    let why = |rank: &usize| {
        let own = links[*rank].doubted.iter().map(|(_, why)| *why).min();
        own.into_iter().chain(doubts.get(rank).copied()).min()
    };
    let about: BTreeSet<PersonId> = persons.union(&doubted).copied().collect();
    let twice = same_file_twice(batch, ranks);
    // A new person of which one record is doubtful waits whole: half a merge is a double.
    let whole = ranks.iter().filter_map(why).min().filter(|_| persons.is_empty());
    for rank in ranks {
        let own = links[*rank].proven.first();
        let first = || ranks.iter().find_map(|rank| links[*rank].proven.first());
        states[*rank] = match (why(rank).or(whole), twice.contains(rank), persons.len()) {
            (Some(doubt), _, _) => State::Ask(about.clone(), doubt),
            (None, true, _) => State::Ask(about.clone(), Doubt::TwiceInOneFile),
            (None, false, 0) => State::Open,
            (None, false, 1) => match own.or_else(first) {
                Some((person, evidence)) => State::Same(*person, *evidence),
                None => State::Open,
            },
            (None, false, _) => match own.filter(|(_, proof)| *proof == Evidence::Decided) {
                Some((person, evidence)) => State::Same(*person, *evidence),
                None => State::Ask(about.clone(), Doubt::TwoPersons),
            },
        };
    }
}

/// Records of one part that stand in the same file: a person is listed once.
fn same_file_twice(batch: &Claims<'_>, ranks: &[usize]) -> BTreeSet<usize> {
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for rank in ranks {
        let id = &batch.claims[*rank].id;
        if let Some(other) = first.insert((&id.uai, id.source), *rank) {
            twice.extend([other, *rank]);
        }
    }
    twice
}

/// A person is listed once in a file: two records of one file that lead to the same person are
/// both questions, whatever led there.
fn list_once(batch: &Claims<'_>, states: &mut [State]) {
    let mut listed: Vec<(PersonId, usize)> = (0..)
        .zip(states.iter())
        .filter_map(|(rank, state)| match state {
            State::Same(person, _) => Some((*person, rank)),
            State::Open | State::Ask(..) | State::AskRecord(..) => None,
        })
        .collect();
    listed.par_sort_unstable();
    for records in listed.chunk_by(|left, right| left.0 == right.0).filter(|one| one.len() > 1) {
        let ranks: Vec<usize> = records.iter().map(|(_, rank)| *rank).collect();
        for rank in same_file_twice(batch, &ranks) {
            let person = records.first().map(|(person, _)| *person);
            states[rank] = State::Ask(person.into_iter().collect(), Doubt::TwiceInOneFile);
        }
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
