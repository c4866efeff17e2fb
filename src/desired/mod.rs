//! What should stand: persons with their enrolments, names of accounts, workspaces, entries.
//!
//! - In: the deliveries in force, what was set aside, decisions, registry, policy, day.
//! - Out: the registry as it should become, and from it the entries of each target.
//! - Can go wrong: a login cannot be built: a finding, the person waits.

pub mod account;
pub mod class_lists;
pub mod declared;
pub mod enrolment;
pub mod entries;
pub mod graph;
pub mod input;
pub mod joined;
pub mod naming;
pub mod people;
pub mod policy;
pub mod space_name;
pub mod structures;
pub mod subscription;
pub mod workspaces;
