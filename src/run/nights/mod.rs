//! Whole nights, drawn from a seed: what the commands do, over a simulated directory, disk and
//! clock. What should stand is decided by the seed instead of by deliveries; from there on it is
//! the code of the commands: planned, guarded, lifted, split, kept, begun, driven, read back,
//! finished, taken back. The process dies at any effect, and the one that recovers dies at any of
//! its effects too.
//!
//! - In: a seed. - Out: nothing, when every end is the one without a crash.
//! - Can go wrong: a promise is broken; what fails prints `seed:first:second`, and that alone plays
//!   it again: `RENTREE_CASE=7:12:3 cargo test --lib run::nights::soak::killed`.
//!
//! | File | Duty |
//! |---|---|
//! | `wanted.rs` | who should be known, and what should stand, in a night |
//! | `office.rs` | configuration, keys and clock that the commands are given |
//! | `house.rs` | a disk, a directory, and processes one after the other |
//! | `desk.rs` | what an operator types |
//! | `kinds.rs` | the kinds of nights, and the way back after a crash |
//! | `play.rs` | a case, and all cases of a seed |
//! | `soak.rs` | how many are played, and how that is told |

mod desk;
mod house;
mod kinds;
mod office;
mod play;
mod soak;
mod wanted;
