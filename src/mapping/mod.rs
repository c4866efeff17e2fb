//! `mappings/*.toml` as types: naming schemes, functions, the entry of an object in a target.
//!
//! - In: the text of a mapping. - Out: typed mappings, and entries made by them.
//! - Can go wrong: the mapping is wrong: every problem at once, with its path.

pub mod functions;
pub mod managed;
pub mod naming;
mod section;

pub use section::Agreement;

/// The mappings that come with the program, by file name: `init` writes them down.
pub const SUPPLIED: &[(&str, &str)] = &[
    ("functions.toml", include_str!("../../mappings/functions.toml")),
    ("naming.toml", include_str!("../../mappings/naming.toml")),
    ("naming-p.last.toml", include_str!("../../mappings/naming-p.last.toml")),
    ("naming-last.first.toml", include_str!("../../mappings/naming-last.first.toml")),
];
