//! `show`: a stored plan, whole, in one of its forms.

use super::outcome::ExitStatus;
use super::session::{Format, Session, store_failure};
use super::tell;
use super::{apply, export};
use clap::ValueEnum;

use crate::report::plan_text::Detail;
use crate::report::{plan_csv, plan_json, plan_ldif};
use crate::store::plans;

/// What `--format` takes. The forms of a plan are hidden from the other commands, which refuse
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
    #[value(hide = true)]
    Csv,
    #[value(hide = true)]
    Ldif,
    #[value(hide = true)]
    Sds,
}

impl Form {
    /// How a command answers; None: only a plan has this form.
    pub fn answers(self) -> Option<Format> {
        match self {
            Self::Text => Some(Format::Text),
            Self::Json => Some(Format::Json),
            Self::Csv | Self::Ldif | Self::Sds => None,
        }
    }
}

pub fn show(session: &Session, wanted: &str, form: Form) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let run = apply::find(session, &store, wanted)?;
    let plan = plans::load(&store, run.id).map_err(store_failure)?;
    let mut bytes = Vec::new();
    match form {
        Form::Text => {
            let text = tell::text(session, &store, run.id, &plan, Detail::Full)?;
            bytes.extend(text.into_bytes());
        }
        Form::Json => plan_json::write_lines(&mut bytes, &plan.operations)?,
        Form::Sds => bytes.extend(export::of_plan(session, &plan)?.into_bytes()),
        Form::Csv => plan_csv::write(&mut bytes, &plan.operations)?,
        Form::Ldif => {
            let trees = session.config.targets.iter().filter(|target| target.graph().is_none());
            for target in trees {
                plan_ldif::write(&mut bytes, &target.name, &plan.operations)?;
            }
            for target in session.config.targets.iter().filter(|target| target.graph().is_some()) {
                let of = plan.operations.iter().filter(|one| one.target == target.name).count();
                if of > 0 {
                    (session.world.warn)(&format!(
                        "target {}: its {of} operations are no LDIF: --format csv or json has them",
                        target.name,
                    ));
                }
            }
        }
    }
    (session.world.out)(&String::from_utf8(bytes)?);
    Ok(ExitStatus::Done)
}
