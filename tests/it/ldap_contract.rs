//! One list of promises, run against slapd (plain, full) and against the lab. slapd is right: a
//! promise that only the lab keeps is a fault of the lab.

#![expect(clippy::unwrap_used, reason = "a test that fails says where by itself")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry};
use rentree::credential::InitialPassword;
use rentree::lab::{Lab, LabError};
use rentree::mapping::managed::{Managed, PasswordForm, PasswordRule};
use rentree::model::entry::{Attributes, Entry, ObjectKey, ObjectKind};
use rentree::plan::operation::{Action, Operation, OperationKind};
use rentree::target::ldap::doctor::{Examined, Verdict, examine};
use rentree::target::ldap::settings::{Bind, ClientCertificate, Settings};
use rentree::target::ldap::{LdapTarget, connect, dn};
use rentree::target::{Done, Observe, TargetError, Write, WriteError};
use secrecy::SecretString;

use crate::slapd::{
    ADMIN, ADMIN_PASSWORD, BASE, Choices, READER, READER_PASSWORD, SERVICE, SERVICE_PASSWORD,
    SUFFIX, Slapd, Variant,
};

const LOCKED: &str = "000001010000Z";

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    strings(values).into_iter().collect()
}

pub(crate) fn managed() -> Managed {
    let account = [
        "objectClass",
        "description",
        "uid",
        "cn",
        "sn",
        "givenName",
        "displayName",
        "mail",
        "employeeNumber",
        "employeeType",
        "departmentNumber",
        "ou",
        "labeledURI",
        "pwdAccountLockedTime",
    ];
    let group = ["objectClass", "cn", "description", "ou", "businessCategory"];
    Managed {
        mark: "description".into(),
        attributes: BTreeMap::from([
            (ObjectKind::Account, set(&account)),
            (ObjectKind::Container, set(&["objectClass", "ou", "description"])),
            (ObjectKind::Group, set(&group)),
        ]),
        links: set(&["member", "owner"]),
        placeholders: BTreeMap::new(),
        at_creation: BTreeMap::from([("pwdReset".to_owned(), strings(&["TRUE"]))]),
        password: PasswordRule { attribute: "userPassword".into(), form: PasswordForm::Ssha },
        disabled: BTreeMap::from([("pwdAccountLockedTime".to_owned(), strings(&[LOCKED]))]),
        names: set(&["uid", "mail"]),
        required: set(&["pwdReset", "pwdAccountLockedTime"]),
    }
}

pub(crate) fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).unwrap();
}

/// One server under test.
pub(crate) struct Bench {
    pub(crate) slapd: Option<Slapd>,
    lab: Option<(tempfile::TempDir, Lab)>,
}

pub(crate) fn lab_options() -> rentree::lab::Options {
    rentree::lab::Options {
        port: 0,
        base: SUFFIX.into(),
        admin_dn: ADMIN.into(),
        admin_password: ADMIN_PASSWORD.into(),
        size_limit: None,
        now: || "2026-09-01T09:00:00Z".parse().unwrap(),
        entropy,
    }
}

impl Bench {
    fn slapd(choices: &Choices) -> Self {
        Self { slapd: Some(Slapd::start(choices)), lab: None }
    }

