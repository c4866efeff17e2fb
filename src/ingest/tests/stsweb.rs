//! Formats section 1.

use jiff::civil::date;

use super::*;
use crate::model::ids::StructureKind;
use crate::model::record::{StaffKind, StaffRef};

fn person(attributes: &str, fields: &str) -> String {
    sts_with(&format!("<INDIVIDUS><INDIVIDU {attributes}>{fields}</INDIVIDU></INDIVIDUS>"))
}

#[test]
fn the_sample_of_staff_is_read_whole() {
    let read = good(&sample("sts_emp.xml"));
    assert_eq!(read.header.uai.as_str(), "0599990N");
    assert_eq!(read.header.exported_at, None);
    assert_eq!(read.counts, Counts { read: 5, accepted: 5, quarantined: 0, rejected: 0 });
    assert_eq!(told(&read), ["staff-type-unknown:26", "date-other-form:25"]);
    let people = staff(&read);
    let teacher = &people[0];
    assert_eq!(teacher.names.family, "LECŒUVRE");
    assert_eq!(teacher.names.called(), "VANDROMME");
    assert_eq!(teacher.birth_date, Some(date(1975, 3, 12)));
    assert_eq!(teacher.function.as_deref(), Some("ENS"));
    let head = (StructureCode("2 A".into()), Some(date(2027, 8, 31)));
    assert_eq!(teacher.head_teacher_of, [head]);
    // Typed by the head: one name, no birth date, no function.
    let local = &people[1];
    assert_eq!((local.staff.kind, local.staff.id.as_str()), (StaffKind::Local, "3506"));
    assert_eq!((local.names.family.as_str(), &local.names.usage), ("ZETOFREY", &None));
    assert_eq!((local.birth_date, &local.function), (None, &None));
    // SEC-30: the apostrophe of an entity is not lost.
    assert_eq!(people[2].names.family, "D'ARTAGNAN");
    assert_eq!(people[2].staff.kind, StaffKind::Epp);
    assert!(people[4].substitute && !people[0].substitute);
    assert_eq!(people[4].staff.id, "40017");
}

#[test]
fn structures_of_sts_carry_their_teachers_once_each_in_order() {
    let read = good(&sample("sts_emp.xml"));
    let list = structures(&read);
    let teacher = |kind, id: &str| StaffRef { kind, id: id.into() };
    assert_eq!(
        list[0].teachers,
        [teacher(StaffKind::Epp, "31762"), teacher(StaffKind::Local, "3506")]
    );
    assert_eq!((list[0].label.as_deref(), list[0].headcount), (None, Some(34)));
    assert_eq!((list[1].label.as_deref(), list[1].headcount), (Some("SECONDE B"), None));
    let group = &list[2];
    assert_eq!((group.kind, group.headcount), (StructureKind::Group, Some(18)));
    assert_eq!(codes(&group.divisions), ["2 A", "2 B"]);
    assert_eq!(group.teachers, [teacher(StaffKind::Epp, "40017")]);
}

#[test]
fn a_type_absent_is_the_academy_and_an_unknown_one_is_told() {
    let names = "<NOM_USAGE>ROY</NOM_USAGE><PRENOM>Ana</PRENOM>";
    let check = |attributes: &str, kind: StaffKind, findings: &[&str]| {
        let read = good(&person(attributes, names));
        assert_eq!(staff(&read)[0].staff.kind, kind, "{attributes}");
        assert_eq!(told(&read), findings, "{attributes}");
    };
    check("ID=\"1\"", StaffKind::Epp, &[]);
    check("TYPE=\"epp\" ID=\"1\"", StaffKind::Epp, &[]);
    check("ID=\"1\" TYPE=\"local\"", StaffKind::Local, &[]);
    check("ID=\"1\" TYPE=\"vacataire\"", StaffKind::Epp, &["staff-type-unknown:1"]);
}

#[test]
fn a_person_without_key_or_name_is_rejected_and_counted() {
    let check = |xml: &str, expect: &str| {
        let read = good(xml);
        assert_eq!(read.counts, Counts { read: 1, accepted: 0, quarantined: 0, rejected: 1 });
        assert_eq!(told(&read), [expect]);
    };
    check(&person("TYPE=\"epp\"", "<NOM_USAGE>ROY</NOM_USAGE><PRENOM>A</PRENOM>"), "id-missing:1");
    check(&person("ID=\"1\"", "<PRENOM>A</PRENOM>"), "name-missing:1");
    check(&person("ID=\"1\"", "<NOM_USAGE>ROY</NOM_USAGE>"), "name-missing:1");
}

#[test]
fn a_timetable_file_is_refused_by_its_source() {
    let from = |source: &str| {
        person("ID=\"1\"", "<NOM_USAGE>ROY</NOM_USAGE><PRENOM>A</PRENOM>")
            .replace("</PARAMETRES>", &format!("{source}</PARAMETRES>"))
    };
    let by = "<APPLICATION_SOURCE>EDT</APPLICATION_SOURCE>";
    assert_eq!(refused(&from(by), finding::TIMETABLE_FILE).uai.unwrap().as_str(), "0599990N");
    assert!(good(&from("<APPLICATION_SOURCE/>")).findings.is_empty());
}

#[test]
fn staff_without_data_or_rows_is_refused() {
    let head = "<PARAMETRES><UAJ CODE=\"0599990N\"/><ANNEE_SCOLAIRE ANNEE=\"2026\"/></PARAMETRES>";
    refused(&format!("<STS_EDT>{head}</STS_EDT>"), finding::SECTION_MISSING);
    // Structures are no rows of this file.
    refused(
        &sts_with("<STRUCTURE><DIVISIONS><DIVISION CODE=\"2A\"/></DIVISIONS></STRUCTURE>"),
        finding::FILE_WITHOUT_ROWS,
    );
    let substitutes = "<SUPPLEANTS><SUPPLEANT ID=\"1\"><NOM_USAGE>A</NOM_USAGE>\
                       <PRENOM>B</PRENOM></SUPPLEANT></SUPPLEANTS>";
    assert_eq!(good(&sts_with(substitutes)).counts.read, 1);
}

#[test]
fn teachers_without_a_key_are_passed_over() {
    let services = "<SERVICES><SERVICE><ENSEIGNANTS><ENSEIGNANT TYPE=\"epp\"/></ENSEIGNANTS>\
                    </SERVICE></SERVICES>";
    let xml = person("ID=\"1\"", "<NOM_USAGE>ROY</NOM_USAGE><PRENOM>A</PRENOM>").replace(
        "</DONNEES>",
        &format!(
            "<STRUCTURE><DIVISIONS><DIVISION CODE=\"2A\">{services}</DIVISION></DIVISIONS>\
             </STRUCTURE></DONNEES>"
        ),
    );
    assert!(structures(&good(&xml))[0].teachers.is_empty());
}
