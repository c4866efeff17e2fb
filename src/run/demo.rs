//! `demo`: the whole job on the sample academy against the embedded lab, two evenings of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use jiff::SignedDuration;

use super::applying::{self, Work};
use super::draft::{self, Draft};
use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::session::{Session, store_failure};
use super::tell::Tally;
use super::turn::Spent;
use super::world::World;
use super::{init, targets};
use crate::academy::demo::{self, Day, cast};
use crate::apply::Take;
use crate::config::template;
use crate::model::delivery::{Counts, Status};
use crate::model::finding::Severity;
use crate::plan::PersonCounts;
use crate::plan::operation::OperationKind;
use crate::store::runs::RunId;
use crate::store::{journal, registry};

/// The lab's port in the demo, when it is free.
const PORT: u16 = 33_636;

pub fn demo(world: &World, format: Format, dir: &Path) -> anyhow::Result<ExitStatus> {
    let full = dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if full {
        let what = format!("{} is not empty", dir.display());
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint("name another folder: rentree demo DIR")
            .into());
    }
    let targets = template::lab_target(PORT);
    init::write_folder(world, dir, "Région de démonstration", &demo::schools_csv(), &targets)?;
    let mut evenings = Vec::new();
    for day in Day::ALL {
        demo::write_day(&dir.join("inbox"), day).context("cannot write the sample academy")?;
        evenings.push(play(world, dir, day)?);
    }
    (world.out)(&match format {
        Format::Text => {
            let texts: String = evenings.iter().map(Evening::text).collect();
            texts + &epilogue(world, dir)?
        }
        Format::Json => {
            let evenings: Vec<_> = evenings.iter().map(Evening::json).collect();
            format!("{}\n", serde_json::json!({ "folder": dir, "evenings": evenings }))
        }
    });
    Ok(ExitStatus::Done)
}

/// The world at the hour of a day's commands: half an hour after the files came.
fn evening_of(world: &World, day: Day) -> World {
    let at = day.received_at().checked_add(SignedDuration::from_mins(30));
    World { clock: world.clock.at(at.unwrap_or(day.received_at())), ..*world }
}

/// One evening: plan and apply, told in a few lines.
fn play(world: &World, dir: &Path, day: Day) -> anyhow::Result<Evening> {
    let session = Session::open(&dir.join("rentree.toml"), Format::Text, evening_of(world, day))?;
    let mut store = session.store()?;
    let _lock = session.lock("demo")?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(&session)?;
    let draft = draft::draft(&session, &mut store, &labs, &runtime, "demo")?;
    if let Some(objection) = draft.plan.objections.first() {
        let what = format!("a guard stopped the demo: {}: {}", objection.id, objection.text);
        return Err(Failure::new(ExitStatus::Guarded, what).into());
    }
    journal::begin(&mut store, draft.run, &draft.plan, session.world.clock.now())
        .map_err(store_failure)?;
    let work = Work::new(draft.run, Take::Open);
    let spent = &mut Spent::default();
    let applied = applying::drive_all(&session, &mut store, &labs, &runtime, work, spent)?;
    Ok(Evening::of(day, &draft, &applied.tally))
}

/// What one evening came to.
struct Evening {
    day: Day,
    run: RunId,
    in_force: usize,
    refused: usize,
    rows: Counts,
    persons: PersonCounts,
    /// Operations done, by kind; none that is 0.
    written: BTreeMap<OperationKind, u64>,
    to_correct: usize,
    notes: usize,
    schools_told: usize,
}

