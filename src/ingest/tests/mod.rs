//! Tests of the parsers through their one door, [`read`].

mod canary;
mod hostile;
mod memory;
mod siecle;
mod stsweb;

use secrecy::SecretSlice;

use super::*;
use crate::model::ids::StructureCode;
use crate::model::record::{PupilRecord, StaffRecord, StructureRecord};

fn door() -> Door {
    Door {
        hasher: KeyedHasher::new(SecretSlice::from(b"a key for tests".to_vec())),
        keep_birthplace: true,
        keep_sex: true,
        zone: TimeZone::get("Europe/Paris").unwrap(),
        people_max: PEOPLE_MAX,
        divisions_max: DIVISIONS_MAX,
        groups_max: GROUPS_MAX,
    }
}

fn ingest(xml: &str) -> Result<Ingested, Finding> {
    let ingested = read("t.xml", xml.as_bytes(), &door());
    if let Ok(ingested) = &ingested {
        // DESIGN rule 11.
        assert!(ingested.counts.add_up(), "{:?}", ingested.counts);
    }
    ingested.map_err(|refused| refused.finding)
}

#[track_caller]
fn good(xml: &str) -> Ingested {
    ingest(xml).unwrap_or_else(|refusal| panic!("{refusal:?}\n{xml}"))
}

#[track_caller]
fn refused(xml: &str, kind: finding::Kind) -> Finding {
    let refusal = ingest(xml).expect_err(xml);
    assert_eq!(refusal.id, kind.id, "{refusal:?}");
    refusal
}

const SAMPLES: [&str; 4] =
    ["ElevesSansAdresses.xml", "Structures.xml", "Nomenclature.xml", "sts_emp.xml"];

/// A sample as the parser gets it: decoded.
fn sample(name: &str) -> String {
    let path = format!("{}/samples/deliveries/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    encoding_rs::ISO_8859_15.decode(&bytes).0.into_owned()
}

const PARAMETERS: &str = "<PARAMETRES><UAJ>0599990N</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>\
    <HORODATAGE>07/09/2026 21:04:11</HORODATAGE></PARAMETRES>";

fn pupils_with(data: &str) -> String {
    format!("<BEE_ELEVES>{PARAMETERS}<DONNEES>{data}</DONNEES></BEE_ELEVES>")
}

/// One pupil with a key, names and these other elements.
fn pupil_with(fields: &str) -> String {
    pupils_with(&format!(
        "<ELEVES><ELEVE ELEVE_ID=\"1\"><NOM_DE_FAMILLE>LEROY</NOM_DE_FAMILLE>\
         <PRENOM>Ana</PRENOM>{fields}</ELEVE></ELEVES>"
    ))
}

fn sts_with(data: &str) -> String {
    format!(
        "<STS_EDT><PARAMETRES><UAJ CODE=\"0599990N\"/><ANNEE_SCOLAIRE ANNEE=\"2026\"/>\
         </PARAMETRES><DONNEES>{data}</DONNEES></STS_EDT>"
    )
}

fn pupils(ingested: &Ingested) -> &[PupilRecord] {
    match &ingested.content {
        Content::Pupils(pupils) => pupils,
        other => panic!("{other:?}"),
    }
}

fn staff(ingested: &Ingested) -> &[StaffRecord] {
    match &ingested.content {
        Content::Sts(sts) => &sts.staff,
        other => panic!("{other:?}"),
    }
}

fn structures(ingested: &Ingested) -> &[StructureRecord] {
    match &ingested.content {
        Content::Sts(sts) => &sts.structures,
        Content::Structures(structures) => structures,
        other => panic!("{other:?}"),
    }
}

/// Ids of findings with their lines: `ine-key:7`.
fn told(ingested: &Ingested) -> Vec<String> {
    let tell = |finding: &Finding| match finding.place.line {
        Some(line) => format!("{}:{line}", finding.id),
        None => finding.id.to_string(),
    };
    ingested.findings.iter().map(tell).collect()
}

fn codes(codes: &[StructureCode]) -> Vec<&str> {
    codes.iter().map(|code| code.0.as_str()).collect()
}
