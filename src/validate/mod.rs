//! Checks, one function each, in a table; what a school must correct.
//!
//! - In: the current deliveries of one school and what is known of the last ones.
//! - Out: findings, and which records are set aside. - Can go wrong: nothing.
