//! `review import`: many answers at once, all of them or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::ask::{self, Wrong};
use crate::model::ids::PersonId;
use crate::model::registry::Registry;
use crate::report::question_csv::{self, Answered};
use crate::report::question_lines;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Session, store_failure};
use crate::store::review::answers::{self, Answer, NewAnswer};
use crate::store::review::questions::{self, Question};
use crate::store::review::{Verdict, facts_text};
use crate::store::{Store, registry};

/// A file of answers is small; anything larger is another file.
const BYTES_MAX: u64 = 64 << 20;

pub fn import(session: &Session, file: &Path, by: Option<&str>) -> anyhow::Result<ExitStatus> {
    let named = || format!("cannot read {}", file.display());
    if std::fs::metadata(file).with_context(named)?.len() > BYTES_MAX {
        let what = format!("{} is too large for a file of answers", file.display());
        return Err(Failure::new(ExitStatus::Usage, what).into());
    }
    let bytes = std::fs::read(file).with_context(named)?;
    let _lock = session.lock("review")?;
    let mut store = session.store()?;
    let registry = registry::load(&store).map_err(store_failure)?;
    let given = answers::list(&store, None).map_err(store_failure)?;
    let rows = question_csv::read(&bytes).map_err(|problems| refused(file, &problems))?;
    let (mut good, mut problems): (Vec<Checked>, Vec<String>) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<u64, u64> = BTreeMap::new();
    for row in &rows {
        match check(&store, &registry, row) {
            Ok(checked) => match lines.insert(checked.question.id, row.line) {
                Some(line) => problems.push(format!(
                    "{}: question {} is answered on line {line} too: keep one of them",
                    row.line, checked.question.id
                )),
                None => good.push(checked),
            },
            Err(Wrong { what, todo }) => problems.push(format!("{}: {what}: {todo}", row.line)),
        }
    }
    if !problems.is_empty() {
        return Err(refused(file, &problems).into());
    }
    // A file that is imported twice answers once.
    good.retain(|checked| !is_given(checked, &given));
    let who = ask::who(session, by).map_err(Failure::from)?;
    let answers: Vec<NewAnswer<'_>> = good
        .iter()
        .map(|checked| NewAnswer {
            question: &checked.question,
            verdict: checked.verdict,
            persons: checked.persons.clone(),
            who: &who,
            why: &checked.reason,
            before: ask::before(&registry, &checked.question, &checked.persons),
        })
        .collect();
    answers::give(&mut store, &answers, session.world.clock.now()).map_err(store_failure)?;
    (session.world.out)(&question_lines::imported(answers.len()));
    Ok(ExitStatus::Done)
}

fn refused(file: &Path, problems: &[String]) -> Failure {
    let name = file.display().to_string();
    let list: Vec<String> = problems.iter().map(|one| format!("\n  {name}:{one}")).collect();
    let what = format!("{} problem(s), nothing was kept:{}", problems.len(), list.concat());
    Failure::new(ExitStatus::Usage, what).hint("correct these lines, then import the file again")
}

/// A row that makes sense.
struct Checked {
    question: Question,
    verdict: Verdict,
    persons: BTreeSet<PersonId>,
    reason: String,
}

fn check(store: &Store, registry: &Registry, row: &Answered) -> Result<Checked, Wrong> {
    let Answered { line: _, question, facts, verdict, person, reason } = row;
    let wrong = |what: String, todo: &str| Wrong { what, todo: todo.to_owned() };
    let number = question.parse::<u64>().map_err(|_| {
        wrong(format!("« {question} » is no number of a question"), "leave that column as it was")
    })?;
    let found = questions::get(store, number)
        .map_err(|error| wrong(error.to_string(), "run `rentree doctor`"))?;
    let found = found.ok_or_else(|| {
        wrong(format!("no question has the number {number}"), "leave that column as it was")
    })?;
    let verdict = match verdict.to_lowercase().as_str() {
        "same" => Verdict::Same,
        "different" => Verdict::Different,
        "later" => Verdict::Later,
        _ => {
            let what = format!("« {verdict} » is no answer");
            return Err(wrong(what, "write same, different or later"));
        }
    };
    // A spreadsheet may take digits for a number and drop zeros in front.
    let shown = facts_text(found.asked.facts);
    if facts.to_lowercase().trim_start_matches('0') != shown.trim_start_matches('0') {
        let what = format!("question {number} is not about what this line shows");
        return Err(wrong(what, "export again, and answer what is asked now"));
    }
    let person = match person.as_str() {
        "" => None,
        text => Some(text.parse::<PersonId>().map_err(|_| {
            wrong(format!("« {text} » is no number of a person"), "leave it empty, or correct it")
        })?),
    };
    let persons = ask::persons(store, registry, &found, verdict, person)?;
    let reason = ask::reason(reason)?.to_owned();
    Ok(Checked { question: found, verdict, persons, reason })
}

/// The last answer to the question says the same already.
fn is_given(checked: &Checked, given: &[Answer]) -> bool {
    let own = |one: &&Answer| one.question == checked.question.id && one.undone.is_none();
    given
        .iter()
        .rfind(own)
        .is_some_and(|last| (last.verdict, &last.persons) == (checked.verdict, &checked.persons))
}
