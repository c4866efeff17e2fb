//! The apply of a stored plan, shared by `apply`, `run` and `replay`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use super::open::Open;
use super::outcome::{self, ExitStatus, Failure};
use super::session::{Session, store_failure};
use super::targets::{self, Labs, Purpose};
use super::tell::Tally;
use crate::apply::{self, ApplyError, Context, Take};
use crate::config::Target;
use crate::store::Store;
use crate::store::runs::{self, RunId};
use crate::target::examined::{Examined, Verdict};

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

/// Does the operations of a run that has begun, target after target; a target that is lost does
/// not hold the others. Ends the run.
pub fn drive_all(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    run: RunId,
    take: Take,
) -> anyhow::Result<Applied> {
    let stop = stop_on_signal(runtime);
    let mut status = ExitStatus::Done;
    for target in &session.config.targets {
        let total =
            crate::store::plans::count(store, run, &target.name, take).map_err(store_failure)?;
        if total == 0 {
            continue;
        }
        let mut open = match runtime.block_on(open(session, store, target, labs)) {
            Ok(open) => open,
            Err(error) => {
                let (text, cause) = outcome::rendered(&error);
                (session.world.warn)(&text);
                status = status.and(cause);
                continue;
            }
        };
        let bar = progress_bar(total, &target.name);
        let ended = drive_one(session, store, runtime, target, &mut open, &bar, run, take, &stop);
        bar.finish_and_clear();
        let memory = open.memory().map(|memory| (target.name.clone(), memory));
        targets::remember(store, memory.into_iter().collect())?;
        match ended {
            Ok(()) => {}
            Err(ApplyError::TargetLost { target, what, tally: _ }) => {
                (session.world.warn)(&format!("the target {target} is lost: {what}"));
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
    let bad = tally.values().flat_map(|kinds| kinds.values()).any(|line| {
        line.failed + line.skipped > 0 || line.planned > line.done + line.failed + line.skipped
    });
    if bad {
        status = status.and(ExitStatus::SomeFailed);
    }
    Ok(Applied { status, tally })
}

/// Opens a target to write to. A tenant is looked at first: rights, domains, seats, room. What is
/// wrong there would be found in the middle of a run.
async fn open(
    session: &Session,
    store: &Store,
    target: &Target,
    labs: &Labs,
) -> anyhow::Result<Open> {
    let mut open = targets::open(session, store, target, labs, Purpose::Write).await?;
    let bad = match &mut open {
        Open::Graph(tenant) => {
            tenant.doctor().await.into_iter().find(|one| one.verdict == Verdict::Bad)
        }
        Open::Ldap(_) => None,
    };
    match bad {
        None => Ok(open),
        Some(Examined { id, what, hint, .. }) => {
            let what = format!("target {}: {id}: {what}; nothing is written there", target.name);
            Err(Failure::new(ExitStatus::Unreachable, what).hint(hint).into())
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
    run: RunId,
    take: Take,
    stop: &AtomicBool,
) -> Result<(), ApplyError> {
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
    runtime.block_on(apply::drive(open, &target.name, &mut context, &settings)).map(|_| ())
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
fn stop_on_signal(runtime: &Runtime) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    runtime.spawn(async move {
        super::lab::until_stopped().await;
        flag.store(true, Ordering::Relaxed);
    });
    stop
}
