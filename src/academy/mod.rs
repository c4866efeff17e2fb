//! Synthetic academies: the files that schools would send, with their stories.
//!
//! - In: a seed, or for the demo nothing at all. - Out: files in the real formats, the same bytes
//!   every time. - Can go wrong: the disk.

pub mod campaign;
pub mod demo;
pub mod keys;
pub mod markup;
pub mod names;
pub mod parcel;
pub mod seed;
pub mod siecle;
pub mod structure;
pub mod stsweb;
