//! The JSON document of `plan`, `apply`, `run` and `replay`, and operations as JSON lines
//! (DESIGN section 5). Names and shapes here are a contract with whoever reads them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::delivery::{Counts, Source, Status};
use crate::model::ids::{Digest, Uai};
use crate::plan::operation::{Operation, OperationKind};
use crate::plan::origin::Left;
use crate::plan::{DeliveryLine, Objection, PersonCounts, Plan};

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// None for a plan that was not run.
    pub run_id: Option<u64>,
    /// None when there was no plan.
    pub plan_hash: Option<Digest>,
    pub deliveries: Vec<DeliveryCounts>,
    pub persons: PersonCounts,
    /// By target, then by kind; every kind is there.
    pub operations: BTreeMap<String, BTreeMap<OperationKind, OperationCounts>>,
    /// Objections; nothing was written while one stands that was not confirmed.
    pub guards: Vec<Objection>,
    /// Targets that could not be read, and why: nothing was planned for them.
    pub unread: BTreeMap<String, String>,
    /// What stays as it is, as no plan can mend it or a rollback does not take it back; and why.
    #[serde(default)]
    pub left: Vec<Left>,
    /// None when no delivery waits.
    pub deadline: Option<Deadline>,
    /// By stage of the pipeline.
    pub duration_ms: BTreeMap<String, u64>,
}

/// One delivery: `read = accepted + quarantined + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryCounts {
    /// Absent while the file has not told its school.
    pub uai: Option<Uai>,
    pub source: Option<Source>,
    pub status: Status,
    /// Path below the inbox.
    pub name: String,
    #[serde(flatten)]
    pub counts: Counts,
}

/// Operations of one target and kind. After a run that ended, `planned = done + failed + skipped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OperationCounts {
    pub planned: u64,
    pub done: u64,
    pub failed: u64,
    /// Set aside: changed since the plan, or not reached.
    pub skipped: u64,
    /// Cannot be done at all, something else is in the way; not in `planned`.
    pub blocked: u64,
}

/// The 72 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Of the delivery that waits longest.
    pub earliest: Timestamp,
    /// Seconds from the end, forecast or reached, to the deadline of the school that has least;
    /// negative when it is missed.
    pub margin: i64,
    /// When the writing is expected to end; none once nothing is left to write.
    pub forecast: Option<Timestamp>,
}

/// How the operations of one target and kind ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallied {
    pub done: u64,
    pub failed: u64,
    pub skipped: u64,
}

/// Outcomes by target and kind; empty for a plan.
pub type Tally = BTreeMap<(String, OperationKind), Tallied>;

/// What the document says beside the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    pub run_id: Option<u64>,
    /// Names of the configured targets: each is in the document, with or without operations.
    pub targets: Vec<String>,
    pub tally: Tally,
    pub deadline: Option<Deadline>,
    pub duration_ms: BTreeMap<String, u64>,
}

impl Document {
    /// What is said when there was nothing to do: every key, and nothing in it.
    pub fn nothing() -> Self {
        Self {
            run_id: None,
            plan_hash: None,
            deliveries: Vec::new(),
            persons: PersonCounts::default(),
            operations: BTreeMap::new(),
            guards: Vec::new(),
            unread: BTreeMap::new(),
            left: Vec::new(),
            deadline: None,
            duration_ms: BTreeMap::new(),
        }
    }
}

/// The document of a plan and of what became of it.
pub fn document(plan: &Plan, circumstances: Circumstances) -> Document {
    let Circumstances { run_id, targets, tally, deadline, duration_ms } = circumstances;
    Document {
        run_id,
        plan_hash: Some(plan.hash.clone()),
        deliveries: plan.summary.deliveries.iter().map(delivery).collect(),
        persons: plan.summary.persons,
        operations: counted(&plan.operations, targets, &tally),
        guards: plan.objections.clone(),
        unread: plan.summary.unread.clone(),
        left: plan.origin.left.clone(),
        deadline,
        duration_ms,
    }
}

