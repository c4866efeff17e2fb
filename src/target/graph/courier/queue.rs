//! What waits to be carried: in order, but never two writes to one object at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::super::app::App;
use super::super::crew::{Crew, Denied};
use super::{Ask, Lost, Reply};

/// One question on its way.
pub(super) struct Job {
    pub(super) ask: Ask,
    answer: oneshot::Sender<Result<Reply, Lost>>,
    pub(super) tries: Tries,
    /// Applications that may not do it.
    pub(super) denied: Denied,
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
    /// One before it in its series was not done.
    pub(super) broken_off: u32,
}

/// Tries after which a question goes alone, whatever else waits for its object.
const SERIES_TRIES_MAX: u32 = 8;

impl Tries {
    fn all(self) -> u32 {
        let Self { refused, collided, unanswered, unsent, unauthorised, broken_off } = self;
        refused + collided + unanswered + unsent + unauthorised + broken_off
    }
}

/// What goes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Reads,
    /// To objects that differ, at once.
    Writes,
    /// To one object, one after the other.
    Series,
}

impl Job {
    fn is_unsent_write(&self) -> bool {
        self.ask.is_write() && self.tries.unanswered == 0
    }

    /// Waits until this one is called off: never, if it may have been done.
    pub(super) async fn until_called_off(&self, queue: &Queue) {
        match self.is_unsent_write() {
            true => queue.until_stopped().await,
            false => std::future::pending().await,
        }
    }

    fn line(&self) -> Line {
        let Ask { lane, is_serial, .. } = &self.ask;
        match (self.ask.is_write(), *is_serial && lane.is_some()) {
            (false, _) => Line::Reads,
            (true, true) if self.tries.all() < SERIES_TRIES_MAX => Line::Series,
            (true, _) => Line::Writes,
        }
    }

    pub(super) fn new(ask: Ask) -> (Self, oneshot::Receiver<Result<Reply, Lost>>) {
        let (answer, receiver) = oneshot::channel();
        let (tries, denied) = (Tries::default(), Denied::new());
        (Self { ask, answer, tries, denied, not_before: None }, receiver)
    }
}

/// Reads and writes that wait, and the objects with a write in flight. As many wait as there are
/// writers (`window` of the target, a thousand) and looks, whatever the plan holds: all of it is
/// passed over for each question, and sixteen of these go in a second.
pub(super) struct Queue {
    crew: Arc<Crew>,
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    reads: VecDeque<Job>,
    writes: VecDeque<Job>,
    /// Objects with writes in flight, and how many.
    lanes: BTreeMap<String, usize>,
    /// Objects of which a series is being gathered.
    gathering: BTreeSet<String>,
    /// No new write is sent any more.
    is_stopped: bool,
    /// What was last said to a write; None: it was taken.
    last_refusal: Option<String>,
}

fn stopped() -> Lost {
    Lost::NotSent("stopped before it was sent".into())
}

enum Pick {
    Job(Box<Job>),
    /// The next one may go then, if nothing changes.
    At(Option<Instant>),
}

impl Queue {
    pub(super) fn new(crew: Arc<Crew>) -> Self {
        Self { crew, waiting: Mutex::new(Waiting::default()), bell: Notify::new() }
    }

    /// The application is one that a question may go by.
    fn may_ask(&self, app: &App, job: &Job) -> bool {
        self.crew.may_ask(app, job.ask.is_write(), &job.denied)
    }

    pub(super) fn push(&self, job: Job) {
        if self.is_called_off(&job) {
            let _ = job.answer.send(Err(stopped()));
            return;
        }
        self.waiting().queue(job.ask.is_write()).push_back(job);
        self.bell.notify_waiters();
    }

    /// Gives back every write that was not sent yet, also those to come. One that was left without
    /// an answer goes again: only then it is known.
    pub(super) fn stop(&self) {
        let off: VecDeque<Job> = {
            let mut waiting = self.waiting();
            waiting.is_stopped = true;
            let writes = std::mem::take(&mut waiting.writes);
            let (off, on) = writes.into_iter().partition(Job::is_unsent_write);
            waiting.writes = on;
            off
        };
        for job in off {
            let _ = job.answer.send(Err(stopped()));
        }
        self.bell.notify_waiters();
    }

    fn is_called_off(&self, job: &Job) -> bool {
        job.is_unsent_write() && self.waiting().is_stopped
    }

