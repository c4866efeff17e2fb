//! The story of a person has the memberships too, under every name that the account ever had.

use super::*;
use crate::store::plans;
use crate::store::steps::{self, Step};

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
