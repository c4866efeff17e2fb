//! What a command is given of the world outside: clock, entropy, voice. `cli` hands it in; nothing
//! below reads the time or prints by itself.

use jiff::Timestamp;

/// The clock of a run: the wall's, or the one of `--now` for rehearsals and tests.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    pub wall: fn() -> Timestamp,
    pub fixed: Option<Timestamp>,
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(self.wall)
    }
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }
    /// The same world on another day.
    #[must_use]
    pub fn at(self, instant: Timestamp) -> Self {
        Self { fixed: Some(instant), ..self }
    }
}

/// The world.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub clock: Clock,
    /// Random bytes of the operating system (SEC-11).
    pub entropy: fn(&mut [u8]),
    /// Milliseconds of a clock that never steps back; for reports only.
    pub ticks_ms: fn() -> u64,
    /// The user of the system who runs the command.
    pub user: fn() -> String,
    /// Data, on stdout.
    pub out: fn(&str),
    /// A warning, on stderr.
    pub warn: fn(&str),
}

/// Time that went by.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    ticks_ms: fn() -> u64,
    since: u64,
}

impl Stopwatch {
    pub fn start(world: &World) -> Self {
        Self { ticks_ms: world.ticks_ms, since: (world.ticks_ms)() }
    }
    /// Milliseconds since the start or the last lap.
    pub fn elapsed_ms(&self) -> u64 {
        (self.ticks_ms)().saturating_sub(self.since)
    }
    /// The same, and the next lap begins.
    pub fn lap_ms(&mut self) -> u64 {
        let now = (self.ticks_ms)();
        now.saturating_sub(std::mem::replace(&mut self.since, now))
    }
}