    /// Waits until nothing new is sent any more.
    pub(super) async fn until_stopped(&self) {
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            if self.waiting().is_stopped {
                return;
            }
            bell.await;
        }
    }

    /// Those of a batch that still go; the others are given back.
    pub(super) fn still_wanted(&self, jobs: Vec<Job>) -> Vec<Job> {
        let (off, on): (Vec<Job>, _) = jobs.into_iter().partition(|job| self.is_called_off(job));
        for job in off {
            self.settle(job, Err(stopped()));
        }
        on
    }

    /// It is settled: its writer goes on, and the next write to the object may go.
    pub(super) fn settle(&self, job: Job, answer: Result<Reply, Lost>) {
        self.free(&job);
        // Nobody waits any more: the answer is of no use.
        let _ = job.answer.send(answer);
    }

    /// Another one of the series, if one waits.
    pub(super) fn follow(&self, app: &App, series: &[Job]) -> Option<Job> {
        let lane = series.first()?.ask.lane.as_deref();
        let waiting = &mut *self.waiting();
        let at = waiting.writes.iter().position(|job| job.ask.lane.as_deref() == lane)?;
        let may_go = |job: &Job| {
            let is_wanted = !job.answer.is_closed() || job.tries.unanswered > 0;
            let is_ripe = job.not_before.is_none_or(|time| time <= Instant::now());
            job.line() == Line::Series && is_wanted && is_ripe && self.may_ask(app, job)
        };
        waiting.writes.get(at).filter(|job| may_go(job))?;
        waiting.writes.remove(at)
    }

    /// Something is on its way to the object of a series.
    pub(super) fn is_on_its_way(&self, series: &[Job]) -> bool {
        let lane = series.first().and_then(|job| job.ask.lane.as_deref());
        lane.is_some_and(|lane| self.waiting().lanes.contains_key(lane))
    }

    /// Waits until nothing is on its way to the object of a series; then the series is.
    pub(super) async fn board(&self, series: &[Job]) {
        let Some(lane) = series.first().and_then(|job| job.ask.lane.clone()) else { return };
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            {
                let waiting = &mut *self.waiting();
                if !waiting.lanes.contains_key(&lane) {
                    waiting.gathering.remove(&lane);
                    waiting.lanes.insert(lane, series.len());
                    break;
                }
            }
            bell.await;
        }
        self.bell.notify_waiters();
    }

    /// It goes again, before those that came later.
    pub(super) fn put_back(&self, mut job: Job, not_before: Instant) {
        self.free(&job);
        if self.is_called_off(&job) {
            let _ = job.answer.send(Err(stopped()));
            return;
        }
        job.not_before = Some(not_before);
        self.waiting().queue(job.ask.is_write()).push_front(job);
        self.bell.notify_waiters();
    }

    /// An application rests: its batch is for the others.
    pub(super) fn hand_over(&self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.put_back(job, Instant::now());
        }
    }

    /// Those who wait for a question look again: others may be theirs now.
    pub(super) fn ring(&self) {
        self.bell.notify_waiters();
    }

    pub(super) fn last_refusal(&self) -> Option<String> {
        self.waiting().last_refusal.clone()
    }

    /// What a write was told.
    pub(super) fn heard(&self, refusal: Option<String>) {
        self.waiting().last_refusal = refusal;
    }

    fn free(&self, job: &Job) {
        if let Some(lane) = &job.ask.lane {
            let lanes = &mut self.waiting().lanes;
            match lanes.get_mut(lane) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(lanes.remove(lane)),
            }
            self.bell.notify_waiters();
        }
    }

    /// The next one that may go; its object is taken until it is settled. Can be given up while
    /// it waits, without loss.
    pub(super) async fn next(&self, app: &App, line: Line) -> Job {
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            let may_ask = |job: &Job| self.may_ask(app, job);
            let pick = self.waiting().pick(line, Instant::now(), may_ask);
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
    fn queue(&mut self, writes: bool) -> &mut VecDeque<Job> {
        if writes { &mut self.writes } else { &mut self.reads }
    }

    fn pick(&mut self, line: Line, now: Instant, may_ask: impl Fn(&Job) -> bool) -> Pick {
        let mut then: Option<Instant> = None;
        // Writes to one object keep their order: behind one that waits, none goes.
        let mut held = BTreeSet::new();
        let mut found = None;
        let Self { reads, writes, lanes, gathering, is_stopped: _, last_refusal: _ } = self;
        let queue = if line == Line::Reads { reads } else { writes };
        queue.retain(|job| !job.answer.is_closed() || job.tries.unanswered > 0);
        // Each ring of the bell looks at all that waits: most of it is no series.
        if line == Line::Series && !queue.iter().any(|job| job.line() == line) {
            return Pick::At(None);
        }
        for (at, job) in queue.iter().enumerate() {
            let lane = job.ask.lane.as_deref();
            // A series may be gathered while something else is on its way to the object.
            let is_taken = |lane: &str| line != Line::Series && lanes.contains_key(lane);
            let waits = |lane| is_taken(lane) || held.contains(lane) || gathering.contains(lane);
            if lane.is_some_and(waits) {
                continue;
            }
            if job.line() != line || !may_ask(job) {
                held.extend(lane);
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
        let Some(job) = found.and_then(|at| queue.remove(at)) else { return Pick::At(then) };
        let lane = job.ask.lane.clone();
        match line {
            Line::Series => gathering.extend(lane),
            Line::Reads | Line::Writes => lanes.extend(lane.map(|lane| (lane, 1))),
        }
        Pick::Job(Box::new(job))
    }
}
