//! `PARAMETRES`: whose file it is, for which school year, exported when. STSWeb writes attributes
//! where Siècle writes text; both are read.

use std::collections::BTreeSet;
use std::io::BufRead;

use jiff::tz::TimeZone;

use super::dates;
use super::notes::Notes;
use super::text;
use super::xml::{Verdict, Xml};
use crate::model::delivery::{Header, Source};
use crate::model::finding::{self, Finding};
use crate::model::ids::{IdError, SchoolYear, Uai};

/// The text of `PARAMETRES`, before it is judged.
#[derive(Default)]
struct Parameters {
    uai: String,
    year: String,
    stamp: String,
    export_day: String,
    application_source: String,
}

/// Reads the `PARAMETRES` that was just opened, and judges it.
pub(super) fn read<R: BufRead>(
    xml: &mut Xml<R>,
    source: Source,
    notes: &Notes<'_>,
    zone: &TimeZone,
) -> Verdict<Header> {
    let line = xml.line();
    let parameters = read_parameters(xml, notes)?;
    judge(&parameters, source, notes, zone, line)
}

/// Each element once: of two schools or years nobody can tell which one is meant (SEC-41).
fn read_parameters<R: BufRead>(xml: &mut Xml<R>, notes: &Notes<'_>) -> Verdict<Parameters> {
    let mut parameters = Parameters::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while xml.child()? {
        let place = match xml.name() {
            "UAJ" => &mut parameters.uai,
            "ANNEE_SCOLAIRE" => &mut parameters.year,
            "HORODATAGE" => &mut parameters.stamp,
            "DATE_EXPORT" => &mut parameters.export_day,
            "APPLICATION_SOURCE" => &mut parameters.application_source,
            _ => {
                xml.unknown()?;
                continue;
            }
        };
        if !seen.insert(xml.name().to_owned()) {
            return Err(ambiguous(notes, xml.line(), xml.name()));
        }
        let attribute = match xml.name() {
            "UAJ" => xml.attribute("CODE"),
            "ANNEE_SCOLAIRE" => xml.attribute("ANNEE"),
            _ => None,
        };
        if let Some(value) = attribute {
            text::trim(&value).clone_into(place);
            // The school's card (name, address, telephone) and the days of the year: not needed.
            xml.skip()?;
        } else {
            text::trim(xml.text()?).clone_into(place);
        }
    }
    Ok(parameters)
}

pub(super) fn ambiguous(notes: &Notes<'_>, line: u64, field: &str) -> Finding {
    notes.at(finding::HEADER_AMBIGUOUS, line).with("field", field)
}

fn judge(
    parameters: &Parameters,
    source: Source,
    notes: &Notes<'_>,
    zone: &TimeZone,
    line: u64,
) -> Verdict<Header> {
    let Parameters { uai, year, stamp, export_day, application_source } = parameters;
    if uai.is_empty() {
        return Err(notes.at(finding::UAI_MISSING, line));
    }
    let uai: Uai = uai.parse().map_err(|error| {
        let expected = match error {
            IdError::UaiKey(_, letter) => uai.chars().take(7).chain([letter]).collect(),
            _ => "-".to_owned(),
        };
        let wrong = notes.at(finding::UAI_WRONG, line);
        wrong.with("uai", text::quotable(uai, 16)).with("expected", expected)
    })?;
    if source == Source::Sts && !application_source.is_empty() {
        return Err(notes.at(finding::TIMETABLE_FILE, line).of(&uai));
    }
    let school_year: SchoolYear = year.parse().map_err(|_| {
        notes.at(finding::YEAR_MISSING, line).with("value", text::quotable(year, 16)).of(&uai)
    })?;
    let exported_at = dates::instant(stamp, zone).or_else(|| dates::midnight(export_day, zone));
    let said = source != Source::Sts && !(stamp.is_empty() && export_day.is_empty());
    if said && exported_at.is_none() {
        // A date that cannot be read orders nothing: an old file would pass for a new one.
        let written = if stamp.is_empty() { export_day } else { stamp };
        let wrong = notes.at(finding::EXPORT_DATE_WRONG, line).of(&uai);
        return Err(wrong.with("value", text::quotable(written, 24)));
    }
    Ok(Header { source, uai, school_year, exported_at })
}
