//! Every name that is not free, and the numbers that part homonyms.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Base;
use crate::model::account::AccountName;
use crate::model::ids::Login;

/// Every name ever given, or held by anything in a target, in lower case. A name that is in it
/// never comes back. Logins, short logins, local parts of addresses and names of groups are
/// one space, as in Active Directory: what is the login of one person is the address of nobody
/// else, and the name of no group.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    taken: BTreeSet<String>,
    /// By width of the suffix, and by stem, or by the stems of one account: every number below is
    /// known not to be free. Nothing but a memory of `taken`: a ledger that is read back from the
    /// registry gives the same names. With it, thousands of homonyms need no search.
    next: Vec<BTreeMap<String, u32>>,
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a name that is not free. Of an address, the local part, whatever its domain. What no
    /// login could ever be, such as `Léa DUPONT`, is not kept.
    pub fn take(&mut self, name: &str) {
        let name = comparable(name);
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if !name.is_empty() && name.bytes().all(sign) {
            self.taken.insert(name.into_owned());
        }
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
        if base.first > high {
            return None;
        }
        if self.next.len() <= width {
            self.next.resize_with(width + 1, BTreeMap::new);
        }
        let stems = base.stems(width);
        // Most people have one stem for the three names: it is looked up once.
        let mut distinct = stems.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let together = distinct.join("\n");
        let known = |stem: &str| self.next[width].get(stem).copied();
        let each = distinct.iter().filter_map(|stem| known(stem));
        let start = each.chain(known(&together)).max().unwrap_or(low);
        let taken = &self.taken;
        let found = (start..=high).find(|number| {
            distinct.iter().all(|stem| !taken.contains(suffixed(stem, *number).as_ref()))
        });
        if let Some(number) = found {
            let names = distinct.iter().map(|stem| suffixed(stem, number).into_owned());
            self.taken.extend(names);
        }
        self.remember(width, &together, found.unwrap_or(high).saturating_add(1));
        if distinct.len() > 1 {
            distinct.iter().for_each(|stem| self.pass(width, stem, (low, high)));
        }
        let number = found?;
        let [login, short_login, mail_local] = stems.map(|stem| {
            let login = suffixed(stem, number).parse::<Login>();
            login.expect("stems are made of a-z, 0-9, dots and hyphens within 64 signs")
        });
        Some(AccountName { login, short_login, mail_local })
    }

    fn remember(&mut self, width: usize, stem: &str, next: u32) {
        let counters = &mut self.next[width];
        match counters.get_mut(stem) {
            Some(counter) => *counter = next,
            None => drop(counters.insert(stem.to_owned(), next)),
        }
    }

    /// Passes over the numbers that are taken for a stem: many long logins are cut to one short
    /// login, and none of them should look at the numbers of the others again.
    fn pass(&mut self, width: usize, stem: &str, (low, high): (u32, u32)) {
        let before = self.next[width].get(stem).copied();
        let mut next = before.unwrap_or(low);
        while next <= high && self.taken.contains(suffixed(stem, next).as_ref()) {
            next += 1;
        }
        if before != Some(next) && next > low {
            self.remember(width, stem, next);
        }
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

/// As a directory compares names: without case, and Active Directory without accents too.
fn comparable(name: &str) -> Cow<'_, str> {
    let local = name.split_once('@').map_or(name, |(local, _)| local).trim();
    if !local.is_ascii() {
        let plain = local.nfkd().filter(|sign| !is_combining_mark(*sign));
        Cow::Owned(plain.flat_map(char::to_lowercase).collect())
    } else if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(local.to_ascii_lowercase())
    } else {
        Cow::Borrowed(local)
    }
}
