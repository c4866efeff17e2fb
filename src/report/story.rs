//! One person's story, in sentences that a school secretary understands: enrolments, deliveries,
//! records with their evidence, answers of people, logins, operations. Never an INE, nor a birth
//! date.

mod mentions;
mod steps;

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::catalogue::{harmless, shown};
use super::question::{day, french, login, moment, school};
use super::question_lines;
use super::words::{self, say};
use crate::matching::decide::Weighing;
use crate::matching::normal;
use crate::model::account::AccountState;
use crate::model::delivery::Source;
use crate::model::ids::PersonId;
use crate::model::person::{EndedBy, Enrolment, EnrolmentState, Person, Role};
use crate::model::registry::Registry;
use crate::model::school::Schools;
use crate::store::review::Verdict;
use crate::store::review::answers::Answer;
use crate::store::review::links::Given;
use crate::store::review::questions::Question;
use crate::store::steps::Step;
pub use mentions::{Mention, Mentions, Place};
pub use steps::{entry_json, entry_text};

/// All that the story is made of.
pub struct Story<'a> {
    pub person: &'a Person,
    pub registry: &'a Registry,
    pub schools: &'a Schools,
    pub zone: &'a TimeZone,
    pub links: &'a [Given],
    /// Those that concern the person.
    pub questions: &'a [&'a Question],
    /// All that were given.
    pub answers: &'a [Answer],
    /// What was received about the person.
    pub mentions: &'a Mentions,
    /// On the account, and on its memberships.
    pub steps: &'a [Step],
    pub address: Option<String>,
}

/// The story as text.
pub fn text(story: &Story<'_>) -> String {
    let person = story.person;
    let mut out = String::new();
    let given = normal::display_given(&person.names.given);
    let name = format!("{given} {}", normal::display_name(person.names.called()));
    let facts = [
        ("person", Some(person.id.to_string())),
        ("name", Some(shown(&name))),
        ("account", Some(login(story.registry, person.id))),
    ];
    line(&mut out, "title", &facts);
    write_joined(&mut out, story);
    heading(&mut out, "enrolments");
    for (uai, enrolment) in &person.enrolments {
        let facts = [
            ("school", Some(school(story.schools, uai))),
            ("class", enrolment.division.as_ref().map(|code| shown(&code.0))),
            ("role", Some(role(&enrolment.role))),
            ("state", Some(state(enrolment))),
        ];
        line(&mut out, "enrolment", &facts);
    }
    mentions::write(&mut out, story);
    heading(&mut out, "records");
    if story.links.is_empty() {
        line(&mut out, "no-records", &[]);
    }
    story.links.iter().for_each(|link| write_link(&mut out, story, link));
    if !story.questions.is_empty() {
        heading(&mut out, "questions");
        story.questions.iter().for_each(|question| write_question(&mut out, story, question));
    }
    write_login(&mut out, story);
    steps::write(&mut out, story.steps, story.zone);
    out
}

type Facts<'a> = [(&'static str, Option<String>)];

fn sentence(section: &str, name: &str, facts: &Facts<'_>) -> String {
    let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    say(section, name, &facts)
}

fn line(out: &mut String, name: &str, facts: &Facts<'_>) {
    let _ = writeln!(out, "{}", sentence("story", name, facts));
}

fn heading(out: &mut String, name: &str) {
    let _ = writeln!(out, "\n{}", say("story", name, &[]));
}

/// Who was joined to whom.
fn write_joined(out: &mut String, story: &Story<'_>) {
    if let Some(joined) = story.person.joined {
        let facts = [("on", Some(french(joined.on))), ("to", Some(joined.to.to_string()))];
        line(out, "joined", &facts);
    }
    for other in story.registry.persons.values() {
        let Some(joined) = other.joined.filter(|joined| joined.to == story.person.id) else {
            continue;
        };
        let facts = [
            ("person", Some(other.id.to_string())),
            ("login", Some(login(story.registry, other.id))),
            ("on", Some(french(joined.on))),
        ];
        line(out, "absorbed", &facts);
    }
}

fn role(role: &Role) -> String {
    match role {
        Role::Pupil => say("story", "pupil", &[]),
        Role::Teacher => say("story", "teacher", &[]),
        Role::Staff(category) => shown(category),
        Role::Unknown => say("story", "unknown-role", &[]),
    }
}

fn state(enrolment: &Enrolment) -> String {
    match &enrolment.state {
        EnrolmentState::Current => {
            sentence("story", "current", &[("since", Some(french(enrolment.since)))])
        }
        EnrolmentState::Future => say("story", "future", &[]),
        EnrolmentState::Held { since } => {
            sentence("story", "held", &[("since", Some(french(*since)))])
        }
        EnrolmentState::Ended { on, by } => {
            let by = match by {
                EndedBy::ExitDate => "exit-date",
                EndedBy::NotListed => "not-listed",
                EndedBy::NewYearElsewhere => "new-year-elsewhere",
                EndedBy::Joined => "by-joined",
                EndedBy::Separated => "by-separated",
                EndedBy::RolledBack => "by-rolled-back",
            };
            let facts = [("on", Some(french(*on))), ("by", Some(say("story", by, &[])))];
            sentence("story", "ended", &facts)
        }
    }
}

