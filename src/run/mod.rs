//! One short file a command, and the steps that several of them share.
//!
//! - In: a session (configuration, clock, form of output). - Out: an exit status; data on stdout.
//! - Can go wrong: everything; each failure is a sentence with a hint, and a status of its own.

pub mod academy;
mod again;
pub mod apply;
pub mod applying;
mod aside;
pub mod asked;
pub mod backup;
pub mod check;
mod cloud;
pub mod deadlines;
pub mod decided;
pub mod demo;
pub mod doctor;
pub mod draft;
pub mod drift;
pub mod evaluate;
pub mod explain;
pub mod export;
mod exported;
mod exports;
pub mod facts;
pub mod forecast;
pub mod init;
pub mod intake;
pub mod lab;
pub mod lift;
mod machine;
mod mentions;
pub mod metrics;
mod near;
mod next;
#[cfg(test)]
mod nights;
pub mod open;
pub mod outcome;
mod part;
pub mod passed_over;
pub mod people;
pub mod plan;
mod private_file;
mod proof;
pub mod receipts;
pub mod replay;
pub mod review;
pub mod rollback;
pub mod rulings;
#[expect(clippy::module_inception, reason = "the command is called run")]
pub mod run;
pub mod session;
pub mod show;
mod starts;
pub mod status;
mod still;
pub mod targets;
pub mod tell;
mod told;
pub mod turn;
mod unseen;
mod waiting;
mod wanted;
pub mod weights;
pub mod world;
