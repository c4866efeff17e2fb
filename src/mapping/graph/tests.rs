use std::fmt::Write as _;

use secrecy::SecretSlice;

use super::*;
use crate::model::account::AccountName;
use crate::model::ids::{StructureCode, StructureKey};
use crate::model::workspace::{Workspace, WorkspaceState};

const SUPPLIED: &str = include_str!("../../../mappings/graph.toml");

fn tenant(form: GroupForm) -> Tenant {
    let keys = |text: &str| OpaqueKeys::new(SecretSlice::from(text.as_bytes().to_vec()));
    let licences = [(Licence::Pupils, "sku-1".to_owned())].into();
    let prefix = "hdf".to_owned();
    Tenant { prefix, form, people: keys("people"), schools: keys("schools"), licences }
}

fn mapping(form: GroupForm) -> GraphMapping {
    GraphMapping::parse(SUPPLIED, "graph.toml", tenant(form)).unwrap()
}

fn uai() -> Uai {
    "0590001F".parse().unwrap()
}

fn workspace(name: &str, label: &str) -> Workspace {
    let code = StructureCode("2 A".into());
    Workspace {
        key: StructureKey { uai: uai(), kind: StructureKind::Division, code },
        name: name.into(),
        label: label.into(),
        state: WorkspaceState::Open,
    }
}

fn told(entry: &Entry) -> String {
    let mut text = format!("{} {}\n", entry.key, entry.dn);
    for (attribute, values) in &entry.attributes {
        values.iter().for_each(|value| writeln!(text, "{attribute}: {value}").unwrap());
    }
    for (link, values) in &entry.links {
        values.iter().for_each(|value| writeln!(text, "{link}> {value}").unwrap());
    }
    text
}

/// requirements 3.3: these properties, and nothing else.
#[test]
fn a_pupil_has_this_account() {
    let mapping = mapping(GroupForm::Security);
    let login = |text: &str| text.parse().unwrap();
    let name = AccountName {
        login: login("ines.lefevre"),
        short_login: login("ines.lefevre"),
        mail_local: login("ines.le-fevre"),
    };
    let school = uai();
    let facts = AccountFacts {
        person: PersonId(4711),
        name: &name,
        mail: "ines.le-fevre@eleves.ecole.example".into(),
        given: "Inès".repeat(20),
        called: "Le Fèvre".into(),
        display: "Inès Le Fèvre".into(),
        uai: &school,
        category: Category::Pupil,
        schools: vec![&school],
        enabled: false,
    };
    let entry = mapping.account(&facts, &school).unwrap();
    let (key, code) = (mapping.tenant.people.of(PersonId(4711)), mapping.tenant.school(&school));
    let given = "Inès".repeat(16);
    assert_eq!(
        told(&entry),
        format!(
            "rentree:account:4711 userPrincipalName=ines.lefevre@eleves.ecole.example\n\
             accountEnabled: false\n\
             displayName: Inès Le Fèvre\n\
             employeeId: {key}\n\
             extensionAttribute1: {key}\n\
             extensionAttribute2: {code}\n\
             givenName: {given}\n\
             mailNickname: ines.le-fevre\n\
             surname: Le Fèvre\n\
             usageLocation: FR\n\
             userPrincipalName: ines.lefevre@eleves.ecole.example\n"
        )
    );
    let usable = mapping.account(&AccountFacts { enabled: true, ..facts }, &school).unwrap();
    assert!(!usable.attributes.contains_key(ENABLED));
    let known = BTreeSet::from([school.clone(), "0599990N".parse().unwrap()]);
    assert_eq!(mapping.tenant.school_of(&code, &known), Some(&school));
    assert_eq!(mapping.tenant.school_of(&key, &known), None);
}

#[test]
fn a_group_is_of_a_year_and_a_form() {
    let space = workspace("0590001F-div-2A", "Seconde A");
    let facts = GroupFacts {
        workspace: &space,
        neutral: false,
        pupils: vec!["userPrincipalName=p@e".into()],
        teachers: vec!["userPrincipalName=t@e".into()],
    };
    let security = mapping(GroupForm::Security).group(&facts, SchoolYear(2026)).unwrap();
    assert_eq!(
        told(&security),
        "rentree:division@2026:0590001F:2 A uniqueName=hdf-2026-0590001F-div-2_20A\n\
         displayName: Classe Seconde A 0590001F 2026\n\
         mailNickname: 2026-0590001F-div-2A\n\
         uniqueName: hdf-2026-0590001F-div-2_20A\n\
         members> userPrincipalName=p@e\n\
         members> userPrincipalName=t@e\n"
    );
    let mapping = mapping(GroupForm::Unified);
    let unified = mapping.group(&facts, SchoolYear(2026)).unwrap();
    let text = told(&unified);
    assert!(text.contains("\ngroupTypes: Unified\n"), "{text}");
    assert!(text.ends_with("\nowners> userPrincipalName=t@e\n"), "{text}");
    let team = mapping.team(&unified).unwrap();
    assert_eq!(
        told(&team),
        "rentree:team-division+2026:0590001F:2 A team=hdf-2026-0590001F-div-2_20A-m365\n\
         template: educationClass\n"
    );
    // The service takes 100 owners at most.
    let teachers: Vec<String> = (0..120).map(|n| format!("userPrincipalName=t{n}@e")).collect();
    let many = mapping.group(&GroupFacts { teachers, ..facts }, SchoolYear(2026)).unwrap();
    assert_eq!((many.links[OWNERS].len(), many.links[MEMBERS].len()), (100, 121));
}

