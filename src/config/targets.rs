//! Targets: what `[[target]]` means.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use super::checked::Reading;
use super::raw;
use crate::mapping::entries::EntryMapping;

/// One directory that is written to.
pub struct Target {
    pub name: String,
    pub base: String,
    /// Below it nobody's login or address is given again, whoever holds it.
    pub names_base: Option<String>,
    pub mapping: EntryMapping,
    pub window: u16,
    pub connections: u8,
    pub timeout: Duration,
    pub page_size: u32,
    pub link_chunk: usize,
    /// Its quota: writing is held to it, and forecast by it.
    pub writes_per_second_max: Option<u32>,
    pub kind: TargetKind,
}

pub enum TargetKind {
    Ldap(LdapTarget),
    Lab(LabTarget),
}

pub struct LdapTarget {
    pub url: String,
    pub ca_file: Option<PathBuf>,
    pub bind: Bind,
    /// Who reads for plans; `bind` when absent (SEC-09).
    pub reader: Option<Bind>,
}

/// How to say who we are; secrets are read again at each use (SEC-05).
pub enum Bind {
    Simple { dn: String, password_file: PathBuf },
    External { certificate: Option<(PathBuf, PathBuf)> },
}

pub struct LabTarget {
    pub folder: PathBuf,
    /// 0: any free port.
    pub port: u16,
}

impl Reading {
    pub(super) fn target(&mut self, raw: raw::Target) -> Option<Target> {
        let raw::Target {
            name,
            kind,
            mapping,
            base,
            names_base,
            window,
            connections,
            timeout_s,
            page_size,
            link_chunk,
            writes_per_second_max,
            url,
            ca_file,
            bind,
            reader,
            folder,
            port,
        } = raw;
        let key = |field: &str| format!("target {name}: {field}");
        let mapping = self.mapping(&mapping, |text, file| EntryMapping::parse(text, file, &base));
        let kind = match kind.as_str() {
            "ldap" => {
                let url = url.or_else(|| {
                    self.wrong(&key("url"), "needed");
                    None
                });
                let bind = match bind {
                    Some(bind) => self.bind(&key("bind"), bind),
                    None => {
                        self.wrong(&key("bind"), "needed");
                        None
                    }
                };
                let reader = reader.map(|reader| self.bind(&key("reader"), reader));
                TargetKind::Ldap(LdapTarget {
                    url: url?,
                    ca_file: ca_file.map(|path| self.path(&path)),
                    bind: bind?,
                    reader: match reader {
                        Some(None) => return None,
                        Some(reader) => reader,
                        None => None,
                    },
                })
            }
            "lab" => TargetKind::Lab(LabTarget {
                folder: self.path(&folder.unwrap_or_else(|| PathBuf::from("lab"))),
                port: port.unwrap_or(0),
            }),
            other => {
                self.wrong(&key("kind"), format!("ldap or lab, not {other}"));
                return None;
            }
        };
        Some(Target {
            name,
            base,
            names_base,
            mapping: mapping?,
            window: window.unwrap_or(64),
            connections: connections.unwrap_or(2),
            timeout: Duration::from_secs(timeout_s.unwrap_or(30)),
            page_size: page_size.unwrap_or(1000),
            link_chunk: link_chunk.unwrap_or(500),
            writes_per_second_max: writes_per_second_max.map(NonZero::get),
            kind,
        })
    }

    pub(super) fn bind(&mut self, key: &str, raw: raw::Bind) -> Option<Bind> {
        let raw::Bind { method, dn, password_file, client_cert_file, client_key_file } = raw;
        match (method.as_str(), dn, password_file, client_cert_file, client_key_file) {
            ("simple", Some(dn), Some(file), None, None) => {
                Some(Bind::Simple { dn, password_file: self.path(&file) })
            }
            ("external", None, None, None, None) => Some(Bind::External { certificate: None }),
            ("external", None, None, Some(certificate), Some(file)) => Some(Bind::External {
                certificate: Some((self.path(&certificate), self.path(&file))),
            }),
            _ => {
                self.wrong(
                    key,
                    "either method = \"simple\" with dn and password_file, or method = \
                     \"external\", with client_cert_file and client_key_file over ldaps",
                );
                None
            }
        }
    }

    /// There is a target, each has a name of its own, and whoever speaks to them has nothing
    /// against their settings.
    pub(super) fn examined(
        &mut self,
        targets: &[Option<Target>],
        examine: &dyn Fn(&Target) -> Vec<String>,
    ) {
        for target in targets.iter().flatten() {
            for problem in examine(target) {
                self.wrong(&format!("target {}", target.name), problem);
            }
        }
        self.distinct(targets);
    }

    fn distinct(&mut self, targets: &[Option<Target>]) {
        let mut names = BTreeSet::new();
        for target in targets.iter().flatten() {
            if !names.insert(target.name.clone()) {
                self.wrong("target", format!("two are called {}", target.name));
            }
        }
        if targets.is_empty() {
            self.wrong("target", "at least one [[target]] is needed");
        }
    }
}
