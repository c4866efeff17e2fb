//! Evidence turned into states: the batch as a whole, best pairs first, so that an account goes to
//! the record that has most right to it and the others see that it is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::agree::Listed;
use super::block::{KeyCount, Seeker};
use super::claim::Claim;
use super::decide::{self, Candidate, Doubt, Evidence, Setting, State};
use super::evidence::{self, Pair};
use super::features::{self, Features};
use super::judge::{self, Circumstances, Stop, Verdict};
use super::links::{Claims, Links};
use super::partition::Partition;
use super::population::Population;
use super::roster::Roster;
use super::weigh::{self, Weights};
use crate::model::ids::PersonId;

/// What was weighed, by rank of the record.
pub(super) struct Weighed {
    pub(super) by_rank: BTreeMap<usize, Told>,
    pub(super) keys: Vec<KeyCount>,
    /// By which the records were weighed against everybody known.
    pub(super) weights: Option<Weights>,
}

/// Whom a record was compared with: somebody known, or another record of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Known(PersonId),
    Record(usize),
}

/// A weighing whose new persons have no number yet.
pub(super) struct Told {
    best: (Who, Candidate),
    runner_up: Option<(Who, Candidate)>,
    stops: Vec<Stop>,
}

impl Told {
    pub(super) fn with_persons(
        &self,
        person: impl Fn(&Who) -> Option<PersonId>,
    ) -> Option<decide::Weighing> {
        let named = |(who, candidate): &(Who, Candidate)| {
            person(who).map(|person| Candidate { person, ..candidate.clone() })
        };
        Some(decide::Weighing {
            best: named(&self.best)?,
            runner_up: self.runner_up.as_ref().and_then(named),
            stops: self.stops.clone(),
        })
    }
}

/// Judges the records that are new so far, first against everybody known, then among themselves.
pub(super) fn by_evidence(
    batch: &Claims<'_>,
    population: &Population<'_>,
    setting: &Setting<'_>,
    links: &[Links],
    parts: &mut Partition,
    states: &mut [State],
) -> Weighed {
    let mut weighed = Weighed { by_rank: BTreeMap::new(), keys: Vec::new(), weights: None };
    let open = representatives(parts, states);
    if !open.is_empty() && !setting.roster.accounts.is_empty() {
        let round = Round {
            batch,
            setting,
            population,
            seekers: &open,
            roster: setting.roster,
            records: None,
        };
        round.play(links, parts, states, &mut weighed);
    }
    let open = representatives(parts, states);
    if open.len() > 1 {
        let newcomers = open
            .iter()
            .map(|rank| {
                let claim: &Claim = batch.claims[*rank];
                (PersonId(*rank as u64), claim, batch.features[*rank].clone())
            })
            .collect();
        let roster = Roster::of_newcomers(newcomers, setting.today);
        let records = Some(open.as_slice());
        let round = Round { batch, setting, population, seekers: &open, roster: &roster, records };
        round.play(links, parts, states, &mut weighed);
    }
    weighed
}

/// The first record of each part that is new so far.
fn representatives(parts: &mut Partition, states: &[State]) -> Vec<usize> {
    (0..states.len())
        .filter(|rank| states[*rank] == State::Open && parts.root(*rank) == *rank)
        .collect()
}

/// Among fewer people, half of the first names are borne by one or two.
const PEOPLE_THAT_TELL_A_NAME: usize = 10_000;

/// One passage: some records against one roster.
struct Round<'a> {
    batch: &'a Claims<'a>,
    setting: &'a Setting<'a>,
    population: &'a Population<'a>,
    /// Ranks of the records.
    seekers: &'a [usize],
    roster: &'a Roster,
    /// Among themselves: the ranks of the records that are the roster's accounts.
    records: Option<&'a [usize]>,
}

/// Who lists an account, so far.
struct Lists {
    /// The first record that lists it, or `NOBODY`; nearly always the only one.
    first: Vec<u32>,
    others: BTreeMap<u32, Vec<usize>>,
}

const NOBODY: u32 = u32::MAX;

impl Lists {
    fn of(accounts: usize) -> Self {
        Self { first: vec![NOBODY; accounts], others: BTreeMap::new() }
    }

    fn add(&mut self, account: u32, rank: usize) {
        match &mut self.first[account as usize] {
            first if *first == NOBODY => *first = rank as u32,
            _ => self.others.entry(account).or_default().push(rank),
        }
    }

    fn records(&self, account: u32) -> impl Iterator<Item = usize> + '_ {
        let first = Some(self.first[account as usize]).filter(|first| *first != NOBODY);
        let others = first.and_then(|_| self.others.get(&account)).into_iter().flatten();
        first.map(|first| first as usize).into_iter().chain(others.copied())
    }

    fn statuses(&self, round: &Round<'_>) -> Vec<Listed> {
        (0..self.first.len() as u32).map(|account| status(self.records(account), round)).collect()
    }
}

