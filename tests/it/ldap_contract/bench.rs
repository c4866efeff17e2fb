//! The server under test, whichever it is, and those who work on it besides us.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ldap3::{Ldap, Scope, SearchEntry};
use rentree::lab::Lab;
use rentree::mapping::managed::{Managed, PasswordForm, PasswordRule};
use rentree::mapping::places::Places;
use rentree::model::entry::{Attributes, ObjectKind};
use rentree::target::ldap::settings::{Bind, Settings};
use rentree::target::ldap::{LdapTarget, connect};
use secrecy::SecretString;

use super::objects::{LOCKED, NOBODY, set};
use crate::slapd::{
    self, ADMIN, ADMIN_PASSWORD, BASE, Choices, READER, READER_PASSWORD, SERVICE, SERVICE_PASSWORD,
    SUFFIX, Slapd,
};

/// The mapping of the tests.
pub(super) fn managed() -> Managed {
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
        links_follow: false,
        placeholders: BTreeMap::from([("member".into(), NOBODY.into())]),
        at_creation: Attributes::from([("pwdReset", ["TRUE"])]),
        password: PasswordRule { attribute: "userPassword".into(), form: PasswordForm::Ssha },
        disabled: Attributes::from([("pwdAccountLockedTime", [LOCKED])]),
        places: Places::default(),
        names: set(&["uid", "mail"]),
        required: set(&["pwdReset", "pwdAccountLockedTime"]),
    }
}

pub(super) fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).unwrap();
}

/// One server under test.
pub(super) struct Bench {
    pub(super) slapd: Option<Slapd>,
    pub(super) lab: Option<(tempfile::TempDir, Lab)>,
}

pub(super) fn lab_options() -> rentree::lab::Options {
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
    pub(super) fn slapd(choices: &Choices) -> Self {
        Self { slapd: Some(Slapd::start(choices)), lab: None }
    }

    pub(super) fn lab() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lab = Lab::start(folder.path(), lab_options()).unwrap();
        Self { slapd: None, lab: Some((folder, lab)) }
    }

    /// The branch that the target works in stands already.
    pub(super) async fn with_base(self) -> Self {
        if self.lab.is_some() {
            let unit = vec![("objectClass", ["organizationalUnit"].into_iter().collect())];
            self.admin().await.add(BASE, unit).await.unwrap().success().unwrap();
        }
        self
    }

    pub(super) fn url(&self) -> String {
        match (&self.slapd, &self.lab) {
            (Some(slapd), _) => slapd.ldaps(),
            (None, Some((_, lab))) => lab.url(),
            (None, None) => unreachable!(),
        }
    }

    pub(super) fn ca_file(&self) -> PathBuf {
        match (&self.slapd, &self.lab) {
            (Some(slapd), _) => slapd.ca_file(),
            (None, Some((_, lab))) => lab.ca_file(),
            (None, None) => unreachable!(),
        }
    }

    pub(super) fn bind(&self, dn: &str) -> Bind {
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

    pub(super) fn settings(&self) -> Settings {
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
            names_base: None,
            managed: managed(),
        }
    }

    pub(super) async fn target(&self) -> LdapTarget {
        connect(self.settings(), entropy).await.unwrap()
    }

    /// The last line of the lab's log: what the last change was, on the wire too.
    pub(super) fn last_change(&self) -> Option<String> {
        let (folder, _) = self.lab.as_ref()?;
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let log = files.into_iter().find(|path| path.to_str().unwrap().contains("changes-"))?;
        std::fs::read_to_string(log).unwrap().lines().last().map(str::to_owned)
    }

    /// A bare client, trusting the same authority; not yet bound.
    pub(super) async fn client(&self) -> Ldap {
        slapd::client_of(&self.url(), &self.ca_file()).await
    }

    /// Somebody else at work: the directory's manager.
    pub(super) async fn admin(&self) -> Ldap {
        let mut client = self.client().await;
        client.simple_bind(ADMIN, ADMIN_PASSWORD).await.unwrap().success().unwrap();
        client
    }

    pub(super) async fn bind_code(&self, dn: &str, password: &str) -> u32 {
        self.client().await.simple_bind(dn, password).await.unwrap().rc
    }

    pub(super) async fn values(&self, dn: &str, attribute: &str) -> Option<Vec<String>> {
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

pub(super) fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}
