//! What the objections to a plan are to one of its halves, which the guards judge on its own
//! (`plan/part.rs`).

use std::collections::BTreeSet;

use crate::model::entry::{Attributes, ObjectKey};
use crate::model::ids::Uai;
use crate::model::workspace::{Workspace, WorkspaceState};
use crate::plan::Objection;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::plan::part::Half;

use super::{
    ACCOUNTS_MISSING_OVERALL, CLASSES_EMPTIED, CLASSES_LOST_OVERALL, CLOCK_STEPPED_BACK,
    DELIVERIES_MISSING, REGISTRY_OLDER, ROLLED_BACK, SUBSCRIPTION_ENDED, TARGET_ROOM,
    TOO_MANY_CREATIONS_OVERALL, TOO_MANY_DELETES_OVERALL, TOO_MANY_DISABLES_OVERALL,
    TOO_MANY_GROUP_DELETES_OVERALL, cloud,
};

/// One of the halves of a plan.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    pub half: &'a Half,
    /// It is what is left, and not what was asked for by its schools.
    pub is_rest: bool,
    /// Whether a school is of this half.
    pub here: &'a dyn Fn(&Uai) -> bool,
    /// The objections that the guards raise against the half itself.
    pub raised: &'a BTreeSet<String>,
}

/// Whether the half is stopped by what the whole plan was stopped for.
pub fn keeps(judged: Judged<'_>, objection: &Objection) -> bool {
    let of_all = objection.uai.is_none() && !judged.raised.contains(&objection.id);
    stays(judged, objection) || of_all && concerns(objection, judged.half)
}

/// Objections that no number of a school decides: they are of the whole, or of its schools. The
/// rest keeps what is missing: its schools are those that nobody named.
fn stays(Judged { is_rest, here, .. }: Judged<'_>, objection: &Objection) -> bool {
    match objection.id.as_str() {
        REGISTRY_OLDER | CLOCK_STEPPED_BACK => true,
        DELIVERIES_MISSING => is_rest,
        ROLLED_BACK | SUBSCRIPTION_ENDED | CLASSES_EMPTIED => {
            objection.uai.as_ref().is_none_or(here)
        }
        _ => false,
    }
}

/// Whether a part takes some of what the whole plan was stopped for. Ten parts that each pass would
/// add up to what a second person was to look at.
fn concerns(objection: &Objection, half: &Half) -> bool {
    let any = |kinds: &[OperationKind]| half.operations.iter().any(|one| kinds.contains(&one.kind));
    match objection.id.as_str() {
        TOO_MANY_DISABLES_OVERALL | TOO_MANY_DELETES_OVERALL => {
            any(&[OperationKind::Disable, OperationKind::Delete])
        }
        CLASSES_LOST_OVERALL => {
            let closes = |space: &Workspace| space.state != WorkspaceState::Open;
            any(&[OperationKind::RemoveMember]) || half.change.workspaces.iter().any(closes)
        }
        TOO_MANY_GROUP_DELETES_OVERALL => any(&[OperationKind::Delete]),
        TARGET_ROOM => half.operations.iter().any(|one| cloud::takes_room(objection, one)),
        TOO_MANY_CREATIONS_OVERALL | ACCOUNTS_MISSING_OVERALL => any(&[OperationKind::Create]),
        DELIVERIES_MISSING => half.operations.iter().any(may_hang_on_another_school),
        _ => false,
    }
}

/// Whether an operation takes from a person what another school may still declare. That somebody
/// has left a class or a group of the school itself, its own file says.
fn may_hang_on_another_school(operation: &Operation) -> bool {
    match &operation.action {
        Action::Delete { .. } | Action::Rename { .. } => true,
        Action::RemoveLinks { .. } => matches!(operation.key, ObjectKey::Licence(_)),
        Action::Modify { before, after, .. } => {
            operation.kind == OperationKind::Disable || takes_away(before, after)
        }
        Action::Create { .. } | Action::AddLinks { .. } => false,
    }
}

