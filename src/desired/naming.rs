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
    let is_one_of = |stems: &[Stems; 3], words: &BTreeSet<String>| {
        stems.iter().any(|stems| words.contains(&stems.before(0).replace(['.', '-'], "")))
    };
    let mut stems = make(false);
    if is_one_of(&stems, &scheme.unfortunate) {
        stems = make(true);
    }
    let refused = is_one_of(&stems, &scheme.reserved) || is_one_of(&stems, &scheme.unfortunate);
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matching::vectors::vectors;

    fn scheme(file: &str) -> Scheme {
        let supplied = crate::mapping::SUPPLIED.iter().find(|(name, _)| *name == file);
        Scheme::parse(supplied.unwrap().1, file).unwrap()
    }

    fn names(family: &str, given: &str) -> Names {
        Names { family: family.into(), usage: None, given: given.into() }
    }

    fn shown(name: &AccountName) -> [&str; 3] {
        [&name.login, &name.short_login, &name.mail_local].map(Login::as_str)
    }

    #[test]
    fn the_vectors_of_the_rules_give_their_logins_and_addresses() {
        // matching.md section 6, all 40.
        let scheme = scheme("naming.toml");
        for vector in vectors() {
            let granted = base(&vector.names, &scheme).map(|base| Ledger::new().grant(&base));
            match vector.made {
                Some(expect) => assert_eq!(shown(&granted.unwrap()), expect, "{}", vector.number),
                None => assert!(granted.is_err(), "{}", vector.number),
            }
        }
    }

    #[test]
    fn the_other_schemes_name_in_their_order() {
        for (file, family, expect) in [
            ("naming-p.last.toml", "MARTIN", ["jb.martin", "jb.martin", "jean-baptiste.martin"]),
            (
                "naming-last.first.toml",
                "MARTIN",
                ["martin.jeanbaptiste", "martin.jeanbaptiste", "martin.jean-baptiste"],
            ),
            (
                "naming-last.first.toml",
                "DE MONTMORENCY",
                ["demontmorency.jeanbaptiste", "demontmorency.jb", "de-montmorency.jean-baptiste"],
            ),
        ] {
            let base = base(&names(family, "Jean-Baptiste"), &scheme(file)).unwrap();
            assert_eq!(shown(&Ledger::new().grant(&base)), expect);
        }
    }

    #[test]
    fn what_names_nobody_is_a_question() {
        // R-16, matching.md section 5.
        let scheme = scheme("naming.toml");
        let reserved = |word: &str| Err(Unnameable::Reserved(word.to_owned()));
        for (family, given, expect) in [
            ("ADMIN", "", reserved("admin")),
            ("Élèves", " ", reserved("eleves")),
            ("MARTIN", "", Err(Unnameable::NoGiven)),
            ("MARTIN", "Zo?", Err(Unnameable::LostBytes)),
            ("MART\u{FFFD}N", "Zoé", Err(Unnameable::LostBytes)),
            ("Иванов", "Иван", Err(Unnameable::Empty)),
            ("12", "Zoé", Err(Unnameable::Empty)),
            ("'", "-", Err(Unnameable::Empty)),
            ("ELEVE", "1", reserved("eleve")),
            ("SALLE 12", "POSTE 3", reserved("salle")),
            ("PROF", "Maths", reserved("prof")),
            ("SALLE", "Jean", Ok(())),
            ("MARTIN", "Prudence", Ok(())),
        ] {
            assert_eq!(base(&names(family, given), &scheme).map(drop), expect, "{family} {given}");
        }
    }

    #[test]
    fn a_reserved_join_gets_a_suffix_and_an_unfortunate_one_the_whole_first_name() {
        let grant = |file, family, given| {
            let base = base(&names(family, given), &scheme(file)).unwrap();
            Ledger::new().grant(&base).login.to_string()
        };
        assert_eq!(grant("naming.toml", "MIN", "Ad"), "ad.min2");
        assert_eq!(grant("naming.toml", "MINE", "Ad"), "ad.mine");
        assert_eq!(grant("naming-p.last.toml", "UTAIN", "Paul"), "paul.utain");
        assert_eq!(grant("naming-p.last.toml", "ITE", "B"), "b.ite2");
    }

    #[test]
    fn homonyms_are_numbered_in_order_of_arrival_in_all_three_names_at_once() {
        let scheme = scheme("naming.toml");
        let mut ledger = Ledger::new();
        let long = base(&names("DE LA ROCHEFOUCAULD", "Jean-Baptiste"), &scheme).unwrap();
        let mut grant = || shown(&ledger.grant(&long)).map(str::to_owned);
        assert_eq!(grant()[1], "jb.delarochefoucauld");
        let second = [
            "jeanbaptiste.delarochefoucauld2",
            "jb.delarochefoucaul2",
            "jean-baptiste.de-la-rochefoucauld2",
        ];
        assert_eq!(grant(), second);
        // Same login, other address: DU PONT and DUPONT are homonyms.
        let mut ledger = Ledger::new();
        let [spaced, glued] =
            ["DU PONT", "DUPONT"].map(|family| base(&names(family, "Léa"), &scheme).unwrap());
        assert_eq!(shown(&ledger.grant(&spaced)), ["lea.dupont", "lea.dupont", "lea.du-pont"]);
        assert_eq!(shown(&ledger.grant(&glued)), ["lea.dupont2"; 3]);
    }

    #[test]
    fn what_a_target_holds_is_not_given_whatever_its_case_or_domain() {
        let scheme = scheme("naming.toml");
        let lea = base(&names("DUPONT", "Léa"), &scheme).unwrap();
        let mut ledger = Ledger::new();
        ledger.take("Lea.Dupont");
        ledger.take("LEA.DUPONT2@ailleurs.example");
        assert!(ledger.is_taken("lea.dupont2") && !ledger.is_taken("lea.dupont3"));
        assert_eq!(shown(&ledger.grant(&lea)), ["lea.dupont3"; 3]);
    }

    #[test]
    fn a_hundred_thousand_homonyms_are_named_without_search() {
        // A search from 1 for each would look at five thousand million names.
        let scheme = scheme("naming.toml");
        let mut ledger = Ledger::new();
        let short = base(&names("MARTIN", "Léa"), &scheme).unwrap();
        let started = std::time::Instant::now();
        let last = (0..100_000).map(|_| ledger.grant(&short)).last().unwrap();
        assert_eq!(last.login.as_str(), "lea.martin100000");
        // A thousand logins of which one short login is made.
        let mut cut = BTreeSet::new();
        for rank in 0..1000_u32 {
            let letters: String =
                format!("{rank:04}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            let family = format!("Saintexuperydemontmorency{letters}");
            let base = base(&names(&family, "Marie"), &scheme).unwrap();
            assert!(cut.insert(ledger.grant(&base).short_login));
        }
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }

    fn any_names() -> impl Strategy<Value = Names> {
        let part = "[A-Zé]{1,3}|[A-Za-zÀ-ÿŒœŁł' -]{1,70}";
        (part, part).prop_map(|(family, given)| names(&family, &given))
    }

    proptest! {
        /// SEC-37: no two alike in any column, none that was taken, all well-formed.
        #[test]
        fn every_name_is_new_and_well_formed(
            people in prop::collection::vec(any_names(), 1..60),
            held in prop::collection::vec(any_names(), 0..20),
            file in prop::sample::select(vec![
                "naming.toml", "naming-p.last.toml", "naming-last.first.toml",
            ]),
        ) {
            let scheme = scheme(file);
            let mut ledger = Ledger::new();
            let mut given: BTreeMap<String, usize> = BTreeMap::new();
            for names in held.iter().filter_map(|names| base(names, &scheme).ok()) {
                for name in [&names.login, &names.short_login, &names.mail] {
                    ledger.take(name.before(0));
                    given.insert(name.before(0).to_owned(), usize::MAX);
                }
            }
            for (rank, names) in people.iter().enumerate() {
                let Ok(base) = base(names, &scheme) else { continue };
                let name = ledger.grant(&base);
                for (text, limit) in shown(&name).into_iter().zip([64, 20, 64]) {
                    prop_assert!(text.len() <= limit, "{text}");
                    prop_assert!(!text.contains("..") && ledger.is_taken(text), "{text}");
                    // Another person never had it, in any of the three columns.
                    prop_assert_eq!(*given.entry(text.to_owned()).or_insert(rank), rank);
                }
            }
        }

        /// The order of arrival matters among homonyms only.
        #[test]
        fn names_of_distinct_bases_do_not_depend_on_order(
            people in prop::collection::btree_set("[a-z]{3,9}", 2..20),
        ) {
            let scheme = scheme("naming.toml");
            let grant = |order: Vec<&String>| {
                let mut ledger = Ledger::new();
                let name = |family: &&String| {
                    let base = base(&names(family, "Léa"), &scheme).unwrap();
                    ((*family).clone(), ledger.grant(&base))
                };
                order.iter().map(name).collect::<BTreeMap<_, _>>()
            };
            prop_assert_eq!(grant(people.iter().collect()), grant(people.iter().rev().collect()));
        }
    }

    #[test]
    fn ten_thousand_homonyms_with_gaps_have_names_of_their_own() {
        //
        let scheme = scheme("naming.toml");
        let base = base(&names("DE LA ROCHEFOUCAULD", "Jean-Baptiste"), &scheme).unwrap();
        let mut ledger = Ledger::new();
        (0..500).for_each(|rank| ledger.take(&format!("jb.delarochefouca{}", rank * 7)));
        let mut seen = BTreeSet::new();
        for _ in 0..10_000 {
            for name in BTreeSet::from(shown(&ledger.grant(&base)).map(str::to_owned)) {
                assert!(seen.insert(name));
            }
        }
        assert_eq!(seen.len(), 30_000);
    }
}
