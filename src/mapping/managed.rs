//! What a target's reader and writer must know of a mapping: which attributes are ours.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::places::Places;
use crate::model::entry::{Attributes, ObjectKind};

/// The managed side of a mapping. Attributes outside it are never read into a plan nor written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// The attribute that carries the ownership mark, of every kind of object: `description`.
    pub mark: String,
    /// Attributes compared and written, by kind; `objectClass` and the mark included.
    pub attributes: BTreeMap<ObjectKind, BTreeSet<String>>,
    /// Link attributes of groups: `member`, `owner`.
    pub links: BTreeSet<String>,
    /// A link is to the object, whatever its name: whoever is renamed stays in every group.
    pub links_follow: bool,
    /// Link attribute → a DN that is always among its values: a class that demands a member then
    /// never loses the last one. Nothing stands there.
    pub placeholders: BTreeMap<String, String>,
    /// Written with the creation of an account only, never compared: `pwdReset: TRUE`.
    pub at_creation: Attributes,
    pub password: PasswordRule,
    /// What an account that cannot be used carries: `pwdAccountLockedTime`. Empty when the place
    /// of the entry says it.
    pub disabled: Attributes,
    /// What the place says then.
    pub places: Places,
    /// Attributes whose values no new account may take, whoever holds them: `uid`, `mail`.
    pub names: BTreeSet<String>,
    /// Attributes that the server must know, or the mapping is not for it (`pwdReset`…).
    pub required: BTreeSet<String>,
}

/// How the initial password is written, at creation only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRule {
    /// `userPassword`.
    pub attribute: String,
    pub form: PasswordForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordForm {
    /// `{SSHA}`: salted here; a random secret of 81 bits needs no slow hash, and the user's own
    /// password, chosen at first use, is hashed by the server.
    Ssha,
    /// As it is, over TLS, for a server that hashes (`ppolicy_hash_cleartext`).
    Clear,
}
