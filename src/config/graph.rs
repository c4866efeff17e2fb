//! Targets in Office 365: what `[target.graph]` means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::civil::Date;
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;

use super::checked::Reading;
use super::raw;
use crate::mapping::graph::Tenant;
use crate::mapping::naming::Scheme;
use crate::model::entry::{GroupForm, Licence};
use crate::model::opaque::OpaqueKeys;

/// A tenant, or the lab in its place, and the rules of what stands there.
pub struct GraphTarget {
    pub place: GraphPlace,
    /// Domains of ours: names in them are ours to give.
    pub domains: BTreeSet<String>,
    /// Of the quota of writes, the share that is used; the rest is for others.
    pub share: f64,
    pub link_cost: LinkCost,
    /// A command writes there no longer than this, on the service's clock; 0: as long as it takes.
    pub minutes_max: u32,
    /// Teams are made of Microsoft 365 groups.
    pub teams: bool,
    /// From the turn of the school year to the deletion of the groups of the one before.
    pub old_groups_kept_days: i32,
    /// Objects that the directory may hold, where the tenant does not tell.
    pub directory_quota: Option<u64>,
}

impl GraphTarget {
    /// How much faster than the wall's the clock of the service runs.
    pub fn tempo(&self) -> f64 {
        match &self.place {
            GraphPlace::Tenant(_) => 1.0,
            GraphPlace::Lab(lab) => lab.tempo,
        }
    }

    /// The longest that a command writes there, in milliseconds of this machine's clock.
    pub fn writing_ms_max(&self) -> Option<u64> {
        let minutes = (self.minutes_max > 0).then_some(self.minutes_max)?;
        Some((f64::from(minutes) * 60_000.0 / self.tempo()) as u64)
    }
}

/// Where it is.
pub enum GraphPlace {
    Tenant(Box<GraphTenant>),
    Lab(GraphLab),
}

/// A real tenant: where, and who we are there.
pub struct GraphTenant {
    pub base_url: String,
    pub token_url: String,
    pub scope: String,
    pub ca_file: Option<PathBuf>,
    pub app: GraphApp,
    /// More app registrations, each with its own quota: a tenant that can spare it.
    pub extra_apps: Vec<GraphApp>,
}

/// One app registration; its secret or key is read again at each use (SEC-05).
pub struct GraphApp {
    pub client_id: String,
    pub credential: GraphCredential,
}

pub enum GraphCredential {
    Secret {
        file: PathBuf,
        /// Its last day, as the portal told it when it was made.
        ends_on: Option<Date>,
    },
    Certificate {
        file: PathBuf,
        key_file: PathBuf,
    },
}

/// The embedded lab's Graph.
pub struct GraphLab {
    pub folder: PathBuf,
    /// 0: any free port.
    pub port: u16,
    /// Its clock runs so many times faster than the wall's.
    pub tempo: f64,
}

/// What a request with several links costs of the write quota. The service does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkCost {
    /// One write for three links, begun ones whole.
    Thirds,
    /// One write for each request, however many links it carries.
    PerRequest,
}

impl LinkCost {
    /// Writes that a request with so many links counts as.
    pub fn writes(self, links: usize) -> u32 {
        match self {
            Self::Thirds => u32::try_from(links.div_ceil(3)).unwrap_or(u32::MAX).max(1),
            Self::PerRequest => 1,
        }
    }
}

const BASE_URL: &str = "https://graph.microsoft.com/v1.0";
const AUTHORITY: &str = "https://login.microsoftonline.com";
const SCOPE: &str = "https://graph.microsoft.com/.default";
const SHARE_PERCENT: u32 = 80;
/// Less than from one run to the next, where they are an hour apart.
const MINUTES_MAX: u32 = 45;
const OLD_GROUPS_KEPT_DAYS: i32 = 30;
const OLD_GROUPS_KEPT_DAYS_MAX: i32 = 1000;

