//! Formats section 2: headers, pupils, structures, nomenclature.

use jiff::civil::date;

use super::*;
use crate::model::ids::StructureKind;

#[test]
fn the_sample_of_pupils_is_read_whole() {
    let read = good(&sample("ElevesSansAdresses.xml"));
    assert_eq!(read.header.uai.as_str(), "0599990N");
    assert_eq!(read.header.school_year.0, 2026);
    assert_eq!(read.header.exported_at, "2026-09-07T19:04:11Z".parse().ok());
    assert_eq!(read.counts, Counts { read: 8, accepted: 7, quarantined: 0, rejected: 1 });
    assert_eq!(
        told(&read),
        [
            "structures-twice:15",
            "ine-placeholder:48",
            "birthdate-unreadable:48",
            "id-missing:51",
            "date-other-form:39",
            "structures-orphan:16",
        ]
    );
    assert!(read.findings.iter().all(|finding| finding.uai.as_ref() == Some(&read.header.uai)));
    let pupils = pupils(&read);
    let zoe = &pupils[0];
    assert_eq!((zoe.line, zoe.eleve_id.as_str()), (19, "9900001"));
    assert_eq!(zoe.local_number.as_deref(), Some("5496"));
    assert_eq!((zoe.names.family.as_str(), zoe.names.given.as_str()), ("D'HAESE", "Zoé Anne"));
    assert_eq!(zoe.names.usage, None);
    assert_eq!(zoe.birth_date, Some(date(2010, 12, 22)));
    assert_eq!(zoe.entered_on, Some(date(2026, 9, 1)));
    assert_eq!((zoe.mef.as_deref(), zoe.status.as_deref()), (Some("20010015110"), Some("ST")));
    // ID_NATIONAL and INE_RNIE are one number; INE_BEA is another.
    assert_eq!(zoe.ine.len(), 2);
    assert_eq!((codes(&zoe.divisions), codes(&zoe.groups)), (vec!["2 A"], vec!["2ANG.GR1"]));
    let names: Vec<&str> = pupils.iter().map(|pupil| pupil.names.family.as_str()).collect();
    assert_eq!(
        names[2..],
        [
            "LECŒUVRE-ŠIMŽÁK",
            "=HYPERLINK(\"http://example.org\")",
            "<script>alert(1)</script>",
            "../../etc/passwd",
            "ÉLÈVE",
        ]
    );
    assert_eq!(pupils[4].names.given, "O\u{2019}Neil \u{202e}lios");
    assert_eq!(pupils[6].names.given, "Noël");
}

#[test]
fn an_exited_pupil_stays_listed_with_class_and_exit_date() {
    let read = good(&sample("ElevesSansAdresses.xml"));
    let gone = &pupils(&read)[1];
    assert_eq!(gone.left_on, Some(date(2026, 9, 4)));
    assert_eq!(codes(&gone.divisions), ["2 A"]);
    assert_eq!(gone.names.called(), "ALI");
    // 31/12/9999 is no end.
    assert_eq!(pupils(&read)[2].left_on, None);
}

#[test]
fn the_number_given_by_another_school_is_dropped() {
    let check = |fields: &str, expect: Option<&str>| {
        let read = good(&pupil_with(fields));
        assert_eq!(pupils(&read)[0].local_number.as_deref(), expect, "{fields}");
    };
    check("<ELENOET>5496</ELENOET>", Some("5496"));
    check("<ELENOET>5496</ELENOET><ID_ELEVE_ETAB>05496599990</ID_ELEVE_ETAB>", Some("5496"));
    check("<ELENOET>8193</ELENOET><ID_ELEVE_ETAB>08193629990</ID_ELEVE_ETAB>", None);
    check("<ELENOET/>", None);
}

#[test]
fn structures_come_before_or_after_pupils_and_groups_before_divisions() {
    let eleves =
        "<ELEVES><ELEVE ELEVE_ID=\"1\"><NOM>LEROY</NOM><PRENOM>Ana</PRENOM></ELEVE></ELEVES>";
    let of = |kind: &str, code: &str| {
        format!(
            "<STRUCTURE><CODE_STRUCTURE>{code}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>{kind}</TYPE_STRUCTURE></STRUCTURE>"
        )
    };
    let block = format!(
        "<STRUCTURES><STRUCTURES_ELEVE ELEVE_ID=\"1\">{}{}{}{}{}{}</STRUCTURES_ELEVE></STRUCTURES>",
        of("G", "ANG"),
        of("D", " 2 B "),
        of("D", "Inactifs"),
        of("D", "2 A"),
        of("D", "2 B"),
        of("X", "9")
    );
    for data in [format!("{eleves}{block}"), format!("{block}{eleves}")] {
        let read = good(&pupils_with(&data));
        let pupil = &pupils(&read)[0];
        assert_eq!(
            (codes(&pupil.divisions), codes(&pupil.groups)),
            (vec!["2 B", "2 A"], vec!["ANG"])
        );
        assert_eq!(told(&read), ["structure-type-unknown:1"]);
    }
}

