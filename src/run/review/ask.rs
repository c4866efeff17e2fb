//! What the commands on questions share: finding one, checking an answer before it is given.

use std::collections::BTreeSet;

use crate::model::ids::PersonId;
use crate::model::person::Person;
use crate::model::registry::Registry;
use crate::report::question;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Session, store_failure};
use crate::store::Store;
use crate::store::review::questions::{self, Question};
use crate::store::review::{QuestionState, Verdict};

const REASON_CHARS_MAX: usize = 1000;
const NAME_CHARS_MAX: usize = 80;

/// The question of this number.
pub(super) fn find(store: &Store, id: u64) -> anyhow::Result<Question> {
    questions::get(store, id).map_err(store_failure)?.ok_or_else(|| {
        Failure::new(ExitStatus::Usage, format!("no question has the number {id}"))
            .hint("`rentree review list --all` lists them")
            .into()
    })
}

/// What is wrong with an answer, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Wrong {
    pub(super) what: String,
    pub(super) todo: String,
}

impl Wrong {
    fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: todo.into() }
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::new(ExitStatus::Usage, wrong.what).hint(wrong.todo)
    }
}

/// Whom an answer is about, once it is known to make sense.
pub(super) fn persons(
    store: &Store,
    registry: &Registry,
    question: &Question,
    verdict: Verdict,
    person: Option<PersonId>,
) -> Result<BTreeSet<PersonId>, Wrong> {
    let id = question.id;
    if question.state == QuestionState::Gone {
        let newer = questions::of_record(store, &question.asked.key).ok().and_then(|all| {
            all.into_iter().rfind(|other| other.id > id && other.state != QuestionState::Gone)
        });
        let todo = match newer {
            Some(newer) => format!("its record is now asked about in question {}", newer.id),
            None => "nothing is to be answered any more: `rentree review list`".to_owned(),
        };
        let what = format!("question {id} is not asked any more: its facts have changed");
        return Err(Wrong::new(what, todo));
    }
    if question.state == QuestionState::Answered && verdict == Verdict::Later {
        let todo = format!("`rentree review undo {id}` takes the answer back");
        return Err(Wrong::new(format!("question {id} is answered already"), todo));
    }
    let all = question.persons();
    if let Some(person) = person.filter(|person| !all.contains(person)) {
        let list: Vec<String> = all.iter().map(PersonId::to_string).collect();
        let todo = format!("--person must be one of: {}", list.join(", "));
        return Err(Wrong::new(format!("question {id} is not about person {person}"), todo));
    }
    match (verdict, person) {
        (Verdict::Later, _) => Ok(BTreeSet::new()),
        (Verdict::Different, Some(person)) => Ok(BTreeSet::from([person])),
        (Verdict::Different, None) => Ok(question.asked.about.clone()),
        (Verdict::Same, person) => {
            let Some(person) = person.or_else(|| question.suggested()) else {
                let list: Vec<String> = all.iter().map(PersonId::to_string).collect();
                let todo = format!("name one with --person: {}", list.join(", "));
                let what = format!("question {id} is about several persons");
                return Err(Wrong::new(what, todo));
            };
            living(registry, person).map(|person| BTreeSet::from([person]))
        }
    }
}

/// A person of the registry, and still one.
fn living(registry: &Registry, person: PersonId) -> Result<PersonId, Wrong> {
    match registry.persons.get(&person) {
        Some(Person { joined: None, .. }) => Ok(person),
        Some(Person { joined: Some(joined), .. }) => {
            let what = format!("person {person} is person {} by now", joined.to);
            Err(Wrong::new(what, "plan again: the question will be about the right person"))
        }
        None => Err(Wrong::new(
            format!("person {person} is not in the registry yet"),
            "apply the plan that makes that person first, then answer",
        )),
    }
}

/// The persons that an answer concerns, as they are now: whoever is named, and whoever has the
/// record.
pub(super) fn before(
    registry: &Registry,
    question: &Question,
    persons: &BTreeSet<PersonId>,
) -> Vec<Person> {
    let own = question::own(registry, question).map(|person| person.id);
    let ids: BTreeSet<PersonId> = persons.iter().copied().chain(own).collect();
    ids.iter().filter_map(|id| registry.persons.get(id)).cloned().collect()
}

/// A reason is for whoever reads the answer next year.
pub(in crate::run) fn reason(text: &str) -> Result<&str, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("the reason is empty", "say why: it is kept with the answer"));
    }
    if text.chars().count() > REASON_CHARS_MAX {
        let what = format!("the reason has more than {REASON_CHARS_MAX} characters");
        return Err(Wrong::new(what, "say it shorter"));
    }
    Ok(text)
}

/// Who answers: whoever was named, or the system's user.
pub(in crate::run) fn who(session: &Session, by: Option<&str>) -> Result<String, Wrong> {
    let by = by.map(str::trim).filter(|by| !by.is_empty());
    let who = by.map_or_else(session.world.user, str::to_owned);
    if who.chars().count() > NAME_CHARS_MAX {
        let what = format!("--by has more than {NAME_CHARS_MAX} characters");
        return Err(Wrong::new(what, "give a name"));
    }
    Ok(who)
}
