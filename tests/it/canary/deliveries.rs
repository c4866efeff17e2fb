//! Deliveries with a canary in every field that must be dropped, and in those of files that must
//! be refused whole (requirements 3.3, formats 1.2, 2.4, 2.5, 2.6).

use rentree::academy::keys;

use super::super::folder::{BAIE, BEFFROI, Folder};

/// How every canary of a dropped field begins; the name of the field follows.
pub(crate) const MARK: &str = "QXZV";
/// The code of a class, which is kept.
pub(crate) const KEPT: &str = "2WQK";
/// Names of pupils and staff, which are kept, but in no log.
pub(crate) const NAMES: [&str; 8] =
    ["KWYJIBO", "ZORGLUB", "FANTASIO", "LONGTARIN", "SPIROUX", "BARBAPAPA", "GONTRAN", "PROSPERO"];
/// Year, month, day of the birth of each of them. The last one is not plausible.
pub(crate) const BIRTHS: [[&str; 3]; 5] = [
    ["2010", "02", "27"],
    ["2009", "10", "19"],
    ["1961", "07", "23"],
    ["1972", "11", "13"],
    ["1911", "05", "17"],
];
/// Numbers in clear, good and bad ones.
pub(crate) const INES: [&str; 6] =
    ["990000777EB", "9900000777K", "990000778EA", "990000779DK", "99ZZ000780C", "990000781DH"];

/// Each element with a canary of its own.
fn canaries(list: &str) -> String {
    list.split_whitespace().map(|tag| format!("<{tag}>{MARK}{tag}</{tag}>\n")).collect()
}

/// Every element of a pupil that must be dropped, and some that no list knows.
fn private() -> String {
    let own = canaries(
        "PRENOM2 PRENOM3 CODE_SEXE CODE_MOTIF_SORTIE CODE_PAYS_NAT CODE_PAYS VILLE_NAISS \
         CODE_DEPARTEMENT_NAISS CODE_COMMUNE_INSEE_NAISS TEL_PERSONNEL TEL_PORTABLE \
         TEL_PROFESSIONNEL MEL ACCEPTE_SMS CODE_REGIME ADHESION_TRANSPORT DOUBLEMENT \
         CODE_PROVENANCE DATE_MODIFICATION ID_PRV_ELE NUMEN NIR PHOTO PAI",
    );
    let last_year = canaries(
        "CODE_MEF CODE_STRUCTURE CODE_RNE CODE_NATURE SIGLE DENOM_PRINC DENOM_COMPL \
         LIGNE1_ADRESSE LIGNE2_ADRESSE CODE_POSTAL VILLE TELEPHONE MEL",
    );
    format!(
        "{own}<SCOLARITE_AN_DERNIER>{last_year}</SCOLARITE_AN_DERNIER><!-- {MARK}COMMENT -->\n\
         <INCONNU {MARK}NAME=\"{MARK}VALUE\">{MARK}INCONNU<A>{MARK}DEEP</A></INCONNU>\n"
    )
}

fn pupil(id: u32, kept: &str) -> String {
    format!("<ELEVE ELEVE_ID=\"{id}\" ELENOET=\"{}\">{kept}{}</ELEVE>\n", id - 9_900_000, private())
}

/// A pupils' file; the variant with addresses has them.
fn siecle(uai: &str, stamp: &str, pupils: &str, class: &str, addresses: bool) -> Vec<u8> {
    let ids = pupils.split("ELEVE_ID=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let structures: String = ids
        .map(|id| {
            format!(
                "<STRUCTURES_ELEVE ELEVE_ID=\"{id}\"><STRUCTURE><CODE_STRUCTURE>{class}\
                 </CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE>\
                 </STRUCTURES_ELEVE>\n"
            )
        })
        .collect();
    let home = canaries(
        "LIGNE1_ADRESSE LIGNE2_ADRESSE LIGNE3_ADRESSE LIGNE4_ADRESSE CODE_POSTAL LIBELLE_POSTAL \
         CODE_PAYS LL_PAYS CODE_COMMUNE_INSEE CODE_DEPARTEMENT COMMUNE_ETRANGERE",
    );
    let homes = if addresses {
        format!("<ADRESSES><ADRESSE ADRESSE_ID=\"{MARK}ADRESSE\">{home}</ADRESSE></ADRESSES>")
    } else {
        String::new()
    };
    let options = canaries("NUM_OPTION CODE_MODALITE_ELECT CODE_MATIERE");
    let grants = canaries("CODE_BOURSE NOMBRE_PARTS MONTANT");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_ELEVES VERSION=\"3.0\"><PARAMETRES>\
         <UAJ>{uai}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><HORODATAGE>{stamp}</HORODATAGE>\
         </PARAMETRES><DONNEES><ELEVES>\n{pupils}</ELEVES>{homes}<OPTIONS>\
         <OPTION ELEVE_ID=\"9900001\"><OPTIONS_ELEVE>{options}</OPTIONS_ELEVE></OPTION></OPTIONS>\
         <STRUCTURES>\n{structures}</STRUCTURES><BOURSES><BOURSE ELEVE_ID=\"9900001\">{grants}\
         </BOURSE></BOURSES></DONNEES></BEE_ELEVES>\n"
    )
    .into_bytes()
}

