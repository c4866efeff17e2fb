//! `match weights`: what the records in force teach, as the file that `[matching] weights` reads.

use super::decided::Now;
use super::outcome::{ExitStatus, Failure};
use super::session::Session;

pub fn weights(session: &Session) -> anyhow::Result<ExitStatus> {
    let weights = Now::of(session)?.outcome.weights.ok_or_else(|| {
        let what = "nothing was weighed: identifiers settle every record in force";
        Failure::new(ExitStatus::Usage, what).hint("try again after a rentrée, or write the file")
    })?;
    (session.world.out)(&weights.to_text()?);
    Ok(ExitStatus::Done)
}
