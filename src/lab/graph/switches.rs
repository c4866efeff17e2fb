//! Every limit and mood of the service by its name, and how its value is written.

use std::ops::RangeInclusive;

use super::faults::{Faults, RetryAfter};
use super::options::{Limits, LinkCost};

/// Numbers of things that there must be one of.
const COUNT: RangeInclusive<u64> = 1..=1_000_000_000;
/// Days, seconds.
const LONG: RangeInclusive<u32> = 0..=100_000;
const MINUTES: RangeInclusive<u32> = 1..=100_000;
const MILLISECONDS: RangeInclusive<u64> = 0..=600_000;
/// Seconds.
const LAG: RangeInclusive<f64> = 0.0..=86_400.0;
const SLOW: RangeInclusive<f64> = 1.0..=100.0;

/// One of them, in its place.
pub(super) enum Switch<'s> {
    Rate(&'s mut f64),
    Real(&'s mut f64, RangeInclusive<f64>),
    Count(&'s mut u64),
    Size(&'s mut usize),
    /// Days or seconds.
    Long(&'s mut u32),
    Milliseconds(&'s mut (u64, u64)),
    Minutes(&'s mut (u32, u32)),
    /// A number, or what the size of the tenant gives.
    BySize(&'s mut Option<u64>),
    Is(&'s mut bool),
    LinkCost(&'s mut LinkCost),
    RetryAfter(&'s mut RetryAfter),
}

impl Switch<'_> {
    /// What is written after its name.
    pub(super) fn form(&self) -> String {
        match self {
            Self::Rate(_) => "a rate from 0 to 1".to_owned(),
            Self::Real(_, range) => format!("a number from {} to {}", range.start(), range.end()),
            Self::Count(_) | Self::Size(_) => {
                format!("a number from {} to {}", COUNT.start(), COUNT.end())
            }
            Self::Long(_) => format!("a number from {} to {}", LONG.start(), LONG.end()),
            Self::Milliseconds(_) => {
                format!("two numbers up to {}, the smaller one first", MILLISECONDS.end())
            }
            Self::Minutes(_) => format!(
                "two numbers from {} to {}, the smaller one first",
                MINUTES.start(),
                MINUTES.end()
            ),
            Self::BySize(_) => format!("a number from {}, or by-size", COUNT.start()),
            Self::Is(_) => "on or off".to_owned(),
            Self::LinkCost(_) => "per-request or thirds".to_owned(),
            Self::RetryAfter(_) => "seconds, decimal, date, absent or mixed".to_owned(),
        }
    }

    /// Sets it; nothing: it is not written so.
    pub(super) fn set(self, words: &[&str]) -> Option<()> {
        match self {
            Self::Rate(rate) => *rate = within(one(words)?, &(0.0..=1.0))?,
            Self::Real(number, range) => *number = within(one(words)?, &range)?,
            Self::Count(count) => *count = within(one(words)?, &COUNT)?,
            Self::Size(size) => *size = within(one(words)?, &COUNT)?.try_into().ok()?,
            Self::Long(number) => *number = within(one(words)?, &LONG)?,
            Self::Milliseconds(span) => *span = between(words, &MILLISECONDS)?,
            Self::Minutes(span) => *span = between(words, &MINUTES)?,
            Self::BySize(number) => {
                *number = match one(words)? {
                    "by-size" => None,
                    word => Some(within(word, &COUNT)?),
                }
            }
            Self::Is(is) => {
                *is = match one(words)? {
                    "on" => true,
                    "off" => false,
                    _ => return None,
                }
            }
            Self::LinkCost(cost) => {
                *cost = match one(words)? {
                    "per-request" => LinkCost::PerRequest,
                    "thirds" => LinkCost::Thirds,
                    _ => return None,
                }
            }
            Self::RetryAfter(form) => {
                *form = match one(words)? {
                    "seconds" => RetryAfter::Seconds,
                    "decimal" => RetryAfter::Decimal,
                    "date" => RetryAfter::Date,
                    "absent" => RetryAfter::Absent,
                    "mixed" => RetryAfter::Mixed,
                    _ => return None,
                }
            }
        }
        Some(())
    }
}

fn one<'w>(words: &[&'w str]) -> Option<&'w str> {
    let [word] = words else { return None };
    Some(word)
}

fn within<T>(word: &str, range: &RangeInclusive<T>) -> Option<T>
where
    T: std::str::FromStr + PartialOrd,
{
    word.parse().ok().filter(|number| range.contains(number))
}

fn between<T>(words: &[&str], range: &RangeInclusive<T>) -> Option<(T, T)>
where
    T: std::str::FromStr + PartialOrd,
{
    let [least, most] = words else { return None };
    Some((within(least, range)?, within(most, range)?)).filter(|(least, most)| least <= most)
}

/// All of them. A field without a line here does not compile.
pub(super) fn all<'s>(
    faults: &'s mut Faults,
    limits: &'s mut Limits,
) -> Vec<(&'static str, Switch<'s>)> {
    of_faults(faults).into_iter().chain(of_limits(limits)).collect()
}

fn of_faults(faults: &mut Faults) -> [(&'static str, Switch<'_>); 22] {
    let Faults {
        lag_seconds,
        lag_replicas,
        lag_slow,
        concurrency,
        concurrency_rate,
        throttled,
        retry_after,
        retry_seconds,
        request_lost,
        answer_lost,
        hangs,
        unavailable_before,
        unavailable_after,
        batch_shuffled,
        batch_424,
        revoked,
        short_pages,
        delta_replays,
        delta_gone,
        team_failed,
        latency_ms,
        series_ms,
    } = faults;
    [
        ("lag_seconds", Switch::Real(lag_seconds, LAG)),
        ("lag_replicas", Switch::Count(lag_replicas)),
        ("lag_slow", Switch::Real(lag_slow, SLOW)),
        ("concurrency", Switch::Is(concurrency)),
        ("concurrency_rate", Switch::Rate(concurrency_rate)),
        ("throttled", Switch::Rate(throttled)),
        ("retry_after", Switch::RetryAfter(retry_after)),
        ("retry_seconds", Switch::Real(retry_seconds, LAG)),
        ("request_lost", Switch::Rate(request_lost)),
        ("answer_lost", Switch::Rate(answer_lost)),
        ("hangs", Switch::Rate(hangs)),
        ("unavailable_before", Switch::Rate(unavailable_before)),
        ("unavailable_after", Switch::Rate(unavailable_after)),
        ("batch_shuffled", Switch::Is(batch_shuffled)),
        ("batch_424", Switch::Is(batch_424)),
        ("revoked", Switch::Rate(revoked)),
        ("short_pages", Switch::Rate(short_pages)),
        ("delta_replays", Switch::Rate(delta_replays)),
        ("delta_gone", Switch::Rate(delta_gone)),
        ("team_failed", Switch::Rate(team_failed)),
        ("latency_ms", Switch::Milliseconds(latency_ms)),
        ("series_ms", Switch::Milliseconds(series_ms)),
    ]
}

fn of_limits(limits: &mut Limits) -> [(&'static str, Switch<'_>); 18] {
    let Limits {
        writes,
        tenant_writes,
        resource_units,
        link_cost,
        refused_count,
        percentage,
        directory_objects,
        quota_told,
        links_in_request,
        owners,
        filter_clauses,
        deleted_groups_hold_names,
        deleted_days,
        team_age_seconds,
        team_seconds,
        teams_per_second,
        token_minutes,
        delta_days,
    } = limits;
    [
        ("writes", Switch::Count(writes)),
        ("tenant_writes", Switch::Count(tenant_writes)),
        ("resource_units", Switch::BySize(resource_units)),
        ("link_cost", Switch::LinkCost(link_cost)),
        ("refused_count", Switch::Is(refused_count)),
        ("percentage", Switch::Is(percentage)),
        ("directory_objects", Switch::Count(directory_objects)),
        ("quota_told", Switch::Is(quota_told)),
        ("links_in_request", Switch::Size(links_in_request)),
        ("owners", Switch::Size(owners)),
        ("filter_clauses", Switch::Size(filter_clauses)),
        ("deleted_groups_hold_names", Switch::Is(deleted_groups_hold_names)),
        ("deleted_days", Switch::Long(deleted_days)),
        ("team_age_seconds", Switch::Long(team_age_seconds)),
        ("team_seconds", Switch::Long(team_seconds)),
        ("teams_per_second", Switch::Count(teams_per_second)),
        ("token_minutes", Switch::Minutes(token_minutes)),
        ("delta_days", Switch::Long(delta_days)),
    ]
}
