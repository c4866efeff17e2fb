//! `review show`: one question, whole.

use super::ask;
use crate::report::question::{self, Page};
use crate::report::question_lines;
use crate::run::decided;
use crate::run::outcome::ExitStatus;
use crate::run::session::{Format, Session, store_failure};
use crate::store::registry;
use crate::store::review::{QuestionState, answers};

pub fn show(session: &Session, id: u64) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let question = ask::find(&store, id)?;
    let registry = registry::load(&store).map_err(store_failure)?;
    let given = answers::list(&store, Some(id)).map_err(store_failure)?;
    let lifecycle = &session.config.lifecycle;
    let pupil = question.asked.key.source == crate::model::delivery::Source::SieclePupils;
    let page = Page {
        question: &question,
        answers: &given,
        registry: &registry,
        schools: &session.config.schools,
        zone: &session.config.zone,
        deadline: (question.state == QuestionState::Open)
            .then(|| decided::deadline(session, question.first_asked_at)),
        grace_days: if pupil { lifecycle.pupil_grace_days } else { lifecycle.staff_grace_days },
        retention_days: lifecycle.retention_days,
    };
    match session.format {
        Format::Text => (session.world.out)(&question::text(&page)),
        Format::Json => (session.world.out)(&format!("{}\n", question_lines::json(&page)?)),
    }
    Ok(ExitStatus::Done)
}
