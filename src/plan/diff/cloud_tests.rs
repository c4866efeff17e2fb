//! What only a tenant of Office 365 has: groups of a school year, groups of all schools.

use super::super::simulator::{keyed, uai, values};
use super::*;
use crate::mapping::managed::{PasswordForm, PasswordRule};
use crate::mapping::places::Places;
use crate::model::entry::{Attributes, Licence, Links};

const A: &str = "0590001F";
const B: &str = "0599990N";
const YEARLY: &str = "rentree:division+2026:0590001F:2A";

pub(in crate::plan) fn managed() -> Managed {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Managed {
        mark: "extensionAttribute1".to_owned(),
        attributes: BTreeMap::from([
            (ObjectKind::Account, names(&["userPrincipalName", "mailNickname"])),
            (ObjectKind::Group, names(&["uniqueName", "displayName"])),
        ]),
        links: names(&["members", "owners"]),
        links_follow: true,
        placeholders: BTreeMap::new(),
        at_creation: Attributes::new(),
        password: PasswordRule {
            attribute: "passwordProfile".to_owned(),
            form: PasswordForm::Clear,
        },
        disabled: [("accountEnabled".to_owned(), values(&["false"]))].into(),
        places: Places::default(),
        names: BTreeSet::new(),
        required: BTreeSet::new(),
    }
}

fn upn(login: &str) -> String {
    format!("userPrincipalName={login}@e.fr")
}

pub(in crate::plan) fn account(person: u64, school: &str, login: &str) -> Entry {
    let name = ("userPrincipalName".to_owned(), vec![format!("{login}@e.fr")]);
    Entry {
        key: ObjectKey::Account(PersonId(person)),
        uai: Some(uai(school)),
        dn: upn(login),
        attributes: [name].into(),
        links: Links::new(),
        enabled: true,
    }
}

pub(in crate::plan) fn group(key: &str, links: &[(&str, &[&str])]) -> Entry {
    let key: ObjectKey = key.parse().unwrap();
    let links = links.iter().filter(|(_, logins)| !logins.is_empty());
    let links = links.map(|(link, logins)| {
        ((*link).to_owned(), logins.iter().map(|login| upn(login)).collect())
    });
    let name = key.to_string().replace(':', "-");
    Entry {
        uai: key.structure().map(|structure| structure.uai.clone()),
        dn: dn::rdn("uniqueName", &name),
        attributes: [("uniqueName".to_owned(), vec![name])].into(),
        links: links.collect(),
        enabled: true,
        key,
    }
}

/// Kind, school, and what it is about.
fn check(desired: Vec<Entry>, observed: Vec<Entry>, deletions: &[&str], expect: &[&str]) {
    let deletions = deletions.iter().map(|key| key.parse().unwrap()).collect();
    let known = observed.iter().map(|entry| entry.key.clone()).collect();
    let observed = Observed { entries: keyed(observed), ..Observed::default() };
    let found = diff(&Sides {
        target: "office365",
        desired: &keyed(desired),
        observed: &observed,
        managed: &managed(),
        known: &known,
        deletions: &deletions,
        unheard: &BTreeMap::new(),
        link_chunk: 3,
    });
    let names = |values: &BTreeSet<String>| -> String {
        let short = |dn: &String| {
            let name = place::name(dn);
            name.split_once('@').map_or(name.clone(), |(login, _)| login.to_owned())
        };
        values.iter().map(short).collect::<Vec<_>>().join(",")
    };
    let told = found.operations.iter().map(|operation| {
        let what = match &operation.action {
            Action::Create { entry } => {
                let links = entry.links.iter().map(|(link, all)| format!("{link}={}", names(all)));
                links.collect::<Vec<_>>().join(" ")
            }
            Action::AddLinks { attribute, values, .. }
            | Action::RemoveLinks { attribute, values, .. } => {
                format!("{attribute}={}", names(values))
            }
            Action::Modify { .. } | Action::Rename { .. } | Action::Delete { .. } => String::new(),
        };
        let school = operation.uai.as_ref().map_or("-", Uai::as_str);
        format!(
            "{} {school} {} {what}",
            operation.kind.as_str(),
            place::name(operation.action.dn())
        )
        .trim_end()
        .to_owned()
    });
    let told: Vec<String> = told.collect();
    let short = |line: &String| line.replace("rentree-", "").replace("@e.fr", "");
    assert_eq!(told.iter().map(short).collect::<Vec<_>>(), expect);
}

/// `apply --school` takes the members of its schools, and of no other.
#[test]
fn members_of_a_group_of_all_schools_come_and_go_school_by_school() {
    let people = || {
        let of = |n: u64, school| account(n, school, &format!("p{n}"));
        vec![of(1, A), of(2, B), of(3, A), of(4, B), of(5, B), of(6, B), of(7, A)]
    };
    let licence = |logins: &[&str]| {
        group(&ObjectKey::Licence(Licence::Pupils).to_string(), &[("members", logins)])
    };
    let (mut wanted, mut there) = (people(), people());
    wanted.push(licence(&["p1", "p2", "p3", "p4", "p5", "p6"]));
    check(
        wanted.clone(),
        there.clone(),
        &[],
        &[
            "create - licence-pupils",
            "add_member 0590001F licence-pupils members=p1,p3",
            "add_member 0599990N licence-pupils members=p2,p4,p5",
            "add_member 0599990N licence-pupils members=p6",
        ],
    );
    there.push(licence(&["p1", "p2", "p7"]));
    check(
        wanted,
        there,
        &[],
        &[
            // A seat is given free first.
            "remove_member 0590001F licence-pupils members=p7",
            "add_member 0590001F licence-pupils members=p3",
            "add_member 0599990N licence-pupils members=p4,p5,p6",
        ],
    );
}

