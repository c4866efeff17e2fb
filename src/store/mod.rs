//! SQLite: registry, deliveries, runs, plans, journal, sealed secrets; and the lock.
//!
//! - In: plain data. - Out: plain data, durable when a call returns.
//! - Can go wrong: disk full, damaged, another version: nothing half-done, and said.
