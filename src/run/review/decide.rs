//! `review decide`: one answer, kept with who, when and why.

use super::ask;
use crate::model::ids::PersonId;
use crate::report::question_lines;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Session, store_failure};
use crate::store::registry;
use crate::store::review::Verdict;
use crate::store::review::answers::{self, NewAnswer};

/// What was typed.
pub struct Typed {
    pub question: u64,
    pub verdict: Verdict,
    pub reason: String,
    pub by: Option<String>,
    pub person: Option<u64>,
}

pub fn decide(session: &Session, typed: &Typed) -> anyhow::Result<ExitStatus> {
    let why = ask::reason(&typed.reason).map_err(Failure::from)?;
    let _lock = session.lock("review")?;
    let mut store = session.store()?;
    let question = ask::find(&store, typed.question)?;
    let registry = registry::load(&store).map_err(store_failure)?;
    let person = typed.person.map(PersonId);
    let persons =
        ask::persons(&store, &registry, &question, typed.verdict, person).map_err(Failure::from)?;
    let who = ask::who(session, typed.by.as_deref()).map_err(Failure::from)?;
    let before = ask::before(&registry, &question, &persons);
    let answer = NewAnswer {
        question: &question,
        verdict: typed.verdict,
        persons: persons.clone(),
        who: &who,
        why,
        before,
    };
    answers::give(&mut store, &[answer], session.world.clock.now()).map_err(store_failure)?;
    (session.world.out)(&question_lines::decided(question.id, typed.verdict, &persons));
    Ok(ExitStatus::Done)
}
