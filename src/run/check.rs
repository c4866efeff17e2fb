//! `check`: the deliveries read, the findings by school; nothing is kept.

use std::path::Path;

use anyhow::Context as _;

use super::intake;
use super::review;
use super::session::Session;
use crate::cli::args::Format;
use crate::cli::say::{self, ExitStatus, Failure};
use crate::model::ids::Uai;

pub fn check(
    session: &Session,
    school: Option<String>,
    out: Option<&Path>,
) -> anyhow::Result<ExitStatus> {
    let only: Option<Uai> = school
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| Failure::new(ExitStatus::Usage, format!("--school: {error}")))?;
    let mut store = session.store()?;
    let intake = intake::read(session, &mut store, false)?;
    let review = review::review(session, &store, intake)?;
    let reports = review.reports(session, only.as_ref());
    if let Some(folder) = out {
        for report in &reports {
            report.write(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        }
    }
    match session.format {
        Format::Text => say::out(&review.text(session, &reports, only.is_none())),
        Format::Json => say::out(&format!("{}\n", review.json(only.as_ref())?)),
    }
    Ok(if review.has_gaps() { ExitStatus::SomeRefused } else { ExitStatus::Done })
}