/// One of several values, or the last one; another value in its place takes nothing away.
fn takes_away(before: &Attributes, after: &Attributes) -> bool {
    before.iter().any(|(name, values)| match after.get(name) {
        Some(kept) => values.len() > 1 && values.iter().any(|value| !kept.contains(value)),
        None => !values.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::Licence;
    use crate::plan::simulator::{account, group, one_creation, person_dn, uai, values};

    fn whole(id: &str) -> Objection {
        Objection { id: id.to_owned(), uai: None, text: String::new() }
    }

    fn creation() -> Operation {
        one_creation("ldap", account(1, "0599990N", "ines.lefevre"))
    }

    fn of(operation: Operation) -> Half {
        Half { operations: vec![operation], ..Half::default() }
    }

    fn judged<'a>(half: &'a Half, is_rest: bool, raised: &'a BTreeSet<String>) -> Judged<'a> {
        Judged { half, is_rest, here: &|_| false, raised }
    }

    /// SEC-42: parts that each pass would add up to what a second person was to look at.
    #[test]
    fn a_part_keeps_the_objections_to_the_whole_that_it_takes_its_share_of() {
        let kinds = [
            OperationKind::Disable,
            OperationKind::Delete,
            OperationKind::Create,
            OperationKind::RemoveMember,
            OperationKind::Update,
        ];
        let none = BTreeSet::new();
        for (id, expected) in [
            (TOO_MANY_DISABLES_OVERALL, [true, true, false, false, false]),
            (TOO_MANY_DELETES_OVERALL, [true, true, false, false, false]),
            (TOO_MANY_CREATIONS_OVERALL, [false, false, true, false, false]),
            (ACCOUNTS_MISSING_OVERALL, [false, false, true, false, false]),
            (CLASSES_LOST_OVERALL, [false, false, false, true, false]),
            (TOO_MANY_GROUP_DELETES_OVERALL, [false, true, false, false, false]),
        ] {
            for is_rest in [false, true] {
                let kept = kinds.map(|kind| {
                    let half = of(Operation { kind, ..creation() });
                    keeps(judged(&half, is_rest, &none), &whole(id))
                });
                assert_eq!(kept, expected, "{id}");
            }
        }
    }

    /// SEC-42: too little room in a tenant stops whoever takes some of it, and no directory.
    #[test]
    fn a_part_that_takes_no_room_in_the_tenant_passes() {
        let none = BTreeSet::new();
        let lacks = |target: &str| Objection {
            text: format!("{target}: 6 more seats of the licence of pupils are needed"),
            ..whole(TARGET_ROOM)
        };
        let licence = ObjectKey::Licence(Licence::Pupils);
        let joins = |key: ObjectKey| {
            let values = BTreeSet::from([person_dn("0599990N", "ines.lefevre")]);
            let action = Action::AddLinks { dn: "x".into(), attribute: "members".into(), values };
            Operation { kind: OperationKind::AddMember, key, action, ..creation() }
        };
        let class = group("0599990N", "2A", &[]);
        let makes = |members: &[&str]| {
            let mut entry = group("0599990N", "2A", members);
            entry.key = licence.clone();
            one_creation("ldap", entry)
        };
        for (what, operation, takes) in [
            ("an account", creation(), true),
            ("a class", one_creation("ldap", class.clone()), true),
            ("a seat", joins(licence.clone()), true),
            ("a place in a class", joins(class.key.clone()), false),
            ("a licence group with somebody", makes(&["x"]), true),
            ("a licence group", makes(&[]), false),
        ] {
            let half = of(operation);
            assert_eq!(keeps(judged(&half, false, &none), &lacks("ldap")), takes, "{what}");
            assert!(!keeps(judged(&half, false, &none), &lacks("office365")), "{what}");
        }
    }

    /// What the guards say of the half itself takes the place of what they said of the whole.
    #[test]
    fn an_objection_to_the_half_itself_is_not_listed_twice() {
        let half = of(creation());
        let id = TOO_MANY_CREATIONS_OVERALL;
        let (none, raised) = (BTreeSet::new(), BTreeSet::from([id.to_owned()]));
        assert!(keeps(judged(&half, false, &none), &whole(id)));
        assert!(!keeps(judged(&half, false, &raised), &whole(id)));
    }

    #[test]
    fn what_is_of_the_whole_stays_and_what_is_of_a_school_goes_with_it() {
        let (half, none) = (Half::default(), BTreeSet::new());
        for id in [CLOCK_STEPPED_BACK, REGISTRY_OLDER] {
            assert!(keeps(judged(&half, false, &none), &whole(id)), "{id}");
            assert!(keeps(judged(&half, true, &none), &whole(id)), "{id}");
        }
        // the end of a subscription, and what a rollback does to the classes.
        for id in [SUBSCRIPTION_ENDED, CLASSES_EMPTIED] {
            let ended = Objection { uai: Some(uai("0599990N")), ..whole(id) };
            let elsewhere = judged(&half, false, &none);
            assert!(!keeps(elsewhere, &ended), "{id}");
            assert!(keeps(Judged { here: &|_| true, ..elsewhere }, &ended), "{id}");
        }
    }

    /// SEC-42: while an académie is missing, another school's part may add, and follow its own
    /// classes; it takes from nobody what the missing school may still declare. What is left of the
    /// plan stays stopped.
    #[test]
    fn a_part_beside_a_missing_academie_takes_nothing_that_may_hang_on_it() {
        let dn = person_dn("0599990N", "ines.lefevre");
        let with = |kind: OperationKind, key: &ObjectKey, action: Action| Operation {
            kind,
            key: key.clone(),
            action,
            ..creation()
        };
        let person = &creation().key;
        let map = |held: &[&str]| match held {
            [] => Attributes::new(),
            _ => Attributes::from([("ENTPersonFonctions", values(held))]),
        };
        let modify = |kind: OperationKind, before: &[&str], after: &[&str]| {
            let (before, after) = (map(before), map(after));
            with(kind, person, Action::Modify { dn: dn.clone(), before, after })
        };
        let leaves = |key: &ObjectKey| {
            let (attribute, values) = ("member".to_owned(), BTreeSet::from([dn.clone()]));
            let action = Action::RemoveLinks { dn: format!("cn={key}"), attribute, values };
            with(OperationKind::RemoveMember, key, action)
        };
        let class = group("0599990N", "2A", &[&dn]);
        let (update, disable) = (OperationKind::Update, OperationKind::Disable);
        let delete = Action::Delete { dn: dn.clone(), before: map(&["a"]) };
        let rename = Action::Rename { from: dn.clone(), to: person_dn("0599990N", "ines.roy") };
        let cases = [
            ("comes", creation(), false),
            ("a class comes", one_creation("ldap", class.clone()), false),
            ("another value", modify(update, &["2A"], &["2B"]), false),
            ("one value more", modify(update, &["a", "b"], &["a", "b", "c"]), false),
            ("comes back", modify(OperationKind::Enable, &["non"], &["oui"]), false),
            ("leaves a class", leaves(&class.key), false),
            ("leaves a licence", leaves(&ObjectKey::Licence(Licence::Pupils)), true),
            ("one value less", modify(update, &["a", "b"], &["a"]), true),
            ("the last value", modify(update, &["a"], &[]), true),
            ("is disabled", modify(disable, &["oui"], &["non"]), true),
            ("is deleted", with(OperationKind::Delete, person, delete), true),
            ("is renamed", with(OperationKind::Rename, person, rename), true),
        ];
        let (missing, none) = (whole(DELIVERIES_MISSING), BTreeSet::new());
        for (what, operation, is_stopped) in cases {
            let half = of(operation);
            assert_eq!(keeps(judged(&half, false, &none), &missing), is_stopped, "{what}");
            assert!(keeps(judged(&half, true, &none), &missing), "{what}");
        }
    }
}