/// A Microsoft 365 group has its owner from the first moment, within what one request carries.
#[test]
fn a_group_is_made_with_its_owners_first() {
    let people: Vec<Entry> = (1..=4).map(|n| account(n, A, &format!("p{n}"))).collect();
    let class = group(YEARLY, &[("members", &["p1", "p2", "p3", "p4"]), ("owners", &["p4"])]);
    let mut wanted = people.clone();
    wanted.push(class);
    check(
        wanted,
        people,
        &[],
        &[
            "create 0590001F division+2026-0590001F-2A members=p1,p2 owners=p4",
            "add_member 0590001F division+2026-0590001F-2A members=p3,p4",
        ],
    );
}

/// the group of a year that is over goes whole; no other group ever does.
#[test]
fn a_group_of_a_year_goes_whole() {
    let (person, class) = (account(1, A, "p1"), group(YEARLY, &[("members", &["p1"])]));
    let licence = ObjectKey::Licence(Licence::Pupils).to_string();
    let there = vec![person.clone(), class, group(&licence, &[("members", &["p1"])])];
    let all = [YEARLY, &licence, "rentree:account:1"];
    check(
        Vec::new(),
        there.clone(),
        &all,
        &[
            "remove_member 0590001F licence-pupils members=p1",
            "delete 0590001F division+2026-0590001F-2A",
            "delete 0590001F p1",
        ],
    );
    check(vec![person], there, &[YEARLY, &licence], &["delete 0590001F division+2026-0590001F-2A"]);
}

/// SEC-45: the service makes no Microsoft 365 group beside a stranger's of the same nickname. A
/// team waits with its group; a security group does not mind.
#[test]
fn a_nickname_that_somebody_else_holds_is_told_before_anything_is_sent() {
    let key: ObjectKey = YEARLY.parse().unwrap();
    let ObjectKey::Yearly(of) = &key else { unreachable!("a yearly group") };
    let named = |key: &str| {
        let mut entry = group(key, &[]);
        entry.attributes.insert("mailNickname", ["2026-A-2A"]);
        entry
    };
    let team = Entry { key: ObjectKey::Team(of.clone()), dn: "team=x".into(), ..named(YEARLY) };
    let security = named(&YEARLY.replace('+', "@"));
    let wanted = keyed(vec![named(YEARLY), team, security]);
    let told = |observed: &Observed| -> Vec<(String, Option<String>)> {
        let found = diff(&Sides {
            target: "office365",
            desired: &wanted,
            observed,
            managed: &managed(),
            known: &BTreeSet::new(),
            deletions: &BTreeSet::new(),
            unheard: &BTreeMap::new(),
            link_chunk: 3,
        });
        let blocked = found.operations.into_iter().filter(|one| one.blocked.is_some());
        blocked.map(|one| (one.key.to_string(), one.blocked)).collect()
    };
    let mut observed = Observed::default();
    assert_eq!(told(&observed), []);
    observed.foreign_names.insert("2026-a-2a".to_owned());
    let why = "an object that is not ours has its mailNickname, 2026-A-2A: give that one another, \
               with another address, or remove it for good, by hand";
    let waits = "its group is blocked, and it waits with it";
    assert_eq!(
        told(&observed),
        [
            (YEARLY.to_owned(), Some(why.to_owned())),
            (YEARLY.replace("division", "team-division"), Some(waits.to_owned())),
        ]
    );
    // One that stands holds its own.
    observed.entries = keyed(vec![named(YEARLY)]);
    assert_eq!(told(&observed), []);
}

/// What is planned in a tenant: kind, what of it, the links; what is blocked by the words given.
fn planned(desired: Vec<Entry>, observed: &Observed) -> Vec<String> {
    let known = observed.entries.keys().chain(observed.unmarked.keys()).cloned().collect();
    let found = diff(&Sides {
        target: "office365",
        desired: &keyed(desired),
        observed,
        managed: &managed(),
        known: &known,
        deletions: &BTreeSet::new(),
        unheard: &BTreeMap::new(),
        link_chunk: 20,
    });
    let line = |one: &Operation| {
        let links = match &one.action {
            Action::AddLinks { values, .. } | Action::RemoveLinks { values, .. } => {
                values.iter().map(|dn| place::name(dn).replace("@e.fr", "")).collect()
            }
            _ => Vec::new(),
        };
        let blocked = one.blocked.as_ref().map(|why| format!("({why})"));
        let words = [one.kind.as_str().to_owned(), one.key.to_string(), links.join(",")];
        let words = words.into_iter().chain(blocked).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    };
    found.operations.iter().map(line).collect()
}

