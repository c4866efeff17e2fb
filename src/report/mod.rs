//! What people read: findings for schools, plans for admins, runs for the operator.
//!
//! - In: plain data. - Out: text, JSON, CSV, LDIF. - Can go wrong: nothing.

pub mod catalogue;
pub mod csv_safe;
pub mod school;
