//! One keyboard, one form, one registry office after the other: how one person is written twice.

use super::cast::*;

/// The pupil who was typed anew, without INE, by a school that had all the rest from the family.
fn anew(one: Someone) -> Someone {
    one.without_ine().level(10, 2026).from(COLLEGE)
}

/// Two ways to write one person: with the rest of the evidence, and with names and date only.
/// Whichever of the two is the known one.
#[track_caller]
fn written_twice(one: &Someone, other: &Someone, backed: &str, alone: &str) {
    for (known, record) in [(one, other), (other, one)] {
        each_alone(
            &[known.known(1)],
            &[
                (anew(record.clone()).record(LYCEE, 9), backed),
                (record.clone().bare().record(LYCEE, 9), alone),
            ],
        );
    }
}

const SAME: &str = "=1 Corroborated";
const TOO_LITTLE: &str = "? Resembles(TooLittle)";

#[test]
fn lost_accents_capitals_and_signs_are_no_difference() {
    let accents = ines().family("Lefèvre-d’Œuvre").given("Maëlle-Zoé");
    for (family, given) in [
        ("LEFEVRE D'OEUVRE", "MAELLE ZOE"),
        ("LEFÈVRE D OEUVRE", "Maëlle  Zoé"),
        ("Lefevre--DOeuvre", "MAELLEZOE"),
        ("LefÃ¨vre-dâ€™Å’uvre", "MaÃ«lle-ZoÃ©"),
    ] {
        let other = ines().family(family).given(given);
        written_twice(&accents, &other, SAME, TOO_LITTLE);
    }
}

#[test]
fn a_compound_first_name_is_truncated_or_spaced_anew() {
    let whole = ines().given("Marie-Charlotte").second("Rose");
    written_twice(&whole, &ines().given("MARIE CHARLOTTE").second("Rose"), SAME, TOO_LITTLE);
    // `Marie` alone is another name as well: asked about, and never made anew.
    for part in ["Marie", "Charlotte", "MARIE-CHARL", "MARIECHARL"] {
        let part = ines().given(part).second("Rose");
        written_twice(&whole, &part, SAME, "? Resembles(Truncated)");
    }
    // `Jean` may be `Jean-Paul` or `Jean-Marc`; these two are not one.
    let jean_paul = ines().given("Jean-Paul");
    written_twice(&jean_paul, &ines().given("Jean"), SAME, "? Resembles(Truncated)");
    let twins = "? Resembles(TwinsShape)";
    written_twice(&jean_paul, &ines().given("Jean-Marc").second("Luc"), twins, twins);
}

#[test]
fn a_double_name_is_turned_cut_or_has_its_particle_lost() {
    let double = ines().family("Durand-Moreau");
    for other in ["MOREAU DURAND", "Moreau--Durand", "DURAND", "Moreau", "DURANDMOR"] {
        let other = ines().family(other);
        written_twice(&double, &other, SAME, TOO_LITTLE);
    }
    let particle = ines().family("de La Fontaine");
    written_twice(&particle, &ines().family("FONTAINE"), SAME, TOO_LITTLE);
    written_twice(&particle, &ines().family("DELAFONTAINE"), SAME, TOO_LITTLE);
}

#[test]
fn a_usage_name_is_dropped_or_written_for_the_family_name() {
    let both = ines().family("Durand").usage("Petit");
    written_twice(&both, &ines().family("DURAND"), SAME, TOO_LITTLE);
    written_twice(&both, &ines().family("PETIT"), SAME, TOO_LITTLE);
    written_twice(&both, &ines().family("Petit").usage("Durand"), SAME, TOO_LITTLE);
    written_twice(&both, &ines().family("Leroy").usage("Petit"), SAME, TOO_LITTLE);
    // Of a usage name that was two names, one.
    let long = ines().family("Durand").usage("Petit-Lemoine");
    written_twice(&long, &ines().family("LEMOINE"), SAME, TOO_LITTLE);
}

