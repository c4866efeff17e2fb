//! Requirements 3.3: what is not on the allow-list leaves no trace behind the door.

use super::*;

const CANARY: &str = "CANARI";

/// Every element of `list` with the canary as its text.
fn with_canary(list: &str) -> String {
    list.split_whitespace().map(|name| format!("<{name}>{CANARY}</{name}>")).collect()
}

#[track_caller]
fn no_canary(ingested: &Ingested) {
    let debug = format!("{ingested:?}");
    assert!(!debug.to_uppercase().contains(CANARY), "{debug}");
    let json = serde_json::to_string(&(&ingested.header, &ingested.content, &ingested.findings));
    assert!(!json.unwrap().to_uppercase().contains(CANARY));
}

#[test]
fn no_dropped_field_of_a_pupil_passes_the_door() {
    let dropped = with_canary(
        "PRENOM2 PRENOM3 CODE_SEXE CODE_MOTIF_SORTIE CODE_PAYS_NAT CODE_PAYS VILLE_NAISS \
         CODE_DEPARTEMENT_NAISS CODE_COMMUNE_INSEE_NAISS TEL_PERSONNEL TEL_PORTABLE \
         TEL_PROFESSIONNEL MEL ACCEPTE_SMS CODE_REGIME ADHESION_TRANSPORT DOUBLEMENT \
         CODE_PROVENANCE DATE_MODIFICATION ADRESSE_ID ID_PRV_ELE",
    );
    let last_year = with_canary(
        "CODE_MEF CODE_STRUCTURE CODE_RNE CODE_NATURE SIGLE DENOM_PRINC DENOM_COMPL \
         LIGNE1_ADRESSE TELEPHONE",
    );
    // Among those that no list knows, and in values that the parser complains of.
    let odd = format!(
        "<NUMEN>{CANARY}</NUMEN><NIR x=\"{CANARY}\">{CANARY}</NIR>{CANARY}<!-- {CANARY} -->\
         <ID_NATIONAL>{CANARY}</ID_NATIONAL><INE_BEA>99{CANARY}123</INE_BEA>\
         <INE_RNIE>990000001EC</INE_RNIE><DATE_SORTIE>{CANARY}</DATE_SORTIE>"
    );
    let address = with_canary("LIGNE1_ADRESSE LIGNE2_ADRESSE CODE_POSTAL LIBELLE_POSTAL");
    let fields = format!("{dropped}<SCOLARITE_AN_DERNIER>{last_year}</SCOLARITE_AN_DERNIER>{odd}");
    let xml = pupil_with(&fields).replace(
        "</ELEVES>",
        &format!(
            "</ELEVES><ADRESSES><ADRESSE ADRESSE_ID=\"{CANARY}\">{address}</ADRESSE></ADRESSES>\
             <OPTIONS><OPTION><CODE_MATIERE>{CANARY}</CODE_MATIERE></OPTION></OPTIONS>\
             <BOURSES>{CANARY}</BOURSES>"
        ),
    );
    let read = good(&xml);
    assert_eq!(pupils(&read)[0].names.family, "LEROY");
    no_canary(&read);
    // Nor does a number in clear: those that are kept are hashes.
    assert!(!format!("{read:?}").contains("990000001"));
    assert_eq!(pupils(&read)[0].ine.len(), 2);
}

#[test]
fn no_dropped_field_of_staff_or_school_passes_the_door() {
    let person = with_canary("SEXE CIVILITE GRADE NUMEN");
    let card = with_canary(
        "SIGLE DENOM_PRINC DENOM_COMPL ADRESSE COMMUNE CODE_POSTAL TELEPHONE CODE_NATURE STATUT",
    );
    let xml = format!(
        "<STS_EDT><PARAMETRES><UAJ CODE=\"0599990N\"><ACADEMIE>{CANARY}</ACADEMIE>{card}</UAJ>\
         <ANNEE_SCOLAIRE ANNEE=\"2026\"><DATE_DEBUT>{CANARY}</DATE_DEBUT></ANNEE_SCOLAIRE>\
         </PARAMETRES><NOMENCLATURES><MATIERES>{CANARY}</MATIERES></NOMENCLATURES><DONNEES>\
         <INDIVIDUS><INDIVIDU ID=\"1\" NUMEN=\"{CANARY}\"><NOM_USAGE>ROY</NOM_USAGE>\
         <PRENOM>Ana</PRENOM>{person}<DATE_NAISSANCE>{CANARY}</DATE_NAISSANCE>\
         <DISCIPLINES><DISCIPLINE CODE=\"{CANARY}\"><NB_HEURES>{CANARY}</NB_HEURES></DISCIPLINE>\
         </DISCIPLINES></INDIVIDU></INDIVIDUS>\
         <STRUCTURE><DIVISIONS><DIVISION CODE=\"2A\"><MEFS_APPARTENANCE>{CANARY}\
         </MEFS_APPARTENANCE><SERVICES><SERVICE CODE_MATIERE=\"{CANARY}\"><ENSEIGNANTS>\
         <ENSEIGNANT ID=\"1\"><NB_HEURES>{CANARY}</NB_HEURES></ENSEIGNANT></ENSEIGNANTS></SERVICE>\
         </SERVICES></DIVISION></DIVISIONS></STRUCTURE></DONNEES></STS_EDT>"
    );
    let read = good(&xml);
    assert_eq!(structures(&read)[0].teachers.len(), 1);
    no_canary(&read);
}
