//! Changes: checked against rights, schema and assertion, then logged, then done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ldap3_proto::proto::{
    LdapAddRequest, LdapFilter, LdapModify, LdapModifyDNRequest, LdapModifyRequest, LdapModifyType,
    LdapResultCode,
};

use super::access::{Rights, Who};
use super::filter::{Asker, matches};
use super::refusal::Refusal;
use super::schema::AttributeType;
use super::storage::Storage;
use super::tree::{Change, Delta, Goes, Node, Path, Tree};
use super::{Entropy, check, password, time};
use crate::model::dn;

/// All that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) tree: Tree,
    pub(super) storage: Storage,
    /// Of the last change number given.
    pub(super) count: u64,
}

/// Who writes, when, and under which rights.
pub(super) struct Writer<'a> {
    pub(super) who: &'a Who,
    /// Their name, for `creatorsName` and `modifiersName`.
    pub(super) name: &'a str,
    pub(super) rights: &'a Rights,
    pub(super) policy: &'a Path,
    pub(super) assertion: Option<&'a LdapFilter>,
    pub(super) now: Timestamp,
    pub(super) entropy: Entropy,
}

impl State {
    /// Logs a change and does it: in this order, so that memory never holds more than the disk.
    fn commit(&mut self, change: &Change) -> Result<(), Refusal> {
        self.storage.append(change).map_err(|error| Refusal::disk(&error))?;
        self.tree.apply(change);
        Ok(())
    }

    /// What every change leaves in its entry.
    fn stamps(&mut self, writer: &Writer<'_>) -> Vec<Delta> {
        self.count += 1;
        vec![
            Delta::set("entryCSN", time::change_number(writer.now, self.count)),
            Delta::set("modifyTimestamp", time::generalized(writer.now)),
            Delta::set("modifiersName", writer.name.to_owned()),
        ]
    }

    /// The entry that a change is about: it stands, may be written, and answers the assertion.
    fn target(&self, writer: &Writer<'_>, name: &str) -> Result<(Path, &Node), Refusal> {
        let path = dn::path(name).map_err(|_| Refusal::invalid_dn())?;
        let node = self.tree.get(&path).filter(|_| {
            writer.rights.reads(writer.who, &path) || writer.rights.writes(writer.who, &path)
        });
        let node = node.ok_or_else(|| Refusal::no_such_object(&self.tree, &path))?;
        self.assert(writer, node)?;
        Ok((path, node))
    }

