use std::fmt::Write as _;

use super::*;
use crate::model::ids::{StructureCode, StructureKey};

const PPOLICY: &str = include_str!("../../../mappings/openldap.toml");
const SANS: &str = include_str!("../../../mappings/openldap-sans-ppolicy.toml");

fn mapping(text: &str) -> EntryMapping {
    EntryMapping::parse(text, "openldap.toml", "dc=ecole,dc=example").unwrap()
}

fn name(login: &str) -> AccountName {
    let login: crate::model::ids::Login = login.parse().unwrap();
    AccountName { login: login.clone(), short_login: login.clone(), mail_local: login }
}

fn uai(text: &str) -> Uai {
    text.parse().unwrap()
}

fn account<'a>(
    name: &'a AccountName,
    given: &str,
    called: &str,
    schools: &[&'a Uai],
) -> AccountFacts<'a> {
    AccountFacts {
        person: PersonId(4711),
        name,
        mail: format!("{}@eleves.ecole.example", name.mail_local),
        given: given.into(),
        called: called.into(),
        display: format!("{given} {called}"),
        uai: schools[0],
        category: Category::Pupil,
        schools: schools.to_vec(),
        enabled: true,
    }
}

fn workspace(code: &str, name: &str, label: &str) -> Workspace {
    let key = StructureKey {
        uai: uai("0590001F"),
        kind: StructureKind::Division,
        code: StructureCode(code.into()),
    };
    Workspace { key, name: name.into(), label: label.into(), state: WorkspaceState::Open }
}

fn check(entry: &Entry, expect: &str) {
    let mut text = format!("dn: {}\n", entry.dn);
    for (attribute, values) in &entry.attributes {
        values.iter().for_each(|value| writeln!(text, "{attribute}: {value}").unwrap());
    }
    for (attribute, values) in &entry.links {
        values.iter().for_each(|value| writeln!(text, "{attribute}> {value}").unwrap());
    }
    assert_eq!(text, expect);
}

#[test]
fn a_pupil_has_this_entry() {
    let (name, school) = (name("ines.lefevre"), uai("0590001F"));
    let entry = mapping(PPOLICY).account(&account(&name, "Inès", "Lefèvre", &[&school]));
    check(
        &entry.unwrap(),
        "dn: uid=ines.lefevre,ou=personnes,ou=0590001F,dc=ecole,dc=example\n\
             cn: Inès Lefèvre\n\
             departmentNumber: 0590001F\n\
             description: rentree:account:4711\n\
             displayName: Inès Lefèvre\n\
             employeeNumber: 4711\n\
             employeeType: eleve\n\
             givenName: Inès\n\
             labeledURI: smb://espaces.ecole.example/personnels/ines.lefevre Espace personnel\n\
             mail: ines.lefevre@eleves.ecole.example\n\
             objectClass: inetOrgPerson\n\
             objectClass: organizationalPerson\n\
             objectClass: person\n\
             objectClass: top\n\
             sn: Lefèvre\n\
             uid: ines.lefevre\n",
    );
}

#[test]
fn a_teacher_of_two_schools_has_one_entry_that_names_both() {
    //
    let (name, schools) = (name("a.de"), [uai("0951099D"), uai("0590001F")]);
    let mut facts = account(&name, "Anne", "de La Fontaine", &[&schools[0], &schools[1]]);
    facts.category = Category::Teacher;
    let entry = mapping(PPOLICY).account(&facts).unwrap();
    assert_eq!(entry.dn, "uid=a.de,ou=personnes,ou=0951099D,dc=ecole,dc=example");
    assert_eq!(entry.uai, Some(uai("0951099D")));
    assert_eq!(entry.attributes.values_of("departmentNumber"), ["0590001F", "0951099D"]);
    assert_eq!(entry.attributes.values_of("employeeType"), ["enseignant"]);
}

#[test]
fn an_account_that_cannot_be_used_is_locked_or_stands_elsewhere() {
    let (name, school) = (name("ines.lefevre"), uai("0590001F"));
    let working = account(&name, "Inès", "Lefèvre", &[&school]);
    let stopped = AccountFacts { enabled: false, ..working.clone() };
    let locked = mapping(PPOLICY);
    let entry = locked.account(&stopped).unwrap();
    assert!(!entry.enabled);
    assert_eq!(entry.attributes.values_of("pwdAccountLockedTime"), ["000001010000Z"]);
    let managed = locked.managed();
    assert!(
        managed.attributes[&crate::model::entry::ObjectKind::Account]
            .contains("pwdAccountLockedTime")
    );
    let same = locked.account(&working).unwrap();
    assert_eq!(same.dn, entry.dn);
    assert!(!same.attributes.contains_key("pwdAccountLockedTime"));

    let moved = mapping(SANS);
    let entry = moved.account(&stopped).unwrap();
    assert_eq!(entry.dn, "uid=ines.lefevre,ou=inactifs,ou=0590001F,dc=ecole,dc=example");
    assert_eq!(entry.attributes, moved.account(&working).unwrap().attributes);
    assert!(moved.managed().required.is_empty() && moved.managed().disabled.is_empty());
}

