//! People who resemble one another: twins, siblings, homonyms, and numbers typed on the wrong row.

use jiff::civil::date;

use super::cast::*;

/// Of one family and one school, born in one place: what twins share.
fn twin(given: &str, second: &str, ine: &str) -> Someone {
    ines().given(given).second(second).ine(ine)
}

/// As the lycée writes it, without INE.
fn anew(one: &Someone) -> Someone {
    one.clone().without_ine().level(10, 2026).from(COLLEGE)
}

#[test]
fn twins_go_to_the_lycee_together_each_typed_anew() {
    let twins = [twin("Lucas", "Paul", "A"), twin("Léo", "Jean", "B")];
    let known = [twins[0].known(1), twins[1].known(2)];
    let records = [anew(&twins[0]).record(LYCEE, 8), anew(&twins[1]).record(LYCEE, 9)];
    story(&known, &records, &["=1 Corroborated", "=2 Corroborated"]);
    // One stays, or is not declared yet: nobody takes the other's account.
    story(&known, &records[..1], &["=1 Corroborated"]);
    let stays = twins[1].record(COLLEGE, 2);
    story(&known, &[records[0].clone(), stays], &["=1 Corroborated", "=2 NumberAndBirthDate"]);
    // Only one of the two is known; the other comes, and there is nothing but a first name between.
    let stranger = anew(&twins[1]);
    let asked = "? Resembles(TwinsShape)";
    let bare = stranger.clone().bare().place(59_350).from(COLLEGE);
    story(&known[..1], &[bare.record(LYCEE, 9)], &[asked]);
    // The known one's own record is there: the newcomer is the other twin.
    let both = [twins[0].record(COLLEGE, 1), stranger.record(LYCEE, 9)];
    story(&known[..1], &both, &["=1 NumberAndBirthDate", "+2"]);
}

#[test]
fn twins_with_close_first_names_are_told_apart_or_asked_about() {
    let twins = [twin("Mathilde", "Rose", "A"), twin("Mathilda", "Rose", "B")];
    let known = [twins[0].known(1), twins[1].known(2)];
    let records = [anew(&twins[0]).record(LYCEE, 8), anew(&twins[1]).record(LYCEE, 9)];
    // Each is nearly as good for the other's account: never silently, and never crosswise.
    never_crosswise(&known, &records);
    never_crosswise(&known, &records[..1]);
    never_crosswise(&known, &records[1..]);
    // One of them known, the other new: in a small school no first name is too rare to be one.
    for (one, other) in [("Mathilde", "Mathilda"), ("Emma", "Emmy"), ("Louis", "Louise")] {
        let known = ines().given(one).known(1);
        let newcomer = anew(&ines().given(other)).bare().place(59_350).from(COLLEGE);
        story(&[known], &[newcomer.record(LYCEE, 9)], &["? Resembles(TwinsShape)"]);
    }
}

/// Each record is the person of its first name, or a question.
#[track_caller]
fn never_crosswise(
    known: &[crate::model::person::Person],
    records: &[crate::matching::claim::Claim],
) {
    let decided = outcome(records, known);
    for record in records {
        let decision = told(&decided.decisions[&record.id]);
        let own = known.iter().find(|one| one.names.given == record.names.given).unwrap();
        let good = decision.starts_with('?') || decision.starts_with(&format!("={} ", own.id));
        assert!(good, "{}: {decision}", record.names.given);
    }
}

#[test]
fn triplets_go_together() {
    let triplets =
        [twin("Lucas", "Paul", "A"), twin("Lucie", "Rose", "B"), twin("Lucien", "Jean", "C")];
    let known: Vec<_> = (1..).zip(&triplets).map(|(id, one)| one.known(id)).collect();
    let records: Vec<_> =
        (7..).zip(&triplets).map(|(number, one)| anew(one).record(LYCEE, number)).collect();
    never_crosswise(&known, &records);
    let with_ine: Vec<_> = (7..).zip(&triplets).map(|(id, one)| one.record(LYCEE, id)).collect();
    let proof = ["=1 IneAndBirthDate", "=2 IneAndBirthDate", "=3 IneAndBirthDate"];
    story(&known, &with_ine, &proof);
}

#[test]
fn siblings_in_neighbouring_levels_with_close_names() {
    let elder = ines().given("Mathis").born(2009, 3, 12).level(10, 2025).ine("A").second("Paul");
    let younger = ines().given("Mathias").born(2010, 3, 12).level(9, 2025).ine("B").second("Jean");
    let known = [elder.known(1), younger.known(2)];
    let to_lycee = |one: &Someone, level| anew(one).level(level, 2026);
    let records = [to_lycee(&elder, 11).record(LYCEE, 8), to_lycee(&younger, 10).record(LYCEE, 9)];
    story(&known, &records, &["=1 Corroborated", "=2 Corroborated"]);
    // Only the younger one is known: the elder one, a year and a letter away, is not merged.
    let alone = outcome(&records[..1], &known[1..]);
    let told = told(&alone.decisions[&records[0].id]);
    assert!(told.starts_with('?') || told.starts_with('+'), "{told}");
}

