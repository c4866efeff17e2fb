//! Files as STSWeb exports them, `sts_emp_<UAI>_<year>.xml`, and the upward `emp_sts` file of the
//! timetable editors, which schools take for it (formats 1). Pay and career data are really there.

use std::io::{self, Write};

use jiff::civil::Date;

use super::markup::{Charset, Markup};
use super::structure::{Group, Mef, Service, StaffKey, Structures, Subject};

/// The school, as `PARAMETRES` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub uai: String,
    /// Two digits: 09 Lille, 20 Amiens.
    pub academy_code: &'static str,
    pub academy: String,
    pub name: String,
    pub town: String,
}

/// One `INDIVIDU` or `SUPPLEANT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub key: StaffKey,
    /// Empty for local people.
    pub sex: String,
    /// `1` M., `2` Mme.
    pub civility: char,
    pub usage: String,
    /// Empty for local people; absent for substitutes.
    pub birth_name: Option<String>,
    pub given: String,
    pub born: Option<Date>,
    pub grade: Option<&'static str>,
    pub function: Option<String>,
    /// Head teacher of these divisions, to that day.
    pub head_of: Vec<(String, Option<Date>)>,
    /// Post discipline: code and label.
    pub discipline: Option<(&'static str, &'static str)>,
    pub substitute: bool,
}

/// What surrounds the staff of one file.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub card: &'a Card,
    /// First year of the school year.
    pub school_year: i16,
    pub charset: Charset,
    pub mefs: &'a [Mef],
    pub subjects: &'a [Subject],
    pub structures: &'a Structures,
}

/// Writes `STS_EDT`. The staff are gone through once a section.
pub fn write_sts<W: Write>(
    out: W,
    setting: &Setting<'_>,
    staff: impl Iterator<Item = Staff> + Clone,
) -> io::Result<W> {
    let mut xml = Markup::new(out, setting.charset)?;
    xml.open("STS_EDT", &[])?;
    write_parameters(&mut xml, setting)?;
    write_nomenclatures(&mut xml, setting)?;
    xml.open("DONNEES", &[])?;
    xml.open("INDIVIDUS", &[])?;
    for person in staff.clone().filter(|person| !person.substitute) {
        write_person(&mut xml, "INDIVIDU", &person)?;
    }
    xml.close()?;
    xml.open("SUPPLEANTS", &[])?;
    for person in staff.filter(|person| person.substitute) {
        write_person(&mut xml, "SUPPLEANT", &person)?;
    }
    xml.close()?;
    write_structure(&mut xml, setting.structures)?;
    xml.finish()
}

/// Writes `EDT_STS`, the file that goes the other way. It must be refused whole.
pub fn write_timetable<W: Write>(out: W, setting: &Setting<'_>) -> io::Result<W> {
    let mut xml = Markup::new(out, setting.charset)?;
    xml.open("EDT_STS", &[])?;
    xml.open("PARAMETRES", &[])?;
    xml.empty("UAJ", &[("CODE", &setting.card.uai)])?;
    xml.empty("ANNEE_SCOLAIRE", &[("ANNEE", &setting.school_year.to_string())])?;
    xml.text("APPLICATION_SOURCE", "EMPLOI DU TEMPS")?;
    xml.close()?;
    xml.open("DONNEES", &[])?;
    xml.open("ALTERNANCES", &[])?;
    xml.empty("ALTERNANCE", &[("CODE", "H")])?;
    xml.close()?;
    xml.open("COURS", &[])?;
    for division in &setting.structures.divisions {
        xml.empty("DIVISION", &[("CODE", &division.code)])?;
    }
    xml.finish()
}

fn write_parameters<W: Write>(xml: &mut Markup<W>, setting: &Setting<'_>) -> io::Result<()> {
    let card = setting.card;
    xml.open("PARAMETRES", &[])?;
    xml.open("UAJ", &[("CODE", &card.uai)])?;
    xml.open("ACADEMIE", &[])?;
    xml.text("CODE", card.academy_code)?;
    xml.text("LIBELLE", &card.academy.to_uppercase())?;
    xml.close()?;
    xml.text("SIGLE", "LYC")?;
    xml.text("DENOM_PRINC", "LYCEE")?;
    xml.text("DENOM_COMPL", &card.name.to_uppercase())?;
    xml.text("CODE_NATURE", "306")?;
    xml.text("STATUT", "PU")?;
    xml.text("COMMUNE", &card.town.to_uppercase())?;
    xml.text("BOITE_POSTALE", "")?;
    xml.text("TELEPHONE", "0353010000")?;
    xml.close()?;
    xml.open("ANNEE_SCOLAIRE", &[("ANNEE", &setting.school_year.to_string())])?;
    xml.text("DATE_DEBUT", &format!("{}-09-01", setting.school_year))?;
    xml.text("DATE_FIN", &format!("{}-07-03", setting.school_year + 1))?;
    xml.close()?;
    xml.close()
}

