use super::*;
use crate::model::delivery::{Counts, Source};
use crate::model::finding::{self as kind, Place};
use crate::model::ids::SchoolYear;
use crate::validate::fixture::lycee;
use jiff::civil::date;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

fn school() -> School {
    lycee("0590001F")
}

fn pupils_file() -> DeliveryLine {
    DeliveryLine {
        name: "lille/eleves.zip!ElevesSansAdresses.xml".to_owned(),
        uai: "0590001F".parse().ok(),
        source: Some(Source::SieclePupils),
        school_year: Some(SchoolYear(2026)),
        exported_at: "2026-09-15T19:04:11Z".parse().ok(),
        received_at: "2026-09-16T06:00:00Z".parse().unwrap(),
        status: Status::Current,
        counts: Counts { read: 1000, accepted: 997, quarantined: 2, rejected: 1 },
    }
}

fn with<T>(
    deliveries: &[DeliveryLine],
    findings: &[Finding],
    tell: fn(&SchoolReport<'_>) -> T,
) -> T {
    let zone = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap();
    let school = school();
    tell(&SchoolReport {
        school: &school,
        on: date(2026, 9, 16),
        zone: &zone,
        deliveries,
        findings,
    })
}

#[test]
fn a_report_says_what_was_read_what_is_wrong_and_what_to_do() {
    //
    let file = "lille/eleves.zip!ElevesSansAdresses.xml";
    let findings = [
        kind::INE_MISSING.at(Place::line(file, 7)).with("id", "1900001"),
        kind::NO_DIVISION.at(Place::line(file, 12)).with("id", "1826500"),
        kind::BIRTHDATE_MISSING
            .at(Place::line(file, 30))
            .with("id", "1559191")
            .with("class", "2 A"),
        kind::NO_DIVISION.at(Place::line(file, 9)).with("id", "1826501"),
        kind::DELIVERY_MISSING
            .at(Place::default())
            .with("missing", "STSWeb")
            .with("year", SchoolYear(2026)),
    ];
    let expect = "\
Lycée Albertine Sarrazin (Lille), UAI 0590001F
Rapport du 16/09/2026

Fichiers reçus
  lille/eleves.zip!ElevesSansAdresses.xml : Siècle, élèves, année 2026-2027, exporté le 15/09/2026 \
        à 21:04, reçu le 16/09/2026 à 08:00 (en service)
    fiches lues 1000 = acceptées 997 + mises de côté 2 + rejetées 1

Pour l'établissement
  [à corriger] Fichier attendu et non reçu pour l'année 2026-2027 : STSWeb. \
        Aucun compte n'est supprimé pour autant.
    → Faites cet export. Pour STSWeb, pensez à exporter les données vers Siècle \
        (case à cocher dans STSWeb).

lille/eleves.zip!ElevesSansAdresses.xml
  [mis de côté] ligne 30 : Fiche n° 1559191 (classe 2 A) : la date de naissance manque.
    → Complétez la date de naissance dans Siècle, puis exportez de nouveau.
  [à corriger] ligne 9 : Fiche n° 1826501 : l'élève n'a pas de classe. \
        Son compte existe, sans espace de classe.
  [à corriger] ligne 12 : Fiche n° 1826500 : l'élève n'a pas de classe. \
        Son compte existe, sans espace de classe.
    → Affectez l'élève à une classe dans Siècle, puis exportez de nouveau.
  [pour information] ligne 7 : Fiche n° 1900001 : l'INE manque. L'élève est reconnu autrement.
    → Demandez l'immatriculation de l'élève : l'INE évite les comptes en double \
        au changement d'établissement.
";
    assert_eq!(with(&[pupils_file()], &findings, text), expect);
}

#[test]
fn a_sound_school_is_thanked() {
    let said = with(&[pupils_file()], &[], text);
    assert!(said.ends_with("\nRien à corriger : merci pour la qualité de vos données.\n"));
    // A note asks for nothing.
    let note = [kind::PUPIL_LEFT.at(Place::default()).with("count", 3)];
    assert!(with(&[pupils_file()], &note, text).contains("Rien à corriger"));
    let fault = [kind::NO_DIVISION.at(Place::default())];
    assert!(!with(&[pupils_file()], &fault, text).contains("Rien à corriger"));
}

#[test]
fn a_long_list_is_cut_in_the_text_and_whole_in_the_csv() {
    let place = |line| Place::line("eleves.xml", line);
    let findings: Vec<Finding> =
        (1..=500).map(|line| kind::NO_DIVISION.at(place(line)).with("id", line)).collect();
    let said = with(&[], &findings, text);
    assert!(said.contains("… et 480 autres semblables : voir le fichier CSV."));
    assert_eq!(said.matches("l'élève n'a pas de classe").count(), 20);
    let table = with(&[], &findings, csv).unwrap();
    assert_eq!(table.lines().count(), 501);
}

#[test]
fn the_csv_quotes_every_field_and_holds_no_formula() {
    // SEC-35.
    let findings =
        [kind::WRONG_ROOT.at(Place::file("=cmd|' /C calc'!A0.xml")).with("root", "a\"b")];
    let expect = concat!(
        "\u{FEFF}\"uai\";\"établissement\";\"fichier\";\"ligne\";\"gravité\";\"code\";",
        "\"anomalie\";\"à faire\"\r\n",
        "\"0590001F\";\"Lycée Albertine Sarrazin\";\"'=cmd|' /C calc'!A0.xml\";\"\";",
        "\"fichier refusé\";\"wrong-root\";",
        "\"Ce fichier XML n'est pas un export attendu : il commence par « a\"\"b ».\";",
        "\"Envoyez les exports « ElevesSansAdresses » et « Structures » de Siècle, ",
        "et l'export « Emploi du temps » de STSWeb.\"\r\n",
    );
    assert_eq!(with(&[], &findings, csv).unwrap(), expect);
}

proptest! {
    /// SEC-24, SEC-35: whatever a file is called and says, the report stays one line a finding,
    /// and no cell begins like a formula.
    #[test]
    fn hostile_facts_stay_inside_their_line(name in ".{0,20}", id in "[=@\\n\\r\\t;\"a]{0,8}") {
        let findings = [kind::ID_DUPLICATED.at(Place::line(&name, 3)).with("id", &id)];
        let said = with(&[], &findings, text);
        prop_assert!(!said.chars().any(|sign| sign.is_control() && sign != '\n'));
        prop_assert!(said.lines().count() <= 10);
        let table = with(&[], &findings, csv).unwrap();
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(table.as_bytes());
        for row in reader.records().map(Result::unwrap) {
            prop_assert_eq!(row.len(), 8);
            prop_assert!(row.iter().all(|cell| safe_cell(cell) == cell));
        }
    }
}

#[test]
fn a_place_is_never_cut() {
    // what is cut cannot be found.
    let file = format!("{}/ExportXML_ElevesSansAdresses.zip!eleves.xml", "dossier/".repeat(20));
    let findings = [kind::DELIVERY_MISSING.at(Place::line(&file, 9))];
    let school = school();
    let report = SchoolReport {
        school: &school,
        on: "2026-09-16".parse().unwrap(),
        zone: &TimeZone::UTC,
        deliveries: &[],
        findings: &findings,
    };
    assert!(text(&report).contains(&file) && csv(&report).unwrap().contains(&file));
}
