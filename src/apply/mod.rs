//! Does a plan: journal, write, note the outcome; and takes up what is not settled.
//!
//! - In: a stored plan, targets to write. - Out: an outcome an operation.
//! - Can go wrong: a target is lost (replay continues), an entry drifted (set aside).
