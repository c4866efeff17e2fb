//! `plan`: the dry run. Stored and printed; nothing is written to a target.

use std::path::Path;

use anyhow::Context as _;

use super::draft::{self, Draft};
use super::outcome::ExitStatus;
use super::session::Session;
use super::{applying, targets, tell};
use crate::report::plan_text::Detail;

pub fn plan(session: &Session, out: Option<&Path>) -> anyhow::Result<ExitStatus> {
    targets::check_secrets(session)?;
    let _lock = session.lock("plan")?;
    let mut store = session.store()?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    let draft = draft::draft(session, &mut store, &labs, &runtime, "plan")?;
    if let Some(path) = out {
        std::fs::write(path, tell::text(session, &draft, Detail::Full)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    tell::plan(session, &draft, Detail::Full)?;
    Ok(status(&draft))
}

/// What a plan alone ends with: a guard that objects, gaps in the deliveries.
pub(super) fn status(draft: &Draft) -> ExitStatus {
    let gaps = if draft.review.has_gaps() { ExitStatus::SomeRefused } else { ExitStatus::Done };
    if draft.plan.objections.is_empty() { gaps } else { gaps.and(ExitStatus::Guarded) }
}
