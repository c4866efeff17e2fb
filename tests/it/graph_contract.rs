//! The client of Graph against the lab's Graph: what must hold after a run, whatever the service
//! does meanwhile. Time is tokio's and stands still while nobody works, so that hours of the quota
//! are seconds here.

mod apps;
mod bench;
mod certificate;
mod dead_apps;
mod faults;
mod link_cost;
mod many_groups;
mod restart;
mod small;
mod speed;
mod stopped;
mod stories;
mod throughput;
mod world;