    fn lab() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lab = Lab::start(folder.path(), lab_options()).unwrap();
        Self { slapd: None, lab: Some((folder, lab)) }
    }

    /// The branch that the target works in stands already.
    async fn with_base(self) -> Self {
        if self.lab.is_some() {
            let unit = vec![("objectClass", ["organizationalUnit"].into_iter().collect())];
            self.admin().await.add(BASE, unit).await.unwrap().success().unwrap();
        }
        self
    }

    fn url(&self) -> String {
        match (&self.slapd, &self.lab) {
            (Some(slapd), _) => slapd.ldaps(),
            (None, Some((_, lab))) => lab.url(),
            (None, None) => unreachable!(),
        }
    }

    fn ca_file(&self) -> PathBuf {
        match (&self.slapd, &self.lab) {
            (Some(slapd), _) => slapd.ca_file(),
            (None, Some((_, lab))) => lab.ca_file(),
            (None, None) => unreachable!(),
        }
    }

    fn bind(&self, dn: &str) -> Bind {
        let password = match (&self.lab, dn) {
            (_, ADMIN) => ADMIN_PASSWORD.to_owned(),
            (Some((_, lab)), SERVICE) => read(lab.service_password_file()),
            (Some((_, lab)), READER) => read(lab.reader_password_file()),
            (None, SERVICE) => SERVICE_PASSWORD.to_owned(),
            (None, READER) => READER_PASSWORD.to_owned(),
            _ => panic!("{dn}"),
        };
        Bind::Simple { dn: dn.to_owned(), password: SecretString::from(password) }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            name: "annuaire".into(),
            url: self.url().parse().unwrap(),
            ca_file: Some(self.ca_file()),
            bind: self.bind(SERVICE),
            base: BASE.into(),
            timeout: Duration::from_secs(10),
            window: 32,
            connections: 2,
            page_size: 500,
            link_chunk: 500,
            managed: managed(),
        }
    }

    async fn target(&self) -> LdapTarget {
        connect(self.settings(), entropy).await.unwrap()
    }

    /// A bare client, trusting the same authority; not yet bound.
    async fn client(&self) -> Ldap {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca_file()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let settings = LdapConnSettings::new().set_config(Arc::new(config));
        let (driver, handle) = LdapConnAsync::with_settings(settings, &self.url()).await.unwrap();
        tokio::spawn(driver.drive());
        handle
    }

    /// Somebody else at work: the directory's manager.
    async fn admin(&self) -> Ldap {
        let mut client = self.client().await;
        client.simple_bind(ADMIN, ADMIN_PASSWORD).await.unwrap().success().unwrap();
        client
    }

    async fn bind_code(&self, dn: &str, password: &str) -> u32 {
        self.client().await.simple_bind(dn, password).await.unwrap().rc
    }

    async fn values(&self, dn: &str, attribute: &str) -> Option<Vec<String>> {
        let (rows, _) = self
            .admin()
            .await
            .search(dn, Scope::Base, "(objectClass=*)", vec![attribute])
            .await
            .unwrap()
            .success()
            .ok()?;
        let mut entry = SearchEntry::construct(rows.into_iter().next()?);
        let mut values = entry.attrs.remove(attribute).unwrap_or_default();
        values.sort();
        Some(values)
    }
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

// --- objects and operations

fn container(path: &str) -> Entry {
    let mut name = BASE.to_owned();
    for part in path.split('/') {
        name = dn::child("ou", part, &name);
    }
    let key = ObjectKey::Container(path.to_owned());
    let leaf = path.rsplit('/').next().unwrap();
    Entry {
        attributes: BTreeMap::from([
            ("objectClass".to_owned(), strings(&["organizationalUnit"])),
            ("description".to_owned(), vec![key.to_string()]),
            ("ou".to_owned(), strings(&[leaf])),
        ]),
        uai: path.split('/').next().and_then(|uai| uai.parse().ok()),
        dn: name,
        links: BTreeMap::new(),
        enabled: true,
        key,
    }
}

fn account(id: u64, login: &str, name: &str) -> Entry {
    let key: ObjectKey = format!("rentree:account:{id}").parse().unwrap();
    let attributes = [
        ("objectClass", strings(&["inetOrgPerson", "organizationalPerson", "person", "top"])),
        ("description", vec![key.to_string()]),
        ("uid", strings(&[login])),
        ("cn", strings(&[name])),
        ("sn", strings(&[name])),
        ("displayName", strings(&[name])),
        ("mail", vec![format!("{login}@ecole.test")]),
        ("employeeNumber", vec![id.to_string()]),
        ("departmentNumber", strings(&["0599990N", "0809990Z"])),
    ];
    Entry {
        dn: dn::child("uid", login, BASE),
        uai: None,
        attributes: attributes
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values))
            .collect(),
        links: BTreeMap::new(),
        enabled: true,
        key,
    }
}

fn group(code: &str, members: &[&str]) -> Entry {
    let key: ObjectKey = format!("rentree:division:0599990N:{code}").parse().unwrap();
    let uai = "0599990N".parse().unwrap();
    Entry {
        dn: dn::child("cn", code, BASE),
        uai: Some(uai),
        attributes: BTreeMap::from([
            ("objectClass".to_owned(), strings(&["groupOfNames"])),
            ("description".to_owned(), vec![key.to_string()]),
            ("cn".to_owned(), strings(&[code])),
        ]),
        links: BTreeMap::from([("member".to_owned(), set(members))]),
        enabled: true,
        key,
    }
}

fn operation(key: &ObjectKey, action: Action) -> Operation {
    let kind = match &action {
        Action::Create { .. } => OperationKind::Create,
        Action::Modify { .. } => OperationKind::Update,
        Action::Rename { .. } => OperationKind::Rename,
        Action::Delete { .. } => OperationKind::Delete,
        Action::AddLinks { .. } => OperationKind::AddMember,
        Action::RemoveLinks { .. } => OperationKind::RemoveMember,
    };
    Operation {
        seq: 1,
        target: "annuaire".into(),
        kind,
        key: key.clone(),
        uai: None,
        stage: 1,
        action,
        blocked: None,
    }
}

