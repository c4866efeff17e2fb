//! Nicknames that somebody else's objects hold in a tenant: no Microsoft 365 group is made beside
//! them, whatever its unique name.

use super::diff::Sides;
use super::ground::Landing;
use crate::mapping::graph::NICKNAME;
use crate::model::entry::{Entry, GroupForm, ObjectKey};

/// Where a wanted entry comes to stand, once its nickname was looked at.
pub(super) fn looked_at(sides: &Sides<'_>, entry: &Entry, landing: Landing) -> Landing {
    match landing {
        Landing::New => held(sides, entry).map_or(landing, Landing::Blocked),
        Landing::Stays | Landing::Moves | Landing::Blocked(_) => landing,
    }
}

/// Why the service would not make it: what to free. A team waits with its group.
fn held(sides: &Sides<'_>, entry: &Entry) -> Option<String> {
    match &entry.key {
        ObjectKey::Yearly(group) if group.form == GroupForm::Unified => {
            let names = entry.attributes.values_of(NICKNAME);
            let is_held = |name: &&str| sides.observed.foreign_names.contains(&name.to_lowercase());
            let name = names.iter().find(is_held)?;
            Some(format!(
                "an object that is not ours has its mailNickname, {name}: give that one another, \
                 with another address, or remove it for good, by hand"
            ))
        }
        ObjectKey::Team(of) => {
            let group = ObjectKey::Yearly(of.clone());
            if sides.observed.entries.contains_key(&group) {
                return None;
            }
            held(sides, sides.desired.get(&group)?)?;
            Some("its group is blocked, and it waits with it".to_owned())
        }
        ObjectKey::Yearly(_)
        | ObjectKey::Account(_)
        | ObjectKey::Container(_)
        | ObjectKey::Group(_)
        | ObjectKey::Licence(_) => None,
    }
}
