//! What the service lets through: writes, resource units, teams.
//!
//! Windows slide: nothing is let through that would put more than the limit in any window of the
//! span, wherever it begins. That is at least as strict as any bucket of that size.

use std::collections::VecDeque;

use super::call::{Answer, Request};
use super::desk::Desk;
use super::faults::RetryAfter;
use super::options::LinkCost;

const WRITES_SPAN_MS: i64 = 150_000;
const TENANT_SPAN_MS: i64 = 300_000;
const UNITS_SPAN_MS: i64 = 10_000;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// The share of a limit above which the service tells how near it is.
const TOLD_FROM: f64 = 0.8;

#[derive(Debug, Default)]
struct Window {
    costs: VecDeque<(i64, u64)>,
    sum: u64,
    /// The most that was ever asked for in one span, refused requests included.
    asked_max: u64,
}

impl Window {
    fn pass(&mut self, now: i64, span: i64) {
        while let Some((_, cost)) = self.costs.front().copied().filter(|(at, _)| *at <= now - span)
        {
            self.costs.pop_front();
            self.sum -= cost;
        }
    }

    fn add(&mut self, now: i64, cost: u64) {
        if cost > 0 {
            self.costs.push_back((now, cost));
            self.sum += cost;
        }
    }

    /// Milliseconds until `cost` fits.
    fn wait(&self, now: i64, span: i64, cost: u64, limit: u64) -> i64 {
        let mut over = (self.sum + cost).saturating_sub(limit);
        for (at, cost) in &self.costs {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(*cost);
            if over == 0 {
                return at + span - now;
            }
        }
        0
    }
}

#[derive(Debug, Default)]
struct Of {
    writes: Window,
    units: Window,
    teams: Window,
    teams_minute: Window,
}

#[derive(Debug, Default)]
pub(super) struct Quota {
    apps: Vec<Of>,
    tenant: Window,
    pub(super) refused: u64,
    pub(super) writes: u64,
}

impl Quota {
    pub(super) fn of(apps: usize) -> Self {
        Self { apps: (0..apps).map(|_| Of::default()).collect(), ..Self::default() }
    }

    /// The most writes that all apps asked for in 300 s.
    pub(super) fn tenant_writes_in_window_max(&self) -> u64 {
        self.tenant.asked_max
    }

    /// The most writes that any app asked for in 150 s.
    pub(super) fn writes_in_window_max(&self) -> u64 {
        self.apps.iter().map(|app| app.writes.asked_max).max().unwrap_or(0)
    }
}

/// A limit that a request is measured against.
struct Scope {
    limit: u64,
    span: i64,
    cost: u64,
    name: &'static str,
    reason: &'static str,
}

/// What a request costs in writes.
fn write_cost(request: &Request, link_cost: LinkCost) -> u64 {
    if !request.is_write() {
        return 0;
    }
    let links = match link_cost {
        LinkCost::PerRequest => 0,
        LinkCost::Thirds => super::links::bound_count(request) as u64,
    };
    links.div_ceil(3).max(1)
}

/// What a request costs in resource units.
fn unit_cost(request: &Request) -> u64 {
    let parts = request.parts();
    let base: u64 = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["users", ..]) => 2,
        ("GET", ["groups", _, "members"]) | ("GET", ["subscribedSkus"]) => 3,
        ("GET", ["groups", _, "transitiveMembers"]) | ("POST", [.., "getByIds"]) => 5,
        _ => 1,
    };
    let top = request.option("top").and_then(|top| top.parse::<u32>().ok());
    let more = u64::from(request.option("expand").is_some());
    let less =
        u64::from(request.option("select").is_some()) + u64::from(top.is_some_and(|top| top < 20));
    (base + more).saturating_sub(less).max(1)
}