    /// As in slapd, the assertion comes before the rights.
    fn assert(&self, writer: &Writer<'_>, node: &Node) -> Result<(), Refusal> {
        let asker = Asker { sees_passwords: writer.rights.sees_passwords(writer.who) };
        match writer.assertion {
            Some(filter) if !matches(&self.tree.schema, asker, filter, node) => {
                Err(Refusal::new(LdapResultCode::AssertionFailed, ""))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn add(
        &mut self,
        writer: &Writer<'_>,
        request: LdapAddRequest,
    ) -> Result<(), Refusal> {
        let path = dn::path(&request.dn).map_err(|_| Refusal::invalid_dn())?;
        let mut attributes = self.attributes_of_add(writer, &request)?;
        let mut node = self.tree.node(&request.dn, &attributes);
        let structural = check::structural(&self.tree.schema, &node)?;
        check::entry(&self.tree.schema, &node)?;
        self.assert(writer, &node)?;
        if self.tree.get(&path).is_some() {
            return Err(Refusal::new(LdapResultCode::EntryAlreadyExists, ""));
        }
        if !path.starts_with(&writer.rights.base) {
            let text = "no global superior knowledge";
            return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
        }
        let above = path.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default();
        // The topmost entry has nothing above it.
        if path != writer.rights.base && self.tree.get(&above).is_none() {
            return Err(Refusal::no_such_object(&self.tree, &path));
        }
        if !writer.rights.writes(writer.who, &path) {
            return Err(Refusal::no_access());
        }
        let mut deltas = self.stamps(writer);
        deltas.push(Delta::set("createTimestamp", time::generalized(writer.now)));
        deltas.push(Delta::set("creatorsName", writer.name.to_owned()));
        deltas.push(Delta::set("structuralObjectClass", structural.to_owned()));
        deltas.push(Delta::set("entryUUID", time::uuid(writer.entropy)));
        for Delta { attribute, comes, .. } in deltas {
            attributes.insert(attribute, comes);
        }
        node.dn = request.dn;
        self.commit(&Change::Put { dn: node.dn, attributes })
    }

    fn attributes_of_add(
        &self,
        writer: &Writer<'_>,
        request: &LdapAddRequest,
    ) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
        let schema = &self.tree.schema;
        let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for given in &request.attributes {
            let attribute = check::known(schema, &given.atype)?;
            if attributes.contains_key(attribute.name) {
                let text = format!("{}: attribute provided more than once", attribute.name);
                return Err(Refusal::new(LdapResultCode::AttributeOrValueExists, text));
            }
            let values = check::values(schema, attribute, &given.vals)?;
            let values = self.as_stored(writer, attribute, values)?;
            attributes.insert(attribute.name.to_owned(), values);
        }
        // What names the entry stands in it, said or not.
        let rdns = dn::parse(&request.dn).map_err(|_| Refusal::invalid_dn())?;
        for ava in rdns.into_iter().next().unwrap_or_default() {
            let attribute = check::known(schema, &ava.attribute)?;
            let comparable = schema.comparable(attribute, &ava.value);
            let comparable = comparable.ok_or_else(Refusal::invalid_dn)?;
            let values = attributes.entry(attribute.name.to_owned()).or_default();
            let same =
                |value: &String| schema.comparable(attribute, value).as_ref() == Some(&comparable);
            if !values.iter().any(same) {
                values.push(ava.value);
            }
        }
        Ok(attributes)
    }

    fn as_stored(
        &self,
        writer: &Writer<'_>,
        attribute: &AttributeType,
        values: Vec<String>,
    ) -> Result<Vec<String>, Refusal> {
        if attribute.name != password::ATTRIBUTE {
            return Ok(values);
        }
        let policy = self.tree.get(writer.policy);
        values.into_iter().map(|value| password::stored(value, policy, writer.entropy)).collect()
    }

    pub(super) fn modify(
        &mut self,
        writer: &Writer<'_>,
        request: &LdapModifyRequest,
    ) -> Result<(), Refusal> {
        let (path, node) = self.target(writer, &request.dn)?;
        let schema = &self.tree.schema;
        let on_password = |change: &LdapModify| {
            let attribute = schema.attribute(&change.modification.atype);
            attribute.is_some_and(|attribute| attribute.name == password::ATTRIBUTE)
        };
        let passwords = request.changes.iter().any(on_password);
        let passwords_only = request.changes.iter().all(on_password);
        let allowed = match passwords_only && passwords {
            true => writer.rights.sets_password(writer.who, &path),
            false => writer.rights.writes(writer.who, &path),
        };
        if !allowed {
            return Err(Refusal::no_access());
        }
        let name = node.dn.clone();
        let structural = node.first("structuralObjectClass").unwrap_or_default().to_owned();
        let mut draft = node.clone();
        let mut deltas = Vec::new();
        for change in &request.changes {
            let delta = self.delta(writer, &draft, change)?;
            draft.apply(schema, std::slice::from_ref(&delta));
            deltas.push(delta);
        }
        if check::structural(schema, &draft)? != structural {
            let text = "structural object class modification is not allowed";
            return Err(Refusal::new(LdapResultCode::ObjectClassModsProhibited, text));
        }
        check::entry(schema, &draft)?;
        if passwords {
            let own = matches!(writer.who, Who::Person(own) if *own == path);
            let policy = self.tree.get(writer.policy);
            deltas.extend(password::consequences(own, policy, writer.now));
        }
        deltas.extend(self.stamps(writer));
        self.commit(&Change::Alter { dn: name, deltas })
    }

    /// One part of a modify, against the entry as the parts before left it.
    fn delta(
        &self,
        writer: &Writer<'_>,
        node: &Node,
        change: &LdapModify,
    ) -> Result<Delta, Refusal> {
        let schema = &self.tree.schema;
        let attribute = check::known(schema, &change.modification.atype)?;
        let name = attribute.name;
        let values = check::values(schema, attribute, &change.modification.vals)?;
        let there = |value: &String| match attribute.name == password::ATTRIBUTE {
            true => node.values(name).any(|stored| same_password(stored, value)),
            false => node.has(schema, attribute, value),
        };
        let refuse = |code, text: String| Err(Refusal::new(code, text));
        let (goes, comes) = match change.operation {
            LdapModifyType::Add => {
                if let Some(rank) = values.iter().position(there) {
                    let text = format!("modify/add: {name}: value #{rank} already exists");
                    return refuse(LdapResultCode::AttributeOrValueExists, text);
                }
                (Goes::Nothing, values)
            }
            LdapModifyType::Delete if node.values(name).next().is_none() => {
                let text = format!("modify/delete: {name}: no such attribute");
                return refuse(LdapResultCode::NoSuchAttribute, text);
            }
            LdapModifyType::Delete if values.is_empty() => (Goes::Everything, Vec::new()),
            LdapModifyType::Delete => {
                if !values.iter().all(there) {
                    let text = format!("modify/delete: {name}: no such value");
                    return refuse(LdapResultCode::NoSuchAttribute, text);
                }
                let stored = |value: &String| match attribute.name == password::ATTRIBUTE {
                    true => node.values(name).find(|stored| same_password(stored, value)),
                    false => None,
                };
                let gone = values.into_iter().map(|value| stored(&value).cloned().unwrap_or(value));
                (Goes::Values(gone.collect()), Vec::new())
            }
            LdapModifyType::Replace => (Goes::Everything, values),
            LdapModifyType::Increment => {
                return refuse(LdapResultCode::UnwillingToPerform, "increment not done".to_owned());
            }
        };
        let comes = self.as_stored(writer, attribute, comes)?;
        Ok(Delta { attribute: name.to_owned(), goes, comes })
    }

    pub(super) fn delete(&mut self, writer: &Writer<'_>, name: &str) -> Result<(), Refusal> {
        let (path, node) = self.target(writer, name)?;
        let name = node.dn.clone();
        if !writer.rights.writes(writer.who, &path) {
            return Err(Refusal::no_access());
        }
        if self.tree.has_children(&path) {
            let text = "subordinate objects must be deleted first";
            return Err(Refusal::new(LdapResultCode::NotAllowedOnNonLeaf, text));
        }
        self.commit(&Change::Drop { dn: name })
    }

    pub(super) fn rename(
        &mut self,
        writer: &Writer<'_>,
        request: &LdapModifyDNRequest,
    ) -> Result<(), Refusal> {
        let (path, node) = self.target(writer, &request.dn)?;
        let above = match &request.new_superior {
            Some(superior) => {
                let above = dn::path(superior).map_err(|_| Refusal::invalid_dn())?;
                let above = self.tree.get(&above);
                above.map(|node| node.dn.clone()).ok_or_else(|| {
                    let text = "newSuperior not found";
                    Refusal::new(LdapResultCode::NoSuchObject, text)
                })?
            }
            None => dn::parent(&node.dn).unwrap_or_default().to_owned(),
        };
        let to = dn::join(&request.newrdn, &above);
        let target = dn::path(&to).map_err(|_| Refusal::invalid_dn())?;
        if !writer.rights.writes(writer.who, &path) || !writer.rights.writes(writer.who, &target) {
            return Err(Refusal::no_access());
        }
        if target != path && self.tree.get(&target).is_some() {
            return Err(Refusal::new(LdapResultCode::EntryAlreadyExists, ""));
        }
        if target != path && target.starts_with(&path) {
            let text = "an entry cannot move below itself";
            return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
        }
        let from = node.dn.clone();
        let mut draft = node.clone();
        let mut deltas = Vec::new();
        if request.deleteoldrdn {
            deltas.extend(naming_deltas(&from, false)?);
        }
        deltas.extend(naming_deltas(&to, true)?);
        draft.dn.clone_from(&to);
        draft.apply(&self.tree.schema, &deltas);
        check::entry(&self.tree.schema, &draft)?;
        deltas.extend(self.stamps(writer));
        self.commit(&Change::Move { from, to, deltas })
    }

    /// A new password for an entry (RFC 3062); `own` when it changes its own.
    pub(super) fn set_password(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        new: String,
    ) -> Result<(), Refusal> {
        let (path, node) = self.target(writer, name)?;
        if !writer.rights.sets_password(writer.who, &path) {
            return Err(Refusal::no_access());
        }
        let name = node.dn.clone();
        let own = matches!(writer.who, Who::Person(own) if *own == path);
        let policy = self.tree.get(writer.policy);
        let stored = password::stored(new, policy, writer.entropy)?;
        let mut deltas = vec![Delta::set(password::ATTRIBUTE, stored)];
        deltas.extend(password::consequences(own, policy, writer.now));
        deltas.extend(self.stamps(writer));
        self.commit(&Change::Alter { dn: name, deltas })
    }
}

/// The naming values of a name come into the entry, or leave it.
fn naming_deltas(name: &str, come: bool) -> Result<Vec<Delta>, Refusal> {
    let rdns = dn::parse(name).map_err(|_| Refusal::invalid_dn())?;
    let pairs = rdns.into_iter().next().unwrap_or_default().into_iter();
    Ok(pairs
        .map(|ava| match come {
            true => Delta { attribute: ava.attribute, goes: Goes::Nothing, comes: vec![ava.value] },
            false => {
                let goes = Goes::Values(vec![ava.value]);
                Delta { attribute: ava.attribute, goes, comes: Vec::new() }
            }
        })
        .collect())
}

/// A password in a request names a stored one by its clear text or by its stored form.
fn same_password(stored: &str, value: &str) -> bool {
    stored == value || crate::target::ldap::ssha::matches(stored, value)
}
