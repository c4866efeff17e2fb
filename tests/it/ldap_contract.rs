//! One list of promises, run against slapd (plain, full) and against the lab. slapd is right: a
//! promise that only the lab keeps is a fault of the lab.

mod bench;
mod codes;
mod doctor;
mod lab_alone;
mod objects;
mod slapd_alone;

use std::collections::BTreeMap;

use ldap3::{Mod, Scope};
use rentree::credential::InitialPassword;
use rentree::mapping::entries::EntryMapping;
use rentree::model::dn;
use rentree::model::entry::Entry;
use rentree::plan::operation::Operation;
use rentree::target::ldap::settings::{Bind, Settings};
use rentree::target::ldap::{connect, filter};
use rentree::target::{Done, Observe, TargetError, Write, WriteError};

use crate::slapd::{BASE, Choices, SERVICE, Variant};

use bench::*;
use codes::*;
use objects::*;

/// SEC-36: values that would mean something in a name or filter come back as they were.
async fn what_was_created_is_observed_as_it_was(bench: Bench) {
    let mut target = bench.target().await;
    let hostile = [
        "a,b+c=d",
        "#début",
        "\"guillemets\"",
        "back\\slash",
        "<;>",
        "Œuvre d'été",
        "*)(uid=*",
        "(parenthèses)",
        "a\\2cb",
        "deux mots",
    ];
    let mut entries = vec![container("0599990N"), container("0599990N/personnes")];
    for (rank, text) in hostile.iter().enumerate() {
        let mut person = account(rank as u64 + 1, &format!("p{rank}"), text);
        person.dn = dn::child(
            "uid",
            &format!("p{rank}"),
            "ou=personnes,ou=0599990N,ou=ecoles,dc=ent,dc=test",
        );
        entries.push(person);
        entries.push(group(text, &[NOBODY]));
    }
    entries.push(account(99, &"l".repeat(64), "Long"));
    for entry in &entries {
        written(&target, &create(entry)).await;
    }
    for entry in &entries {
        already(&target, &create(entry)).await;
    }
    let observed = target.observe().await.unwrap();
    let expected: BTreeMap<_, _> =
        entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
    assert_eq!(observed.entries.len(), expected.len());
    for (key, entry) in &expected {
        let found = &observed.entries[key];
        assert_eq!(dn::comparable(&found.dn), dn::comparable(&entry.dn));
        assert_eq!(Entry { dn: entry.dn.clone(), ..found.clone() }, *entry);
    }
    assert!(observed.foreign_dns.is_empty() && observed.doubles.is_empty());
}

/// SEC-36: the injection corpus finds nobody else.
async fn a_hostile_filter_value_finds_nobody_else(bench: Bench) {
    let target = bench.target().await;
    written(&target, &create(&account(1, "ines.lefevre", "Inès"))).await;
    let mut admin = bench.admin().await;
    for text in ["*", "*)(uid=*", "ines*", "x)(|(uid=*", "\\2a", ")(objectClass=*", "\0", ""] {
        let filter = filter::equals("uid", text);
        let found = admin.search(BASE, Scope::Subtree, &filter, vec!["uid"]).await.unwrap();
        assert!(found.0.is_empty(), "{text}");
    }
}

async fn an_update_writes_what_differs_and_again_is_already_done(bench: Bench) {
    let target = bench.target().await;
    let person = account(1, "ines.lefevre", "Inès");
    written(&target, &create(&person)).await;
    let update = change(
        &person,
        &[
            ("sn", &["Inès"]),
            ("mail", &["ines.lefevre@ecole.test"]),
            ("departmentNumber", &["0599990N", "0809990Z"]),
        ],
        &[
            ("sn", &["Lefèvre"]),
            ("mail", &["i.lefevre@ecole.test"]),
            ("labeledURI", &["https://ent.test/4711"]),
        ],
    );
    written(&target, &update).await;
    already(&target, &update).await;
    assert_eq!(bench.values(&person.dn, "sn").await, Some(strings(&["Lefèvre"])));
    assert_eq!(bench.values(&person.dn, "departmentNumber").await, Some(vec![]));
    assert_eq!(bench.values(&person.dn, "cn").await, Some(strings(&["Inès"])));
}

