//! What the guards are told, as plain numbers: kept with the plan, so that its parts know it too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::ids::Uai;

/// What stands now and what the registry is about to lose, as plain numbers, by school. Persons
/// and workspaces are counted once, whatever the number of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchoolFacts {
    /// Accounts that stand in the targets.
    pub accounts: u64,
    /// Of these, the ones that can be used.
    pub usable: u64,
    /// Accounts that earlier runs made in a target that was read, and none deleted.
    pub made: u64,
    /// Of these, the ones that do not stand in one of them: gone without us, or out of sight.
    pub missing: u64,
    /// Persons with a usable account whose last enrolment here ends with this plan.
    pub leaving: u64,
    /// Of the accounts that were usable a day ago, those that runs disabled since.
    pub disabled_lately: u64,
    /// Of those that stood a day ago, the ones that runs deleted since.
    pub deleted_lately: u64,
    /// The same two, as they count in the whole: what one person let pass for the school does.
    #[serde(default)]
    pub disabled_lately_in_all: u64,
    #[serde(default)]
    pub deleted_lately_in_all: u64,
    /// Accounts that the plan makes only in targets where the school has none yet: a school may
    /// begin on any day, in a directory and in Office 365.
    #[serde(default)]
    pub beginning: u64,
    /// Open workspaces of divisions and groups, before the plan.
    pub groups: u64,
    /// Of these, the ones that the plan freezes.
    pub groups_freezing: u64,
    /// Pupils with a class, before the plan.
    pub pupils: u64,
    /// Of these, the ones that stay and have no class any more.
    pub pupils_losing_division: u64,
}

/// By school; under none, whatever belongs to no school: it counts in the whole.
pub type GuardFacts = BTreeMap<Option<Uai>, SchoolFacts>;

impl SchoolFacts {
    /// The two together: facts of a whole.
    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            accounts,
            usable,
            made,
            missing,
            leaving,
            disabled_lately,
            deleted_lately,
            disabled_lately_in_all,
            deleted_lately_in_all,
            beginning,
            groups,
            groups_freezing,
            pupils,
            pupils_losing_division,
        } = other;
        self.accounts += accounts;
        self.usable += usable;
        self.made += made;
        self.missing += missing;
        self.leaving += leaving;
        self.disabled_lately += disabled_lately;
        self.deleted_lately += deleted_lately;
        self.disabled_lately_in_all += disabled_lately_in_all;
        self.deleted_lately_in_all += deleted_lately_in_all;
        self.beginning += beginning;
        self.groups += groups;
        self.groups_freezing += groups_freezing;
        self.pupils += pupils;
        self.pupils_losing_division += pupils_losing_division;
    }
}