impl Reading {
    /// The rules of a target in Office 365, with what its mapping must know of the tenant.
    /// `place` makes what is of the tenant, or of the lab.
    pub(super) fn graph(
        &mut self,
        name: &str,
        raw: &raw::Graph,
        (scheme, ine_key): (&Scheme, &SecretSlice<u8>),
        place: Option<GraphPlace>,
    ) -> Option<(GraphTarget, Tenant)> {
        let key = |field: &str| format!("target {name}: graph.{field}");
        let prefix = raw.prefix.clone().unwrap_or_default();
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let what = "letters and digits are expected, the same for ever: \"hdf\"";
            self.wrong(&key("prefix"), what);
        }
        let forms = [("security", GroupForm::Security), ("microsoft-365", GroupForm::Unified)];
        let form = self.word(&key("group_form"), raw.group_form.as_deref(), forms);
        let teams = raw.teams.unwrap_or(false);
        if teams && form == GroupForm::Security {
            let what = "a team is made of a Microsoft 365 group: group_form = \"microsoft-365\"";
            self.wrong(&key("teams"), what);
        }
        let costs = [("thirds", LinkCost::Thirds), ("per-request", LinkCost::PerRequest)];
        let link_cost = self.word(&key("link_cost"), raw.link_cost.as_deref(), costs);
        let percent = raw.share_percent.unwrap_or(SHARE_PERCENT);
        if !(1..=100).contains(&percent) {
            self.wrong(&key("share_percent"), format!("{percent} is not within 1 and 100"));
        }
        let days = raw.old_groups_kept_days.unwrap_or(OLD_GROUPS_KEPT_DAYS);
        if !(0..=OLD_GROUPS_KEPT_DAYS_MAX).contains(&days) {
            let what = format!("{days} is not within 0 to {OLD_GROUPS_KEPT_DAYS_MAX} days");
            self.wrong(&key("old_groups_kept_days"), what);
        }
        let of_scheme = || vec![scheme.domain_of_pupils.clone(), scheme.domain_of_staff.clone()];
        let domains = raw.domains.clone().unwrap_or_else(of_scheme);
        for domain in [&scheme.domain_of_pupils, &scheme.domain_of_staff] {
            if !domains.iter().any(|known| known.eq_ignore_ascii_case(domain)) {
                self.wrong(&key("domains"), format!("{domain} of the naming scheme is not in it"));
            }
        }
        let licences = self.licences(&key("licences"), raw.licences.clone().unwrap_or_default());
        let drawn = |purpose: &str| opaque_keys(ine_key, purpose);
        let (people, schools) = (drawn(PERSONS), drawn("schools"));
        let tenant = Tenant { prefix, form, people, schools, licences };
        let target = GraphTarget {
            place: place?,
            domains: domains.into_iter().map(|domain| domain.to_lowercase()).collect(),
            share: f64::from(percent) / 100.0,
            link_cost,
            minutes_max: raw.minutes_max.unwrap_or(MINUTES_MAX),
            teams,
            old_groups_kept_days: days,
            directory_quota: raw.directory_quota,
        };
        Some((target, tenant))
    }

    /// One of two words; the first when there is none.
    fn word<T: Copy>(&mut self, key: &str, written: Option<&str>, words: [(&str, T); 2]) -> T {
        let [(first, proposed), (second, _)] = words;
        let Some(text) = written else { return proposed };
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            self.wrong(key, format!("{first} or {second}, not {text}"));
        }
        found.map_or(proposed, |(_, meaning)| *meaning)
    }

    fn licences(&mut self, key: &str, raw: raw::Licences) -> BTreeMap<Licence, String> {
        let raw::Licences { pupils, staff } = raw;
        let mut licences = BTreeMap::new();
        for (licence, sku) in [(Licence::Pupils, pupils), (Licence::Staff, staff)] {
            let Some(sku) = sku else { continue };
            if !is_guid(&sku) {
                let key = format!("{key}.{}", licence.as_str());
                self.wrong(&key, format!("a skuId is a GUID, not {sku}"));
            }
            licences.insert(licence, sku);
        }
        licences
    }

    /// Where a real tenant is, and who we are there.
    pub(super) fn tenant(
        &mut self,
        name: &str,
        raw: &raw::Graph,
        ca_file: Option<PathBuf>,
    ) -> Option<GraphTenant> {
        let key = |field: &str| format!("target {name}: graph.{field}");
        let authority = raw.authority.as_deref().unwrap_or(AUTHORITY).trim_end_matches('/');
        let base_url = raw.base_url.as_deref().unwrap_or(BASE_URL).trim_end_matches('/');
        for (field, url) in [("authority", authority), ("base_url", base_url)] {
            // SEC-04; a proxy of the same machine may speak plainly.
            if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1:") {
                self.wrong(&key(field), format!("https is needed, not {url}"));
            }
        }
        if raw.tenant.is_none() {
            self.wrong(&key("tenant"), "needed");
        }
        let written = raw::App {
            client_id: raw.client_id.clone(),
            secret_file: raw.secret_file.clone(),
            secret_ends_on: raw.secret_ends_on.clone(),
            certificate_file: raw.certificate_file.clone(),
            key_file: raw.key_file.clone(),
        };
        let app = self.app(&key("client_id"), &written);
        let extra = raw.extra_apps.iter();
        let extra: Vec<_> = extra.map(|one| self.app(&key("extra_apps"), one)).collect();
        let tenant = raw.tenant.as_deref()?;
        Some(GraphTenant {
            base_url: base_url.to_owned(),
            token_url: format!("{authority}/{tenant}/oauth2/v2.0/token"),
            scope: raw.scope.clone().unwrap_or_else(|| SCOPE.to_owned()),
            ca_file: ca_file.map(|path| self.path(&path)),
            app: app?,
            extra_apps: extra.into_iter().collect::<Option<_>>()?,
        })
    }

    fn app(&mut self, key: &str, raw: &raw::App) -> Option<GraphApp> {
        let raw::App { client_id, secret_file, secret_ends_on, certificate_file, key_file } = raw;
        let day = |text: &String| text.parse::<Date>().map_err(|_| text.clone());
        let ends_on = secret_ends_on.as_ref().map(day).transpose().unwrap_or_else(|text| {
            self.wrong(
                key,
                format!("secret_ends_on: a day is expected, \"2027-06-30\", not {text}"),
            );
            None
        });
        if secret_ends_on.is_some() && secret_file.is_none() {
            self.wrong(key, "secret_ends_on is of secret_file; a certificate tells its end itself");
        }
        let credential = match (secret_file, certificate_file, key_file) {
            (Some(file), None, None) => {
                Some(GraphCredential::Secret { file: self.path(file), ends_on })
            }
            (None, Some(file), Some(key)) => Some(GraphCredential::Certificate {
                file: self.path(file),
                key_file: self.path(key),
            }),
            _ => None,
        };
        if client_id.is_none() || credential.is_none() {
            let what = "client_id is needed, with certificate_file and key_file, or secret_file";
            self.wrong(key, what);
        }
        Some(GraphApp { client_id: client_id.clone()?, credential: credential? })
    }
}

/// The purpose of keys of persons, see [`opaque_keys`].
pub(super) const PERSONS: &str = "persons";

/// Drawn from the key of the INE, for this purpose and no other: no secret more to keep.
pub(super) fn opaque_keys(ine_key: &SecretSlice<u8>, purpose: &str) -> OpaqueKeys {
    let key = ine_key.expose_secret();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("rentree: opaque keys of {purpose}").as_bytes());
    OpaqueKeys::new(SecretSlice::from(mac.finalize().into_bytes().to_vec()))
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
