//! States turned into decisions: new persons get their numbers, in the order of their first
//! records.

use std::collections::BTreeSet;

use super::answer::{self, Answers};
use super::assign::{Weighed, Who};
use super::decide::{Decision, Doubt, Outcome, Question, Setting, State};
use super::links::Claims;
use super::partition::Partition;
use crate::model::ids::PersonId;

/// Who is new, by rank of the record.
struct Numbers {
    roots: Vec<usize>,
    /// Records whose question has waited long enough: each is a person of its own.
    granted: BTreeSet<usize>,
    /// By rank of the record that holds the number.
    numbers: Vec<Option<PersonId>>,
}

impl Numbers {
    fn give(
        batch: &Claims<'_>,
        setting: &Setting<'_>,
        parts: &mut Partition,
        states: &[State],
    ) -> Self {
        let roots: Vec<usize> = (0..states.len()).map(|rank| parts.root(rank)).collect();
        let granted: BTreeSet<usize> = (0..states.len())
            .filter(|rank| has_waited(batch, *rank, &states[*rank], setting.answers))
            .collect();
        let mut numbers = vec![None; states.len()];
        let mut next = setting.first_free;
        for (rank, state) in states.iter().enumerate() {
            let own = granted.contains(&rank);
            let holder = if own { rank } else { roots[rank] };
            if (*state == State::Open || own) && numbers[holder].is_none() {
                numbers[holder] = Some(next);
                next = PersonId(next.0 + 1);
            }
        }
        Self { roots, granted, numbers }
    }

    fn of(&self, rank: usize) -> Option<PersonId> {
        let holder = if self.granted.contains(&rank) { rank } else { self.roots[rank] };
        self.numbers[holder]
    }
}

/// The outcome of a batch.
pub(super) fn number(
    batch: &Claims<'_>,
    setting: &Setting<'_>,
    parts: &mut Partition,
    states: &[State],
    weighed: Weighed,
) -> Outcome {
    let numbers = Numbers::give(batch, setting, parts, states);
    let mut outcome =
        Outcome { keys: weighed.keys, weights: weighed.weights, ..Outcome::default() };
    let mut decisions = Vec::with_capacity(states.len());
    let mut told = weighed.by_rank.into_iter().peekable();
    for (rank, state) in states.iter().enumerate() {
        let id = &batch.claims[rank].id;
        let granted = numbers.granted.contains(&rank);
        let question = question(state, states, &numbers);
        let decision = match (state, &question) {
            (State::Same(person, evidence), _) => {
                Decision::Same { person: *person, evidence: *evidence }
            }
            (_, Some((about, why))) if !granted => {
                Decision::Ask { about: about.clone(), why: *why }
            }
            _ => match numbers.of(rank) {
                Some(person) => Decision::New { person },
                None => Decision::Ask { about: BTreeSet::new(), why: Doubt::NothingAgrees },
            },
        };
        decisions.push((id.clone(), decision));
        if let Some((about, why)) = question {
            outcome.questions.insert(id.clone(), Question { about, why, granted });
        }
        let person = |who: &Who| match who {
            Who::Known(person) => Some(*person),
            Who::Record(other) => numbers.of(*other),
        };
        let told = told.next_if(|(other, _)| *other == rank).map(|(_, told)| told);
        if let Some(told) = told.and_then(|told| told.with_persons(person)) {
            outcome.weighed.insert(id.clone(), told);
        }
    }
    outcome.decisions = decisions.into_iter().collect();
    outcome
}

/// Whom a question is about, and why it is one.
fn question(
    state: &State,
    states: &[State],
    numbers: &Numbers,
) -> Option<(BTreeSet<PersonId>, Doubt)> {
    match state {
        State::Same(..) | State::Open => None,
        State::Ask(about, why) => Some((about.clone(), *why)),
        State::AskRecord(other, why) => {
            let about = match &states[*other] {
                State::Same(person, _) => BTreeSet::from([*person]),
                State::Ask(about, _) => about.clone(),
                State::Open | State::AskRecord(..) => numbers.of(*other).into_iter().collect(),
            };
            Some((about, *why))
        }
    }
}

/// A question about somebody new to a school does not wait for ever. Two records of one file do:
/// whoever has the account keeps it meanwhile, and the school alone can tell them apart.
fn has_waited(batch: &Claims<'_>, rank: usize, state: &State, answers: &Answers) -> bool {
    let asks = matches!(state, State::Ask(..) | State::AskRecord(..));
    let for_good = matches!(state, State::Ask(_, Doubt::TwiceInOneFile));
    asks && !for_good
        && !answers.waited.is_empty()
        && answers.waited.contains(&answer::record_key(batch.claims[rank]))
}
