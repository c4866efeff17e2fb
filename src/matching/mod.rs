//! Who is who: same person, new person, ask; with the evidence.
//!
//! - In: claims (what a record says of a person) and a registry snapshot.
//! - Out: a decision a claim, the same whatever the order of the claims.
//! - Can go wrong: nothing: what is not proven is a new person, what contradicts is a question.
//!
//! Only proof merges (DESIGN rule 3): an identifier *and* a second attribute that agrees
//! (`docs`: matching, stage 1). Evidence short of proof makes no merge.

pub mod claim;
pub mod compare;
pub mod decide;
pub mod hash;
mod letters;
pub mod level;
pub mod normal;
pub mod policy;
pub mod sound;
#[cfg(test)]
pub(crate) mod vectors;
