//! The report of one school, in French: what was read, what is wrong, what to do.
//!
//! Pupils are named by `ELEVE_ID`, line and class: the report may travel by mail.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::catalogue::{harmless, sentence, shown, what_to_do};
use super::csv_safe::safe_cell;
use crate::model::delivery::Status;
use crate::model::finding::{Finding, Severity};
use crate::model::school::School;
use crate::plan::DeliveryLine;

/// Findings of one kind in one file that the text lists; all of them are in the CSV.
const LISTED_MAX: usize = 20;

/// All that a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct SchoolReport<'a> {
    pub school: &'a School,
    /// The day of the report.
    pub on: Date,
    /// In which instants are told.
    pub zone: &'a TimeZone,
    /// Files of this school, with what became of their rows.
    pub deliveries: &'a [DeliveryLine],
    /// Of this school, from parser and checks, in any order.
    pub findings: &'a [Finding],
}

/// The report as text.
pub fn text(report: &SchoolReport<'_>) -> String {
    let School { name, town, uai, .. } = report.school;
    let mut out = String::new();
    let _ = writeln!(out, "{} ({}), UAI {uai}", shown(name), shown(town));
    let _ = writeln!(out, "Rapport du {}", french_day(report.on));
    let _ = writeln!(out, "\nFichiers reçus");
    if report.deliveries.is_empty() {
        let _ = writeln!(out, "  aucun");
    }
    for delivery in report.deliveries {
        write_delivery(&mut out, delivery, report.zone);
    }
    if !report.findings.iter().any(|finding| finding.severity < Severity::Note) {
        let _ = writeln!(out, "\nRien à corriger : merci pour la qualité de vos données.");
    }
    for (file, mut findings) in by_file(report.findings) {
        let title =
            if file.is_empty() { "Pour l'établissement".to_owned() } else { harmless(file) };
        let _ = writeln!(out, "\n{title}");
        findings.sort_by(|one, other| order(one).cmp(&order(other)));
        let same = |one: &&Finding, other: &&Finding| {
            (one.severity, &one.id) == (other.severity, &other.id)
        };
        for group in findings.chunk_by(same) {
            write_group(&mut out, group);
        }
    }
    out
}

fn order(finding: &Finding) -> (Severity, &str, Option<u64>, String) {
    (finding.severity, &finding.id, finding.place.line, sentence(finding))
}

/// Files in order, the school itself first.
fn by_file(findings: &[Finding]) -> BTreeMap<&str, Vec<&Finding>> {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        files.entry(&finding.place.file).or_default().push(finding);
    }
    files
}

fn write_delivery(out: &mut String, delivery: &DeliveryLine, zone: &TimeZone) {
    let DeliveryLine {
        name,
        uai: _,
        source,
        school_year,
        exported_at,
        received_at,
        status,
        counts,
    } = delivery;
    let source = source.map_or("fichier non reconnu", |source| source.french());
    let _ = write!(out, "  {} : {source}", harmless(name));
    if let Some(year) = school_year {
        let _ = write!(out, ", année {year}");
    }
    if let Some(exported) = exported_at {
        let _ = write!(out, ", exporté le {}", french_instant(*exported, zone));
    }
    let _ = write!(out, ", reçu le {}", french_instant(*received_at, zone));
    let _ = writeln!(out, " ({})", french_status(*status));
    let _ = writeln!(
        out,
        "    fiches lues {} = acceptées {} + mises de côté {} + rejetées {}",
        counts.read, counts.accepted, counts.quarantined, counts.rejected
    );
}

/// Findings of one kind: each with its place, then once what to do.
fn write_group(out: &mut String, group: &[&Finding]) {
    let Some(first) = group.first() else { return };
    for finding in group.iter().take(LISTED_MAX) {
        let line = finding.place.line.map(|line| format!("ligne {line} : ")).unwrap_or_default();
        let gravity = french_severity(finding.severity);
        let _ = writeln!(out, "  [{gravity}] {line}{}", sentence(finding));
    }
    if group.len() > LISTED_MAX {
        let more = group.len() - LISTED_MAX;
        let _ = writeln!(out, "  … et {more} autres semblables : voir le fichier CSV.");
    }
    let _ = writeln!(out, "    → {}", what_to_do(first));
}

/// The findings as CSV: `;`, every field quoted, no formula (SEC-35), a BOM so that spreadsheets
/// read the accents.
pub fn csv(report: &SchoolReport<'_>) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{FEFF}".as_bytes().to_vec());
    writer.write_record([
        "uai",
        "établissement",
        "fichier",
        "ligne",
        "gravité",
        "code",
        "anomalie",
        "à faire",
    ])?;
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by(|one, other| {
        (&one.place.file, order(one)).cmp(&(&other.place.file, order(other)))
    });
    for finding in findings {
        let line = finding.place.line.map(|line| line.to_string()).unwrap_or_default();
        let fields = [
            report.school.uai.to_string(),
            shown(&report.school.name),
            harmless(&finding.place.file),
            line,
            french_severity(finding.severity).to_owned(),
            finding.id.to_string(),
            sentence(finding),
            what_to_do(finding),
        ];
        writer.write_record(fields.iter().map(|field| safe_cell(field).into_owned()))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn french_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Refuse => "fichier refusé",
        Severity::SetAside => "mis de côté",
        Severity::Warn => "à corriger",
        Severity::Note => "pour information",
    }
}

fn french_status(status: Status) -> &'static str {
    match status {
        Status::Current => "en service",
        Status::Superseded => "remplacé par un plus récent",
        Status::Early => "attend la rentrée",
        Status::Refused => "refusé",
    }
}

fn french_day(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

fn french_instant(instant: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(instant).strftime("%d/%m/%Y à %H:%M").to_string()
}

#[cfg(test)]
mod tests;