#[test]
fn the_class_of_last_year_is_never_taken_for_a_class() {
    let read = good(&pupil_with(
        "<SCOLARITE_AN_DERNIER><CODE_STRUCTURE>3 B</CODE_STRUCTURE></SCOLARITE_AN_DERNIER>",
    ));
    assert!(pupils(&read)[0].divisions.is_empty());
    assert!(read.findings.is_empty());
}

#[test]
fn of_two_blocks_the_first_is_kept() {
    let block = |code: &str| {
        format!(
            "<STRUCTURES_ELEVE ELEVE_ID=\"1\"><STRUCTURE><CODE_STRUCTURE>{code}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
        )
    };
    let read = good(&pupil_with("").replace(
        "</ELEVES>",
        &format!("</ELEVES><STRUCTURES>{}{}</STRUCTURES>", block("2A"), block("2B")),
    ));
    assert_eq!(codes(&pupils(&read)[0].divisions), ["2A"]);
    assert_eq!(told(&read), ["structures-twice:1"]);
    assert_eq!(read.findings[0].facts["id"], "1");
}

#[test]
fn structures_of_a_rejected_pupil_are_no_orphans() {
    let read = good(&pupils_with(
        "<ELEVES><ELEVE ELEVE_ID=\"1\"><PRENOM>Ana</PRENOM></ELEVE></ELEVES>\
         <STRUCTURES><STRUCTURES_ELEVE ELEVE_ID=\"1\"/><STRUCTURES_ELEVE ELEVE_ID=\"2\"/>\
         <STRUCTURES_ELEVE/></STRUCTURES>",
    ));
    assert_eq!(told(&read), ["name-missing:1", "structures-orphan:1"]);
    assert_eq!(read.findings[1].facts["count"], "2");
}

#[test]
fn names_fall_back_and_their_absence_rejects_the_row() {
    let check = |fields: &str, family: &str, usage: Option<&str>| {
        let xml = pupils_with(&format!("<ELEVES><ELEVE ELEVE_ID=\"1\">{fields}</ELEVE></ELEVES>"));
        let read = good(&xml);
        let names = &pupils(&read)[0].names;
        assert_eq!((names.family.as_str(), names.usage.as_deref()), (family, usage), "{fields}");
    };
    check("<NOM>LEROY</NOM><PRENOM>A</PRENOM>", "LEROY", None);
    check("<NOM_USAGE>ROY</NOM_USAGE><NOM>LEROY</NOM><PRENOM>A</PRENOM>", "LEROY", Some("ROY"));
    check("<NOM_USAGE>ROY</NOM_USAGE><NOM_DE_FAMILLE/><PRENOM>A</PRENOM>", "ROY", None);
    for (fields, field) in [
        ("<PRENOM>Ana</PRENOM>", "NOM_DE_FAMILLE"),
        ("<NOM_DE_FAMILLE>LEROY</NOM_DE_FAMILLE><PRENOM> </PRENOM>", "PRENOM"),
    ] {
        let xml = pupils_with(&format!("<ELEVES><ELEVE ELEVE_ID=\"1\">{fields}</ELEVE></ELEVES>"));
        let read = good(&xml);
        assert_eq!(read.counts, Counts { read: 1, accepted: 0, quarantined: 0, rejected: 1 });
        assert_eq!(told(&read), ["name-missing:1"]);
        assert_eq!(
            (read.findings[0].facts["id"].as_str(), read.findings[0].facts["field"].as_str()),
            ("1", field)
        );
    }
}