fn create(entry: &Entry) -> Operation {
    operation(&entry.key, Action::Create { entry: entry.clone() })
}

fn change(entry: &Entry, before: &[(&str, &[&str])], after: &[(&str, &[&str])]) -> Operation {
    let map = |pairs: &[(&str, &[&str])]| -> Attributes {
        pairs.iter().map(|(name, values)| ((*name).to_owned(), strings(values))).collect()
    };
    let (before, after) = (map(before), map(after));
    operation(&entry.key, Action::Modify { dn: entry.dn.clone(), before, after })
}

fn rename(entry: &Entry, to: &str) -> Operation {
    operation(&entry.key, Action::Rename { from: entry.dn.clone(), to: to.to_owned() })
}

fn delete(entry: &Entry) -> Operation {
    let before = entry.attributes.clone();
    operation(&entry.key, Action::Delete { dn: entry.dn.clone(), before })
}

fn add_links(entry: &Entry, values: &[&str]) -> Operation {
    let (dn, attribute) = (entry.dn.clone(), "member".to_owned());
    operation(&entry.key, Action::AddLinks { dn, attribute, values: set(values) })
}

fn remove_links(entry: &Entry, values: &[&str]) -> Operation {
    let (dn, attribute) = (entry.dn.clone(), "member".to_owned());
    operation(&entry.key, Action::RemoveLinks { dn, attribute, values: set(values) })
}

async fn written(target: &LdapTarget, operation: &Operation) {
    assert_eq!(target.write(operation, None).await, Ok(Done::Written), "{operation:?}");
}

async fn already(target: &LdapTarget, operation: &Operation) {
    assert_eq!(target.write(operation, None).await, Ok(Done::Already), "{operation:?}");
}

async fn stale(target: &LdapTarget, operation: &Operation, word: &str) {
    match target.write(operation, None).await {
        Err(WriteError::Stale(text)) => assert!(text.contains(word), "{text}"),
        other => panic!("{other:?} for {operation:?}"),
    }
}

// --- the list

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
        entries.push(group(text, &["cn=personne,dc=ent,dc=test"]));
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
        let filter = dn::equals("uid", text);
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
    let class = group("1G3", &["cn=x,dc=ent,dc=test"]);
    let unmarked = vec![
        ("objectClass", ["groupOfNames"].into_iter().collect()),
        ("cn", ["1G3"].into_iter().collect()),
        ("member", ["cn=x,dc=ent,dc=test"].into_iter().collect()),
    ];
    admin.add(&class.dn, unmarked).await.unwrap().success().unwrap();

    stale(&target, &create(&person), "mark").await;
    stale(&target, &change(&person, &[("sn", &["DSI"])], &[("sn", &["x"])]), "mark").await;
    stale(&target, &rename(&person, &dn::child("uid", "autre", BASE)), "mark").await;
    stale(&target, &delete(&person), "mark").await;
    stale(&target, &add_links(&class, &["cn=y,dc=ent,dc=test"]), "mark").await;
    stale(&target, &remove_links(&class, &["cn=x,dc=ent,dc=test"]), "mark").await;
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
    assert_eq!(bench.values(&class.dn, "member").await, Some(strings(&["cn=x,dc=ent,dc=test"])));
}

