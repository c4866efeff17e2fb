//! Persons, the names they were ever given, workspaces. Written by the beginning of a run only
//! (`journal::begin`), whole or not at all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::column::{At, document, json, words};
use super::review::links;
use super::{Store, StoreError};
use crate::model::account::AccountName;
use crate::model::ids::{PersonId, StructureKey};
use crate::model::person::Person;
use crate::model::registry::{Registry, RegistryChange};
use crate::model::workspace::Workspace;

words! {
    /// What a name is used as. A text has one holder in all forms together: the login of one
    /// person is the address of nobody else.
    NameForm {
        Login = "login",
        ShortLogin = "short-login",
        MailLocal = "mail-local",
    }
}

/// A name and who holds it, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub form: NameForm,
    pub person: PersonId,
    pub given_at: Timestamp,
}

/// The workspaces of the registry.
pub fn workspaces(store: &Store) -> Result<BTreeMap<StructureKey, Workspace>, StoreError> {
    let mut workspaces = BTreeMap::new();
    let mut statement = store.connection.prepare("SELECT document FROM workspace")?;
    for workspace in statement.query_map([], |row| document::<Workspace>(row, 0))? {
        let workspace = workspace?;
        workspaces.insert(workspace.key.clone(), workspace);
    }
    Ok(workspaces)
}

/// The whole registry.
pub fn load(store: &Store) -> Result<Registry, StoreError> {
    let connection = &store.connection;
    // One read transaction: the generation is that of the rows, whoever writes meanwhile.
    let reading = connection.unchecked_transaction()?;
    let mut registry = Registry { generation: generation(&reading)?, ..Registry::default() };
    let mut statement = reading.prepare("SELECT document FROM person ORDER BY id")?;
    for person in statement.query_map([], |row| document::<Person>(row, 0))? {
        let person = person?;
        registry.persons.insert(person.id, person);
    }
    registry.workspaces = workspaces(store)?;
    let mut statement = reading.prepare("SELECT DISTINCT person, name FROM name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let account =
            registry.persons.get(&PersonId(row.get(0)?)).and_then(|one| one.account.as_ref());
        let name = row.get_ref(1)?.as_str().unwrap_or_default();
        if !account.is_some_and(|now| now.name.each().iter().any(|held| held.as_str() == name)) {
            registry.former_names.insert(name.to_owned());
        }
    }
    Ok(registry)
}

/// One person.
pub fn person(store: &Store, id: PersonId) -> Result<Option<Person>, StoreError> {
    let mut statement =
        store.connection.prepare_cached("SELECT document FROM person WHERE id = ?1")?;
    Ok(statement.query_row([id.0], |row| document(row, 0)).optional()?)
}

/// Whoever was ever given a name, in each form.
pub fn holders(store: &Store, name: &str) -> Result<Vec<Holder>, StoreError> {
    let mut statement = store
        .connection
        .prepare("SELECT form, person, given_at FROM name WHERE name = ?1 ORDER BY form")?;
    let rows = statement.query_map([name], |row| {
        let At(given_at) = row.get(2)?;
        Ok(Holder { form: row.get(0)?, person: PersonId(row.get(1)?), given_at })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Nobody was ever written into it.
pub fn is_empty(store: &Store) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM person)";
    Ok(store.connection.query_row(sql, [], |row| row.get(0))?)
}

/// How often the registry was written.
pub fn generation_now(store: &Store) -> Result<u64, StoreError> {
    generation(&store.connection)
}

pub(super) fn generation(connection: &rusqlite::Connection) -> Result<u64, StoreError> {
    let sql = "SELECT value FROM meta WHERE name = 'generation'";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Writes a change and the next generation.
pub(super) fn write(
    transaction: &Transaction<'_>,
    change: &RegistryChange,
    at: Timestamp,
) -> Result<(), StoreError> {
    for person in &change.persons {
        write_person(transaction, person, at)?;
    }
    for workspace in &change.workspaces {
        let Workspace { key, name, label: _, state: _ } = workspace;
        let of_account = transaction
            .prepare_cached("SELECT 1 FROM name WHERE name = ?1")?
            .exists([name.to_ascii_lowercase()])?;
        if of_account {
            return Err(StoreError::NameShared { name: name.clone() });
        }
        transaction
            .prepare_cached(
                "INSERT INTO workspace (uai, kind, code, name, document) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (uai, kind, code)
                 DO UPDATE SET name = excluded.name, document = excluded.document",
            )?
            .execute(params![
                key.uai.as_str(),
                key.kind.as_str(),
                key.code.0,
                name,
                json(workspace)?
            ])?;
    }
    links::write(transaction, &change.links, at)?;
    transaction.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'", [])?;
    Ok(())
}

fn write_person(
    transaction: &Transaction<'_>,
    person: &Person,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO person (id, document) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET document = excluded.document",
        )?
        .execute(params![person.id.0, json(person)?])?;
    transaction
        .prepare_cached("DELETE FROM identifier WHERE person = ?1")?
        .execute([person.id.0])?;
    for identifier in &person.identifiers {
        transaction
            .prepare_cached("INSERT INTO identifier (identifier, person) VALUES (?1, ?2)")?
            .execute(params![identifier.to_string(), person.id.0])?;
    }
    let Some(account) = &person.account else { return Ok(()) };
    let AccountName { login, short_login, mail_local } = &account.name;
    for (form, name) in [
        (NameForm::Login, login),
        (NameForm::ShortLogin, short_login),
        (NameForm::MailLocal, mail_local),
    ] {
        reserve(transaction, form, name.as_str(), person.id, at)?;
    }
    Ok(())
}

/// Reserves a name for ever; one that somebody else holds, in whatever form, or a workspace, rolls
/// the whole change back.
fn reserve(
    transaction: &Transaction<'_>,
    form: NameForm,
    name: &str,
    person: PersonId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut given = false;
    let mut statement =
        transaction.prepare_cached("SELECT person, form FROM name WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        let holder = PersonId(row.get(0)?);
        if holder != person {
            let (form, name) = (form.as_str(), name.to_owned());
            return Err(StoreError::NameTaken { form, name, holder, person });
        }
        given |= row.get::<_, NameForm>(1)? == form;
    }
    if given {
        return Ok(());
    }
    // The column compares without case.
    let of_space =
        transaction.prepare_cached("SELECT 1 FROM workspace WHERE name = ?1")?.exists([name])?;
    if of_space {
        return Err(StoreError::NameShared { name: name.to_owned() });
    }
    transaction
        .prepare_cached("INSERT INTO name (form, name, person, given_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![form, name, person.0, At(at)])?;
    Ok(())
}

/// The persons that carry an identifier (its text form); two when a number was given twice.
pub fn persons_by_identifier(store: &Store, identifier: &str) -> Result<Vec<PersonId>, StoreError> {
    let mut statement = store
        .connection
        .prepare("SELECT person FROM identifier WHERE identifier = ?1 ORDER BY person")?;
    let rows = statement.query_map([identifier], |row| row.get(0).map(PersonId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Persons whom some school or académie knows by a number of its own: `1900000`. Several may
/// give the same one.
pub fn persons_by_number(store: &Store, number: &str) -> Result<Vec<PersonId>, StoreError> {
    let sql = "SELECT DISTINCT person FROM identifier
               WHERE identifier NOT LIKE 'ine:%'
                 AND substr(identifier, -length(?1) - 1) = ':' || ?1
               ORDER BY person";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([number], |row| row.get(0).map(PersonId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
