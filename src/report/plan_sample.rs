//! A small plan with one of everything, made by the real difference: the forms of a plan are
//! tested on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::delivery::{Counts, Source, Status};
use crate::model::dn;
use crate::model::entry::Entry;
use crate::model::observed::Observed;
use crate::model::registry::RegistryChange;
use crate::plan::diff::{Sides, diff};
use crate::plan::make::{Parts, make};
use crate::plan::simulator::{account, container, group, keyed, managed, person_dn, uai, values};
use crate::plan::{DeliveryLine, Objection, PersonCounts, Plan, Stray, Summary};

const OLD: &str = "0599990N";
const NEW: &str = "0809990Z";

fn with(mut entry: Entry, attribute: &str, held: &str) -> Entry {
    entry.attributes.insert(attribute, values(&[held]));
    entry
}

fn off(mut entry: Entry) -> Entry {
    entry.enabled = false;
    entry
}

fn renamed_group(code: &str, name: &str) -> Entry {
    let mut entry = with(group(OLD, code, &[]), "cn", name);
    entry.dn = entry.dn.replace(&format!("cn={code}"), &format!("cn={name}"));
    entry
}

fn desired() -> Vec<Entry> {
    let ines = with(account(1, NEW, "ines.exemple"), "displayName", "Inès Exemple");
    let paul = with(account(2, OLD, "paul.exemple"), "displayName", "=HYPERLINK(\"x\")");
    let paul = with(paul, "mail", "paul@exemple.fr");
    // A name from a hostile file: a terminal must not obey it, LDIF must not break on it.
    let zoe = with(account(3, OLD, "zoé"), "displayName", " Zoé\n\u{1b}[31m");
    let lea = account(4, NEW, "lea.exemple");
    vec![
        container("0809990Z"),
        group(NEW, "_G1", &[&ines.dn, &lea.dn, &zoe.dn]),
        group(NEW, "2A1", &[&lea.dn]),
        group(OLD, "1G3", &[]),
        renamed_group("3B", "troisieme-b"),
        ines,
        paul,
        zoe,
        lea,
        off(account(5, OLD, "marc.exemple")),
        account(6, OLD, "nora.exemple"),
        account(8, OLD, "pris.exemple"),
    ]
}

fn observed() -> Observed {
    let paul = with(account(2, OLD, "paul.exemple"), "displayName", "paul exemple");
    let lea = account(4, OLD, "lea.exemple");
    let gone = account(7, OLD, "parti.exemple");
    let entries = [
        group(NEW, "2A1", &[]),
        group(OLD, "1G3", &[&lea.dn]),
        group(OLD, "3B", &[]),
        with(paul, "title", "élève"),
        lea,
        account(5, OLD, "marc.exemple"),
        off(account(6, OLD, "nora.exemple")),
        gone,
    ];
    Observed {
        entries: keyed(entries),
        foreign_dns: BTreeSet::from([dn::comparable(&person_dn(OLD, "pris.exemple"))]),
        ..Observed::default()
    }
}

pub(super) fn plan() -> Plan {
    let mut managed = managed();
    for names in managed.attributes.values_mut() {
        names.extend(["displayName".to_owned(), "title".to_owned()]);
    }
    let found = diff(&Sides {
        target: "annuaire",
        desired: &keyed(desired()),
        observed: &observed(),
        managed: &managed,
        known: &BTreeSet::new(),
        deletions: &BTreeSet::from([account(7, OLD, "parti.exemple").key]),
        unheard: &BTreeMap::new(),
        link_chunk: 2,
    });
    let objection = |id: &str, school: Option<&str>, text: &str| Objection {
        id: id.to_owned(),
        uai: school.map(uai),
        text: text.to_owned(),
    };
    make(Parts {
        made_at: "2026-09-01T07:00:00Z".parse().unwrap(),
        generation: 3,
        basis: Vec::new(),
        settings: "0".repeat(64).parse().unwrap(),
        change: RegistryChange::default(),
        operations: found.operations,
        strays: strays(),
        doubles: doubles(),
        rehearsed: false,
        origin: crate::plan::origin::Origin::default(),
        objections: vec![
            objection("too-many-disables", Some(OLD), "2 of 9 accounts would be disabled"),
            objection("too-many-disables-overall", None, "2 of 20 accounts would be disabled"),
        ],
        summary: summary(),
    })
}

fn summary() -> Summary {
    let line = |name: &str, status, counts| DeliveryLine {
        name: name.to_owned(),
        uai: Some(uai(OLD)),
        source: Some(Source::SieclePupils),
        school_year: Some(crate::model::ids::SchoolYear(2026)),
        exported_at: Some("2026-08-31T16:30:00Z".parse().unwrap()),
        received_at: "2026-09-01T06:00:00Z".parse().unwrap(),
        status,
        counts,
    };
    let counts = Counts { read: 302, accepted: 298, quarantined: 3, rejected: 1 };
    let mut unknown = line("perdu\u{1b}.xml", Status::Refused, Counts::default());
    (unknown.uai, unknown.source, unknown.exported_at) = (None, None, None);
    Summary {
        deliveries: vec![line("mardi/eleves.zip!0599990N.xml", Status::Current, counts), unknown],
        persons: PersonCounts { new: 3, matched: 298, moved: 1, held: 2, in_review: 0, leaving: 4 },
        since: BTreeMap::new(),
        since_at: BTreeMap::new(),
        news: None,
        caught_up: BTreeMap::new(),
        later: BTreeMap::new(),
        missed: BTreeMap::new(),
        waits: Vec::new(),
        oldest_receipt: Some("2026-09-01T06:00:00Z".parse().unwrap()),
        unread: BTreeMap::from([("second".to_owned(), "target second: no answer".to_owned())]),
    }
}

/// Marked entries that the registry does not know.
fn strays() -> Vec<Stray> {
    vec![stray(group(OLD, "VIEUX", &[]))]
}

/// Copies.
fn doubles() -> Vec<Stray> {
    vec![stray(account(2, NEW, "paul.exemple"))]
}

fn stray(Entry { key, dn, .. }: Entry) -> Stray {
    Stray { target: "annuaire".to_owned(), key, dn }
}

/// Compares with a file beside the sources; `UPDATE_EXPECT=1` writes it anew.
pub(super) fn expect_file(path: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report").join(path);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{}", path.display());
}