impl Round<'_> {
    fn play(
        &self,
        links: &[Links],
        parts: &mut Partition,
        states: &mut [State],
        weighed: &mut Weighed,
    ) {
        let seekers: Vec<Seeker<'_>> = self
            .seekers
            .iter()
            .map(|rank| Seeker {
                features: &self.batch.features[*rank],
                school: features::school(&self.batch.claims[*rank].id.uai),
                // Of two new records with an INE each, only perfect homonyms are in question.
                exact_only: self.records.is_some() && self.batch.features[*rank].has_ine,
            })
            .collect();
        let mut lists = self.lists(states);
        let listed = lists.statuses(self);
        let is_pair = |seeker: u32, account: u32| self.is_pair(seeker, account, links);
        let weights = self.setting.weights;
        let weighing =
            evidence::weigh(&seekers, self.roster, self.population, &listed, is_pair, weights);
        if self.records.is_none() {
            weighed.weights = Some(weighing.weights.clone());
        }
        weighed.keys.extend(weighing.keys.iter().copied());
        let rivals = Rivals::of(&weighing.pairs);
        for pair in weighing.best_first() {
            let pairs = weighing.of_seeker(pair.seeker);
            let rank = self.seekers[pair.seeker as usize];
            let Some((place, verdict)) = self.judge(pairs, &rivals, &lists) else { continue };
            let Some(chosen) = pairs.get(place) else { continue };
            let who = self.who(chosen.account);
            let stops = match &verdict {
                Verdict::Ask(stops) => stops.clone(),
                Verdict::Same | Verdict::New => Vec::new(),
            };
            let why = stops.iter().min().copied().map(Doubt::Resembles);
            match (who, why) {
                (Who::Known(person), Some(why)) => {
                    states[rank] = State::Ask(BTreeSet::from([person]), why);
                }
                (Who::Record(other), Some(why)) => states[rank] = State::AskRecord(other, why),
                (Who::Known(person), None) => {
                    states[rank] = State::Same(person, Evidence::Corroborated);
                    lists.add(chosen.account, rank);
                }
                (Who::Record(other), None) => {
                    parts.join(rank, other);
                    lists.add(chosen.account, rank);
                }
            }
            let next = pairs.get(place + 1);
            let told = Told {
                best: self.told(chosen, &weighing.weights),
                runner_up: next.map(|pair| self.told(pair, &weighing.weights)),
                stops,
            };
            weighed.by_rank.insert(rank, told);
        }
        spread(parts, states);
    }

    fn who(&self, account: u32) -> Who {
        match self.records {
            Some(records) => Who::Record(records[account as usize]),
            None => Who::Known(self.roster.account(account).person),
        }
    }

    /// Pairs that make no sense: a record and itself or a later one, two records of one file that
    /// do not even have one name and date, somebody whom a person said that it is not.
    fn is_pair(&self, seeker: u32, account: u32, links: &[Links]) -> bool {
        let rank = self.seekers[seeker as usize];
        match self.records {
            None => !links[rank].excluded.contains(&self.roster.account(account).person),
            Some(records) => {
                let other = records[account as usize];
                let (one, two) = (&self.batch.claims[rank].id, &self.batch.claims[other].id);
                let features = |rank: usize| &self.batch.features[rank];
                // The record without INE is the one that was typed anew: it asks about the other.
                let asks = match (features(rank).has_ine, features(other).has_ine) {
                    (true, false) => false,
                    (false, true) => true,
                    (true, true) | (false, false) => other < rank,
                };
                asks && ((&one.uai, one.source) != (&two.uai, two.source)
                    || is_typed_twice(features(rank), features(other)))
            }
        }
    }

    /// The records that proof has given to each account.
    fn lists(&self, states: &[State]) -> Lists {
        let mut lists = Lists::of(self.roster.accounts.len());
        match self.records {
            Some(records) => {
                (0..).zip(records).for_each(|(account, rank)| lists.add(account, *rank));
            }
            None => {
                for (rank, state) in states.iter().enumerate() {
                    let State::Same(person, _) = state else { continue };
                    if let Some(account) = self.roster.rank(*person) {
                        lists.add(account, rank);
                    }
                }
            }
        }
        lists
    }

    /// The first candidate that is not somebody else for sure, and what is decided of it.
    fn judge(&self, pairs: &[Pair], rivals: &Rivals, lists: &Lists) -> Option<(usize, Verdict)> {
        for (place, pair) in pairs.iter().enumerate() {
            let about = self.circumstances(pair, pairs.get(place + 1), rivals, lists);
            match judge::judge(&pair.pattern, &about, self.setting.policy) {
                Verdict::New if pair.bits < self.setting.policy.ask_bits => return None,
                Verdict::New => {}
                verdict => return Some((place, verdict)),
            }
        }
        None
    }

    fn circumstances(
        &self,
        pair: &Pair,
        next: Option<&Pair>,
        rivals: &Rivals,
        lists: &Lists,
    ) -> Circumstances {
        let rank = self.seekers[pair.seeker as usize];
        let claim = self.batch.claims[rank];
        let features = &self.batch.features[rank];
        let account = self.roster.account(pair.account);
        let others: Vec<usize> = lists.records(pair.account).collect();
        let live = |other: &&usize| self.is_live(**other);
        let id = |other: &usize| &self.batch.claims[*other].id;
        let previous = |other: &usize| features::school(&id(other).uai) == features.previous;
        let itself = |account: u32| self.who(account) == Who::Record(rank);
        let same_names = |one: &Features| {
            self.roster.homonyms(one).any(|other| other != pair.account && !itself(other))
        };
        Circumstances {
            bits: pair.bits,
            runner_up_bits: next.map_or(f64::NEG_INFINITY, |next| next.bits),
            rival_bits: rivals.other_than(pair),
            homonyms: same_names(features) || same_names(&account.features),
            listed: status(others.iter().copied(), self),
            listed_by_previous: others.iter().filter(live).all(previous),
            listed_in_this_file: others.iter().any(|other| {
                (&id(other).uai, id(other).source) == (&claim.id.uai, claim.id.source)
            }),
            same_school: {
                let own = features::school(&claim.id.uai);
                account.stays.iter().any(|stay| stay.school == own)
            },
            newcomers: self.records.is_some(),
            damaged: features.damaged || account.features.damaged,
            few_people: {
                let known = self.setting.roster.accounts.len();
                known.max(self.batch.claims.len()) < PEOPLE_THAT_TELL_A_NAME
            },
        }
    }

    fn is_live(&self, rank: usize) -> bool {
        self.batch.claims[rank].left_on.is_none_or(|day| day > self.setting.today)
    }

    fn told(&self, pair: &Pair, weights: &Weights) -> (Who, Candidate) {
        let claim = &self.batch.features[self.seekers[pair.seeker as usize]];
        let account = self.roster.account(pair.account);
        let lines = weights.lines(&pair.pattern, claim, &account.features, self.population);
        let decibits = weigh::decibits(pair.bits);
        let who = self.who(pair.account);
        (who, Candidate { person: account.person, decibits, lines })
    }
}