impl Evening {
    fn of(day: Day, draft: &Draft, tally: &Tally) -> Self {
        let lines = &draft.plan.summary.deliveries;
        let of = |status: Status| lines.iter().filter(|line| line.status == status).count();
        let mut rows = Counts::default();
        for line in lines {
            rows.read += line.counts.read;
            rows.accepted += line.counts.accepted;
            rows.quarantined += line.counts.quarantined;
            rows.rejected += line.counts.rejected;
        }
        let schools = || draft.review.schools.values();
        let findings = schools().flat_map(|school| &school.findings);
        let (to_correct, notes): (Vec<_>, Vec<_>) =
            findings.partition(|finding| finding.severity < Severity::Note);
        let mut written: BTreeMap<OperationKind, u64> = BTreeMap::new();
        for (kind, line) in tally.values().flatten().filter(|(_, line)| line.done > 0) {
            *written.entry(*kind).or_default() += line.done;
        }
        Self {
            day,
            run: draft.run,
            in_force: of(Status::Current),
            refused: of(Status::Refused),
            rows,
            persons: draft.plan.summary.persons,
            written,
            to_correct: to_correct.len(),
            notes: notes.len(),
            schools_told: schools().filter(|school| !school.findings.is_empty()).count(),
        }
    }

    fn text(&self) -> String {
        let Self { day, run, in_force, refused, rows, persons, .. } = self;
        let Counts { read, accepted, quarantined, rejected } = rows;
        let PersonCounts { new, matched, moved, held, in_review, leaving } = persons;
        let title = match day {
            Day::One => "everything is new",
            Day::Two => "moves, arrivals, departures, a cut file, a pupil claimed twice",
        };
        let written = self.written.iter();
        let written: Vec<String> = written
            .map(|(kind, count)| format!("{count} {}", kind.as_str().replace('_', " ")))
            .collect();
        format!(
            "{}, 22:00: {title} (run {run})\n  \
             files     {in_force} in force, {refused} refused; {read} rows = {accepted} accepted + \
             {quarantined} set aside + {rejected} rejected\n  \
             persons   {new} new, {matched} known, {moved} moved, {held} held by two schools, \
             {in_review} to decide, {leaving} leaving\n  \
             written   {}\n  \
             schools   {} things to correct and {} notes, in French, for {} schools\n\n",
            day.as_str(),
            written.join(", "),
            self.to_correct,
            self.notes,
            self.schools_told,
        )
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "day": self.day.as_str(),
            "run_id": self.run.0,
            "files": { "in_force": self.in_force, "refused": self.refused },
            "rows": self.rows,
            "persons": self.persons,
            "written": self.written,
            "findings": { "to_correct": self.to_correct, "notes": self.notes },
            "schools_told": self.schools_told,
        })
    }
}

/// Who to look at, and what to type next.
fn epilogue(world: &World, dir: &Path) -> anyhow::Result<String> {
    let session =
        Session::open(&dir.join("rentree.toml"), Format::Text, evening_of(world, Day::Two))?;
    let registry = registry::load(&session.store()?).map_err(store_failure)?;
    let login = |character: &cast::Character| {
        let person = registry.persons.values().find(|person| {
            person.names.family == character.family && person.names.given == character.given
        });
        person
            .and_then(|person| person.account.as_ref())
            .map_or("nobody".to_owned(), |account| account.name.login.to_string())
    };
    let (moving, claimed) = (login(&cast::MOVING), login(&cast::CLAIMED));
    let shown = dir.display();
    let rentree = std::env::current_exe()
        .map_or_else(|_| "rentree".to_owned(), |path| path.display().to_string());
    let now = session.world.clock.now();
    Ok(format!(
        "{moving} moved to {} with the same account; {claimed} is claimed by two schools and \
         stays.\n\n\
         Next (--now sets the clock to the evening of the demo):\n\
         \x20 cd {shown}; alias rentree={rentree}\n\
         \x20 rentree show latest                    the last plan, one line a change\n\
         \x20 rentree status                         how it ended\n\
         \x20 rentree people --find {moving}      who somebody is\n\
         \x20 rentree --now {now} check --school {}\n\
         \x20                                        what a school must correct, in French\n\
         \x20 rentree --now {now} run\n\
         \x20                                        nothing is left to write\n\
         \x20 rentree lab &                          serves the directory, and prints what\n\
         \x20                                        to type then; add uid={moving}\n",
        cast::MOVING_TO.0,
        cast::MOVING.school,
    ))
}
