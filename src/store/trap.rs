//! The rehearsal of crashes: a process that "dies" at its n-th effect.
//!
//! Kill-at-any-instant is a promise (SEC-44), so it must be possible to try every instant. Each
//! transaction of the store counts two effects, one before it is durable and one after; a
//! simulated target shares the count. A trap that sprang stays sprung: the dead do nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts effects down; production has none.
#[derive(Debug, Clone)]
pub struct Trap(Arc<AtomicU64>);

impl Trap {
    /// Lets `effects` happen, then springs.
    pub fn after(effects: u64) -> Self {
        Self(Arc::new(AtomicU64::new(effects)))
    }

    /// Counts one effect; true when it must not happen.
    pub fn springs(&self) -> bool {
        #[cfg(test)]
        witness::looks();
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
    }

    /// Effects that it would still let happen.
    pub fn left(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Somebody who looks on at every instant at which a process could die.
#[cfg(test)]
pub(crate) mod witness {
    use std::cell::RefCell;

    type Look = Box<dyn FnMut()>;

    thread_local! {
        static LOOK: RefCell<Option<Look>> = const { RefCell::new(None) };
    }

    /// Calls `look` at each effect of this thread, before it happens, as long as `work` lasts.
    pub(crate) fn of<T>(look: Look, work: impl FnOnce() -> T) -> T {
        LOOK.replace(Some(look));
        let value = work();
        LOOK.replace(None);
        value
    }

    pub(super) fn looks() {
        LOOK.with_borrow_mut(|look| look.iter_mut().for_each(|look| look()));
    }
}