#[test]
fn perfect_homonyms_with_and_without_something_to_tell_them_apart() {
    let one = ines().bare().ine("A").place(1).second("Rose").at(COLLEGE);
    let other = ines().bare().ine("B").place(2).second("Lou").at(COLLEGE);
    let known = [one.known(1), other.known(2)];
    // Two accounts: even a record that says which it is goes to a person. The INE and the school's
    // number are the only proof.
    let homonyms = "? Resembles(Homonyms)";
    each_alone(
        &known,
        &[
            (anew(&one).record(LYCEE, 9), homonyms),
            (anew(&one).bare().record(LYCEE, 9), homonyms),
            (one.clone().ine("Z").record(LYCEE, 9), homonyms),
            (one.record(LYCEE, 9), "=1 IneAndBirthDate"),
            (other.record(COLLEGE, 2), "=2 NumberAndBirthDate"),
        ],
    );
    // One account, and a newcomer who bears the same names and date.
    let newcomer = other.clone().without_ine().from(ELSEWHERE);
    let asked = "? Resembles(Contradiction)";
    each_alone(
        &known[..1],
        &[
            (newcomer.clone().record(LYCEE, 9), asked),
            (newcomer.clone().bare().record(LYCEE, 9), "? Resembles(TooLittle)"),
            (newcomer.clone().ine("B").record(LYCEE, 9), asked),
        ],
    );
    // The account has its own record in the same file: the file alone can tell.
    let records = [one.record(COLLEGE, 1), newcomer.bare().record(COLLEGE, 9)];
    let listed = "? Resembles(ListedInThisFile)";
    story(&known[..1], &records, &["=1 NumberAndBirthDate", listed]);
}

#[test]
fn more_than_one_contradiction_is_asked_about_whatever_speaks_for_it() {
    let known = ines().known(1);
    let record = anew(&ines());
    let two = record.clone().place(1).second("Lou");
    let level = record.clone().place(1).level(6, 2026);
    let one = record.clone().place(1);
    each_alone(
        std::slice::from_ref(&known),
        &[
            (two.record(LYCEE, 9), "? Resembles(Contradiction)"),
            (level.record(LYCEE, 9), "? Resembles(Contradiction)"),
            (record.clone().level(6, 2026).record(LYCEE, 9), "=1 Corroborated"),
            (one.record(LYCEE, 9), "=1 Corroborated"),
            (one.bare().place(1).from(COLLEGE).record(LYCEE, 9), "? Resembles(Contradiction)"),
        ],
    );
}

#[test]
fn the_ine_of_a_twin_or_of_a_neighbour_in_the_list() {
    let twins = [twin("Lucas", "Paul", "A"), twin("Léo", "Jean", "B")];
    let known = [twins[0].known(1), twins[1].known(2)];
    let asked = "? GivenNameDiffers";
    story(&known, &[twins[1].clone().ine("A").record(LYCEE, 9)], &[asked]);
    // Swapped: each carries the other's.
    let swapped =
        [twins[0].clone().ine("B").record(LYCEE, 8), twins[1].clone().ine("A").record(LYCEE, 9)];
    story(&known, &swapped, &[asked, asked]);
    // In their own school the number of each outweighs the INE.
    let at_home = [
        twins[0].clone().ine("B").record(COLLEGE, 1),
        twins[1].clone().ine("A").record(COLLEGE, 2),
    ];
    let number = ["=1 NumberAndBirthDate", "=2 NumberAndBirthDate"];
    story(&known, &at_home, &number);
    // First names so close that they would pass for a typing error: the account with just those
    // names is the other one's.
    let close = [twin("Mathilde", "Rose", "A"), twin("Mathilda", "Rose", "B")];
    let known_close = [close[0].known(1), close[1].known(2)];
    let swapped =
        [close[0].clone().ine("B").record(LYCEE, 8), close[1].clone().ine("A").record(LYCEE, 9)];
    story(&known_close, &swapped, &[asked, asked]);
    // A neighbour's: nothing agrees but the number.
    let neighbour = someone("Zetofrey", "Paule").born(2011, 1, 2).ine("A");
    story(&known, &[neighbour.record(LYCEE, 9)], &["? NothingAgrees"]);
    // The neighbour has the record too: the same INE twice in one file.
    let both = [twins[0].record(LYCEE, 8), neighbour.record(LYCEE, 9)];
    story(&known, &both, &["=1 IneAndBirthDate", "? NothingAgrees"]);
}

#[test]
fn an_ine_that_many_carry_proves_nothing_between_them() {
    // A school that types one number for everybody: each is asked about, nobody is merged.
    let crowd: Vec<_> = (1..=30)
        .map(|number| {
            let day = i8::try_from(number % 28 + 1).unwrap();
            let one = someone(&format!("Name{number}"), "Jade").born(2010, 5, day).ine("A");
            one.record(LYCEE, number)
        })
        .collect();
    story(&[], &crowd, &["? NothingAgrees"; 30]);
    // Its owner keeps the account.
    let records = [vec![ines().record(COLLEGE, 1)], crowd].concat();
    let decided = outcome(&records, &[ines().known(1)]);
    assert_eq!(told(&decided.decisions[&records[0].id]), "=1 NumberAndBirthDate");
    for record in records.iter().skip(1) {
        assert!(told(&decided.decisions[&record.id]).starts_with('?'));
    }
}

#[test]
fn whoever_left_the_other_twin_s_school_is_not_taken_for_the_twin() {
    // The known twin was released; the one who was at a private school arrives.
    let known = twin("Lucas", "Paul", "A").released(COLLEGE, date(2026, 7, 4)).known(1);
    let arrives = someone("Vandromme", "Léo").place(59_350);
    story(&[known], &[arrives.record(LYCEE, 9)], &["? Resembles(TwinsShape)"]);
}
