//! What should stand, before it is compared: who is who, with the answers of people, and what
//! follows for enrolments, accounts, workspaces; the questions that are left.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::asked::{self, Heard};
use super::draft;
use super::intake;
use super::passed_over;
use super::review::{self, Review};
use super::rulings;
use super::session::{Session, store_failure};
use crate::desired::declared;
use crate::desired::input::SchoolInput;
use crate::desired::joined::{self, Delivered, Said};
use crate::desired::people::{self, Setting};
use crate::desired::structures::{self, Structures};
use crate::desired::workspaces;
use crate::matching::Roster;
use crate::matching::answer::{self, Answers, RecordKey, Ruling};
use crate::matching::claim::{Claim, ClaimId};
use crate::matching::decide::{self, Decision, Decisions, Doubt, Evidence, Outcome};
use crate::model::asked::AskedRecord;
use crate::model::finding::{self, Finding, Place};
use crate::model::ids::{PersonId, SchoolYear, StructureCode, Uai};
use crate::model::observed::Observed;
use crate::model::person::{Identifier, Person};
use crate::model::registry::{Link, LinkEvidence, Registry, RegistryChange};
use crate::model::workspace::WorkspaceWithMembers;
use crate::plan::PersonCounts;
use crate::report::words;
use crate::store::review::QuestionState;
use crate::store::review::answers::{self, Answer};
use crate::store::review::links;
use crate::store::review::questions::{self, Asked, Change, Question};
use crate::store::taken::{self, Taken};
use crate::store::{Store, StoreError, registry};

/// What the store knows: the registry, the questions that are open, what people answered.
pub struct Known {
    pub registry: Registry,
    questions: Vec<Question>,
    answers: Vec<Answer>,
    links: BTreeMap<(RecordKey, PersonId), u64>,
    /// How often somebody answered or took an answer back.
    pub changes: u64,
}

impl Known {
    pub fn load(store: &Store) -> anyhow::Result<Self> {
        let load = || -> Result<Self, StoreError> {
            Ok(Self {
                registry: registry::load(store)?,
                questions: questions::list(store, false)?,
                answers: answers::list(store, None)?,
                links: links::last_of_asked(store)?,
                changes: answers::changes(store)?,
            })
        };
        load().map_err(store_failure)
    }

    /// Records whose question has waited long enough, or whose answer was taken back.
    fn waited(&self, session: &Session) -> BTreeSet<RecordKey> {
        let waited = |one: &&Question| {
            one.state == QuestionState::OwnAccount
                || one.state == QuestionState::Open
                    && deadline(session, one.first_asked_at) <= session.today()
        };
        self.questions.iter().filter(waited).map(|one| one.asked.key.clone()).collect()
    }
}

/// The day on which a record gets an account of its own, answered or not.
pub fn deadline(session: &Session, first_asked_at: jiff::Timestamp) -> Date {
    let asked_on = first_asked_at.to_zoned_datetime(session.config.zone.clone()).date();
    asked_on.saturating_add(session.config.matching.question_wait_days.days())
}

/// What should stand, before it is compared.
pub struct Decided {
    pub after: Registry,
    pub change: RegistryChange,
    pub spaces: Vec<WorkspaceWithMembers>,
    /// The school year of what each school declares.
    pub years: BTreeMap<Uai, SchoolYear>,
    pub counts: PersonCounts,
    pub findings: Vec<Finding>,
    pub questions: Vec<Change>,
}

/// What the registry has to tell the schools of the deliveries in force: holds, questions. For
/// `check`, which keeps nothing and looks at no target.
pub fn findings_of_registry(
    session: &Session,
    store: &Store,
    review: &Review,
) -> anyhow::Result<Vec<Finding>> {
    let known = Known::load(store)?;
    Ok(decide_all(session, review, &known, &BTreeMap::new(), &BTreeMap::new()).findings)
}

/// What would be decided now of the records in force; for measuring. Nothing is kept.
pub struct Now {
    pub known: Known,
    pub claims: Vec<Claim>,
    pub outcome: Outcome,
}

impl Now {
    pub fn of(session: &Session) -> anyhow::Result<Self> {
        let mut store = session.store()?;
        let intake = intake::read(session, &mut store, false)?;
        let review = review::review(session, &store, intake)?;
        let known = Known::load(&store)?;
        let claims: Vec<Claim> = review.inputs(session).iter().flat_map(declared::claims).collect();
        let rulings::InForce { rulings, said } = rulings::in_force(&known.answers, &known.links);
        let (registry, today) = (&known.registry, session.today());
        let rejoined = joined::persons(registry, &said, &delivered(&claims, &said), today);
        let base = with(registry, &rejoined);
        let outcome = matched(session, &claims, &base, &known, rulings, registry.next_person());
        Ok(Self { known, claims, outcome })
    }
}

