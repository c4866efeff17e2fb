//! `people`: the registry.

use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::session::{Session, store_failure};
use crate::matching::normal;
use crate::model::ids::Uai;
use crate::model::person::{EnrolmentState, Identifier, Person};
use crate::store::registry;

pub fn people(
    session: &Session,
    school: Option<String>,
    find: Option<String>,
) -> anyhow::Result<ExitStatus> {
    let school: Option<Uai> = school
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| Failure::new(ExitStatus::Usage, format!("--school: {error}")))?;
    let registry = registry::load(&session.store()?).map_err(store_failure)?;
    let mut text = String::new();
    let wanted = registry
        .persons
        .values()
        .filter(|person| school.as_ref().is_none_or(|uai| person.enrolments.contains_key(uai)))
        .filter(|person| find.as_deref().is_none_or(|find| holds(person, find)));
    for person in wanted {
        match session.format {
            Format::Text => text.push_str(&sentence(person)),
            Format::Json => text.push_str(&json(person)?),
        }
        text.push('\n');
    }
    if text.is_empty() && session.format == Format::Text {
        text.push_str("nobody\n");
    }
    (session.world.out)(&text);
    Ok(ExitStatus::Done)
}

/// The number, a login, a name or an identifier holds the text.
fn holds(person: &Person, find: &str) -> bool {
    let folded = normal::key(find);
    let names = [
        &person.names.family,
        &person.names.given,
        person.names.usage.as_ref().unwrap_or(&person.names.family),
    ];
    let login = person.account.as_ref().map(|account| account.name.login.as_str());
    person.id.to_string() == find
        || login.is_some_and(|login| login.contains(&find.to_lowercase()))
        || (!folded.is_empty() && names.iter().any(|name| normal::key(name).contains(&folded)))
        || shown_identifiers(person).iter().any(|one| one.contains(find))
}

/// Identifiers of the sources; the keyed hash of an INE says nothing to anybody.
fn shown_identifiers(person: &Person) -> Vec<String> {
    let shown = |one: &&Identifier| !matches!(one, Identifier::Ine { .. });
    person.identifiers.iter().filter(shown).map(ToString::to_string).collect()
}

fn sentence(person: &Person) -> String {
    let (login, state) = match &person.account {
        Some(account) => (account.name.login.as_str(), account.state.as_str()),
        None => ("-", "no account"),
    };
    let schools: Vec<String> = person
        .enrolments
        .iter()
        .map(|(uai, one)| {
            let class = one.division.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{uai}{class} {} {}", one.role.as_str(), enrolment_word(&one.state))
        })
        .collect();
    let given = normal::display_given(&person.names.given);
    let name = format!("{given} {}", normal::display_name(person.names.called()));
    format!(
        "{:>6}  {login:<28} {state:<10} {name:<32} {}  [{}]",
        person.id.0,
        schools.join(", "),
        shown_identifiers(person).join(" ")
    )
}

fn enrolment_word(state: &EnrolmentState) -> String {
    match state {
        EnrolmentState::Current => "current".to_owned(),
        EnrolmentState::Future => "to come".to_owned(),
        EnrolmentState::Held { since } => format!("held since {since}"),
        EnrolmentState::Ended { on, by: _ } => format!("ended {on}"),
    }
}

fn json(person: &Person) -> anyhow::Result<String> {
    let Person {
        id,
        names,
        birth_date: _,
        identifiers: _,
        traits: _,
        enrolments,
        place,
        joined,
        account,
    } = person;
    let line = serde_json::json!({
        "person": id,
        "names": names,
        "place": place,
        "enrolments": enrolments,
        "identifiers": shown_identifiers(person),
        "joined": joined,
        "account": account,
    });
    Ok(serde_json::to_string(&line)?)
}
