//! `schools.csv`: the schools inside the agreement, one a line.

use std::path::Path;

use jiff::civil::Date;

use crate::model::ids::Uai;
use crate::model::school::{School, SchoolSource, Schools};

/// The header of the file, as `init` writes it.
pub const HEADER: &str = "uai;nom;ville;departement;academie;service;equipe;section;source;\
                          o365_depuis;o365_jusqua";

/// The schools of the seed's annex, without their UAI: the template that `init` writes.
pub const TEMPLATE: &str = include_str!("schools_template.csv");

/// Reads the file. Lines without an UAI are schools still to be filled in: they are left out and
/// counted. Every other problem is told with its line.
pub fn read(path: &Path, problems: &mut Vec<String>) -> (Schools, usize) {
    match std::fs::read(path) {
        Ok(bytes) => parse(&bytes, &path.display().to_string(), problems),
        Err(error) => {
            problems.push(format!("{}: {error}", path.display()));
            (Schools::new(), 0)
        }
    }
}

/// Parses the text of the file; see [`read`].
pub fn parse(bytes: &[u8], name: &str, problems: &mut Vec<String>) -> (Schools, usize) {
    let mut schools = Schools::new();
    let mut without_uai = 0;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').comment(Some(b'#')).from_reader(bytes);
    match reader.headers() {
        Ok(header) if header.iter().collect::<Vec<_>>().join(";") == HEADER => {}
        Ok(_) => problems.push(format!("{name}:1: the header must be {HEADER}")),
        Err(error) => problems.push(format!("{name}:1: {error}")),
    }
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        if row.get(0).is_none_or(|uai| uai.trim().is_empty()) {
            without_uai += 1;
            continue;
        }
        match school(&row) {
            Ok(school) => {
                if let Some(twice) = schools.insert(school.uai.clone(), school) {
                    problems.push(format!("{name}:{line}: {} stands twice", twice.uai));
                }
            }
            Err(problem) => problems.push(format!("{name}:{line}: {problem}")),
        }
    }
    (schools, without_uai)
}

fn school(row: &csv::StringRecord) -> Result<School, String> {
    let field = |rank: usize| row.get(rank).unwrap_or_default().trim().to_owned();
    let required = |rank: usize, key: &str| {
        Some(field(rank)).filter(|text| !text.is_empty()).ok_or(format!("{key} is empty"))
    };
    let day = |rank: usize, key: &str| match field(rank) {
        text if text.is_empty() => Ok(None),
        text => match text.parse::<Date>() {
            Ok(day) => Ok(Some(day)),
            Err(_) => Err(format!("{key}: a date is AAAA-MM-JJ: {text}")),
        },
    };
    let uai: Uai =
        field(0).parse().map_err(|error: crate::model::ids::IdError| error.to_string())?;
    let source = match field(8).as_str() {
        "sts-siecle" => SchoolSource::StsSiecle,
        "pgcu" => SchoolSource::Pgcu,
        "other" => SchoolSource::Other,
        // each school declares where its people come from.
        text => return Err(format!("source is sts-siecle, pgcu or other, not « {text} »")),
    };
    let (o365_from, o365_until) = (day(9, "o365_depuis")?, day(10, "o365_jusqua")?);
    match (o365_from, o365_until) {
        (None, Some(until)) => {
            return Err(format!("o365_jusqua is {until} and o365_depuis is empty: write both"));
        }
        (Some(from), Some(until)) if until < from => {
            return Err(format!("o365_jusqua, {until}, is before o365_depuis, {from}"));
        }
        _ => {}
    }
    Ok(School {
        uai,
        name: required(1, "nom")?,
        town: required(2, "ville")?,
        department: required(3, "departement")?,
        academy: required(4, "academie")?,
        service: field(5),
        team: field(6),
        section: field(7),
        source,
        o365_from,
        o365_until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let mut problems = Vec::new();
        let text = format!("{HEADER}\n{line}\n");
        let (schools, without) = parse(text.as_bytes(), "schools.csv", &mut problems);
        let told = match problems.as_slice() {
            [] => format!("{} schools, {without} without UAI", schools.len()),
            [first, ..] => first.clone(),
        };
        assert_eq!(told, expected);
    }

    ///
    #[test]
    fn each_line_is_a_school_or_a_problem_with_its_line() {
        let rest = "Lycée A;Lille;59;Lille;S;E;Se";
        check(&format!("0590001F;{rest};sts-siecle;;"), "1 schools, 0 without UAI");
        check(&format!(";{rest};sts-siecle;;"), "0 schools, 1 without UAI");
        check(
            &format!("0590001A;{rest};sts-siecle;;"),
            "schools.csv:2: the key letter of 0590001A should be F",
        );
        check(
            &format!("0590001F;{rest};;;"),
            "schools.csv:2: source is sts-siecle, pgcu or other, not «  »",
        );
        check(
            &format!("0590001F;{rest};pgcu;1/2/2026;"),
            "schools.csv:2: o365_depuis: a date is AAAA-MM-JJ: 1/2/2026",
        );
        check(
            &format!("0590001F;{rest};pgcu;2026-09-02;2026-09-01"),
            "schools.csv:2: o365_jusqua, 2026-09-01, is before o365_depuis, 2026-09-02",
        );
        check(
            &format!("0590001F;{rest};pgcu;;2026-09-01"),
            "schools.csv:2: o365_jusqua is 2026-09-01 and o365_depuis is empty: write both",
        );
        let day = "2026-09-01;2026-09-01";
        check(&format!("0590001F;{rest};pgcu;{day}"), "1 schools, 0 without UAI");
    }

    /// two schools of one name stay apart.
    #[test]
    fn names_are_labels_only() {
        let mut problems = Vec::new();
        let line = "Lycée Pasteur;Lille;59;Lille;S;E;Se;sts-siecle;;";
        let text = format!("{HEADER}\n0590001F;{line}\n0599990N;{line}\n");
        assert_eq!(parse(text.as_bytes(), "f", &mut problems).0.len(), 2);
        assert!(problems.is_empty());
    }

    #[test]
    fn the_template_lists_the_schools_of_the_annex() {
        let mut problems = Vec::new();
        let (schools, without) = parse(TEMPLATE.as_bytes(), "template", &mut problems);
        assert_eq!((schools.len(), without, problems.len()), (0, 237, 0));
    }
}