/// Decides everything. `taken` are the persons whose names a target refused: whoever has no account
/// is named anew.
pub fn decide_all(
    session: &Session,
    review: &Review,
    known: &Known,
    observed: &BTreeMap<String, Observed>,
    taken: &BTreeMap<PersonId, Taken>,
) -> Decided {
    let registry = &known.registry;
    let inputs = review.inputs(session);
    let claims: Vec<Claim> = inputs.iter().flat_map(declared::claims).collect();
    let rulings::InForce { rulings, said } = rulings::in_force(&known.answers, &known.links);
    let rejoined = joined::persons(registry, &said, &delivered(&claims, &said), session.today());
    let base = with(registry, &rejoined);
    let first_free = draft::first_free(registry, observed);
    let outcome = matched(session, &claims, &base, known, rulings, first_free);
    let structures: BTreeMap<Uai, Structures> = inputs
        .iter()
        .map(|input| (input.school.uai.clone(), structures::of_school(input, session.today())))
        .collect();
    let functions = &session.config.functions;
    let decisions = &outcome.decisions;
    let declarations = declared::collect(&inputs, &structures, decisions, functions, &base);
    let unnamed = without_names(&base, &taken::nameless(taken, observed));
    let setting = Setting {
        registry: &unnamed,
        inputs: &inputs,
        declarations: &declarations,
        scheme: &session.config.scheme,
        policy: &session.config.lifecycle,
        today: session.today(),
    };
    let mut ledger = draft::ledger(session, registry, &structures, observed);
    let settled = people::settle(&setting, &mut ledger);
    let mut change = RegistryChange {
        persons: changed(registry, settled.changed, rejoined.clone()),
        links: new_links(&claims, &outcome, &base),
        ..RegistryChange::default()
    };
    let mut after = registry.clone();
    after.apply(&change);
    change.links.retain(|link| after.persons.contains_key(&link.person));
    let neutral = &session.config.scheme.neutral;
    let spaces =
        workspaces::settle(registry, &after.persons, &structures, neutral, session.today());
    change.workspaces = spaces
        .iter()
        .map(|space| &space.workspace)
        .filter(|space| registry.workspaces.get(&space.key) != Some(space))
        .cloned()
        .collect();
    for space in &change.workspaces {
        after.workspaces.insert(space.key.clone(), space.clone());
    }
    let mut findings = settled.findings;
    findings.extend(conflicts(&inputs, &claims, decisions));
    findings.extend(passed_over::findings(&outcome.keys));
    let counted = count(decisions);
    let counts = PersonCounts {
        new: counted.new.saturating_sub(settled.strangers),
        moved: settled.moved,
        held: settled.held,
        leaving: settled.leaving,
        ..counted
    };
    let questions = questions_after(&inputs, &claims, &outcome, known);
    let year = |input: &SchoolInput<'_>| Some((input.school.uai.clone(), input.year()?));
    let years = inputs.iter().filter_map(year).collect();
    Decided { after, change, spaces, years, counts, findings, questions }
}

/// The registry, where whoever was refused an account for its names, and has none anywhere, is to
/// be named anew: the ledger keeps the refused names taken.
fn without_names<'a>(registry: &'a Registry, nameless: &BTreeSet<PersonId>) -> Cow<'a, Registry> {
    let mut registry = Cow::Borrowed(registry);
    for person in nameless {
        if let Some(person) = registry.to_mut().persons.get_mut(person) {
            person.account = None;
        }
    }
    registry
}

/// The registry with some persons as they have become.
fn with<'a>(registry: &'a Registry, persons: &[Person]) -> Cow<'a, Registry> {
    if persons.is_empty() {
        return Cow::Borrowed(registry);
    }
    let mut base = registry.clone();
    base.persons.extend(persons.iter().map(|person| (person.id, person.clone())));
    Cow::Owned(base)
}

/// What was settled, and of the rest what was joined or separated.
fn changed(registry: &Registry, settled: Vec<Person>, rejoined: Vec<Person>) -> Vec<Person> {
    let mut persons: BTreeMap<PersonId, Person> =
        rejoined.into_iter().map(|person| (person.id, person)).collect();
    persons.extend(settled.into_iter().map(|person| (person.id, person)));
    persons.into_values().filter(|one| registry.persons.get(&one.id) != Some(one)).collect()
}