/// What is decided of the first record of a part is decided of all of it.
fn spread(parts: &mut Partition, states: &mut [State]) {
    for rank in 0..states.len() {
        let root = parts.root(rank);
        if root != rank && states[rank] == State::Open && states[root] != State::Open {
            states[rank] = states[root].clone();
        }
    }
}

fn status(mut ranks: impl Iterator<Item = usize>, round: &Round<'_>) -> Listed {
    match ranks.next() {
        None => Listed::Nowhere,
        Some(first) if round.is_live(first) || ranks.any(|rank| round.is_live(rank)) => {
            Listed::Live
        }
        Some(_) => Listed::Left,
    }
}

/// One school typed the same names and date twice, and not with two INEs.
fn is_typed_twice(left: &Features, right: &Features) -> bool {
    left.family.hash == right.family.hash
        && left.given.hash == right.given.hash
        && left.date == right.date
        && left.date.is_known()
        && !(left.has_ine && right.has_ine)
}

/// The two best records of each account.
struct Rivals(BTreeMap<u32, [(f64, u32); 2]>);

impl Rivals {
    fn of(pairs: &[Pair]) -> Self {
        const NOBODY: (f64, u32) = (f64::NEG_INFINITY, u32::MAX);
        let mut best: BTreeMap<u32, [(f64, u32); 2]> = BTreeMap::new();
        for pair in pairs {
            let two = best.entry(pair.account).or_insert([NOBODY; 2]);
            let one = (pair.bits, pair.seeker);
            if one.0 > two[0].0 {
                *two = [one, two[0]];
            } else if one.0 > two[1].0 {
                two[1] = one;
            }
        }
        Self(best)
    }

    /// Bits of the best other record for the pair's account.
    fn other_than(&self, pair: &Pair) -> f64 {
        let Some(two) = self.0.get(&pair.account) else { return f64::NEG_INFINITY };
        let other = two.iter().find(|(_, seeker)| *seeker != pair.seeker);
        other.map_or(f64::NEG_INFINITY, |(bits, _)| *bits)
    }
}
