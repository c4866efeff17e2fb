//! The loop: stage after stage, batch after batch: announce, send, settle (DESIGN rule 7).

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::batch::{self, Job, Ready};
use super::keeper::{self, Keeper};
use super::outcome::{Ending, Settled, Tries};
use super::recover::Rests;
use super::send::{End, send};
use super::waits::{Gaps, Sendable};
use super::{ApplyError, Context, Progress, Settings, Tally, recover};
use crate::plan::operation::Operation;
use crate::store::journal::{self, Settlement, Start};
use crate::store::plans::{self, OperationRow, Page, Take, WAITS};
use crate::store::runs::{self, OperationState, RunState};
use crate::store::{StoreError, refused, secrets};
use crate::target::Write;

/// The books of one drive.
pub(super) struct Ledger<'l, 'a> {
    pub(super) context: &'l mut Context<'a>,
    pub(super) target: &'l str,
    pub(super) keeper: Keeper,
    /// What the target has refused too often: not sent unless an operator asks (`replay`).
    aside: BTreeMap<u64, String>,
    gaps: Gaps,
    /// What is done in the place of an operation that an earlier attempt left half done.
    rests: Rests,
    tally: Tally,
    progress: Progress,
}

/// Writes what is open of a run to one target. What an earlier process left unknown is written
/// again, by the same `write`, which looks first; what is settled is never touched.
pub async fn drive<W: Write>(
    target: &mut W,
    target_name: &str,
    context: &mut Context<'_>,
    settings: &Settings,
) -> Result<Tally, ApplyError> {
    let (run, take) = (context.run, context.take);
    let row = runs::get(context.store, run)?;
    if row.state != RunState::Applying {
        return Err(StoreError::RunState { run, state: row.state, wanted: "written" }.into());
    }
    if context.recipient.is_none()
        && plans::creates_accounts(context.store, run, target_name, take)?
    {
        return Err(ApplyError::NoRecipient);
    }
    let mut gaps = Gaps::default();
    for operation in plans::set_aside(context.store, run, target_name, take)? {
        gaps.add(&operation);
    }
    let total = plans::count(context.store, run, target_name, take)?;
    let progress = Progress { settled: 0, total };
    let aside = match take {
        Take::Open | Take::Announced => refused::set_aside(context.store, run, target_name)?,
        Take::OpenAndFailed => BTreeMap::new(),
    };
    let tally = Tally::default();
    let mut ledger = Ledger {
        context,
        target: target_name,
        aside,
        gaps,
        rests: Rests::new(),
        tally,
        progress,
        keeper: Keeper::new(),
    };
    ledger.rests = recover::settle_standing_accounts(target, &mut ledger).await?;
    for stage in plans::stages(ledger.context.store, run, target_name)? {
        match drive_stage(target, &mut ledger, settings, stage).await? {
            End::Whole => {}
            End::Stopped => {
                ledger.tally.stopped = true;
                break;
            }
            End::Lost(what) => {
                let (target, tally) = (target_name.to_owned(), ledger.tally);
                return Err(ApplyError::TargetLost { target, what, tally });
            }
        }
    }
    Ok(ledger.tally)
}

/// One stage; the next waits for all of it.
async fn drive_stage<W: Write>(
    target: &mut W,
    ledger: &mut Ledger<'_, '_>,
    settings: &Settings,
    stage: u16,
) -> Result<End, ApplyError> {
    let rows_max = settings.batch_max();
    let mut page = Page { target: ledger.target, stage, after: 0, rows_max };
    let mut next = batch::ahead(ledger.context, &page)?;
    while let Some(last) = next.last {
        let ready = next.ready().await?;
        page.after = last;
        next = batch::ahead(ledger.context, &page)?;
        let jobs = ledger.announce(ready)?;
        let stop = ledger.context.stop;
        let least = tokio::time::sleep(settings.least_time(jobs.len()));
        let speed = target.speed();
        let books = RefCell::new(&mut *ledger);
        let mut settle = |settled| books.borrow_mut().settle(settled);
        let sent = async { tokio::join!(send(target, jobs, settings, stop, &mut settle), least).0 };
        let end = tokio::select! {
            end = sent => end,
            error = keeper::keep_speed(speed.as_deref(), &books) => Err(error),
        };
        let end = end?;
        ledger.keep_memory(target)?;
        match end {
            End::Whole => {}
            end @ (End::Stopped | End::Lost(_)) => return Ok(end),
        }
    }
    Ok(End::Whole)
}

impl Ledger<'_, '_> {
    /// Makes the batch durable before anything of it is sent; what cannot be sent is settled.
    fn announce(&mut self, ready: Ready) -> Result<Vec<Job>, StoreError> {
        let mut jobs = Vec::with_capacity(ready.len());
        let mut unsent = Vec::new();
        for (row, secret) in ready {
            let OperationRow { operation, state, attempts, detail: _ } = row;
            let idle = |operation, ending| Settled {
                operation,
                attempt: attempts,
                tries: Tries::default(),
                without: None,
                ending,
            };
            if let Some(why) = operation.blocked.clone() {
                self.gaps.add(&operation);
                unsent.push(idle(operation, Ending::Blocked(why)));
                continue;
            }
            // One that was sent and left without an answer is looked at all the same.
            let aside = self.aside.get(&operation.seq).filter(|_| state == OperationState::Planned);
            if let Some(why) = aside {
                self.gaps.add(&operation);
                unsent.push(idle(operation, Ending::Failed(why.clone())));
                continue;
            }
            let (operation, without) = match self.gaps.sendable(operation) {
                Sendable::Whole(operation) => (operation, None),
                Sendable::Part(operation, seq) => (operation, Some(seq)),
                Sendable::Nothing(operation, seq) => {
                    self.gaps.add(&operation);
                    let ending = Ending::Failed(format!("{WAITS}{seq}"));
                    unsent.push(idle(operation, ending));
                    continue;
                }
            };
            let (attempt, tries) = (attempts + 1, Tries::default());
            // Its account stands, with the password that it has.
            let (operation, secret) = match self.rests.remove(&operation.seq) {
                Some(action) => (Operation { action, ..operation }, None),
                None => (operation, secret),
            };
            jobs.push(Job { operation, attempt, secret, without, tries });
        }
        self.settle(unsent)?;
        let sealed = |job: &Job| -> Option<secrets::Sealed> {
            job.secret.as_ref().map(|secret| secret.sealed.clone())
        };
        let starts: Vec<Start> = jobs
            .iter()
            .map(|job| Start { seq: job.operation.seq, attempt: job.attempt, secret: sealed(job) })
            .collect();
        let now = (self.context.now)();
        journal::start(self.context.store, self.context.run, self.target, now, &starts)?;
        Ok(jobs)
    }

    fn settle(&mut self, settled: Vec<Settled>) -> Result<(), StoreError> {
        for one in &settled {
            if one.leaves_a_gap() {
                self.gaps.add(&one.operation);
            }
        }
        let settlements: Vec<Settlement> = settled.iter().map(Settled::settlement).collect();
        self.keep(&settlements)
    }

    /// Makes outcomes durable, and counts them.
    pub(super) fn keep(&mut self, settlements: &[Settlement]) -> Result<(), StoreError> {
        let now = (self.context.now)();
        journal::settle(self.context.store, self.context.run, self.target, now, settlements)?;
        for settlement in settlements {
            self.tally.count(settlement.event);
        }
        self.progress.settled += settlements.len() as u64;
        (self.context.progress)(self.progress);
        Ok(())
    }
}
