//! The state of a folder for the monitoring of a Région: Prometheus text format, for the textfile
//! collector of node exporter. Numbers only, and no person, school or file among the labels.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::clock::figures::Cause;
use crate::model::delivery::{Counts, Status};
use crate::plan::operation::OperationKind;

/// The name of the one metric that outlives a store which cannot be read.
pub const LAST_SUCCESS: &str = "rentree_last_success_timestamp_seconds";
const TARGET_SUCCESS: &str = "rentree_target_last_success_timestamp_seconds";

/// How the command that writes the file ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub command: &'static str,
    pub exit: u8,
    pub at: Timestamp,
    pub duration_ms: u64,
}

/// Outcomes of the operations of one target and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    pub done: u64,
    pub failed: u64,
    pub set_aside: u64,
    pub open: u64,
}

/// What the store tells.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Of the newest plan of each school.
    pub deliveries: BTreeMap<Status, u64>,
    pub records: Counts,
    pub operations: BTreeMap<(String, OperationKind), Outcomes>,
    /// By target, the end of the last run that did everything there.
    pub successes: BTreeMap<String, i64>,
    /// Objections by guard to newest plans that nobody began.
    pub objections: BTreeMap<String, u64>,
    pub stopped: bool,
    /// Every configured target, and whether the newest plan could not read it.
    pub unread: BTreeMap<String, bool>,
    pub questions: u64,
    pub poison: u64,
    pub late_now: BTreeMap<Cause, u64>,
    /// Share of the delay, and what is beyond it and not late.
    pub warned: Vec<(f64, u64)>,
    pub deadline_margin: Option<i64>,
    pub forecast_margin: Option<i64>,
}

/// The file. `seen` is none when the configuration or the store cannot be read: what is known is
/// that the command failed, and when one succeeded last.
pub fn text(ended: &Ended, last_success: Option<i64>, seen: Option<&Seen>) -> String {
    let mut page = Page(String::new());
    let Ended { command, exit, at, duration_ms } = ended;
    let of = [("command", *command)];
    page.head("rentree_last_exit_status", "Exit status of the last command (README, exit codes).");
    page.line("rentree_last_exit_status", &of, exit);
    page.head("rentree_last_end_timestamp_seconds", "When the last command ended.");
    page.line("rentree_last_end_timestamp_seconds", &of, at.as_second());
    page.head("rentree_last_duration_seconds", "How long the last command took.");
    let seconds = format!("{}.{:03}", duration_ms / 1000, duration_ms % 1000);
    page.line("rentree_last_duration_seconds", &of, seconds);
    if let Some(at) = last_success {
        page.head(LAST_SUCCESS, "End of the last run that did all it had to do, everywhere.");
        page.line(LAST_SUCCESS, &[], at);
    }
    page.head("rentree_store_readable", "1 when configuration and store could be read.");
    page.line("rentree_store_readable", &[], u8::from(seen.is_some()));
    if let Some(seen) = seen {
        page.plan(seen);
        page.clock(seen);
    }
    page.0
}

