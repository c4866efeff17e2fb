//! The moods of the service: each one a rate or a switch, all drawn from the seed.

/// How a 429 says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds,
    /// `2.128`.
    Decimal,
    /// An HTTP date.
    Date,
    Absent,
    /// Any of them, drawn.
    Mixed,
}

/// What goes wrong, and how often: rates from 0 (never) to 1 (always).
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// Reads are answered by one of so many replicas, which lag up to so many seconds; deleted
    /// items, delta and advanced queries lag `lag_slow` times as much. 0: none lags.
    pub lag_seconds: f64,
    pub lag_replicas: u64,
    pub lag_slow: f64,
    /// Two writes in flight on one group: the second is `Directory_ConcurrencyViolation`.
    pub concurrency: bool,
    /// The same without a reason.
    pub concurrency_rate: f64,
    /// 429 below every limit.
    pub throttled: f64,
    pub retry_after: RetryAfter,
    /// What it asks to wait then.
    pub retry_seconds: f64,
    /// The connection is cut before anything is done.
    pub request_lost: f64,
    /// It is done, and the connection is cut before the answer.
    pub answer_lost: f64,
    /// Neither: nothing comes for two minutes, then the connection is cut. Done or not is drawn.
    pub hangs: f64,
    /// 500, 502, 503 or 504, of a request or of one item, with nothing done.
    pub unavailable_before: f64,
    /// The same after it was done.
    pub unavailable_after: f64,
    pub batch_shuffled: bool,
    /// A batch with a throttled item is answered 424 as a whole.
    pub batch_424: bool,
    /// All tokens are revoked, at this rate of requests.
    pub revoked: f64,
    /// A page that is short, or empty, and still has a next one.
    pub short_pages: f64,
    /// A delta page tells an object twice.
    pub delta_replays: f64,
    /// A delta link is answered 410.
    pub delta_gone: f64,
    /// A team that was accepted is not made.
    pub team_failed: f64,
    /// Time that a request takes, in milliseconds of the service, drawn between.
    pub latency_ms: (u64, u64),
    /// Time that an item of a batch takes in addition, if it waits for another one.
    pub series_ms: (u64, u64),
}

impl Faults {
    /// A service on its best day.
    pub fn none() -> Self {
        Self {
            lag_seconds: 0.0,
            lag_replicas: 3,
            lag_slow: 2.0,
            concurrency: true,
            concurrency_rate: 0.0,
            throttled: 0.0,
            retry_after: RetryAfter::Seconds,
            retry_seconds: 1.5,
            request_lost: 0.0,
            answer_lost: 0.0,
            hangs: 0.0,
            unavailable_before: 0.0,
            unavailable_after: 0.0,
            batch_shuffled: false,
            batch_424: false,
            revoked: 0.0,
            short_pages: 0.0,
            delta_replays: 0.0,
            delta_gone: 0.0,
            team_failed: 0.0,
            latency_ms: (0, 0),
            series_ms: (0, 0),
        }
    }

    /// Everything at once, at rates of a bad day.
    pub fn bad_day() -> Self {
        Self {
            lag_seconds: 30.0,
            concurrency_rate: 0.01,
            throttled: 0.002,
            retry_after: RetryAfter::Mixed,
            request_lost: 0.01,
            answer_lost: 0.01,
            hangs: 0.001,
            unavailable_before: 0.01,
            unavailable_after: 0.01,
            batch_shuffled: true,
            batch_424: true,
            revoked: 0.001,
            short_pages: 0.2,
            delta_replays: 0.05,
            delta_gone: 0.05,
            team_failed: 0.05,
            latency_ms: (50, 400),
            series_ms: (20, 100),
            ..Self::none()
        }
    }
}
