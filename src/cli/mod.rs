//! What was typed, what is said, and the exit status.

pub mod args;
pub mod clock;
pub mod say;
pub mod user;

use std::process::ExitCode;

use clap::Parser as _;
use jiff::Timestamp;
use tracing::Level;
use tracing_subscriber::prelude::*;

use self::args::{Args, Command, MatchCommand, ReviewCommand, Signer};
use crate::run;
use crate::run::metrics::Metrics;
use crate::run::outcome::{ExitStatus, Failure};
use crate::run::session::{Format, Session};
use crate::run::world::{Clock, World};

/// Parses, logs, runs, says.
pub fn main() -> ExitCode {
    leave_no_core();
    outlive_the_file_limit();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return say::code(say::usage(&error)),
    };
    log_to_stderr(args.verbose);
    let format = args.format.answers().unwrap_or(Format::Text);
    let (config, world) = (args.config.clone(), world(args.now));
    let metrics = args.command.metrics();
    let metrics = metrics.map(|(name, file)| Metrics::start(&world, name, file));
    let status = match dispatch(args, world) {
        Ok(status) => status,
        Err(error) => say::failure(&error, format),
    };
    if let Some(metrics) = metrics {
        metrics.end(&config, world, status);
    }
    say::code(status)
}

/// Passwords are in memory for a moment: a crash leaves no image of it on a disk (SEC-10). The
/// limit is for dumps to a file, the mark for those that a system's collector takes.
fn leave_no_core() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = rustix::process::setrlimit(Resource::Core, none);
    let marked = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limited.and(marked) {
        say::warn(&format!("core dumps cannot be switched off: {error}"));
    }
}

/// Where a limit of the size of files is set (`ulimit -f`, LimitFSIZE=), a write beyond it is to
/// fail with a sentence: without a handler of its own, the signal ends the process without a word.
fn outlive_the_file_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    let beyond = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    // The handler stays when what listens is gone.
    let handled = runtime.and_then(|runtime| {
        let _inside = runtime.enter();
        signal(beyond).map(drop)
    });
    if let Err(error) = handled {
        say::warn(&format!("a limit of the size of files would end this process: {error}"));
    }
}

/// Logs carry person numbers, UAI and operation numbers, never names nor secrets (DESIGN rule 9).
fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => Level::WARN,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    // Ours only: other crates log values of entries and requests.
    let ours = tracing_subscriber::filter::Targets::new().with_target("rentree", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_filter(ours);
    tracing_subscriber::registry().with(lines).init();
}

/// The real world, with its clock set when `now` is given.
pub fn world(now: Option<Timestamp>) -> World {
    World {
        clock: Clock { wall: clock::wall, fixed: now },
        entropy: clock::entropy,
        ticks_ms: clock::ticks_ms,
        user: user::name,
        out: say::out,
        warn: say::warn,
    }
}

fn dispatch(args: Args, world: World) -> anyhow::Result<ExitStatus> {
    let Args { config, format: form, verbose: _, now: _, command } = args;
    let is_plan = matches!(command, Command::Show { drift: false, .. });
    let of_plan = is_plan.then_some(Format::Text);
    let Some(format) = form.answers().or(of_plan) else {
        let what = "--format: only a plan is shown as csv, ldif or sds";
        let hint = "rentree show PLAN takes them, the other commands text and json";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    };
    let session = || Session::open(&config, format, world);
    match command {
        Command::Demo { dir } => run::demo::demo(&world, format, &dir),
        Command::Init { dir, lab } => run::init::init(&world, format, &dir, lab),
        Command::Doctor => run::doctor::doctor(&session()?),
        Command::Check { school, out } => run::check::check(&session()?, school, out.as_deref()),
        Command::Plan { out, metrics: _ } => run::plan::plan(&session()?, out.as_deref()),
        Command::Show { plan: _, drift: true, school } => run::drift::drift(&session()?, &school),
        Command::Show { plan, drift: false, school: _ } => {
            run::show::show(&session()?, &plan, form)
        }
        Command::Apply { plan, confirm, signer, school, exact, metrics: _ } => {
            let lift = lift(confirm.as_deref(), &signer);
            let typed = run::apply::Typed { plan: &plan, lift, schools: &school, exact };
            run::apply::apply(&session()?, &typed)
        }
        Command::Approve { plan, confirm, signer } => {
            run::lift::approve(&session()?, &plan, lift(Some(&confirm), &signer))
        }
        Command::Rollback { run } => run::rollback::rollback(&session()?, run),
        Command::Run { metrics: _ } => run::run::run(&session()?),
        Command::Replay { run, dry_run: true, metrics: _ } => {
            run::replay::foretell(&session()?, run)
        }
        Command::Replay { run, dry_run: false, metrics: _ } => {
            run::replay::replay(&session()?, run)
        }
        Command::Status { run, deadlines: true, since, metrics: _ } => {
            run::deadlines::status(&session()?, run, since)
        }
        Command::Status { run, deadlines: false, since: _, metrics: _ } => {
            run::status::status(&session()?, run)
        }
        Command::Runs { most } => run::status::runs(&session()?, most),
        Command::People { school, find } => run::people::people(&session()?, school, find),
        Command::Review { what } => review(&session()?, what),
        Command::Match { what: MatchCommand::Weights } => run::weights::weights(&session()?),
        Command::Match { what: MatchCommand::Evaluate { truth } } => {
            run::evaluate::evaluate(&session()?, &truth)
        }
        Command::Explain { whom } => run::explain::explain(&session()?, &whom),
        Command::Export { system, to } => run::export::export(&session()?, system, &to),
        Command::Backup { file } => run::backup::backup(&session()?, &file),
        Command::Lab => run::lab::lab(&session()?),
        Command::Academy { dir, seed, pupils, schools, typing, rates, print_rates } => {
            let order = run::academy::Order { seed, pupils, schools, typing, rates };
            match dir.filter(|_| !print_rates) {
                Some(dir) => run::academy::academy(&world, &dir, &order),
                None => run::academy::print_rates(&world, &order),
            }
        }
    }
}

fn lift<'a>(confirm: Option<&'a str>, signer: &'a Signer) -> run::lift::Typed<'a> {
    let Signer { reason, by } = signer;
    run::lift::Typed { confirm, reason: reason.as_deref(), by: by.as_deref() }
}

fn review(session: &Session, what: ReviewCommand) -> anyhow::Result<ExitStatus> {
    match what {
        ReviewCommand::List { school, all } => {
            run::review::list::list(session, school.as_deref(), all)
        }
        ReviewCommand::Show { question } => run::review::show::show(session, question),
        ReviewCommand::Decide { question, verdict, reason, by, person } => {
            let verdict = verdict.into();
            let typed = run::review::decide::Typed { question, verdict, reason, by, person };
            run::review::decide::decide(session, &typed)
        }
        ReviewCommand::Export { file } => run::review::export::export(session, &file),
        ReviewCommand::Import { file, by } => {
            run::review::import::import(session, &file, by.as_deref())
        }
        ReviewCommand::Undo { question, reason, by } => {
            run::review::undo::undo(session, question, &reason, by.as_deref())
        }
    }
}