/// The page so far.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
        let labels: Vec<String> = labels.iter().map(label).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn plan(&mut self, seen: &Seen) {
        let name = "rentree_deliveries";
        self.head(name, "Deliveries that the newest plans know, by status.");
        for status in [Status::Current, Status::Superseded, Status::Early, Status::Refused] {
            let count = seen.deliveries.get(&status).copied().unwrap_or_default();
            self.line(name, &[("status", status.as_str())], count);
        }
        let name = "rentree_records";
        self.head(name, "Rows of the deliveries in force.");
        let Counts { read: _, accepted, quarantined, rejected } = seen.records;
        for (what, count) in
            [("accepted", accepted), ("quarantined", quarantined), ("rejected", rejected)]
        {
            self.line(name, &[("outcome", what)], count);
        }
        let name = "rentree_operations";
        self.head(name, "What the last runs did, and what is left to do, by outcome.");
        for ((target, kind), outcomes) in &seen.operations {
            let Outcomes { done, failed, set_aside, open } = *outcomes;
            for (what, count) in
                [("done", done), ("failed", failed), ("set_aside", set_aside), ("open", open)]
            {
                let labels =
                    [("target", target.as_str()), ("kind", kind.as_str()), ("outcome", what)];
                self.line(name, &labels, count);
            }
        }
        let name = "rentree_guard_stopped";
        self.head(name, "1 while a guard stops a newest plan.");
        self.line(name, &[], u8::from(seen.stopped));
        let name = "rentree_guard_objections";
        self.head(name, "Objections to newest plans that nobody began, by guard.");
        for (guard, count) in &seen.objections {
            self.line(name, &[("guard", guard)], count);
        }
        self.head(TARGET_SUCCESS, "End of the last run that did all it had to do in the target.");
        for (target, at) in &seen.successes {
            self.line(TARGET_SUCCESS, &[("target", target)], at);
        }
        let name = "rentree_target_unread";
        self.head(name, "1 for a target that the newest plan could not read.");
        for (target, unread) in &seen.unread {
            self.line(name, &[("target", target)], u8::from(*unread));
        }
        let name = "rentree_poison_entries";
        self.head(name, "Operations set aside after three refusals, until they are solved.");
        self.line(name, &[], seen.poison);
        let name = "rentree_open_questions";
        self.head(name, "Doubtful matches that wait for an answer.");
        self.line(name, &[], seen.questions);
    }

    fn clock(&mut self, seen: &Seen) {
        let name = "rentree_late_now";
        self.head(name, "What is open and past its deadline, by cause.");
        for cause in Cause::ALL {
            let count = seen.late_now.get(&cause).copied().unwrap_or_default();
            self.line(name, &[("cause", cause.as_str())], count);
        }
        let name = "rentree_deadline_warnings";
        self.head(name, "What is open and beyond this share of its delay, and not late.");
        for (share, count) in &seen.warned {
            self.line(name, &[("share", &share.to_string())], count);
        }
        if let Some(margin) = seen.deadline_margin {
            let name = "rentree_deadline_margin_seconds";
            self.head(name, "From now to the first deadline of what is open.");
            self.line(name, &[], margin);
        }
        if let Some(margin) = seen.forecast_margin {
            let name = "rentree_forecast_margin_seconds";
            self.head(name, "From the forecast end of the writing to its first deadline.");
            self.line(name, &[], margin);
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The instant of the last success in a file that an earlier command wrote.
pub fn last_success(page: &str) -> Option<i64> {
    let line = page.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ended() -> Ended {
        let at = "2026-09-07T20:00:00Z".parse().unwrap();
        Ended { command: "run", exit: 5, at, duration_ms: 12_034 }
    }

    fn seen() -> Seen {
        Seen {
            deliveries: [(Status::Current, 4), (Status::Refused, 1)].into(),
            records: Counts { read: 10, accepted: 8, quarantined: 1, rejected: 1 },
            operations: [
                (
                    ("annu\"aire\\".to_owned(), OperationKind::Create),
                    Outcomes { done: 3, failed: 1, set_aside: 0, open: 1 },
                ),
                (("second".to_owned(), OperationKind::AddMember), Outcomes::default()),
            ]
            .into(),
            objections: [("too-many-disables".to_owned(), 2)].into(),
            stopped: true,
            successes: [("second".to_owned(), 1_788_811_200)].into(),
            unread: [("second".to_owned(), true)].into(),
            questions: 7,
            poison: 1,
            late_now: [(Cause::Review, 2)].into(),
            warned: vec![(0.5, 9), (0.75, 1)],
            deadline_margin: Some(-60),
            forecast_margin: Some(3600),
        }
    }

    /// Every rule of the text format that node exporter holds a file to.
    fn lint(page: &str) {
        assert!(page.ends_with('\n'));
        let name = |text: &str| {
            text.starts_with("rentree_")
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let (mut helped, mut series) = (BTreeSet::new(), BTreeSet::new());
        let mut family = "";
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (metric, help) = rest.split_once(' ').unwrap();
                assert!(name(metric) && help.ends_with('.') && helped.insert(metric), "{line}");
                family = metric;
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert_eq!(rest, format!("{family} gauge"));
                // `_total` is for counters; times are in seconds and say so.
                assert!(!family.ends_with("_total") && !family.ends_with("_ms"));
            } else {
                let (key, value) = line.rsplit_once(' ').unwrap();
                let (metric, labels) = key.split_once('{').unwrap_or((key, "}"));
                assert_eq!(metric, family, "a series stands below its own head");
                assert!(labels.ends_with('}') && series.insert(key), "{line}");
                assert!(value.parse::<f64>().unwrap().is_finite());
            }
        }
        assert!(series.len() > 3);
    }

    #[test]
    fn the_page_is_in_the_format_of_the_textfile_collector() {
        let page = text(&ended(), Some(1_788_811_200), Some(&seen()));
        lint(&page);
        for line in [
            "rentree_last_exit_status{command=\"run\"} 5",
            "rentree_last_duration_seconds{command=\"run\"} 12.034",
            "rentree_deliveries{status=\"refused\"} 1",
            "rentree_operations{target=\"annu\\\"aire\\\\\",kind=\"create\",outcome=\"failed\"} 1",
            "rentree_guard_stopped 1",
            "rentree_guard_objections{guard=\"too-many-disables\"} 2",
            "rentree_target_unread{target=\"second\"} 1",
            "rentree_target_last_success_timestamp_seconds{target=\"second\"} 1788811200",
            "rentree_open_questions 7",
            "rentree_poison_entries 1",
            "rentree_late_now{cause=\"review\"} 2",
            "rentree_deadline_warnings{share=\"0.5\"} 9",
            "rentree_deadline_margin_seconds -60",
            "rentree_forecast_margin_seconds 3600",
        ] {
            assert!(page.lines().any(|one| one == line), "{line}\n{page}");
        }
    }

    #[test]
    fn a_store_that_cannot_be_read_leaves_the_last_success_in_the_file() {
        let before = text(&ended(), Some(1_788_811_200), Some(&seen()));
        let after = text(&ended(), last_success(&before), None);
        lint(&after);
        assert_eq!(last_success(&after), Some(1_788_811_200));
        assert!(after.contains("rentree_store_readable 0\n"));
        assert_eq!(last_success(&text(&ended(), None, None)), None);
    }
}
