//! The only reader of wall time and of the system's generator; everything else is given both.

use std::time::Instant;

use jiff::Timestamp;

/// The clock of a run: the wall's, or the one of `--now` for rehearsals and tests.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    fixed: Option<Timestamp>,
}

impl Clock {
    pub fn wall() -> Self {
        Self { fixed: None }
    }
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(at) }
    }
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }
}

/// Wall time that went by, for reports only.
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }
    /// Milliseconds since the start or the last lap.
    pub fn lap_ms(&mut self) -> u64 {
        let spent = self.0.elapsed().as_millis();
        self.0 = Instant::now();
        u64::try_from(spent).unwrap_or(u64::MAX)
    }
}

/// Random bytes of the operating system (SEC-11).
///
/// # Panics
/// When the system has no generator: nothing secret can be made then.
#[expect(clippy::expect_used, reason = "without a generator no secret may be made")]
pub fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}
