//! What stands in the tenant: our accounts, groups and teams, and the names that others hold.

use std::collections::BTreeSet;

use super::GraphTarget;
use super::memory::{GroupRow, UserRow};
use super::mirror::Mirror;
use super::object_id::ObjectId;
use super::words::{ENABLED, UNIQUE_NAME, Words};
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, GroupForm, Links, ObjectKey};
use crate::target::{Observe, Observed, TargetError};

/// What a team of ours is made after.
pub(super) const TEMPLATE: (&str, &str) = ("template", "educationClass");
/// The name of an object of which only the number is known.
pub(super) const NUMBER: &str = "id";

impl Observe for GraphTarget {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        self.in_patience(self.read()).await
    }
}

impl GraphTarget {
    async fn read(&self) -> Result<Observed, TargetError> {
        self.read_users().await?;
        self.read_groups().await?;
        let again = self.mirror().settle((self.settings.now)());
        // One that seemed gone may be either.
        let (groups, users): (Vec<ObjectId>, Vec<ObjectId>) = {
            let mirror = self.mirror();
            let groups = again.iter().filter(|id| mirror.is_user(**id) != Some(true)).copied();
            let users = again.iter().filter(|id| mirror.is_user(**id) != Some(false)).copied();
            (groups.collect(), users.collect())
        };
        self.look_again_at_users(&users).await?;
        self.look_again_at_groups(&groups).await?;
        self.read_deleted().await?;
        let deleted = self.deleted_groups().await?;
        let limits = self.read_limits().await?;
        self.mirror().looked_at = Some((self.settings.now)());
        let mut observed = observed(&self.mirror(), &self.settings.domains);
        observed.deleted.extend(deleted);
        Ok(Observed { limits, ..observed })
    }
}

/// The whole, from what is known.
fn observed(mirror: &Mirror, domains: &BTreeSet<String>) -> Observed {
    let mut observed = Observed::default();
    for (id, row) in &mirror.memory.users {
        let Some(entry) = account(mirror, *id, row) else { continue };
        if mirror.account(row.person) == Some(*id) {
            if row.synced {
                observed.mastered.insert(entry.key.clone());
            }
            observed.entries.insert(entry.key.clone(), entry);
        } else {
            observed.doubles.push(entry);
        }
    }
    observed.sort_doubles();
    for (id, unmarked) in &mirror.memory.unmarked {
        let Some(dn) = mirror.user_dn(*id) else { continue };
        for person in unmarked.persons() {
            let places = observed.unmarked.entry(ObjectKey::Account(person)).or_default();
            places.insert(dn.clone());
        }
    }
    let deleted = mirror.deleted.iter().flat_map(|deleted| deleted.keys());
    observed.deleted = deleted.map(|person| ObjectKey::Account(*person)).collect();
    let gone = mirror.deleted.iter().flat_map(|deleted| deleted.values().copied()).collect();
    for row in mirror.memory.groups.values() {
        let Some(entry) = group(mirror, row, &gone) else { continue };
        if let Some(team) = team(row, &entry) {
            observed.entries.insert(team.key.clone(), team);
        }
        observed.entries.insert(entry.key.clone(), entry);
    }
    for stranger in mirror.memory.strangers.values() {
        if !stranger.nickname.is_empty() {
            observed.foreign_names.insert(stranger.nickname.to_lowercase());
        }
        let principal = stranger.principal.to_lowercase();
        if let Some((local, domain)) = principal.rsplit_once('@')
            && domains.contains(domain)
        {
            observed.foreign_names.insert(local.to_owned());
            let dn = dn::rdn(super::words::PRINCIPAL, &principal);
            observed.foreign_dns.insert(dn::comparable(&dn));
        }
        if !principal.is_empty() {
            observed.foreign_names.insert(principal);
        }
    }
    observed
}

fn account(mirror: &Mirror, id: ObjectId, row: &UserRow) -> Option<Entry> {
    let attributes = Words::attributes(&mirror.memory.user_columns, &row.values);
    Some(Entry {
        key: ObjectKey::Account(row.person),
        uai: None,
        dn: mirror.user_dn(id)?,
        enabled: !attributes.contains_key(ENABLED),
        attributes,
        links: Links::new(),
    })
}

fn group(mirror: &Mirror, row: &GroupRow, gone: &BTreeSet<ObjectId>) -> Option<Entry> {
    let attributes = Words::attributes(&mirror.memory.group_columns, &row.values);
    let name = attributes.get(UNIQUE_NAME)?.first()?;
    // Who was deleted has no links, and gets them back with the account: none is to be removed.
    let name_of = |id: &ObjectId| match mirror.user_dn(*id) {
        None if gone.contains(id) => None,
        None => Some(dn::rdn(NUMBER, &id.to_string())),
        known => known,
    };
    let mut links = Links::new();
    for (attribute, ids) in [("members", &row.members), ("owners", &row.owners)] {
        if !ids.is_empty() && mirror.eyes.words.managed.links.contains(attribute) {
            links.insert(attribute.to_owned(), ids.iter().filter_map(name_of).collect());
        }
    }
    let uai = row.key.structure().map(|structure| structure.uai.clone());
    let dn = dn::rdn(UNIQUE_NAME, name);
    Some(Entry { key: row.key.clone(), uai, dn, attributes, links, enabled: true })
}

/// The team that has been made of a group.
fn team(row: &GroupRow, group: &Entry) -> Option<Entry> {
    let ObjectKey::Yearly(yearly) = &row.key else { return None };
    let stands = row.team && yearly.form == GroupForm::Unified;
    let name = group.attributes.get(UNIQUE_NAME)?.first()?;
    let (attribute, value) = TEMPLATE;
    stands.then(|| Entry {
        key: ObjectKey::Team(yearly.clone()),
        uai: group.uai.clone(),
        dn: dn::rdn("team", name),
        attributes: Attributes::from([(attribute, [value])]),
        links: Links::new(),
        enabled: true,
    })
}
