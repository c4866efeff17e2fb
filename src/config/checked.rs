//! What `rentree.toml` means: every key checked, every path resolved, every file read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::{Digest as _, Sha256};

use super::graph;
use super::targets::Target;
use super::{ConfigError, raw, schools, secret_file};
use crate::clock;
use crate::clock::calendar::Calendar;
use crate::clock::figures::{Suspension, Terms};
use crate::credential::Recipient;
use crate::desired::policy as lifecycle;
use crate::mapping::functions::Functions;
use crate::mapping::naming::Scheme;
use crate::matching::policy as matching;
use crate::matching::weigh::Weights;
use crate::model::ids::Digest;
use crate::model::opaque::OpaqueKeys;
use crate::model::school::Schools;
use crate::plan::guard;
use crate::validate::overrides::Override;
use crate::validate::policy as checks;

/// A checked configuration.
pub struct Config {
    /// The folder of `rentree.toml`.
    pub folder: PathBuf,
    pub region: String,
    pub zone: TimeZone,
    pub inbox: PathBuf,
    pub state: PathBuf,
    pub schools: Schools,
    /// Lines of `schools.csv` whose UAI is still to be filled in.
    pub schools_without_uai: usize,
    pub scheme: Scheme,
    pub functions: Functions,
    pub ine_key: SecretSlice<u8>,
    pub recipient: Recipient,
    pub lifecycle: lifecycle::Policy,
    pub checks: checks::Policy,
    pub matching: matching::Policy,
    /// Given in the place of learning.
    pub matching_weights: Option<Weights>,
    pub overrides: Vec<Override>,
    pub guard: guard::Policy,
    pub sla: Sla,
    pub attempts_max: u32,
    pub retry_delay: Duration,
    pub reconnects_max: u32,
    pub store_size_max_bytes: Option<u64>,
    /// In the order in which they are written: what is slow, or far, comes last.
    pub targets: Vec<Target>,
    /// Targets with `enabled = false`: nothing is read, planned or written there.
    pub switched_off: Vec<String>,
    /// SHA-256 of the configuration, mappings and list of schools: a plan made under others is
    /// another plan.
    pub digest: Digest,
    /// The same, file by file, by its name in the configuration: tells which one has changed.
    pub files: BTreeMap<String, Digest>,
}

/// The 72 hours: how they are counted, and what is told of them.
pub struct Sla {
    pub reading: clock::Reading,
    pub calendar: Calendar,
    /// Readings that are told beside the one of the contract.
    pub shadow: Vec<clock::Reading>,
    /// Shares of the delay from which an open item is a warning, the smallest first.
    pub warn_at: Vec<f64>,
    /// Told in the net figures, and no reason to be late in the gross ones.
    pub suspensions: Vec<Suspension>,
}

impl Sla {
    /// The contract, asked at an instant.
    pub fn terms(&self, now: Timestamp) -> Terms<'_> {
        let Self { reading, calendar, shadow: _, warn_at, suspensions } = self;
        Terms { calendar, reading: *reading, warn_at, suspensions, now }
    }
}

impl Config {
    /// By what a store knows the key of the INE again, and nobody else anything.
    pub fn ine_key_witness(&self) -> String {
        let key = self.ine_key.expose_secret();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(b"rentree: the key of the INE of this store");
        Digest::of_bytes(mac.finalize().into_bytes()).to_string()
    }
}

impl Config {
    /// The keys by which other systems know persons, in files as in Office 365.
    pub fn keys_of_persons(&self) -> OpaqueKeys {
        graph::opaque_keys(&self.ine_key, graph::PERSONS)
    }

    /// What exported plans are signed with: drawn from the key of the INE, which signs nothing.
    fn plan_mac(&self) -> Hmac<Sha256> {
        let key = self.ine_key.expose_secret();
        let mut draw = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        draw.update(b"rentree: the key that exported plans are signed with");
        let key = draw.finalize().into_bytes();
        Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length")
    }

    /// The signature of an exported plan, in hexadecimal.
    pub fn sign_plan(&self, text: &[u8]) -> String {
        let mut mac = self.plan_mac();
        mac.update(text);
        Digest::of_bytes(mac.finalize().into_bytes()).to_string()
    }

    /// Whether an exported plan carries the signature of this folder, compared in constant time.
    pub fn signed_plan(&self, text: &[u8], signature: &Digest) -> bool {
        let mut mac = self.plan_mac();
        mac.update(text);
        mac.verify_slice(&signature.to_bytes()).is_ok()
    }
}

/// Reads and checks the configuration; every problem at once. `examine` tells what whoever speaks
/// to a target has against its settings, each with its key.
pub fn load(path: &Path, examine: &dyn Fn(&Target) -> Vec<String>) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    let shown = path.display().to_string();
    let raw: raw::Raw = toml::from_str(&text)
        .map_err(|error| ConfigError::Problems(vec![format!("{shown}: {error}")]))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut reading = Reading {
        shown,
        folder,
        problems: Vec::new(),
        key_missing: false,
        hash: Sha256::new(),
        files: BTreeMap::new(),
    };
    reading.noted(Path::new("rentree.toml"), text.as_bytes());
    let config = reading.config(raw, examine);
    match config {
        Some(config) if reading.problems.is_empty() => Ok(config),
        Some(_) | None if reading.key_missing => Err(ConfigError::KeyMissing(reading.problems)),
        Some(_) | None => Err(ConfigError::Problems(reading.problems)),
    }
}

