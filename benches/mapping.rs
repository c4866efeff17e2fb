//! Names of a million homonyms, and entries of a region, made by the supplied mapping:
//! 250,000 accounts and 20,000 groups.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench tells what it measured, or dies"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use rentree::desired::naming::{Ledger, base};
use rentree::mapping::entries::{AccountFacts, Category, EntryMapping, GroupFacts};
use rentree::mapping::naming::Scheme;
use rentree::model::ids::{PersonId, StructureCode, StructureKey, StructureKind, Uai};
use rentree::model::record::Names;
use rentree::model::workspace::{Workspace, WorkspaceState};

const ACCOUNTS: u64 = 250_000;
const GROUPS: u64 = 20_000;

fn main() {
    let supplied = |file: &str| {
        let (_, text) = rentree::mapping::SUPPLIED.iter().find(|(name, _)| *name == file).unwrap();
        *text
    };
    let scheme = Scheme::parse(supplied("naming.toml"), "naming.toml").unwrap();
    let mapping =
        EntryMapping::parse(supplied("openldap.toml"), "openldap.toml", "dc=ecole,dc=example")
            .unwrap();
    let uai: Uai = "0590001F".parse().unwrap();
    homonyms(&scheme, 250_000);
    homonyms(&scheme, 500_000);
    homonyms(&scheme, 1_000_000);

    let started = Instant::now();
    let mut ledger = Ledger::new();
    let names = (0..ACCOUNTS).map(|rank| {
        // About 12 homonyms a name.
        let family = format!("LEFÈVRE-{}", letters(rank % 20_000));
        let names = Names { family, usage: None, given: "Inès Marie".into() };
        ledger.grant(&base(&names, &scheme).unwrap())
    });
    let names: Vec<_> = names.collect();
    println!("naming   {ACCOUNTS} accounts in {:?}", started.elapsed());

    let started = Instant::now();
    let mut values = 0;
    for (rank, name) in (1..).zip(&names) {
        let entry = mapping.account(&AccountFacts {
            person: PersonId(rank),
            name,
            mail: scheme.address(name, true),
            given: "Inès Marie".into(),
            called: "Lefèvre".into(),
            display: "Inès Marie Lefèvre".into(),
            uai: &uai,
            category: Category::Pupil,
            schools: vec![&uai],
            enabled: true,
        });
        values += entry.unwrap().attributes.len();
    }
    println!("accounts {ACCOUNTS} entries, {values} attributes in {:?}", started.elapsed());

    let started = Instant::now();
    let mut members = 0;
    for rank in 0..GROUPS {
        let code = format!("G{rank}");
        let workspace = Workspace {
            name: format!("{uai}-div-{code}"),
            key: StructureKey {
                uai: uai.clone(),
                kind: StructureKind::Division,
                code: StructureCode(code),
            },
            label: "SECONDE".into(),
            state: WorkspaceState::Open,
        };
        let pupil = |rank: u64| format!("uid=ines.lefevre{rank},ou=personnes,ou={uai},dc=ecole");
        let pupils = (0..30).map(pupil).collect();
        let facts =
            GroupFacts { workspace: &workspace, neutral: false, pupils, teachers: Vec::new() };
        members +=
            mapping.group(&facts).unwrap().links.values().map(|dns| dns.len()).sum::<usize>();
    }
    println!("groups   {GROUPS} entries, {members} members in {:?}", started.elapsed());
}

/// People of three thousand names, a third of them cut to short logins that meet. Twice as many
/// should take about twice the time.
fn homonyms(scheme: &Scheme, people: u64) {
    let families = ["DUPONT-", "EL AMRANI ", "DE LA ROCHEFOUCAULD "];
    let bases = |rank: u64| {
        let rank = rank * 7919 % 3_000;
        let beginning = families[usize::try_from(rank % 3).unwrap()];
        let family = format!("{beginning}{}", letters(rank / 3));
        let names = Names { family, usage: None, given: "Jean-Baptiste".into() };
        base(&names, scheme).unwrap()
    };
    let started = Instant::now();
    let bases: Vec<_> = (0..people).map(bases).collect();
    println!("naming   {people} bases in {:?}", started.elapsed());
    let started = Instant::now();
    let mut ledger = Ledger::new();
    let granted: Vec<_> = bases.iter().map(|base| ledger.grant(base)).collect();
    println!("naming   {people} homonyms parted in {:?}", started.elapsed());
    let mut given = BTreeSet::new();
    for name in &granted {
        assert!(name.short_login.as_str().len() <= 20);
        for own in BTreeSet::from([&name.login, &name.short_login, &name.mail_local]) {
            assert!(given.insert(own), "{own} was given twice");
        }
    }
}

fn letters(rank: u64) -> String {
    rank.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}
