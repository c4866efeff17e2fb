//! `mappings/*.toml` as types: naming schemes, functions, the entry of an object in a target.
//!
//! - In: the text of a mapping. - Out: typed mappings, and entries made by them.
//! - Can go wrong: the mapping is wrong: every problem at once, with its path.

pub mod entries;
mod entry_file;
pub mod functions;
pub mod graph;
mod graph_file;
pub mod managed;
mod managed_keys;
pub mod naming;
pub mod places;
mod section;
mod template;
mod trial;

use entries::EntryMapping;
use graph::GraphMapping;
use managed::Managed;
pub use section::Agreement;

/// How objects become entries of a target.
#[derive(Debug)]
pub enum Mapping {
    Ldap(EntryMapping),
    Graph(GraphMapping),
}

impl Mapping {
    /// What the reader and the writer of the target must know.
    pub fn managed(&self) -> &Managed {
        match self {
            Self::Ldap(mapping) => mapping.managed(),
            Self::Graph(mapping) => mapping.managed(),
        }
    }
}

/// The mappings that come with the program, by file name: `init` writes them down.
pub const SUPPLIED: &[(&str, &str)] = &[
    ("openldap.toml", include_str!("../../mappings/openldap.toml")),
    ("openldap-sans-ppolicy.toml", include_str!("../../mappings/openldap-sans-ppolicy.toml")),
    ("graph.toml", include_str!("../../mappings/graph.toml")),
    ("functions.toml", include_str!("../../mappings/functions.toml")),
    ("naming.toml", include_str!("../../mappings/naming.toml")),
    ("naming-p.last.toml", include_str!("../../mappings/naming-p.last.toml")),
    ("naming-last.first.toml", include_str!("../../mappings/naming-last.first.toml")),
];