async fn a_copy_made_by_hand_is_seen_as_a_double(bench: Bench) {
    let mut target = bench.target().await;
    let mut class = group("1G3", &["cn=x,dc=ent,dc=test"]);
    written(&target, &create(&class)).await;
    class.dn = dn::child("cn", "0 copie", BASE);
    class.attributes.insert("cn".into(), strings(&["0 copie"]));
    written(&target, &create(&class)).await;
    let observed = target.observe().await.unwrap();
    assert_eq!(observed.doubles, vec![(class.key.clone(), dn::child("cn", "1G3", BASE))]);
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
    written(&target, &create(&class)).await;
    let one = dn::child("uid", "arrivée", BASE);
    let started = std::time::Instant::now();
    written(&target, &add_links(&class, &[&one])).await;
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
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
            assert!(hint.contains("ca-file"), "{hint}");
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

/// The codes are slapd's, for what goes wrong too.
async fn wrong_requests_get_the_codes_of_slapd(bench: Bench) {
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
        assert_eq!(admin.modify(&person, vec![change]).await.unwrap().rc, code, "{shown}");
    }
    let gone = dn::child("uid", "gone", BASE);
    assert_eq!(admin.modify(&gone, vec![Mod::Add("sn", one("x"))]).await.unwrap().rc, 32);
    assert_eq!(admin.delete(&gone).await.unwrap().rc, 32);
    assert_eq!(admin.delete(BASE).await.unwrap().rc, 66);
    assert_eq!(admin.modifydn(&gone, "uid=x", true, None).await.unwrap().rc, 32);
    assert_eq!(admin.modifydn(&person, "ou=codes", true, None).await.unwrap().rc, 68);
    assert_eq!(admin.modifydn(&person, "uid=CODES", true, None).await.unwrap().rc, 0);
    let values = [("sn", "c", 6), ("sn", "x", 5), ("mail", "x", 16), ("nonsense", "x", 17)];
    for (attribute, value, code) in values {
        let rc = admin.compare(&person, attribute, value).await.unwrap().0.rc;
        assert_eq!(rc, code, "compare {attribute}={value}");
    }
    assert_eq!(bench.bind_code(&gone, "x").await, 49);
    assert_eq!(bench.bind_code(&person, "x").await, 49);
    assert_eq!(bench.bind_code(&person, "").await, 53);
    let mut nobody = bench.client().await;
    let found = nobody.search(BASE, Scope::Subtree, "(objectClass=*)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.0.len()), (32, 0), "anonymous readers see nothing");
}

/// Searches as clients make them: scopes, selection, limits, pages.
async fn searches_answer_as_those_of_slapd(bench: Bench) {
    let target = bench.target().await;
    written(&target, &create(&container("0599990N"))).await;
    for id in 1..=25 {
        written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
    }
    let mut admin = bench.admin().await;
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
    let options = ldap3::SearchOptions::new().sizelimit(10);
    let limited = admin.with_search_options(options);
    let limited = limited.search(BASE, Scope::Subtree, "(uid=*)", vec!["uid"]).await.unwrap();
    assert_eq!((limited.1.rc, limited.0.len()), (4, 10));
    let options = ldap3::SearchOptions::new().typesonly(true);
    let types = admin.with_search_options(options);
    let types = types.search(&dn, Scope::Base, "(uid=*)", vec!["uid"]).await.unwrap();
    let entry = SearchEntry::construct(types.0.into_iter().next().unwrap());
    assert_eq!(entry.attrs["uid"], Vec::<String>::new());
    // Pages of every size give the same whole.
    for page_size in [10, 13, 27, 500] {
        let settings = Settings { page_size, ..bench.settings() };
        let mut target = connect(settings, entropy).await.unwrap();
        assert_eq!(target.observe().await.unwrap().entries.len(), 26);
    }
}

macro_rules! contract {
    ($(($($server:ident)+) $promise:ident,)*) => {
        $(contract!(@ $promise $($server)+);)*
    };
    (@ $promise:ident $($server:ident)+) => {
        mod $promise {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $server() {
                super::$promise(super::bench::$server().with_base().await).await;
            })+
        }
    };
}

mod bench {
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
    (plain full lab) an_unmarked_entry_is_never_touched,
    (plain full lab) a_copy_made_by_hand_is_seen_as_a_double,
    (plain full lab) a_rename_and_a_move_keep_the_entry,
    (plain full lab) links_are_deltas_and_what_is_done_is_left_alone,
    (plain full lab) a_deleted_entry_is_gone_once,
    (plain full lab) a_group_of_5000_takes_one_arrival_as_one_value,
    (plain full lab) another_authority_is_refused,
    (plain full lab) many_writes_at_once_all_arrive,
    (plain full lab) wrong_requests_get_the_codes_of_slapd,
    (plain full lab) searches_answer_as_those_of_slapd,
    // `plain` knows the words of the policy and does not enforce them.
    (full lab) the_initial_password_must_be_changed_and_a_disabled_account_is_shut,
}

// --- slapd alone

/// A server that allows 20 entries in one answer, and pages of any length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_pass_below_a_size_limit_and_a_cut_answer_is_an_error() {
    let fill = async |bench: &Bench| {
        let target = bench.target().await;
        for id in 1..=60 {
            written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
        }
    };
    for (limits, whole) in [
        ("size.soft=20 size.hard=20 size.prtotal=unlimited", true),
        // Larger pages are refused, smaller ones pass.
        ("size.soft=20 size.hard=20 size.pr=25 size.prtotal=unlimited", true),
        ("size.soft=20 size.hard=20", false),
    ] {
        let choices = Choices { limits, ..Choices::of(Variant::Plain) };
        let bench = Bench::slapd(&choices);
        fill(&bench).await;
        let observed = bench.target().await.observe().await;
        match (observed, whole) {
            (Ok(observed), true) => assert_eq!(observed.entries.len(), 60, "{limits}"),
            (Err(TargetError::Unreadable { what, hint }), false) => {
                assert!(what.contains("size limit") && hint.contains("prtotal"), "{what} {hint}");
            }
            (other, _) => panic!("{limits}: {other:?}"),
        }
    }
}

