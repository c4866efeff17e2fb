use super::super::simulator::{account, container, group, keyed, one_creation, person_dn};
use super::*;
use crate::plan::operation::OperationKind;

const SCHOOL: &str = "0599990N";

fn observed(entries: impl IntoIterator<Item = Entry>) -> Observed {
    Observed { entries: keyed(entries), ..Observed::default() }
}

fn joins(group: &Entry, members: &[&str]) -> Operation {
    let values = members.iter().map(|one| (*one).to_owned()).collect();
    let action = Action::AddLinks { dn: group.dn.clone(), attribute: "member".into(), values };
    let (key, kind) = (group.key.clone(), OperationKind::AddMember);
    Operation { key, kind, action, ..one_creation("ldap", group.clone()) }
}

/// What is told of `now`, of a plan that was made when `then` stood.
fn told(then: &Observed, now: &Observed, operations: &[Operation]) -> Vec<String> {
    let origin = Origin { expected: expected("ldap", then, operations), ..Origin::default() };
    let nobody = [("member".to_owned(), "cn=personne,dc=exemple,dc=fr".to_owned())];
    changed("ldap", now, &origin, operations, &nobody.into())
}

/// SEC-43: `--exact` is all or nothing, so what somebody put at the place of an account stops it.
#[test]
fn whatever_stands_at_the_place_of_a_creation_is_told() {
    let ines = account(1, SCHOOL, "ines.lefevre");
    let making = [one_creation("ldap", ines.clone())];
    let then = observed([container(SCHOOL)]);
    assert_eq!(told(&then, &then, &making), [""; 0]);
    let mut stranger = then.clone();
    stranger.foreign_dns.insert(dn::comparable(&ines.dn));
    let expect = "another entry stands at the place of rentree:account:1";
    assert_eq!(told(&then, &stranger, &making), [expect]);
    let other = observed([account(2, SCHOOL, "ines.lefevre")]);
    assert_eq!(told(&then, &other, &making), [expect]);
    let made = observed([ines.clone()]);
    assert_eq!(told(&then, &made, &making), ["rentree:account:1 stands already"]);
    // A move comes to a place as well; it may only be one that it gives free itself.
    let action = Action::Rename { from: person_dn(SCHOOL, "i.l"), to: ines.dn.clone() };
    let moving = [Operation { action, ..making[0].clone() }];
    let then = observed([account(1, SCHOOL, "i.l")]);
    assert_eq!(told(&then, &then, &moving), [""; 0]);
    let mut stranger = then.clone();
    stranger.foreign_dns.insert(dn::comparable(&ines.dn));
    assert_eq!(told(&then, &stranger, &moving), [expect]);
}

/// SEC-43: a member whom somebody took out, or put in, since the plan was read.
#[test]
fn members_that_came_or_went_are_told_of_the_groups_that_change() {
    let members = [1, 2, 3].map(|person| account(person, SCHOOL, &format!("p{person}")));
    let [one, two, three] = members.each_ref().map(|member| member.dn.as_str());
    let with =
        |links: &[&str]| observed([vec![group(SCHOOL, "2A", links)], members.to_vec()].concat());
    let then = with(&[one, two]);
    let operations = [joins(&group(SCHOOL, "2A", &[]), &[three])];
    assert_eq!(told(&then, &then, &operations), [""; 0]);
    let spelt = with(&[&one.to_uppercase(), two]);
    assert_eq!(told(&then, &spelt, &operations), [""; 0]);
    let expect = ["rentree:division:0599990N:2A was edited, or its members"];
    assert_eq!(told(&then, &with(&[one]), &operations), expect);
    assert_eq!(told(&then, &with(&[one, two, three]), &operations), expect);
    assert_eq!(told(&then, &with(&[one]), &[]), [""; 0]);
}

/// SEC-43: whoever is to join and was renamed, or deleted, since.
#[test]
fn a_link_to_what_stands_no_more_is_told() {
    let (ines, class) = (account(1, SCHOOL, "ines"), group(SCHOOL, "2A", &[]));
    let nobody = "cn=personne,dc=exemple,dc=fr";
    let joins = [joins(&class, &[&ines.dn, nobody])];
    let then = observed([ines.clone(), class.clone()]);
    assert_eq!(told(&then, &then, &joins), [""; 0]);
    let renamed = observed([account(1, SCHOOL, "ines.l"), class.clone()]);
    let expect = "ines, to join rentree:division:0599990N:2A, is gone";
    assert_eq!(told(&then, &renamed, &joins), [expect]);
    // Made by the same plan, it stands in time.
    let makes = [joins[0].clone(), one_creation("ldap", ines)];
    assert_eq!(told(&observed([class.clone()]), &observed([class]), &makes), [""; 0]);
}
