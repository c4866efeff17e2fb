//! Reading the whole: our entries below the base, and the names that others hold.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry as Slot;

use ldap3::SearchEntry;

use super::LdapTarget;
use super::filter;
use super::lens::Lens;
use super::read::{Question, pages};
use super::settings::Settings;
use super::wire::Lease;
use crate::model::dn;
use crate::model::entry::{Entry, ObjectKey};
use crate::model::ids::Uai;
use crate::target::{Observe, Observed, Seen, TargetError};

impl Observe for LdapTarget {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        let mut observed = Observed::default();
        let mut lease = self.lease().await?;
        let question = Question {
            base: &self.settings.base,
            filter: &filter::present("objectClass"),
            attributes: self.lens.whole(),
            page_size: self.settings.page_size,
        };
        let base = dn::comparable(&self.settings.base);
        pages(&mut lease, &question, |entry| place(&mut observed, &self.lens, &base, entry))
            .await?;
        if let Some(names_base) = &self.settings.names_base {
            let taken = names(&mut lease, &self.lens, names_base, &self.settings).await?;
            observed.foreign_names.extend(taken);
        }
        Ok(observed)
    }
}

/// The names that others hold outside of our base: a server may want them unique there too.
async fn names(
    lease: &mut Lease,
    lens: &Lens,
    names_base: &str,
    settings: &Settings,
) -> Result<BTreeSet<String>, TargetError> {
    let attributes: Vec<String> = lens.managed().names.iter().cloned().collect();
    let question = Question {
        base: names_base,
        filter: &filter::any_present(&attributes),
        attributes: attributes.clone(),
        page_size: settings.page_size,
    };
    let mut taken = BTreeSet::new();
    pages(lease, &question, |entry| {
        if !dn::within(&entry.dn, &settings.base) {
            taken.extend(lens.names(&lens.view(entry).seen.attributes));
        }
    })
    .await?;
    Ok(taken)
}

/// Puts one entry where it belongs: ours, a double of ours, or somebody else's.
fn place(observed: &mut Observed, lens: &Lens, base: &str, entry: SearchEntry) {
    let Seen { dn, key, attributes, links } = lens.view(entry).seen;
    let Some(key) = key else {
        observed.foreign_names.extend(lens.names(&attributes));
        let dn = dn::comparable(&dn);
        if dn != base {
            observed.foreign_dns.insert(dn);
        }
        return;
    };
    let enabled = lens.enabled(&key, &dn, &attributes);
    let entry = Entry { key: key.clone(), uai: school(&key), dn, attributes, links, enabled };
    match observed.entries.entry(key) {
        Slot::Vacant(slot) => {
            slot.insert(entry);
        }
        Slot::Occupied(mut slot) => {
            // The server's order tells nothing; the same one must stand whatever the order.
            let first = slot.get();
            let later = dn::comparable(&first.dn) <= dn::comparable(&entry.dn);
            let double = if later { entry } else { slot.insert(entry) };
            observed.doubles.push(double);
            observed.sort_doubles();
        }
    }
}

/// The school that a container or group is counted under. An account's is not in its key: the
/// planner knows it.
fn school(key: &ObjectKey) -> Option<Uai> {
    match key {
        ObjectKey::Container(path) => path.split('/').next()?.parse().ok(),
        _ => key.structure().map(|structure| structure.uai.clone()),
    }
}
