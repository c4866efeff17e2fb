//! Who may do what in the lab: the rights that SEC-06 asks of a real server.

use super::tree::Path;
use crate::model::dn;

/// Who speaks on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    /// The directory's manager: everything.
    Admin,
    /// rentree's own account: reads all but passwords, writes below the base, passwords too.
    Service,
    /// Reads all but passwords.
    Reader,
    /// Anybody with an entry: reads it, and changes its password.
    Person(Path),
}

/// The entries by which rights are told.
#[derive(Debug)]
pub(super) struct Rights {
    pub(super) base: Path,
    pub(super) admin: Path,
    pub(super) service: Path,
    pub(super) reader: Path,
    /// Branches that the service account may not write.
    pub(super) closed: Vec<Path>,
}

impl Rights {
    pub(super) fn who(&self, path: Path) -> Who {
        match path {
            path if path == self.admin => Who::Admin,
            path if path == self.service => Who::Service,
            path if path == self.reader => Who::Reader,
            path => Who::Person(path),
        }
    }

    pub(super) fn reads(&self, who: &Who, path: &Path) -> bool {
        match who {
            Who::Nobody => false,
            Who::Admin | Who::Service | Who::Reader => true,
            Who::Person(own) => own == path,
        }
    }

    pub(super) fn writes(&self, who: &Who, path: &Path) -> bool {
        match who {
            Who::Admin => true,
            Who::Service => {
                path.starts_with(&self.base)
                    && !self.closed.iter().any(|branch| path.starts_with(branch))
            }
            Who::Nobody | Who::Reader | Who::Person(_) => false,
        }
    }

    /// May give the entry a new password; their own, everybody may.
    pub(super) fn sets_password(&self, who: &Who, path: &Path) -> bool {
        matches!(who, Who::Person(own) if own == path) || self.writes(who, path)
    }

    pub(super) fn sees_passwords(&self, who: &Who) -> bool {
        *who == Who::Admin
    }

    /// The form `dn:…` of "who am I" (RFC 4532), from the name in the entry.
    pub(super) fn authorization(who: &Who, name: Option<&str>) -> String {
        match (who, name) {
            (Who::Nobody, _) | (_, None) => String::new(),
            (_, Some(name)) => format!("dn:{name}"),
        }
    }
}

/// The names of the lab's own entries.
pub(super) struct Names {
    pub(super) services: String,
    pub(super) policies: String,
    pub(super) service: String,
    pub(super) reader: String,
    pub(super) policy: String,
}

impl Names {
    pub(super) fn below(base: &str) -> Self {
        let services = dn::child("ou", "services", base);
        let policies = dn::child("ou", "policies", base);
        Self {
            service: dn::child("cn", "rentree", &services),
            reader: dn::child("cn", "lecteur", &services),
            policy: dn::child("cn", "default", &policies),
            services,
            policies,
        }
    }
}
