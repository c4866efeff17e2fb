//! Microsoft Graph inside the process, for demos and tests; only a real tenant has the last word.
//!
//! - In: calls as bytes, [`Options`], `faults.txt` of the folder. - Out: answers as of the
//!   service, or a cut connection; counters and the tenant for tests; a front on loopback for other
//!   programs.
//! - Can go wrong: the folder is another process's or cannot be written, a line of `faults.txt`
//!   means nothing, the port is taken.
//!
//! It knows the directory part of v1.0: users, groups, links, deleted items, delta, `$batch`,
//! licences, teams, the least of education. Whatever the service is known to do to its clients can
//! be switched on ([`Faults`]), is drawn from a seed, and runs on a clock that may be faster than
//! the wall. Bodies are checked against the service's own metadata.

mod assertion;
mod batch;
mod call;
mod counters;
mod deleted;
mod delta;
mod desk;
mod education;
mod faults;
mod filter;
mod groups;
mod guid;
mod http;
mod licences;
mod links;
mod options;
mod organization;
mod quota;
mod read;
mod rehearsal;
mod routes;
mod seed;
mod server;
mod service;
mod show;
mod strikes;
mod switches;
mod teams;
mod tenant;
mod token;
mod types;
mod users;

#[cfg(test)]
mod tests;

pub use call::{Call, Outcome};
pub use counters::{SeenGroup, SeenUser, Snapshot};
pub use faults::{Faults, RetryAfter};
pub use options::{
    App, CLIENT_ID, CLIENT_SECRET, Limits, LinkCost, Options, PERMISSIONS, PUPIL_SKU, STAFF_SKU,
    Sku, TENANT,
};
pub use rehearsal::{Rehearsal, Wrong, parse as read_faults};
pub use seed::Seeded;
pub use server::{SECRET_FILE, Server};
pub use service::Service;
pub use strikes::Strike;
pub use token::Death;
