//! Who is who, at the size of a Région: the records of a rentrée against everybody known in spring,
//! with the truth. Prints what it costs and what it gets right.
//!
//! `cargo bench --bench matching -- [PUPILS] [ordinary|hostile] [SEED] [without TRAIT…]`, where a
//! trait is birthplace, sex, second or previous: what each of them brings.

#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::civil::{Date, date};
use rayon::prelude::*;
use rentree::academy::campaign::claims::claims;
use rentree::academy::campaign::{Campaign, Events, Plan, Rates, Typing};
use rentree::matching::Roster;
use rentree::matching::answer::Answers;
use rentree::matching::claim::{Claim, ClaimId};
use rentree::matching::decide::{Decision, Outcome, Setting, decide};
use rentree::matching::evaluate::measure;
use rentree::matching::policy::Policy;
use rentree::model::identifiers::Identifiers;
use rentree::model::ids::PersonId;
use rentree::model::person::{EndedBy, Enrolment, EnrolmentState, Enrolments, Person, Role};
use rentree::model::registry::Registry;

const TODAY: Date = date(2026, 9, 8);
const SUMMER: Date = date(2026, 7, 4);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let pupils = arguments.next().and_then(|word| word.parse().ok()).unwrap_or(100_000);
    let typing = if arguments.next().as_deref() == Some("hostile") {
        Typing::Hostile
    } else {
        Typing::Ordinary
    };
    let seed = arguments.next().and_then(|word| word.parse().ok()).unwrap_or(7);
    let without: Vec<String> = arguments.filter(|word| word != "without").collect();
    let plan = Plan::new(seed, pupils, None, Rates::of(typing)).expect("a plan");
    let all = |campaign: Campaign| -> Vec<(Claim, u32, Events)> {
        (0..plan.schools.len())
            .into_par_iter()
            .flat_map_iter(|school| claims(&plan, campaign, school))
            .map(|(claim, truth)| (less(claim, &without), truth.person, truth.events))
            .collect()
    };
    let (registry, known) = known(&all(Campaign::Spring));
    let (claims, who): (Vec<Claim>, Vec<Who>) = all(Campaign::Rentree)
        .into_iter()
        .map(|(claim, person, events)| (claim, Who { person, events }))
        .unzip();
    println!("{} persons known, {} records", registry.persons.len(), claims.len());

    let input = resident_megabytes("VmRSS:");
    let (roster, loading) = timed(|| Roster::new(&registry, TODAY));
    let (outcome, deciding) = timed(|| batch(&claims, &roster, &registry));
    println!("roster {loading:.1?}, decisions {deciding:.1?}, together {:.1?}", loading + deciding);
    let peak = resident_megabytes("VmHWM:");
    println!("memory: {input} MB of input, {peak} MB at most with it");
    report(&outcome, &known, &claims, &who);

    // A day like another: one school against everybody.
    let school: Vec<Claim> =
        claims.iter().filter(|claim| claim.id.uai == claims[0].id.uai).cloned().collect();
    let mut times: Vec<Duration> =
        (0..5).map(|_| timed(|| batch(&school, &roster, &registry)).1).collect();
    times.sort();
    println!("one school of {}: {:.1?} (median of 5)", school.len(), times[2]);
}

/// The truth of a record.
struct Who {
    person: u32,
    events: Events,
}

/// Of this process, by the line of its status. The peak is that of its whole life: the input that
/// is made first is never more than what is left of it, since it is made school by school.
fn resident_megabytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel's figures");
    let figures = status.lines().find_map(|one| one.strip_prefix(line)).expect("the line");
    figures.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// The claim as it is when some traits are not kept.
