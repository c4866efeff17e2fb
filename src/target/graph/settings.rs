//! What is needed to reach one tenant and to write there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::SecretString;

use super::Patience;
pub use crate::config::LinkCost;
use crate::mapping::managed::Managed;
use crate::model::entry::Licence;
use crate::model::opaque::OpaqueKeys;
use crate::target::pace::Tempo;

/// Links that one request may carry, members and owners together.
pub const LINKS_MAX: usize = 20;
/// Requests that one `$batch` may carry.
pub const BATCH_MAX: usize = 20;

/// One tenant, and how it is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The target's name in `rentree.toml`.
    pub name: String,
    /// `https://graph.microsoft.com/v1.0`, without a slash at the end.
    pub base_url: String,
    /// `https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token`.
    pub token_url: String,
    /// `https://graph.microsoft.com/.default`.
    pub scope: String,
    pub client_id: String,
    pub credential: Credential,
    /// Of the names of our groups: `hdf`.
    pub prefix: String,
    /// Domains in which our accounts stand, in lower case: a stranger's name counts there only.
    pub domains: BTreeSet<String>,
    pub opaque: OpaqueKeys,
    pub managed: Managed,
    /// Of one HTTP request.
    pub timeout: Duration,
    /// Part of the quota that is used: 0.8. The rest is for other tools of the tenant.
    pub share: f64,
    pub link_cost: LinkCost,
    /// `$batch` requests open at once.
    pub batches: usize,
    /// How much faster than the wall the service's clock runs: 1, but in a lab.
    pub tempo: f64,
    pub now: fn() -> jiff::Timestamp,
    /// The product that each licence group assigns, by its GUID.
    pub licences: BTreeMap<Licence, String>,
    /// The age of a group from which a team can be made of it.
    pub team_wait: Duration,
    /// Teams are made of groups.
    pub teams: bool,
    /// More applications of the same tenant, each with a quota of its own. They take from what
    /// other tools of the tenant need, so somebody must have asked for them.
    pub extra_apps: Vec<App>,
    /// Objects that the tenant may hold, where the service does not tell.
    pub directory_quota: Option<u64>,
    /// How long it may keep a command waiting; the same one each time the command opens it.
    pub patience: Patience,
}

impl Settings {
    pub(super) fn tempo(&self) -> Tempo {
        Tempo::new(self.tempo)
    }

    /// What is wrong in them, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let urls = [("base_url", &self.base_url), ("token_url", &self.token_url)];
        for (name, url) in urls {
            if !super::exchange::is_protected(url) {
                problems.push(format!("{name}: not an https address: {url}"));
            }
        }
        if !(0.01..=1.0).contains(&self.share) {
            problems.push(format!("share_percent: {} is not within 1 to 100", self.share * 100.0));
        }
        if !(1..=16).contains(&self.batches) {
            problems.push(format!("batches: {} is not within 1 to 16", self.batches));
        }
        if self.timeout.is_zero() {
            problems.push("timeout_s: 0 would give up at once".to_owned());
        }
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric();
        if self.prefix.is_empty() || !self.prefix.bytes().all(is_sign) {
            problems.push(format!("prefix: letters and digits are needed: {}", self.prefix));
        }
        if self.domains.is_empty() {
            problems.push("domains: at least one is needed".to_owned());
        }
        problems
    }
}

/// An application of the tenant.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub credential: Credential,
}

/// How an application proves who it is.
#[derive(Debug, Clone)]
pub enum Credential {
    Secret {
        secret: SecretString,
        /// The tenant does not tell it: as somebody noted it.
        ends_at: Option<jiff::Timestamp>,
    },
    /// Both as PEM: the certificate that the tenant knows, and its RSA key (PKCS #8 or PKCS #1).
    Certificate { pem: String, key: SecretString },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_counted_as_the_setting_says() {
        // SEC-47.
        for (links, thirds) in [(0, 1), (1, 1), (3, 1), (4, 2), (20, 7)] {
            assert_eq!(LinkCost::Thirds.writes(links), thirds);
            assert_eq!(LinkCost::PerRequest.writes(links), 1);
        }
    }

    #[test]
    fn a_token_goes_over_a_protected_connection_only() {
        let mut settings = super::super::tests::settings(|settings| settings);
        assert_eq!(settings.problems(), Vec::<String>::new());
        settings.token_url = "http://login.test/t/oauth2/v2.0/token".into();
        settings.share = 1.2;
        settings.batches = 0;
        settings.prefix = "h-df".into();
        assert_eq!(settings.problems().len(), 4);
    }
}