fn delivery(line: &DeliveryLine) -> DeliveryCounts {
    let DeliveryLine {
        name,
        uai,
        source,
        school_year: _,
        exported_at: _,
        received_at: _,
        status,
        counts,
    } = line;
    DeliveryCounts {
        uai: uai.clone(),
        source: *source,
        status: *status,
        name: name.clone(),
        counts: *counts,
    }
}

fn counted(
    operations: &[Operation],
    targets: Vec<String>,
    tally: &Tally,
) -> BTreeMap<String, BTreeMap<OperationKind, OperationCounts>> {
    let every_kind =
        || OperationKind::ALL.map(|kind| (kind, OperationCounts::default())).into_iter().collect();
    let mut counted: BTreeMap<String, BTreeMap<OperationKind, OperationCounts>> =
        targets.into_iter().map(|target| (target, every_kind())).collect();
    for Operation { target, kind, blocked, .. } in operations {
        if !counted.contains_key(target) {
            counted.insert(target.clone(), every_kind());
        }
        let counts = counted.entry(target.clone()).or_default().entry(*kind).or_default();
        match blocked {
            None => counts.planned += 1,
            Some(_) => counts.blocked += 1,
        }
    }
    for ((target, kind), Tallied { done, failed, skipped }) in tally {
        let counts =
            counted.entry(target.clone()).or_insert_with(every_kind).entry(*kind).or_default();
        (counts.done, counts.failed, counts.skipped) = (*done, *failed, *skipped);
    }
    counted
}

/// Writes operations as JSON lines, one each, in the order of the plan (`show --format json`).
pub fn write_lines(out: &mut impl Write, operations: &[Operation]) -> io::Result<()> {
    for operation in operations {
        serde_json::to_writer(&mut *out, operation)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::plan_sample;
    use super::*;

    #[test]
    fn the_document_has_all_that_the_contract_names() {
        // DESIGN section 5.
        let plan = plan_sample::plan();
        let tallied = Tallied { done: 1, failed: 0, skipped: 1 };
        let circumstances = Circumstances {
            run_id: Some(7),
            targets: vec!["annuaire".to_owned(), "second".to_owned()],
            tally: Tally::from([(("annuaire".to_owned(), OperationKind::Create), tallied)]),
            deadline: Some(Deadline {
                earliest: "2026-09-04T07:00:00Z".parse().unwrap(),
                margin: 3600,
                forecast: Some("2026-09-04T06:00:00Z".parse().unwrap()),
            }),
            duration_ms: BTreeMap::from([("read".to_owned(), 12)]),
        };
        let document = document(&plan, circumstances);
        let json = serde_json::to_value(&document).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let expect = [
            "deadline",
            "deliveries",
            "duration_ms",
            "guards",
            "left",
            "operations",
            "persons",
            "plan_hash",
            "run_id",
            "unread",
        ];
        assert_eq!(keys, expect);
        assert_eq!(
            json["deliveries"][0].to_string(),
            "{\"accepted\":298,\"name\":\"mardi/eleves.zip!0599990N.xml\",\"quarantined\":3,\
             \"read\":302,\"rejected\":1,\"source\":\"siecle-pupils\",\"status\":\"current\",\
             \"uai\":\"0599990N\"}"
        );
        assert_eq!(
            json["operations"]["annuaire"]["create"].to_string(),
            "{\"blocked\":1,\"done\":1,\"failed\":0,\"planned\":4,\"skipped\":1}"
        );
        for target in ["annuaire", "second"] {
            let kinds: Vec<&str> = json["operations"][target]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            let mut expect: Vec<&str> = OperationKind::ALL.map(OperationKind::as_str).into();
            expect.sort_unstable();
            assert_eq!(kinds, expect);
        }
        assert_eq!(json["deadline"]["margin"], 3600);
        assert_eq!(serde_json::from_value::<Document>(json).unwrap(), document);
    }

    #[test]
    fn each_operation_is_a_line_that_is_read_back() {
        let plan = plan_sample::plan();
        let mut out = Vec::new();
        write_lines(&mut out, &plan.operations).unwrap();
        let text = String::from_utf8(out).unwrap();
        let back: Vec<Operation> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(back, plan.operations);
    }
}
