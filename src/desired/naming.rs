//! Names of accounts: made by the scheme, unique for ever (R-11, R-17, matching.md section 5).
//!
//! - In: the names of a person, and every name ever given. - Out: a name for the account.
//! - Can go wrong: no name can be made of what was declared: a question for an operator.

mod ledger;
mod stems;

use crate::mapping::naming::Scheme;
use crate::matching::normal;
use crate::model::record::Names;

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
mod tests;
