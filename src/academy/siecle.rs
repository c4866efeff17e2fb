//! Files as Siècle (Base Élèves Établissement) exports them: pupils, structures, nomenclature, and
//! the guardians' file that schools send by mistake (formats 2). Every tag that the door must drop
//! is really there, with an invented value (requirements 3.3).

use std::borrow::Borrow;
use std::io::{self, Write};

use jiff::civil::{Date, DateTime};

use super::markup::{Charset, Markup};
use super::structure::{Mef, Structures, Subject};

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub uai: String,
    /// First year of the school year.
    pub school_year: i16,
    /// Civil time in Europe/Paris.
    pub exported_at: DateTime,
    pub charset: Charset,
}

/// How a pupils' file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// `ElevesAvecAdresses` rather than `ElevesSansAdresses`.
    pub addresses: bool,
    /// Sections come in either order, with the version of the application (formats 2.2).
    pub structures_first: bool,
}

/// One pupil of a file. An absent tag is `None`; one that is present and empty is `Some("")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pupil {
    pub eleve_id: String,
    pub local_number: Option<u32>,
    pub ine: Option<String>,
    pub ine_bea: Option<String>,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub second_given: Option<String>,
    pub born: Option<Date>,
    pub entered: Option<Date>,
    pub left: Option<Date>,
    pub mef: String,
    /// `D` or `G` and the code, in the order of the file.
    pub structures: Vec<(char, String)>,
    pub private: Private,
}

impl Pupil {
    /// The codes of one kind, `D` or `G`.
    pub fn codes(&self, kind: char) -> impl Iterator<Item = &str> {
        self.structures.iter().filter(move |(k, _)| *k == kind).map(|(_, code)| code.as_str())
    }
}

/// What no door may let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    /// `1` or `2`.
    pub sex: char,
    pub email: String,
    pub phone: String,
    pub nationality: &'static str,
    pub birth_department: &'static str,
    pub birth_town: String,
    pub boarding: char,
    pub street: String,
    pub postcode: String,
    pub town: String,
    /// Empty: nobody noted it.
    pub previous_school: String,
    pub previous_class: String,
    /// Programme of the year before.
    pub previous_mef: &'static str,
    /// Subject codes of the options.
    pub options: Vec<&'static str>,
    pub grant: bool,
}

/// Writes `BEE_ELEVES`. The pupils are gone through once a section, so that none need be kept.
pub fn write_pupils<W: Write>(
    out: W,
    heading: &Heading,
    layout: Layout,
    pupils: impl Iterator<Item = impl Borrow<Pupil>> + Clone,
) -> io::Result<W> {
    let mut xml = begin(out, heading, "BEE_ELEVES", "3.0")?;
    if layout.structures_first {
        write_memberships(&mut xml, pupils.clone())?;
    }
    if layout.addresses {
        write_addresses(&mut xml, pupils.clone())?;
    }
    xml.open("ELEVES", &[])?;
    for pupil in pupils.clone() {
        write_pupil(&mut xml, heading, layout, one(&pupil))?;
    }
    xml.close()?;
    write_options(&mut xml, pupils.clone())?;
    if !layout.structures_first {
        write_memberships(&mut xml, pupils.clone())?;
    }
    write_grants(&mut xml, pupils)?;
    xml.finish()
}

