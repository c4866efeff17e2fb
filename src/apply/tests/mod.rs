//! The drive over a simulated directory: crashes at every effect, faults of every kind.

mod cost;
mod crash;
mod disk;
mod faults;
mod keeps;
mod nights;
mod on_all_cores;
mod scene;
mod sim;
mod waits;
