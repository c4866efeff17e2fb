//! The drive over a simulated directory: crashes at every effect, faults of every kind. Whole
//! nights over it are in `run/nights/`.

mod cost;
mod crash;
pub(crate) mod disk;
mod faults;
mod keeps;
pub(crate) mod on_all_cores;
pub(crate) mod scene;
pub(crate) mod sim;
mod waits;
