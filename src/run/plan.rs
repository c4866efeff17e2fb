//! `plan`: the dry run. Stored and printed; nothing is written to a target.

use std::path::Path;

use super::draft::{self, Draft};
use super::outcome::ExitStatus;
use super::session::Session;
use super::{applying, exported, targets, tell};
use crate::report::plan_text::Detail;

pub fn plan(session: &Session, out: Option<&Path>) -> anyhow::Result<ExitStatus> {
    targets::check_secrets(session)?;
    let _lock = session.lock("plan")?;
    let mut store = session.sound_store()?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    let draft = draft::draft(session, &mut store, &labs, &runtime, "plan")?;
    if let Some(path) = out {
        let text = tell::text(session, &store, draft.run, &draft.plan, Detail::Full)?;
        exported::write(session, path, &text, &draft.plan.hash)?;
    }
    tell::plan(session, &store, &draft, Detail::Full)?;
    Ok(status(&draft))
}

/// What a plan alone ends with: a target that could not be read, a guard that objects, gaps in the
/// deliveries.
pub(super) fn status(draft: &Draft) -> ExitStatus {
    let gaps = if draft.review.has_gaps() { ExitStatus::SomeRefused } else { ExitStatus::Done };
    let guarded =
        if draft.plan.objections.is_empty() { ExitStatus::Done } else { ExitStatus::Guarded };
    let unread = draft.plan.summary.unread.is_empty();
    let unread = if unread { ExitStatus::Done } else { ExitStatus::Unreachable };
    gaps.and(guarded).and(unread)
}