/// SEC-04: what cannot be protected is not used; what can be, works in each of its forms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_protected_way_in_works() {
    let bench = Bench::slapd(&Choices::of(Variant::Full));
    let slapd = bench.slapd.as_ref().unwrap();
    let (certificate, key) = slapd.client();
    let external = |certificate| Bind::External { certificate };
    for (url, bind) in [
        (slapd.ldap(), bench.bind(SERVICE)),
        (slapd.ldapi(), external(None)),
        (slapd.ldapi(), bench.bind(SERVICE)),
        (slapd.ldaps(), external(Some(ClientCertificate { certificate, key }))),
    ] {
        let settings = Settings { url: url.parse().unwrap(), bind, ..bench.settings() };
        let target = connect(settings, entropy).await.unwrap();
        let entry = container("0599990N");
        assert!(target.write(&create(&entry), None).await.is_ok(), "{url}");
    }
    // Another name than the certificate's: the machine has it, the certificate does not.
    let url = slapd.ldaps().replace("localhost", "127.0.0.2");
    let settings = Settings { url: url.parse().unwrap(), ..bench.settings() };
    assert!(matches!(connect(settings, entropy).await, Err(TargetError::Unreachable { .. })));
}

/// SEC-04: a server without StartTLS gets no bind, and so no password, at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password_goes_over_an_unprotected_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let mut length = stream.read(&mut heard).await.unwrap();
        // Extended response to message 1: protocolError, as of a server that knows no StartTLS.
        stream.write_all(&[0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 2, 4, 0, 4, 0]).await.unwrap();
        while let Ok(more @ 1..) = stream.read(&mut heard[length..]).await {
            length += more;
        }
        heard.truncate(length);
        heard
    });
    let bench = Bench::lab();
    let url = format!("ldap://localhost:{port}").parse().unwrap();
    let bind = Bind::Simple { dn: SERVICE.into(), password: "Canari-en-clair".into() };
    let settings = Settings { url, bind, ..bench.settings() };
    match connect(settings, entropy).await {
        Err(TargetError::Unreachable { what, .. }) => assert!(what.contains("StartTLS"), "{what}"),
        other => panic!("{:?}", other.err()),
    }
    let heard = server.await.unwrap();
    assert!(!heard.windows(6).any(|part| part == b"Canari"), "{heard:?}");
}

/// The mapping needs words of an overlay that is not there: said before anything is planned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_the_required_words_is_refused() {
    let bench = Bench::slapd(&Choices::of(Variant::Bare));
    match connect(bench.settings(), entropy).await {
        Err(TargetError::Unreadable { what, hint }) => {
            assert!(what.contains("pwdAccountLockedTime, pwdReset"), "{what}");
            assert!(hint.contains("ppolicy"), "{hint}");
        }
        other => panic!("{:?}", other.err()),
    }
}

/// kill -9 in the middle of writes: every outcome is told apart, and looking again settles all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_outcomes_that_a_second_try_settles() {
    let mut bench = Bench::slapd(&Choices::of(Variant::Full));
    let mut target = bench.target().await;
    let operations: Vec<Operation> =
        (1..=2000).map(|id| create(&account(id, &format!("p{id}"), "Prénom"))).collect();
    let outcomes = {
        let writes = operations.iter().map(|operation| target.write(operation, None));
        let slapd = bench.slapd.as_mut().unwrap();
        let kill = async {
            tokio::time::sleep(Duration::from_millis(120)).await;
            tokio::task::block_in_place(|| slapd.kill());
        };
        futures_util::future::join(futures_util::future::join_all(writes), kill).await.0
    };
    let count = |wanted: fn(&Result<Done, WriteError>) -> bool| {
        outcomes.iter().filter(|outcome| wanted(outcome)).count()
    };
    let written_count = count(|outcome| *outcome == Ok(Done::Written));
    let unknown = count(|outcome| matches!(outcome, Err(WriteError::Unknown(_))));
    let lost = count(|outcome| matches!(outcome, Err(WriteError::Lost(_))));
    assert_eq!(written_count + unknown + lost, operations.len(), "{outcomes:?}");
    assert!(written_count > 0 && unknown > 0 && lost > 0, "{written_count} {unknown} {lost}");

    assert!(matches!(target.reconnect().await, Err(TargetError::Unreachable { .. })));
    assert!(matches!(target.observe().await, Err(TargetError::Unreachable { .. })));
    tokio::task::block_in_place(|| bench.slapd.as_mut().unwrap().restart());
    target.reconnect().await.unwrap();
    // What was acknowledged stands; what was lost does not; the unknown is one or the other.
    let standing = target.observe().await.unwrap().entries;
    for (operation, outcome) in operations.iter().zip(&outcomes) {
        match outcome {
            Ok(_) => assert!(standing.contains_key(&operation.key)),
            Err(WriteError::Lost(_)) => assert!(!standing.contains_key(&operation.key)),
            Err(_) => {}
        }
    }
    let again = operations.iter().map(|operation| target.write(operation, None));
    let again = futures_util::future::join_all(again).await;
    for (operation, outcome) in operations.iter().zip(again) {
        let stood = standing.contains_key(&operation.key);
        assert_eq!(outcome, Ok(if stood { Done::Already } else { Done::Written }));
    }
    assert_eq!(target.observe().await.unwrap().entries.len(), operations.len());
}

