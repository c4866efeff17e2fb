//! Carries requests to the service, twenty at a time, at the speed that it allows, and brings each
//! its own answer.
//!
//! - In: requests of many writers at once. - Out: for each, what the service said of it. - Can go
//!   wrong: no answer after all tries (`Lost`); everything else is an answer.
//!
//! Everything that is repeated here may be: whoever asks puts only such questions that do no harm
//! when they are asked twice. What was refused for the moment (too many, a concurrent write, a
//! dependency) and what was left without an answer goes again, alone and under a new number.
//!
//! | File | Duty |
//! |---|---|
//! | `queue.rs` | what waits: reads, writes, one write in flight for each object |
//! | `batch.rs` | the `$batch` and its answers, as JSON |
//! | `send.rs` | one batch: sends it, and settles each of its questions |

mod batch;
mod queue;
mod send;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::app::App;
use super::crew::Crew;
use super::exchange::Method;
use super::settings::BATCH_MAX;
use crate::target::WriteError;
use crate::target::ldap::Entropy;
use crate::target::pace::Tempo;
use queue::{Job, Line, Queue};

/// A batch goes when it is this old and there is a slot for it, however small it is: the next write
/// to the same object waits for its answer.
const WAIT: Duration = Duration::from_millis(100);

/// One question. No `Debug`: its body may hold a password.
pub(super) struct Ask {
    pub(super) method: Method,
    /// Below the base: `/users/…`.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Option<Value>,
    /// The object that is written to: another write to it waits.
    pub(super) lane: Option<String>,
    /// There are many of this kind for one object, in any order: they go one after the other in a
    /// batch of their own.
    pub(super) is_serial: bool,
    pub(super) cost: Cost,
}

/// What a question counts as, of each quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) writes: u32,
    pub(super) units: u32,
    pub(super) teams: u32,
}

impl Ask {
    pub(super) fn get(path: String) -> Self {
        let cost = Cost { writes: 0, units: 1, teams: 0 };
        let method = Method::Get;
        Self { method, path, headers: Vec::new(), body: None, lane: None, is_serial: false, cost }
    }

    pub(super) fn write(method: Method, path: String, body: Option<Value>) -> Self {
        let cost = Cost { writes: 1, units: 1, teams: 0 };
        Self { method, path, headers: Vec::new(), body, lane: None, is_serial: false, cost }
    }

    pub(super) fn in_lane(mut self, lane: impl ToString) -> Self {
        self.lane = Some(lane.to_string());
        self
    }

    pub(super) fn with_writes(mut self, writes: u32) -> Self {
        self.cost.writes = writes;
        self
    }

    pub(super) fn in_series(mut self, is_serial: bool) -> Self {
        self.is_serial = is_serial;
        self
    }

    fn is_write(&self) -> bool {
        self.cost.writes > 0
    }
}

/// What the service said of one question.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
    /// Where to look for what was accepted and is not done yet.
    pub(super) location: Option<String>,
    /// An earlier try was left without an answer: it may have been done.
    pub(super) is_repeated: bool,
}

/// There is no answer, after all tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// Certainly not done.
    NotSent(String),
    /// Done or not.
    Unknown(String),
    /// The service put it off, each time.
    PutOff { status: u16, text: String },
}

impl Lost {
    fn text(&self) -> &str {
        match self {
            Self::NotSent(text) | Self::Unknown(text) | Self::PutOff { status: _, text } => text,
        }
    }
}

impl From<Lost> for WriteError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(text) => Self::Lost(text),
            Lost::Unknown(text) => Self::Unknown(text),
            Lost::PutOff { status, text } => Self::Busy { code: status.into(), text },
        }
    }
}

/// The courier: its tasks end with it.
pub(super) struct Courier {
    queue: Arc<Queue>,
    _tasks: JoinSet<()>,
}

/// What the tasks share.
pub(super) struct Common {
    pub(super) crew: Arc<Crew>,
    pub(super) tempo: Tempo,
    pub(super) now: fn() -> jiff::Timestamp,
    pub(super) entropy: Entropy,
    /// Batches open at once, of each kind and application.
    pub(super) batches: usize,
}

impl Courier {
    /// Starts it: every application of the crew writes, and can read if it has to.
    pub(super) fn start(common: Common) -> Self {
        let queue = Arc::new(Queue::new(Arc::clone(&common.crew)));
        let common = Arc::new(common);
        let mut tasks = JoinSet::new();
        for app in &common.crew.apps {
            let start = |tasks: &mut JoinSet<()>, line, slots: &Arc<Semaphore>| {
                let (app, queue, common) =
                    (Arc::clone(app), Arc::clone(&queue), Arc::clone(&common));
                tasks.spawn(carry(app, queue, common, line, Arc::clone(slots)));
            };
            let slots = || Arc::new(Semaphore::new(common.batches.max(1)));
            start(&mut tasks, Line::Reads, &slots());
            let shared = slots();
            start(&mut tasks, Line::Writes, &shared);
            start(&mut tasks, Line::Series, &shared);
        }
        Self { queue, _tasks: tasks }
    }

    /// Sends no new write any more; those that are on their way are brought to an end.
    pub(super) fn stop(&self) {
        self.queue.stop();
    }

