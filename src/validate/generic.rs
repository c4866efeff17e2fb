//! Names of nobody: accounts are nominative and individual.

use super::fold::plain;

/// Words that make a name generic when nothing else in it is a person's.
const ANCHORS: &[&str] = &[
    "ACCUEIL",
    "ADMIN",
    "ADMINISTRATEUR",
    "ADMINISTRATION",
    "ANONYME",
    "ATELIER",
    "CDI",
    "CLASSE",
    "COMPTE",
    "DEMO",
    "DIRECTION",
    "ELEVE",
    "ELEVES",
    "ENSEIGNANT",
    "ENSEIGNANTE",
    "ESSAI",
    "EXAM",
    "EXAMEN",
    "FICTIF",
    "FORMATION",
    "GENERIQUE",
    "GUEST",
    "INCONNU",
    "INCONNUE",
    "INFIRMERIE",
    "INTENDANCE",
    "INTERNAT",
    "INVITE",
    "LABO",
    "LABORATOIRE",
    "POSTE",
    "PROF",
    "PROFS",
    "PROFESSEUR",
    "PROFESSEURS",
    "REMPLACANT",
    "REMPLACANTE",
    "SALLE",
    "SECRETARIAT",
    "STAGE",
    "STAGES",
    "STAGIAIRE",
    "STAGIAIRES",
    "SUPPLEANT",
    "SUPPLEANTE",
    "SURVEILLANT",
    "TEST",
    "TESTS",
    "TPE",
    "USER",
    "UTILISATEUR",
    "VACATAIRE",
    "VISITEUR",
    "XX",
    "XXX",
    "XXXX",
];

/// Words that say nothing of a person beside an anchor: « PROF DE MATHS », « VIE SCOLAIRE TEST ».
const FILLERS: &[&str] = &[
    "ALLEMAND",
    "ANGLAIS",
    "ARTS",
    "AU",
    "AUX",
    "BIS",
    "D",
    "DE",
    "DES",
    "DU",
    "ECO",
    "EPS",
    "ESPAGNOL",
    "ET",
    "FRANCAIS",
    "HISTOIRE",
    "INFO",
    "INFORMATIQUE",
    "L",
    "LA",
    "LE",
    "LES",
    "MATH",
    "MATHS",
    "MUSIQUE",
    "N",
    "NO",
    "NOM",
    "NOUVEAU",
    "NOUVELLE",
    "NUMERO",
    "PHYSIQUE",
    "PRENOM",
    "SANS",
    "SCIENCES",
    "SCOLAIRE",
    "SVT",
    "TECHNO",
    "VIE",
];

/// Whether surname and first name *together* name nobody. A person who is really called « Salle »
/// has a first name that says so.
pub(super) fn is_generic(called: &str, given: &str) -> bool {
    let (mut words, mut anchored) = (0, false);
    for word in tokens(&plain(&format!("{called} {given}"))) {
        words += 1;
        let anchor = ANCHORS.contains(&word.as_str());
        let number = word.chars().all(|sign| sign.is_ascii_digit());
        let letter = word.chars().count() == 1;
        if !(anchor || number || letter || FILLERS.contains(&word.as_str())) {
            return false;
        }
        anchored |= anchor;
    }
    words > 0 && anchored
}

/// Words and numbers: `SALLE12` is two.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut last = ' ';
    for sign in text.chars() {
        if sign.is_alphanumeric() {
            let joins = last.is_alphanumeric() && last.is_numeric() == sign.is_numeric();
            match tokens.last_mut().filter(|_| joins) {
                Some(token) => token.push(sign),
                None => tokens.push(sign.to_string()),
            }
        }
        last = sign;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nobody_are_generic() {
        //
        for (called, given) in [
            ("PROF", "PROF"),
            ("SALLE", "12"),
            ("SALLE12", "SALLE12"),
            ("ELEVE1", ""),
            ("Élève", "Test"),
            ("STAGE", "Stage"),
            ("TEST", "test"),
            ("ADMIN", "Admin"),
            ("PROF", "de Maths"),
            ("STAGIAIRE", "n°2"),
            ("SALLE", "B"),
            ("COMPTE", "Générique"),
            ("XXX", "XXX"),
            ("SANS NOM", "Inconnu"),
            ("PROF_ANGLAIS", "1"),
        ] {
            assert!(is_generic(called, given), "{called} {given}");
        }
    }

    #[test]
    fn a_person_with_such_a_surname_is_a_person() {
        for (called, given) in [
            ("SALLE", "Marie"),
            ("Stage", "Paul"),
            ("TEST", "Anne"),
            ("LABO", "Jean-Luc"),
            ("PROF", "Ivan"),
            ("ANGLAIS", "D."),
            ("LE", "La"),
            ("A", "B"),
            ("LEGRAND", "Test"),
            ("NOUVEAU", "Sans ine"),
            ("", ""),
        ] {
            assert!(!is_generic(called, given), "{called} {given}");
        }
    }
}
