//! Doubtful matches: questions, what people answered, and which record was given to whom.
//!
//! Questions are saved beside the plan that asked them; answers are given and undone one by one,
//! never changed nor deleted; links are written with the registry.

pub mod answers;
pub mod links;
pub mod questions;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::column::words;
use crate::matching::answer::{Fingerprint, RecordKey};
use crate::model::delivery::Source;

/// Of the rules that weigh and ask; kept with every question and answer.
pub const RULES_VERSION: u32 = 1;

words! {
    /// Where a question is.
    QuestionState {
        Open = "open",
        /// Open, but the record has waited long enough and is a person of its own.
        OwnAccount = "own-account",
        Answered = "answered",
        /// Not asked any more: the facts changed, the record left, or it was settled without.
        Gone = "gone",
    }
}

impl QuestionState {
    /// Somebody may still answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::OwnAccount)
    }
}

words! {
    /// What somebody answered.
    Verdict {
        Same = "same",
        Different = "different",
        /// Looked at, and not decided yet.
        Later = "later",
    }
}

/// The columns `uai, source, number`, from `first` on.
fn record_key(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<RecordKey> {
    Ok(RecordKey {
        uai: super::column::parsed(row, first)?,
        source: word(row, first + 1)?,
        number: row.get(first + 2)?,
    })
}

fn source_word(source: Source) -> &'static str {
    source.as_str()
}

/// A column that holds one word of an enum of ours.
fn word<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// The word of an enum of ours.
fn word_of(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(word) => Ok(word),
        other => Err(StoreError::Content(other.to_string())),
    }
}

/// A fingerprint as it is written: sixteen hexadecimal digits.
pub fn facts_text(facts: Fingerprint) -> String {
    format!("{:016x}", facts.0)
}

fn facts(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Fingerprint> {
    let text: String = row.get(column)?;
    u64::from_str_radix(&text, 16).map(Fingerprint).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}