/// Requirements 3.3: neither the name nor the key of the group tells.
#[test]
fn a_neutral_class_is_told_nowhere() {
    let space = workspace("0590001F-div-espace-1", "ULIS");
    let facts = GroupFacts { workspace: &space, neutral: true, pupils: vec![], teachers: vec![] };
    let entry = mapping(GroupForm::Security).group(&facts, SchoolYear(2026)).unwrap();
    assert_eq!(entry.key.to_string(), "rentree:division@2026:0590001F:2 A");
    let mut shown = told(&entry);
    shown = shown.split_once(' ').unwrap().1.replace("A uniqueName", "uniqueName");
    assert!(!shown.contains("ULIS") && !shown.contains("2_20A"), "{shown}");
    assert!(shown.contains("uniqueName=hdf-2026-0590001F-div-_23"), "{shown}");
}

#[test]
fn a_licence_group_gives_its_product() {
    let mapping = mapping(GroupForm::Security);
    let members = BTreeSet::from(["userPrincipalName=p@e".to_owned()]);
    assert_eq!(
        told(&mapping.licence(Licence::Pupils, members).unwrap()),
        "rentree:licence:pupils uniqueName=hdf-licence-pupils\n\
         assignedLicenses: sku-1\n\
         displayName: Licence Office 365 des élèves\n\
         mailNickname: licence-eleves\n\
         uniqueName: hdf-licence-pupils\n\
         members> userPrincipalName=p@e\n"
    );
    assert!(mapping.licence(Licence::Staff, BTreeSet::new()).is_none());
}

#[test]
fn two_long_nicknames_stay_two() {
    let cut = |end: &str| {
        let mut value = format!("2026-{}{end}", "a".repeat(64));
        shorten(NICKNAME, &mut value);
        value
    };
    assert_eq!(cut("b").len(), 64);
    assert_ne!(cut("b"), cut("c"));
}

#[test]
fn every_problem_of_the_file_is_told() {
    let check = |from: &str, to: &str, expect: &str| {
        let text = SUPPLIED.replacen(from, to, 1);
        assert_ne!(text, SUPPLIED, "{from}");
        let problems = GraphMapping::parse(&text, "g", tenant(GroupForm::Unified)).unwrap_err();
        assert!(problems.iter().any(|one| one == expect), "{problems:?}");
    };
    // no property that is not on the list, no variable that tells more.
    check(
        "givenName = ",
        "birthday = \"{{ given }}\"\ngivenName = ",
        "g: account.attributes.birthday: is not allowed here",
    );
    check(
        "givenName = ",
        "extensionAttribute1 = \"x\"\ngivenName = ",
        "g: account.attributes.extensionAttribute1: is not allowed here",
    );
    check(
        "{{ given }}",
        "{{ ine }}",
        "g: account.attributes.givenName: there is no variable ine here, only called, category, \
         display, domain, enabled, given, login, mail, mail_local, school",
    );
    check("usageLocation", "jobTitle", "g: account.attributes.usageLocation: is missing");
    check(
        "{{ login }}@{{ domain }}",
        "{{ display }}@{{ domain }}",
        "g: account.attributes.userPrincipalName: names nobody: login or mail",
    );
    check(
        "{{ login }}@{{ domain }}",
        "é{{ login }}@{{ domain }}",
        "g: userPrincipalName: éa@ecole.example is no user principal name",
    );
    check(
        "{{ year }}-{{ name }}",
        "{{ name }}",
        "g: group.attributes.mailNickname: must hold name and year: last year's group still \
         stands beside the new one",
    );
    check("owners = [\"teachers\"]", "", {
        "g: group.links.owners: is missing: the site of a Microsoft 365 group comes with its owner"
    });
    check("[licences.staff]", "[licences.other]", "g: licences.staff: is missing");
}
