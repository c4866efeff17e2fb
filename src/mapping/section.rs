//! A mapping's text, taken key by key: every problem is noted with its path, and a key that nobody
//! took is a problem too. So an operator mends a file once, not once a problem.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::civil::Date;
use toml::{Table, Value};

/// What is wrong in one file, all of it.
pub(super) struct Problems {
    file: String,
    list: Vec<String>,
}

impl Problems {
    /// Notes a problem at a path: `naming.toml: login.limit: 70 is over 64`.
    pub(super) fn add(&mut self, path: &str, what: impl Display) {
        let colon = if path.is_empty() { "" } else { ": " };
        self.list.push(format!("{}: {path}{colon}{what}", self.file));
    }

    /// Nothing is wrong so far: what depends on all the rest may be tried.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Who agreed on a mapping, and when: a mapping without it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub version: String,
    pub agreed_on: Date,
}

/// A table of the file and where it is.
pub(super) struct Section {
    path: String,
    table: Table,
}

impl Section {
    /// Reads a whole file with `take`. Text that is no TOML is one problem, with its line; so is a
    /// key that `take` leaves.
    pub(super) fn parse<T>(
        text: &str,
        file: &str,
        take: impl FnOnce(&mut Self, &mut Problems) -> T,
    ) -> Result<T, Vec<String>> {
        let table = text.parse::<Table>().map_err(|error| {
            vec![format!("{file}: not readable as TOML: {}", error.to_string().trim())]
        })?;
        let mut problems = Problems { file: file.to_owned(), list: Vec::new() };
        let mut root = Self { path: String::new(), table };
        let value = take(&mut root, &mut problems);
        root.end(&mut problems);
        if problems.list.is_empty() { Ok(value) } else { Err(problems.list) }
    }

    /// The path of a key, for a problem.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn agreement(&mut self, problems: &mut Problems) -> Agreement {
        let version = self.text("version", problems);
        let agreed_on = self.date("agreed_on", problems);
        Agreement { version, agreed_on }
    }

    /// A text that is not empty; an empty one when there was a problem.
    pub(super) fn text(&mut self, key: &str, problems: &mut Problems) -> String {
        match self.table.remove(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => return text,
            Some(Value::String(_)) => problems.add(&self.at(key), "is empty"),
            Some(_) => problems.add(&self.at(key), "a text in quotes is expected"),
            None => problems.add(&self.at(key), "is missing"),
        }
        String::new()
    }

    /// A text that may be empty.
    pub(super) fn text_or_empty(&mut self, key: &str, problems: &mut Problems) -> String {
        match self.table.get(key) {
            Some(Value::String(text)) if text.is_empty() => {
                self.table.remove(key);
                String::new()
            }
            _ => self.text(key, problems),
        }
    }

    /// A list of texts, `["…", "…"]`.
    pub(super) fn texts(&mut self, key: &str, problems: &mut Problems) -> Vec<String> {
        match self.table.remove(key) {
            Some(value) => texts(&self.at(key), value, problems),
            None => {
                problems.add(&self.at(key), "is missing");
                Vec::new()
            }
        }
    }

    fn date(&mut self, key: &str, problems: &mut Problems) -> Date {
        let date = match self.table.remove(key) {
            Some(Value::Datetime(written)) => written.to_string().parse().ok(),
            Some(_) => None,
            None => {
                problems.add(&self.at(key), "is missing");
                return Date::MIN;
            }
        };
        date.unwrap_or_else(|| {
            problems.add(&self.at(key), "a day is expected, without quotes: 2026-07-01");
            Date::MIN
        })
    }

    /// A whole number within bounds; the lower bound when there was a problem.
    pub(super) fn number(
        &mut self,
        key: &str,
        (low, high): (usize, usize),
        problems: &mut Problems,
    ) -> usize {
        let path = self.at(key);
        match self.table.remove(key) {
            Some(Value::Integer(number)) => match usize::try_from(number) {
                Ok(number) if (low..=high).contains(&number) => return number,
                _ => problems.add(&path, format!("{number} is not between {low} and {high}")),
            },
            Some(_) => problems.add(&path, "a number is expected"),
            None => problems.add(&path, "is missing"),
        }
        low
    }

    /// A table that must be there.
    pub(super) fn section(&mut self, key: &str, problems: &mut Problems) -> Section {
        if !self.table.contains_key(key) {
            problems.add(&self.at(key), "is missing");
        }
        self.optional_section(key, problems)
    }

    pub(super) fn optional_section(&mut self, key: &str, problems: &mut Problems) -> Section {
        let path = self.at(key);
        let table = match self.table.remove(key) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                problems.add(&path, format!("a section is expected: [{path}]"));
                Table::new()
            }
            None => Table::new(),
        };
        Section { path, table }
    }

    /// The keys that are left, for a section whose keys are free.
    pub(super) fn keys(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self) -> BTreeMap<String, Value> {
        std::mem::take(&mut self.table).into_iter().collect()
    }

    /// What is left is unknown: a misspelt key must not be ignored.
    pub(super) fn end(self, problems: &mut Problems) {
        for key in self.table.keys() {
            problems.add(&self.at(key), "is not a key that is known here");
        }
    }
}

/// The texts of a list, each not empty.
pub(super) fn texts(path: &str, value: Value, problems: &mut Problems) -> Vec<String> {
    let Value::Array(values) = value else {
        problems.add(path, "a list of texts is expected: [\"…\"]");
        return Vec::new();
    };
    let mut texts = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::String(text) if !text.is_empty() => texts.push(text),
            _ => problems.add(path, "holds something else than texts"),
        }
    }
    texts
}
