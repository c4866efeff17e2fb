//! A plan as an admin reads it before it is applied: plain text, no colour, no wrapped lines, the
//! same bytes on every terminal.
//!
//! What is shown of a value is decided field by field: every destructuring here is complete, so
//! that a new field does not compile until somebody decides about it.

pub(super) mod lines;
pub mod stop;

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::plan_words::{object, shown};
use crate::model::delivery::{Counts, Status};
use crate::model::ids::Uai;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::plan::origin::{Left, Origin, Scope};
use crate::plan::{DeliveryLine, PersonCounts, Plan, Stray, Summary};
use crate::report::plan_json::Deadline;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Without the changes one by one.
    Summary,
    Full,
}

/// A plan to show.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What `show` and `apply` call it.
    pub number: u64,
    pub plan: &'a Plan,
    /// Of the oldest delivery in it.
    pub deadline: Option<&'a Deadline>,
    pub now: Timestamp,
    /// Of the instants that are shown.
    pub zone: &'a TimeZone,
    pub detail: Detail,
    /// Of a plan that takes a run back: the deliveries and the settings say what that run did.
    pub is_said_still: bool,
    /// Who has approved it already, when it is stopped.
    pub approved_by: Option<&'a str>,
}

/// Writes the plan.
pub fn write(out: &mut impl Write, view: &View<'_>) -> io::Result<()> {
    let View { number, plan, deadline, now, zone, detail, is_said_still, approved_by } = view;
    let Plan {
        hash,
        made_at,
        generation: _,
        basis: _,
        settings: _,
        change: _,
        operations,
        objections,
        strays,
        doubles,
        rehearsed: _,
        origin,
        summary,
    } = plan;
    let Origin {
        in_force: _,
        files: _,
        expected: _,
        undoes,
        left,
        facts: _,
        scope: _,
        part_of: _,
        after: _,
    } = origin;
    let Summary { deliveries, persons, oldest_receipt, unread, .. } = summary;
    writeln!(out, "Plan {number}  {}", hash.short())?;
    writeln!(out, "Made: {}", instant(*made_at, zone))?;
    if let Some(run) = undoes {
        writeln!(out, "Takes back: run {run}")?;
    }
    if let Some(line) = half_line(origin) {
        writeln!(out, "{line}")?;
    }
    if let Some(receipt) = oldest_receipt {
        writeln!(out, "Oldest delivery in it: {}", instant(*receipt, zone))?;
    }
    if let Some(deadline) = deadline {
        writeln!(out, "{}", deadline_line(deadline, *now, zone))?;
    }
    for what in unread.values() {
        writeln!(out, "NOT PLANNED: {}", shown(what))?;
    }
    if !objections.is_empty() {
        let lifting = stop::lifting(*number, hash.as_str(), objections, *approved_by);
        write!(out, "\n{}{}", stop::told(objections), lifting.lines())?;
    }
    if undoes.is_none() {
        write_deliveries(out, deliveries, zone, *detail)?;
        write_persons(out, persons, unread.is_empty())?;
    }
    write_counts(out, operations, unread.is_empty())?;
    if *detail == Detail::Full {
        write_changes(out, operations)?;
    }
    write_blocked(out, operations)?;
    write_strays(out, strays, doubles)?;
    match undoes {
        Some(run) => {
            write_left(out, "Left as it is: not taken back", left)?;
            // Where nothing is taken back, nothing is there to be done again.
            let takes_back = operations.iter().any(|operation| operation.blocked.is_none());
            if *is_said_still && takes_back { write_after(out, *run) } else { Ok(()) }
        }
        None => write_left(out, "Stays as it is: no plan can mend it", left),
    }
}

/// Which half of which plan this one is.
pub fn half_line(origin: &Origin) -> Option<String> {
    let whole = origin.part_of?;
    let schools: Vec<&str> = match &origin.scope {
        Scope::All => return None,
        Scope::Only(schools) | Scope::Without(schools) => schools.iter().map(Uai::as_str).collect(),
    };
    let schools = schools.join(", ");
    Some(match (&origin.scope, origin.after) {
        (Scope::Without(_), Some(part)) => {
            format!("Rest of: plan {whole}, without {schools}; after run {part}")
        }
        (_, Some(part)) => format!("Part of: plan {whole}, {schools} only; after run {part}"),
        (_, None) => format!("Part of: plan {whole}, {schools} only"),
    })
}

