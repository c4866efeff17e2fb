//! What waits to be carried: in order, but never two writes to one object at once.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::{Ask, Lost, Reply};

/// One question on its way.
pub(super) struct Job {
    pub(super) ask: Ask,
    answer: oneshot::Sender<Result<Reply, Lost>>,
    pub(super) tries: Tries,
    /// It may not go before.
    not_before: Option<Instant>,
}

/// How often it went in vain, and why.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    /// Too many requests.
    pub(super) refused: u32,
    /// Another write to the same object; something it depends on.
    pub(super) collided: u32,
    pub(super) unanswered: u32,
    pub(super) unsent: u32,
    pub(super) unauthorised: u32,
}

impl Job {
    pub(super) fn new(ask: Ask) -> (Self, oneshot::Receiver<Result<Reply, Lost>>) {
        let (answer, receiver) = oneshot::channel();
        (Self { ask, answer, tries: Tries::default(), not_before: None }, receiver)
    }
}

/// Reads and writes that wait, and the objects with a write in flight.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    reads: VecDeque<Job>,
    writes: VecDeque<Job>,
    lanes: BTreeSet<String>,
}

enum Pick {
    Job(Box<Job>),
    /// The next one may go then, if nothing changes.
    At(Option<Instant>),
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { waiting: Mutex::new(Waiting::default()), bell: Notify::new() }
    }

    pub(super) fn push(&self, job: Job) {
        self.waiting().line(job.ask.is_write()).push_back(job);
        self.bell.notify_waiters();
    }

    /// It is settled: its writer goes on, and the next write to the object may go.
    pub(super) fn settle(&self, job: Job, answer: Result<Reply, Lost>) {
        self.free(&job);
        // Nobody waits any more: the answer is of no use.
        let _ = job.answer.send(answer);
    }

    /// It goes again, before those that came later.
    pub(super) fn put_back(&self, mut job: Job, not_before: Instant) {
        self.free(&job);
        job.not_before = Some(not_before);
        self.waiting().line(job.ask.is_write()).push_front(job);
        self.bell.notify_waiters();
    }

    fn free(&self, job: &Job) {
        if let Some(lane) = &job.ask.lane {
            self.waiting().lanes.remove(lane);
            self.bell.notify_waiters();
        }
    }

    /// The next one that may go; its object is taken until it is settled. Can be given up while
    /// it waits, without loss.
    pub(super) async fn next(&self, writes: bool) -> Job {
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            let pick = self.waiting().pick(writes, Instant::now());
            match pick {
                Pick::Job(job) => return *job,
                Pick::At(None) => bell.await,
                Pick::At(Some(then)) => {
                    tokio::select! {
                        () = bell => {}
                        () = tokio::time::sleep_until(then) => {}
                    }
                }
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn line(&mut self, writes: bool) -> &mut VecDeque<Job> {
        if writes { &mut self.writes } else { &mut self.reads }
    }

    fn pick(&mut self, writes: bool, now: Instant) -> Pick {
        let mut then: Option<Instant> = None;
        // Writes to one object keep their order: behind one that waits, none goes.
        let mut held = BTreeSet::new();
        let mut found = None;
        let Self { reads, writes: written, lanes } = self;
        let line = if writes { written } else { reads };
        line.retain(|job| !job.answer.is_closed() || job.tries.unanswered > 0);
        for (at, job) in line.iter().enumerate() {
            let lane = job.ask.lane.as_deref();
            if lane.is_some_and(|lane| lanes.contains(lane) || held.contains(lane)) {
                continue;
            }
            match job.not_before.filter(|time| *time > now) {
                Some(time) => {
                    then = Some(then.map_or(time, |then| then.min(time)));
                    held.extend(lane);
                }
                None => {
                    found = Some(at);
                    break;
                }
            }
        }
        drop(held);
        let Some(job) = found.and_then(|at| line.remove(at)) else { return Pick::At(then) };
        lanes.extend(job.ask.lane.clone());
        Pick::Job(Box::new(job))
    }
}