/// SEC-43: drift is set aside, and names its attribute.
async fn a_changed_entry_is_not_written_over(bench: Bench) {
    let target = bench.target().await;
    let person = account(1, "ines.lefevre", "Inès");
    written(&target, &create(&person)).await;
    let mut admin = bench.admin().await;
    let by_hand = Mod::Replace("sn", ["Corrigé à la main"].into_iter().collect());
    admin.modify(&person.dn, vec![by_hand]).await.unwrap().success().unwrap();
    stale(&target, &change(&person, &[("sn", &["Inès"])], &[("sn", &["Lefèvre"])]), "sn").await;
    stale(&target, &delete(&person), "sn").await;
    stale(&target, &create(&person), "sn").await;
    assert_eq!(bench.values(&person.dn, "sn").await, Some(strings(&["Corrigé à la main"])));
    // Another attribute is no part of what this operation expects.
    written(&target, &change(&person, &[("cn", &["Inès"])], &[("cn", &["I. Lefèvre"])])).await;
    let gone = account(2, "personne", "Personne");
    stale(&target, &change(&gone, &[], &[("sn", &["x"])]), "gone").await;
}

/// SEC-43, to the instant: a change by hand is never written over, however close it comes.
async fn a_change_between_looking_and_writing_wins(bench: Bench) {
    let target = bench.target().await;
    let mut admin = bench.admin().await;
    for round in 0..60 {
        let person = account(round, &format!("p{round}"), "Prénom");
        written(&target, &create(&person)).await;
        let ours = change(&person, &[("sn", &["Prénom"])], &[("sn", &["du plan"])]);
        let theirs = Mod::Replace("sn", ["de la main"].into_iter().collect());
        let (ours, theirs) = futures_util::future::join(
            target.write(&ours, None),
            admin.modify(&person.dn, vec![theirs]),
        )
        .await;
        assert_eq!(theirs.unwrap().rc, 0);
        assert!(matches!(ours, Ok(Done::Written) | Err(WriteError::Stale(_))), "{ours:?}");
        assert_eq!(bench.values(&person.dn, "sn").await, Some(strings(&["de la main"])));
    }
}

/// DESIGN rule 6, SEC-45.
async fn an_unmarked_entry_is_never_touched(bench: Bench) {
    let mut target = bench.target().await;
    let mut admin = bench.admin().await;
    let person = account(1, "admin.local", "Local");
    let attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", "Admin.Local"),
        ("cn", "DSI"),
        ("sn", "DSI"),
        ("mail", "DSI@ecole.test"),
    ];
    let attributes =
        attributes.into_iter().map(|(name, value)| (name, [value].into_iter().collect()));
    admin.add(&person.dn, attributes.collect()).await.unwrap().success().unwrap();
    let class = group("1G3", &[NOBODY]);
    let unmarked = vec![
        ("objectClass", ["groupOfNames"].into_iter().collect()),
        ("cn", ["1G3"].into_iter().collect()),
        ("member", [NOBODY].into_iter().collect()),
    ];
    admin.add(&class.dn, unmarked).await.unwrap().success().unwrap();

    stale(&target, &create(&person), "mark").await;
    stale(&target, &change(&person, &[("sn", &["DSI"])], &[("sn", &["x"])]), "mark").await;
    stale(&target, &rename(&person, &dn::child("uid", "autre", BASE)), "mark").await;
    stale(&target, &delete(&person), "mark").await;
    stale(&target, &add_links(&class, &[&person.dn]), "mark").await;
    stale(&target, &remove_links(&class, &[NOBODY]), "mark").await;
    // In the way of a rename (a container: `unique` says no to a login before anything else).
    let theirs = container("archives");
    let unmarked = vec![("objectClass", ["organizationalUnit"].into_iter().collect())];
    admin.add(&theirs.dn, unmarked).await.unwrap().success().unwrap();
    let ours = container("0599990N");
    written(&target, &create(&ours)).await;
    stale(&target, &rename(&ours, &theirs.dn), "stands at the new name").await;

    let observed = target.observe().await.unwrap();
    let foreign = [&person.dn, &class.dn, &theirs.dn].map(|name| dn::comparable(name));
    assert_eq!(observed.foreign_dns, foreign.into_iter().collect());
    assert_eq!(observed.foreign_names, set(&["admin.local", "dsi@ecole.test"]));
    assert_eq!(bench.values(&class.dn, "member").await, Some(strings(&[NOBODY])));
}