#[test]
fn first_and_second_first_names_are_exchanged() {
    let turned = ines().given("Marie").second("Inès");
    written_twice(&ines(), &turned, SAME, TOO_LITTLE);
    // Only the second one is written. A twin may bear it too: with names and date, it is no proof.
    let only = ines().given("Marie").bare();
    let records = [(only.clone().from(COLLEGE), SAME), (only, TOO_LITTLE)];
    each_alone(&[ines().known(1)], &records.map(|(one, told)| (one.record(LYCEE, 9), told)));
}

#[test]
fn names_and_first_names_are_exchanged() {
    let crossed = ines().family("INES").given("VANDROMME");
    written_twice(&ines(), &crossed, SAME, "? Resembles(NamesExchanged)");
    let one_piece = crossed.bare().from(COLLEGE);
    let alone = "? Resembles(NamesExchanged)";
    each_alone(&[ines().known(1)], &[(one_piece.record(LYCEE, 9), alone)]);
}

#[test]
fn a_date_is_mistyped() {
    for (year, month, day) in [(2010, 12, 3), (2010, 3, 13), (2010, 3, 21), (2001, 3, 12)] {
        let other = ines().born(year, month, day);
        written_twice(&ines(), &other, SAME, TOO_LITTLE);
    }
    // Two digits: as good as another day. The rest decides whether anybody is asked.
    let other = ines().born(2011, 3, 13);
    written_twice(&ines(), &other, "? Resembles(NotCompatible)", "+2");
}

#[test]
fn letters_are_mistyped_left_out_and_doubled() {
    for (family, given) in [
        ("VANDROME", "Inès"),
        ("VNADROMME", "Inès"),
        ("VANDROMNE", "Inès"),
        ("Vandromme", "INNES"),
        ("VANDROME", "INNES"),
    ] {
        let other = ines().family(family).given(given);
        // Another first name, and nothing but the date beside: a twin's, among so few people.
        let alone = if (family, given) == ("Vandromme", "INNES") {
            "? Resembles(TwinsShape)"
        } else {
            TOO_LITTLE
        };
        written_twice(&ines(), &other, SAME, alone);
    }
}

#[test]
fn lost_bytes_are_asked_about_whatever_the_evidence() {
    for (family, given) in [("VANDROMME", "In?s"), ("VANDROMM\u{FFFD}", "Inès")] {
        let other = ines().family(family).given(given);
        let asked = "? Resembles(NameDamaged)";
        written_twice(&ines(), &other, asked, asked);
    }
}

#[test]
fn an_ine_with_one_wrong_digit_is_another_ine() {
    let wrong = ines().ine("AB1").level(10, 2026).from(COLLEGE);
    let known = ines().ine("AB2").known(1);
    let alone = wrong.clone().bare().ine("AB1");
    let records = [(wrong.record(LYCEE, 9), SAME), (alone.record(LYCEE, 9), TOO_LITTLE)];
    each_alone(std::slice::from_ref(&known), &records);
    // In the file of the school where the pupil is, the school's number outweighs it.
    let number = "=1 NumberAndBirthDate";
    each_alone(&[known], &[(ines().ine("AB1").record(COLLEGE, 1), number)]);
}

#[test]
fn what_is_missing_is_neither_for_nor_against() {
    let known = ines().known(1);
    let bare = ines().bare();
    each_alone(
        &[known],
        &[
            (bare.clone().second("Marie").record(LYCEE, 9), SAME),
            (bare.clone().place(59_350).record(LYCEE, 9), SAME),
            (bare.clone().from(COLLEGE).record(LYCEE, 9), SAME),
            (bare.clone().record(LYCEE, 9), TOO_LITTLE),
            // The INE needs no trait.
            (bare.ine("A").record(LYCEE, 9), "=1 IneAndBirthDate"),
        ],
    );
}
