//! What the server can do, and which words it knows: root DSE and subschema (RFC 4512).

use std::collections::BTreeSet;

use super::outcome::{AWAY_HINT, BUSY, UNAVAILABLE};
use super::read;
use super::wire::Lease;
use crate::target::{TargetError, WriteError};

const ASSERTION: &str = "1.3.6.1.1.12";
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// What the root DSE says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// RFC 4528: "write only if".
    pub(super) assertion: bool,
    /// It keeps the way back of links (`memberOf`), or may do so.
    pub(super) back_links: bool,
    /// RFC 2696.
    pub(super) paged_results: bool,
    pub(super) naming_contexts: Vec<String>,
    subschema: Option<String>,
}

impl Server {
    /// Takes from the schema what the root DSE does not say; an unreadable one tells nothing.
    pub(super) fn learn(&mut self, words: &Words) {
        self.back_links = words.is_empty() || words.contains("memberof");
    }
}

/// Names that the server's schema knows, in lower case: attributes and object classes.
pub(super) type Words = BTreeSet<String>;

pub(super) async fn server(lease: &mut Lease) -> Result<Server, TargetError> {
    let names = ["supportedControl", "namingContexts", "subschemaSubentry"];
    let root = values_of(lease, "", &names).await?;
    let [controls, naming_contexts, subschema] = root.unwrap_or_default();
    let has = |oid: &str| controls.iter().any(|control| control == oid);
    Ok(Server {
        assertion: has(ASSERTION),
        back_links: true,
        paged_results: has(PAGED_RESULTS),
        naming_contexts,
        subschema: subschema.into_iter().next(),
    })
}

/// The base must exist; nothing makes it.
pub(super) async fn base_exists(lease: &mut Lease, base: &str) -> Result<bool, TargetError> {
    Ok(values_of(lease, base, &["objectClass"]).await?.is_some())
}

/// All names of the schema; empty when this account may not read it.
pub(super) async fn words(lease: &mut Lease, server: &Server) -> Result<Words, TargetError> {
    let Some(subschema) = &server.subschema else { return Ok(Words::new()) };
    let found = values_of(lease, subschema, &["attributeTypes", "objectClasses"]).await?;
    let definitions = found.into_iter().flatten().flatten();
    Ok(definitions.flat_map(|definition| names_in(&definition)).collect())
}

/// The names in a definition: `( 1.2 NAME 'a' …` or `( 1.2 NAME ( 'a' 'b' ) …`.
fn names_in(definition: &str) -> Vec<String> {
    let Some((_, rest)) = definition.split_once("NAME ") else { return Vec::new() };
    let rest = rest.trim_start();
    // Between quotes stand the odd pieces; a single name is the first of them.
    let (list, count) = match rest.strip_prefix('(') {
        Some(list) => (list.split(')').next().unwrap_or_default(), usize::MAX),
        None => (rest, 1),
    };
    list.split('\'').skip(1).step_by(2).take(count).map(str::to_lowercase).collect()
}

/// The values of some attributes of one entry, in the order asked; none when there is no such
/// entry.
async fn values_of<const N: usize>(
    lease: &mut Lease,
    name: &str,
    attributes: &[&str; N],
) -> Result<Option<[Vec<String>; N]>, TargetError> {
    let asked = attributes.iter().map(|&name| name.to_owned()).collect();
    let found = read::entry(lease, name, asked).await.map_err(|error| unreadable(name, &error))?;
    Ok(found.map(|mut entry| {
        attributes.map(|wanted| {
            let name = entry.attrs.keys().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
            name.and_then(|name| entry.attrs.remove(&name)).unwrap_or_default()
        })
    }))
}

pub(super) fn unreadable(name: &str, error: &WriteError) -> TargetError {
    let name = if name.is_empty() { "the root DSE" } else { name };
    let hint = match error {
        WriteError::Busy { code: BUSY | UNAVAILABLE, .. } => AWAY_HINT,
        _ => "look at the rights of the service account, and at the server's log",
    };
    TargetError::Unreadable { what: format!("cannot read {name}: {error}"), hint: hint.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_out_of_service_is_not_a_matter_of_rights() {
        let hint = |code| {
            let error = WriteError::Busy { code, text: "words".into() };
            match unreadable("dc=x", &error) {
                TargetError::Unreadable { hint, .. } => hint,
                other => panic!("{other:?}"),
            }
        };
        assert!([BUSY, UNAVAILABLE].into_iter().all(|code| hint(code).contains("not in service")));
        assert!(hint(11).contains("rights"), "a limit of the account");
    }

    #[test]
    fn names_are_found_in_both_forms_of_definition() {
        for (definition, expected) in [
            ("( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'x' SUP name )", vec!["cn", "commonname"]),
            ("( 1.3 NAME 'pwdReset' DESC 'it''s' EQUALITY booleanMatch )", vec!["pwdreset"]),
            ("( 1.3 DESC 'nameless' )", vec![]),
        ] {
            assert_eq!(names_in(definition), expected, "{definition}");
        }
    }
}
