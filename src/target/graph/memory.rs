//! What is kept of a tenant between two commands: our objects as they were last seen, where the
//! changes since can be asked for, and how fast the service let us go.
//!
//! It can be lost: everything is read again then. Nothing of a stranger is in it but the names
//! that no account of ours may take.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::object_id::ObjectId;
use super::speed::Levels;
use super::words::UNIQUE_NAME;
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::model::unique_name;

/// Everything, in no need of another file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The attributes whose values the rows hold, in their order: other ones, and all is read anew.
    pub(super) user_columns: Vec<String>,
    pub(super) group_columns: Vec<String>,
    pub(super) users: BTreeMap<ObjectId, UserRow>,
    pub(super) groups: BTreeMap<ObjectId, GroupRow>,
    /// Users and groups that are not ours.
    pub(super) strangers: BTreeMap<ObjectId, Stranger>,
    /// Those of the strangers that tell in another way whose account of ours they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) unmarked: BTreeMap<ObjectId, Unmarked>,
    /// Where the changes since the last look are.
    pub(super) users_since: Option<Since>,
    pub(super) groups_since: Option<Since>,
    /// What we wrote lately: a look may still show it as it was.
    pub(super) fresh: BTreeMap<ObjectId, Fresh>,
    /// How fast the service let us go.
    pub(super) paces: Levels,
}

impl Memory {
    /// A group of ours whose name, which nobody can change, begins otherwise.
    pub(super) fn named_otherwise(&self, prefix: &str) -> Option<String> {
        let names = self.groups.values().filter_map(|row| {
            let mut read = row.values.read(&self.group_columns);
            read.find(|(column, _)| *column == UNIQUE_NAME)?.1.pop()
        });
        names.filter(|name| unique_name::read(prefix, name).is_none()).min()
    }

    /// Objects of ours that are known.
    pub fn known(&self) -> usize {
        self.users.len() + self.groups.len()
    }
}

/// An account of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserRow {
    #[serde(rename = "p")]
    pub(super) person: PersonId,
    #[serde(rename = "v")]
    pub(super) values: Values,
    /// Mastered by an Active Directory: never written.
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) synced: bool,
}

/// A group of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupRow {
    #[serde(rename = "k")]
    pub(super) key: ObjectKey,
    #[serde(rename = "v")]
    pub(super) values: Values,
    #[serde(rename = "c")]
    pub(super) created_at: Option<Timestamp>,
    /// A team has been made of it.
    #[serde(rename = "t", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) team: bool,
    /// One was asked for, and where the service tells what becomes of it.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) team_asked: Option<Box<str>>,
    #[serde(rename = "m")]
    pub(super) members: BTreeSet<ObjectId>,
    #[serde(rename = "o")]
    pub(super) owners: BTreeSet<ObjectId>,
}

/// The names of a user or group that is not ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stranger {
    /// Empty: a group, which has none.
    #[serde(rename = "u", default, skip_serializing_if = "str::is_empty")]
    pub(super) principal: Box<str>,
    #[serde(rename = "n", default, skip_serializing_if = "str::is_empty")]
    pub(super) nickname: Box<str>,
}

impl Stranger {
    pub(super) fn is_user(&self) -> bool {
        !self.principal.is_empty()
    }
}

/// A user without our mark, and whose account it is by all else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unmarked {
    /// Whose key it still holds.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<PersonId>,
    /// It holds a key that is none of ours.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_keyed_otherwise: bool,
    /// Whose account the very object was when it was last seen with its mark, and its login then.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(super) was: Option<(PersonId, Box<str>)>,
}

impl Unmarked {
    pub(super) fn persons(&self) -> BTreeSet<PersonId> {
        let was = self.was.as_ref().map(|(person, _)| *person);
        self.key.into_iter().chain(was).collect()
    }
}

/// The address of the changes, and when it was given: it lives for seven days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Since {
    pub(super) link: String,
    pub(super) given_at: Timestamp,
    /// When the whole was read that it goes on from, if that has not been read again since: what
    /// had changed just before may be neither in it (it lagged) nor in the changes.
    pub(super) unchecked_since: Option<Timestamp>,
}

/// When we wrote to an object, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fresh {
    pub(super) at: Timestamp,
    pub(super) what: Wrote,
    /// A look since then said something of it that was passed over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) overlooked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wrote {
    /// It is new, or came back.
    Whole,
    /// These attributes or links of it.
    Part(BTreeSet<String>),
    /// It was deleted.
    Gone,
}

/// The values of the columns, in one text: a tenant has hundreds of thousands of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Values(Box<str>);

/// Between columns, and between the values of one. Control signs never reach a target (SEC-39).
const COLUMN: char = '\u{1f}';
const VALUE: char = '\u{1e}';

impl Values {
    pub(super) fn new(columns: &[String], mut values: impl FnMut(&str) -> Vec<String>) -> Self {
        let mut text = String::new();
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                text.push(COLUMN);
            }
            for (rank, value) in values(column).iter().enumerate() {
                if rank > 0 {
                    text.push(VALUE);
                }
                text.extend(value.chars().filter(|sign| !matches!(*sign, COLUMN | VALUE)));
            }
        }
        Self(text.into_boxed_str())
    }

    /// The values of each column that has some.
    pub(super) fn read<'a>(
        &'a self,
        columns: &'a [String],
    ) -> impl Iterator<Item = (&'a String, Vec<String>)> {
        let filled = columns.iter().zip(self.0.split(COLUMN)).filter(|(_, text)| !text.is_empty());
        filled.map(|(column, text)| (column, text.split(VALUE).map(str::to_owned).collect()))
    }

    /// The first value of a column.
    pub(super) fn first<'a>(&'a self, columns: &[String], name: &str) -> Option<&'a str> {
        let at = columns.iter().position(|column| column == name)?;
        let text = self.0.split(COLUMN).nth(at).filter(|text| !text.is_empty())?;
        text.split(VALUE).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_its_values_back() {
        let columns: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let values = Values::new(&columns, |name| match name {
            "a" => vec!["un".into(), "deux".into()],
            "c" => vec!["tro\u{1f}is".into()],
            _ => vec![],
        });
        let read: Vec<_> = values.read(&columns).map(|(name, all)| (name.as_str(), all)).collect();
        let list = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(read, [("a", list(&["un", "deux"])), ("c", list(&["trois"]))]);
        assert_eq!(values.first(&columns, "a"), Some("un"));
        assert_eq!(values.first(&columns, "b"), None);
    }
}
