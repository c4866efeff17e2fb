//! What only a tenant of Office 365 has.

use super::super::diff::cloud_tests::{account, group, managed};
use super::super::operation::{Action, OperationKind};
use super::super::simulator::{keyed, one_creation};
use super::super::trace;
use super::*;

const SCHOOL: &str = "0590001F";

/// the service does not let the last owner of a group go: nothing is tried, and it is told.
#[test]
fn the_last_owner_of_a_group_that_a_run_made_stays_and_is_told() {
    let key = "rentree:division+2026:0590001F:2A";
    let made = group(key, &[("members", &["p1", "p2"]), ("owners", &["p2", "p3"])]);
    let people = (1..4).map(|n| account(n, SCHOOL, &format!("p{n}")));
    let entries = keyed(people.chain([made.clone()]).collect::<Vec<_>>());
    let observed = Observed { entries, ..Observed::default() };
    let mut traces = Traces::new();
    trace::fold(&mut traces, &one_creation("office365", made.clone()));
    let (operations, left) = inverse(&Scene {
        target: "office365",
        traces: &traces,
        observed: &observed,
        managed: &managed(),
        disabled_at: &|_| None,
        link_chunk: 20,
        names: &Names::new(),
    });
    let gone: Vec<(OperationKind, &str, usize)> = operations
        .iter()
        .map(|one| match &one.action {
            Action::RemoveLinks { attribute, values, .. } => {
                (one.kind, attribute.as_str(), values.len())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let kind = OperationKind::RemoveMember;
    assert_eq!(gone, [(kind, "members", 2), (kind, "owners", 1)]);
    let left: Vec<&str> = left.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(left, ["p2@e.fr stays its owner: the service does not let the last one go"]);
    assert!(!operations.iter().any(|one| match &one.action {
        Action::RemoveLinks { attribute, values, .. } => {
            attribute == graph::OWNERS && values.contains("userPrincipalName=p2@e.fr")
        }
        _ => false,
    }));
}