#[test]
fn dates_of_the_other_form_are_told_once_and_unreadable_ones_by_row() {
    let read =
        good(&pupil_with("<DATE_NAISS>2010-03-04</DATE_NAISS><DATE_ENTREE>01/09/26</DATE_ENTREE>"));
    assert_eq!(pupils(&read)[0].birth_date, Some(date(2010, 3, 4)));
    assert_eq!(pupils(&read)[0].entered_on, None);
    assert_eq!(told(&read), ["date-unreadable:1", "date-other-form:1"]);
    assert_eq!(read.findings[0].facts["form"], "99/99/99");
    let read = good(&pupil_with("<DATE_NAISS>vers 2010</DATE_NAISS>"));
    assert_eq!(told(&read), ["birthdate-unreadable:1"]);
    assert_eq!(pupils(&read)[0].birth_date, None);
    // An absent one is for the checks to judge.
    assert!(good(&pupil_with("<DATE_NAISS/>")).findings.is_empty());
}

#[test]
fn odd_ines_are_told_and_only_numbers_are_hashed() {
    let check = |ine: &str, kinds: &[&str], expect: &[&str]| {
        let read = good(&pupil_with(&format!("<ID_NATIONAL>{ine}</ID_NATIONAL>")));
        let prefix = |key: &crate::model::ids::IneKey| key.0.split(':').next().unwrap().to_owned();
        let found: Vec<String> = pupils(&read)[0].ine.iter().map(prefix).collect();
        assert_eq!(found, kinds, "{ine}");
        let told: Vec<&str> = read.findings.iter().map(|finding| finding.id.as_ref()).collect();
        assert_eq!(told, expect, "{ine}");
    };
    check("990000001EB", &["rnie"], &[]);
    check(" 990000001eb ", &["rnie"], &[]);
    check("990000001EC", &["rnie"], &["ine-key"]);
    check("9900000001S", &["bea"], &[]);
    check("9901A00001X", &["app"], &[]);
    check("99AB0000CDE", &["ine"], &["ine-malformed"]);
    check("99", &[], &["ine-malformed"]);
    check("00000000000", &[], &["ine-placeholder"]);
    check("", &[], &[]);
}

#[test]
fn addresses_are_dropped_and_told_once() {
    let xml = pupil_with("<ADRESSE_ID>9</ADRESSE_ID>").replace(
        "</ELEVES>",
        "</ELEVES><ADRESSES><ADRESSE ADRESSE_ID=\"9\"><LIGNE1_ADRESSE>x</LIGNE1_ADRESSE></ADRESSE>\
         <ADRESSE/></ADRESSES>",
    );
    assert_eq!(told(&good(&xml)), ["addresses-present:1"]);
    let empty = pupil_with("").replace("</ELEVES>", "</ELEVES><ADRESSES/>");
    assert!(good(&empty).findings.is_empty());
}

#[test]
fn structures_and_nomenclature_are_read() {
    let read = good(&sample("Structures.xml"));
    assert_eq!(read.counts, Counts { read: 3, accepted: 3, quarantined: 0, rejected: 0 });
    let list = structures(&read);
    assert_eq!(list[0].label.as_deref(), Some("SECONDE A"));
    assert_eq!(list[1].label.as_deref(), Some("SECONDE \"B\" É"));
    assert_eq!(
        (list[2].kind, codes(&list[2].divisions)),
        (StructureKind::Group, vec!["2 A", "2 B"])
    );
    assert!(read.findings.is_empty());

    let read = good(&sample("Nomenclature.xml"));
    let Content::Nomenclature(mefs) = &read.content else { panic!() };
    let mefs: Vec<_> = mefs.iter().map(|mef| (mef.code.as_str(), mef.label.as_deref())).collect();
    assert_eq!(
        mefs,
        [
            ("20010015110", Some("2NDE GENERALE ET TECHNOLOGIQUE")),
            ("1001000B11A", Some("Œuvre académique")),
        ]
    );
    assert!(read.findings.is_empty());
}

#[test]
fn the_same_structure_twice_is_merged_and_told_when_it_differs() {
    let of = |rows: &str| {
        format!(
            "<BEE_STRUCTURES>{PARAMETERS}<DONNEES><DIVISIONS>{rows}</DIVISIONS>\
             <GROUPES><GROUPE CODE_STRUCTURE=\"G\"/></GROUPES></DONNEES></BEE_STRUCTURES>"
        )
    };
    let a = "<DIVISION CODE_STRUCTURE=\"2A\"><LIBELLE_LONG>A</LIBELLE_LONG></DIVISION>";
    let same = good(&of(&format!("{a}{a}")));
    assert_eq!((structures(&same).len(), told(&same).len(), same.counts.accepted), (2, 0, 3));
    let differing = good(&of(&format!("{a}<DIVISION CODE_STRUCTURE=\"2A\"/>")));
    assert_eq!(
        (structures(&differing).len(), told(&differing)),
        (2, vec!["structure-duplicated:1".into()])
    );
    // One code for a class and a group blocks the school in STSWeb.
    let both = good(&of("<DIVISION CODE_STRUCTURE=\"G\"/>"));
    assert_eq!((structures(&both).len(), told(&both)), (2, vec!["structure-duplicated:1".into()]));
    let keyless = good(&of("<DIVISION><LIBELLE_LONG>A</LIBELLE_LONG></DIVISION>"));
    assert_eq!(keyless.counts, Counts { read: 2, accepted: 1, quarantined: 0, rejected: 1 });
    assert_eq!(told(&keyless), ["id-missing:1"]);
}