/// A staff file with pay, career and card of the school.
fn sts() -> Vec<u8> {
    let card = canaries(
        "SIGLE DENOM_PRINC DENOM_COMPL CODE_NATURE CODE_CATEGORIE STATUT ETABLISSEMENT_SENSIBLE \
         ADRESSE COMMUNE CODE_POSTAL BOITE_POSTALE CEDEX TELEPHONE",
    );
    let person = canaries("SEXE CIVILITE GRADE NUMEN NIR INDEMNITES");
    let discipline = format!(
        "<DISCIPLINES><DISCIPLINE CODE=\"{MARK}DISCIPLINE\">{}</DISCIPLINE></DISCIPLINES>",
        canaries("LIBELLE_COURT NB_HEURES")
    );
    let mef = format!(
        "<MEFS_APPARTENANCE><MEF_APPARTENANCE CODE=\"{MARK}MEF\">{MARK}MEF</MEF_APPARTENANCE>\
         </MEFS_APPARTENANCE>"
    );
    let subject = canaries("CODE_GESTION LIBELLE_COURT LIBELLE_LONG LIBELLE_EDITION");
    let individual = |tag: &str, id: u32, names: &str, born: [&str; 3]| {
        let [year, month, day] = born;
        format!(
            "<{tag} ID=\"{id}\" TYPE=\"epp\" NUMEN=\"{MARK}NUMEN\">{names}<DATE_NAISSANCE>\
             {year}-{month}-{day}</DATE_NAISSANCE><FONCTION>ENS</FONCTION>{person}{discipline}\
             </{tag}>\n"
        )
    };
    let [.., usage, birth, given, other] = NAMES;
    let first = format!(
        "<NOM_USAGE>{usage}</NOM_USAGE><NOM_PATRONYMIQUE>{birth}</NOM_PATRONYMIQUE>\
         <PRENOM>{given}</PRENOM>"
    );
    let second = format!("<NOM_USAGE>{other}</NOM_USAGE><PRENOM>{given}</PRENOM>");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<STS_EDT><PARAMETRES><UAJ CODE=\"{BEFFROI}\">\
         <ACADEMIE>{}</ACADEMIE>{card}</UAJ><ANNEE_SCOLAIRE ANNEE=\"2026\">{}</ANNEE_SCOLAIRE>\
         </PARAMETRES><NOMENCLATURES><MATIERES><MATIERE CODE=\"{MARK}MATIERE\">{subject}</MATIERE>\
         </MATIERES><PROGRAMMES>{}</PROGRAMMES></NOMENCLATURES><DONNEES><INDIVIDUS>\n{}</INDIVIDUS>\
         <SUPPLEANTS>\n{}</SUPPLEANTS><STRUCTURE><DIVISIONS><DIVISION CODE=\"{KEPT}\">{mef}\
         <SERVICES><SERVICE CODE_MATIERE=\"{MARK}MATIERE\" CODE_MOD_COURS=\"{MARK}MODE\">\
         <ENSEIGNANTS><ENSEIGNANT ID=\"31762\" TYPE=\"epp\"><NB_HEURES>{MARK}HOURS</NB_HEURES>\
         </ENSEIGNANT></ENSEIGNANTS></SERVICE></SERVICES></DIVISION></DIVISIONS></STRUCTURE>\
         </DONNEES></STS_EDT>\n",
        canaries("CODE LIBELLE"),
        canaries("DATE_DEBUT DATE_FIN"),
        canaries("CODE_MEF CODE_MATIERE"),
        individual("INDIVIDU", 31_762, &first, BIRTHS[2]),
        individual("SUPPLEANT", 40_017, &second, BIRTHS[3]),
    )
    .into_bytes()
}

fn structures() -> Vec<u8> {
    let inside = canaries("CODE_RNE CODE_CONTRAT");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_STRUCTURES VERSION=\"2.0\"><PARAMETRES>\
         <UAJ>{BEFFROI}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><HORODATAGE>07/09/2026 20:40:00\
         </HORODATAGE></PARAMETRES><DONNEES><DIVISIONS><DIVISION CODE_STRUCTURE=\"{KEPT}\">\
         <LIBELLE_LONG>SECONDE</LIBELLE_LONG>{inside}<MEFS_APPARTENANCE><MEF_APPARTENANCE>{}\
         </MEF_APPARTENANCE></MEFS_APPARTENANCE></DIVISION></DIVISIONS><GROUPES/></DONNEES>\
         </BEE_STRUCTURES>\n",
        canaries("CODE_MEF")
    )
    .into_bytes()
}

