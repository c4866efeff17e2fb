//! Bare requests: the lab must answer them as slapd does.

use std::collections::{BTreeMap, BTreeSet};

use ldap3::{Ldap, Mod, Scope, SearchEntry};
use rentree::model::dn;
use rentree::target::Observe;
use rentree::target::ldap::connect;
use rentree::target::ldap::settings::Settings;

use crate::slapd::BASE;

use super::bench::*;
use super::objects::*;

/// The codes are slapd's, for what goes wrong too.
pub(super) async fn wrong_requests_get_the_codes_of_slapd(bench: Bench) {
    let mut admin = bench.admin().await;
    let unit = dn::child("ou", "codes", BASE);
    let person = dn::child("uid", "codes", BASE);
    let add = |pairs: &[(&'static str, &'static str)]| {
        let mut attributes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in pairs {
            attributes.entry(name).or_default().insert(value);
        }
        attributes
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().collect()))
            .collect::<Vec<_>>()
    };
    let whole = [("objectClass", "inetOrgPerson"), ("sn", "C"), ("cn", "C")];
    for (dn, pairs, code) in [
        (&unit, &[("objectClass", "organizationalUnit")][..], 0),
        (&unit, &[("objectClass", "organizationalUnit")], 68),
        (&person, &[("objectClass", "inetOrgPerson"), ("cn", "C")], 65),
        (&person, &[("objectClass", "top"), ("cn", "C")], 65),
        (&person, &[("objectClass", "nonsense"), ("cn", "C")], 21),
        (&person, &[("objectClass", "inetOrgPerson"), ("nonsense", "C")], 17),
        (&person, &[whole[0], whole[1], whole[2], ("mail", "é@ecole.test")], 21),
        (&person, &[whole[0], whole[1], whole[2], ("displayName", "a"), ("displayName", "b")], 19),
        (&person, &[whole[0], whole[1], whole[2], ("member", "cn=x")], 65),
        (&person, &[whole[0], whole[1], whole[2], ("entryCSN", "x")], 21),
        (&person, &whole, 0),
        (&format!("uid=x,ou=nulle-part,{BASE}"), &whole, 32),
        (&"uid=x,dc=ailleurs".to_owned(), &whole, 53),
        (&"uid".to_owned(), &whole, 34),
    ] {
        assert_eq!(admin.add(dn, add(pairs)).await.unwrap().rc, code, "add {dn} {pairs:?}");
    }
    wrong_changes(&mut admin, &person).await;
    wrong_names_and_binds(&bench, &mut admin, &person).await;
}

async fn wrong_changes(admin: &mut Ldap, person: &str) {
    let one = |value: &'static str| [value].into_iter().collect();
    for (change, code) in [
        (Mod::Add("sn", one("C")), 20),
        (Mod::Add("sn", one("c ")), 20),
        (Mod::Add("sn", one("D")), 0),
        (Mod::Delete("sn", one("E")), 16),
        (Mod::Delete("mail", one("E")), 16),
        (Mod::Delete("cn", one("C")), 65),
        (Mod::Delete("uid", one("codes")), 64),
        (Mod::Replace("displayName", ["a", "b"].into_iter().collect()), 19),
        (Mod::Replace("nonsense", one("a")), 17),
        (Mod::Replace("sn", one("")), 21),
        (Mod::Replace("member", one("cn=x")), 65),
        (Mod::Replace("objectClass", one("organizationalUnit")), 69),
        (Mod::Replace("entryUUID", one("02214fba-7c01-1041-83a9-312b424e50dd")), 19),
        (Mod::Replace("pwdReset", one("peut-être")), 21),
    ] {
        let shown = format!("{change:?}");
        assert_eq!(admin.modify(person, vec![change]).await.unwrap().rc, code, "{shown}");
    }
}

