//! One batch, announced already, until each operation has its ending or the target is given up.
//!
//! It goes in rounds: all that is open is sent with a bounded number in flight, then what has its
//! ending is settled, and what has not goes into the next round. After a lost connection the rest
//! of the batch goes one at a time, those that were left without an answer last: the operation
//! that breaks every connection is found alone, and the others are done without it.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::Settings;
use super::batch::Job;
use super::outcome::{Ending, Next, Settled, next};
use crate::store::StoreError;
use crate::target::{Done, Write, WriteError};

/// For what is in flight when it is to stop.
const PATIENCE: Duration = Duration::from_secs(30);
const STOPPED: &str = "stopped before an answer";
const STOP_SEEN_WITHIN: Duration = Duration::from_millis(500);

/// How a batch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Stopped,
    /// The target is given up, for this reason.
    Lost(String),
}

/// What a round leaves.
#[derive(Default)]
struct Round {
    settled: Vec<Settled>,
    open: Vec<Job>,
    /// The connection must be replaced.
    broken: Option<String>,
    /// The server put some off.
    busy: bool,
}

/// Sends a batch. `settle` makes endings durable, as soon as a round is over.
pub(super) async fn send<W: Write>(
    target: &mut W,
    jobs: Vec<Job>,
    settings: &Settings,
    stop: &dyn Fn() -> bool,
    settle: &mut dyn FnMut(Vec<Settled>) -> Result<(), StoreError>,
) -> Result<End, StoreError> {
    let mut open = jobs;
    let mut window = settings.window.max(1);
    // Rounds in a row that lost the connection and brought no answer at all.
    let mut silent = 0;
    let mut delays = 0;
    while !open.is_empty() {
        if stop() {
            settle(give_up(open, "stopped before it was sent", STOPPED))?;
            return Ok(End::Stopped);
        }
        let round = round(&*target, open, window, settings, stop).await;
        let answered = !round.settled.is_empty() || round.busy;
        settle(round.settled)?;
        open = round.open;
        if stop() {
            continue; // Nobody gets a connection back only to end.
        }
        if let Some(what) = round.broken {
            silent = if answered { 0 } else { silent + 1 };
            window = 1;
            open.sort_by_key(|job| job.tries.unanswered);
            let back = if silent > settings.reconnects_max {
                Err(what)
            } else {
                reconnect(target, settings, silent, stop).await
            };
            if let Err(what) = back {
                settle(give_up(open, &what, &what))?;
                return Ok(End::Lost(what));
            }
        } else if round.busy {
            delays += 1;
            tokio::time::sleep(delay(settings, delays)).await;
        }
    }
    Ok(End::Whole)
}

/// Sends everything once, at most `window` at a time; after `stop` nothing more.
async fn round<W: Write>(
    target: &W,
    open: Vec<Job>,
    window: usize,
    settings: &Settings,
    stop: &dyn Fn() -> bool,
) -> Round {
    let mut answers = stream::iter(open)
        .map(|job| async move {
            if stop() {
                return (job, None);
            }
            let password = job.secret.as_ref().map(|secret| &secret.password);
            let answer = tokio::select! {
                answer = target.write(&job.operation, password) => answer,
                () = impatience(target, stop) => Err(WriteError::Unknown(STOPPED.into())),
            };
            (job, Some(answer))
        })
        .buffer_unordered(window);
    let mut round = Round::default();
    while let Some((job, answer)) = answers.next().await {
        match answer {
            Some(answer) => round.take(job, answer, settings),
            None => round.open.push(job),
        }
    }
    round
}

/// Is over some time after the stop: what a service holds back is not waited for. It may have been
/// done, and the next drive looks. What the target's client has not sent yet comes back at once.
async fn impatience<W: Write>(target: &W, stop: &dyn Fn() -> bool) {
    while !stop() {
        tokio::time::sleep(STOP_SEEN_WITHIN).await;
    }
    target.stop();
    tokio::time::sleep(PATIENCE).await;
}

impl Round {
    fn take(&mut self, mut job: Job, answer: Result<Done, WriteError>, settings: &Settings) {
        match &answer {
            Err(WriteError::Busy { .. }) => job.tries.busy += 1,
            Err(WriteError::Unknown(_)) => job.tries.unanswered += 1,
            Ok(_)
            | Err(
                WriteError::Stale(_)
                | WriteError::Refused { .. }
                | WriteError::NameTaken { .. }
                | WriteError::Lost(_),
            ) => {}
        }
        // An operation given up as unknown has broken the connection all the same.
        if let Err(WriteError::Unknown(_) | WriteError::Lost(_)) = &answer {
            self.broken = answer.as_ref().err().map(ToString::to_string);
        }
        match next(answer, job.tries, settings) {
            Next::Settle(ending) => self.settled.push(settled(job, ending)),
            Next::Again(_) => {
                self.busy = true;
                self.open.push(job);
            }
            Next::Reconnect(_) => self.open.push(job),
        }
    }
}

fn settled(job: Job, ending: Ending) -> Settled {
    let Job { operation, attempt, secret: _, without, tries } = job;
    Settled { operation, attempt, tries, without, ending }
}

/// What is known of operations that are left: done maybe, or certainly not.
fn give_up(open: Vec<Job>, unsent: &str, unanswered: &str) -> Vec<Settled> {
    let ending = |job: &Job| match job.tries.unanswered {
        0 => Ending::PutBack(unsent.to_owned()),
        _ => Ending::Unknown(unanswered.to_owned()),
    };
    open.into_iter()
        .map(|job| {
            let ending = ending(&job);
            settled(job, ending)
        })
        .collect()
}

/// Gets the connection back, in bounded tries; the error is the last one's words.
async fn reconnect<W: Write>(
    target: &mut W,
    settings: &Settings,
    silent: u32,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    if silent > 0 {
        tokio::time::sleep(delay(settings, silent)).await;
    }
    let mut tries = 1;
    loop {
        match target.reconnect().await {
            Ok(()) => return Ok(()),
            Err(error) if tries >= settings.reconnects_max || stop() => {
                return Err(error.to_string());
            }
            Err(_) => tokio::time::sleep(delay(settings, tries)).await,
        }
        tries += 1;
    }
}

/// Doubled at each further try, up to 32 times.
fn delay(settings: &Settings, tries: u32) -> Duration {
    settings.retry_delay * 2u32.pow(tries.saturating_sub(1).min(5))
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Tries;
    use super::super::tests::scene::account;
    use super::*;

    #[test]
    fn what_had_no_answer_is_not_said_to_be_unsent() {
        // SEC-44.
        let job = |unanswered| Job {
            operation: account(1, 0, 1),
            attempt: 1,
            secret: None,
            without: None,
            tries: Tries { busy: 0, unanswered },
        };
        let endings = give_up(vec![job(0), job(1)], "not sent", STOPPED);
        let endings: Vec<Ending> = endings.into_iter().map(|one| one.ending).collect();
        let told = [Ending::PutBack("not sent".into()), Ending::Unknown(STOPPED.into())];
        assert_eq!(endings, told);
    }
}