#[test]
fn a_file_without_school_or_year_or_sound_date_is_refused() {
    let with = |parameters: &str| pupil_with("").replace(PARAMETERS, parameters);
    refused(&with(""), finding::UAI_MISSING);
    refused(&with("<PARAMETRES/>"), finding::UAI_MISSING);
    // SEC-41, with the letter that it should be.
    let wrong = refused(&with("<PARAMETRES><UAJ>0599990A</UAJ></PARAMETRES>"), finding::UAI_WRONG);
    assert_eq!(
        (wrong.facts["uai"].as_str(), wrong.facts["expected"].as_str()),
        ("0599990A", "0599990N")
    );
    refused(&with("<PARAMETRES><UAJ>lycée</UAJ></PARAMETRES>"), finding::UAI_WRONG);
    for year in ["", "<ANNEE_SCOLAIRE/>", "<ANNEE_SCOLAIRE>26</ANNEE_SCOLAIRE>"] {
        let xml = with(&format!("<PARAMETRES><UAJ>0599990N</UAJ>{year}</PARAMETRES>"));
        let refusal = refused(&xml, finding::YEAR_MISSING);
        assert_eq!(refusal.uai.unwrap().as_str(), "0599990N");
    }
    let head = "<PARAMETRES><UAJ>0599990N</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>";
    let dated = |date: &str| with(&format!("{head}{date}</PARAMETRES>"));
    refused(&dated("<DATE_EXPORT>hier</DATE_EXPORT>"), finding::EXPORT_DATE_WRONG);
    assert_eq!(good(&dated("")).header.exported_at, None);
    let day = good(&dated("<HORODATAGE/><DATE_EXPORT>07/09/2026</DATE_EXPORT>"));
    assert_eq!(day.header.exported_at, "2026-09-06T22:00:00Z".parse().ok());
}

#[test]
fn parameters_may_come_last() {
    let xml = pupil_with("").replace(PARAMETERS, "");
    let read = good(&xml.replace("</DONNEES>", &format!("</DONNEES>{PARAMETERS}")));
    assert_eq!(read.header.uai.as_str(), "0599990N");
}

#[test]
fn a_file_that_is_something_else_is_refused_under_its_own_name() {
    let check = |xml: &str, kind| refused(xml, kind);
    check("<BEE_RESPONSABLES/>", finding::GUARDIANS_FILE);
    check("<EDT_STS/>", finding::TIMETABLE_FILE);
    check("<BEE_COMMUN/>", finding::EXPORT_NOT_USED);
    check("<BEE_GEOGRAPHIQUE/>", finding::EXPORT_NOT_USED);
    check("<BEE_ETABLISSEMENTS/>", finding::EXPORT_NOT_USED);
    assert_eq!(check("<IMPORT_ELEVES/>", finding::WRONG_ROOT).facts["root"], "IMPORT_ELEVES");
    let error = check(
        "<erreur><code>ERREUR_TRAITEMENT</code><detail/><message>Base\n fermée</message></erreur>",
        finding::NETSYNCHRO_ERROR,
    );
    assert_eq!(
        (error.facts["code"].as_str(), error.facts["message"].as_str()),
        ("ERREUR_TRAITEMENT", "Base fermée")
    );
}

