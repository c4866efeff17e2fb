//! How we see an entry of the server: managed attributes only, in the mapping's spelling.

use std::collections::{BTreeMap, BTreeSet};

use ldap3::SearchEntry;

use crate::mapping::managed::Managed;
use crate::model::entry::{Attributes, Links, ObjectKey, ObjectKind};
use crate::target::Seen;

/// The operational attribute that changes with every write: an assertion on it makes sure that
/// nothing came between looking and writing.
pub(super) const ENTRY_CSN: &str = "entryCSN";

/// One entry as it was read.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) seen: Seen,
    pub(super) csn: Option<String>,
}

/// Reads entries of the server for one mapping.
#[derive(Debug, Clone)]
pub(super) struct Lens {
    managed: Managed,
    /// Attribute in lower case → as the mapping spells it.
    spelling: BTreeMap<String, String>,
}

impl Lens {
    pub(super) fn new(managed: &Managed) -> Self {
        let kinds = managed.attributes.values().flatten();
        let names = kinds.chain(&managed.names).chain([&managed.mark]);
        let spelling = names
            .chain(&managed.links)
            .map(String::as_str)
            .chain(managed.disabled.keys())
            .map(|name| (name.to_ascii_lowercase(), name.to_owned()))
            .collect();
        Self { managed: managed.clone(), spelling }
    }

    /// What a full read asks for: all that is managed, links too. Operational attributes come
    /// only when they are named.
    pub(super) fn whole(&self) -> Vec<String> {
        self.spelling.values().cloned().collect()
    }

    /// What a look before a write asks for.
    pub(super) fn look(&self) -> Vec<String> {
        let links = &self.managed.links;
        let mut names: Vec<_> =
            self.spelling.values().filter(|name| !links.contains(*name)).cloned().collect();
        names.push(ENTRY_CSN.to_owned());
        names
    }

    /// As [`Lens::look`], with the links.
    pub(super) fn look_with_links(&self) -> Vec<String> {
        let mut names = self.whole();
        names.push(ENTRY_CSN.to_owned());
        names
    }

    /// What an answer of the server is to us.
    pub(super) fn view(&self, entry: SearchEntry) -> View {
        let SearchEntry { dn, attrs, bin_attrs } = entry;
        let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut links = Links::new();
        let mut csn = None;
        let binary = bin_attrs.into_iter().map(|(name, values)| {
            // Not text: kept visible, so that it counts as a difference.
            (name, values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect())
        });
        for (name, mut values) in attrs.into_iter().chain(binary) {
            if name.eq_ignore_ascii_case(ENTRY_CSN) {
                csn = values.pop();
                continue;
            }
            // An attribute with an option (`cn;lang-fr`) is another attribute, and not ours.
            let Some(name) = self.spelling.get(&name.to_ascii_lowercase()) else { continue };
            if self.managed.links.contains(name) {
                links.insert(name.clone(), values.into_iter().collect());
            } else if !values.is_empty() {
                values.sort();
                texts.insert(name, values);
            }
        }
        let mut attributes: Attributes = texts.into_iter().collect();
        let key = self.key(&attributes);
        if let Some(key) = &key {
            self.keep_managed(key.kind(), &mut attributes, &mut links);
        }
        View { seen: Seen { dn, key, attributes, links }, csn }
    }

    fn key(&self, attributes: &Attributes) -> Option<ObjectKey> {
        attributes.get(&self.managed.mark)?.iter().find_map(|value| value.parse().ok())
    }

    fn keep_managed(&self, kind: ObjectKind, attributes: &mut Attributes, links: &mut Links) {
        let none = BTreeSet::new();
        let managed = self.managed.attributes.get(&kind).unwrap_or(&none);
        let disabled = &self.managed.disabled;
        attributes.retain(|name, values| {
            // A server's own lock after wrong passwords has a date there: it is not our doing,
            // and lifting it every night would undo the policy.
            let foreign_lock = disabled.get(name).is_some_and(|ours| ours != values);
            managed.contains(name) && !foreign_lock
        });
        if kind != ObjectKind::Group {
            links.clear();
        }
    }

    /// The account can be used: it does not carry all that disabling puts there, or does not stand
    /// where disabled accounts are put.
    pub(super) fn enabled(&self, key: &ObjectKey, place: &str, attributes: &Attributes) -> bool {
        let Managed { disabled, places, .. } = &self.managed;
        let is_disabled = || {
            if disabled.is_empty() {
                places.says_disabled(place)
            } else {
                disabled.keys().all(|name| attributes.contains_key(name))
            }
        };
        key.kind() != ObjectKind::Account || !is_disabled()
    }

    /// The values that no new account may take, in lower case.
    pub(super) fn names<'a>(&'a self, attributes: &'a Attributes) -> impl Iterator<Item = String> {
        let names = self.managed.names.iter().filter_map(|name| attributes.get(name));
        names.flatten().map(|value| value.to_lowercase())
    }

    pub(super) fn managed(&self) -> &Managed {
        &self.managed
    }
}