/// A record and why it is the person's; what was weighed, in words.
fn write_link(out: &mut String, story: &Story<'_>, link: &Given) {
    let facts = [
        ("at", Some(moment(link.at, story.zone))),
        ("school", Some(school(story.schools, &link.key.uai))),
        ("number", Some(shown(&link.key.number))),
        ("evidence", Some(words::evidence(link.evidence).to_owned())),
    ];
    line(out, "record", &facts);
    let weighing: Option<Weighing> =
        link.weighing.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let Some(weighing) = weighing.filter(|weighing| weighing.best.person == link.person) else {
        return;
    };
    let pupil = link.key.source == Source::SieclePupils;
    for one in &weighing.best.lines {
        let _ = writeln!(out, "      {}", words::weighed(one, pupil));
    }
}

fn write_question(out: &mut String, story: &Story<'_>, question: &Question) {
    let key = &question.asked.key;
    let facts = [
        ("id", Some(question.id.to_string())),
        ("state", Some(words::state(question.state).to_owned())),
        ("school", Some(school(story.schools, &key.uai))),
        ("number", Some(shown(&key.number))),
        ("why", Some(words::doubt_for_schools(question.asked.why).to_owned())),
    ];
    line(out, "question", &facts);
    for answer in story.answers.iter().filter(|answer| answer.question == question.id) {
        write_answer(out, answer, story.zone);
    }
}

/// An answer, and who took it back.
pub(super) fn write_answer(out: &mut String, answer: &Answer, zone: &TimeZone) {
    let persons: Vec<String> = answer.persons.iter().map(PersonId::to_string).collect();
    let persons = Some(persons.join(", ")).filter(|_| answer.verdict != Verdict::Later);
    let facts = [
        ("at", Some(day(answer.at, zone))),
        ("who", Some(harmless(&answer.who))),
        ("verdict", Some(words::verdict(answer.verdict).to_owned())),
        ("persons", persons),
        ("why", Some(harmless(&answer.why))),
    ];
    let _ = writeln!(out, "    {}", sentence("page", "answer", &facts));
    if let Some(undone) = &answer.undone {
        let facts = [
            ("at", Some(day(undone.at, zone))),
            ("who", Some(harmless(&undone.who))),
            ("why", Some(harmless(&undone.why))),
        ];
        let _ = writeln!(out, "    {}", sentence("page", "undone", &facts));
    }
}

fn write_login(out: &mut String, story: &Story<'_>) {
    let Some(account) = &story.person.account else { return };
    heading(out, "logins");
    let facts = [
        ("login", Some(account.name.login.to_string())),
        ("address", story.address.clone()),
        ("state", Some(account_state(&account.state))),
    ];
    line(out, "login", &facts);
}

/// Where an account is in its life.
pub(super) fn account_state(state: &AccountState) -> String {
    let (name, facts) = match state {
        AccountState::Active => ("active", [("on", None), ("since", None)]),
        AccountState::Leaving { since: _, disable_on } => {
            ("leaving", [("on", Some(french(*disable_on))), ("since", None)])
        }
        AccountState::Disabled { since, delete_on } => {
            ("disabled", [("on", Some(french(*delete_on))), ("since", Some(french(*since)))])
        }
        AccountState::Deleted { on } => ("deleted", [("on", Some(french(*on))), ("since", None)]),
    };
    sentence("story", name, &facts)
}

/// The story as one JSON document.
pub fn json(story: &Story<'_>) -> serde_json::Result<String> {
    let person = story.person;
    let links: Vec<_> = story
        .links
        .iter()
        .map(|link| {
            serde_json::json!({
                "uai": link.key.uai,
                "source": link.key.source,
                "number": link.key.number,
                "evidence": link.evidence,
                "text": words::evidence(link.evidence),
                "at": link.at,
            })
        })
        .collect();
    let questions: Vec<_> = story
        .questions
        .iter()
        .map(|question| {
            let own = story.answers.iter().filter(|answer| answer.question == question.id);
            let answers: Vec<_> = own.map(question_lines::answer).collect();
            serde_json::json!({
                "question": question.id,
                "state": question.state,
                "uai": question.asked.key.uai,
                "number": question.asked.key.number,
                "reason": question.asked.why,
                "answers": answers,
            })
        })
        .collect();
    serde_json::to_string(&serde_json::json!({
        "person": person.id,
        "names": person.names,
        "joined": person.joined,
        "enrolments": person.enrolments,
        "records": links,
        "questions": questions,
        "account": person.account,
        "address": story.address,
        "deliveries": mentions::json(story.mentions),
        "operations": steps::json(story.steps),
    }))
}
