//! What people read: findings for schools, plans for admins, runs for the operator.
//!
//! - In: plain data. - Out: text, JSON, CSV, LDIF. - Can go wrong: nothing.

pub mod catalogue;
pub mod class_lists;
pub mod csv_safe;
pub mod deadlines;
pub mod drift;
pub mod metrics;
pub mod plan_csv;
pub mod plan_json;
pub mod plan_ldif;
#[cfg(test)]
mod plan_sample;
pub mod plan_text;
mod plan_words;
pub mod question;
pub mod question_csv;
pub mod question_lines;
pub mod school;
pub mod story;
pub mod words;