async fn a_copy_made_by_hand_is_seen_as_a_double(bench: Bench) {
    let mut target = bench.target().await;
    let mut class = group("1G3", &[NOBODY]);
    written(&target, &create(&class)).await;
    class.dn = dn::child("cn", "0 copie", BASE);
    class.attributes.insert("cn", ["0 copie"]);
    written(&target, &create(&class)).await;
    let observed = target.observe().await.unwrap();
    let [double] = &observed.doubles[..] else { panic!("{:?}", observed.doubles) };
    assert_eq!((&double.key, &double.dn), (&class.key, &dn::child("cn", "1G3", BASE)));
    assert_eq!(observed.entries.len(), 1);
}

async fn a_rename_and_a_move_keep_the_entry(bench: Bench) {
    let mut target = bench.target().await;
    for path in ["0599990N", "0809990Z"] {
        written(&target, &create(&container(path))).await;
    }
    let mut person = account(1, "ines.lefevre", "Inès");
    written(&target, &create(&person)).await;
    let uuid = bench.values(&person.dn, "entryUUID").await;
    // Another name in the same place; then another place; then both, to where it was.
    let there = dn::child("ou", "0809990Z", BASE);
    for to in [
        dn::child("uid", "ines.martin", BASE),
        dn::child("uid", "ines.martin", &there),
        person.dn.clone(),
    ] {
        let moving = rename(&person, &to);
        written(&target, &moving).await;
        already(&target, &moving).await;
        person.dn = to;
    }
    assert_eq!(bench.values(&person.dn, "entryUUID").await, uuid);
    assert_eq!(bench.values(&person.dn, "uid").await, Some(strings(&["ines.lefevre"])));
    let observed = target.observe().await.unwrap();
    assert_eq!(observed.entries[&person.key], person);
    stale(&target, &rename(&account(2, "personne", "P"), &dn::child("uid", "x", BASE)), "neither")
        .await;
    let nowhere = format!("uid=ines.lefevre,ou=nulle-part,{BASE}");
    stale(&target, &rename(&person, &nowhere), "gone").await;
    // A whole branch moves with what stands in it.
    written(&target, &rename(&person, &dn::child("uid", "ines.lefevre", &there))).await;
    let branch = container("0809990Z");
    written(&target, &rename(&branch, &dn::child("ou", "fermé", BASE))).await;
    let person_dn = dn::child("uid", "ines.lefevre", &dn::child("ou", "fermé", BASE));
    assert!(bench.values(&person_dn, "uid").await.is_some());
}

