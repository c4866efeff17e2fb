//! What cron relies on, through the real binary.

mod asked;
mod broken;
mod deliveries;
mod disk;
mod killed;
mod memory;
mod metrics;
mod parts;
mod people;
mod plans;
mod refusing;
mod told;
mod voice;
