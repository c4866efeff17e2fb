//! The only reader of wall time and of the system's generator; everything else is given both.

use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

/// Milliseconds since the first call, by a clock that never steps back.
pub fn ticks_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Random bytes of the operating system (SEC-11).
///
/// # Panics
/// When the system has no generator: nothing secret can be made then.
#[expect(clippy::expect_used, reason = "without a generator no secret may be made")]
pub fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}