/// Parents: refused whole, names and all.
fn guardians() -> Vec<u8> {
    let person = canaries(
        "LC_CIVILITE LL_CIVILITE NOM_DE_FAMILLE NOM_USAGE PRENOM TEL_PERSONNEL TEL_PORTABLE \
         TEL_PROFESSIONNEL MEL ADRESSE_ID",
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_RESPONSABLES VERSION=\"2.1\"><PARAMETRES>\
         <UAJ>{BEFFROI}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES><DONNEES><PERSONNES>\
         <PERSONNE PERSONNE_ID=\"{MARK}PERSONNE\">{person}</PERSONNE></PERSONNES></DONNEES>\
         </BEE_RESPONSABLES>\n"
    )
    .into_bytes()
}

/// The pupils of the first school on one of the evenings.
fn pupils(second: bool) -> String {
    let [family, usage, given, other, ..] = NAMES;
    let [first, bea, fourth, fifth, bad, last] = INES;
    let birth = |rank: usize| {
        let [year, month, day] = BIRTHS[rank];
        format!("<DATE_NAISS>{day}/{month}/{year}</DATE_NAISS>")
    };
    let good = format!(
        "<ID_NATIONAL>{first}</ID_NATIONAL><INE_BEA>{bea}</INE_BEA><INE_RNIE>{first}</INE_RNIE>\
         <NOM_DE_FAMILLE>{family}</NOM_DE_FAMILLE><NOM_USAGE>{usage}</NOM_USAGE><PRENOM>{given}\
         </PRENOM>{}",
        birth(0)
    );
    let left = if second { "<DATE_SORTIE>08/09/2026</DATE_SORTIE>" } else { "" };
    let other = |ine: &str, given: &str, born: String| {
        format!(
            "<ID_NATIONAL>{ine}</ID_NATIONAL><NOM_DE_FAMILLE>{other}</NOM_DE_FAMILLE>\
             <PRENOM>{given}</PRENOM>{born}"
        )
    };
    [
        pupil(9_900_001, &format!("{good}{left}")),
        pupil(9_900_002, &other(fourth, "Zoé", birth(1))),
        // A number of no known form; a sign that a terminal would obey, and a line of its own.
        pupil(9_900_003, &other(bad, "Zoé&#x9b;31m&#10;Ana", birth(1))),
        // Born too early to be a pupil; and two records with one number.
        pupil(9_900_004, &other(last, "Léa", birth(4))),
        pupil(9_900_005, &other(fifth, "Luc", birth(1))),
        pupil(9_900_006, &other(fifth, "Noé", birth(0))),
        pupil(9_900_007, &other("", "Eve", format!("<DATE_NAISS>{MARK}BIRTH</DATE_NAISS>"))),
    ]
    .concat()
}

/// Everything, in both variants, and what must be refused.
pub(crate) fn first_evening(folder: &Folder) {
    assert_eq!(INES[0], keys::ine(777), "a good key");
    let stamp = "07/09/2026 20:30:00";
    folder.deliver("a/eleves.xml", &siecle(BEFFROI, stamp, &pupils(false), KEPT, false));
    folder.deliver("a/sts.xml", &sts());
    folder.deliver("a/structures.xml", &structures());
    folder.deliver("a/responsables.xml", &guardians());
    let other = format!(
        "<ID_NATIONAL>{}</ID_NATIONAL><NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE><PRENOM>Ana</PRENOM>\
         <DATE_NAISS>19/10/2009</DATE_NAISS><ADRESSE_ID>{MARK}ADRESSE</ADRESSE_ID>",
        keys::ine(790),
        NAMES[3]
    );
    let with = siecle(BAIE, stamp, &pupil(9_900_101, &other), "1G3", true);
    folder.deliver("b/eleves.xml", &with);
    // Broken in the middle of what is dropped: the message must not quote it.
    let text = String::from_utf8(with).unwrap();
    let mel = format!("<MEL>{MARK}MEL</MEL>");
    for (rank, wrong) in ["<MEL>QXZVTAG</LEM>", "<MEL>&QXZVENTITY;</MEL>", "<MEL a=QXZVQUOTE>"]
        .into_iter()
        .enumerate()
    {
        let text = text.replacen(&mel, wrong, 1);
        folder.deliver(&format!("b/broken-{rank}.xml"), text.as_bytes());
    }
    let declared =
        text.replacen("<BEE_ELEVES", "<!DOCTYPE a [<!ENTITY b 'QXZVDTD'>]><BEE_ELEVES", 1);
    folder.deliver("b/doctype.xml", declared.as_bytes());
}

/// A pupil leaves: entries change, findings stay.
pub(crate) fn second_evening(folder: &Folder) {
    let file = siecle(BEFFROI, "08/09/2026 20:30:00", &pupils(true), KEPT, false);
    folder.deliver_at("c/eleves.xml", &file, "2026-09-08T19:00:00Z");
}
