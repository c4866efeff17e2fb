//! What was typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::academy::campaign::Typing;
use crate::run::export::System;
use crate::run::show::Form;
use crate::store::review::Verdict;

/// Accounts and workspaces of schools, from STSWeb and Siècle exports to the directories
#[derive(Debug, Parser)]
#[command(name = "rentree", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// The configuration; its folder is the working folder
    #[arg(long, global = true, value_name = "FILE", default_value = "rentree.toml")]
    pub config: PathBuf,
    /// What stdout holds: sentences, or one JSON document (JSON lines where said)
    #[arg(long, global = true, value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// Say more on stderr; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Set the clock of everything, for rehearsals; with a real target only commands that write
    /// nothing accept it
    #[arg(long, global = true, value_name = "INSTANT")]
    pub now: Option<Timestamp>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do the whole job on a sample academy against the embedded lab, and leave the folder ready
    Demo {
        /// Where to write; must not exist yet, or be empty
        #[arg(default_value = "rentree-demo")]
        dir: PathBuf,
    },
    /// Write a commented rentree.toml, the mappings, the list of schools, keys and an inbox
    Init {
        dir: PathBuf,
        /// Take the embedded lab as the target, for rehearsals
        #[arg(long)]
        lab: bool,
    },
    /// Examine configuration, files, rights, certificates, target policies; say what to mend
    Doctor,
    /// Read the deliveries and print the findings by school; nothing is kept nor written
    Check {
        /// Only this school
        #[arg(long, value_name = "UAI")]
        school: Option<String>,
        /// Also write one text and one CSV file a school into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Compute what would change, store it and print it; nothing is written to a target
    Plan {
        /// Also write the whole plan, as text, to this file; it is signed, and `show` and `apply`
        /// take it in place of a number
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        metrics: MetricsFile,
    },
    /// Show a stored plan, whole; --format also takes csv, ldif and sds
    ///
    /// --format text prints a summary by school, then one line a change; json one JSON object a
    /// line, one an operation; csv one row an operation, safe in spreadsheets; ldif change records
    /// of the directories, without passwords; sds the class lists that stand once it is applied, as
    /// School Data Sync takes them.
    Show {
        /// Number of the plan, beginning of its hash, or `latest`
        #[arg(default_value = "latest")]
        plan: String,
        /// Show instead what stands in the targets otherwise than it was last written
        #[arg(long, conflicts_with = "plan")]
        drift: bool,
        /// With --drift: only these schools
        #[arg(long, value_name = "UAI", value_delimiter = ',', requires = "drift")]
        school: Vec<String>,
    },
    /// Write a stored plan's changes to the targets; refuses when anything has changed since
    Apply {
        /// Number of the plan, beginning of its hash, or `latest`
        plan: String,
        /// Lift the guards that object to this plan: its whole hash
        #[arg(long, value_name = "HASH")]
        confirm: Option<String>,
        #[command(flatten)]
        signer: Signer,
        /// Only what is of these schools; the rest stays planned
        #[arg(long, value_name = "UAI", value_delimiter = ',')]
        school: Vec<String>,
        /// Write nothing at all when an entry has changed since the plan, instead of setting that
        /// entry aside; with --school, an entry of the part
        #[arg(long)]
        exact: bool,
        #[command(flatten)]
        metrics: MetricsFile,
    },
    /// Approve a region-wide plan that its guards stop, for somebody else to apply
    Approve {
        /// Number of the plan, beginning of its hash, or `latest`
        plan: String,
        /// Its whole hash
        #[arg(long, value_name = "HASH")]
        confirm: String,
        #[command(flatten)]
        signer: Signer,
    },
    /// Make the inverse plan of a run: stored and printed, to be applied like any plan
    Rollback {
        /// Number of the run
        run: u64,
    },
    /// Check, plan and apply: for cron
    Run {
        #[command(flatten)]
        metrics: MetricsFile,
    },
    /// Take up what failed or was interrupted, and only that
    Replay {
        /// Number of the run; the latest that is not settled by default
        run: Option<u64>,
        /// Tell what would be taken up, and write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        metrics: MetricsFile,
    },
    /// Tell where a run stands: what is done, what is not and why
    Status {
        /// Number of the run; the latest by default
        run: Option<u64>,
        /// How the 72 hours are held, by school, team and region; of all runs, unless one is named
        #[arg(long)]
        deadlines: bool,
        /// Only what was received from this day on (YYYY-MM-DD)
        #[arg(long, value_name = "DAY", requires = "deadlines")]
        since: Option<Date>,
        #[command(flatten)]
        metrics: MetricsFile,
    },
    /// List the runs, newest first
    Runs {
        /// How many
        #[arg(long, default_value_t = 20)]
        most: usize,
    },
    /// List the registry: person, school, source identifiers, login, state (JSON: one line each)
    People {
        /// Only this school
        #[arg(long, value_name = "UAI")]
        school: Option<String>,
        /// Only persons whose login, number or identifier holds this text
        #[arg(long, value_name = "TEXT")]
        find: Option<String>,
    },
    /// Doubtful matches: list, show, answer; one person or two?
    Review {
        #[command(subcommand)]
        what: ReviewCommand,
    },
    /// The quality of the matching
    Match {
        #[command(subcommand)]
        what: MatchCommand,
    },
    /// Tell one person's story: deliveries, records and why they are his, answers, operations
    Explain {
        /// Login, address, number of the person, or mark or DN of an entry
        #[arg(value_name = "LOGIN|PERSON|ENTRY")]
        whom: String,
    },
    /// Write who is where and in which class as files for another system
    Export {
        #[arg(value_enum)]
        system: System,
        /// A folder, or one archive when the name ends in .zip; files of the set are replaced
        #[arg(value_name = "DIR|FILE.zip")]
        to: PathBuf,
    },
    /// Write a consistent copy of the store, also while it is in use
    Backup { file: PathBuf },
    /// Serve the embedded lab until stopped (Ctrl-C)
    ///
    /// What it does wrong is in faults.txt in the folder of each lab, read at its start: rules such
    /// as `modify * busy 3` (LDAP) or `POST /users answerLost 1` (Graph); for Graph also its
    /// limits, rates and seed, such as `lag_seconds 30`. A line that means nothing is refused. The
    /// README has every word.
    Lab,
    /// Write an invented academy of any size: deliveries of several evenings, and who is who
    Academy {
        /// Where to write; must not exist yet, or be empty
        #[arg(required_unless_present = "print_rates")]
        dir: Option<PathBuf>,
        /// The same seed gives the same academy
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// About how many pupils, in each evening that all schools deliver on
        #[arg(long, default_value_t = 8_000)]
        pupils: u32,
        /// How many schools; by default one for 1,150 pupils
        #[arg(long)]
        schools: Option<u32>,
        /// How well the schools type
        #[arg(long, value_enum, default_value_t = Typing::Ordinary)]
        typing: Typing,
        /// A TOML file with other rates; those that it does not name stay as they are
        #[arg(long, value_name = "FILE")]
        rates: Option<PathBuf>,
        /// Print the whole table of rates, with what each means, and write nothing
        #[arg(long)]
        print_rates: bool,
    },
}