// --- the doctor

async fn verdicts(bench: &Bench, settings: &Settings) -> BTreeMap<&'static str, (Verdict, String)> {
    let now = "2026-09-01T09:00:00Z".parse().unwrap();
    let reader = bench.bind(READER);
    let mut found = BTreeMap::new();
    for Examined { id, verdict, what, hint } in examine(settings, Some(&reader), now).await {
        assert!(verdict == Verdict::Good || !hint.is_empty(), "{id}: {what}");
        let worse = found.get(id).is_none_or(|(before, _)| *before < verdict);
        if worse {
            found.insert(id, (verdict, what));
        }
    }
    found
}

async fn check_doctor(bench: &Bench, settings: &Settings, expected: &[(&str, Verdict)]) {
    let found = verdicts(bench, settings).await;
    let wrong: BTreeMap<_, _> = found
        .iter()
        .map(|(id, (verdict, _))| (*id, *verdict))
        .filter(|(_, verdict)| *verdict != Verdict::Good)
        .collect();
    let expected: BTreeMap<_, _> = expected.iter().copied().collect();
    assert_eq!(wrong, expected, "{found:#?}");
}

/// SEC-06, SEC-19: a server that is as it should be has nothing to mend, and nothing was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_nothing_on_a_good_server() {
    for bench in [Bench::slapd(&Choices::of(Variant::Full)), Bench::lab()] {
        let mut settings = bench.settings();
        if bench.lab.is_some() {
            settings.base = SUFFIX.into();
        }
        let mut target = connect(settings.clone(), entropy).await.unwrap();
        let mut person = account(1, "ines.lefevre", "Inès");
        person.dn = dn::child("uid", "ines.lefevre", &settings.base);
        let secret = InitialPassword::draw(&mut entropy);
        assert!(target.write(&create(&person), Some(&secret)).await.is_ok());
        let before = target.observe().await.unwrap();
        check_doctor(&bench, &settings, &[]).await;
        assert_eq!(target.observe().await.unwrap(), before);
        let found = verdicts(&bench, &settings).await;
        for id in [
            "connection",
            "certificate",
            "base",
            "schema",
            "controls",
            "rights",
            "rights-outside",
            "password-read",
            "rootdn",
            "policy",
            "member-of",
            "size-limit",
            "reader",
        ] {
            assert!(found.contains_key(id), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_to_be_mended() {
    use Verdict::Bad;
    // SEC-19: a weak policy. And a limit that cuts.
    let weak = Choices {
        policy: "pwdMinLength: 8\npwdMaxFailure: 5\npwdLockout: TRUE\npwdMustChange: TRUE\n",
        limits: "size.soft=2 size.hard=2",
        ..Choices::of(Variant::Full)
    };
    let bench = Bench::slapd(&weak);
    let target = bench.target().await;
    let secret = InitialPassword::draw(&mut entropy);
    for id in 1..=3 {
        let person = create(&account(id, &format!("p{id}"), "Prénom"));
        assert!(target.write(&person, Some(&secret)).await.is_ok());
    }
    check_doctor(&bench, &bench.settings(), &[("policy", Bad), ("size-limit", Bad)]).await;

    // SEC-06: the manager itself.
    let settings = Settings { bind: bench.bind(ADMIN), ..bench.settings() };
    let expected =
        [("policy", Bad), ("rights-outside", Bad), ("password-read", Bad), ("rootdn", Bad)];
    check_doctor(&bench, &settings, &expected).await;

    // SEC-06: a service account with rights over everything; a reader with none.
    let careless = Choices { careless: true, ..Choices::of(Variant::Full) };
    let careless = Bench::slapd(&careless);
    let person = create(&account(1, "p1", "Prénom"));
    assert!(careless.target().await.write(&person, Some(&secret)).await.is_ok());
    let expected = [("rights-outside", Bad), ("password-read", Bad), ("reader", Bad)];
    check_doctor(&careless, &careless.settings(), &expected).await;

    // The reading account may not write; as a service account it is of no use.
    let settings = Settings { bind: bench.bind(READER), ..bench.settings() };
    check_doctor(&bench, &settings, &[("policy", Bad), ("rights", Bad)]).await;

    let settings = Settings { window: 1, page_size: 5, ..bench.settings() };
    check_doctor(&bench, &settings, &[("settings", Bad)]).await;
    let settings = Settings { url: "ldaps://localhost:1".parse().unwrap(), ..bench.settings() };
    check_doctor(&bench, &settings, &[("connection", Bad)]).await;
    let settings = Settings { base: format!("ou=absente,{BASE}"), ..bench.settings() };
    check_doctor(&bench, &settings, &[("base", Bad)]).await;
    let bare = Bench::slapd(&Choices::of(Variant::Bare));
    check_doctor(&bare, &bare.settings(), &[("schema", Bad), ("policy", Bad)]).await;
}

// --- the lab alone

fn tool(bench: &Bench, name: &str, arguments: &[&str], input: &str) -> (i32, String) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new(name)
        .env("LDAPTLS_CACERT", bench.ca_file())
        .args(["-x", "-H", &bench.url()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} is missing (apt-get install ldap-utils): {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// What an administrator has at hand works against the lab, over TLS with its CA.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_of_openldap_work_against_the_lab() {
    let bench = Bench::lab().with_base().await;
    let admin = ["-D", ADMIN, "-w", ADMIN_PASSWORD];
    let run = |name: &str, arguments: &[&str], input: &str, code: i32, word: &str| {
        let arguments: Vec<&str> = admin.iter().chain(arguments).copied().collect();
        let (found, text) = tool(&bench, name, &arguments, input);
        assert_eq!(found, code, "{name} {arguments:?}: {text}");
        assert!(text.contains(word), "{name} {arguments:?}: {text}");
    };
    let person = "uid=ines,ou=ecoles,dc=ent,dc=test";
    let ldif = format!("dn: {person}\nobjectClass: inetOrgPerson\nsn: Lefèvre\ncn: Inès\n\n");
    run("ldapadd", &[], &ldif, 0, "adding new entry");
    run("ldapadd", &[], &ldif, 68, "Already exists");
    run("ldapsearch", &["-LLL", "-b", BASE, "(uid=INES)", "uid"], "", 0, "uid: ines");
    run("ldapsearch", &["-LLL", "-b", BASE, "-E", "pr=1/noprompt", "uid"], "", 0, "uid: ines");
    run("ldapsearch", &["-b", BASE, "-z", "1", "uid"], "", 4, "Size limit exceeded");
    run("ldapsearch", &["-LLL", "-A", "-b", person, "sn"], "", 0, "sn:");
    run("ldapsearch", &["-LLL", "-b", "", "-s", "base", "+"], "", 0, "namingContexts: dc=ent");
    run(
        "ldapsearch",
        &["-b", "cn=subschema", "-s", "base", "objectClasses"],
        "",
        0,
        "groupOfMembers",
    );
    let modify = format!("dn: {person}\nchangetype: modify\nreplace: sn\nsn: Martin\n\n");
    run("ldapmodify", &[], &modify, 0, "modifying entry");
    run("ldapmodify", &["-e", "!assert=(sn=Lefevre)"], &modify, 122, "Assertion Failed");
    run("ldapmodify", &["-e", "!assert=(sn=martin)"], &modify, 0, "modifying entry");
    run("ldapcompare", &[person, "sn:MARTIN"], "", 6, "TRUE");
    run("ldapcompare", &[person, "sn:x"], "", 5, "FALSE");
    run("ldapmodrdn", &["-r", person, "uid=ines.martin"], "", 0, "");
    let person = "uid=ines.martin,ou=ecoles,dc=ent,dc=test";
    run("ldapwhoami", &[], "", 0, "dn:cn=admin");
    run("ldappasswd", &["-s", "Un-mot-de-passe-7", person], "", 0, "");
    run("ldappasswd", &["-s", "court", person], "", 1, "quality");
    run("ldappasswd", &[person], "", 0, "New password: ");
    run("ldappasswd", &["-s", "Un-mot-de-passe-7", person], "", 0, "");
    // Reset by somebody else: the owner must change it first (SEC-12).
    let own = ["-D", person, "-w", "Un-mot-de-passe-7"];
    let arguments = |more: &[&'static str]| -> Vec<&str> { [&own, more].concat() };
    let (code, text) = tool(&bench, "ldapwhoami", &arguments(&["-e", "ppolicy"]), "");
    assert!(code == 1 && text.contains("Password must be changed"), "{code} {text}");
    let (code, text) = tool(&bench, "ldapsearch", &arguments(&["-b", BASE]), "");
    assert!(code == 50 && text.contains("restricted"), "{code} {text}");
    let (code, text) = tool(&bench, "ldappasswd", &arguments(&["-s", "Choisi-par-moi-8"]), "");
    assert_eq!(code, 0, "{text}");
    let own = ["-D", person, "-w", "Choisi-par-moi-8"];
    let (code, text) = tool(&bench, "ldapwhoami", &own, "");
    assert!(code == 0 && text.contains("dn:uid=ines.martin"), "{text}");
    run("ldapsearch", &["-LLL", "-b", person, "pwdReset", "+"], "", 0, "pwdChangedTime");
    run("ldapdelete", &[person], "", 0, "");
    run("ldapdelete", &[person], "", 32, "No such object");
    run("ldapdelete", &[BASE], "", 0, "");
    // No other authority, no other way in.
    let plain = bench.url().replace("ldaps", "ldap");
    let (code, _) = tool(&bench, "ldapwhoami", &["-H", &plain], "");
    assert_ne!(code, 0);
}

#[test]
fn a_lab_keeps_what_was_written_and_serves_one_process_at_a_time() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::start(folder.path(), lab_options()).unwrap();
    assert!(matches!(Lab::start(folder.path(), lab_options()), Err(LabError::Busy(_))));
    let attached = Lab::attach_or_start(folder.path(), lab_options()).unwrap();
    assert!(lab.is_ours() && !attached.is_ours());
    assert_eq!((attached.url(), attached.service_dn()), (lab.url(), SERVICE.to_owned()));
    assert_eq!(attached.reader_dn(), READER);
    attached.stop();

    let (url, ca) = (lab.url(), std::fs::read(lab.ca_file()).unwrap());
    let bench = Bench { slapd: None, lab: Some((folder, lab)) };
    let bench = runtime.block_on(bench.with_base());
    let class = group("1G3", &["cn=x,dc=ent,dc=test"]);
    runtime.block_on(async {
        let target = bench.target().await;
        written(&target, &create(&class)).await;
        written(&target, &add_links(&class, &["cn=y,dc=ent,dc=test"])).await;
    });
    let csn = runtime.block_on(bench.values(&class.dn, "entryCSN"));
    let (folder, lab) = bench.lab.unwrap();
    lab.stop();
    for (file, mode) in
        [("server.key", 0o600), ("service.password", 0o600), ("entries.jsonl", 0o600)]
    {
        let found = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{file}");
    }
    let lab = Lab::attach_or_start(folder.path(), lab_options()).unwrap();
    assert!(lab.is_ours());
    assert_eq!((lab.url(), std::fs::read(lab.ca_file()).unwrap()), (url, ca), "as it was");
    let bench = Bench { slapd: None, lab: Some((folder, lab)) };
    runtime.block_on(async {
        assert_eq!(bench.values(&class.dn, "entryCSN").await, csn);
        let members = strings(&["cn=x,dc=ent,dc=test", "cn=y,dc=ent,dc=test"]);
        assert_eq!(bench.values(&class.dn, "member").await, Some(members));
        // The same clock, and yet another change number: an assertion on the old one must fail.
        let target = bench.target().await;
        written(&target, &remove_links(&class, &["cn=y,dc=ent,dc=test"])).await;
        assert_ne!(bench.values(&class.dn, "entryCSN").await, csn);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lab_with_a_size_limit_is_read_whole_by_pages() {
    let folder = tempfile::tempdir().unwrap();
    let options = rentree::lab::Options { size_limit: Some(5), ..lab_options() };
    let lab = Lab::start(folder.path(), options).unwrap();
    let bench = Bench { slapd: None, lab: Some((folder, lab)) }.with_base().await;
    let mut target = bench.target().await;
    for id in 1..=30 {
        written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
    }
    assert_eq!(target.observe().await.unwrap().entries.len(), 30);
    let mut service = bench.client().await;
    let password = read(bench.lab.as_ref().unwrap().1.service_password_file());
    service.simple_bind(SERVICE, &password).await.unwrap().success().unwrap();
    let found = service.search(BASE, Scope::Subtree, "(uid=*)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.0.len()), (4, 5));
}
