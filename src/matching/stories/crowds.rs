//! Files in which everybody looks alike: nobody is merged wrongly, and nobody waits for ever.

use super::cast::*;
use crate::matching::claim::Claim;
use crate::matching::decide::Decision;
use crate::model::person::Person;

const CROWD: u64 = 300;

/// Of each number: `vary` writes the person.
fn crowd(vary: impl Fn(u64) -> Someone) -> Vec<Someone> {
    (1..=CROWD).map(vary).collect()
}

/// A name that no other of the crowd has, nor nearly: three syllables of its number.
fn name(number: u64) -> String {
    let syllables = ["BA", "RO", "TI", "LU", "ME", "SY", "GA"];
    (0..4).map(|place| syllables[(number / 7_u64.pow(place) % 7) as usize]).collect()
}

fn known(crowd: &[Someone]) -> Vec<Person> {
    (1..).zip(crowd).map(|(id, one)| one.clone().at(COLLEGE).known(id)).collect()
}

/// The records of a crowd, which person `n` has as its `n`-th: none is given to another person. How
/// many were recognised, were asked about and are new.
#[track_caller]
fn nobody_merged(persons: &[Person], records: &[Claim]) -> [usize; 3] {
    let decided = outcome(records, persons);
    let mut counts = [0; 3];
    for (number, record) in (1..).zip(records) {
        let place = match &decided.decisions[&record.id] {
            Decision::Same { person, .. } => {
                assert_eq!(person.0, number, "{record:?}");
                0
            }
            Decision::Ask { .. } => 1,
            Decision::New { .. } => 2,
        };
        counts[place] += 1;
    }
    let mut turned = records.to_vec();
    turned.rotate_left(records.len() / 3);
    turned.reverse();
    assert_eq!(outcome(&turned, persons), decided, "order matters");
    counts
}

fn to_lycee(crowd: &[Someone]) -> Vec<Claim> {
    (1..).zip(crowd).map(|(number, one)| one.record(LYCEE, 1_000 + number)).collect()
}

#[test]
fn one_first_name_and_one_day_for_a_whole_school() {
    // Everybody born on the same day, everybody called Camille: the family name is left.
    let all = crowd(|number| someone(&name(number), "Camille").ine(&format!("I{number}")));
    let persons = known(&all);
    // The INE proves as ever.
    assert_eq!(nobody_merged(&persons, &to_lycee(&all)), [300, 0, 0]);
    // Typed anew without: questions, none of them answered by the machine.
    let anew: Vec<Someone> = all.iter().map(|one| one.clone().without_ine()).collect();
    let [same, asked, new] = nobody_merged(&persons, &to_lycee(&anew));
    assert_eq!((same, new), (0, 0), "{asked} asked");
    // Last year's school, which they share as well, is one piece for each.
    let backed: Vec<Someone> = anew.iter().map(|one| one.clone().from(COLLEGE)).collect();
    let [_, _, new] = nobody_merged(&persons, &to_lycee(&backed));
    assert_eq!(new, 0);
}

#[test]
fn everybody_born_on_the_first_of_january_in_a_place_without_code() {
    let first = ["Ali", "Awa", "Binta", "Moussa"];
    let all = crowd(|number| {
        let given = first[(number % 4) as usize];
        someone(&name(number / 4), given).born(2010, 1, 1).place(99_999).ine(&format!("I{number}"))
    });
    let persons = known(&all);
    assert_eq!(nobody_merged(&persons, &to_lycee(&all)), [300, 0, 0]);
    let anew: Vec<Someone> = all.iter().map(|one| one.clone().without_ine()).collect();
    let [_, _, new] = nobody_merged(&persons, &to_lycee(&anew));
    assert_eq!(new, 0, "known people were made anew without a question");
}

#[test]
fn one_name_one_day_and_nothing_else_for_everybody() {
    // Three hundred perfect homonyms: the INE and the school's number still prove; evidence never.
    let all = crowd(|number| someone("Martin", "Camille").ine(&format!("I{number}")));
    let persons = known(&all);
    assert_eq!(nobody_merged(&persons, &to_lycee(&all)), [300, 0, 0]);
    let at_home: Vec<Claim> = (1..).zip(&all).map(|(id, one)| one.record(COLLEGE, id)).collect();
    assert_eq!(nobody_merged(&persons, &at_home), [300, 0, 0]);
    let anew: Vec<Someone> =
        all.iter().map(|one| one.clone().without_ine().from(COLLEGE)).collect();
    let [same, _, _] = nobody_merged(&persons, &to_lycee(&anew));
    assert_eq!(same, 0);
}

#[test]
fn everything_is_missing_but_the_name() {
    let all = crowd(|number| someone(&name(number), "Jade").ine(&format!("I{number}")));
    let persons = known(&all);
    let bare: Vec<Someone> = all.iter().map(|one| one.clone().bare().undated()).collect();
    let [same, _, _] = nobody_merged(&persons, &to_lycee(&bare));
    assert_eq!(same, 0, "a name proves nothing");
    // In the school's own file its number does, with the whole name.
    let at_home: Vec<Claim> = (1..).zip(&bare).map(|(id, one)| one.record(COLLEGE, id)).collect();
    assert_eq!(nobody_merged(&persons, &at_home), [300, 0, 0]);
    // Not even a name.
    let nameless: Vec<Someone> =
        bare.iter().map(|one| one.clone().family("").given("").place(59_350)).collect();
    let [same, _, _] = nobody_merged(&persons, &to_lycee(&nameless));
    assert_eq!(same, 0);
}

#[test]
fn names_without_end_are_decided_like_others() {
    let long = |number: u64| name(number).repeat(100_000 / 8);
    let all: Vec<Someone> = (1..=3)
        .map(|number| someone(&long(number), &long(number + 20)).ine(&format!("I{number}")))
        .collect();
    let persons = known(&all);
    assert_eq!(nobody_merged(&persons, &to_lycee(&all)), [3, 0, 0]);
    let anew: Vec<Someone> =
        all.iter().map(|one| one.clone().without_ine().place(59_350).from(COLLEGE)).collect();
    let [_, _, new] = nobody_merged(&persons, &to_lycee(&anew));
    assert_eq!(new, 0);
}