async fn wrong_names_and_binds(bench: &Bench, admin: &mut Ldap, person: &str) {
    let gone = dn::child("uid", "gone", BASE);
    let by_hand = Mod::Add("sn", ["x"].into_iter().collect());
    assert_eq!(admin.modify(&gone, vec![by_hand]).await.unwrap().rc, 32);
    assert_eq!(admin.delete(&gone).await.unwrap().rc, 32);
    assert_eq!(admin.delete(BASE).await.unwrap().rc, 66);
    assert_eq!(admin.modifydn(&gone, "uid=x", true, None).await.unwrap().rc, 32);
    assert_eq!(admin.modifydn(person, "ou=codes", true, None).await.unwrap().rc, 68);
    assert_eq!(admin.modifydn(person, "uid=CODES", true, None).await.unwrap().rc, 0);
    let values = [("sn", "c", 6), ("sn", "x", 5), ("mail", "x", 16), ("nonsense", "x", 17)];
    for (attribute, value, code) in values {
        let rc = admin.compare(person, attribute, value).await.unwrap().0.rc;
        assert_eq!(rc, code, "compare {attribute}={value}");
    }
    assert_eq!(bench.bind_code(&gone, "x").await, 49);
    assert_eq!(bench.bind_code(person, "x").await, 49);
    assert_eq!(bench.bind_code(person, "").await, 53);
    let mut nobody = bench.client().await;
    let found = nobody.search(BASE, Scope::Subtree, "(objectClass=*)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.0.len()), (32, 0), "anonymous readers see nothing");
}

/// Searches as clients make them: scopes, selection, limits, pages.
pub(super) async fn searches_answer_as_those_of_slapd(bench: Bench) {
    let target = bench.target().await;
    written(&target, &create(&container("0599990N"))).await;
    for id in 1..=25 {
        written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
    }
    let mut admin = bench.admin().await;
    filters_find(&mut admin).await;
    selections_show(&mut admin).await;
    let options = ldap3::SearchOptions::new().sizelimit(10);
    let limited = admin.with_search_options(options);
    let limited = limited.search(BASE, Scope::Subtree, "(uid=*)", vec!["uid"]).await.unwrap();
    assert_eq!((limited.1.rc, limited.0.len()), (4, 10));
    // Pages of every size give the same whole.
    for page_size in [10, 13, 27, 500] {
        let settings = Settings { page_size, ..bench.settings() };
        let mut target = connect(settings, entropy).await.unwrap();
        assert_eq!(target.observe().await.unwrap().entries.len(), 26);
    }
}

async fn filters_find(admin: &mut Ldap) {
    for (scope, filter, count) in [
        (Scope::Base, "(objectClass=*)", 1),
        (Scope::OneLevel, "(objectClass=*)", 26),
        (Scope::Subtree, "(objectClass=*)", 27),
        (Scope::Subtree, "(objectClass=person)", 25),
        (Scope::Subtree, "(&(uid=p1*)(!(uid=p1)))", 10),
        (Scope::Subtree, "(|(uid=P7)(mail=p8@ecole.test)(ou=0599990n))", 3),
        (Scope::Subtree, "(cn=prénom)", 25),
        (Scope::Subtree, "(cn=PR\\c3\\89NOM)", 25),
        (Scope::Subtree, "(employeeNumber>=3)", 0),
        (Scope::Subtree, "(createTimestamp>=20200101000000Z)", 27),
        (Scope::Subtree, "(nonsense=x)", 0),
        (Scope::Subtree, "(!(nonsense=x))", 0),
        (Scope::Subtree, "(displayName~=prénom)", 25),
        (Scope::Subtree, "(ou:dn:=ecoles)", 27),
        (Scope::Subtree, "(cn:caseExactMatch:=prénom)", 0),
    ] {
        let found = admin.search(BASE, scope, filter, vec!["1.1"]).await.unwrap();
        assert_eq!((found.1.rc, found.0.len()), (0, count), "{scope:?} {filter}");
    }
}

async fn selections_show(admin: &mut Ldap) {
    let dn = dn::child("uid", "p1", BASE);
    for (asked, expected) in [
        (vec!["cn", "entryCSN"], vec!["cn", "entryCSN"]),
        (vec!["commonName"], vec!["cn"]),
        (vec!["1.1"], vec![]),
        (vec!["nonsense"], vec![]),
    ] {
        let found = admin.search(&dn, Scope::Base, "(uid=*)", asked.clone()).await.unwrap();
        let entry = SearchEntry::construct(found.0.into_iter().next().unwrap());
        let mut names: Vec<String> = entry.attrs.into_keys().collect();
        names.sort();
        assert_eq!(names.len(), expected.len(), "{asked:?}: {names:?}");
        if asked != ["commonName"] {
            assert_eq!(names, expected, "{asked:?}");
        }
    }
    let all = admin.search(&dn, Scope::Base, "(uid=*)", vec!["*", "+"]).await.unwrap();
    let entry = SearchEntry::construct(all.0.into_iter().next().unwrap());
    for name in [
        "entryUUID",
        "entryCSN",
        "createTimestamp",
        "modifyTimestamp",
        "creatorsName",
        "modifiersName",
        "structuralObjectClass",
        "entryDN",
        "subschemaSubentry",
        "hasSubordinates",
    ] {
        assert!(entry.attrs.contains_key(name), "{name}");
    }
    let options = ldap3::SearchOptions::new().typesonly(true);
    let types = admin.with_search_options(options);
    let types = types.search(&dn, Scope::Base, "(uid=*)", vec!["uid"]).await.unwrap();
    let entry = SearchEntry::construct(types.0.into_iter().next().unwrap());
    assert_eq!(entry.attrs["uid"], Vec::<String>::new());
}
