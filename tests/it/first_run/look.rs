//! Looking at a real directory: as its manager, and as the people in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, Mod, Scope, SearchEntry};
use rentree::cli;
use rentree::model::entry::{Entry, ObjectKey};
use rentree::run::session::Format;
use rentree::run::session::Session;
use rentree::run::targets;
use tokio::runtime::Runtime;

use super::folder::Folder;
use crate::slapd::{ADMIN, ADMIN_PASSWORD, BASE, Slapd};

/// Values by attribute, operational ones included.
pub(super) type Values = BTreeMap<String, BTreeSet<String>>;

/// A client over the local socket.
pub(super) struct Look {
    runtime: Runtime,
    url: String,
}

impl Look {
    pub(super) fn at(slapd: &Slapd) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        Self { runtime, url: slapd.ldapi() }
    }

    async fn connect(&self) -> Ldap {
        let (driver, handle) = LdapConnAsync::new(&self.url).await.unwrap();
        tokio::spawn(driver.drive());
        handle
    }

    async fn admin(&self) -> Ldap {
        let mut handle = self.connect().await;
        handle.simple_bind(ADMIN, ADMIN_PASSWORD).await.unwrap().success().unwrap();
        handle
    }

    /// Everything below the base that the filter matches, by DN.
    pub(super) fn entries(&self, filter: &str) -> BTreeMap<String, Values> {
        self.runtime.block_on(async {
            let mut admin = self.admin().await;
            let answer = admin.search(BASE, Scope::Subtree, filter, vec!["*", "+"]).await;
            let (rows, _) = answer.unwrap().success().unwrap();
            rows.into_iter()
                .map(SearchEntry::construct)
                .map(|entry| {
                    let values = entry.attrs.into_iter();
                    let values = values.map(|(name, values)| (name, BTreeSet::from_iter(values)));
                    (entry.dn, values.collect())
                })
                .collect()
        })
    }

    /// Somebody else adds a person, anywhere.
    pub(super) fn add_person(&self, dn: &str, uid: &str) {
        let one = |name: &'static str, value: &str| (name, BTreeSet::from([value.to_owned()]));
        let entry = ["cn", "sn", "uid"].map(|name| one(name, uid));
        let entry = entry.into_iter().chain([one("objectClass", "inetOrgPerson")]);
        let entry = entry.map(|(name, values)| (name.to_owned(), values.into_iter().collect()));
        self.runtime.block_on(async {
            let mut admin = self.admin().await;
            admin.add(dn, entry.collect()).await.unwrap().success().unwrap();
        });
    }

    /// The one account with this login.
    #[track_caller]
    pub(super) fn account(&self, login: &str) -> (String, Values) {
        let mut found = self.entries(&format!("(uid={login})"));
        assert_eq!(found.len(), 1, "{login}");
        found.pop_first().unwrap()
    }

    /// How many accounts stand once the server has done what a dead client had already sent it:
    /// looked at until nothing is added for half a second.
    pub(super) fn standing_at_rest(&self) -> usize {
        let mut standing = self.entries("(uid=*)").len();
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.entries("(uid=*)").len();
            if now == standing {
                return now;
            }
            standing = now;
        }
    }

    /// Waits until so many accounts stand; whether they ever did within 20 s.
    pub(super) fn waits_for_accounts(&self, least: usize) -> bool {
        self.runtime.block_on(async {
            let mut admin = self.admin().await;
            for _ in 0..4_000 {
                let answer = admin.search(BASE, Scope::Subtree, "(uid=*)", vec!["1.1"]).await;
                let (rows, _) = answer.unwrap().success().unwrap();
                if rows.len() >= least {
                    return true;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            false
        })
    }

    /// The answer to a bind: 0 when the password is right.
    pub(super) fn bind(&self, dn: &str, password: &str) -> u32 {
        self.runtime
            .block_on(async { self.connect().await.simple_bind(dn, password).await.unwrap().rc })
    }

    /// Of these accounts, those whose password does not open them.
    pub(super) fn shut(&self, passwords: &[(String, String)]) -> Vec<String> {
        let dns: BTreeMap<String, String> = self
            .entries("(uid=*)")
            .into_iter()
            .filter_map(|(dn, values)| Some((values.get("uid")?.first()?.clone(), dn)))
            .collect();
        self.runtime.block_on(async {
            let mut client = self.connect().await;
            let mut shut = Vec::new();
            for (login, password) in passwords {
                let dn = dns.get(login).map_or("cn=nobody", String::as_str);
                if client.simple_bind(dn, password).await.unwrap().rc != 0 {
                    shut.push(login.clone());
                }
            }
            shut
        })
    }

    /// What a person may do with her password: the codes of reading her entry, of writing to it,
    /// and of changing the password.
    pub(super) fn person_tries(&self, dn: &str, password: &str, new: &str) -> [u32; 3] {
        self.runtime.block_on(async {
            let mut client = self.connect().await;
            client.simple_bind(dn, password).await.unwrap().success().unwrap();
            let read = client.search(dn, Scope::Base, "(objectClass=*)", vec!["cn"]).await.unwrap();
            let change = |name: &str, value: &str| {
                vec![Mod::Replace(name.to_owned(), [value.to_owned()].into_iter().collect())]
            };
            let write = client.modify(dn, change("mail", "autre@example.org")).await.unwrap();
            let password = client.modify(dn, change("userPassword", new)).await.unwrap();
            [read.1.rc, write.rc, password.rc]
        })
    }
}

/// What `rentree` reads of a folder's target: managed attributes and links, by object.
pub(super) fn observed(folder: &Folder) -> BTreeMap<ObjectKey, Entry> {
    let session =
        Session::open(&folder.path("rentree.toml"), Format::Json, cli::world(None)).unwrap();
    let labs = targets::start_labs(&session).unwrap();
    let runtime = Runtime::new().unwrap();
    let mut seen =
        runtime.block_on(targets::observe_all(&session, &session.store().unwrap(), &labs)).unwrap();
    let seen = seen.observed.remove("annuaire").unwrap();
    assert!(seen.doubles.is_empty(), "{:?}", seen.doubles);
    seen.entries
}

/// What somebody else does to our entries.
impl Look {
    pub(super) fn edit(&self, dn: &str, name: &str, value: &str) {
        let change = vec![Mod::Replace(name.to_owned(), [value.to_owned()].into_iter().collect())];
        self.runtime.block_on(async {
            self.admin().await.modify(dn, change).await.unwrap().success().unwrap();
        });
    }

    pub(super) fn rename(&self, dn: &str, rdn: &str, above: Option<&str>) {
        self.runtime.block_on(async {
            self.admin().await.modifydn(dn, rdn, true, above).await.unwrap().success().unwrap();
        });
    }

    pub(super) fn delete(&self, dn: &str) {
        self.runtime.block_on(async {
            self.admin().await.delete(dn).await.unwrap().success().unwrap();
        });
    }
}
