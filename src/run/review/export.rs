//! `review export`: the open questions as a file for a spreadsheet.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::report::question_csv::{self, Row};
use crate::report::question_lines;
use crate::run::decided;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Session, store_failure};
use crate::store::registry;
use crate::store::review::QuestionState;
use crate::store::review::questions;

pub fn export(session: &Session, file: &Path) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let registry = registry::load(&store).map_err(store_failure)?;
    let mut questions = questions::list(&store, false).map_err(store_failure)?;
    questions.sort_by_key(|one| (one.asked.key.uai.clone(), one.first_asked_at, one.id));
    let rows: Vec<Row<'_>> = questions
        .iter()
        .map(|question| Row {
            question,
            deadline: (question.state == QuestionState::Open)
                .then(|| decided::deadline(session, question.first_asked_at)),
        })
        .collect();
    // Answers that somebody typed are never overwritten; names and dates are for its owner only.
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut out = match opened {
        Ok(out) => out,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let what = format!("{} is there already", file.display());
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("give another name, or take that file away")
                .into());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write {}", file.display()));
        }
    };
    question_csv::write(&mut out, &rows, &registry)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let name = file.display().to_string();
    (session.world.out)(&question_lines::exported(rows.len(), &name));
    Ok(ExitStatus::Done)
}
