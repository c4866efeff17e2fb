//! Names of accounts: made by the scheme, unique for ever (R-11, R-17, matching.md section 5).
//!
//! - In: the names of a person, and every name ever given. - Out: a name for the account.
//! - Can go wrong: no name can be made of what was declared: a question for an operator.

mod ledger;
mod stems;

use std::collections::BTreeMap;

use super::structures::Structures;
use crate::mapping::naming::Scheme;
use crate::matching::normal;
use crate::model::ids::Uai;
use crate::model::record::Names;
use crate::model::registry::Registry;
use crate::model::workspace::Workspace;

pub use ledger::Ledger;
use stems::Stems;

/// Why no name can be made: an operator decides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unnameable {
    #[error("no first name")]
    NoGiven,
    #[error("signs of the name were lost on the way")]
    LostBytes,
    /// The names are a reserved or generic word, which is told.
    #[error("not the name of a person: {0}")]
    Reserved(String),
    /// Nothing of the name is written in Latin letters.
    #[error("no Latin letter in a name")]
    Empty,
}

impl Unnameable {
    /// What a school secretary reads.
    pub fn in_french(&self) -> String {
        match self {
            Self::NoGiven => "le prénom manque".to_owned(),
            Self::LostBytes => "des lettres ont été perdues".to_owned(),
            Self::Reserved(word) => format!("« {word} » n'est pas le nom d'une personne"),
            Self::Empty => "aucune lettre latine dans le nom ou dans le prénom".to_owned(),
        }
    }
}

/// What a scheme makes of names before any suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    login: Stems,
    short_login: Stems,
    mail: Stems,
    /// 1, or 2 when the name without suffix is a reserved word.
    first: u32,
}

impl Base {
    /// What stands before a suffix of `width` digits in login, short login and address.
    fn stems(&self, width: usize) -> [&str; 3] {
        [&self.login, &self.short_login, &self.mail].map(|stems| stems.before(width))
    }
}

/// Every name that the registry or a structure holds. Workspaces and what schools call their
/// divisions and groups count: in Active Directory accounts and groups share one space, and the
/// group `M.DUPONT` of a Monsieur Dupont is not to be taken for him.
pub fn taken(registry: &Registry, structures: &BTreeMap<Uai, Structures>) -> Ledger {
    let mut ledger = Ledger::new();
    for account in registry.persons.values().filter_map(|person| person.account.as_ref()) {
        account.name.each().into_iter().for_each(|name| ledger.take(name.as_str()));
    }
    registry.former_names.iter().for_each(|name| ledger.take(name));
    for Workspace { key, name, label, state: _ } in registry.workspaces.values() {
        [name, &key.code.0, label].into_iter().for_each(|name| ledger.take(name));
    }
    for (key, declaration) in structures.values().flat_map(|school| &school.declared) {
        ledger.take(&key.code.0);
        declaration.label.iter().for_each(|label| ledger.take(label));
    }
    ledger
}

/// Makes the base of a person's names.
pub fn base(names: &Names, scheme: &Scheme) -> Result<Base, Unnameable> {
    let (given, called) = (names.given.trim(), names.called().trim());
    if [given, called].iter().any(|name| name.contains(['?', '\u{FFFD}'])) {
        return Err(Unnameable::LostBytes);
    }
    let (given_words, called_words) = (normal::tokens(given), normal::tokens(called));
    if given.is_empty() {
        let word = called_words.concat();
        let known = scheme.reserved.contains(&word) || scheme.generic.contains(&word);
        return Err(if known { Unnameable::Reserved(word) } else { Unnameable::NoGiven });
    }
    if let Some(word) = generic(&given_words, &called_words, scheme) {
        return Err(Unnameable::Reserved(word));
    }
    let written = |words: &[String]| words.iter().any(|word| word.contains(char::is_alphabetic));
    if !written(&given_words) || !written(&called_words) {
        return Err(Unnameable::Empty);
    }
    let stems = |form| Stems::new(form, &given_words, &called_words, &scheme.unfortunate);
    let [login, short_login, mail] = [&scheme.login, &scheme.short_login, &scheme.mail].map(stems);
    let mut base = Base { login, short_login, mail, first: 1 };
    let refused = |stem: &str| {
        let join = stem.replace(['.', '-'], "");
        let word = join.trim_end_matches(|sign: char| sign.is_ascii_digit());
        scheme.reserved.contains(word) || scheme.unfortunate.contains(word)
    };
    if base.stems(0).into_iter().any(refused) {
        base.first = 2;
    }
    Ok(base)
}

/// « ELEVE 1 », « PROF MATHS »: every word is a generic one or a number. `Jean SALLE` and
/// `Prudence STAGE` are people.
fn generic(given: &[String], called: &[String], scheme: &Scheme) -> Option<String> {
    let letters = |word: &String| word.replace(|sign: char| sign.is_ascii_digit(), "");
    let mut words = called.iter().chain(given).map(letters).filter(|word| !word.is_empty());
    let first = words.next()?;
    let generic = |word: &String| scheme.generic.contains(word);
    (generic(&first) && words.all(|word| generic(&word))).then_some(first)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod tests;