fn less(mut claim: Claim, without: &[String]) -> Claim {
    let dropped = |name: &str| without.iter().any(|one| one == name);
    let traits = &mut claim.traits;
    if dropped("birthplace") {
        traits.birthplace = None;
    }
    if dropped("sex") {
        traits.sex = None;
    }
    if dropped("second") {
        traits.second = None;
    }
    if dropped("previous") {
        traits.previous_school = None;
    }
    claim
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn batch(claims: &[Claim], roster: &Roster, registry: &Registry) -> Outcome {
    let setting = Setting {
        roster,
        answers: &Answers::default(),
        policy: &Policy::PROPOSED,
        weights: None,
        today: TODAY,
        first_free: registry.next_person(),
    };
    decide(claims, &setting)
}

/// Everybody as spring left them, each recognised rightly so far.
fn known(records: &[(Claim, u32, Events)]) -> (Registry, BTreeMap<PersonId, u32>) {
    let mut registry = Registry::default();
    let mut ids: BTreeMap<u32, PersonId> = BTreeMap::new();
    let mut known = BTreeMap::new();
    for (claim, who, _) in records {
        let next = PersonId(ids.len() as u64 + 1);
        let id = *ids.entry(*who).or_insert(next);
        known.insert(id, *who);
        let person = registry.persons.entry(id).or_insert_with(|| Person {
            id,
            names: claim.names.clone(),
            birth_date: claim.birth_date,
            identifiers: Identifiers::default(),
            traits: claim.traits.clone(),
            enrolments: Enrolments::new(),
            place: Some(claim.id.uai.clone()),
            joined: None,
            account: None,
        });
        person.identifiers.extend(claim.identifiers.iter().cloned());
        person.traits = person.traits.renewed_by(&claim.traits);
        let state = match claim.left_on {
            Some(on) if on <= SUMMER => EnrolmentState::Ended { on, by: EndedBy::ExitDate },
            _ => EnrolmentState::Current,
        };
        let enrolment = Enrolment {
            role: Role::Pupil,
            state,
            since: date(2025, 9, 1),
            entered_on: None,
            division: None,
            groups: BTreeSet::new(),
        };
        person.enrolments.insert(claim.id.uai.clone(), enrolment);
    }
    (registry, known)
}

fn report(outcome: &Outcome, known: &BTreeMap<PersonId, u32>, claims: &[Claim], who: &[Who]) {
    let truth: BTreeMap<ClaimId, u32> =
        claims.iter().zip(who).map(|(claim, who)| (claim.id.clone(), who.person)).collect();
    let measured = measure(&outcome.decisions, &truth, known);
    let line = |name: &str, count: u64| {
        let (rate, least, most) = measured.per_100_000(count);
        println!("{name:<14} {count:>7}  {rate:>8.1} per 100,000 [{least:.1}-{most:.1}]");
    };
    line("false merges", measured.false_merges.len() as u64);
    line("questions", measured.questions);
    line("created anew", measured.created_anew);
    println!("precision {:.6}, recall {:.5}", measured.precision(), measured.recall());
    let everybody: BTreeSet<u32> = known.values().copied().collect();
    let mut reasons: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (id, question) in &outcome.questions {
        let about = question.about.iter().any(|person| known.get(person) == truth.get(id));
        let counts = reasons.entry(format!("{:?}", question.why)).or_default();
        counts[usize::from(about)] += 1;
    }
    for (why, [other, right]) in reasons {
        println!("  asked {why:<32} {right:>6} of the right person, {other:>6} not");
    }
    for merge in measured.false_merges.iter().take(20) {
        let claim = claims.iter().find(|claim| claim.id == merge.record);
        println!("  false: {claim:?}\n     -> {:?}", outcome.weighed.get(&merge.record));
    }
    let anew = claims.iter().zip(who).filter(|(claim, who)| {
        matches!(outcome.decisions.get(&claim.id), Some(Decision::New { .. }))
            && everybody.contains(&who.person)
    });
    for (claim, Who { events, .. }) in anew.take(12) {
        println!("  anew: {} {:?} {events:?}", claim.names.family, claim.birth_date);
    }
    for count in &outcome.keys {
        if count.pairs > 0 || count.skipped > 0 {
            println!(
                "  key {:<36} {:>9} pairs, {} values skipped",
                count.key.as_str(),
                count.pairs,
                count.skipped
            );
        }
    }
}
