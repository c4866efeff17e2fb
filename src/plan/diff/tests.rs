//! One test a rule of the difference.

use super::super::simulator::{self, LOCK, account, container, group, keyed, managed, person_dn};
use super::*;
use crate::model::attributes::Values;
use crate::model::entry::Attributes;

/// Both sides of a small target, with the settings that tests change.
struct Case {
    desired: Vec<Entry>,
    observed: Observed,
    known: BTreeSet<ObjectKey>,
    deletions: BTreeSet<ObjectKey>,
    unheard: BTreeMap<Uai, BTreeSet<PersonId>>,
    chunk: usize,
}

fn case(desired: Vec<Entry>, observed: Vec<Entry>) -> Case {
    let known = desired.iter().chain(&observed).map(|entry| entry.key.clone()).collect();
    let observed = Observed { entries: keyed(observed), ..Observed::default() };
    let unheard = BTreeMap::new();
    Case { desired, observed, known, deletions: BTreeSet::new(), unheard, chunk: 50 }
}

fn difference(case: &Case) -> Difference {
    diff(&Sides {
        target: "ldap",
        desired: &keyed(case.desired.clone()),
        observed: &case.observed,
        managed: &managed(),
        known: &case.known,
        deletions: &case.deletions,
        unheard: &case.unheard,
        link_chunk: case.chunk,
    })
}

