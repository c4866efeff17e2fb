//! The story of a person has the memberships too, under every name that the account ever had.

use super::*;
use crate::plan::trace::Sure;
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::steps::{self, Step};
use crate::store::{plans, undo};

const OLD: &str = "uid=ines.lefevre,ou=0599990N,dc=x";
const NEW: &str = "uid=ines.lefevre,ou=0809990Z,dc=x";
const CLASS: &str = "rentree:division:0599990N:2 A";

fn links(seq: u64, key: &str, add: bool, names: &[&str]) -> Operation {
    let values = names.iter().map(|name| (*name).to_owned()).collect();
    let (dn, attribute) = ("cn=2 A,dc=x".to_owned(), "member".to_owned());
    let (kind, action) = if add {
        (OperationKind::AddMember, Action::AddLinks { dn, attribute, values })
    } else {
        (OperationKind::RemoveMember, Action::RemoveLinks { dn, attribute, values })
    };
    operation(seq, 2, kind, key, action)
}

fn told(steps: &[Step]) -> Vec<String> {
    let one = |step: &Step| {
        let key = step.operation.key.to_string();
        let links: Vec<&str> = step.links.iter().map(String::as_str).collect();
        format!("{} {} {key} {links:?}", step.run, step.operation.kind.as_str())
    };
    steps.iter().map(one).collect()
}

/// R-10, DESIGN 2: step 7.
#[test]
fn the_groups_that_an_account_entered_and_left_are_part_of_its_story() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut class = entry(CLASS, "cn=2 A,dc=x");
    class.links.insert("member".into(), [OLD.to_owned()].into());
    class.links.insert("owner".into(), ["uid=other,dc=x".to_owned()].into());
    let first = [
        create(1, 0, "rentree:container:0599990N", "ou=0599990N,dc=x"),
        create(2, 1, "rentree:account:1", OLD),
        // Another one, whose name begins like hers, and one of the same login elsewhere.
        create(3, 1, "rentree:account:2", "uid=ines.lefevre2,ou=0599990N,dc=x"),
        operation(4, 1, OperationKind::Create, CLASS, Action::Create { entry: class }),
    ];
    let second = [
        operation(
            1,
            1,
            OperationKind::Rename,
            "rentree:account:1",
            Action::Rename { from: OLD.into(), to: NEW.into() },
        ),
        links(2, "rentree:group:0809990Z:CHŒUR", true, &[NEW, "uid=other,dc=x"]),
        links(3, CLASS, false, &["uid=ines.lefevre2,ou=0599990N,dc=x"]),
        links(4, CLASS, false, &[OLD]),
    ];
    for (hash, operations) in [(1, first.to_vec()), (2, second.to_vec())] {
        let plan = plan(hash, vec![person(1, "ines.lefevre")], operations);
        plans::save(&mut store, "run", &plan).unwrap();
    }
    let story = steps::of_person(&store, crate::model::ids::PersonId(1)).unwrap();
    assert_eq!(
        told(&story),
        [
            "1 create rentree:account:1 []",
            "1 create rentree:division:0599990N:2 A [\"member\"]",
            "2 rename rentree:account:1 []",
            "2 add_member rentree:group:0809990Z:CHŒUR [\"member\"]",
            "2 remove_member rentree:division:0599990N:2 A [\"member\"]",
        ]
    );
    // Planned only: no instant.
    assert!(story.iter().all(|step| step.at.is_none() && step.proven_at.is_none()));
    let class = steps::of_place(&store, "cn=2 A,dc=x").unwrap();
    assert_eq!(class.len(), 4, "every operation on the entry that stands there");
    assert_eq!(steps::of_object(&store, &CLASS.parse().unwrap()).unwrap().len(), 3);
}

/// What of an operation in part is there is told by what stood when it was sent, whatever a replay
/// that was cut off has made since.
#[test]
fn an_operation_in_part_is_told_by_its_parts() {
    const IN: &str = "uid=in,dc=x";
    const LATE: &str = "uid=late,dc=x";
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let operations = vec![
        create(1, 0, "rentree:account:1", LATE),
        create(2, 0, "rentree:account:2", IN),
        links(3, CLASS, true, &[IN, LATE]),
    ];
    let plan = plan(1, vec![person(1, "late"), person(2, "in")], operations);
    let run = plans::save(&mut store, "run", &plan).unwrap();
    journal::begin(&mut store, run, &plan, noon()).unwrap();
    let start = |store: &mut Store, attempt, seqs: &[u64]| {
        let one = |seq: &u64| Start { seq: *seq, attempt, secret: None };
        let starts: Vec<_> = seqs.iter().map(one).collect();
        journal::start(store, run, "ldap", noon(), &starts).unwrap();
    };
    let end = |store: &mut Store, seq, attempt, event, detail: &str| {
        let detail = Some(detail.to_owned());
        let one = Settlement { seq, attempt, event, detail, secret: None, refusal: None };
        journal::settle(store, run, "ldap", noon(), &[one]).unwrap();
    };
    let members = |store: &Store| {
        let mut found = Vec::new();
        let visit = |operation: Operation, sure| {
            if let Action::AddLinks { values, .. } = operation.action {
                found.push((values.into_iter().collect::<Vec<_>>().join(" "), sure));
            }
        };
        undo::each_done(store, Some(run), visit).unwrap();
        found
    };
    let is_in = |store: &Store, person| {
        let steps = steps::of_person(store, crate::model::ids::PersonId(person)).unwrap();
        steps.last().unwrap().done_for_her
    };
    start(&mut store, 1, &[1, 2]);
    end(&mut store, 1, 1, Event::Failed, "refused");
    end(&mut store, 2, 1, Event::Done, "");
    start(&mut store, 1, &[3]);
    end(&mut store, 3, 1, Event::Failed, "in part: waits for operation 1");
    let part = (IN.to_owned(), Sure::Done);
    assert_eq!(members(&store), std::slice::from_ref(&part));
    assert_eq!((is_in(&store, 2), is_in(&store, 1)), (true, false));
    start(&mut store, 2, &[1]);
    end(&mut store, 1, 2, Event::Done, "");
    assert_eq!(members(&store), std::slice::from_ref(&part), "made after the links were sent");
    assert!(!is_in(&store, 1));
    start(&mut store, 2, &[3]);
    assert_eq!(members(&store), [part, (format!("{IN} {LATE}"), Sure::Maybe)]);
    end(&mut store, 3, 2, Event::Done, "");
    assert_eq!(members(&store), [(format!("{IN} {LATE}"), Sure::Done)]);
}
