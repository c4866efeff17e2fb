//! `doctor`: configuration, files, rights, certificates, target policies; says what to mend.

use super::outcome::ExitStatus;
use super::session::Format;
use super::session::Session;
use super::targets::{self, Labs, Purpose};
use super::{applying, cloud, machine, outcome, review};
use crate::config::{Target, TargetKind};
use crate::plan::Objection;
use crate::store::{Store, StoreError, deliveries, health, registry};
use crate::target::examined::{Examined, Verdict};
use crate::target::ldap::doctor;

pub fn doctor(session: &Session) -> anyhow::Result<ExitStatus> {
    let mut found: Vec<(String, Examined)> = Vec::new();
    let mut add = |scope: &str, one: Examined| found.push((scope.to_owned(), one));
    files(session).into_iter().for_each(|one| add("files", one));
    for name in &session.config.switched_off {
        let what = "switched off in rentree.toml: enabled = false".to_owned();
        add(name, Examined { id: "enabled", verdict: Verdict::Weak, what, hint: String::new() });
    }
    let runtime = applying::runtime()?;
    let mut labs = Labs::default();
    for target in &session.config.targets {
        let started = labs.start(session, target);
        match started.and_then(|()| examine(&runtime, target, &labs, session)) {
            Ok(list) => list.into_iter().for_each(|one| add(&target.name, one)),
            Err(error) => {
                let (what, hint) = outcome::parts(&error);
                let away = outcome::rendered(&error).1 == ExitStatus::Unreachable;
                add(&target.name, bad(if away { "connection" } else { "settings" }, what, &hint));
            }
        }
    }
    (session.world.out)(&match session.format {
        Format::Text => text(&found),
        Format::Json => json(&found),
    });
    let statuses = found.iter().map(|(_, one)| match (one.verdict, one.id) {
        (Verdict::Bad, "connection" | "answers" | "answers-writes") => ExitStatus::Unreachable,
        (Verdict::Bad, _) => ExitStatus::Usage,
        (Verdict::Good | Verdict::Weak, _) => ExitStatus::Done,
    });
    Ok(statuses.fold(ExitStatus::Done, ExitStatus::and))
}

fn examine(
    runtime: &tokio::runtime::Runtime,
    target: &Target,
    labs: &Labs,
    session: &Session,
) -> anyhow::Result<Vec<Examined>> {
    if target.graph().is_some() {
        let open = runtime.block_on(cloud::open(session, &session.store()?, target, labs));
        return Ok(runtime.block_on(open?.doctor()));
    }
    let writer = targets::settings(target, labs, Purpose::Write)?;
    let has_reader = match &target.kind {
        TargetKind::Ldap(ldap) => ldap.reader.is_some(),
        TargetKind::Lab(_) => true,
        TargetKind::Graph(_) => false,
    };
    let reader = match has_reader {
        true => Some(targets::settings(target, labs, Purpose::Read)?.bind),
        false => None,
    };
    let now = session.world.clock.now();
    let is_empty = knows_nobody(session);
    Ok(runtime.block_on(doctor::examine(&writer, reader.as_ref(), is_empty, now)))
}

/// The store is new, or was lost. One that cannot be read is told with the files.
fn knows_nobody(session: &Session) -> bool {
    session.open_store().and_then(|store| registry::is_empty(&store)).unwrap_or(false)
}

fn files(session: &Session) -> Vec<Examined> {
    let config = &session.config;
    let mut list = vec![Examined {
        id: "configuration",
        verdict: Verdict::Good,
        what: format!("{} schools, {} target(s)", config.schools.len(), config.targets.len()),
        hint: String::new(),
    }];
    if config.schools.is_empty() {
        list.push(bad(
            "schools",
            "schools.csv has no school with an UAI: every file would be refused".to_owned(),
            "fill in the first column of schools.csv",
        ));
    } else if config.schools_without_uai > 0 {
        list.push(Examined {
            id: "schools",
            verdict: Verdict::Weak,
            what: format!("{} lines of schools.csv have no UAI yet", config.schools_without_uai),
            hint: "fill in the first column, or remove the line".to_owned(),
        });
    }
    match std::fs::read_dir(&config.inbox) {
        Ok(_) => list.push(good("inbox", format!("{} can be read", config.inbox.display()))),
        Err(error) => list.push(bad(
            "inbox",
            format!("{}: {error}", config.inbox.display()),
            "make the folder, or correct folders.inbox",
        )),
    }
    list.extend(machine::room(session));
    list.extend(store(session));
    list
}