/// Lets a request through and gives the headers of its answer, or the 429 of the service.
pub(super) fn pass(desk: &mut Desk, request: &Request) -> Result<Vec<(String, String)>, Answer> {
    let now = desk.now;
    let limits = &desk.options.limits;
    let (writes, units) = (write_cost(request, limits.link_cost), unit_cost(request));
    let users = desk.tenant.live_count(super::tenant::Kind::User);
    let units_max = limits.resource_units.unwrap_or(match users {
        0..50 => 3_500,
        50..=500 => 5_000,
        _ => 8_000,
    });
    let teams = match (request.method.as_str(), request.parts().as_slice()) {
        ("POST", ["teams"]) => limits.teams_per_second,
        ("PUT", ["groups", _, "team"]) => (limits.teams_per_second * 6).div_ceil(10),
        _ => 0,
    };
    let team = u64::from(teams > 0);
    let scope = |limit, span, cost, name, reason| Scope { limit, span, cost, name, reason };
    let write = "WriteLimitExceeded";
    let scopes = [
        scope(limits.writes, WRITES_SPAN_MS, writes, "Tenant_Application/Write", write),
        scope(limits.tenant_writes, TENANT_SPAN_MS, writes, "Tenant/Write", write),
        scope(
            units_max,
            UNITS_SPAN_MS,
            units,
            "Tenant_Application/ReadWrite",
            "ResourceUnitLimitExceeded",
        ),
        scope(teams, SECOND_MS, team, "Tenant_Application/Teams", "RequestLimitExceeded"),
        scope(teams * 50, MINUTE_MS, team, "Tenant_Application/Teams", "RequestLimitExceeded"),
    ];
    let (refused_count, percentage) = (limits.refused_count, limits.percentage);
    let early = desk.stream.chance(desk.options.faults.throttled);
    let early_ms = without_reason_ms(desk);
    let Some(app) = desk.quota.apps.get_mut(desk.app) else { return Ok(Vec::new()) };
    let tenant = &mut desk.quota.tenant;
    let windows = [&mut app.writes, tenant, &mut app.units, &mut app.teams, &mut app.teams_minute];
    let mut pairs: Vec<(&Scope, &mut Window)> = scopes.iter().zip(windows).collect();
    for (scope, window) in &mut pairs {
        window.pass(now, scope.span);
        window.asked_max = window.asked_max.max(window.sum + scope.cost);
    }
    let over = pairs
        .iter()
        .filter(|(scope, window)| scope.cost > 0 && window.sum + scope.cost > scope.limit)
        .map(|(scope, window)| {
            (window.wait(now, scope.span, scope.cost, scope.limit), scope.name, scope.reason)
        })
        .max();
    let refused = over.or(early.then_some((early_ms, scopes[0].name, "CPULimitExceeded")));
    for (scope, window) in &mut pairs {
        if refused.is_none() || refused_count {
            window.add(now, scope.cost);
        }
    }
    if let Some((wait, name, reason)) = refused {
        desk.quota.refused += 1;
        return Err(throttled(desk, wait, name, reason));
    }
    let near = pairs.iter().filter(|(scope, _)| scope.cost > 0);
    let near = near.map(|(scope, window)| window.sum as f64 / scope.limit as f64);
    let near = near.fold(0.0, f64::max);
    desk.quota.writes += writes;
    let mut headers = vec![("x-ms-resource-unit".to_owned(), units.to_string())];
    if percentage && near > TOLD_FROM {
        headers.push(("x-ms-throttle-limit-percentage".to_owned(), format!("{near:.2}")));
    }
    Ok(headers)
}

/// What a 429 below every limit asks to wait.
pub(super) fn without_reason_ms(desk: &Desk) -> i64 {
    (desk.options.faults.retry_seconds * 1_000.0) as i64
}

/// The 429 of the service; `wait` in milliseconds.
pub(super) fn throttled(desk: &mut Desk, wait: i64, scope: &str, reason: &str) -> Answer {
    let drawn = match desk.options.faults.retry_after {
        RetryAfter::Mixed => match desk.stream.below(4) {
            0 => RetryAfter::Seconds,
            1 => RetryAfter::Decimal,
            2 => RetryAfter::Date,
            _ => RetryAfter::Absent,
        },
        fixed => fixed,
    };
    let wait = wait.max(1);
    let value = match drawn {
        RetryAfter::Seconds => Some(((wait + 999) / 1_000).to_string()),
        RetryAfter::Decimal => Some(format!("{:.3}", (wait + 1) as f64 / 1_000.0)),
        RetryAfter::Date => Some(http_date(desk.now + wait + 999)),
        RetryAfter::Absent | RetryAfter::Mixed => None,
    };
    let (tenant, app) = (&desk.options.tenant, desk.options.apps.get(desk.app));
    let client = app.map_or("", |app| app.client_id.as_str());
    let mut answer = Answer::error(429, "TooManyRequests", "Please retry again later.")
        .with("x-ms-throttle-scope", format!("{scope}/{client}/{tenant}"))
        .with("x-ms-throttle-information", reason);
    if let Some(error) = answer.body.as_mut().and_then(|body| body.get_mut("error")) {
        error["innerError"] =
            serde_json::json!({"code": "429", "message": "Please retry after", "status": "429"});
    }
    if let Some(value) = value {
        answer = answer.with("Retry-After", value);
    }
    answer
}

/// `Tue, 01 Sep 2026 06:00:00 GMT`.
pub(super) fn http_date(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