/// Writes `BEE_STRUCTURES`. Services are STSWeb's business.
pub fn write_structures<W: Write>(
    out: W,
    heading: &Heading,
    structures: &Structures,
) -> io::Result<W> {
    let mut xml = begin(out, heading, "BEE_STRUCTURES", "2.0")?;
    xml.open("DIVISIONS", &[])?;
    for division in &structures.divisions {
        xml.open("DIVISION", &[("CODE_STRUCTURE", &division.code)])?;
        xml.text("LIBELLE_LONG", &division.label)?;
        xml.text("CODE_RNE", &heading.uai)?;
        write_mef(&mut xml, &division.mef)?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("GROUPES", &[])?;
    for group in &structures.groups {
        xml.open("GROUPE", &[("CODE_STRUCTURE", &group.code)])?;
        xml.text("LIBELLE_LONG", &group.label)?;
        write_mef(&mut xml, &group.mef)?;
        xml.open("DIVISIONS_APPARTENANCE", &[])?;
        for code in &group.divisions {
            xml.open("DIVISION_APPARTENANCE", &[])?;
            xml.text("CODE_STRUCTURE", code)?;
            xml.close()?;
        }
        xml.close()?;
        xml.close()?;
    }
    xml.finish()
}

/// Writes `BEE_NOMENCLATURES`, labels padded to the width of their columns.
pub fn write_nomenclature<W: Write>(
    out: W,
    heading: &Heading,
    mefs: &[Mef],
    subjects: &[Subject],
) -> io::Result<W> {
    let mut xml = begin(out, heading, "BEE_NOMENCLATURES", "3.1")?;
    xml.open("MEFS", &[])?;
    for mef in mefs {
        xml.open("MEF", &[("CODE_MEF", mef.code)])?;
        xml.text("FORMATION", &format!("{:<6}", mef.short))?;
        xml.text("LIBELLE_LONG", &format!("{:<40}", mef.label))?;
        xml.text("LIBELLE_EDITION", mef.label)?;
        xml.text("DATE_FERMETURE", "31/12/9999")?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("MATIERES", &[])?;
    for subject in subjects {
        xml.open("MATIERE", &[("CODE_MATIERE", subject.code)])?;
        xml.text("CODE_GESTION", &format!("{:<5}", subject.short))?;
        xml.text("LIBELLE_COURT", &format!("{:<20}", subject.label))?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("PROGRAMMES", &[])?;
    for (mef, subject) in mefs.iter().flat_map(|mef| subjects.iter().map(move |s| (mef, s))) {
        xml.open("PROGRAMME", &[])?;
        xml.text("CODE_MEF", mef.code)?;
        xml.text("CODE_MATIERE", subject.code)?;
        xml.text("CODE_MODALITE_ELECT", "S")?;
        xml.close()?;
    }
    xml.finish()
}

/// Writes `BEE_RESPONSABLES`: one guardian a pupil. It must be refused whole.
pub fn write_guardians<W: Write>(
    out: W,
    heading: &Heading,
    pupils: impl Iterator<Item = impl Borrow<Pupil>> + Clone,
) -> io::Result<W> {
    let mut xml = begin(out, heading, "BEE_RESPONSABLES", "2.1")?;
    xml.open("PERSONNES", &[])?;
    for pupil in pupils.clone() {
        let pupil = one(&pupil);
        xml.open("PERSONNE", &[("PERSONNE_ID", &format!("9{}", pupil.eleve_id))])?;
        xml.text("LC_CIVILITE", "MME")?;
        xml.text("NOM_DE_FAMILLE", &pupil.family)?;
        xml.text("PRENOM", "Dominique")?;
        xml.text("TEL_PORTABLE", &pupil.private.phone)?;
        xml.text("MEL", &pupil.private.email)?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("RESPONSABLES", &[])?;
    for pupil in pupils {
        let pupil = one(&pupil);
        xml.open("RESPONSABLE_ELEVE", &[])?;
        xml.text("ELEVE_ID", &pupil.eleve_id)?;
        xml.text("PERSONNE_ID", &format!("9{}", pupil.eleve_id))?;
        xml.text("NIVEAU_RESPONSABILITE", "1")?;
        xml.text("CODE_PARENTE", "20")?;
        xml.close()?;
    }
    xml.finish()
}

fn begin<W: Write>(
    out: W,
    heading: &Heading,
    root: &'static str,
    version: &str,
) -> io::Result<Markup<W>> {
    let mut xml = Markup::new(out, heading.charset)?;
    xml.open(root, &[("VERSION", version)])?;
    xml.open("PARAMETRES", &[])?;
    xml.text("UAJ", &heading.uai)?;
    xml.text("ANNEE_SCOLAIRE", &heading.school_year.to_string())?;
    xml.text("DATE_EXPORT", &french(heading.exported_at.date()))?;
    let time = heading.exported_at.strftime("%d/%m/%Y %H:%M:%S").to_string();
    xml.text("HORODATAGE", &time)?;
    xml.close()?;
    xml.open("DONNEES", &[])?;
    Ok(xml)
}

fn write_pupil<W: Write>(
    xml: &mut Markup<W>,
    heading: &Heading,
    layout: Layout,
    pupil: &Pupil,
) -> io::Result<()> {
    let number = pupil.local_number.map(|number| number.to_string());
    open_for(xml, "ELEVE", pupil)?;
    xml.optional("ID_NATIONAL", pupil.ine.as_deref())?;
    xml.optional("INE_BEA", pupil.ine_bea.as_deref())?;
    // Two key letters make an RNIE, one a BEA (formats 7.1).
    let rnie = |ine: &&str| ine.as_bytes().get(9).is_some_and(u8::is_ascii_uppercase);
    xml.optional("INE_RNIE", pupil.ine.as_deref().filter(rnie))?;
    xml.optional("ELENOET", number.as_deref())?;
    if let (Some(number), Some(middle)) = (pupil.local_number, heading.uai.get(1..7)) {
        xml.text("ID_ELEVE_ETAB", &format!("{number:05}{middle}"))?;
    }
    xml.text("NOM_DE_FAMILLE", &pupil.family)?;
    xml.optional("NOM_USAGE", pupil.usage.as_deref())?;
    xml.text("PRENOM", &pupil.given)?;
    xml.optional("PRENOM2", pupil.second_given.as_deref())?;
    xml.optional("DATE_NAISS", pupil.born.map(french).as_deref())?;
    let private = &pupil.private;
    xml.text("DOUBLEMENT", "0")?;
    xml.text("CODE_PAYS", private.nationality)?;
    xml.text("DATE_MODIFICATION", &french(heading.exported_at.date()))?;
    xml.text("MEL", &private.email)?;
    xml.text("TEL_PORTABLE", &private.phone)?;
    xml.text("ACCEPTE_SMS", "1")?;
    xml.text("CODE_REGIME", &private.boarding.to_string())?;
    xml.optional("DATE_ENTREE", pupil.entered.map(french).as_deref())?;
    if let Some(day) = pupil.left {
        xml.text("DATE_SORTIE", &french(day))?;
        xml.text("CODE_MOTIF_SORTIE", "10")?;
    }
    xml.text("CODE_SEXE", &private.sex.to_string())?;
    xml.text("CODE_PAYS_NAT", private.nationality)?;
    xml.text("CODE_STATUT", "ST")?;
    xml.text("CODE_MEF", &pupil.mef)?;
    xml.text("CODE_DEPARTEMENT_NAISS", private.birth_department)?;
    xml.text("CODE_COMMUNE_INSEE_NAISS", &private.birth_town)?;
    xml.text("ADHESION_TRANSPORT", "0")?;
    xml.text("CODE_PROVENANCE", "1")?;
    if layout.addresses {
        xml.text("ADRESSE_ID", &format!("7{}", pupil.eleve_id))?;
    }
    if !private.previous_school.is_empty() {
        write_last_year(xml, private)?;
    }
    xml.close()
}

fn write_last_year<W: Write>(xml: &mut Markup<W>, private: &Private) -> io::Result<()> {
    xml.open("SCOLARITE_AN_DERNIER", &[])?;
    xml.text("CODE_MEF", private.previous_mef)?;
    // A class of last year: whoever takes every CODE_STRUCTURE for a membership finds it here.
    xml.text("CODE_STRUCTURE", &private.previous_class)?;
    xml.text("CODE_RNE", &private.previous_school)?;
    xml.text("CODE_NATURE", "340")?;
    xml.text("SIGLE", "CLG")?;
    xml.text("DENOM_PRINC", "COLLEGE")?;
    xml.text("LIGNE1_ADRESSE", "2 RUE DU COLLEGE")?;
    xml.text("TELEPHONE", "0353010099")?;
    xml.close()
}

fn write_options<W: Write>(
    xml: &mut Markup<W>,
    pupils: impl Iterator<Item = impl Borrow<Pupil>>,
) -> io::Result<()> {
    xml.open("OPTIONS", &[])?;
    for pupil in pupils.filter(|pupil| !one(pupil).private.options.is_empty()) {
        let pupil = one(&pupil);
        open_for(xml, "OPTION", pupil)?;
        for (rank, subject) in pupil.private.options.iter().enumerate() {
            xml.open("OPTIONS_ELEVE", &[])?;
            xml.text("NUM_OPTION", &(rank + 1).to_string())?;
            xml.text("CODE_MODALITE_ELECT", "O")?;
            xml.text("CODE_MATIERE", subject)?;
            xml.close()?;
        }
        xml.close()?;
    }
    xml.close()
}

fn write_memberships<W: Write>(
    xml: &mut Markup<W>,
    pupils: impl Iterator<Item = impl Borrow<Pupil>>,
) -> io::Result<()> {
    xml.open("STRUCTURES", &[])?;
    for pupil in pupils.filter(|pupil| !one(pupil).structures.is_empty()) {
        let pupil = one(&pupil);
        open_for(xml, "STRUCTURES_ELEVE", pupil)?;
        for (kind, code) in &pupil.structures {
            xml.open("STRUCTURE", &[])?;
            xml.text("CODE_STRUCTURE", code)?;
            xml.text("TYPE_STRUCTURE", &kind.to_string())?;
            xml.close()?;
        }
        xml.close()?;
    }
    xml.close()
}

fn write_grants<W: Write>(
    xml: &mut Markup<W>,
    pupils: impl Iterator<Item = impl Borrow<Pupil>>,
) -> io::Result<()> {
    xml.open("BOURSES", &[])?;
    for pupil in pupils.filter(|pupil| one(pupil).private.grant) {
        let pupil = one(&pupil);
        open_for(xml, "BOURSES_ELEVE", pupil)?;
        xml.text("CODE_BOURSE", "2N")?;
        xml.text("NUM_ECHELON", "4")?;
        xml.close()?;
    }
    xml.close()
}

fn write_addresses<W: Write>(
    xml: &mut Markup<W>,
    pupils: impl Iterator<Item = impl Borrow<Pupil>>,
) -> io::Result<()> {
    xml.open("ADRESSES", &[])?;
    for pupil in pupils {
        let pupil = one(&pupil);
        xml.open("ADRESSE", &[("ADRESSE_ID", &format!("7{}", pupil.eleve_id))])?;
        xml.text("LIGNE1_ADRESSE", &pupil.private.street)?;
        xml.text("CODE_POSTAL", &pupil.private.postcode)?;
        xml.text("LIBELLE_POSTAL", &pupil.private.town)?;
        xml.close()?;
    }
    xml.close()
}

/// Opens an element that is tied to a pupil by its attributes.
fn open_for<W: Write>(xml: &mut Markup<W>, tag: &'static str, pupil: &Pupil) -> io::Result<()> {
    let number = pupil.local_number.map(|number| number.to_string());
    let mut attributes = vec![("ELEVE_ID", pupil.eleve_id.as_str())];
    attributes.extend(number.as_deref().map(|number| ("ELENOET", number)));
    xml.open(tag, &attributes)
}

/// A pupil that is owned, or lent: those of a large school are gone through without copies.
fn one(pupil: &impl Borrow<Pupil>) -> &Pupil {
    pupil.borrow()
}

fn write_mef<W: Write>(xml: &mut Markup<W>, code: &str) -> io::Result<()> {
    xml.open("MEFS_APPARTENANCE", &[])?;
    xml.open("MEF_APPARTENANCE", &[])?;
    xml.text("CODE_MEF", code)?;
    xml.close()?;
    xml.close()
}

/// `JJ/MM/AAAA`
fn french(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}