#[test]
fn a_section_that_is_absent_or_empty_refuses_the_file() {
    let of = |root: &str, data: &str| format!("<{root}>{PARAMETERS}{data}</{root}>");
    let missing = |xml: &str, section: &str| {
        assert_eq!(refused(xml, finding::SECTION_MISSING).facts["section"], section);
    };
    missing(&of("BEE_ELEVES", ""), "DONNEES");
    missing(&of("BEE_ELEVES", "<DONNEES/>"), "ELEVES");
    missing(&of("BEE_STRUCTURES", "<DONNEES/>"), "DIVISIONS");
    missing(&of("BEE_NOMENCLATURES", "<DONNEES/>"), "MEFS");
    refused(&pupils_with("<ELEVES/>"), finding::FILE_WITHOUT_ROWS);
    refused(&of("BEE_STRUCTURES", "<DONNEES><DIVISIONS/></DONNEES>"), finding::FILE_WITHOUT_ROWS);
    refused(&of("BEE_NOMENCLATURES", "<DONNEES><MEFS/></DONNEES>"), finding::FILE_WITHOUT_ROWS);
}

#[test]
fn a_school_has_so_many_people_and_classes_and_no_more() {
    // SEC-40, at the limit and one beyond.
    let door = Door { people_max: 2, divisions_max: 1, ..door() };
    let row = "<ELEVE ELEVE_ID=\"1\"><NOM>A</NOM><PRENOM>B</PRENOM></ELEVE>";
    let people = |count| pupils_with(&format!("<ELEVES>{}</ELEVES>", row.repeat(count)));
    assert!(read("t.xml", people(2).as_bytes(), &door).is_ok());
    let refusal = read("t.xml", people(3).as_bytes(), &door).unwrap_err();
    assert_eq!(refusal.finding.id, finding::TOO_MANY_ROWS.id);
    let division = "<DIVISION CODE_STRUCTURE=\"A\"/>".repeat(2);
    let xml = format!(
        "<BEE_STRUCTURES>{PARAMETERS}<DONNEES><DIVISIONS>{division}</DIVISIONS></DONNEES>\
         </BEE_STRUCTURES>"
    );
    assert_eq!(
        read("t.xml", xml.as_bytes(), &door).unwrap_err().finding.id,
        finding::TOO_MANY_ROWS.id
    );
}

#[test]
fn unknown_elements_are_counted_by_path_once_a_file_and_never_quoted() {
    let xml = pupil_with("<NOUVEAU>secret<X/></NOUVEAU><NOUVEAU/>")
        .replace("</DONNEES>", "<AUTRE/></DONNEES>");
    let read = good(&xml);
    assert_eq!(told(&read), ["unknown-elements"]);
    let facts = &read.findings[0].facts;
    assert_eq!(facts["paths"], "BEE_ELEVES/DONNEES/AUTRE, BEE_ELEVES/DONNEES/ELEVES/ELEVE/NOUVEAU");
    assert_eq!(facts["count"], "3");
}

#[test]
fn a_header_that_tells_two_things_is_refused() {
    // SEC-41: whose file it is must be sure.
    let with = |header: &str| pupil_with("").replacen(PARAMETERS, header, 1);
    let twice = |field: &str, second: &str| {
        let header = PARAMETERS.replacen("</PARAMETRES>", &format!("{second}</PARAMETRES>"), 1);
        let refusal = refused(&with(&header), finding::HEADER_AMBIGUOUS);
        assert_eq!(refusal.facts["field"], field);
        assert_eq!(refusal.uai, None);
    };
    twice("UAJ", "<UAJ>0809990Z</UAJ>");
    twice("UAJ", "<UAJ>0599990N</UAJ>");
    twice("ANNEE_SCOLAIRE", "<ANNEE_SCOLAIRE>2025</ANNEE_SCOLAIRE>");
    twice("HORODATAGE", "<HORODATAGE>08/09/2026 21:04:11</HORODATAGE>");
    let other = PARAMETERS.replace("0599990N", "0809990Z");
    let refusal = refused(&with(&format!("{PARAMETERS}{other}")), finding::HEADER_AMBIGUOUS);
    assert_eq!((refusal.facts["field"].as_str(), refusal.uai), ("PARAMETRES", None));
}

#[test]
fn a_refused_file_says_what_it_had_told_of_itself() {
    let whole = pupil_with("");
    let told = |xml: &str| {
        let refused = read("t.xml", xml.as_bytes(), &door()).unwrap_err();
        (refused.source, refused.header.map(|header| header.school_year))
    };
    let cut = whole.find("<DONNEES>").unwrap();
    let year = Some(crate::model::ids::SchoolYear(2026));
    assert_eq!(told(&whole[..cut]), (Some(Source::SieclePupils), year));
    assert_eq!(told("<BEE_ELEVES><PARAMETRES>"), (Some(Source::SieclePupils), None));
    assert_eq!(told("<BEE_RESPONSABLES/>"), (None, None));
}
