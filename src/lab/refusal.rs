//! A no of the lab: the code and words that slapd would use.

use ldap3_proto::proto::{LdapResult, LdapResultCode};

use super::tree::{Path, Tree};

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: LdapResultCode,
    pub(super) text: String,
    /// The nearest entry that stands, for `noSuchObject`.
    pub(super) matched: String,
}

impl Refusal {
    pub(super) fn new(code: LdapResultCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), matched: String::new() }
    }

    pub(super) fn no_such_object(tree: &Tree, path: &Path) -> Self {
        let matched = tree.nearest(path).map(|node| node.dn.clone()).unwrap_or_default();
        Self { code: LdapResultCode::NoSuchObject, text: String::new(), matched }
    }

    pub(super) fn no_access() -> Self {
        Self::new(LdapResultCode::InsufficentAccessRights, "")
    }

    pub(super) fn invalid_dn() -> Self {
        Self::new(LdapResultCode::InvalidDNSyntax, "invalid DN")
    }

    pub(super) fn disk(error: &std::io::Error) -> Self {
        Self::new(LdapResultCode::Other, format!("cannot store: {error}"))
    }
}

/// The answer of an operation.
pub(super) fn result_of(outcome: Result<(), Refusal>) -> LdapResult {
    match outcome {
        Ok(()) => result(LdapResultCode::Success),
        Err(Refusal { code, text, matched }) => {
            LdapResult { code, matcheddn: matched, message: text, referral: Vec::new() }
        }
    }
}

pub(super) fn result(code: LdapResultCode) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: String::new(), referral: Vec::new() }
}