fn marked(login: &str) -> Entry {
    let mut entry = account(1, A, login);
    entry.attributes.insert("extensionAttribute1", ["0F12"]);
    entry
}

/// SEC-44, SEC-45: one identity a person. An account that somebody took the mark from is nobody
/// else's by that: none is made beside it, and it stays in the groups where it is wanted.
#[test]
fn an_account_that_has_lost_its_mark_is_not_made_again_and_stays_in_its_groups() {
    let licence = ObjectKey::Licence(Licence::Pupils).to_string();
    let groups = |logins: &[&str]| {
        vec![group(YEARLY, &[("members", logins)]), group(&licence, &[("members", logins)])]
    };
    let tenant = |login: &str, other: &str| Observed {
        entries: keyed(groups(&[login, "stranger"]).into_iter().chain([account(2, A, "p2")])),
        unmarked: [(ObjectKey::Account(PersonId(1)), [upn(login)].into())].into(),
        foreign_dns: [login, other].map(|login| dn::comparable(&upn(login))).into(),
        ..Observed::default()
    };
    let wanted = || {
        let all = groups(&["ines", "p2"]);
        all.into_iter().chain([marked("ines"), account(2, A, "p2")]).collect::<Vec<_>>()
    };
    for (login, other) in [("ines", "ines"), ("old", "old"), ("old", "ines")] {
        let told = planned(wanted(), &tenant(login, other));
        let expected = [
            format!("remove_member {licence} stranger"),
            format!(
                "create rentree:account:1 (userPrincipalName={login}@e.fr has lost our mark: put \
                 it back by hand (extensionAttribute1 = 0F12); if that account has become \
                 somebody else's, give it another login and an employeeId of its own instead)"
            ),
            format!("add_member {licence} p2"),
            format!("add_member {YEARLY} p2"),
            format!("remove_member {YEARLY} stranger"),
        ];
        assert_eq!(told, expected, "{login} {other}");
    }
    // Another one has the mark: that is the account.
    let mut there = tenant("old", "old");
    there.entries.extend(keyed([marked("ines")]));
    let told = planned(wanted(), &there);
    assert!(told.contains(&format!("remove_member {YEARLY} old,stranger")), "{told:?}");
    // Whoever is wanted no more leaves.
    let told = planned(groups(&["p2"]), &tenant("ines", "ines"));
    assert!(told.contains(&format!("remove_member {YEARLY} ines,stranger")), "{told:?}");
}

/// SEC-45: where nothing else tells whose it is, whoever has the login and is a member stays one.
#[test]
fn a_member_under_the_login_of_a_blocked_account_stays() {
    let there = |logins: &[&str]| Observed {
        entries: keyed([group(YEARLY, &[("members", logins)])]),
        foreign_dns: [dn::comparable(&upn("ines"))].into(),
        ..Observed::default()
    };
    let why = "an account without our mark has its login: if it is this person's, put the mark on \
               it by hand (extensionAttribute1 = 0F12); if it is somebody else's, give that one \
               another login";
    let wanted = || vec![marked("ines"), group(YEARLY, &[("members", &["ines"])])];
    for members in [&["ines"][..], &[]] {
        let told = planned(wanted(), &there(members));
        assert_eq!(told, [format!("create rentree:account:1 ({why})")], "{members:?}");
    }
}

/// a link of a tenant is to the account, whatever its name; the rename is the whole change,
/// and one that is refused leaves everything as it is.
#[test]
fn who_is_renamed_in_a_tenant_stays_in_every_group() {
    const OTHER: &str = "rentree:division+2026:0590001F:2B";
    const THIRD: &str = "rentree:division+2026:0590001F:2C";
    let classes = |first: &[&str], other: &[&str], third: &[&str]| {
        let class = |key, logins| group(key, &[("members", logins)]);
        vec![class(YEARLY, first), class(OTHER, other), class(THIRD, third)]
    };
    let seen = |foreign: &[&str]| Observed {
        entries: keyed([classes(&["durand"], &["durand"], &[]), vec![marked("durand")]].concat()),
        foreign_dns: foreign.iter().map(|login| dn::comparable(&upn(login))).collect(),
        ..Observed::default()
    };
    let same = [classes(&["lefevre"], &["lefevre"], &[]), vec![marked("lefevre")]].concat();
    assert_eq!(planned(same.clone(), &seen(&[])), ["rename rentree:account:1"]);
    // A rename that is not done is no reason to leave.
    let told = planned(same, &seen(&["lefevre"]));
    assert!(told.len() == 1 && told[0].starts_with("rename rentree:account:1 ("), "{told:?}");
    let moved = [classes(&["lefevre"], &[], &["lefevre"]), vec![marked("lefevre")]].concat();
    assert_eq!(
        planned(moved, &seen(&[])),
        [
            "rename rentree:account:1".to_owned(),
            format!("add_member {THIRD} lefevre"),
            // Whichever name it has by then.
            format!("remove_member {OTHER} durand,lefevre"),
        ]
    );
}
