use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{names, scheme, shown};
use super::*;
use crate::model::record::Names;

const FILES: [&str; 3] = ["naming.toml", "naming-p.last.toml", "naming-last.first.toml"];
const LIMITS: [usize; 3] = [64, 20, 64];

/// of a million people with three thousand names, each has names of his own, within
/// the limits of every target.
#[test]
fn a_crowd_of_homonyms_is_parted_within_all_limits() {
    const DISTINCT: usize = 3_000;
    let scheme = scheme("naming.toml");
    let givens = ["Léa", "Jean-Baptiste", "Mohamed", "Marie Charlotte", "Inès", "Thị Hương"];
    let families = ["DUPONT", "DU PONT", "DE LA ROCHEFOUCAULD", "EL AMRANI", "N’DIAYE"];
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 10).unwrap());
    let named = |rank: usize| {
        // A hundred ends, of which many meet where the short login is cut.
        let end = [letter(rank / 30), letter(rank / 300)];
        let family = format!("{}{}{}", families[rank / 6 % 5], end[0], end[1]);
        base(&names(&family, givens[rank % 6]), &scheme).unwrap()
    };
    let bases: Vec<Base> = (0..DISTINCT).map(named).collect();
    let mut ledger = Ledger::new();
    let mut given: Vec<String> = Vec::new();
    for rank in 0..1_000_000 {
        let name = ledger.grant(&bases[rank * 7919 % DISTINCT]);
        for (text, limit) in shown(&name).into_iter().zip(LIMITS) {
            assert!(text.len() <= limit, "{text}");
            let stem = text.trim_end_matches(|sign: char| sign.is_ascii_digit());
            assert!(!stem.ends_with(['.', '-']), "{text}");
        }
        let [login, short, address] = shown(&name);
        given.push(login.to_owned());
        given.extend((short != login).then(|| short.to_owned()));
        given.extend((address != login && address != short).then(|| address.to_owned()));
    }
    given.sort_unstable();
    let twice = given.windows(2).find(|two| two[0] == two[1]);
    assert_eq!(twice, None);
}

fn is_of_logins(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
}

/// The rule of [`Ledger::grant`], by search from the first number.
fn searched(base: &Base, taken: &BTreeSet<String>) -> [String; 3] {
    let numbered = |number: u32| {
        let suffix = if number == 1 { String::new() } else { number.to_string() };
        base.stems(suffix.len()).map(|stem| format!("{stem}{suffix}"))
    };
    let mut numbers = (base.first..).map(numbered);
    numbers.find(|names| names.iter().all(|name| !taken.contains(name))).unwrap()
}

/// Few names, long ones that meet in the short login, and names that meet with a suffix.
fn crowded_names() -> impl Strategy<Value = Names> {
    let given = prop::sample::select(vec!["Léa", "Jean-Baptiste", "Jeanne Berthe", "Ad"]);
    let family = prop::sample::select(vec![
        "DUPONT",
        "DU PONT",
        "MIN",
        "DE LA ROCHEFOUCAULD",
        "DE LA ROCHEFOUCAULT",
        "DUPONT2",
        "SAINT-EXUPERY DE MONTMORENCY",
        "SAINT-EXUPERY DE MONTMIRAIL",
    ]);
    (family, given).prop_map(|(family, given)| names(family, given))
}

proptest! {
    /// the memory of the ledger changes nothing, and neither does losing it. A batch
    /// in one run or in many, replayed or not, gives everybody the same names.
    #[test]
    fn names_are_those_of_a_search_and_of_a_ledger_read_back(
        people in prop::collection::vec((crowded_names(), any::<bool>()), 1..60),
        held in prop::collection::vec((crowded_names(), 1..30_u32), 0..30),
    ) {
        let scheme = scheme("naming.toml");
        let mut ledger = Ledger::new();
        let mut taken = BTreeSet::new();
        for (names, number) in held {
            let held = base(&names, &scheme).unwrap();
            let text = format!("{}{number}", held.stems(number.to_string().len())[1]);
            ledger.take(&text);
            taken.insert(text);
        }
        for (names, read_back) in people {
            if read_back {
                ledger = Ledger::new();
                taken.iter().for_each(|name| ledger.take(name));
            }
            let base = base(&names, &scheme).unwrap();
            let expect = searched(&base, &taken);
            let name = ledger.grant(&base);
            prop_assert_eq!(shown(&name), expect.each_ref().map(String::as_str));
            taken.extend(expect);
        }
    }

    /// SEC-39: whatever the names are, a name of `[a-z0-9.-]` or a clear refusal, never a panic;
    /// and of letters that names may have, never a refusal for want of letters.
    #[test]
    fn naming_is_total(
        family in "\\PC{0,70}", given in "\\PC{0,70}",
        letters in "[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ][A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ '’.-]{0,60}",
        file in prop::sample::select(FILES.to_vec()),
    ) {
        let scheme = scheme(file);
        for (family, given, allowed) in
            [(&family, &given, false), (&letters, &given, false), (&letters, &letters, true)]
        {
            match base(&names(family, given), &scheme) {
                Ok(base) => {
                    for text in shown(&Ledger::new().grant(&base)) {
                        prop_assert!(text.bytes().all(is_of_logins) && !text.is_empty(), "{text}");
                    }
                }
                Err(why) => prop_assert!(
                    !allowed || matches!(why, Unnameable::Reserved(_)), "{family} {given}: {why}"
                ),
            }
        }
    }
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
        file in prop::sample::select(FILES.to_vec()),
    ) {
        let scheme = scheme(file);
        let mut ledger = Ledger::new();
        let mut given: BTreeMap<String, usize> = BTreeMap::new();
        for names in held.iter().filter_map(|names| base(names, &scheme).ok()) {
            for name in names.stems(0) {
                ledger.take(name);
                given.insert(name.to_owned(), usize::MAX);
            }
        }
        for (rank, names) in people.iter().enumerate() {
            let Ok(base) = base(names, &scheme) else { continue };
            let name = ledger.grant(&base);
            for (text, limit) in shown(&name).into_iter().zip(LIMITS) {
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