    /// What was last said to a write, if none was taken since.
    pub(super) fn last_refusal(&self) -> Option<String> {
        self.queue.last_refusal()
    }

    pub(super) async fn ask(&self, ask: Ask) -> Result<Reply, Lost> {
        let (job, answer) = Job::new(ask);
        self.queue.push(job);
        answer.await.unwrap_or_else(|_| Err(Lost::Unknown("the courier has stopped".into())))
    }
}

/// Gathers and sends, until its application rests.
async fn carry(
    app: Arc<App>,
    queue: Arc<Queue>,
    common: Arc<Common>,
    line: Line,
    slots: Arc<Semaphore>,
) {
    let mut open = JoinSet::new();
    loop {
        let gathered = match line {
            Line::Series => series(&app, &queue, &common).await.map(|jobs| (jobs, None)),
            Line::Reads | Line::Writes => {
                let gathered = gather(&app, &queue, &common, &slots, line).await;
                gathered.map(|(jobs, slot)| (jobs, Some(slot)))
            }
        };
        let Some((jobs, slot)) = gathered else { break };
        let (app, queue, common) = (Arc::clone(&app), Arc::clone(&queue), Arc::clone(&common));
        let slots = Arc::clone(&slots);
        open.spawn(async move {
            if line == Line::Series {
                // The next series to the object is gathered while this one is on its way.
                queue.board(&jobs).await;
            }
            let (jobs, slot) = match slot {
                Some(slot) => (jobs, Ok(slot)),
                None => slotted(&queue, jobs, slots.acquire_owned()).await,
            };
            let jobs = queue.still_wanted(jobs);
            if !jobs.is_empty() {
                send::send(&app, &queue, &common, jobs, line == Line::Series).await;
            }
            drop(slot);
        });
        while open.try_join_next().is_some() {}
    }
    // The others take over at once; what is on its way is brought to an end.
    queue.ring();
    while open.join_next().await.is_some() {}
}

/// The first question of a batch. None: the application rests.
async fn first(app: &App, queue: &Queue, line: Line) -> Option<Job> {
    tokio::select! {
        biased;
        () = app.until_at_rest() => None,
        job = queue.next(app, line) => Some(job),
    }
}

/// A batch of writes to one object, which the service does one after the other: what there is quota
/// for while the one before is on its way.
async fn series(app: &App, queue: &Queue, common: &Common) -> Option<Vec<Job>> {
    let first = first(app, queue, Line::Series).await?;
    let end = Instant::now() + common.tempo.here(WAIT);
    admit(app, queue, &first).await;
    let mut jobs = vec![first];
    while jobs.len() < BATCH_MAX
        && app.cause_of_rest().is_none()
        && (Instant::now() < end || queue.is_on_its_way(&jobs))
        && let Some(job) = queue.follow(app, &jobs)
    {
        admit(app, queue, &job).await;
        jobs.push(job);
    }
    // Of one that rests, it is handed over when it is to be sent.
    Some(jobs)
}

/// A batch: its first question, and those that may go until there is a slot for it. Each waits for
/// its quota. None: the application rests.
async fn gather(
    app: &App,
    queue: &Queue,
    common: &Common,
    slots: &Arc<Semaphore>,
    line: Line,
) -> Option<(Vec<Job>, OwnedSemaphorePermit)> {
    let first = first(app, queue, line).await?;
    admit(app, queue, &first).await;
    let mut jobs = vec![first];
    let end = Instant::now() + common.tempo.here(WAIT);
    let waiting = Arc::clone(slots).acquire_owned();
    tokio::pin!(waiting);
    let mut slot = None;
    let mut is_stopped = false;
    while jobs.len() < BATCH_MAX {
        tokio::select! {
            biased;
            () = queue.until_stopped(), if !is_stopped => {
                jobs = queue.still_wanted(jobs);
                is_stopped = true;
            }
            got = &mut waiting, if slot.is_none() => slot = Some(got.ok()?),
            () = app.until_at_rest() => break,
            job = queue.next(app, line) => {
                admit(app, queue, &job).await;
                jobs.push(job);
            }
            () = tokio::time::sleep_until(end), if slot.is_some() => break,
        }
        if slot.is_some() && Instant::now() >= end {
            break;
        }
    }
    if app.cause_of_rest().is_some() {
        queue.hand_over(jobs);
        return None;
    }
    let slot = match slot {
        Some(slot) => slot,
        None => {
            let (kept, slot) = slotted(queue, jobs, waiting).await;
            jobs = kept;
            slot.ok()?
        }
    };
    Some((jobs, slot))
}

/// Waits for the quota of one, as long as it is wanted of this application.
async fn admit(app: &App, queue: &Queue, job: &Job) {
    tokio::select! {
        () = app.paces.take(job.ask.cost) => {}
        () = job.until_called_off(queue) => {}
        () = app.until_at_rest() => {}
    }
}

/// Waits for a slot; those that are called off meanwhile do not wait with it.
async fn slotted<S>(queue: &Queue, jobs: Vec<Job>, slot: impl Future<Output = S>) -> (Vec<Job>, S) {
    tokio::pin!(slot);
    tokio::select! {
        slot = &mut slot => return (jobs, slot),
        () = queue.until_stopped() => {}
    }
    (queue.still_wanted(jobs), slot.await)
}
