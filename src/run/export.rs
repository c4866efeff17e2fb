//! `export`: the desired state as files for other systems, and `show --format sds`.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use super::applying;
use super::decided::{self, Decided, Known};
use super::intake;
use super::outcome::{ExitStatus, Failure};
use super::private_file;
use super::review;
use super::session::{Format, Session, store_failure};
use super::targets;
use crate::desired::class_lists::{self, Source};
use crate::desired::subscription;
use crate::mapping::Mapping;
use crate::model::school::School;
use crate::plan::Plan;
use crate::report::class_lists::{File, oneroster, sds};
use crate::store::history;

/// Systems that take class lists as files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// School Data Sync V2.1: schools with a current subscription only
    Sds,
    /// `OneRoster` 1.1: every school of the agreement
    Oneroster,
}

impl System {
    fn name(self) -> &'static str {
        match self {
            Self::Sds => "School Data Sync",
            Self::Oneroster => "OneRoster 1.1",
        }
    }
}

/// Writes what should stand now; nothing is kept, and nothing is written to a target.
pub fn export(session: &Session, system: System, to: &Path) -> anyhow::Result<ExitStatus> {
    let decided = decide(session)?;
    let files = lists(session, &decided, system)?;
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    if holds_nobody(&files) {
        let what = format!("nobody would be in the lists for {}", system.name());
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint(
                "nothing was written: a set without anybody would make everybody inactive there; \
                 look at the inbox, and for sds at o365_depuis and o365_jusqua in schools.csv",
            )
            .into());
    }
    if let Some(other) = of_another_set(to, &names)? {
        let what = format!("{} is not of the lists for {}", other.display(), system.name());
        let hint = "one folder for each set: choose another one; nothing was written";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    write(to, &files)?;
    (session.world.out)(&match session.format {
        Format::Text => format!(
            "{} holds {} for {}: names of pupils, readable by you only.\n",
            to.display(),
            names.join(", "),
            system.name(),
        ),
        Format::Json => {
            format!("{}\n", serde_json::json!({ "path": to, "files": names }))
        }
    });
    Ok(ExitStatus::Done)
}

/// The class lists that stand once a stored plan is applied, one file after another. Refused when
/// the plan is no longer what the deliveries say: its lists are then nowhere.
pub(super) fn of_plan(session: &Session, plan: &Plan) -> anyhow::Result<String> {
    let decided = decide(session)?;
    if decided.change != plan.change {
        let what = format!("plan {} is no longer what deliveries and registry say", plan.hash);
        let hint = "`rentree plan` makes a new one; `rentree export sds DIR` needs none";
        return Err(Failure::new(ExitStatus::Stale, what).hint(hint).into());
    }
    let mut text = String::new();
    for File { name, bytes } in lists(session, &decided, System::Sds)? {
        text.push_str(&format!("--- {name}\n{}", String::from_utf8(bytes)?));
    }
    Ok(text)
}

/// What should stand, as a plan made now would have it.
fn decide(session: &Session) -> anyhow::Result<Decided> {
    targets::check_secrets(session)?;
    let mut store = session.store()?;
    let intake = intake::read(session, &mut store, false)?;
    let review = review::review(session, &store, intake)?;
    let known = Known::load(&store)?;
    let past = history::past(&store).map_err(store_failure)?;
    let labs = targets::start_labs(session)?;
    // Names that others hold in the targets are given to nobody new.
    let observed =
        applying::runtime()?.block_on(targets::observe_all(session, &store, &labs))?.observed;
    Ok(decided::decide_all(session, &review, &known, &observed, &past.taken))
}

fn lists(session: &Session, decided: &Decided, system: System) -> anyhow::Result<Vec<File>> {
    let keys = session.config.keys_of_persons();
    let tenant = session.config.targets.iter().find_map(|target| match &target.mapping {
        Mapping::Graph(mapping) => Some(mapping),
        Mapping::Ldap(_) => None,
    });
    let source = Source {
        region: &session.config.region,
        schools: &session.config.schools,
        registry: &decided.after,
        spaces: &decided.spaces,
        scheme: &session.config.scheme,
        keys: &keys,
        tenant,
        turn: session.config.lifecycle.turn,
        today: session.today(),
    };
    let today = session.today();
    let subscribed = |school: &School| subscription::is_current(school, today);
    let wrong = |problem: String| Failure::new(ExitStatus::Usage, problem);
    let of = |is_wanted: &dyn Fn(&School) -> bool| {
        class_lists::class_lists(source, is_wanted).map_err(wrong)
    };
    Ok(match system {
        System::Sds => sds(&of(&subscribed)?)?,
        System::Oneroster => oneroster(&of(&|_| true)?)?,
    })
}

/// Only the heading: in the file of persons, a line more is one.
fn holds_nobody(files: &[File]) -> bool {
    let users = files.iter().find(|file| file.name == "users.csv");
    users.is_none_or(|file| file.bytes.iter().filter(|byte| **byte == b'\n').count() < 2)
}

/// A list that lies in the folder and would be taken for one of this set.
fn of_another_set(to: &Path, names: &[&str]) -> anyhow::Result<Option<PathBuf>> {
    if !to.is_dir() {
        return Ok(None);
    }
    let mut others = Vec::new();
    for entry in fs::read_dir(to).with_context(|| format!("cannot read {}", to.display()))? {
        let path = entry?.path();
        let is_list = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if is_list && !names.contains(&name) {
            others.push(path);
        }
    }
    Ok(others.into_iter().min())
}

/// Into a folder, or into one archive when the name says so. A file is replaced whole: whoever
/// reads meanwhile finds the old set's file or the new one's.
fn write(to: &Path, files: &[File]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", to.display());
    if to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
        return replace(to, &archive(files)?).with_context(failed);
    }
    fs::create_dir_all(to).with_context(failed)?;
    for File { name, bytes } in files {
        let path = to.join(name);
        replace(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    private_file::write(new, bytes)?;
    fs::rename(new, path)
}

/// The same files give the same bytes: an archive has no time of its own here.
fn archive(files: &[File]) -> anyhow::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for File { name, bytes } in files {
        zip.start_file(*name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
