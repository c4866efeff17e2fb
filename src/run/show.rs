//! `show`: a stored plan, whole, in one of its forms.

use super::outcome::ExitStatus;
use super::session::{Format, Session, store_failure};
use super::tell;
use super::{apply, export};
use clap::ValueEnum;

use crate::report::plan_text::Detail;
use crate::report::{plan_csv, plan_json, plan_ldif};
use crate::store::plans;

/// Forms of `show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowAs {
    /// Sentences: summary by school, then one line a change
    Text,
    /// One JSON object a line, one line an operation
    Jsonl,
    /// One row an operation, safe in spreadsheets
    Csv,
    /// LDIF change records of the directories, without passwords
    Ldif,
    /// The class lists that stand once it is applied, as School Data Sync takes them
    Sds,
}

pub fn show(session: &Session, wanted: &str, form: ShowAs) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let run = apply::find(session, &store, wanted)?;
    let plan = plans::load(&store, run.id).map_err(store_failure)?;
    let mut bytes = Vec::new();
    match (form, session.format) {
        (ShowAs::Text, Format::Text) => {
            let text = tell::text(session, &store, run.id, &plan, Detail::Full)?;
            bytes.extend(text.into_bytes());
        }
        (ShowAs::Jsonl, _) | (ShowAs::Text, Format::Json) => {
            plan_json::write_lines(&mut bytes, &plan.operations)?;
        }
        (ShowAs::Sds, _) => bytes.extend(export::of_plan(session, &plan)?.into_bytes()),
        (ShowAs::Csv, _) => plan_csv::write(&mut bytes, &plan.operations)?,
        (ShowAs::Ldif, _) => {
            let trees = session.config.targets.iter().filter(|target| target.graph().is_none());
            for target in trees {
                plan_ldif::write(&mut bytes, &target.name, &plan.operations)?;
            }
        }
    }
    (session.world.out)(&String::from_utf8(bytes)?);
    Ok(ExitStatus::Done)
}