#[test]
fn a_frozen_group_says_so_and_keeps_a_member() {
    //
    let mut workspace = workspace("2 A", "0590001F-div-2-A", "SECONDE A");
    workspace.state = WorkspaceState::Frozen { since: jiff::civil::date(2026, 9, 20) };
    let facts = GroupFacts {
        workspace: &workspace,
        neutral: false,
        pupils: vec!["uid=b,dc=x".into(), "uid=a,dc=x".into()],
        teachers: vec!["uid=t,dc=x".into()],
    };
    let mapping = mapping(PPOLICY);
    check(
        &mapping.group(&facts).unwrap(),
        "dn: cn=0590001F-div-2-A,ou=groupes,ou=0590001F,dc=ecole,dc=example\n\
             businessCategory: archive\n\
             businessCategory: classe\n\
             cn: 0590001F-div-2-A\n\
             description: rentree:division:0590001F:2 A\n\
             objectClass: groupOfNames\n\
             objectClass: top\n\
             ou: 2 A\n\
             ou: SECONDE A\n\
             member> cn=personne,dc=ecole,dc=example\n\
             member> uid=a,dc=x\n\
             member> uid=b,dc=x\n\
             member> uid=t,dc=x\n\
             owner> uid=t,dc=x\n",
    );
    workspace.state = WorkspaceState::Open;
    let empty = GroupFacts {
        workspace: &workspace,
        neutral: true,
        pupils: Vec::new(),
        teachers: Vec::new(),
    };
    let entry = mapping.group(&empty).unwrap();
    assert_eq!(entry.attributes.values_of("businessCategory"), ["classe"]);
    assert_eq!(entry.links["member"].len(), 1);
    assert!(!entry.links.contains_key("owner"));
    // Requirements 3.3: neither the code nor the label is shown.
    assert_eq!(entry.attributes.values_of("ou"), ["0590001F-div-2-A"]);
    assert_eq!(entry.key.to_string(), "rentree:division:0590001F:2 A");
    let mark = entry.key.opaque().to_string();
    assert_eq!(entry.attributes.values_of("description"), [mark]);
}

#[test]
fn a_school_has_its_containers_parents_first() {
    let (school, mapping) = (uai("0590001F"), mapping(PPOLICY));
    let entries = mapping.containers(&school).unwrap();
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.to_string()).collect();
    assert_eq!(
        keys,
        [
            "rentree:container:0590001F",
            "rentree:container:0590001F/personnes",
            "rentree:container:0590001F/groupes",
        ]
    );
    check(
        &entries[1],
        "dn: ou=personnes,ou=0590001F,dc=ecole,dc=example\n\
             description: rentree:container:0590001F/personnes\n\
             objectClass: organizationalUnit\n\
             objectClass: top\n\
             ou: personnes\n",
    );
    assert_eq!(entries[1].uai, Some(school));
}

#[test]
fn values_are_composed_cut_sorted_and_never_empty() {
    let (name, school) = (name("ines.lefevre"), uai("0590001F"));
    let long = format!("{} x", "é".repeat(63));
    let mut facts = account(&name, " Ine\u{300}s ", &long, &[&school]);
    facts.mail = String::new();
    let entry = mapping(PPOLICY).account(&facts).unwrap();
    assert_eq!(entry.attributes.values_of("givenName"), ["Inès"]);
    assert_eq!(entry.attributes.values_of("sn"), ["é".repeat(63)]);
    assert!(!entry.attributes.contains_key("mail"));
}

#[test]
fn what_fills_a_dn_stays_a_value() {
    // SEC-36: a workspace name is safe by SEC-38; the DN does not rely on it.
    let workspace = workspace("x", "a,ou=admin+cn=b #", "x");
    let facts = GroupFacts {
        workspace: &workspace,
        neutral: false,
        pupils: Vec::new(),
        teachers: Vec::new(),
    };
    let entry = mapping(PPOLICY).group(&facts).unwrap();
    let dn = "cn=a\\,ou\\=admin\\+cn\\=b #,ou=groupes,ou=0590001F,dc=ecole,dc=example";
    assert_eq!(entry.dn, dn);
    // A value is not a template either.
    let workspace = self::workspace("{{ uai }}", "a", "{% x");
    let facts = GroupFacts { workspace: &workspace, ..facts };
    let entry = mapping(PPOLICY).group(&facts).unwrap();
    assert_eq!(entry.attributes.values_of("ou"), ["{% x", "{{ uai }}"]);
}