async fn links_are_deltas_and_what_is_done_is_left_alone(bench: Bench) {
    let mut target = bench.target().await;
    let [a, b, c, d] =
        ["a", "b", "c", "d"].map(|login| dn::child("uid", login, "ou=ecoles,dc=ent,dc=test"));
    for (id, login) in ["a", "b", "c", "d"].iter().enumerate() {
        written(&target, &create(&account(id as u64 + 1, login, login))).await;
    }
    let class = group("1G3", &[&a]);
    written(&target, &create(&class)).await;
    written(&target, &add_links(&class, &[&b])).await;
    already(&target, &add_links(&class, &[&b, &a])).await;
    // Some of them are there already, one in another spelling: only the rest is written.
    let loud = b.to_uppercase();
    written(&target, &add_links(&class, &[&loud, &c, &d])).await;
    assert_eq!(
        target.observe().await.unwrap().entries[&class.key].links["member"],
        set(&[&a, &b, &c, &d])
    );
    written(&target, &remove_links(&class, &[&d])).await;
    already(&target, &remove_links(&class, &[&d])).await;
    written(&target, &remove_links(&class, &[&d, &loud, &c])).await;
    assert_eq!(bench.values(&class.dn, "member").await, Some(vec![a.clone()]));
    // R-27 is the mapping's: groupOfNames never stands empty, the server says so.
    match target.write(&remove_links(&class, &[&a]), None).await {
        Err(WriteError::Refused { code: 65, .. }) => {}
        other => panic!("{other:?}"),
    }
    stale(&target, &add_links(&group("2A1", &[]), &[&a]), "gone").await;
}

/// with the mapping for servers without ppolicy, the place says who cannot be used.
async fn whoever_stands_with_the_disabled_is_observed_as_disabled(bench: Bench) {
    let sans = include_str!("../../mappings/openldap-sans-ppolicy.toml");
    let mapping = EntryMapping::parse(sans, "m.toml", BASE).unwrap();
    let settings = Settings { managed: mapping.managed().clone(), ..bench.settings() };
    let mut target = connect(settings, entropy).await.unwrap();
    for path in ["0599990N", "0599990N/personnes", "0599990N/inactifs"] {
        written(&target, &create(&container(path))).await;
    }
    let [used, away] = ["personnes", "inactifs"]
        .map(|branch| dn::child("uid", "ines", &container(&format!("0599990N/{branch}")).dn));
    let mut ines = account(1, "ines", "Inès");
    ines.dn.clone_from(&used);
    written(&target, &create(&ines)).await;
    for (to, enabled) in [(&away, false), (&used, true)] {
        assert_eq!(target.observe().await.unwrap().entries[&ines.key].enabled, !enabled);
        written(&target, &rename(&ines, to)).await;
        ines.dn.clone_from(to);
        assert_eq!(target.observe().await.unwrap().entries[&ines.key].enabled, enabled);
    }
}

/// SEC-43: somebody renamed or deleted an account since the plan. A server without referential
/// checks would keep the link, for whoever comes to stand there later.
async fn nobody_is_linked_to_an_entry_that_stands_nowhere(bench: Bench) {
    let target = bench.target().await;
    let (one, gone) = (account(1, "a", "a"), dn::child("uid", "gone", BASE));
    written(&target, &create(&one)).await;
    let (class, other) = (group("1G3", &[NOBODY]), group("2A1", &[NOBODY, &gone]));
    written(&target, &create(&class)).await;
    stale(&target, &add_links(&class, &[&gone]), "stands no more").await;
    assert_eq!(bench.values(&class.dn, "member").await, Some(strings(&[NOBODY])));
    // The others of the class do not wait for the one.
    for _ in 0..2 {
        let both = add_links(&class, &[&one.dn, &gone]);
        assert_eq!(target.write(&both, None).await, Ok(Done::InPart));
        assert_eq!(bench.values(&class.dn, "member").await, Some(strings(&[NOBODY, &one.dn])));
    }
    for _ in 0..2 {
        assert_eq!(target.write(&create(&other), None).await, Ok(Done::InPart));
    }
    assert_eq!(bench.values(&other.dn, "member").await, Some(strings(&[NOBODY])));
    written(&target, &remove_links(&class, &[&gone, &one.dn])).await;
}

async fn a_deleted_entry_is_gone_once(bench: Bench) {
    let mut target = bench.target().await;
    let branch = container("0599990N");
    let inner = container("0599990N/personnes");
    written(&target, &create(&branch)).await;
    written(&target, &create(&inner)).await;
    stale(&target, &delete(&branch), "below").await;
    written(&target, &delete(&inner)).await;
    already(&target, &delete(&inner)).await;
    written(&target, &delete(&branch)).await;
    assert!(target.observe().await.unwrap().entries.is_empty());
    stale(&target, &create(&inner), "above").await;
}