/// What the deliveries say of the records that somebody said something of.
fn delivered(claims: &[Claim], said: &[Said]) -> Delivered {
    let mut delivered = Delivered::default();
    let keys: BTreeSet<&RecordKey> = said.iter().map(|one| &one.key).collect();
    let numbers: BTreeSet<&Identifier> =
        said.iter().flat_map(|one| &one.identifiers).filter(|one| !one.is_ine()).collect();
    if keys.is_empty() {
        return delivered;
    }
    for claim in claims {
        let carried = claim.identifiers.iter().filter(|one| numbers.contains(one));
        for number in carried {
            let carriers = delivered.carriers.entry(number.clone()).or_default();
            carriers.insert(answer::record_key(claim));
        }
        let key = answer::record_key(claim);
        if keys.contains(&key) {
            delivered.facts.insert(key, answer::fingerprint(claim));
        }
    }
    delivered
}

/// Matching, with the answers in force. When questions wait for no day at all, those that are new
/// have waited long enough in this very plan.
fn matched(
    session: &Session,
    claims: &[Claim],
    base: &Registry,
    known: &Known,
    rulings: BTreeMap<RecordKey, Vec<Ruling>>,
    first_free: PersonId,
) -> Outcome {
    let roster = Roster::new(base, session.today());
    let living = |ruling: Ruling| Ruling { person: joined::resolve(base, ruling.person), ..ruling };
    let rulings = rulings
        .into_iter()
        .map(|(key, own)| (key, own.into_iter().map(living).collect()))
        .collect();
    let mut answers = Answers { rulings, waited: known.waited(session) };
    let policy = &session.config.matching;
    let weights = session.config.matching_weights.as_ref();
    loop {
        let today = session.today();
        let setting = decide::Setting {
            roster: &roster,
            answers: &answers,
            policy,
            weights,
            today,
            first_free,
        };
        let outcome = decide::decide(claims, &setting);
        tell_keys(&outcome);
        if policy.question_wait_days > 0 {
            return outcome;
        }
        let asked = claims
            .iter()
            .filter(|claim| outcome.questions.contains_key(&claim.id))
            .map(answer::record_key);
        let before = answers.waited.len();
        answers.waited.extend(asked);
        if answers.waited.len() == before {
            return outcome;
        }
    }
}

/// What each blocking key proposed, with `-v`; what was passed over is a finding as well.
fn tell_keys(outcome: &Outcome) {
    for count in &outcome.keys {
        let (key, pairs, skipped) = (count.key.as_str(), count.pairs, count.skipped);
        if pairs + skipped > 0 {
            tracing::info!(key, pairs, skipped, "candidates");
        }
    }
}

/// The records whose number is new to the person that they were given to.
fn new_links(claims: &[Claim], outcome: &Outcome, base: &Registry) -> Vec<Link> {
    let mut links = Vec::new();
    for claim in claims {
        let (person, evidence) = match outcome.decisions.get(&claim.id) {
            Some(Decision::Same { person, evidence }) => (*person, of_evidence(*evidence)),
            Some(Decision::New { person }) => {
                let waited = outcome.questions.contains_key(&claim.id);
                (*person, if waited { LinkEvidence::Waited } else { LinkEvidence::New })
            }
            Some(Decision::Ask { .. }) | None => continue,
        };
        let known = base.persons.get(&person).is_some_and(|known| {
            claim.identifiers.iter().all(|one| one.is_ine() || known.identifiers.contains(one))
        });
        if known {
            continue;
        }
        let RecordKey { uai, source, number } = answer::record_key(claim);
        let weighing = outcome.weighed.get(&claim.id);
        let weighing = weighing.and_then(|weighing| serde_json::to_string(weighing).ok());
        links.push(Link { person, uai, source, number, evidence, weighing });
    }
    links
}

fn of_evidence(evidence: Evidence) -> LinkEvidence {
    match evidence {
        Evidence::Decided => LinkEvidence::Decided,
        Evidence::NumberAndBirthDate => LinkEvidence::NumberAndBirthDate,
        Evidence::NumberAndNames => LinkEvidence::NumberAndNames,
        Evidence::IneAndBirthDate => LinkEvidence::IneAndBirthDate,
        Evidence::IneAndNames => LinkEvidence::IneAndNames,
        Evidence::Corroborated => LinkEvidence::Corroborated,
    }
}

fn count(decisions: &Decisions) -> PersonCounts {
    let mut counts = PersonCounts::default();
    let (mut new, mut known) = (BTreeSet::new(), BTreeSet::new());
    for decision in decisions.values() {
        match decision {
            Decision::New { person } => _ = new.insert(*person),
            Decision::Same { person, evidence: _ } => _ = known.insert(*person),
            Decision::Ask { about: _, why: _ } => counts.in_review += 1,
        }
    }
    counts.new = new.len() as u64;
    counts.matched = known.len() as u64;
    counts
}

