//! Initial secrets: drawn, sealed for the reader, erased.
//!
//! - In: entropy and a recipient. - Out: a sealed text. - Can go wrong: no recipient: no creation.

mod password;
mod seal;

pub use password::InitialPassword;
pub use seal::{Recipient, SealError, new_key_pair};
