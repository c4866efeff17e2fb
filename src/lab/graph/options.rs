//! How the lab's Graph is served. Every choice is the caller's.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::SecretString;

use super::faults::Faults;
use crate::lab::Entropy;

/// One tenant, its apps, its limits and its moods.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed and the same calls in the same order give the same answers.
    pub seed: u64,
    /// Seconds of the service in one second of the wall: 60 makes minutes of a rentrée of hours.
    pub tempo: f64,
    /// The wall clock, read when the service opens.
    pub now: fn() -> Timestamp,
    /// Scheme and host that links in answers carry, such as `http://graph.lab`.
    pub origin: String,
    /// The tenant's id, in the path of the token endpoint.
    pub tenant: String,
    /// Verified domains; the first one is the default.
    pub domains: Vec<String>,
    pub apps: Vec<App>,
    pub skus: Vec<Sku>,
    /// Accounts with a directory role, by their `userPrincipalName` in lower case: writes of them
    /// are refused with 403.
    pub administrators: BTreeSet<String>,
    pub limits: Limits,
    pub faults: Faults,
    /// Where the tenant is kept between processes. None: in memory only.
    pub folder: Option<PathBuf>,
    /// Port of the front on loopback; 0: the one of last time, else any that is free.
    pub port: u16,
    /// Draws the secret of the first app when a folder is new. None: the one of `apps`.
    pub entropy: Option<Entropy>,
}

/// An app registration.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub secret: Option<SecretString>,
    /// DER of the certificate whose key signs its assertions.
    pub certificate: Option<Vec<u8>>,
    /// Granted application permissions.
    pub permissions: BTreeSet<String>,
}

/// A licence that the tenant bought.
#[derive(Debug, Clone)]
pub struct Sku {
    pub sku_id: String,
    pub part_number: String,
    pub seats: u64,
}

/// What `n` links in one request cost in writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkCost {
    /// One, as the published table says.
    PerRequest,
    /// A third each, rounded up, as Canvas counts.
    Thirds,
}

/// The limits of the service, and whether they bind.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Writes of one app in 150 s.
    pub writes: u64,
    /// Writes of all apps in 300 s.
    pub tenant_writes: u64,
    /// Resource units of one app in 10 s; None: by the size of the tenant (3,500, 5,000 or 8,000).
    pub resource_units: Option<u64>,
    pub link_cost: LinkCost,
    /// A request that is refused with 429 counts all the same.
    pub refused_count: bool,
    /// `x-ms-throttle-limit-percentage` above 0.8.
    pub percentage: bool,
    pub directory_objects: u64,
    /// `directorySizeQuota` is told on /beta/organization.
    pub quota_told: bool,
    pub links_in_request: usize,
    pub owners: usize,
    /// Values or clauses of one `$filter`.
    pub filter_clauses: usize,
    /// A soft-deleted group holds its `uniqueName` and `mailNickname`.
    pub deleted_groups_hold_names: bool,
    /// Days that a deleted object stays, and then counts a quarter.
    pub deleted_days: u32,
    /// Age of a group that a team can be made of.
    pub team_age_seconds: u32,
    /// Seconds until a team stands.
    pub team_seconds: u32,
    /// POST /teams in a second; 83 % of it are sustained.
    pub teams_per_second: u64,
    /// Lifetime of a token in minutes, drawn between.
    pub token_minutes: (u32, u32),
    /// Days that a delta token is good for.
    pub delta_days: u32,
}

/// The permissions that the application of the batch is granted (SEC-08).
pub const PERMISSIONS: [&str; 6] = [
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "Organization.Read.All",
    "EduRoster.ReadWrite.All",
    "Team.Create",
    "LicenseAssignment.ReadWrite.All",
];

impl Limits {
    /// Those of the service, as published.
    pub fn published() -> Self {
        Self {
            writes: 3_000,
            tenant_writes: 18_000,
            resource_units: None,
            link_cost: LinkCost::Thirds,
            refused_count: true,
            percentage: true,
            directory_objects: 300_000,
            quota_told: true,
            links_in_request: 20,
            owners: 100,
            filter_clauses: 15,
            deleted_groups_hold_names: true,
            deleted_days: 30,
            team_age_seconds: 15 * 60,
            team_seconds: 30,
            teams_per_second: 10,
            token_minutes: (60, 90),
            delta_days: 7,
        }
    }
}

impl App {
    /// An app with a secret and the permissions of the batch.
    pub fn with_secret(client_id: &str, secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            secret: Some(SecretString::from(secret)),
            certificate: None,
            permissions: PERMISSIONS.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// The app of [`Options::usual`].
pub const CLIENT_ID: &str = "11111111-2222-4333-8444-555555555555";
pub const CLIENT_SECRET: &str = "lab-secret-of-graph";
pub const TENANT: &str = "99999999-8888-4777-8666-555555555555";
/// Licences of [`Options::usual`]: pupils, then staff.
pub const PUPIL_SKU: &str = "314c4481-f395-4525-be8b-2ec4bb1e9d91";
pub const STAFF_SKU: &str = "94763226-9b3c-4e75-a931-5c89701abe66";

impl Options {
    /// One app with a secret, the limits as published, no faults, nothing kept.
    pub fn usual(seed: u64, domains: &[&str], now: fn() -> Timestamp) -> Self {
        let sku = |sku_id: &str, part_number: &str| Sku {
            sku_id: sku_id.to_owned(),
            part_number: part_number.to_owned(),
            seats: 300_000,
        };
        Self {
            seed,
            tempo: 1.0,
            now,
            origin: "http://graph.lab".to_owned(),
            tenant: TENANT.to_owned(),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            apps: vec![App::with_secret(CLIENT_ID, CLIENT_SECRET)],
            skus: vec![
                sku(PUPIL_SKU, "STANDARDWOFFPACK_STUDENT"),
                sku(STAFF_SKU, "STANDARDWOFFPACK_FACULTY"),
            ],
            administrators: BTreeSet::new(),
            limits: Limits::published(),
            faults: Faults::none(),
            folder: None,
            port: 0,
            entropy: None,
        }
    }
}