/// The store is sound, and was filled under this key.
fn store(session: &Session) -> Vec<Examined> {
    let mut store = match session.open_store() {
        Ok(store) => store,
        Err(error) => return vec![bad("store", error.to_string(), hint(&error))],
    };
    let sound = match health::problems(&store) {
        Ok(problems) if problems.is_empty() => {
            good("store", format!("{} is sound", store.path().display()))
        }
        Ok(problems) => bad("store", problems.join("; "), RESTORE),
        Err(error) => bad("store", error.to_string(), hint(&error)),
    };
    let exposed = match health::exposed(&store) {
        Ok(paths) if paths.is_empty() => None,
        Ok(paths) => Some(bad("store-rights", paths.join("; "), RIGHTS)),
        Err(error) => Some(bad("store", error.to_string(), hint(&error))),
    };
    let key = match session.check_key(&mut store) {
        Ok(()) => good("ine-key", "the key of the INE is that of the store".to_owned()),
        Err(error) => {
            let (what, hint) = outcome::parts(&error);
            bad("ine-key", what, &hint)
        }
    };
    let clock = match machine::stepped_back(session, &store) {
        Ok(None) => good("clock", "not behind the last run".to_owned()),
        Ok(Some(what)) => bad("clock", what, machine::CLOCK),
        Err(error) => bad("store", error.to_string(), hint(&error)),
    };
    let schools = match schools_missing(session, &store) {
        Ok(gone) => gone.map(|gone| bad("schools", gone.text, SCHOOLS)),
        Err(error) => Some(bad("store", error.to_string(), hint(&error))),
    };
    [sound, key, clock].into_iter().chain(exposed).chain(schools).collect()
}

/// What the guard will say of schools that the last run measured on and schools.csv has no more.
fn schools_missing(session: &Session, store: &Store) -> Result<Option<Objection>, StoreError> {
    let measured = review::measured(session, &deliveries::basis(store)?);
    Ok(review::missing(&measured, &|uai| session.config.schools.contains_key(uai)))
}

const SCHOOLS: &str = "put them back into schools.csv; if they left for good: the next plan is \
                       stopped, and rentree show latest says how two persons let it pass";

const RIGHTS: &str = "take the rights of the others away: chmod 700 on the folder, 600 on the file";

/// A store is put back only when it is damaged: a good one on a bad disk would be lost.
fn hint(error: &StoreError) -> &'static str {
    match error {
        StoreError::Damaged(_) | StoreError::Content(_) | StoreError::Other(_) => RESTORE,
        StoreError::Newer { .. } => "install the newer version again",
        StoreError::Busy(_) => "wait for the other command to end",
        _ => "the store is left as it is: mend its disk, its rights or its room",
    }
}

const RESTORE: &str = "put the last backup in its place (rentree backup makes them)";

pub(super) fn good(id: &'static str, what: String) -> Examined {
    Examined { id, verdict: Verdict::Good, what, hint: String::new() }
}

pub(super) fn bad(id: &'static str, what: String, hint: &str) -> Examined {
    Examined { id, verdict: Verdict::Bad, what, hint: hint.to_owned() }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Weak => "weak",
        Verdict::Bad => "BAD",
    }
}

fn text(found: &[(String, Examined)]) -> String {
    let mut text = String::new();
    for (scope, Examined { id, verdict, what, hint }) in found {
        text.push_str(&format!("{:<4}  {scope}: {id}: {what}\n", word(*verdict)));
        if !hint.is_empty() && *verdict != Verdict::Good {
            text.push_str(&format!("      hint: {hint}\n"));
        }
    }
    text
}

fn json(found: &[(String, Examined)]) -> String {
    let list: Vec<_> = found
        .iter()
        .map(|(scope, one)| {
            serde_json::json!({
                "scope": scope,
                "id": one.id,
                "verdict": word(one.verdict).to_lowercase(),
                "what": one.what,
                "hint": one.hint,
            })
        })
        .collect();
    format!("{}\n", serde_json::Value::from(list))
}
