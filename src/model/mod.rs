//! The words of the trade as plain data: no input, no output, no clock.
//!
//! - In: text that was read somewhere, through one parser a type.
//! - Out: values that every other room understands.
//! - Can go wrong: a parser says no; nothing else here fails.

pub mod account;
pub mod asked;
pub mod attributes;
pub mod delivery;
pub mod dn;
pub mod entry;
pub mod finding;
pub mod identifiers;
pub mod ids;
pub mod observed;
pub mod opaque;
pub mod person;
pub mod record;
pub mod registry;
pub mod school;
pub mod traits;
pub mod unique_name;
pub mod workspace;
