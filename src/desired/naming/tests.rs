use std::collections::BTreeSet;

use super::*;
use crate::matching::vectors::vectors;
use crate::model::account::AccountName;
use crate::model::ids::Login;

pub(super) fn scheme(file: &str) -> Scheme {
    let supplied = crate::mapping::SUPPLIED.iter().find(|(name, _)| *name == file);
    Scheme::parse(supplied.unwrap().1, file).unwrap()
}

pub(super) fn names(family: &str, given: &str) -> Names {
    Names { family: family.into(), usage: None, given: given.into() }
}

pub(super) fn shown(name: &AccountName) -> [&str; 3] {
    [&name.login, &name.short_login, &name.mail_local].map(Login::as_str)
}

#[test]
fn the_vectors_of_the_rules_give_their_logins_and_addresses() {
    // matching.md section 6, all 40.
    let scheme = scheme("naming.toml");
    let vectors = vectors();
    assert_eq!(vectors.len(), 40);
    for vector in vectors {
        let granted = base(&vector.names, &scheme).map(|base| Ledger::new().grant(&base));
        let granted = granted.map(|name| shown(&name).map(str::to_owned));
        let expect = match (vector.number, vector.made) {
            (38, None) => Err(Unnameable::Reserved("admin".to_owned())),
            (40, None) => Err(Unnameable::LostBytes),
            (_, made) => Ok(made.unwrap_or_default()),
        };
        assert_eq!(granted, expect, "{}", vector.number);
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

fn granted(file: &str, family: &str, given: &str) -> [String; 3] {
    let base = base(&names(family, given), &scheme(file)).unwrap();
    shown(&Ledger::new().grant(&base)).map(str::to_owned)
}

#[test]
fn a_reserved_join_gets_a_suffix() {
    for (family, given, expect) in [
        ("MIN", "Ad", "ad.min2"),
        ("MINE", "Ad", "ad.mine"),
        ("Master", "Post", "post.master2"),
        ("VISEUR", "Pro", "pro.viseur2"),
        ("VISEURE", "Pro", "pro.viseure"),
        ("ADMIN", "Jean", "jean.admin"),
        ("ITE", "B", "b.ite2"),
    ] {
        assert_eq!(granted("naming.toml", family, given)[0], expect);
    }
    // The digits of a name hide no word.
    assert_eq!(granted("naming.toml", "MIN1", "Ad")[0], "ad.min12");
}

#[test]
fn initials_that_make_a_word_with_the_name_are_written_out() {
    for (family, given, expect) in [
        ("ONNARD", "Céline", "celine.onnard"),
        ("NAL", "Anne", "anne.nal"),
        ("UTE", "Paul", "paul.ute"),
        ("UTAIN", "Paul", "paul.utain"),
        ("UTAINO", "Paul", "paul.utaino"),
        ("AZIZ", "Nadia", "nadia.aziz"),
        ("ITE", "Jean-Bernard", "jeanbernard.ite"),
        ("ULISTE", "Carla", "c.uliste"),
        ("ON", "Carla", "carla.on"),
        ("MARTIN", "Pierre David", "pierredavid.martin"),
        ("MARTIN", "Pierre", "p.martin"),
    ] {
        assert_eq!(granted("naming-p.last.toml", family, given)[0], expect);
    }
}

#[test]
fn what_a_person_is_called_is_never_refused() {
    // The Scunthorpe rule: inside a name of its own, no word is looked for.
    for family in ["Scunthorpe", "Lecul", "Lacon", "Bitter", "Cuvelier", "Cassecul", "Encule"] {
        let lower = family.to_lowercase();
        assert_eq!(granted("naming.toml", family, "Marie")[0], format!("marie.{lower}"));
        assert_eq!(granted("naming-p.last.toml", family, "Marie")[0], format!("m.{lower}"));
        assert_eq!(granted("naming-last.first.toml", family, "Marie")[0], format!("{lower}.marie"));
    }
    for (family, given) in [("Alain", "Jean"), ("Constant", "Clara"), ("Petit", "Nelly")] {
        let initial = given.to_lowercase().remove(0);
        let expect = format!("{initial}.{}", family.to_lowercase());
        assert_eq!(granted("naming-p.last.toml", family, given)[0], expect);
    }
}

#[test]
fn a_short_login_has_no_unfortunate_initials_and_no_unfortunate_end() {
    let short = |family, given| granted("naming.toml", family, given)[1].clone();
    assert_eq!(short("DE LA ROCHEFOUCAULD", "Pierre-David"), "pierredavid.delaroch");
    assert_eq!(short("NALBANDIANOVITCHENKO", "Ariane"), "ariane.nalbandianovi");
    // Cut at 20 signs it would end in « con »; a name that ends so by itself is not cut.
    assert_eq!(short("DE SAINT LUCIENNE CONSTANTIN", "Marie"), "m.desaintlucienneco");
    assert_eq!(short("DE SAINT LUCIENNE CON", "Marie"), "m.desaintluciennecon");
}

#[test]
fn the_name_of_a_device_is_followed_by_no_dot() {
    // SEC-38: Windows makes no folder `con.martin`, and the personal space is called by the login.
    assert_eq!(granted("naming.toml", "MARTIN", "Con")[0], "con-martin");
    assert_eq!(granted("naming-p.last.toml", "MARTIN", "Anne Ursule Xavière")[0], "aux-martin");
    assert_eq!(granted("naming.toml", "MARTIN", "Conan")[0], "conan.martin");
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
    // Active Directory compares without accents: a group there may be called so.
    ledger.take("LÉA.DUPONT4");
    ledger.take("Léa DUPONT 5");
    assert_eq!(shown(&ledger.grant(&lea)), ["lea.dupont5"; 3]);
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
