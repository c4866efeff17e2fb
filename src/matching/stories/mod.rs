//! The events of matching.md section 1, each as a story: who is known, which records come, and what
//! is decided of each, whatever their order.

pub(super) mod cast;
mod crowds;
mod likenesses;
mod moves;
mod order;
mod staff;
mod typing;