/// Where a command leaves the state of the folder for the monitoring.
#[derive(Debug, clap::Args)]
pub struct MetricsFile {
    /// Write the state of the folder to this file at the end, for Prometheus
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
}

impl Command {
    /// Its name, and the file that its metrics go to.
    pub fn metrics(&self) -> Option<(&'static str, PathBuf)> {
        let (name, MetricsFile { metrics }) = match self {
            Self::Plan { metrics, .. } => ("plan", metrics),
            Self::Apply { metrics, .. } => ("apply", metrics),
            Self::Run { metrics } => ("run", metrics),
            Self::Replay { metrics, .. } => ("replay", metrics),
            Self::Status { metrics, .. } => ("status", metrics),
            _ => return None,
        };
        metrics.clone().map(|file| (name, file))
    }
}

/// Who lets a plan pass its guards.
#[derive(Debug, clap::Args)]
pub struct Signer {
    /// Why the guards are lifted; kept with the run
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who does it; the system's user by default
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// What `match` does.
#[derive(Debug, Subcommand)]
pub enum MatchCommand {
    /// Hold what the next plan would decide against a truth; nothing is kept nor written
    Evaluate {
        /// A CSV of `source;uai;source_id;person`
        #[arg(long, value_name = "FILE")]
        truth: PathBuf,
    },
    /// Print the weights that the records in force teach, as the file of `[matching] weights`
    Weights,
}

#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// List the questions by school, the oldest deadline first (JSON: one line each)
    List {
        /// Only this school
        #[arg(long, value_name = "UAI")]
        school: Option<String>,
        /// Also those that are answered, or not asked any more
        #[arg(long)]
        all: bool,
    },
    /// Show one question: both sides, what speaks for and against, what each answer changes
    Show {
        /// Its number
        question: u64,
    },
    /// Answer a question; the next plan acts on it
    Decide {
        /// Its number
        question: u64,
        #[arg(value_enum)]
        verdict: TypedVerdict,
        /// Why; kept with the answer
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who decides; the system's user by default
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Which person, when the question is about several
        #[arg(long, value_name = "ID")]
        person: Option<u64>,
    },
    /// Take the answer to a question back; the next plan separates the persons again
    Undo {
        /// Its number
        question: u64,
        /// Why; kept with the answer
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who takes it back; the system's user by default
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Write the open questions as CSV, to be answered in a spreadsheet
    Export {
        /// A new file; it holds names and birth dates
        file: PathBuf,
    },
    /// Take the answers of such a file, all of them or none
    Import {
        file: PathBuf,
        /// Who decides; the system's user by default
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TypedVerdict {
    /// The record is that person
    Same,
    /// It is somebody else
    Different,
    /// Looked at, and not decided yet; changes nothing
    Later,
}

impl From<TypedVerdict> for Verdict {
    fn from(typed: TypedVerdict) -> Self {
        match typed {
            TypedVerdict::Same => Self::Same,
            TypedVerdict::Different => Self::Different,
            TypedVerdict::Later => Self::Later,
        }
    }
}
