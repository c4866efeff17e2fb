//! `demo`: the whole job on the sample academy against the embedded lab, two evenings of it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::SignedDuration;

use super::draft::{self, Draft};
use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::session::{Session, store_failure};
use super::tell::Tally;
use super::world::World;
use super::{applying, init, targets};
use crate::academy::demo::{self, Day, cast};
use crate::apply::Take;
use crate::config::template;
use crate::model::delivery::Status;
use crate::model::finding::Severity;
use crate::plan::operation::OperationKind;
use crate::store::{journal, registry};

/// The lab's port in the demo, when it is free.
const PORT: u16 = 33_636;

pub fn demo(world: &World, dir: &Path) -> anyhow::Result<ExitStatus> {
    let full = dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if full {
        let what = format!("{} is not empty", dir.display());
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint("name another folder: rentree demo DIR")
            .into());
    }
    let targets = template::lab_target(PORT);
    init::write_folder(world, dir, "Région de démonstration", &demo::schools_csv(), &targets)?;
    let mut text = String::new();
    for day in Day::ALL {
        demo::write_day(&dir.join("inbox"), day).context("cannot write the sample academy")?;
        let evening = play(world, dir, day)?;
        text.push_str(&evening);
    }
    text.push_str(&epilogue(world, dir)?);
    (world.out)(&text);
    Ok(ExitStatus::Done)
}

/// The world at the hour of a day's commands: half an hour after the files came.
fn evening_of(world: &World, day: Day) -> World {
    let at = day.received_at().checked_add(SignedDuration::from_mins(30));
    World { clock: world.clock.at(at.unwrap_or(day.received_at())), ..*world }
}

/// One evening: plan and apply, told in a few lines.
fn play(world: &World, dir: &Path, day: Day) -> anyhow::Result<String> {
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
    let applied =
        applying::drive_all(&session, &mut store, &labs, &runtime, draft.run, Take::Open)?;
    Ok(evening(day, &draft, &applied.tally))
}

fn evening(day: Day, draft: &Draft, tally: &Tally) -> String {
    let mut text = String::new();
    let lines = &draft.plan.summary.deliveries;
    let of = |status: Status| lines.iter().filter(|line| line.status == status).count();
    let rows = lines.iter().fold([0; 4], |[read, good, aside, bad], line| {
        let counts = &line.counts;
        [
            read + counts.read,
            good + counts.accepted,
            aside + counts.quarantined,
            bad + counts.rejected,
        ]
    });
    let [read, accepted, aside, rejected] = rows;
    let findings = draft.review.schools.values().flat_map(|school| &school.findings);
    let (to_correct, notes): (Vec<_>, Vec<_>) =
        findings.partition(|finding| finding.severity < Severity::Note);
    let persons = draft.plan.summary.persons;
    let done = |kind: OperationKind| -> u64 {
        tally.values().filter_map(|kinds| kinds.get(&kind)).map(|line| line.done).sum()
    };
    let title = match day {
        Day::One => "everything is new",
        Day::Two => "moves, arrivals, departures, a cut file, a pupil claimed twice",
    };
    let _ = writeln!(text, "{}, 22:00: {title} (run {})", day.as_str(), draft.run);
    let _ = writeln!(
        text,
        "  files     {} in force, {} refused; {read} rows = {accepted} accepted + {aside} \
         set aside \
         + {rejected} rejected",
        of(Status::Current),
        of(Status::Refused)
    );
    let _ = writeln!(
        text,
        "  persons   {} new, {} known, {} moved, {} held by two schools, {} to decide, \
         {} leaving",
        persons.new,
        persons.matched,
        persons.moved,
        persons.held,
        persons.in_review,
        persons.leaving
    );
    let written: Vec<String> = OperationKind::ALL
        .into_iter()
        .map(|kind| (done(kind), kind.as_str().replace('_', " ")))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    let _ = writeln!(text, "  written   {}", written.join(", "));
    let _ = writeln!(
        text,
        "  schools   {} things to correct and {} notes, in French, for {} schools",
        to_correct.len(),
        notes.len(),
        draft.review.schools.values().filter(|school| !school.findings.is_empty()).count()
    );
    text.push('\n');
    text
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
    let target = session.config.targets.first().context("the demo has a target")?;
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
         \x20 rentree lab &                          serves the directory; then\n\
         \x20 LDAPTLS_CACERT=lab/ca.pem ldapsearch -x -LLL -H ldaps://127.0.0.1:{PORT} \\\n\
         \x20   -D cn=admin,{} -y lab/admin.password -b {} uid={moving}\n",
        cast::MOVING_TO.0,
        cast::MOVING.school,
        target.base,
        target.base,
    ))
}
