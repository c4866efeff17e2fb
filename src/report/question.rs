//! One question, for whoever decides: both sides beside each other, what speaks for and against,
//! what stopped the machine, and what each answer changes. Never an INE, never a percentage.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::catalogue::shown;
use super::story::{account_state, write_answer};
use super::words::{self, say};
use crate::matching::decide::{Candidate, Weighing};
use crate::matching::normal;
use crate::model::asked::AskedRecord;
use crate::model::ids::{PersonId, Uai};
use crate::model::person::{EnrolmentState, Identifier, Person};
use crate::model::registry::Registry;
use crate::model::school::Schools;
use crate::model::traits::{Sex, Traits};
use crate::store::review::answers::Answer;
use crate::store::review::questions::Question;

/// All that the page is made of.
pub struct Page<'a> {
    pub question: &'a Question,
    pub answers: &'a [Answer],
    pub registry: &'a Registry,
    pub schools: &'a Schools,
    pub zone: &'a TimeZone,
    /// The day on which the record gets an account of its own; none once it has one.
    pub deadline: Option<Date>,
    pub grace_days: i32,
    pub retention_days: i32,
}

/// The page as text.
pub fn text(page: &Page<'_>) -> String {
    let Question { id, asked, first_asked_at, last_seen_at, state, .. } = page.question;
    let mut out = String::new();
    let school = school(page.schools, &asked.key.uai);
    let facts = [
        ("id", Some(id.to_string())),
        ("school", Some(school)),
        ("state", Some(words::state(*state).to_owned())),
    ];
    line(&mut out, "title", &facts);
    let facts = [
        ("first", Some(day(*first_asked_at, page.zone))),
        ("last", Some(day(*last_seen_at, page.zone))),
        ("deadline", page.deadline.map(french)),
    ];
    line(&mut out, "since", &facts);
    let _ = writeln!(out, "\n{}\n", words::doubt(asked.why));
    out.push_str(&sides(page));
    if let Some(weighing) = &asked.weighing {
        write_weighing(&mut out, page, weighing);
    }
    write_answers(&mut out, page);
    if !page.answers.is_empty() {
        let _ = writeln!(out, "\n{}", words("given-answers"));
        for answer in page.answers {
            write_answer(&mut out, answer, page.zone);
        }
    }
    out
}

/// Who had the record as a person of its own.
pub fn own<'a>(registry: &'a Registry, question: &Question) -> Option<&'a Person> {
    let number = question.asked.record.number()?;
    let suggested = question.suggested();
    registry.persons.values().find(|person| {
        person.joined.is_none()
            && Some(person.id) != suggested
            && person.identifiers.contains(number)
    })
}

pub(super) fn school(schools: &Schools, uai: &Uai) -> String {
    match schools.get(uai) {
        Some(school) => format!("{} ({}) {uai}", shown(&school.name), shown(&school.town)),
        None => uai.to_string(),
    }
}