/// Which targets a plan leaves out, as they could not be read, and what comes next of it.
pub fn unread_line(unread: &BTreeMap<String, String>) -> Option<String> {
    let names: Vec<&str> = unread.keys().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!(
            "{names} could not be read, nothing is planned there; next: rentree doctor, and once \
             it answers rentree run"
        )
    })
}

/// The deadline in one line.
pub fn deadline_line(deadline: &Deadline, now: Timestamp, zone: &TimeZone) -> String {
    let Deadline { earliest, margin, forecast } = deadline;
    let end = match forecast {
        Some(forecast) => format!("; the writing would end: {}", instant(*forecast, zone)),
        None => String::new(),
    };
    let late = match margin {
        0.. if forecast.is_some_and(|end| end > *earliest) => {
            "; every school in time by its own end"
        }
        0.. => "",
        _ if forecast.is_some() && *earliest > now => "  would be LATE",
        _ => "  LATE",
    };
    format!("Deadline: {}{end}{late}", instant(*earliest, zone))
}

/// As a person reads it.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

fn write_deliveries(
    out: &mut impl Write,
    deliveries: &[DeliveryLine],
    zone: &TimeZone,
    detail: Detail,
) -> io::Result<()> {
    if deliveries.is_empty() {
        return writeln!(out, "\nNo delivery.");
    }
    writeln!(out, "\nDeliveries (read = accepted + set aside + rejected)")?;
    let titles = [
        "  school",
        "source",
        "status",
        "exported",
        "file",
        "read",
        "accepted",
        "set aside",
        "rejected",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    // A region has a thousand files in force: the summary names those that need somebody.
    let sound = |line: &&DeliveryLine| {
        line.status == Status::Current && line.counts.accepted == line.counts.read
    };
    let in_force = deliveries.iter().filter(|line| line.status == Status::Current);
    let total = in_force.fold([0; 5], |[files, read, accepted, aside, rejected], line| {
        let Counts { read: r, accepted: a, quarantined: q, rejected: j } = line.counts;
        [files + 1, read + r, accepted + a, aside + q, rejected + j]
    });
    for line in deliveries.iter().filter(|line| detail == Detail::Full || !sound(line)) {
        let DeliveryLine {
            name,
            uai,
            source,
            school_year: _,
            exported_at,
            received_at: _,
            status,
            counts: Counts { read, accepted, quarantined, rejected },
        } = line;
        let mut row = vec![
            format!("  {}", uai.as_ref().map_or("-", Uai::as_str)),
            source.map_or("-", crate::model::delivery::Source::as_str).to_owned(),
            status.as_str().to_owned(),
            exported_at.map_or_else(|| "-".to_owned(), |at| instant(at, zone)),
            shown(name),
        ];
        row.extend([read, accepted, quarantined, rejected].map(u64::to_string));
        rows.push(row);
    }
    if rows.len() > 1 {
        table(out, &rows, 5)?;
    }
    let [files, read, accepted, aside, rejected] = total;
    writeln!(
        out,
        "  in force: {files} files, {read} rows = {accepted} accepted + {aside} set aside + \
         {rejected} rejected"
    )
}

/// Where nothing could be read, nobody was looked for.
fn write_persons(out: &mut impl Write, persons: &PersonCounts, is_read: bool) -> io::Result<()> {
    if !is_read && *persons == PersonCounts::default() {
        return Ok(());
    }
    let PersonCounts { new, matched, moved, held, in_review, leaving } = persons;
    writeln!(
        out,
        "\nPersons: {new} new, {matched} known, {moved} moved, {held} held by two schools, \
         {in_review} to decide, {leaving} leaving"
    )
}

/// Operations by school and kind.
fn write_counts(out: &mut impl Write, operations: &[Operation], is_whole: bool) -> io::Result<()> {
    if operations.is_empty() {
        return writeln!(
            out,
            "\nNothing to do{}.",
            match is_whole {
                true => ": everything stands as it should",
                false => " where it could be read",
            }
        );
    }
    let mut counts: BTreeMap<(&str, Option<&Uai>), [u64; COLUMNS]> = BTreeMap::new();
    let mut all = [0; COLUMNS];
    for Operation { target, uai, kind, blocked, .. } in operations {
        let column = match blocked {
            Some(_) => COLUMNS - 1,
            None => OperationKind::ALL.iter().position(|known| known == kind).unwrap_or_default(),
        };
        let row = counts.entry((target, uai.as_ref())).or_default();
        row[column] += 1;
        all[column] += 1;
    }
    writeln!(out, "\nOperations")?;
    let titles = ["  target", "school"].into_iter();
    let kinds = OperationKind::ALL.iter().map(|kind| kind_words(*kind)).chain(["blocked"]);
    let mut rows = vec![titles.chain(kinds).map(str::to_owned).collect::<Vec<_>>()];
    let dash = |count: &u64| if *count == 0 { "-".to_owned() } else { count.to_string() };
    for ((target, uai), counts) in &counts {
        let school = uai.map_or("(none)", Uai::as_str);
        let mut row = vec![format!("  {target}"), school.to_owned()];
        row.extend(counts.iter().map(dash));
        rows.push(row);
    }
    let mut row = vec!["  all".to_owned(), String::new()];
    row.extend(all.iter().map(dash));
    rows.push(row);
    table(out, &rows, 2)
}

/// One column a kind, and one for what is blocked.
const COLUMNS: usize = OperationKind::ALL.len() + 1;

fn kind_words(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "create",
        OperationKind::Update => "update",
        OperationKind::Rename => "rename",
        OperationKind::Disable => "disable",
        OperationKind::Enable => "enable",
        OperationKind::Delete => "delete",
        OperationKind::AddMember => "add member",
        OperationKind::RemoveMember => "remove member",
    }
}

