//! Class lists as files of other systems: a complete set each time, sorted, the same bytes for the
//! same state.
//!
//! - In: class lists. - Out: files, UTF-8, RFC 4180, no line break inside a value, no cell that a
//!   spreadsheet would compute (SEC-35). - Can go wrong: nothing.

mod oneroster;
mod sds;

pub use oneroster::oneroster;
pub use sds::sds;

use super::csv_safe::safe_cell;
use super::plan_words::shown;
use crate::desired::class_lists::ClassLists;
use crate::model::ids::Uai;

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// Makes a file of its header and rows. A row that is as long as the header cannot fail.
fn file<'a>(
    name: &'static str,
    header: impl IntoIterator<Item = &'a str>,
    rows: impl Iterator<Item = impl IntoIterator<Item = String>>,
) -> csv::Result<File> {
    let mut bytes = Vec::new();
    let mut csv =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut bytes);
    csv.write_record(header)?;
    for row in rows {
        let cells = row.into_iter().map(|cell| safe_cell(&shown(&cell)).into_owned());
        csv.write_record(cells.collect::<Vec<String>>())?;
    }
    csv.flush()?;
    drop(csv);
    Ok(File { name, bytes })
}

/// The key of the Région, above its schools.
const REGION: &str = "region";

/// The key of the school year.
fn session(lists: &ClassLists<'_>) -> String {
    format!("annee-{}", lists.year.0)
}

/// The year in which the school year ends, by which both formats name it.
fn ending(lists: &ClassLists<'_>) -> String {
    (lists.year.0 + 1).to_string()
}

fn text(uai: &Uai) -> String {
    uai.to_string()
}

#[cfg(test)]
mod tests;
