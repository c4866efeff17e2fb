//! Targets: what `[[target]]` means.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretSlice;

use super::checked::Reading;
use super::graph::{GraphLab, GraphPlace, GraphTarget};
use super::raw;
use crate::mapping::Mapping;
use crate::mapping::entries::EntryMapping;
use crate::mapping::graph::GraphMapping;
use crate::mapping::naming::Scheme;

/// One directory that is written to.
pub struct Target {
    pub name: String,
    /// The tree below which everything stands; a tenant has none.
    pub base: String,
    /// Below it nobody's login or address is given again, whoever holds it.
    pub names_base: Option<String>,
    pub mapping: Mapping,
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
    Graph(GraphTarget),
}

impl Target {
    /// Somebody's directory, and not a lab.
    pub fn is_real(&self) -> bool {
        match &self.kind {
            TargetKind::Ldap(_) => true,
            TargetKind::Lab(_) => false,
            TargetKind::Graph(graph) => matches!(graph.place, GraphPlace::Tenant(_)),
        }
    }

    /// Operations that may be on their way at once.
    pub fn in_flight_max(&self) -> usize {
        usize::from(self.window) * usize::from(self.connections)
    }

    /// Its quota, for forecasts: what it is held to, by us or by its own limiter.
    pub fn writes_per_second(&self) -> Option<f64> {
        match &self.kind {
            TargetKind::Graph(graph) => Some(GRAPH_WRITES_PER_SECOND * graph.share * graph.tempo()),
            TargetKind::Ldap(_) | TargetKind::Lab(_) => self.writes_per_second_max.map(f64::from),
        }
    }

    /// Its rules, when it is in Office 365.
    pub fn graph(&self) -> Option<&GraphTarget> {
        match &self.kind {
            TargetKind::Graph(graph) => Some(graph),
            TargetKind::Ldap(_) | TargetKind::Lab(_) => None,
        }
    }
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

/// Operations in flight: a directory's own. Those of a tenant wait in the courier for the quota: of
/// many, some can always go while others wait for one group.
const WINDOW: u16 = 64;
const WINDOW_GRAPH: u16 = 1000;
/// 3,000 in 150 seconds, of one application in one tenant.
const GRAPH_WRITES_PER_SECOND: f64 = 20.0;
/// Values of one link operation: the most that Graph takes.
const LINKS_GRAPH: usize = 20;

impl Reading {
    /// What all targets share is needed first: the naming scheme and the key of the INE.
    fn target(
        &mut self,
        raw: raw::Target,
        shared: Option<(&Scheme, &SecretSlice<u8>)>,
    ) -> Option<Target> {
        match raw.kind.as_str() {
            "ldap" | "lab" => self.tree(raw),
            "graph" | "graph-lab" => self.cloud(raw, shared?),
            other => {
                let key = format!("target {}: kind", raw.name);
                self.wrong(&key, format!("ldap, lab, graph or graph-lab, not {other}"));
                None
            }
        }
    }

    /// The targets that are switched on, and the names of the others. Directories of the house come
    /// first: a tenant that is slow or dead holds none of them back.
    pub(super) fn targets(
        &mut self,
        raw: Vec<raw::Target>,
        shared: Option<(&Scheme, &SecretSlice<u8>)>,
        examine: &dyn Fn(&Target) -> Vec<String>,
    ) -> (Option<Vec<Target>>, Vec<String>) {
        if raw.is_empty() {
            self.wrong("target", "at least one [[target]] is needed");
        }
        let (on, off): (Vec<_>, Vec<_>) =
            raw.into_iter().partition(|target| target.enabled.unwrap_or(true));
        let off = off.into_iter().map(|target| target.name).collect();
        let targets: Vec<_> = on.into_iter().map(|target| self.target(target, shared)).collect();
        self.examined(&targets, examine);
        let targets: Option<Vec<_>> = targets.into_iter().collect();
        let in_order = targets.map(|mut targets| {
            targets.sort_by_key(|target| target.graph().is_some());
            targets
        });
        (in_order, off)
    }

