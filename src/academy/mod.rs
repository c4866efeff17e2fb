//! Synthetic academies: the files that schools would send, with their stories.
//!
//! - In: a seed. - Out: files. - Can go wrong: the disk.
