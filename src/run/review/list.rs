//! `review list`: the questions, by school, the oldest deadline first.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::ids::Uai;
use crate::report::question_lines::{self, Line};
use crate::run::decided;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Format, Session, store_failure};
use crate::store::registry;
use crate::store::review::QuestionState;
use crate::store::review::questions::{self, Question};

pub fn list(session: &Session, school: Option<&str>, all: bool) -> anyhow::Result<ExitStatus> {
    let only: Option<Uai> = school
        .map(str::parse)
        .transpose()
        .map_err(|error| Failure::new(ExitStatus::Usage, format!("--school: {error}")))?;
    let store = session.store()?;
    let registry = registry::load(&store).map_err(store_failure)?;
    let questions = questions::list(&store, all).map_err(store_failure)?;
    let wanted = |one: &&Question| only.as_ref().is_none_or(|only| one.asked.key.uai == *only);
    let mut by_school: BTreeMap<&Uai, Vec<Line<'_>>> = BTreeMap::new();
    for question in questions.iter().filter(wanted) {
        let deadline = (question.state == QuestionState::Open)
            .then(|| decided::deadline(session, question.first_asked_at));
        let line = Line { question, deadline, registry: &registry };
        by_school.entry(&question.asked.key.uai).or_default().push(line);
    }
    let mut schools: Vec<(&Uai, Vec<Line<'_>>)> = by_school.into_iter().collect();
    for (_, lines) in &mut schools {
        lines.sort_by_key(urgency);
    }
    schools.sort_by_key(|(uai, lines)| (lines.first().map(urgency), (*uai).clone()));
    match session.format {
        Format::Text => {
            (session.world.out)(&question_lines::list(&schools, &session.config.schools));
        }
        Format::Json => {
            let lines = schools.iter().flat_map(|(_, lines)| lines);
            let lines: Result<Vec<String>, _> = lines.map(question_lines::json_line).collect();
            (session.world.out)(&lines?.concat());
        }
    }
    Ok(ExitStatus::Done)
}

/// Those that wait, by their day; then those with an account of their own, then the past.
fn urgency(line: &Line<'_>) -> (u8, Option<Date>, u64) {
    let rank = match line.question.state {
        QuestionState::Open => 0,
        QuestionState::OwnAccount => 1,
        QuestionState::Answered => 2,
        QuestionState::Gone => 3,
    };
    (rank, line.deadline, line.question.id)
}
