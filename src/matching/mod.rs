//! Who is who: same person, new person, ask; with the evidence.
//!
//! - In: claims (what a record says of a person) and a registry snapshot.
//! - Out: a decision a claim, the same whatever the order of the claims.
//! - Can go wrong: nothing: what is not proven is a new person, what contradicts is a question.
//!
//! Proof merges (DESIGN rule 3): an identifier *and* a second attribute that agrees. Without one,
//! evidence does, when names and date agree, independent evidence backs them, nothing speaks
//! against it and no guard objects; short of that a person is asked.

mod agree;
pub mod answer;
mod assign;
pub mod block;
pub mod claim;
pub mod compare;
pub mod decide;
pub mod evaluate;
mod evidence;
mod features;
mod frequency;
mod given;
mod hash;
mod identify;
mod index;
pub mod judge;
mod learn;
mod letters;
mod level;
mod links;
pub mod normal;
mod numbering;
mod partition;
pub mod policy;
mod population;
mod roster;
mod shards;
mod sound;
#[cfg(test)]
mod stories;
#[cfg(test)]
pub(crate) mod vectors;
pub mod weigh;
mod word;

pub use agree::{Agreement, Field};
pub use roster::Roster;
