//! `review undo`: an answer taken back; the plan that follows separates again.

use super::ask;
use crate::report::question_lines;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Session, store_failure};
use crate::store::review::Verdict;
use crate::store::review::answers::{self, Answer};

pub fn undo(
    session: &Session,
    id: u64,
    reason: &str,
    by: Option<&str>,
) -> anyhow::Result<ExitStatus> {
    let why = ask::reason(reason).map_err(Failure::from)?;
    let _lock = session.lock("review")?;
    let mut store = session.store()?;
    let question = ask::find(&store, id)?;
    let given = answers::list(&store, Some(question.id)).map_err(store_failure)?;
    // All of them: an earlier answer does not come back because a later one was wrong.
    let decided = |one: &&Answer| one.undone.is_none() && one.verdict != Verdict::Later;
    let last: Vec<u64> = given.iter().filter(decided).map(|one| one.id).collect();
    if last.is_empty() {
        let what = format!("question {id} has no answer that could be taken back");
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint(format!("`rentree review show {id}` shows what was answered"))
            .into());
    }
    let who = ask::who(session, by).map_err(Failure::from)?;
    answers::undo(&mut store, id, &last, &who, why, session.world.clock.now())
        .map_err(store_failure)?;
    (session.world.out)(&question_lines::undone(id));
    Ok(ExitStatus::Done)
}