fn conflicts(inputs: &[SchoolInput<'_>], claims: &[Claim], decisions: &Decisions) -> Vec<Finding> {
    let schools: BTreeMap<&Uai, &SchoolInput<'_>> =
        inputs.iter().map(|input| (&input.school.uai, input)).collect();
    let numbers: BTreeMap<&ClaimId, &str> =
        claims.iter().map(|claim| (&claim.id, claim.number())).collect();
    let told = |id: &ClaimId, why: Doubt| {
        let delivery = schools.get(&id.uai).and_then(|input| input.deliveries.get(&id.source));
        let file = delivery.map_or("", |delivery| delivery.name.as_str());
        let kind = match why {
            Doubt::Resembles(_) => finding::RECORD_RESEMBLES,
            Doubt::BirthDateDiffers
            | Doubt::GivenNameDiffers
            | Doubt::NameDiffers
            | Doubt::NothingAgrees
            | Doubt::TwoPersons
            | Doubt::TwiceInOneFile => finding::IDENTITY_CONFLICT,
        };
        let number = numbers.get(id).copied().unwrap_or_default();
        let finding = kind.at(Place::line(file, id.line)).of(&id.uai);
        finding.with("id", number).with("reason", words::doubt_for_schools(why))
    };
    decisions
        .iter()
        .filter_map(|(id, decision)| match decision {
            Decision::Ask { about: _, why } => Some(told(id, *why)),
            Decision::Same { .. } | Decision::New { .. } => None,
        })
        .collect()
}

/// What becomes of the questions of the store.
fn questions_after(
    inputs: &[SchoolInput<'_>],
    claims: &[Claim],
    outcome: &Outcome,
    known: &Known,
) -> Vec<Change> {
    let Known { registry, questions: open, .. } = known;
    if outcome.questions.is_empty() && open.is_empty() {
        return Vec::new();
    }
    let concerned: BTreeSet<&RecordKey> = open.iter().map(|one| &one.asked.key).collect();
    let mut given: BTreeMap<RecordKey, &Claim> = BTreeMap::new();
    let mut asked = Vec::new();
    for claim in claims {
        let key = answer::record_key(claim);
        if let Some(question) = outcome.questions.get(&claim.id) {
            let one = Asked {
                facts: answer::fingerprint(claim),
                about: question.about.clone(),
                why: question.why,
                record: record(inputs, claim),
                weighing: outcome.weighed.get(&claim.id).cloned(),
                key: key.clone(),
            };
            asked.push((one, question.granted));
        }
        if concerned.contains(&key) {
            given.insert(key, claim);
        }
    }
    let hear = |key: &RecordKey| heard(inputs, key, given.get(key).copied(), outcome);
    let exists = |person: PersonId| registry.persons.contains_key(&person);
    asked::changes(open, asked, &hear, &exists)
}

/// What became of a record that is not asked about.
fn heard(
    inputs: &[SchoolInput<'_>],
    key: &RecordKey,
    claim: Option<&Claim>,
    outcome: &Outcome,
) -> Heard {
    let decision = claim.and_then(|claim| Some((claim, outcome.decisions.get(&claim.id)?)));
    match decision {
        Some((claim, Decision::Same { person, .. } | Decision::New { person })) => Heard::Given {
            person: *person,
            facts: answer::fingerprint(claim),
            record: Box::new(record(inputs, claim)),
        },
        Some((_, Decision::Ask { .. })) => Heard::Nothing,
        None => {
            let input = inputs.iter().find(|input| input.school.uai == key.uai);
            let complete = input.is_some_and(|input| input.complete(key.source));
            let listed = input.is_some_and(|input| {
                declared::numbers(input, key.source).any(|number| number == key.number)
            });
            if complete && !listed { Heard::Left } else { Heard::Nothing }
        }
    }
}

fn record(inputs: &[SchoolInput<'_>], claim: &Claim) -> AskedRecord {
    let input = inputs.iter().find(|input| input.school.uai == claim.id.uai);
    let classes: Vec<StructureCode> = input
        .filter(|_| claim.is_pupil())
        .map(|input| declared::classes(input, claim.id.line).to_vec())
        .unwrap_or_default();
    AskedRecord {
        names: claim.names.clone(),
        birth_date: claim.birth_date,
        traits: claim.traits.clone(),
        identifiers: claim.identifiers.clone(),
        left_on: claim.left_on,
        classes,
    }
}
