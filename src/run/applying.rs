//! The apply of a stored plan, shared by `apply`, `run` and `replay`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use super::open::Open;
use super::outcome::{self, ExitStatus, Failure};
use super::proof;
use super::session::{Session, store_failure};
use super::targets::{self, Kept, Labs, Purpose};
use super::tell::Tally;
use super::turn::{Late, Spent, Turn};
use super::world::Stopwatch;
use crate::apply::{self, ApplyError, Context, Take};
use crate::config::Target;
use crate::store::halts::{self, Halt};
use crate::store::runs::{self, RunId};
use crate::store::{Store, plans};
use crate::target::Write as _;
use crate::target::examined::Examined;

/// How an apply ended.
pub struct Applied {
    pub status: ExitStatus,
    /// By target and kind.
    pub tally: Tally,
}

/// Operations of one journal transaction: large enough that the disk is not waited for, small
/// enough that a crash leaves little to look at.
const BATCH: usize = 256;

/// A runtime for the network: two threads, as the work is waiting.
pub fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// What of a run is done now.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    run: RunId,
    take: Take,
    take_of_tenants: Take,
}

impl Work {
    pub fn new(run: RunId, take: Take) -> Self {
        Self { run, take, take_of_tenants: take }
    }

    /// What cannot wait for the next plan: what is open of directories, and of tenants what was
    /// announced. The rest of a tenant may take hours, and the directories come first.
    pub fn before_a_plan(run: RunId) -> Self {
        Self { run, take: Take::Open, take_of_tenants: Take::Announced }
    }

    fn take_of(self, target: &Target) -> Take {
        if target.graph().is_some() { self.take_of_tenants } else { self.take }
    }

    /// How many operations that is.
    pub fn count(self, session: &Session, store: &Store) -> anyhow::Result<u64> {
        let open = session.config.targets.iter().try_fold(0, |sum, target| {
            let take = self.take_of(target);
            plans::count(store, self.run, &target.name, take).map(|count| sum + count)
        });
        open.map_err(store_failure)
    }

    /// Nothing is to be written, and nothing of what was written is to be read back.
    pub(super) fn is_done(self, session: &Session, store: &Store) -> anyhow::Result<bool> {
        let mut owed = false;
        for target in &session.config.targets {
            owed = owed || proof::is_owed(store, self.run, target)?;
        }
        Ok(!owed && self.count(session, store)? == 0)
    }
}

/// Does the operations of a run that has begun, target after target; a target that is lost does
/// not hold the others. Ends the run.
pub fn drive_all(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    work: Work,
    spent: &mut Spent,
) -> anyhow::Result<Applied> {
    let (signal, run) = (stop_on_signal(runtime, labs), work.run);
    let (mut status, mut late) = (ExitStatus::Done, Vec::new());
    for target in &session.config.targets {
        let take = work.take_of(target);
        let total = plans::count(store, run, &target.name, take).map_err(store_failure)?;
        if total == 0 && !proof::is_owed(store, run, target)? {
            continue;
        }
        if spent.is_over(target) {
            late.push(Late { target, held_for: Duration::ZERO, refusal: None });
            continue;
        }
        let opening = open(session, store, target, labs, spent);
        let (mut open, turn) = match runtime.block_on(opening) {
            Ok(open) => open,
            Err((error, kept)) => {
                keep(store, target, kept)?;
                status = status.and(unopened(session, store, run, target, &error)?);
                continue;
            }
        };
        halts::clear(store, run, &target.name).map_err(store_failure)?;
        let bar = progress_bar(total, &target.name);
        let stop = || signal.load(Ordering::Relaxed) || turn.is_over();
        let ended = drive_one(session, store, runtime, target, &mut open, &bar, (run, take), &stop);
        spent.add(target, turn.ms());
        bar.finish_and_clear();
        if ended.is_ok() {
            status = status.and(proof::prove(session, store, runtime, run, target, &mut open)?);
        }
        keep(store, target, open.kept().map(Kept::Memory))?;
        match ended {
            Ok(apply::Tally { stopped, .. }) => {
                if stopped && !signal.load(Ordering::Relaxed) {
                    let refusal = open.last_refusal();
                    late.push(Late { target, held_for: turn.held_for(), refusal });
                }
            }
            Err(ApplyError::TargetLost { target: name, what, tally: _ }) => {
                (session.world.warn)(&format!("the target {name} is lost: {what}"));
                halt(session, store, run, target, (format!("it is lost: {what}"), String::new()))?;
                status = status.and(ExitStatus::Unreachable);
            }
            Err(ApplyError::Store(error)) => return Err(store_failure(error)),
            Err(error) => {
                let what = format!("target {}: {error}", target.name);
                return Err(Failure::new(ExitStatus::Internal, what).into());
            }
        }
    }
    runs::finish(store, run, session.world.clock.now()).map_err(store_failure)?;
    let tally = runs::tally(store, run).map_err(store_failure)?;
    for late in late {
        (session.world.warn)(&late.text(session, store, run, &tally)?);
        halt(session, store, run, late.target, (late.why(), String::new()))?;
    }
    if leaves_something(&tally) {
        status = status.and(ExitStatus::SomeFailed);
    }
    Ok(Applied { status, tally })
}

