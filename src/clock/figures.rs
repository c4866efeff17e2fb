//! How the deadlines are held (requirements 2.3): on time, late and why, how much of the delay was
//! used. The same sums serve a school, a team and the region.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::{Reading, consumed, deadline};
use crate::model::ids::Uai;

/// Whose turn it is, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The school must correct the record.
    Source,
    /// Two schools claim the pupil.
    Hold,
    /// A doubtful match waits for an answer.
    Review,
    /// The directory refused, was away, or is slow.
    Target,
    /// The directory put the writing off.
    Throttling,
    /// Nobody applied the plan, a guard waits for a person, or a foreign entry is in the way.
    Operator,
}

impl Cause {
    pub const ALL: [Self; 6] =
        [Self::Source, Self::Hold, Self::Review, Self::Target, Self::Throttling, Self::Operator];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Hold => "hold",
            Self::Review => "review",
            Self::Target => "target",
            Self::Throttling => "throttling",
            Self::Operator => "operator",
        }
    }
}

/// Things of one school that began together and, if they did, ended together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub uai: Uai,
    /// When the Région had what it needed: never moves.
    pub since: Timestamp,
    /// The same, but counted from the correction when the school had to correct.
    pub net_since: Timestamp,
    /// When the target confirmed the last of them; none while they are open.
    pub ended: Option<Timestamp>,
    /// Of being late, if they are.
    pub cause: Cause,
    pub count: u64,
}

/// A time that the contract does not count; told, and only in the net figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: String,
}

/// The contract, and the instant of the question.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub calendar: &'a Calendar,
    pub reading: Reading,
    /// Shares of the delay, each from 0 to 1.
    pub warn_at: &'a [f64],
    pub suspensions: &'a [Suspension],
    pub now: Timestamp,
}

/// Share of the delay that was used, in hundredths of a percent, so that sums are exact.
pub type Share = u64;

/// A late lot, for the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Late {
    pub since: Timestamp,
    pub deadline: Timestamp,
    /// None: late now.
    pub ended: Option<Timestamp>,
    pub uai: Uai,
    pub cause: Cause,
    pub count: u64,
}

/// The figures of a school, a team or the region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    pub count: u64,
    /// Ended by the deadline; equal is on time.
    pub on_time: u64,
    /// Late by cause, open ones included.
    pub late: BTreeMap<Cause, u64>,
    /// Of those, open and past their deadline now.
    pub late_now: u64,
    /// Open, not late.
    pub open: u64,
    /// Open, not late, and beyond each share of `warn_at`, in its order.
    pub warned: Vec<u64>,
    /// Of the open ones.
    pub earliest_deadline: Option<Timestamp>,
    /// Late when suspensions and corrections by the school are left out.
    pub late_net: u64,
    #[serde(skip)]
    shares: BTreeMap<Share, u64>,
}

impl Figures {
    /// Late, gross.
    pub fn late_gross(&self) -> u64 {
        self.late.values().sum()
    }
    /// The share of the delay that this part of them stayed within (nearest rank).
    pub fn share_at(&self, percent: u64) -> Option<Share> {
        let total: u64 = self.shares.values().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.shares.iter().find_map(|(share, count)| {
            seen += count;
            (seen >= rank).then_some(*share)
        })
    }

    /// Counts a lot in; gives back its deadline, and whether it is late.
    pub fn add(&mut self, item: &Item, terms: &Terms<'_>) -> (Timestamp, bool) {
        let Item { uai: _, since, net_since, ended, cause, count } = item;
        let Terms { calendar, reading, warn_at, suspensions: _, now } = terms;
        let due = deadline(*since, calendar, *reading);
        let end = ended.unwrap_or(*now);
        let late = end > due;
        self.count += count;
        let share = share(consumed(*since, end, calendar, *reading), calendar);
        *self.shares.entry(share).or_default() += count;
        self.warned.resize(warn_at.len(), 0);
        match (late, ended) {
            (true, ended) => {
                *self.late.entry(*cause).or_default() += count;
                self.late_now += if ended.is_none() { *count } else { 0 };
            }
            (false, Some(_)) => self.on_time += count,
            (false, None) => {
                self.open += count;
                for (warned, at) in self.warned.iter_mut().zip(*warn_at) {
                    *warned += if share as f64 >= at * 10_000.0 { *count } else { 0 };
                }
            }
        }
        if ended.is_none() {
            self.earliest_deadline =
                Some(self.earliest_deadline.map_or(due, |other| other.min(due)));
        }
        let suspended = suspended(*net_since, end, terms);
        // Whatever the reading, what is left out is as much of the clock as the suspension took.
        let net_due = deadline(*net_since, calendar, *reading);
        let over = consumed(net_due, end, calendar, *reading);
        if end > net_due && over > suspended {
            self.late_net += count;
        }
        (due, late)
    }
}

fn share(used: SignedDuration, calendar: &Calendar) -> Share {
    let delay = calendar.delay().as_secs().max(1);
    u64::try_from(used.as_secs().max(0) * 10_000 / delay).unwrap_or_default()
}

/// How much of the clock ran in suspensions between two instants; overlapping ones count once.
fn suspended(from: Timestamp, to: Timestamp, terms: &Terms<'_>) -> SignedDuration {
    let mut spans: Vec<(Timestamp, Timestamp)> =
        terms.suspensions.iter().map(|one| (one.from.max(from), one.to.min(to))).collect();
    spans.sort_unstable();
    let (mut total, mut reached) = (SignedDuration::ZERO, from);
    for (begin, end) in spans {
        let begin = begin.max(reached);
        if begin < end {
            total += consumed(begin, end, terms.calendar, terms.reading);
            reached = end;
        }
    }
    total
}

#[cfg(test)]
mod tests;
