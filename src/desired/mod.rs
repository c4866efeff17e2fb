//! What should stand: persons with their enrolments, names of accounts, workspaces.
//!
//! - In: decisions, registry snapshot, policy, day. - Out: the registry as it should become.
//! - Can go wrong: a name cannot be built: a question, not an error.

pub mod naming;
pub mod space_name;
