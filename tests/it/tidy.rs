//! Rules on the code itself: layers, size, words, traces of the requirements, locked versions.
//!
//! Lists of exceptions (`tests/data/ratchet-*.txt`) may only shrink. `UPDATE_EXPECT=1 cargo test
//! tidy::` takes out what is mended; what is new has to be mended, or added by hand and defended.

mod layers;
mod lock;
mod ratchet;
mod shape;
mod sources;
mod trace;
mod words;
