//! Who is who: same person, new person, ask; with the evidence.
//!
//! - In: records and a registry snapshot. - Out: a decision a record. - Can go wrong: nothing.

mod letters;
pub mod normal;
#[cfg(test)]
pub(crate) mod vectors;
