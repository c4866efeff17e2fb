//! `mappings/*.toml` as types: naming schemes, functions, the entry of an object in a target.
//!
//! - In: the text of a mapping. - Out: typed mappings, and entries made by them.
//! - Can go wrong: the mapping is wrong: every problem at once, with its path.

pub mod managed;
