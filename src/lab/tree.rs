//! The entries, in memory: ordered from the root down, so that a subtree is a range.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::{AttributeType, Schema};
use super::storage::Kept;
use crate::model::dn;

/// The steps of a name in comparable form, root first.
pub(super) type Path = Vec<String>;

/// The values of one attribute: comparable form → as written.
pub(super) type Values = BTreeMap<String, String>;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// As it was written.
    pub(super) dn: String,
    /// By the schema's name of the attribute, in lower case.
    pub(super) attributes: BTreeMap<String, Values>,
}

/// One change that was decided upon: what the log keeps, and all that changes the tree. Applying
/// it cannot fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub(super) enum Change {
    Put {
        dn: String,
        attributes: BTreeMap<String, Vec<String>>,
    },
    Alter {
        dn: String,
        deltas: Vec<Delta>,
    },
    Drop {
        dn: String,
    },
    /// The entry and all below it move to another name; then the entry itself changes.
    Move {
        from: String,
        to: String,
        deltas: Vec<Delta>,
    },
}

/// A change of one attribute: values go, then values come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delta {
    pub(super) attribute: String,
    pub(super) goes: Goes,
    pub(super) comes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Goes {
    Nothing,
    Everything,
    Values(Vec<String>),
}

impl Delta {
    /// The attribute has exactly this value.
    pub(super) fn set(attribute: &str, value: String) -> Self {
        let attribute = attribute.to_owned();
        Self { attribute, goes: Goes::Everything, comes: vec![value] }
    }
    pub(super) fn clear(attribute: &str) -> Self {
        Self { attribute: attribute.to_owned(), goes: Goes::Everything, comes: Vec::new() }
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    pub(super) schema: Schema,
    nodes: BTreeMap<Path, Node>,
}

impl Node {
    pub(super) fn values(&self, attribute: &str) -> impl Iterator<Item = &String> {
        self.attributes.get(&attribute.to_lowercase()).into_iter().flat_map(|all| all.values())
    }
    pub(super) fn first(&self, attribute: &str) -> Option<&str> {
        self.values(attribute).next().map(String::as_str)
    }
    /// The entry has the value, in whatever writing.
    pub(super) fn has(&self, schema: &Schema, attribute: &AttributeType, value: &str) -> bool {
        let values = self.attributes.get(&attribute.name.to_lowercase());
        let comparable = schema.comparable(attribute, value);
        values.zip(comparable).is_some_and(|(values, value)| values.contains_key(&value))
    }

    pub(super) fn apply(&mut self, schema: &Schema, deltas: &[Delta]) {
        for Delta { attribute, goes, comes } in deltas {
            let Some(attribute) = schema.attribute(attribute) else { continue };
            let name = attribute.name.to_lowercase();
            let values = self.attributes.entry(name.clone()).or_default();
            let comparable = |value: &String| {
                schema.comparable(attribute, value).unwrap_or_else(|| value.clone())
            };
            match goes {
                Goes::Nothing => {}
                Goes::Everything => values.clear(),
                Goes::Values(gone) => {
                    for value in gone {
                        values.remove(&comparable(value));
                    }
                }
            }
            for value in comes {
                values.insert(comparable(value), value.clone());
            }
            if values.is_empty() {
                self.attributes.remove(&name);
            }
        }
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { schema: Schema::new(), nodes: BTreeMap::new() }
    }

    pub(super) fn get(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = (&Path, &Node)> {
        self.nodes.iter()
    }

    /// The entry at `path` and all below it, in order; after `after` if given.
    pub(super) fn subtree<'a>(
        &'a self,
        path: &'a Path,
        after: Option<&Path>,
    ) -> impl Iterator<Item = (&'a Path, &'a Node)> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let start = match after {
            Some(after) => Excluded(after.clone()),
            None => Included(path.clone()),
        };
        self.nodes.range((start, Unbounded)).take_while(move |(found, _)| found.starts_with(path))
    }

    pub(super) fn has_children(&self, path: &Path) -> bool {
        self.subtree(path, Some(path)).next().is_some()
    }

    /// The nearest entry above that stands.
    pub(super) fn nearest(&self, path: &Path) -> Option<&Node> {
        (0..path.len()).rev().find_map(|length| self.nodes.get(path.get(..length)?))
    }

