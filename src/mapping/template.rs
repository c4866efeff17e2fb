//! Templates of a mapping: compiled once, strict about what they may name, and safe in a DN.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Object, Value, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::section::Problems;
use crate::model::dn;

/// What a template is filled with: the variables offered in one place of the mapping.
#[derive(Debug)]
pub(super) struct Facts(pub(super) Vec<(&'static str, Value)>);

impl Object for Facts {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }
}

/// The element of a list for which a template is filled again.
pub(super) const ITEM: &str = "item";

/// One template, known by its place in the file; or a text without any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Template { name: String, variables: BTreeSet<String> },
}

impl Cell {
    /// The template looks at the variable.
    pub(super) fn uses(&self, variable: &str) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Template { variables, .. } => variables.contains(variable),
        }
    }
}

/// Every template of a mapping. In a DN what is filled in is escaped, whatever it is (SEC-36).
#[derive(Debug)]
pub(super) struct Templates {
    values: Environment<'static>,
    dns: Environment<'static>,
}

impl Templates {
    pub(super) fn new() -> Self {
        Self { values: environment(str::to_owned), dns: environment(dn::value) }
    }

    /// Compiles the template of a value.
    pub(super) fn value(
        &mut self,
        path: &str,
        text: String,
        offered: &BTreeSet<&str>,
        problems: &mut Problems,
    ) -> Cell {
        compile(&mut self.values, path, text, offered, problems)
    }

    /// Compiles the template of a DN.
    pub(super) fn dn(
        &mut self,
        path: &str,
        text: String,
        offered: &BTreeSet<&str>,
        problems: &mut Problems,
    ) -> Cell {
        compile(&mut self.dns, path, text, offered, problems)
    }

    /// A value, NFC and without blanks around; empty when there is nothing to say.
    pub(super) fn fill_value(&self, cell: &Cell, facts: &Value) -> Result<String, String> {
        let text = fill(&self.values, cell, facts)?;
        let trimmed = text.trim();
        Ok(if trimmed.len() == text.len() && is_nfc(&text) {
            text
        } else {
            trimmed.nfc().collect()
        })
    }

    pub(super) fn fill_dn(&self, cell: &Cell, facts: &Value) -> Result<String, String> {
        fill(&self.dns, cell, facts)
    }
}

fn environment(written: fn(&str) -> String) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(move |out, _, value| match value.kind() {
        ValueKind::String => Ok(out.write_str(&written(value.as_str().unwrap_or_default()))?),
        ValueKind::Number => Ok(out.write_str(&value.to_string())?),
        // `{{ 'archive' if frozen }}` without else: nothing. Any other unknown fails before.
        ValueKind::Undefined => Ok(()),
        kind => {
            let text = format!("a {kind} is no text; a list goes through each = \"…\"");
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, text))
        }
    });
    environment
}

fn compile(
    environment: &mut Environment<'static>,
    path: &str,
    text: String,
    offered: &BTreeSet<&str>,
    problems: &mut Problems,
) -> Cell {
    if !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
        return Cell::Text(text);
    }
    let name = path.to_owned();
    if let Err(error) = environment.add_template_owned(name.clone(), text) {
        problems.add(path, spoken(&error));
        return Cell::Text(String::new());
    }
    let variables: BTreeSet<String> = environment
        .get_template(path)
        .map(|template| template.undeclared_variables(false).into_iter().collect())
        .unwrap_or_default();
    // R-50, requirements 3.3: what is not offered cannot reach a target.
    for variable in variables.iter().filter(|variable| !offered.contains(variable.as_str())) {
        let known = offered.iter().copied().collect::<Vec<_>>().join(", ");
        problems.add(path, format!("there is no variable {variable} here, only {known}"));
    }
    Cell::Template { name, variables }
}

fn fill(environment: &Environment<'static>, cell: &Cell, facts: &Value) -> Result<String, String> {
    match cell {
        Cell::Text(text) => Ok(text.clone()),
        Cell::Template { name, .. } => environment
            .get_template(name)
            .and_then(|template| template.render(facts.clone()))
            .map_err(|error| format!("{name}: {}", spoken(&error))),
    }
}

/// The kind of an error and its detail, in one line.
fn spoken(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
