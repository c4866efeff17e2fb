#![doc = include_str!("ARCHITECTURE.md")]

pub mod model;

pub mod clock;
pub mod delivery;
pub mod desired;
pub mod ingest;
pub mod mapping;
pub mod matching;
pub mod plan;
pub mod validate;

pub mod config;
pub mod credential;
pub mod store;

pub mod academy;
pub mod apply;
pub mod lab;
pub mod report;
pub mod target;

pub mod run;

pub mod cli;
