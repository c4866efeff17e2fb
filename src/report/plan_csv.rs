//! A plan as CSV, one row an operation, for a spreadsheet: `;`, UTF-8, every field quoted, nothing
//! that a spreadsheet would compute (SEC-35).

use std::collections::BTreeSet;
use std::io::Write;

use super::csv_safe::safe_cell;
use super::plan_words::shown;
use crate::model::entry::{Attributes, Entry, Links};
use crate::model::ids::Uai;
use crate::plan::operation::{Action, Operation};

const HEADER: [&str; 11] = [
    "seq", "stage", "target", "kind", "object", "school", "dn", "new_dn", "before", "after",
    "blocked",
];

/// Writes the operations of a plan.
pub fn write(out: &mut impl Write, operations: &[Operation]) -> csv::Result<()> {
    let mut rows = csv::WriterBuilder::new()
        .delimiter(b';')
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    rows.write_record(HEADER)?;
    for operation in operations {
        rows.write_record(row(operation).map(|cell| safe_cell(&cell).to_string()))?;
    }
    rows.flush()?;
    Ok(())
}

fn row(operation: &Operation) -> [String; 11] {
    let Operation { seq, target, kind, key, uai, stage, action, blocked } = operation;
    let (dn, new_dn, before, after) = match action {
        Action::Create { entry } => {
            let Entry { key: _, uai: _, dn, attributes, links, enabled: _ } = entry;
            let whole: Vec<String> = [flat(attributes), flat_links(links)]
                .into_iter()
                .filter(|s| !s.is_empty())
                .collect();
            (dn, None, String::new(), whole.join("; "))
        }
        Action::Modify { dn, before, after } => (dn, None, flat(before), flat(after)),
        Action::Rename { from, to } => (from, Some(to), String::new(), String::new()),
        Action::Delete { dn, before } => (dn, None, flat(before), String::new()),
        Action::AddLinks { dn, attribute, values } => {
            (dn, None, String::new(), flat_values(attribute, values))
        }
        Action::RemoveLinks { dn, attribute, values } => {
            (dn, None, flat_values(attribute, values), String::new())
        }
    };
    [
        seq.to_string(),
        stage.to_string(),
        target.clone(),
        kind.as_str().to_owned(),
        shown(&key.to_string()),
        uai.as_ref().map(Uai::to_string).unwrap_or_default(),
        shown(dn),
        new_dn.map(|dn| shown(dn)).unwrap_or_default(),
        before,
        after,
        blocked.clone().unwrap_or_default(),
    ]
}

fn flat(attributes: &Attributes) -> String {
    let pairs = attributes.iter().map(|(name, values)| flat_values(name, values));
    pairs.collect::<Vec<_>>().join("; ")
}

fn flat_links(links: &Links) -> String {
    let pairs =
        links.iter().map(|(name, values): (&String, &BTreeSet<String>)| flat_values(name, values));
    pairs.collect::<Vec<_>>().join("; ")
}

/// `member=a | b`.
fn flat_values<V: AsRef<str>>(name: &str, values: impl IntoIterator<Item = V>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| shown(value.as_ref())).collect();
    format!("{name}={}", values.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::super::plan_sample;
    use super::*;

    fn written(operations: &[Operation]) -> String {
        let mut out = Vec::new();
        write(&mut out, operations).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_has_a_row_for_each_operation() {
        let plan = plan_sample::plan();
        let text = written(&plan.operations);
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), plan.operations.len() + 1);
        assert_eq!(
            lines[0],
            "\"seq\";\"stage\";\"target\";\"kind\";\"object\";\"school\";\"dn\";\"new_dn\";\
             \"before\";\"after\";\"blocked\""
        );
        let find = |what: &str| *lines.iter().find(|line| line.contains(what)).unwrap();
        assert_eq!(
            find(";\"update\";"),
            "\"5\";\"20\";\"annuaire\";\"update\";\"rentree:account:2\";\"0599990N\";\
             \"uid=paul.exemple,ou=personnes,ou=0599990N,dc=exemple,dc=fr\";\"\";\
             \"displayName=paul exemple; title=élève\";\
             \"displayName==HYPERLINK(\"\"x\"\"); mail=paul@exemple.fr\";\"\""
        );
        assert_eq!(
            find(";\"rename\";"),
            "\"2\";\"10\";\"annuaire\";\"rename\";\"rentree:account:4\";\"0809990Z\";\
             \"uid=lea.exemple,ou=personnes,ou=0599990N,dc=exemple,dc=fr\";\
             \"uid=lea.exemple,ou=personnes,ou=0809990Z,dc=exemple,dc=fr\";\"\";\"\";\"\""
        );
    }

    #[test]
    fn no_cell_begins_a_formula_and_each_is_quoted() {
        // SEC-35: a hostile name reaches the first column of a cell through a DN or an attribute.
        let mut plan = plan_sample::plan();
        plan.operations.truncate(1);
        plan.operations[0].target = "=cmd()".to_owned();
        plan.operations[0].blocked = Some("+1;\n\"x\"".to_owned());
        let text = written(&plan.operations);
        assert!(text.contains("\"'=cmd()\""), "{text}");
        assert!(text.contains("\"'+1;\n\"\"x\"\"\""), "{text}");
        let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        for row in rows.records() {
            let row = row.unwrap();
            assert_eq!(row.len(), HEADER.len());
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
        }
    }
}