/// Each change as one line, by target and school, in the order of the plan.
fn write_changes(out: &mut impl Write, operations: &[Operation]) -> io::Result<()> {
    let groups = lines::groups_joined(operations);
    let mut blocks: BTreeMap<(&str, Option<&Uai>), Vec<String>> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
        let block = (operation.target.as_str(), operation.uai.as_ref());
        blocks.entry(block).or_default().push(lines::change(operation, &groups));
    }
    for ((target, uai), lines) in &blocks {
        writeln!(out, "\n{} in {target}", uai.map_or("(no school)", Uai::as_str))?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// What cannot be done, with its reason: in sight in every detail.
fn write_blocked(out: &mut impl Write, operations: &[Operation]) -> io::Result<()> {
    let mut first = true;
    for operation in operations {
        let Some(reason) = &operation.blocked else { continue };
        if first {
            writeln!(out, "\nBlocked: these are not done, and the rest goes on without them")?;
            first = false;
        }
        let Operation { kind, key, action, .. } = operation;
        let at = match action {
            Action::Rename { from: _, to } => to,
            Action::Create { .. }
            | Action::Modify { .. }
            | Action::Delete { .. }
            | Action::AddLinks { .. }
            | Action::RemoveLinks { .. } => action.dn(),
        };
        let (what, at) = (object(key), shown(at));
        writeln!(out, "  ! {} {what}  {at}: {}", kind_words(*kind), shown(reason))?;
    }
    Ok(())
}

/// What a plan cannot do.
fn write_left(out: &mut impl Write, title: &str, left: &[Left]) -> io::Result<()> {
    if !left.is_empty() {
        writeln!(out, "\n{title}")?;
    }
    for Left { target, key, dn, why } in left {
        let (what, dn, why) = (object(key), shown(dn), shown(why));
        writeln!(out, "  ! {what}  {dn} in {target}: {why}")?;
    }
    Ok(())
}

/// What comes after a plan that takes a run back.
fn write_after(out: &mut impl Write, run: u64) -> io::Result<()> {
    writeln!(
        out,
        "\nAfter it: the deliveries and the settings still say what run {run} did. Correct them, \
         or the\nnext plan is stopped by the guard `rolled-back` before it does the same again."
    )
}

fn write_strays(out: &mut impl Write, strays: &[Stray], doubles: &[Stray]) -> io::Result<()> {
    let lists = [
        ("Strays: our mark, but unknown to the registry; never touched", strays),
        ("Doubles: a second entry with the mark of another; never touched", doubles),
    ];
    for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        writeln!(out, "\n{title}")?;
        for Stray { target, key, dn } in list {
            writeln!(out, "  ? {}  {} in {target}", shown(&key.to_string()), shown(dn))?;
        }
    }
    Ok(())
}

/// Columns as wide as their widest cell; from `right` on they are numbers, to the right.
pub(super) fn table(out: &mut impl Write, rows: &[Vec<String>], right: usize) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < right { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
