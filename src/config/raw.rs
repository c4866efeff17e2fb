//! `rentree.toml` as it is written: every key, nothing meant yet. Unknown keys are refused.

use std::path::PathBuf;

use serde::Deserialize;

use crate::validate::overrides::RawOverride;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) region: Region,
    pub(super) folders: Folders,
    pub(super) secrets: Secrets,
    pub(super) school_year: SchoolYear,
    pub(super) lifecycle: Lifecycle,
    pub(super) checks: Checks,
    pub(super) matching: Matching,
    #[serde(default)]
    pub(super) r#override: Vec<RawOverride>,
    pub(super) guard: Guard,
    pub(super) sla: Sla,
    pub(super) apply: Apply,
    #[serde(default)]
    pub(super) store: Store,
    #[serde(default)]
    pub(super) target: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) dpo_contact: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Folders {
    pub(super) inbox: PathBuf,
    pub(super) state: PathBuf,
    pub(super) schools: PathBuf,
    pub(super) naming: PathBuf,
    pub(super) functions: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    pub(super) ine_key_file: PathBuf,
    pub(super) credentials_recipient: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchoolYear {
    pub(super) turn: String,
    pub(super) early_from: String,
    pub(super) not_listed_from: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifecycle {
    pub(super) pupil_grace_days: i32,
    pub(super) staff_grace_days: i32,
    pub(super) retention_days: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checks {
    pub(super) apprentices: bool,
    pub(super) count_drop_percent_max: u32,
    pub(super) export_age_days_max: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Matching {
    pub(super) use_birthplace: bool,
    pub(super) use_sex: bool,
    pub(super) same_bits: f64,
    pub(super) margin_bits: f64,
    pub(super) ask_bits: f64,
    pub(super) question_wait_days: i32,
    pub(super) weights: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guard {
    pub(super) disables_percent_max: u32,
    pub(super) disables_overall_percent_max: u32,
    pub(super) deletes_percent_max: u32,
    pub(super) creations_percent_max: u32,
    // Younger than the others: absent, as proposed.
    pub(super) deletes_overall_percent_max: Option<u32>,
    pub(super) renames_percent_max: Option<u32>,
    pub(super) disables_max: Option<u64>,
    pub(super) disables_overall_max: Option<u64>,
    pub(super) deletes_max: Option<u64>,
    pub(super) deletes_overall_max: Option<u64>,
    pub(super) two_users: Option<bool>,
    pub(super) classes_lost_percent_max: u32,
    pub(super) accounts_min: u64,
    pub(super) season_from: String,
    pub(super) season_until: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sla {
    pub(super) reading: crate::clock::Reading,
    pub(super) hours: u32,
    pub(super) zone: String,
    pub(super) week: Vec<String>,
    pub(super) office_hours: Vec<String>,
    pub(super) closed: Vec<jiff::civil::Date>,
    pub(super) worked: Vec<jiff::civil::Date>,
    #[serde(default = "every_reading")]
    pub(super) shadow: Vec<crate::clock::Reading>,
    #[serde(default = "half_and_three_quarters")]
    pub(super) warn_at: Vec<f64>,
    #[serde(default)]
    pub(super) suspensions: Vec<crate::clock::figures::Suspension>,
}

/// Of files that were written before these keys existed.
fn every_reading() -> Vec<crate::clock::Reading> {
    crate::clock::Reading::ALL.to_vec()
}

fn half_and_three_quarters() -> Vec<f64> {
    vec![0.5, 0.75]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Apply {
    pub(super) attempts_max: u32,
    pub(super) retry_delay_ms: u64,
    pub(super) reconnects_max: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) size_max_mib: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) mapping: PathBuf,
    pub(super) enabled: Option<bool>,
    // LDAP, and the lab in its place.
    pub(super) base: Option<String>,
    pub(super) names_base: Option<String>,
    pub(super) window: Option<u16>,
    pub(super) connections: Option<u8>,
    pub(super) timeout_s: Option<u64>,
    pub(super) page_size: Option<u32>,
    pub(super) link_chunk: Option<usize>,
    pub(super) writes_per_second_max: Option<std::num::NonZero<u32>>,
    // kind = "ldap"
    pub(super) url: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) bind: Option<Bind>,
    pub(super) reader: Option<Bind>,
    // kind = "lab" or "graph-lab"
    pub(super) folder: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) tempo: Option<f64>,
    // kind = "graph" or "graph-lab"
    pub(super) graph: Option<Graph>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Graph {
    // kind = "graph"
    pub(super) tenant: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) secret_ends_on: Option<String>,
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) base_url: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) extra_apps: Vec<App>,
    // both
    pub(super) prefix: Option<String>,
    pub(super) domains: Option<Vec<String>>,
    pub(super) share_percent: Option<u32>,
    pub(super) minutes_max: Option<u32>,
    pub(super) link_cost: Option<String>,
    pub(super) group_form: Option<String>,
    pub(super) teams: Option<bool>,
    pub(super) licences: Option<Licences>,
    pub(super) old_groups_kept_days: Option<i32>,
    pub(super) directory_quota: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Licences {
    pub(super) pupils: Option<String>,
    pub(super) staff: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    pub(super) client_id: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) secret_ends_on: Option<String>,
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bind {
    /// `simple` or `external`.
    pub(super) method: String,
    pub(super) dn: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) client_cert_file: Option<PathBuf>,
    pub(super) client_key_file: Option<PathBuf>,
}
