//! Questions in one line each, and as JSON; what is said once one is answered.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::Date;

use super::catalogue::shown;
use super::question::{self, Page, french, login, own, school};
use super::words::{self, say};
use crate::matching::decide::Candidate;
use crate::model::ids::{PersonId, Uai};
use crate::model::registry::Registry;
use crate::model::school::Schools;
use crate::store::review::answers::Answer;
use crate::store::review::questions::Question;
use crate::store::review::{QuestionState, Verdict};

/// One question of a list.
pub struct Line<'a> {
    pub question: &'a Question,
    pub deadline: Option<Date>,
    pub registry: &'a Registry,
}

/// By school. The list may be left open on a screen: it names nobody.
pub fn list(schools: &[(&Uai, Vec<Line<'_>>)], known: &Schools) -> String {
    let mut out = String::new();
    for (uai, lines) in schools {
        let count = match lines.len() {
            1 => say("page", "one-question", &[]),
            many => say("page", "many-questions", &[("count", Some(&many.to_string()))]),
        };
        let title = [("school", Some(school(known, uai))), ("count", Some(count))];
        let title = title.each_ref().map(|(name, value)| (*name, value.as_deref()));
        let _ = writeln!(out, "{}", say("page", "list-title", &title));
        for line in lines {
            let _ = writeln!(out, "{}", text_line(line));
        }
    }
    if out.is_empty() {
        out = format!("{}\n", say("page", "list-none", &[]));
    }
    out
}

fn text_line(line: &Line<'_>) -> String {
    let Question { id, asked, state, .. } = line.question;
    let own_login = own(line.registry, line.question).map(|person| login(line.registry, person.id));
    let own_login = own_login.unwrap_or_else(|| say("page", "no-account", &[]));
    let classes: Vec<&str> = asked.record.classes.iter().map(|code| code.0.as_str()).collect();
    let classes = shown(&classes.join(", "));
    let deadline = line.deadline.map(french);
    let facts = [
        ("id", Some(id.to_string())),
        ("deadline", deadline),
        ("own", (*state == QuestionState::OwnAccount).then_some(own_login)),
        ("done", (!state.is_open()).then(|| words::state(*state).to_owned())),
        ("number", Some(shown(&asked.key.number))),
        ("class", Some(classes).filter(|classes| !classes.is_empty())),
        ("what", Some(words::doubt_for_schools(asked.why).to_owned())),
    ];
    say("page", "list-line", &facts.each_ref().map(|(name, value)| (*name, value.as_deref())))
}

/// One JSON line of a list.
pub fn json_line(line: &Line<'_>) -> serde_json::Result<String> {
    let Question { id, asked, rules: _, first_asked_at, last_seen_at, state } = line.question;
    let own = own(line.registry, line.question).map(|person| person.id);
    let line = serde_json::json!({
        "question": id,
        "state": state,
        "uai": asked.key.uai,
        "source": asked.key.source,
        "number": asked.key.number,
        "classes": asked.record.classes,
        "reason": asked.why,
        "about": asked.about,
        "own_account": own,
        "first_asked_at": first_asked_at,
        "last_seen_at": last_seen_at,
        "deadline": line.deadline,
    });
    Ok(format!("{}\n", serde_json::to_string(&line)?))
}

/// A whole question as JSON: without any identifier but the school's number.
pub fn json(page: &Page<'_>) -> serde_json::Result<String> {
    let Question { id, asked, rules, first_asked_at, last_seen_at, state } = page.question;
    let pupil = asked.key.source == crate::model::delivery::Source::SieclePupils;
    let candidate = |one: &Candidate| {
        let lines: Vec<_> = one
            .lines
            .iter()
            .map(|line| {
                serde_json::json!({
                    "field": line.field,
                    "agreement": line.agreement,
                    "bits": f64::from(line.decibits) / 10.0,
                    "text": words::weighed(line, pupil),
                })
            })
            .collect();
        let bits = f64::from(one.decibits) / 10.0;
        serde_json::json!({ "person": one.person, "bits": bits, "lines": lines })
    };
    let weighing = asked.weighing.as_ref();
    let answers: Vec<_> = page.answers.iter().map(answer).collect();
    serde_json::to_string(&serde_json::json!({
        "question": id,
        "state": state,
        "uai": asked.key.uai,
        "source": asked.key.source,
        "number": asked.key.number,
        "names": asked.record.names,
        "birth_date": asked.record.birth_date,
        "classes": asked.record.classes,
        "has_ine": asked.record.has_ine(),
        "reason": asked.why,
        "about": asked.about,
        "suggested": page.question.suggested(),
        "own_account": question::own(page.registry, page.question).map(|person| person.id),
        "best": weighing.map(|weighing| candidate(&weighing.best)),
        "runner_up": weighing.and_then(|weighing| weighing.runner_up.as_ref().map(candidate)),
        "stops": weighing.map(|weighing| &weighing.stops),
        "rules": rules,
        "first_asked_at": first_asked_at,
        "last_seen_at": last_seen_at,
        "deadline": page.deadline,
        "answers": answers,
    }))
}

/// What is said once a question is answered.
pub fn decided(id: u64, verdict: Verdict, persons: &BTreeSet<PersonId>) -> String {
    let list: Vec<String> = persons.iter().map(PersonId::to_string).collect();
    let (id, persons) = (id.to_string(), list.join(", "));
    let name = match verdict {
        Verdict::Same => "decided-same",
        Verdict::Different => "decided-different",
        Verdict::Later => "decided-later",
    };
    let facts =
        [("id", Some(id.as_str())), ("person", Some(&*persons)), ("persons", Some(&*persons))];
    format!("{}\n", say("page", name, &facts))
}

/// What is said once an answer is taken back.
pub fn undone(id: u64) -> String {
    format!("{}\n", say("page", "undid", &[("id", Some(&id.to_string()))]))
}

/// What is said once questions are written to a file.
pub fn exported(count: usize, file: &str) -> String {
    let count = count.to_string();
    format!("{}\n", say("page", "exported", &[("count", Some(&count)), ("file", Some(file))]))
}

/// What is said once a file of answers is kept.
pub fn imported(count: usize) -> String {
    format!("{}\n", say("page", "imported", &[("count", Some(&count.to_string()))]))
}

/// One answer, here and in a person's story.
pub(super) fn answer(answer: &Answer) -> serde_json::Value {
    serde_json::json!({
        "verdict": answer.verdict,
        "persons": answer.persons,
        "who": answer.who,
        "at": answer.at,
        "why": answer.why,
        "undone_at": answer.undone.as_ref().map(|undone| undone.at),
        "undone_by": answer.undone.as_ref().map(|undone| &undone.who),
        "undone_why": answer.undone.as_ref().map(|undone| &undone.why),
    })
}