    /// A new node, not put anywhere yet.
    pub(super) fn node(&self, dn: &str, attributes: &BTreeMap<String, Vec<String>>) -> Node {
        let mut node = Node { dn: dn.to_owned(), attributes: BTreeMap::new() };
        let deltas: Vec<Delta> = attributes
            .iter()
            .map(|(name, values)| Delta {
                attribute: name.clone(),
                goes: Goes::Nothing,
                comes: values.clone(),
            })
            .collect();
        node.apply(&self.schema, &deltas);
        node
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Put { dn, attributes } => {
                if let Ok(path) = dn::path(dn) {
                    let node = self.node(dn, attributes);
                    self.nodes.insert(path, node);
                }
            }
            Change::Alter { dn, deltas } => self.alter(dn, deltas),
            Change::Drop { dn } => {
                if let Ok(path) = dn::path(dn) {
                    self.nodes.remove(&path);
                }
            }
            Change::Move { from, to, deltas } => {
                self.shift(from, to);
                self.alter(to, deltas);
            }
        }
    }

    fn alter(&mut self, dn: &str, deltas: &[Delta]) {
        let Ok(path) = dn::path(dn) else { return };
        if let Some(node) = self.nodes.get_mut(&path) {
            node.apply(&self.schema, deltas);
        }
    }

    /// Moves a whole branch. Parents come before children, so that each finds its new parent.
    fn shift(&mut self, from: &str, to: &str) {
        let (Ok(from), Ok(target)) = (dn::path(from), dn::path(to)) else { return };
        let moving: Vec<Path> = self.subtree(&from, None).map(|(path, _)| path.clone()).collect();
        let taken: Vec<(Path, Node)> =
            moving.into_iter().filter_map(|path| self.nodes.remove_entry(&path)).collect();
        for (path, mut node) in taken {
            let mut place = target.clone();
            place.extend(path.into_iter().skip(from.len()));
            let above = place.split_last().and_then(|(_, above)| self.nodes.get(above));
            node.dn = match (place.len() == target.len(), dn::leaf(&node.dn), above) {
                (false, Some(leaf), Some(above)) => dn::join(leaf, &above.dn),
                _ => to.to_owned(),
            };
            self.nodes.insert(place, node);
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept for Tree {
    type Change = Change;

    fn redo(&mut self, change: &Change) {
        self.apply(change);
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        self.nodes().map(|(_, node)| {
            let values = |values: &BTreeMap<_, String>| values.values().cloned().collect();
            let attributes = node.attributes.iter();
            let attributes = attributes.map(|(name, own)| (name.clone(), values(own))).collect();
            Change::Put { dn: node.dn.clone(), attributes }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(dn: &str) -> Change {
        Change::Put { dn: dn.to_owned(), attributes: BTreeMap::new() }
    }

    #[test]
    fn a_branch_moves_with_all_that_stands_in_it_and_nothing_else() {
        let mut tree = Tree::new();
        for dn in [
            "dc=t",
            "ou=a,dc=t",
            "cn=X,ou=a,dc=t",
            r"cn=\,,cn=X,ou=a,dc=t",
            "ou=ab,dc=t",
            "ou=b,dc=t",
        ] {
            tree.apply(&put(dn));
        }
        tree.apply(&Change::Move {
            from: "OU=a,dc=t".into(),
            to: "ou=Z,ou=b,dc=t".into(),
            deltas: vec![Delta::set("ou", "Z".into())],
        });
        let names: Vec<&str> = tree.nodes().map(|(_, node)| node.dn.as_str()).collect();
        assert_eq!(
            names,
            [
                "dc=t",
                "ou=ab,dc=t",
                "ou=b,dc=t",
                "ou=Z,ou=b,dc=t",
                "cn=X,ou=Z,ou=b,dc=t",
                r"cn=\,,cn=X,ou=Z,ou=b,dc=t"
            ]
        );
        let path = dn::path("ou=z,ou=b,dc=t").unwrap();
        assert_eq!(tree.get(&path).unwrap().first("ou"), Some("Z"));
        assert_eq!(tree.subtree(&path, None).count(), 3);
        assert!(tree.has_children(&path));
    }
}
