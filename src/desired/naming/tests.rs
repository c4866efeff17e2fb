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
            Some(expect) => assert_eq!(
                shown(&granted.unwrap()),
                expect.each_ref().map(String::as_str),
                "{}",
                vector.number
            ),
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