pub(super) fn french(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// The day of an instant.
pub(super) fn day(instant: Timestamp, zone: &TimeZone) -> String {
    french(instant.to_zoned_datetime(zone.clone()).date())
}

/// An instant to the minute.
pub(super) fn moment(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned_datetime(zone.clone()).strftime("%d/%m/%Y %H:%M").to_string()
}

fn words(name: &str) -> String {
    say("page", name, &[])
}

fn line(out: &mut String, name: &str, facts: &[(&'static str, Option<String>)]) {
    let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    let _ = writeln!(out, "{}", say("page", name, &facts));
}

/// Login and number of a person.
pub(super) fn login(registry: &Registry, id: PersonId) -> String {
    match registry.persons.get(&id) {
        Some(Person { account: Some(account), .. }) => account.name.login.to_string(),
        Some(Person { account: None, .. }) => words("no-account"),
        None => say("page", "unknown-person", &[("person", Some(&id.to_string()))]),
    }
}

/// The record beside each person in question.
fn sides(page: &Page<'_>) -> String {
    let asked = &page.question.asked;
    let mut columns = vec![column_of_labels(), column_of_record(&asked.record, &asked.key.uai)];
    // The first suggestion first.
    let first = page.question.suggested();
    let others = page.question.persons().into_iter().filter(|id| Some(*id) != first);
    for id in first.into_iter().chain(others) {
        if let Some(person) = page.registry.persons.get(&id) {
            columns.push(column_of_person(person, &asked.record));
        }
    }
    let mut out = String::new();
    let rows = columns.first().map_or(0, Vec::len);
    for row in 0..rows {
        // A row that nobody knows anything of says nothing.
        let silent = columns.iter().skip(1).all(|column| column[row] == words("unknown"));
        if silent {
            continue;
        }
        let mut text = String::from(" ");
        for column in &columns {
            let width = column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            let _ = write!(text, " {:<width$} ", column[row]);
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}

fn column_of_labels() -> Vec<String> {
    let labels = [
        "family",
        "usage",
        "given",
        "born",
        "second",
        "birthplace",
        "sex",
        "school",
        "class",
        "previous",
        "left",
        "ine",
        "number",
        "login",
    ];
    std::iter::once(String::new()).chain(labels.map(words)).collect()
}

fn column_of_record(record: &AskedRecord, uai: &Uai) -> Vec<String> {
    let AskedRecord { names, birth_date, traits, identifiers: _, left_on, classes } = record;
    let classes: Vec<&str> = classes.iter().map(|code| code.0.as_str()).collect();
    let cells = Cells {
        family: shown(&names.family),
        usage: names.usage.as_deref().map(shown),
        given: shown(&names.given),
        born: *birth_date,
        traits,
        schools: uai.to_string(),
        classes: Some(shown(&classes.join(", "))).filter(|text| !text.is_empty()),
        left: left_on.map(french),
        ine: record.has_ine().then(|| words("one-ine")),
        second: hidden(traits.second.as_ref(), None),
        birthplace: hidden(traits.birthplace.as_ref(), None),
        numbers: record.number().map(number_of).into_iter().collect(),
        login: None,
    };
    cells.column(words("record"))
}

fn column_of_person(person: &Person, record: &AskedRecord) -> Vec<String> {
    let open = |state: &EnrolmentState| !matches!(state, EnrolmentState::Ended { .. });
    let enrolments = person.enrolments.iter();
    let schools: Vec<String> = enrolments
        .map(|(uai, enrolment)| match &enrolment.state {
            EnrolmentState::Ended { on, by: _ } => {
                let until = [("on", Some(french(*on)))];
                format!("{uai} {}", sentence("until", &until))
            }
            EnrolmentState::Current | EnrolmentState::Future | EnrolmentState::Held { .. } => {
                uai.to_string()
            }
        })
        .collect();
    let classes: Vec<&str> = person
        .enrolments
        .values()
        .filter(|enrolment| open(&enrolment.state))
        .filter_map(|enrolment| Some(enrolment.division.as_ref()?.0.as_str()))
        .collect();
    let cells = Cells {
        family: shown(&normal::display_name(&person.names.family)),
        usage: person.names.usage.as_deref().map(shown),
        given: shown(&person.names.given),
        born: person.birth_date,
        traits: &person.traits,
        schools: schools.join(", "),
        classes: Some(shown(&classes.join(", "))).filter(|text| !text.is_empty()),
        left: None,
        ine: ine_beside(person, record),
        second: hidden(person.traits.second.as_ref(), record.traits.second.as_ref()),
        birthplace: hidden(person.traits.birthplace.as_ref(), record.traits.birthplace.as_ref()),
        numbers: person.identifiers.iter().filter(|one| !one.is_ine()).map(number_of).collect(),
        login: person
            .account
            .as_ref()
            .map(|account| format!("{} ({})", account.name.login, account_state(&account.state))),
    };
    let id = person.id.to_string();
    cells.column(say("page", "person", &[("person", Some(&id))]))
}

/// What is kept as a keyed hash only: whether it is known, and the same as the record's.
fn hidden<T: PartialEq>(own: Option<&T>, other: Option<&T>) -> String {
    words(match (own, other) {
        (None, _) => "unknown",
        (Some(_), None) => "known",
        (Some(own), Some(other)) if own == other => "same-value",
        (Some(_), Some(_)) => "other-value",
    })
}

fn ine_beside(person: &Person, record: &AskedRecord) -> Option<String> {
    let own = || person.identifiers.iter().filter(|one| one.is_ine());
    own().next()?;
    Some(words(match (record.has_ine(), own().any(|one| record.identifiers.contains(one))) {
        (false, _) => "one-ine",
        (true, true) => "same-value",
        (true, false) => "other-value",
    }))
}

/// The number itself: its school stands in another row.
fn number_of(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Siecle { uai: _, id }
        | Identifier::StsEpp { academy: _, id }
        | Identifier::StsLocal { uai: _, id } => shown(id),
        Identifier::Ine { key: _ } => String::new(),
    }
}

/// One side.
struct Cells<'a> {
    family: String,
    usage: Option<String>,
    given: String,
    born: Option<Date>,
    traits: &'a Traits,
    schools: String,
    classes: Option<String>,
    left: Option<String>,
    ine: Option<String>,
    second: String,
    birthplace: String,
    numbers: Vec<String>,
    login: Option<String>,
}

impl Cells<'_> {
    fn column(self, title: String) -> Vec<String> {
        let Traits { sex, previous_school, birthplace: _, given: _, second: _, level: _ } =
            self.traits;
        let unknown = || words("unknown");
        let sex = sex.map(|sex| match sex {
            Sex::Male => words("male"),
            Sex::Female => words("female"),
        });
        let cells = [
            Some(self.family),
            self.usage,
            Some(self.given),
            self.born.map(french),
            Some(self.second),
            Some(self.birthplace),
            sex,
            Some(self.schools),
            self.classes,
            previous_school.as_ref().map(Uai::to_string),
            self.left,
            self.ine,
            Some(self.numbers.join(", ")),
            self.login,
        ];
        let filled =
            |cell: Option<String>| cell.filter(|text| !text.is_empty()).unwrap_or_else(unknown);
        std::iter::once(title).chain(cells.map(filled)).collect()
    }
}

fn write_weighing(out: &mut String, page: &Page<'_>, weighing: &Weighing) {
    let Weighing { best, runner_up, stops } = weighing;
    let _ = writeln!(out, "\n{}", words("weighed"));
    write_candidate(out, page, best);
    if !stops.is_empty() {
        let stops: Vec<&str> = stops.iter().map(|stop| words::stop(*stop)).collect();
        line(out, "stopped", &[("stops", Some(stops.join(" ; ")))]);
    }
    let _ = writeln!(out);
    match runner_up {
        Some(candidate) => {
            line(out, "runner-up", &[("person", Some(candidate.person.to_string()))]);
            write_candidate(out, page, candidate);
        }
        None => line(out, "no-runner-up", &[]),
    }
}

fn write_candidate(out: &mut String, page: &Page<'_>, candidate: &Candidate) {
    let pupil = page.question.asked.key.source == crate::model::delivery::Source::SieclePupils;
    let Candidate { person: _, decibits, lines } = candidate;
    let start = decibits - lines.iter().map(|one| one.decibits).sum::<i32>();
    let mut told: Vec<(String, i32)> = vec![(words("start"), start)];
    told.extend(lines.iter().map(|one| (words::weighed(one, pupil), one.decibits)));
    told.push((words("total"), *decibits));
    for (text, decibits) in told {
        let _ = writeln!(out, "  {text} : {}", words::bits(decibits));
    }
}

/// « New person » stands first, and as large as the suggestion.
fn write_answers(out: &mut String, page: &Page<'_>) {
    let question = page.question;
    let id = question.id;
    let own = own(page.registry, question).map(|person| login(page.registry, person.id));
    let logins: Vec<String> =
        question.asked.about.iter().map(|person| login(page.registry, *person)).collect();
    let uai = question.asked.key.uai.to_string();
    let held = question.asked.record.number().is_some_and(|number| {
        question.asked.about.iter().any(|person| {
            let person = page.registry.persons.get(person);
            person.is_some_and(|person| person.identifiers.contains(number))
        })
    });
    let new = match (&own, held) {
        (_, true) => "new-person-school",
        (Some(_), false) => "new-person-keeps",
        (None, false) => "new-person-makes",
    };
    let _ = writeln!(out, "\n{}", words("answers"));
    let facts =
        [("logins", Some(logins.join(", "))), ("own", own.clone()), ("school", Some(uai.clone()))];
    write_choice(out, &words("new-person"), &sentence(new, &facts), id, "different");
    let suggested = question.suggested();
    for person in question.persons() {
        let number = person.to_string();
        let login = login(page.registry, person);
        let title = sentence(
            "same-person",
            &[("person", Some(number.clone())), ("login", Some(login.clone()))],
        );
        let gets = [("login", Some(login)), ("school", Some(uai.clone()))];
        let mut text = sentence("same-person-gets", &gets);
        if own.is_some() {
            let ends = [
                ("own", own.clone()),
                ("grace", Some(page.grace_days.to_string())),
                ("retention", Some(page.retention_days.to_string())),
            ];
            text = format!("{text} {}", sentence("same-person-ends", &ends));
        }
        let verdict = match suggested == Some(person) {
            true => "same".to_owned(),
            false => format!("same --person {number}"),
        };
        write_choice(out, &title, &text, id, &verdict);
    }
    let later = if own.is_some() { "later-own" } else { "later-open" };
    let facts = [("deadline", page.deadline.map(french)), ("own", own)];
    write_choice(out, &words("later"), &sentence(later, &facts), id, "later");
}

fn sentence(name: &str, facts: &[(&'static str, Option<String>)]) -> String {
    let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    say("page", name, &facts)
}

fn write_choice(out: &mut String, title: &str, text: &str, id: u64, verdict: &str) {
    let _ = writeln!(out, "  {title} : {text}");
    let _ = writeln!(out, "    rentree review decide {id} {verdict} --reason …");
}
