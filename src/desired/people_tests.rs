use jiff::civil::date;

use super::*;
use crate::model::identifiers::Identifiers;
use crate::model::traits::Traits;

fn names(family: &str, usage: Option<&str>, given: &str) -> Names {
    Names { family: family.into(), usage: usage.map(Into::into), given: given.into() }
}

#[test]
fn the_best_written_form_of_a_name_is_kept() {
    // Matching section 4, vector 4: accents that are lost cannot be rebuilt.
    let check = |old: Names, new: Names, expected: Names| {
        assert_eq!(better_written(&old, &new), expected, "{old:?} then {new:?}");
    };
    let good = names("Lefèvre", None, "Zoé");
    check(good.clone(), names("LEFEVRE", None, "ZOE"), good.clone());
    check(names("LEFEVRE", None, "ZOE"), good.clone(), good.clone());
    // On equal worth the source is right, and so it is when the spelling is another one.
    for (old, new) in [
        ("Zoé", "Zoë"),
        ("ZOÉ", "ZOË"),
        ("Zoé", "ZOË"),
        ("JEAN PAUL", "JEAN-PAUL"),
        ("Jean Paul", "JEAN-PAUL"),
        ("DURAND MOREAU", "DURAND-MOREAU"),
        ("DUPONT", "Dupont"),
        ("COEUR", "CŒUR"),
    ] {
        check(names("A", None, old), names("A", None, new), names("A", None, new));
        check(names(old, None, "B"), names(new, None, "B"), names(new, None, "B"));
    }
    // Another name is another name.
    check(good.clone(), names("LEFEBVRE", None, "ZOE"), names("LEFEBVRE", None, "Zoé"));
    // A usage name comes and goes as it is declared.
    let married = names("Lefèvre", Some("PETIT"), "Zoé");
    check(good.clone(), married.clone(), married.clone());
    check(married, good.clone(), good);
}

fn enrolment(since: Date, state: EnrolmentState) -> Enrolment {
    Enrolment {
        role: Role::Teacher,
        state,
        since,
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    }
}

fn placed(at: Option<&str>, schools: &[(&str, Date, EnrolmentState)]) -> Option<String> {
    let mut person = Person {
        id: PersonId(1),
        names: names("A", None, "B"),
        birth_date: None,
        traits: Traits::default(),
        identifiers: Identifiers::default(),
        enrolments: schools
            .iter()
            .map(|(uai, since, state)| (uai.parse().unwrap(), enrolment(*since, state.clone())))
            .collect(),
        place: at.map(|uai| uai.parse().unwrap()),
        joined: None,
        account: None,
    };
    place(&mut person);
    person.place.map(String::from)
}

#[test]
fn the_account_stands_where_the_person_is_and_stays_there() {
    // staff of several schools have one account, in one place.
    use EnrolmentState::Current;
    let (early, late) = (date(2026, 9, 1), date(2026, 10, 1));
    let ended = EnrolmentState::Ended { on: late, by: crate::model::person::EndedBy::NotListed };
    let (a, b) = ("0590001F", "0599990N");
    let check = |at, schools: &[_], expected: Option<&str>| {
        assert_eq!(placed(at, schools).as_deref(), expected);
    };
    check(None, &[(a, late, Current), (b, early, Current)], Some(b));
    check(Some(a), &[(a, late, Current), (b, early, Current)], Some(a));
    check(Some(a), &[(a, early, ended.clone()), (b, late, Current)], Some(b));
    // Nothing is sure: it stays where it is.
    check(Some(a), &[(a, early, ended)], Some(a));
    check(None, &[(a, early, EnrolmentState::Held { since: late })], None);
}
