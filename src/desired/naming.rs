//! Names of accounts: made by the scheme, unique for ever (R-11, R-17, matching.md section 5).
//!
//! - In: the names of a person, and every name ever given. - Out: a name for the account.
//! - Can go wrong: no name can be made of what was declared: a question for an operator.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::mapping::naming::{Form, Part, Scheme};
use crate::matching::normal;
use crate::model::account::AccountName;
use crate::model::ids::Login;
use crate::model::record::Names;

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

/// One kind of name, whole and with the first name shortened; cut when a suffix needs the room.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stems {
    whole: String,
    shortened: String,
    limit: usize,
}

impl Stems {
    fn new(form: &Form, given: &[String], called: &[String], spelled_out: bool) -> Self {
        let initials: String = given.iter().filter_map(|word| word.chars().next()).collect();
        let join = |shorten: bool| {
            let part = |part: &Part| match part {
                Part::Called => called.join(&form.joint),
                Part::Given if !shorten => given.join(&form.joint),
                Part::Initials if spelled_out && !shorten => given.join(&form.joint),
                Part::Given | Part::Initials => initials.clone(),
            };
            form.parts.iter().map(part).collect::<Vec<_>>().join(&form.separator)
        };
        Self { whole: join(false), shortened: join(true), limit: form.limit }
    }

    /// What stands before a suffix of `width` digits; never ends with a dot or hyphen.
    fn before(&self, width: usize) -> &str {
        let room = self.limit.saturating_sub(width);
        if self.whole.len() <= room {
            return &self.whole;
        }
        let cut = self.shortened.get(..room).unwrap_or(&self.shortened);
        cut.trim_end_matches(['.', '-'])
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
    let written = |word: &String| word.bytes().any(|byte| byte.is_ascii_lowercase());
    if given_words.is_empty() || !called_words.iter().any(written) {
        return Err(Unnameable::Empty);
    }
    if let Some(word) = generic(&given_words, &called_words, scheme) {
        return Err(Unnameable::Reserved(word));
    }
    let make = |spelled_out| {
        let stems = |form| Stems::new(form, &given_words, &called_words, spelled_out);
        [stems(&scheme.login), stems(&scheme.short_login), stems(&scheme.mail)]
    };
    let joins = |stems: &[Stems; 3]| -> [String; 3] {
        std::array::from_fn(|rank| stems[rank].before(0).replace(['.', '-'], ""))
    };
    let mut stems = make(false);
    if joins(&stems).iter().any(|join| scheme.unfortunate.contains(join)) {
        stems = make(true);
    }
    let refused = joins(&stems)
        .iter()
        .any(|join| scheme.reserved.contains(join) || scheme.unfortunate.contains(join));
    let [login, short_login, mail] = stems;
    Ok(Base { login, short_login, mail, first: if refused { 2 } else { 1 } })
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

/// Every name ever given, or held by anything in a target, in lower case. A name that is in it
/// never comes back. Logins, short logins and local parts of addresses are one space: what
/// is the login of one person is the address of nobody else.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    taken: BTreeSet<String>,
    /// By width of the suffix and what stands before it: the next number. A number that was passed
    /// over is not looked at again, so that thousands of homonyms need no search.
    next: Vec<BTreeMap<String, u32>>,
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a name that is not free. Of an address, the local part, whatever its domain.
    pub fn take(&mut self, name: &str) {
        self.taken.insert(comparable(name).into_owned());
    }

    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(comparable(name).as_ref())
    }

    /// Gives the names of an account: with the smallest number, from 1 (which is not written), not
    /// given before, for which login, short login and address are all free.
    pub fn grant(&mut self, base: &Base) -> AccountName {
        let mut width = 0;
        loop {
            if let Some(name) = self.grant_within(base, width) {
                return name;
            }
            width += 1;
        }
    }

    /// A name whose suffix has so many digits; none when these numbers are used up.
    fn grant_within(&mut self, base: &Base, width: usize) -> Option<AccountName> {
        let (low, high) = numbers(width);
        if self.next.len() <= width {
            self.next.resize_with(width + 1, BTreeMap::new);
        }
        let counters = &mut self.next[width];
        if counters.get(base.login.before(width)).is_some_and(|next| *next > high) {
            return None;
        }
        let stems = [&base.login, &base.short_login, &base.mail].map(|stems| stems.before(width));
        let next = stems.iter().filter_map(|stem| counters.get(*stem).copied()).max();
        let start = next.unwrap_or(low).max(low).max(base.first);
        if start > high {
            return None;
        }
        // Most people have one stem for the three names: it is looked up once.
        let distinct = BTreeSet::from(stems);
        let taken = &self.taken;
        let free = |number: &u32| {
            distinct.iter().all(|stem| !taken.contains(suffixed(stem, *number).as_ref()))
        };
        let found = (start..=high).find(free);
        let after = found.unwrap_or(high).saturating_add(1);
        for stem in &distinct {
            match counters.get_mut(*stem) {
                Some(counter) => *counter = after,
                None => drop(counters.insert((*stem).to_owned(), after)),
            }
        }
        let number = found?;
        self.taken.extend(distinct.into_iter().map(|stem| suffixed(stem, number).into_owned()));
        let [login, short_login, mail_local] = stems.map(|stem| {
            let login = suffixed(stem, number).parse::<Login>();
            login.expect("stems are made of a-z, 0-9, dots and hyphens within 64 signs")
        });
        Some(AccountName { login, short_login, mail_local })
    }
}

/// The numbers that are written with so many digits; 1 is not written.
fn numbers(width: usize) -> (u32, u32) {
    let power =
        |width: usize| u32::try_from(width).ok().and_then(|width| 10_u32.checked_pow(width));
    match width {
        0 => (1, 1),
        1 => (2, 9),
        _ => (power(width - 1).unwrap_or(u32::MAX), power(width).map_or(u32::MAX, |end| end - 1)),
    }
}

fn suffixed(stem: &str, number: u32) -> Cow<'_, str> {
    if number == 1 { Cow::Borrowed(stem) } else { Cow::Owned(format!("{stem}{number}")) }
}

fn comparable(name: &str) -> Cow<'_, str> {
    let local = name.split_once('@').map_or(name, |(local, _)| local).trim();
    if local.chars().any(char::is_uppercase) {
        Cow::Owned(local.to_lowercase())
    } else {
        Cow::Borrowed(local)
    }
}

#[cfg(test)]
mod tests;