/// A short text of an operation, enough to tell one from another.
fn told(operation: &Operation) -> String {
    let Operation { seq: _, target: _, kind, key: _, uai: _, stage, action, blocked } = operation;
    let flat = |attributes: &Attributes| {
        let pair =
            |(name, values): (&str, Values<'_>)| format!("{name}={}", values.to_vec().join("|"));
        attributes.iter().map(pair).collect::<Vec<_>>().join(" ")
    };
    let names =
        |dns: &BTreeSet<String>| dns.iter().map(|dn| place::name(dn)).collect::<Vec<_>>().join(" ");
    let what = match action {
        Action::Create { entry } => {
            let links = entry.links.values().map(names).collect::<Vec<_>>().join(" ");
            format!("{} [{links}]", place::name(&entry.dn))
        }
        Action::Modify { dn, before, after } => {
            format!("{}: {} > {}", place::name(dn), flat(before), flat(after))
        }
        Action::Rename { from, to } => format!("{from} > {to}"),
        Action::Delete { dn, before: _ } => place::name(dn),
        Action::AddLinks { dn, attribute, values }
        | Action::RemoveLinks { dn, attribute, values } => {
            format!("{}: {attribute} {}", place::name(dn), names(values))
        }
    };
    let blocked = if blocked.is_some() { " BLOCKED" } else { "" };
    format!("{stage} {} {what}{blocked}", kind.as_str())
}

fn check(case: &Case, expect: &[&str]) {
    let operations = difference(case).operations;
    assert_eq!(operations.iter().map(told).collect::<Vec<_>>(), expect);
    let seqs: Vec<u64> = operations.iter().map(|operation| operation.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

const SCHOOL: &str = "0599990N";
const OTHER: &str = "0809990Z";

fn ines() -> Entry {
    account(1, SCHOOL, "ines.exemple")
}

fn with(mut entry: Entry, attribute: &str, held: &[&str]) -> Entry {
    entry.attributes.insert(attribute, simulator::values(held));
    entry
}

fn disabled(mut entry: Entry) -> Entry {
    entry.enabled = false;
    entry
}

#[test]
fn what_is_missing_is_created_parents_first_and_members_last() {
    let ines = ines();
    let group = group(SCHOOL, "1G3", &[&ines.dn]);
    let all = vec![group, ines, container("0599990N/personnes"), container("0599990N")];
    let expect = [
        "0 create 0599990N []",
        "1 create personnes []",
        "20 create ines.exemple []",
        "30 create 1G3 [ines.exemple]",
    ];
    check(&case(all, Vec::new()), &expect);
}

#[test]
fn what_stands_as_wanted_gives_nothing() {
    let group = group(SCHOOL, "1G3", &[&ines().dn]);
    let mut spelt = group.clone();
    spelt.dn = spelt.dn.to_uppercase();
    spelt.links = crate::model::entry::Links::from([(
        "member".to_owned(),
        BTreeSet::from(["UID=Ines.Exemple, OU=personnes, OU=0599990n, DC=exemple, DC=fr".into()]),
    )]);
    check(&case(vec![ines(), group], vec![ines(), spelt]), &[]);
}

#[test]
fn only_attributes_that_differ_are_in_a_modification() {
    let wanted = with(with(ines(), "mail", &["ines@exemple.fr"]), "cn", &["Inès Exemple"]);
    let stands = with(ines(), "sn", &["Exemple"]);
    let expect = ["20 update ines.exemple: cn=ines exemple sn=Exemple > cn=Inès Exemple \
                   mail=ines@exemple.fr"];
    check(&case(vec![wanted], vec![stands]), &expect);
}

#[test]
fn only_managed_attributes_are_compared_and_created() {
    // DESIGN rule 6: what the mapping does not manage is not ours.
    let wanted = with(ines(), "title", &["x"]);
    let stands = with(ines(), "telephoneNumber", &["+33"]);
    check(&case(vec![wanted.clone()], vec![stands]), &[]);
    let made = difference(&case(vec![wanted], Vec::new())).operations;
    let Action::Create { entry } = &made[0].action else { panic!("{made:?}") };
    assert!(!entry.attributes.contains_key("title"));
}

#[test]
fn no_operation_holds_a_password_even_if_the_mapping_managed_it() {
    // R-55, DESIGN rule 4.
    let mut managed = managed();
    for names in managed.attributes.values_mut() {
        names.extend(["userPassword".to_owned(), "USERPASSWORD".to_owned()]);
    }
    let secret = |entry| with(with(entry, "userPassword", &["s3"]), "USERPASSWORD", &["s3"]);
    let other = with(secret(account(2, SCHOOL, "zoe.exemple")), "userPassword", &["s4"]);
    let gone = secret(account(3, SCHOOL, "parti.exemple"));
    let observed = Observed {
        entries: keyed([with(ines(), "userPassword", &["s9"]), gone.clone()]),
        ..Observed::default()
    };
    let found = diff(&Sides {
        target: "ldap",
        desired: &keyed([secret(with(ines(), "sn", &["E"])), other]),
        observed: &observed,
        managed: &managed,
        known: &BTreeSet::new(),
        deletions: &BTreeSet::from([gone.key]),
        unheard: &BTreeMap::new(),
        link_chunk: 50,
    });
    let kinds: Vec<_> = found.operations.iter().map(|operation| operation.kind).collect();
    assert_eq!(kinds, [OperationKind::Create, OperationKind::Update, OperationKind::Delete]);
    let text = serde_json::to_string(&found.operations).unwrap().to_lowercase();
    assert!(!text.contains("password\"") && !text.contains("\"s3") && !text.contains("\"s9"));
}

#[test]
fn an_account_that_changes_school_moves_with_its_memberships() {
    let old = ines();
    let new = account(1, OTHER, "ines.exemple");
    let desired = vec![new.clone(), group(OTHER, "2A1", &[&new.dn]), group(SCHOOL, "1G3", &[])];
    let observed = vec![old.clone(), group(OTHER, "2A1", &[]), group(SCHOOL, "1G3", &[&old.dn])];
    let rename = format!("10 rename {} > {}", old.dn, new.dn);
    let expect = [
        &*rename,
        "40 add_member 2A1: member ines.exemple",
        // Under the old name, and under the new one where refint has rewritten it.
        "45 remove_member 1G3: member ines.exemple ines.exemple",
    ];
    check(&case(desired, observed), &expect);
}

#[test]
fn a_group_follows_a_renamed_member() {
    let (old, new) = (ines(), account(1, SCHOOL, "ines.autre"));
    let desired = vec![new.clone(), group(SCHOOL, "1G3", &[&new.dn])];
    let observed = vec![old.clone(), group(SCHOOL, "1G3", &[&old.dn])];
    let rename = format!("10 rename {} > {}", old.dn, new.dn);
    let expect = [
        &*rename,
        // `uid` follows the place by itself.
        "20 update ines.autre: cn=ines exemple > cn=ines autre",
        "40 add_member 1G3: member ines.autre",
        "45 remove_member 1G3: member ines.exemple",
    ];
    check(&case(desired, observed), &expect);
}

#[test]
fn one_arrival_in_a_group_of_five_thousand_is_one_value() {
    let dns: Vec<String> =
        (0..5_000).map(|rank| person_dn(SCHOOL, &format!("e{rank:04}"))).collect();
    let all: Vec<&str> = dns.iter().map(String::as_str).collect();
    let case = case(vec![group(SCHOOL, "G", &all)], vec![group(SCHOOL, "G", &all[1..])]);
    check(&case, &["40 add_member G: member e0000"]);
}

#[test]
fn many_links_come_and_go_in_chunks() {
    // targets.md T2: at least 50 values a modification in real settings; 2 here to be seen.
    let dns: Vec<String> = ["a", "b", "c", "d", "e"].map(|name| person_dn(SCHOOL, name)).into();
    let all: Vec<&str> = dns.iter().map(String::as_str).collect();
    let wanted = group(SCHOOL, "G", &all);
    let mut created = case(vec![wanted.clone()], Vec::new());
    created.chunk = 2;
    let expect = ["30 create G [a b]", "40 add_member G: member c d", "40 add_member G: member e"];
    check(&created, &expect);
    let mut emptied = case(vec![group(SCHOOL, "G", &[])], vec![wanted]);
    emptied.chunk = 2;
    let expect = [
        "45 remove_member G: member a b",
        "45 remove_member G: member c d",
        "45 remove_member G: member e",
    ];
    check(&emptied, &expect);
}

/// The operations where no attribute tells that an account is disabled: its place does.
fn by_place(wanted: &Entry, stands: &Entry) -> Vec<Operation> {
    let observed = Observed { entries: keyed([stands.clone()]), ..Observed::default() };
    let found = diff(&Sides {
        target: "ldap",
        desired: &keyed([wanted.clone()]),
        observed: &observed,
        managed: &Managed { disabled: Attributes::new(), ..managed() },
        known: &BTreeSet::new(),
        deletions: &BTreeSet::new(),
        unheard: &BTreeMap::new(),
        link_chunk: 50,
    });
    found.operations
}

/// the journal must know the disabling whatever becomes of the change, and it is one.
#[test]
fn where_the_place_says_it_the_move_is_the_disabling_and_a_change_is_a_change() {
    let mut gone = with(disabled(ines()), "sn", &["E"]);
    gone.dn = gone.dn.replace("ou=personnes", "ou=inactifs");
    let told = |wanted: &Entry, stands: &Entry| -> Vec<String> {
        by_place(wanted, stands).iter().map(told).collect()
    };
    let (used, sn) = (ines(), "ines.exemple: sn=E > ");
    let went = format!("10 disable {} > {}", used.dn, gone.dn);
    assert_eq!(told(&gone, &used), [went, "20 update ines.exemple:  > sn=E".to_owned()]);
    let came = format!("10 enable {} > {}", gone.dn, used.dn);
    assert_eq!(told(&used, &gone), [came, format!("20 update {sn}")]);
    let mut other = gone.clone();
    other.attributes.remove("sn");
    assert_eq!(told(&other, &gone), [format!("20 update {sn}")]);
}

#[test]
fn a_disable_takes_the_attribute_changes_along() {
    let wanted = disabled(with(ines(), "sn", &["E"]));
    let expect = ["50 disable ines.exemple:  > pwdAccountLockedTime=000001010000Z sn=E"];
    check(&case(vec![wanted.clone()], vec![ines()]), &expect);
    let locked = with(disabled(ines()), LOCK, &["000001010000Z"]);
    let expect = ["20 enable ines.exemple: pwdAccountLockedTime=000001010000Z > "];
    check(&case(vec![ines()], vec![locked.clone()]), &expect);
    // A reader that keeps the lock out of the attributes gives the same plan.
    check(&case(vec![ines()], vec![disabled(ines())]), &expect);
    check(&case(vec![disabled(ines())], vec![locked]), &[]);
}

#[test]
fn a_lock_after_wrong_passwords_is_not_lifted() {
    let locked = with(ines(), LOCK, &["20260901070000Z"]);
    check(&case(vec![ines()], vec![locked.clone()]), &[]);
    let expect = ["50 disable ines.exemple: pwdAccountLockedTime=20260901070000Z > \
                   pwdAccountLockedTime=000001010000Z"];
    check(&case(vec![disabled(ines())], vec![locked]), &expect);
}

#[test]
fn where_the_place_says_disabled_the_move_is_the_disabling() {
    let found = by_place(&disabled(account(1, OTHER, "ines.exemple")), &ines());
    let kinds: Vec<_> = found.iter().map(|operation| operation.kind).collect();
    assert_eq!(kinds, [OperationKind::Disable]);
}

#[test]
fn absence_is_not_departure() {
    // DESIGN rule 1: what nobody wants any more stays as it is.
    let case = case(Vec::new(), vec![ines(), group(SCHOOL, "1G3", &[]), container("0599990N")]);
    check(&case, &[]);
    assert_eq!(difference(&case).strays, []);
}

#[test]
fn an_account_past_its_retention_leaves_its_groups_and_goes() {
    let group = group(SCHOOL, "1G3", &[&ines().dn, &person_dn(SCHOOL, "zoe.exemple")]);
    let mut case = case(Vec::new(), vec![ines(), group.clone()]);
    case.deletions = BTreeSet::from([ines().key, group.key.clone()]);
    // the group is on the list too, and is not deleted.
    let expect = ["45 remove_member 1G3: member ines.exemple", "60 delete ines.exemple"];
    check(&case, &expect);
    // A wanted account is not deleted, whatever the list says.
    case.desired = vec![ines()];
    check(&case, &[]);
}

#[test]
fn a_deletion_is_counted_under_the_school_of_the_place() {
    // The reader of a target does not know the school of an account; the guard needs it.
    let mut seen = ines();
    seen.uai = None;
    let mut case = case(Vec::new(), vec![seen.clone()]);
    case.deletions = BTreeSet::from([seen.key]);
    assert_eq!(difference(&case).operations[0].uai, Some(simulator::uai(SCHOOL)));
}

#[test]
fn strays_and_doubles_are_reported_and_never_touched() {
    let stray = group(SCHOOL, "VIEUX", &[&ines().dn]);
    let mut case = case(Vec::new(), vec![ines(), stray.clone()]);
    case.known = BTreeSet::from([ines().key]);
    case.deletions = BTreeSet::from([ines().key]);
    let copy = Entry { dn: person_dn(OTHER, "ines.exemple"), ..ines() };
    check(&case, &["60 delete ines.exemple"]);
    assert_eq!(difference(&case).strays, [stray.key]);
    // Which of two entries with one mark is the account? Neither is deleted.
    case.observed.doubles = vec![copy.clone()];
    check(&case, &["60 delete ines.exemple BLOCKED"]);
    assert_eq!(difference(&case).doubles, [(copy.key, copy.dn)]);
}

#[test]
fn of_two_with_one_mark_neither_is_written_nor_changes_its_groups_unless_one_is_in_its_place() {
    // SEC-45: somebody who copied the mark must not become a member, nor be given the login.
    let copy = Entry { dn: person_dn(SCHOOL, "aaron"), ..ines() };
    let class = group(SCHOOL, "1G3", &[&ines().dn]);
    let wanted = vec![disabled(with(account(1, OTHER, "ines.autre"), "sn", &["E"])), class.clone()];
    for (first, second) in [(copy.clone(), ines()), (ines(), copy.clone())] {
        let mut unclear = case(wanted.clone(), vec![first, class.clone()]);
        unclear.observed.doubles = vec![second];
        let operations = difference(&unclear).operations;
        assert!(!operations.is_empty());
        for operation in operations {
            let reason = operation.blocked.clone().unwrap_or_default();
            assert!(reason.contains("carry its mark"), "{operation:?}");
            assert_eq!(operation.key, ines().key);
        }
        // A class that is made meanwhile gets neither of them.
        unclear.desired.push(group(SCHOOL, "2G1", &[&unclear.desired[0].dn, "uid=x,dc=x"]));
        let made = difference(&unclear).operations.into_iter().find(|one| one.blocked.is_none());
        let Some(Action::Create { entry }) = made.map(|one| one.action) else { panic!() };
        assert_eq!(entry.links["member"], BTreeSet::from(["uid=x,dc=x".to_owned()]));
    }
    // The real one is in the bin of the tenant, and only the copy stands: nor is it the person.
    let mut binned = case(wanted, vec![copy.clone(), class.clone()]);
    binned.observed.deleted.insert(ines().key);
    for operation in difference(&binned).operations {
        let reason = operation.blocked.clone().unwrap_or_default();
        assert!(reason.contains("is in the bin"), "{operation:?}");
    }
    let mut clear = case(vec![with(ines(), "sn", &["E"]), class.clone()], vec![ines(), class]);
    clear.observed.doubles = vec![copy];
    clear.observed.deleted.insert(ines().key);
    check(&clear, &["20 update ines.exemple:  > sn=E"]);
}

#[test]
fn an_unmarked_entry_in_the_way_blocks_and_gets_no_membership() {
    // SEC-45. The stranger at the place must not become a member of the class either.
    let mut case = case(vec![ines(), group(SCHOOL, "1G3", &[&ines().dn])], Vec::new());
    case.observed.foreign_dns = BTreeSet::from([dn::comparable(&ines().dn)]);
    check(&case, &["20 create ines.exemple [] BLOCKED", "30 create 1G3 []"]);
    case.observed.foreign_dns.insert(dn::comparable(&case.desired[1].dn));
    check(&case, &["20 create ines.exemple [] BLOCKED", "30 create 1G3 [] BLOCKED"]);
}

#[test]
fn an_unmarked_container_is_used_as_it_is() {
    let mut case = case(vec![container("0599990N"), ines()], Vec::new());
    case.observed.foreign_dns = BTreeSet::from([dn::comparable(&case.desired[0].dn)]);
    check(&case, &["20 create ines.exemple []"]);
}

#[test]
fn a_blocked_move_keeps_the_account_and_its_memberships_where_they_are() {
    let (old, new) = (ines(), account(1, OTHER, "ines.autre"));
    let wanted_group = group(SCHOOL, "1G3", &[&new.dn]);
    let mut case = case(
        vec![with(new.clone(), "sn", &["E"]), wanted_group],
        vec![old.clone(), group(SCHOOL, "1G3", &[&old.dn])],
    );
    case.observed.foreign_dns = BTreeSet::from([dn::comparable(&new.dn)]);
    let rename = format!("10 rename {} > {} BLOCKED", old.dn, new.dn);
    // `uid` stays as the place says; the rest is brought up to date.
    let update = "20 update ines.exemple: cn=ines exemple > cn=ines autre sn=E";
    check(&case, &[&rename, update]);
}

#[test]
fn two_entries_never_come_to_one_place() {
    let mut twin = account(2, SCHOOL, "ines.exemple");
    let coming = case(vec![ines(), twin.clone()], Vec::new());
    check(&coming, &["20 create ines.exemple []", "20 create ines.exemple [] BLOCKED"]);
    twin.dn = ines().dn;
    let standing = case(vec![ines()], vec![twin]);
    check(&standing, &["20 create ines.exemple [] BLOCKED"]);
}

#[test]
fn a_container_is_never_moved() {
    let mut seen = container("0599990N");
    seen.dn = format!("ou=ancien,{}", simulator::BASE);
    let mut case = case(vec![container("0599990N")], vec![seen]);
    check(&case, &["0 create 0599990N []"]);
    // Once both stand, one is the double of the other, and there is nothing more to do.
    case.observed.doubles = vec![case.desired[0].clone()];
    check(&case, &[]);
}

#[test]
fn a_group_not_heard_of_loses_only_whoever_left_the_school() {
    // the old school's staff file is missing; the class must not stay open to a leaver.
    let (ines, paul) = (ines(), account(2, SCHOOL, "paul.exemple"));
    let moved = account(1, OTHER, "ines.exemple");
    let class = group(SCHOOL, "1G3", &[&ines.dn, &paul.dn, "uid=ami,ou=ailleurs,dc=exemple"]);
    let mut case = case(vec![moved.clone(), paul.clone()], vec![ines.clone(), paul, class]);
    case.unheard = [(SCHOOL.parse().unwrap(), BTreeSet::from([PersonId(2)]))].into();
    let removed: Vec<BTreeSet<String>> = difference(&case)
        .operations
        .into_iter()
        .filter_map(|operation| match operation.action {
            Action::RemoveLinks { dn: _, attribute: _, values } => Some(values),
            _ => None,
        })
        .collect();
    assert_eq!(removed, [BTreeSet::from([ines.dn, moved.dn])]);
    // Of a school that is heard, or of which nothing was asked, nothing is touched.
    case.unheard = BTreeMap::new();
    assert!(difference(&case).operations.iter().all(|it| it.kind != OperationKind::RemoveMember));
}

#[test]
fn an_account_that_an_active_directory_masters_is_told_and_never_written() {
    // SEC-45.
    let seen = vec![ines(), account(2, SCHOOL, "zoe.exemple"), group(SCHOOL, "1G3", &[])];
    let of = |mut case: Case| {
        case.observed.mastered.insert(ines().key);
        case
    };
    let changed = with(ines(), "sn", &["E"]);
    let group = group(SCHOOL, "1G3", &[&ines().dn]);
    let expect =
        ["20 update ines.exemple:  > sn=E BLOCKED", "40 add_member 1G3: member ines.exemple"];
    check(&of(case(vec![changed, group], seen.clone())), &expect);
    let moved = account(1, SCHOOL, "ines.autre");
    let found = difference(&of(case(vec![moved, seen[1].clone()], seen.clone())));
    assert!(!found.operations.is_empty());
    let is_told =
        |one: &Operation| one.blocked.as_deref().is_some_and(|why| why.contains("masters"));
    assert!(found.operations.iter().all(is_told));
    let mut past = of(case(Vec::new(), seen));
    past.deletions = [ines().key].into();
    let found = difference(&past).operations;
    assert!(matches!(found.as_slice(), [one] if one.blocked.is_some()), "{found:?}");
}