    /// A directory that speaks LDAP.
    fn tree(&mut self, raw: raw::Target) -> Option<Target> {
        let key = |field: &str| format!("target {}: {field}", raw.name);
        if raw.graph.is_some() || raw.tempo.is_some() {
            self.wrong(&key("graph"), "is for the kinds graph and graph-lab");
        }
        let base = raw.base.clone().unwrap_or_default();
        let mapping =
            self.mapping(&raw.mapping, |text, file| EntryMapping::parse(text, file, &base));
        let kind = if raw.kind == "lab" {
            TargetKind::Lab(LabTarget {
                folder: self.path(&raw.folder.clone().unwrap_or_else(|| PathBuf::from("lab"))),
                port: raw.port.unwrap_or(0),
            })
        } else {
            if raw.url.is_none() {
                self.wrong(&key("url"), "needed");
            }
            let bind = match raw.bind {
                Some(bind) => self.bind(&key("bind"), bind),
                None => {
                    self.wrong(&key("bind"), "needed");
                    None
                }
            };
            let reader = raw.reader.map(|reader| self.bind(&key("reader"), reader));
            TargetKind::Ldap(LdapTarget {
                url: raw.url?,
                ca_file: raw.ca_file.map(|path| self.path(&path)),
                bind: bind?,
                reader: match reader {
                    Some(None) => return None,
                    Some(reader) => reader,
                    None => None,
                },
            })
        };
        Some(Target {
            name: raw.name,
            base,
            names_base: raw.names_base,
            mapping: Mapping::Ldap(mapping?),
            window: raw.window.unwrap_or(WINDOW),
            connections: raw.connections.unwrap_or(2),
            timeout: Duration::from_secs(raw.timeout_s.unwrap_or(30)),
            page_size: raw.page_size.unwrap_or(1000),
            link_chunk: raw.link_chunk.unwrap_or(500),
            writes_per_second_max: raw.writes_per_second_max.map(NonZero::get),
            kind,
        })
    }

    /// A tenant of Office 365.
    fn cloud(&mut self, raw: raw::Target, shared: (&Scheme, &SecretSlice<u8>)) -> Option<Target> {
        let key = |field: &str| format!("target {}: {field}", raw.name);
        let of_tree = raw.base.is_some() || raw.names_base.is_some() || raw.page_size.is_some();
        let of_bind = raw.url.is_some() || raw.bind.is_some() || raw.reader.is_some();
        if of_tree || of_bind || raw.connections.is_some() || raw.link_chunk.is_some() {
            let what = "url, base, names_base, bind, reader, connections, page_size and link_chunk \
                        are for LDAP";
            self.wrong(&key("kind"), what);
        }
        if raw.writes_per_second_max.is_some() {
            self.wrong(&key("writes_per_second_max"), "is graph.share_percent here");
        }
        let rules = raw.graph.unwrap_or_default();
        let place = if raw.kind == "graph" {
            if raw.folder.is_some() || raw.port.is_some() || raw.tempo.is_some() {
                self.wrong(&key("folder"), "folder, port and tempo are for kind = \"graph-lab\"");
            }
            let tenant = self.tenant(&raw.name, &rules, raw.ca_file);
            tenant.map(|tenant| GraphPlace::Tenant(Box::new(tenant)))
        } else {
            let tempo = raw.tempo.unwrap_or(1.0);
            if !(1.0..=10_000.0).contains(&tempo) {
                self.wrong(&key("tempo"), format!("{tempo} is not within 1 and 10000"));
            }
            let folder = raw.folder.unwrap_or_else(|| PathBuf::from("graph-lab"));
            let (folder, port) = (self.path(&folder), raw.port.unwrap_or(0));
            Some(GraphPlace::Lab(GraphLab { folder, port, tempo }))
        };
        let (graph, tenant) = self.graph(&raw.name, &rules, shared, place)?;
        let mapping =
            self.mapping(&raw.mapping, |text, file| GraphMapping::parse(text, file, tenant));
        Some(Target {
            name: raw.name,
            base: String::new(),
            names_base: None,
            mapping: Mapping::Graph(mapping?),
            window: raw.window.unwrap_or(WINDOW_GRAPH),
            connections: 1,
            timeout: Duration::from_secs(raw.timeout_s.unwrap_or(100)),
            page_size: 999,
            link_chunk: LINKS_GRAPH,
            writes_per_second_max: None,
            kind: TargetKind::Graph(graph),
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

    /// Each target has a name of its own, and whoever speaks to them has nothing
    /// against their settings.
    fn examined(&mut self, targets: &[Option<Target>], examine: &dyn Fn(&Target) -> Vec<String>) {
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
    }
}
