//! What stands in a target, as it was read: the other side of every plan.

use std::collections::{BTreeMap, BTreeSet};

use super::dn;
use super::entry::{Entry, Licence, ObjectKey};
use super::ids::StructureKey;

/// What stands in a target, as far as it matters: our entries, and what is taken by others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    pub entries: BTreeMap<ObjectKey, Entry>,
    /// Further entries with the mark of one in `entries`, such as a copy made by hand.
    pub doubles: Vec<Entry>,
    /// DNs of unmarked entries below the base, in comparable form (`ldap::dn::comparable`).
    pub foreign_dns: BTreeSet<String>,
    /// Logins (`uid`) and mail addresses that unmarked entries hold, in lower case.
    pub foreign_names: BTreeSet<String>,
    /// Accounts that an Active Directory masters: they are never written here.
    pub mastered: BTreeSet<ObjectKey>,
    /// Accounts of ours that carry the mark no more, by whom they are of after all else that is
    /// known of them: where they stand.
    pub unmarked: BTreeMap<ObjectKey, BTreeSet<String>>,
    /// Accounts and groups in the bin: what comes back is no new object.
    pub deleted: BTreeSet<ObjectKey>,
    /// How much room the target has, where it tells.
    pub limits: Vec<Limit>,
}

/// So much of something there may be, and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub what: LimitKind,
    pub total: u64,
    pub used: u64,
}

/// What a target counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitKind {
    /// Objects of the directory, those in its bin among them.
    DirectoryObjects,
    Seats(Licence),
    /// Of one product that is both licences.
    SharedSeats,
}

impl Observed {
    /// Gives the entries with an opaque mark the key of the object that they are, among those
    /// known; the others stay as they are marked.
    pub fn recognise<'a>(&mut self, known: impl Iterator<Item = &'a StructureKey>) {
        let is_opaque = |key: &ObjectKey| key.structure().is_some_and(StructureKey::is_opaque);
        let doubles = self.doubles.iter().map(|double| &double.key);
        if !self.entries.keys().chain(doubles).any(is_opaque) {
            return;
        }
        let real: BTreeMap<StructureKey, &StructureKey> =
            known.map(|key| (key.opaque(), key)).collect();
        let rename = |key: &ObjectKey| {
            let found = key.structure().and_then(|structure| real.get(structure));
            found.map_or_else(|| key.clone(), |structure| key.with_structure(structure))
        };
        for double in &mut self.doubles {
            double.key = rename(&double.key);
        }
        for (key, mut entry) in std::mem::take(&mut self.entries) {
            entry.key = rename(&key);
            // Marked in both forms: whichever comes second in place is the double.
            if let Some(first) = self.entries.get(&entry.key)
                && first.dn <= entry.dn
            {
                self.doubles.push(entry);
            } else if let Some(later) = self.entries.insert(entry.key.clone(), entry) {
                self.doubles.push(later);
            }
        }
        self.sort_doubles();
    }

    /// The same order, whatever the server's.
    pub fn sort_doubles(&mut self) {
        self.doubles.sort_by(|one, other| (&one.key, &one.dn).cmp(&(&other.key, &other.dn)));
    }

    /// Of several entries with one mark, the one that stands where it should is the object, and
    /// the others are its doubles. `place`: where that is, if it is known.
    pub fn prefer<'a>(&mut self, place: impl Fn(&ObjectKey) -> Option<&'a str>) {
        let is_at = |entry: &Entry, dn: &str| dn::comparable(&entry.dn) == dn::comparable(dn);
        for double in &mut self.doubles {
            if let (Some(dn), Some(first)) = (place(&double.key), self.entries.get_mut(&double.key))
                && !is_at(first, dn)
                && is_at(double, dn)
            {
                std::mem::swap(first, double);
            }
        }
        self.sort_doubles();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::{Attributes, Links};

    fn entry(mark: &ObjectKey, dn: &str) -> Entry {
        Entry {
            key: mark.clone(),
            uai: None,
            dn: dn.to_owned(),
            attributes: Attributes::new(),
            links: Links::new(),
            enabled: true,
        }
    }

    #[test]
    fn an_opaque_mark_leads_to_its_object_when_it_is_known() {
        let key: ObjectKey = "rentree:division:0599990N:ULIS".parse().unwrap();
        let ObjectKey::Group(known) = &key else { unreachable!() };
        let other: ObjectKey = "rentree:division:0599990N:2 A".parse().unwrap();
        let seen = |all: &[(&ObjectKey, &str)], known: &[StructureKey]| {
            let mut observed = Observed::default();
            for (mark, dn) in all {
                observed.entries.insert((*mark).clone(), entry(mark, dn));
            }
            observed.recognise(known.iter());
            let told = observed.entries.iter().map(|(key, one)| {
                assert_eq!(*key, one.key);
                format!("{key} {}", one.dn)
            });
            let doubles = observed.doubles.iter().map(|one| (one.key.clone(), one.dn.clone()));
            (told.collect::<Vec<_>>(), doubles.collect::<Vec<_>>())
        };
        let opaque = key.opaque();
        let both = [(&opaque, "cn=b"), (&other, "cn=a")];
        let (told, _) = seen(&both, std::slice::from_ref(known));
        assert_eq!(told, [format!("{other} cn=a"), format!("{key} cn=b")]);
        // A registry that has forgotten it: a stray, as any other mark.
        let (told, _) = seen(&both, &[]);
        assert!(told.contains(&format!("{opaque} cn=b")), "{told:?}");
        let twice = [(&opaque, "cn=b"), (&key, "cn=c")];
        let (told, doubles) = seen(&twice, std::slice::from_ref(known));
        assert_eq!(told, [format!("{key} cn=b")]);
        assert_eq!(doubles, [(key.clone(), "cn=c".to_owned())]);
    }
    #[test]
    fn of_two_with_one_mark_the_one_in_its_place_is_the_object() {
        // SEC-45.
        let key: ObjectKey = "rentree:account:1".parse().unwrap();
        for place in [Some("uid=INES,dc=x"), Some("uid=else,dc=x"), None] {
            let mut observed = Observed::default();
            observed.entries.insert(key.clone(), entry(&key, "uid=aaron,dc=x"));
            observed.doubles.extend(["uid=ines,dc=x", "uid=zoe,dc=x"].map(|dn| entry(&key, dn)));
            observed.prefer(|_| place);
            let found = place == Some("uid=INES,dc=x");
            let chosen = if found { "uid=ines,dc=x" } else { "uid=aaron,dc=x" };
            assert_eq!(observed.entries[&key].dn, chosen, "{place:?}");
            let other = if found { "uid=aaron,dc=x" } else { "uid=ines,dc=x" };
            let doubles: Vec<&str> = observed.doubles.iter().map(|one| &*one.dn).collect();
            assert_eq!(doubles, [other, "uid=zoe,dc=x"], "{place:?}");
        }
    }
}
