//! What the client of a target wants to know again next time, kept while the target is written: a
//! drive may take hours, and its process may die.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::Instant;

use super::drive::Ledger;
use crate::store::{StoreError, memory};
use crate::target::{Speed, Write};

/// The whole, which may be large: between two batches.
const WHOLE_EVERY: Duration = Duration::from_secs(60);
/// It costs no more than this part of the time.
const COST_PART: u32 = 100;
/// The speed: what slows it comes in crowds.
const SPEED_EVERY: Duration = Duration::from_secs(1);

/// When the whole is kept next.
pub(super) struct Keeper {
    due: Instant,
}

impl Keeper {
    pub(super) fn new() -> Self {
        Self { due: Instant::now() + WHOLE_EVERY }
    }
}

impl Ledger<'_, '_> {
    /// Keeps the whole, once it is due.
    pub(super) fn keep_memory<W: Write>(&mut self, target: &W) -> Result<(), StoreError> {
        let begun = Instant::now();
        if begun < self.keeper.due {
            return Ok(());
        }
        if let Some(document) = target.kept() {
            memory::save(self.context.store, self.target, &document)?;
        }
        self.keeper.due = Instant::now() + WHOLE_EVERY.max(begun.elapsed() * COST_PART);
        Ok(())
    }
}

/// Keeps the speed whenever the service slows it, also in the middle of a batch that it holds back:
/// a process that dies then must not burst when it comes again. Ends only when it cannot.
pub(super) async fn keep_speed(
    speed: Option<&dyn Speed>,
    books: &RefCell<&mut Ledger<'_, '_>>,
) -> StoreError {
    let Some(speed) = speed else { return std::future::pending().await };
    loop {
        speed.changed().await;
        if let Some(kept) = speed.kept() {
            let mut ledger = books.borrow_mut();
            let target = ledger.target;
            if let Err(error) = memory::save_speed(ledger.context.store, target, &kept) {
                return error;
            }
        }
        tokio::time::sleep(SPEED_EVERY).await;
    }
}