/// The reading of one file: where it is, what is wrong so far.
pub(super) struct Reading {
    pub(super) shown: String,
    folder: PathBuf,
    pub(super) problems: Vec<String>,
    key_missing: bool,
    hash: Sha256,
    files: BTreeMap<String, Digest>,
}

impl Reading {
    pub(super) fn wrong(&mut self, key: &str, problem: impl std::fmt::Display) {
        self.problems.push(format!("{}: {key}: {problem}", self.shown));
    }

    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Part of what plans are made under.
    fn noted(&mut self, name: &Path, content: &[u8]) {
        self.hash.update(content);
        let digest = Digest::of_bytes(Sha256::digest(content));
        self.files.insert(name.display().to_string(), digest);
    }

    fn text(&mut self, name: &Path) -> Option<String> {
        let path = self.path(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                self.noted(name, text.as_bytes());
                Some(text)
            }
            Err(error) => {
                self.problems.push(format!("{}: {error}", path.display()));
                None
            }
        }
    }

    pub(super) fn mapping<T>(
        &mut self,
        path: &Path,
        parse: impl FnOnce(&str, &str) -> Result<T, Vec<String>>,
    ) -> Option<T> {
        let text = self.text(path)?;
        match parse(&text, &path.display().to_string()) {
            Ok(mapping) => Some(mapping),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    pub(super) fn day(&mut self, key: &str, text: &str) -> (i8, i8) {
        let parsed = text.split_once('-').and_then(|(month, day)| {
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            // 2024 is a leap year: any day of any year is one of it.
            jiff::civil::Date::new(2024, month, day).ok().map(|_| (month, day))
        });
        parsed.unwrap_or_else(|| {
            self.wrong(key, format!("a day of the year is MM-DD: {text}"));
            (1, 1)
        })
    }

    pub(super) fn percent(&mut self, key: &str, value: u32) -> u64 {
        if value > 100 {
            self.wrong(key, format!("{value} is over 100"));
        }
        u64::from(value)
    }

    fn config(
        &mut self,
        raw: raw::Raw,
        examine: &dyn Fn(&Target) -> Vec<String>,
    ) -> Option<Config> {
        let raw::Raw {
            region,
            folders,
            secrets,
            school_year,
            lifecycle,
            checks,
            matching,
            r#override,
            guard,
            sla,
            apply,
            store,
            target,
        } = raw;
        let zone = self.zone(&region);
        let (schools, schools_without_uai) =
            schools::read(&self.path(&folders.schools), &mut self.problems);
        self.noted(&folders.schools, format!("{schools:?}").as_bytes());
        let scheme = self.mapping(&folders.naming, Scheme::parse);
        let functions = self.mapping(&folders.functions, Functions::parse);
        let ine_key = self.secret(&secrets.ine_key_file);
        let recipient = self.recipient(&secrets.credentials_recipient);
        let turn = self.day("school_year.turn", &school_year.turn);
        let lifecycle = self.lifecycle(turn, &school_year, &lifecycle);
        let here = zone.clone().unwrap_or(TimeZone::UTC);
        let checks = self.checks(turn, &school_year, &checks, here);
        let matching_weights = self.weights(matching.weights.as_deref());
        let matching = self.matching(&matching);
        let overrides = self.overrides(r#override);
        let guard = self.guard(&guard);
        let sla = self.sla(sla, &region.zone);
        let shared = scheme.as_ref().zip(ine_key.as_ref());
        let (targets, switched_off) = self.targets(target, shared, examine);
        Some(Config {
            folder: self.folder.clone(),
            region: region.name,
            zone: zone?,
            inbox: self.path(&folders.inbox),
            state: self.path(&folders.state),
            schools,
            schools_without_uai,
            scheme: scheme?,
            functions: functions?,
            ine_key: ine_key?,
            recipient: recipient?,
            lifecycle,
            checks,
            matching,
            matching_weights: matching_weights.ok()?,
            overrides,
            guard,
            sla: sla?,
            attempts_max: apply.attempts_max.max(1),
            retry_delay: Duration::from_millis(apply.retry_delay_ms),
            reconnects_max: apply.reconnects_max,
            store_size_max_bytes: store.size_max_mib.map(|mib| mib << 20),
            targets: targets?,
            switched_off,
            digest: Digest::of_bytes(self.hash.clone().finalize()),
            files: std::mem::take(&mut self.files),
        })
    }

    fn recipient(&mut self, text: &str) -> Option<Recipient> {
        Recipient::parse(text)
            .map_err(|error| self.wrong("secrets.credentials_recipient", error))
            .ok()
    }

    /// `Err` when the file is named and wrong: its problems are told.
    fn weights(&mut self, path: Option<&Path>) -> Result<Option<Weights>, ()> {
        let weights = path.map(|path| self.mapping(path, Weights::parse).ok_or(()));
        weights.transpose()
    }

    fn zone(&mut self, region: &raw::Region) -> Option<TimeZone> {
        if !region.dpo_contact.contains('@') {
            self.wrong("region.dpo_contact", "an address is needed (R-71)");
        }
        let zone = TimeZoneDatabase::bundled().get(&region.zone);
        if zone.is_err() {
            self.wrong("region.zone", format!("not a time zone: {}", region.zone));
        }
        zone.ok()
    }

    fn secret(&mut self, path: &Path) -> Option<SecretSlice<u8>> {
        let path = self.path(path);
        let text = match secret_file::read(&path) {
            Ok(text) => text,
            Err(problem) => {
                self.problems.push(problem);
                self.key_missing |= !path.exists();
                return None;
            }
        };
        Some(SecretSlice::from(text.expose_secret().as_bytes().to_vec()))
    }
}
