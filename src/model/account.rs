//! Accounts: login, addresses, state. One person has at most one, for ever (DESIGN rule 2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::Login;

/// The names of an account in every target, given once and kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountName {
    /// `uid`, UPN before `@`: up to 64 signs.
    pub login: Login,
    /// `sAMAccountName`: up to 20 signs, suffix included.
    pub short_login: Login,
    /// Local part of the mail address: keeps the hyphens of compounds and particles.
    pub mail_local: Login,
}

impl AccountName {
    /// All of them: one space, in which a name has one holder.
    pub fn each(&self) -> [&Login; 3] {
        let Self { login, short_login, mail_local } = self;
        [login, short_login, mail_local]
    }
}

/// Where an account is in its life. Dates are days in the configured zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum AccountState {
    Active,
    /// No enrolment is left; still works until the grace is over.
    Leaving {
        since: Date,
        disable_on: Date,
    },
    /// Cannot log in; kept until the day of deletion.
    Disabled {
        since: Date,
        delete_on: Date,
    },
    /// Gone from the targets; the login stays reserved.
    Deleted {
        on: Date,
    },
}

impl AccountState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Leaving { .. } => "leaving",
            Self::Disabled { .. } => "disabled",
            Self::Deleted { .. } => "deleted",
        }
    }
    /// The account can be used.
    pub fn works(&self) -> bool {
        matches!(self, Self::Active | Self::Leaving { .. })
    }
    /// The account stands in the targets, usable or not.
    pub fn stands(&self) -> bool {
        !matches!(self, Self::Deleted { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: AccountName,
    pub state: AccountState,
}