async fn a_group_of_5000_takes_one_arrival_as_one_value(bench: Bench) {
    let mut target = bench.target().await;
    let names: Vec<String> = (0..5000).map(|n| dn::child("uid", &format!("p{n}"), BASE)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let class = group("grand", &names);
    let mark = class.key.to_string();
    let whole = vec![
        ("objectClass", ["groupOfNames"].into_iter().collect()),
        ("cn", ["grand"].into_iter().collect()),
        ("description", [mark.as_str()].into_iter().collect()),
        ("member", names.into_iter().collect()),
    ];
    bench.admin().await.add(&class.dn, whole).await.unwrap().success().unwrap();
    let one = account(1, "arrivee", "Arrivée");
    written(&target, &create(&one)).await;
    written(&target, &add_links(&class, &[&one.dn])).await;
    if let Some(change) = bench.last_change() {
        assert!(change.len() < 1000 && change.contains("arrivee"), "{change}");
    }
    let found = &target.observe().await.unwrap().entries[&class.key].links["member"];
    assert_eq!(found.len(), 5001);
}

/// R-55, SEC-12, R-12: the initial password allows its change and nothing else; a disabled account
/// cannot log in.
async fn the_initial_password_must_be_changed_and_a_disabled_account_is_shut(bench: Bench) {
    let mut target = bench.target().await;
    let person = account(1, "ines.lefevre", "Inès");
    let secret = InitialPassword::draw(&mut entropy);
    let made = target.write(&create(&person), Some(&secret)).await;
    assert_eq!(made, Ok(Done::Written));
    // The same creation again, by a recovery that drew another secret: the first one stays.
    let other = InitialPassword::draw(&mut entropy);
    assert_eq!(target.write(&create(&person), Some(&other)).await, Ok(Done::Already));
    assert_eq!(bench.bind_code(&person.dn, other.reveal()).await, 49);

    let mut pupil = bench.client().await;
    pupil.simple_bind(&person.dn, secret.reveal()).await.unwrap().success().unwrap();
    let own = pupil.search(&person.dn, Scope::Base, "(objectClass=*)", vec!["uid"]).await.unwrap();
    assert_eq!(own.1.rc, 50, "before the change, nothing else is allowed");
    let exop = ldap3::exop::PasswordModify {
        user_id: None,
        old_pass: None,
        new_pass: Some("Un-mot-de-passe-choisi-7"),
    };
    pupil.extended(exop).await.unwrap().success().unwrap();
    let own = pupil.search(&person.dn, Scope::Base, "(objectClass=*)", vec!["uid"]).await.unwrap();
    assert_eq!((own.1.rc, own.0.len()), (0, 1), "after it, its own entry");
    assert_eq!(bench.bind_code(&person.dn, secret.reveal()).await, 49);
    assert_eq!(bench.bind_code(&person.dn, "Un-mot-de-passe-choisi-7").await, 0);

    let disable = change(&person, &[], &[("pwdAccountLockedTime", &[LOCKED])]);
    written(&target, &disable).await;
    already(&target, &disable).await;
    assert_eq!(bench.bind_code(&person.dn, "Un-mot-de-passe-choisi-7").await, 49);
    assert!(!target.observe().await.unwrap().entries[&person.key].enabled);
    written(&target, &change(&person, &[("pwdAccountLockedTime", &[LOCKED])], &[])).await;
    assert_eq!(bench.bind_code(&person.dn, "Un-mot-de-passe-choisi-7").await, 0);
    assert!(target.observe().await.unwrap().entries[&person.key].enabled);
    // A lock by the server's own policy is not our doing, and not ours to lift.
    let mut admin = bench.admin().await;
    let lock = Mod::Replace("pwdAccountLockedTime", ["20260901120000Z"].into_iter().collect());
    admin.modify(&person.dn, vec![lock]).await.unwrap().success().unwrap();
    assert_eq!(target.observe().await.unwrap().entries[&person.key], person);
}

/// SEC-04: another authority is not trusted, whatever the address.
async fn another_authority_is_refused(bench: Bench) {
    let folder = tempfile::tempdir().unwrap();
    crate::slapd::Certificates::make(folder.path());
    let mut settings = bench.settings();
    settings.ca_file = Some(folder.path().join("ca.pem"));
    match connect(settings, entropy).await {
        Err(TargetError::Unreachable { what, hint }) => {
            assert!(what.contains("certificate not signed by the CA in"), "{what}");
            assert!(hint.contains("ca_file"), "{hint}");
        }
        other => panic!("{:?}", other.err()),
    }
    let mut settings = bench.settings();
    settings.bind = Bind::Simple { dn: SERVICE.into(), password: "faux".into() };
    match connect(settings, entropy).await {
        Err(TargetError::Unreachable { what, .. }) => assert!(what.contains("(49)"), "{what}"),
        other => panic!("{:?}", other.err()),
    }
    let mut settings = bench.settings();
    settings.base = "ou=absente,dc=ent,dc=test".into();
    match connect(settings, entropy).await {
        Err(TargetError::Unreadable { what, .. }) => {
            assert!(what.contains("does not exist"), "{what}")
        }
        other => panic!("{:?}", other.err()),
    }
}

/// Several hundred writes at once, over two connections, none lost.
async fn many_writes_at_once_all_arrive(bench: Bench) {
    let mut target = bench.target().await;
    let operations: Vec<Operation> =
        (1..=300).map(|id| create(&account(id, &format!("p{id}"), "Prénom"))).collect();
    let writes = operations.iter().map(|operation| target.write(operation, None));
    let outcomes = futures_util::future::join_all(writes).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(Done::Written)), "{outcomes:?}");
    assert_eq!(target.observe().await.unwrap().entries.len(), 300);
}