fn write_nomenclatures<W: Write>(xml: &mut Markup<W>, setting: &Setting<'_>) -> io::Result<()> {
    xml.open("NOMENCLATURES", &[])?;
    xml.open("MATIERES", &[])?;
    for subject in setting.subjects {
        xml.open("MATIERE", &[("CODE", subject.code)])?;
        xml.text("CODE_GESTION", &format!("{:<5}", subject.short))?;
        xml.text("LIBELLE_COURT", &format!("{:<20}", subject.label))?;
        xml.text("LIBELLE_LONG", &format!("{:<40}", subject.label))?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("MEFS", &[])?;
    for mef in setting.mefs {
        xml.open("MEF", &[("CODE", mef.code)])?;
        xml.text("FORMATION", mef.short)?;
        xml.text("LIBELLE_LONG", &format!("{:<40}", mef.label))?;
        xml.close()?;
    }
    xml.close()?;
    xml.close()
}

fn write_person<W: Write>(
    xml: &mut Markup<W>,
    tag: &'static str,
    person: &Staff,
) -> io::Result<()> {
    xml.open(tag, &[("ID", &person.key.id), ("TYPE", person.key.kind)])?;
    xml.text("SEXE", &person.sex)?;
    xml.text("CIVILITE", &person.civility.to_string())?;
    xml.text("NOM_USAGE", &person.usage)?;
    xml.optional("NOM_PATRONYMIQUE", person.birth_name.as_deref())?;
    xml.text("PRENOM", &person.given)?;
    xml.optional("DATE_NAISSANCE", person.born.map(|day| day.to_string()).as_deref())?;
    xml.optional("GRADE", person.grade)?;
    xml.optional("FONCTION", person.function.as_deref())?;
    if !person.head_of.is_empty() {
        xml.open("PROFS_PRINC", &[])?;
        for (code, end) in &person.head_of {
            xml.open("PROF_PRINC", &[])?;
            xml.text("CODE_STRUCTURE", code)?;
            xml.optional("DATE_FIN", end.map(|day| day.to_string()).as_deref())?;
            xml.close()?;
        }
        xml.close()?;
    }
    if let Some((code, label)) = person.discipline {
        xml.open("DISCIPLINES", &[])?;
        xml.open("DISCIPLINE", &[("CODE", code)])?;
        xml.text("LIBELLE_COURT", label)?;
        xml.text("NB_HEURES", "18.00")?;
        xml.close()?;
        xml.close()?;
    }
    xml.close()
}

fn write_structure<W: Write>(xml: &mut Markup<W>, structures: &Structures) -> io::Result<()> {
    xml.open("STRUCTURE", &[])?;
    xml.open("DIVISIONS", &[])?;
    for division in &structures.divisions {
        let headcount = division.headcount.to_string();
        xml.open("DIVISION", &[("CODE", &division.code)])?;
        xml.text("LIBELLE_LONG", &pad(&division.label))?;
        xml.text("EFFECTIF_PREVU", &(division.headcount + 1).to_string())?;
        xml.text("EFFECTIF_CALCULE", &headcount)?;
        xml.open("MEFS_APPARTENANCE", &[])?;
        xml.open("MEF_APPARTENANCE", &[("CODE", &division.mef)])?;
        xml.text("EFFECTIF_PREVU", &headcount)?;
        xml.close()?;
        xml.close()?;
        write_services(xml, &division.services, false)?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("GROUPES", &[])?;
    structures.groups.iter().try_for_each(|group| write_group(xml, group))?;
    xml.close()?;
    xml.close()
}

fn write_group<W: Write>(xml: &mut Markup<W>, group: &Group) -> io::Result<()> {
    xml.open("GROUPE", &[("CODE", &group.code)])?;
    xml.text("LIBELLE_LONG", &pad(&group.label))?;
    xml.text("EFFECTIF_PREVU", &group.headcount.to_string())?;
    xml.open("MEFS_APPARTENANCE", &[])?;
    xml.empty("MEF_APPARTENANCE", &[("CODE", &group.mef)])?;
    xml.close()?;
    xml.open("DIVISIONS_APPARTENANCE", &[])?;
    for code in &group.divisions {
        xml.empty("DIVISION_APPARTENANCE", &[("CODE", code)])?;
    }
    xml.close()?;
    write_services(xml, &group.services, true)?;
    xml.close()
}

/// The attributes of `ENSEIGNANT` come in either order in real files: `id_first`.
fn write_services<W: Write>(
    xml: &mut Markup<W>,
    services: &[Service],
    id_first: bool,
) -> io::Result<()> {
    xml.open("SERVICES", &[])?;
    for service in services {
        let attributes =
            [("CODE_MATIERE", service.subject.as_str()), ("CODE_MOD_COURS", service.mode)];
        xml.open("SERVICE", &attributes)?;
        xml.open("ENSEIGNANTS", &[])?;
        for teacher in &service.teachers {
            let mut attributes = [("TYPE", teacher.kind), ("ID", teacher.id.as_str())];
            if id_first {
                attributes.reverse();
            }
            xml.empty("ENSEIGNANT", &attributes)?;
        }
        xml.close()?;
        xml.close()?;
    }
    xml.close()
}

/// Labels are padded to the width of their column, 20; an empty one stays empty.
fn pad(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!("{label:<20}") }
}