/// Says and keeps why a run cannot begin in a target.
fn unopened(
    session: &Session,
    store: &mut Store,
    run: RunId,
    target: &Target,
    error: &anyhow::Error,
) -> anyhow::Result<ExitStatus> {
    let (text, cause) = outcome::rendered(error);
    (session.world.warn)(&text);
    halt(session, store, run, target, outcome::parts(error))?;
    Ok(cause)
}

/// Keeps why a run goes no further in a target, for whoever asks for its status.
fn halt(
    session: &Session,
    store: &mut Store,
    run: RunId,
    target: &Target,
    (what, hint): (String, String),
) -> anyhow::Result<()> {
    let of_target = format!("target {}: ", target.name);
    let what = what.strip_prefix(&of_target).unwrap_or(&what).to_owned();
    let at = session.world.clock.now();
    let halt = Halt { target: target.name.clone(), at, what, hint };
    halts::save(store, run, &halt).map_err(store_failure)
}

fn keep(store: &mut Store, target: &Target, kept: Option<Kept>) -> anyhow::Result<()> {
    targets::remember(store, kept.map(|kept| (target.name.clone(), kept)).into_iter().collect())
}

/// Some operation is not done.
fn leaves_something(tally: &Tally) -> bool {
    tally.values().flat_map(|kinds| kinds.values()).any(|line| {
        line.failed + line.skipped > 0 || line.planned > line.done + line.failed + line.skipped
    })
}

/// Opens a target to write to. A tenant is looked at first: rights, domains, seats, room. What is
/// wrong there would be found in the middle of a run. One that takes nothing now is left alone.
/// With an error comes what is to be kept of the target.
async fn open(
    session: &Session,
    store: &Store,
    target: &Target,
    labs: &Labs,
    spent: &Spent,
) -> Result<(Open, Turn), (anyhow::Error, Option<Kept>)> {
    let opened = targets::open(session, store, target, labs, Purpose::Write).await;
    let mut open = opened.map_err(|error| (error, None))?;
    let turn =
        |open: &Open| Turn::begin(spent, target, Stopwatch::start(&session.world), open.speed());
    let is_held = turn(&open).is_over();
    let found = match &mut open {
        Open::Graph(_) if is_held => Ok(Vec::new()),
        Open::Graph(tenant) => tenant.before_writing().await,
        Open::Ldap(_) => Ok(Vec::new()),
        #[cfg(test)]
        Open::Simulated(_) => Ok(Vec::new()),
    };
    match found {
        Ok(told) => {
            for Examined { id, what, hint, .. } in told {
                (session.world.warn)(&format!("target {}: {id}: {what}; {hint}", target.name));
            }
            let turn = turn(&open);
            Ok((open, turn))
        }
        Err(Examined { id, what, hint, .. }) => {
            let what = format!("target {}: {id}: {what}; nothing is written there", target.name);
            let failure = Failure::new(ExitStatus::Unreachable, what).hint(hint);
            Err((failure.into(), targets::speed_of(&open)))
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what a drive needs, named at the one call")]
fn drive_one(
    session: &Session,
    store: &mut Store,
    runtime: &Runtime,
    target: &Target,
    open: &mut Open,
    bar: &ProgressBar,
    (run, take): (RunId, Take),
    stop: &dyn Fn() -> bool,
) -> Result<apply::Tally, ApplyError> {
    let window = target.in_flight_max();
    let settings = apply::Settings {
        window,
        // A batch is waited for: one smaller than the window would leave it half empty.
        batch: BATCH.max(window),
        attempts_max: session.config.attempts_max,
        retry_delay: session.config.retry_delay,
        reconnects_max: session.config.reconnects_max,
        writes_per_second_max: target.writes_per_second_max,
    };
    let mut context = Context {
        store,
        run,
        take,
        recipient: Some(&session.config.recipient),
        entropy: &mut session.world.entropy.clone(),
        now: &|| session.world.clock.now(),
        progress: &mut |progress| bar.set_position(progress.settled),
        stop,
    };
    runtime.block_on(apply::drive(open, &target.name, &mut context, &settings))
}

/// A bar on a terminal; nothing elsewhere (DESIGN section 5).
fn progress_bar(total: u64, name: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total).with_message(name.to_owned());
    let style = "{msg} {wide_bar} {pos}/{len}  {per_sec}  {eta}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Set by Ctrl-C or SIGTERM: what is in flight is finished, nothing more is sent.
fn stop_on_signal(runtime: &Runtime, labs: &Labs) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    if labs.is_simulated() {
        return stop; // A soak that is stopped is no night that is.
    }
    let flag = Arc::clone(&stop);
    runtime.spawn(async move {
        super::lab::until_stopped().await;
        flag.store(true, Ordering::Relaxed);
    });
    stop
}