macro_rules! contract {
    ($(($($server:ident)+) $promise:ident,)*) => {
        $(contract!(@ $promise $($server)+);)*
    };
    (@ $promise:ident $($server:ident)+) => {
        mod $promise {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $server() {
                super::$promise(super::servers::$server().with_base().await).await;
            })+
        }
    };
}

mod servers {
    use super::*;
    pub(super) fn plain() -> Bench {
        Bench::slapd(&Choices::of(Variant::Plain))
    }
    pub(super) fn full() -> Bench {
        Bench::slapd(&Choices::of(Variant::Full))
    }
    pub(super) fn lab() -> Bench {
        Bench::lab()
    }
}

contract! {
    (plain full lab) what_was_created_is_observed_as_it_was,
    (plain full lab) a_hostile_filter_value_finds_nobody_else,
    (plain full lab) an_update_writes_what_differs_and_again_is_already_done,
    (plain full lab) a_changed_entry_is_not_written_over,
    (plain full lab) a_change_between_looking_and_writing_wins,
    (plain full lab) an_unmarked_entry_is_never_touched,
    (plain full lab) a_copy_made_by_hand_is_seen_as_a_double,
    (plain full lab) a_rename_and_a_move_keep_the_entry,
    (plain full lab) links_are_deltas_and_what_is_done_is_left_alone,
    (plain full lab) a_deleted_entry_is_gone_once,
    (plain lab) whoever_stands_with_the_disabled_is_observed_as_disabled,
    (plain full lab) nobody_is_linked_to_an_entry_that_stands_nowhere,
    (plain full lab) a_group_of_5000_takes_one_arrival_as_one_value,
    (plain full lab) another_authority_is_refused,
    (plain full lab) many_writes_at_once_all_arrive,
    (plain full lab) wrong_requests_get_the_codes_of_slapd,
    (plain full lab) searches_answer_as_those_of_slapd,
    // `plain` knows the words of the policy and does not enforce them.
    (full lab) the_initial_password_must_be_changed_and_a_disabled_account_is_shut,
}
