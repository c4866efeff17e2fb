//! Questions as CSV, to be answered many at a time in a spreadsheet: `;`, UTF-8 with its mark,
//! every field quoted, nothing that a spreadsheet would compute (SEC-35).
//!
//! `empreinte` ties an answer to the facts that were shown: when they have changed since, the
//! answer is refused.

use std::io::Write;

use jiff::civil::Date;

use super::csv_safe::safe_cell;
use super::question::{french, login};
use super::words;
use crate::model::ids::PersonId;
use crate::model::person::{EnrolmentState, Person};
use crate::model::registry::Registry;
use crate::store::review::facts_text;
use crate::store::review::questions::Question;

/// The header; what is answered stands last.
pub const HEADER: [&str; 21] = [
    "question",
    "empreinte",
    "etablissement",
    "fiche",
    "classe",
    "nom",
    "nom_usage",
    "prenom",
    "naissance",
    "avant_le",
    "doute",
    "suggestion",
    "compte",
    "nom_suggere",
    "prenom_suggere",
    "naissance_suggere",
    "etablissements_suggere",
    "indices",
    "reponse",
    "personne",
    "motif",
];

/// One question to be written.
pub struct Row<'a> {
    pub question: &'a Question,
    pub deadline: Option<Date>,
}

/// Writes the questions.
pub fn write(out: &mut impl Write, rows: &[Row<'_>], registry: &Registry) -> csv::Result<()> {
    out.write_all("\u{FEFF}".as_bytes())?;
    let mut csv = csv::WriterBuilder::new()
        .delimiter(b';')
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    csv.write_record(HEADER)?;
    for row in rows {
        csv.write_record(cells(row, registry).map(|cell| safe_cell(&cell).into_owned()))?;
    }
    csv.flush()?;
    Ok(())
}

fn cells(row: &Row<'_>, registry: &Registry) -> [String; 21] {
    let Question { id, asked, .. } = row.question;
    let names = &asked.record.names;
    let suggested = row.question.suggested();
    let person = suggested.and_then(|id| registry.persons.get(&id));
    let classes: Vec<&str> = asked.record.classes.iter().map(|code| code.0.as_str()).collect();
    let date = |day: Option<Date>| day.map(french).unwrap_or_default();
    let of = |tell: fn(&Person) -> String| person.map(tell).unwrap_or_default();
    let others = || {
        let all: Vec<String> = row.question.persons().iter().map(PersonId::to_string).collect();
        all.join(" ou ")
    };
    let pupil = asked.key.source == crate::model::delivery::Source::SieclePupils;
    let lines = asked.weighing.iter().flat_map(|weighing| &weighing.best.lines);
    let clues: Vec<String> = lines
        .map(|line| format!("{} {}", words::weighed(line, pupil), words::bits(line.decibits)))
        .collect();
    [
        id.to_string(),
        facts_text(asked.facts),
        asked.key.uai.to_string(),
        asked.key.number.clone(),
        classes.join(", "),
        names.family.clone(),
        names.usage.clone().unwrap_or_default(),
        names.given.clone(),
        date(asked.record.birth_date),
        date(row.deadline),
        words::doubt_for_schools(asked.why).to_owned(),
        suggested.map_or_else(others, |id| id.to_string()),
        suggested.map(|id| login(registry, id)).unwrap_or_default(),
        of(|person| person.names.family.clone()),
        of(|person| person.names.given.clone()),
        of(|person| person.birth_date.map(french).unwrap_or_default()),
        of(schools),
        clues.join(" | "),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn schools(person: &Person) -> String {
    let schools: Vec<String> = person
        .enrolments
        .iter()
        .map(|(uai, enrolment)| match &enrolment.state {
            EnrolmentState::Ended { on, by: _ } => format!("{uai} < {}", french(*on)),
            EnrolmentState::Current | EnrolmentState::Future | EnrolmentState::Held { .. } => {
                uai.to_string()
            }
        })
        .collect();
    schools.join(", ")
}

/// One answered row, as typed; cells are trimmed and freed of the apostrophe that made them safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub line: u64,
    pub question: String,
    pub facts: String,
    pub verdict: String,
    pub person: String,
    pub reason: String,
}

/// Reads the answered rows of a file; rows without an answer are left out. Problems carry their
/// line.
pub fn read(bytes: &[u8]) -> Result<Vec<Answered>, Vec<String>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(vec!["the file is not UTF-8: save it as « CSV UTF-8 »".to_owned()]);
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let first = text.split(['\r', '\n']).next().unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let wanted = ["question", "empreinte", "reponse", "personne", "motif"];
    let places: Vec<usize> = wanted.iter().filter_map(|name| place(name)).collect();
    let Ok([question, facts, verdict, person, reason]) = <[usize; 5]>::try_from(places) else {
        return Err(vec![format!(
            "1: the columns {} must be there: take a file of `rentree review export`",
            wanted.join(", ")
        )]);
    };
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(format!("{error}: repair the quotes of that line"));
                continue;
            }
        };
        let cell = |place: usize| freed(record.get(place).unwrap_or_default());
        let row = Answered {
            line: record.position().map_or(0, |at| line_at(text, at.byte())),
            question: cell(question),
            facts: cell(facts),
            verdict: cell(verdict),
            person: cell(person),
            reason: cell(reason),
        };
        if !row.verdict.is_empty() {
            rows.push(row);
        } else if !row.reason.is_empty() || !row.person.is_empty() {
            let line = row.line;
            problems.push(format!(
                "{line}: a reason or a person, and no answer: write same, different or later"
            ));
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// The line on which a record begins: the reader stops between the two signs of a line's end.
fn line_at(text: &str, byte: u64) -> u64 {
    let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let (before, after) = text.as_bytes().split_at(byte);
    // A row also ends with a lone carriage return.
    let next = text.as_bytes().iter().skip(1).chain(b"\r");
    let is_end = |(sign, next): &(&u8, &u8)| **sign == b'\n' || **sign == b'\r' && **next != b'\n';
    let ends = before.iter().zip(next).filter(is_end).count();
    1 + ends as u64 + u64::from(after.first() == Some(&b'\n'))
}

/// The cell as it was before it was made safe.
fn freed(cell: &str) -> String {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(inside) if safe_cell(inside) == cell => inside.trim().to_owned(),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_back_as_spreadsheets_write_it() {
        let expected = Answered {
            line: 2,
            question: "7".into(),
            facts: "00ff".into(),
            verdict: "same".into(),
            person: String::new(),
            reason: "-vu avec la mère; oui".into(),
        };
        for text in [
            "\u{FEFF}question;empreinte;x;reponse;personne;motif\r\n\
             7;00ff;;same;;\"'-vu avec la mère; oui\"\r\n8;00fe;;;;\r\n",
            "question,empreinte,reponse,personne,motif\n\
             7,00ff, same ,,\"-vu avec la mère; oui\"\n",
            // Found by fuzzing: every row was said to be the first line.
            "question,empreinte,reponse,personne,motif\r\
             7,00ff, same ,,\"-vu avec la mère; oui\"\r",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), std::slice::from_ref(&expected));
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let check = |bytes: &[u8], words: &str| {
            let problems = read(bytes).unwrap_err().join("\n");
            assert!(problems.contains(words), "{problems}");
        };
        check(b"question;reponse\n", "1: the columns question, empreinte");
        check(b"question;empreinte;reponse;personne;motif\n7;a;;;oui\n", "2: a reason or a person");
        check(&[0xE9], "CSV UTF-8");
    }
}
