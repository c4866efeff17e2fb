//! What `rentree.toml` means: every key checked, every path resolved, every file read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::{Digest as _, Sha256};

use super::{ConfigError, raw, schools, secret_file};
use crate::clock;
use crate::clock::calendar::{Calendar, CalendarRules};
use crate::credential::Recipient;
use crate::desired::policy::{self as lifecycle, RETENTION_DAYS_MAX};
use crate::mapping::entries::EntryMapping;
use crate::mapping::functions::Functions;
use crate::mapping::naming::Scheme;
use crate::model::ids::Digest;
use crate::model::school::Schools;
use crate::plan::guard;
use crate::validate::overrides::{Override, RawOverride};
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
    pub overrides: Vec<Override>,
    pub guard: guard::Policy,
    pub reading: clock::Reading,
    pub calendar: Calendar,
    pub attempts_max: u32,
    pub retry_delay: Duration,
    pub reconnects_max: u32,
    pub store_size_max_bytes: Option<u64>,
    pub targets: Vec<Target>,
    /// SHA-256 of the configuration, mappings and list of schools: a plan made under others is
    /// another plan.
    pub digest: Digest,
}

/// One directory that is written to.
pub struct Target {
    pub name: String,
    pub base: String,
    pub mapping: EntryMapping,
    pub window: u16,
    pub connections: u8,
    pub timeout: Duration,
    pub page_size: u32,
    pub link_chunk: usize,
    pub kind: TargetKind,
}

pub enum TargetKind {
    Ldap(LdapTarget),
    Lab(LabTarget),
}

pub struct LdapTarget {
    pub url: String,
    pub ca_file: Option<PathBuf>,
    pub bind: Bind,
    /// Who reads for plans; `bind` when absent (SEC-09).
    pub reader: Option<Bind>,
}

/// How to say who we are; secrets are read again at each use (SEC-05).
pub enum Bind {
    Simple { dn: String, password_file: PathBuf },
    External { certificate: Option<(PathBuf, PathBuf)> },
}

pub struct LabTarget {
    pub folder: PathBuf,
    /// 0: any free port.
    pub port: u16,
}

/// Reads and checks the configuration; every problem at once.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    let shown = path.display().to_string();
    let raw: raw::Raw = toml::from_str(&text)
        .map_err(|error| ConfigError::Problems(vec![format!("{shown}: {error}")]))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut reading = Reading { shown, folder, problems: Vec::new(), hash: Sha256::new() };
    reading.hash.update(text.as_bytes());
    let config = reading.config(raw);
    match config {
        Some(config) if reading.problems.is_empty() => Ok(config),
        Some(_) | None => Err(ConfigError::Problems(reading.problems)),
    }
}

/// The reading of one file: where it is, what is wrong so far.
struct Reading {
    shown: String,
    folder: PathBuf,
    problems: Vec<String>,
    hash: Sha256,
}

impl Reading {
    fn wrong(&mut self, key: &str, problem: impl std::fmt::Display) {
        self.problems.push(format!("{}: {key}: {problem}", self.shown));
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn text(&mut self, path: &Path) -> Option<String> {
        let path = self.path(path);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                self.hash.update(text.as_bytes());
                Some(text)
            }
            Err(error) => {
                self.problems.push(format!("{}: {error}", path.display()));
                None
            }
        }
    }

    fn mapping<T>(
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

    fn day(&mut self, key: &str, text: &str) -> (i8, i8) {
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

    fn percent(&mut self, key: &str, value: u32) -> u64 {
        if value > 100 {
            self.wrong(key, format!("{value} is over 100"));
        }
        u64::from(value)
    }

    fn config(&mut self, raw: raw::Raw) -> Option<Config> {
        let raw::Raw {
            region,
            folders,
            secrets,
            school_year,
            lifecycle,
            checks,
            r#override,
            guard,
            sla,
            apply,
            store,
            target,
        } = raw;
        let zone = TimeZoneDatabase::bundled().get(&region.zone);
        if zone.is_err() {
            self.wrong("region.zone", format!("not a time zone: {}", region.zone));
        }
        if !region.dpo_contact.contains('@') {
            self.wrong("region.dpo_contact", "an address is needed (R-71)");
        }
        let schools_path = self.path(&folders.schools);
        let (schools, schools_without_uai) = schools::read(&schools_path, &mut self.problems);
        self.hash.update(format!("{schools:?}"));
        let scheme = self.mapping(&folders.naming, Scheme::parse);
        let functions = self.mapping(&folders.functions, Functions::parse);
        let ine_key = self.secret(&secrets.ine_key_file);
        let recipient = Recipient::parse(&secrets.credentials_recipient);
        if let Err(error) = &recipient {
            self.wrong("secrets.credentials_recipient", error);
        }
        let lifecycle = self.lifecycle(&school_year, &lifecycle);
        let checks = self.checks(&school_year, &checks, zone.clone().unwrap_or(TimeZone::UTC));
        let overrides = self.overrides(r#override);
        let guard = self.guard(&guard);
        let reading = sla.reading;
        let calendar = self.calendar(sla, &region.zone);
        let targets: Vec<Option<Target>> =
            target.into_iter().map(|target| self.target(target)).collect();
        self.distinct(&targets);
        Some(Config {
            folder: self.folder.clone(),
            region: region.name,
            zone: zone.ok()?,
            inbox: self.path(&folders.inbox),
            state: self.path(&folders.state),
            schools,
            schools_without_uai,
            scheme: scheme?,
            functions: functions?,
            ine_key: ine_key?,
            recipient: recipient.ok()?,
            lifecycle,
            checks,
            overrides,
            guard,
            reading,
            calendar: calendar?,
            attempts_max: apply.attempts_max.max(1),
            retry_delay: Duration::from_millis(apply.retry_delay_ms),
            reconnects_max: apply.reconnects_max,
            store_size_max_bytes: store.size_max_mib.map(|mib| mib << 20),
            targets: targets.into_iter().collect::<Option<Vec<_>>>()?,
            digest: Digest::of_bytes(self.hash.clone().finalize()),
        })
    }

    fn secret(&mut self, path: &Path) -> Option<SecretSlice<u8>> {
        let path = self.path(path);
        let text = secret_file::read(&path).map_err(|problem| self.problems.push(problem)).ok()?;
        Some(SecretSlice::from(text.expose_secret().as_bytes().to_vec()))
    }

    fn lifecycle(
        &mut self,
        year: &raw::SchoolYear,
        lifecycle: &raw::Lifecycle,
    ) -> lifecycle::Policy {
        let raw::Lifecycle { pupil_grace_days, staff_grace_days, retention_days } = *lifecycle;
        for (key, days) in [
            ("lifecycle.pupil_grace_days", pupil_grace_days),
            ("lifecycle.staff_grace_days", staff_grace_days),
            ("lifecycle.retention_days", retention_days),
        ] {
            if !(0..=RETENTION_DAYS_MAX).contains(&days) {
                self.wrong(key, format!("{days} is not within 0 to {RETENTION_DAYS_MAX} days"));
            }
        }
        lifecycle::Policy {
            pupil_grace_days,
            staff_grace_days,
            retention_days,
            turn: self.day("school_year.turn", &year.turn),
            not_listed_from: self.day("school_year.not_listed_from", &year.not_listed_from),
        }
    }

    fn checks(
        &mut self,
        year: &raw::SchoolYear,
        checks: &raw::Checks,
        zone: TimeZone,
    ) -> checks::Policy {
        let drop = self.percent("checks.count_drop_percent_max", checks.count_drop_percent_max);
        checks::Policy {
            zone,
            turn: self.day("school_year.turn", &year.turn),
            early_from: self.day("school_year.early_from", &year.early_from),
            export_age_days_max: checks.export_age_days_max,
            count_drop_percent: usize::try_from(drop).unwrap_or(100),
            apprentices: checks.apprentices,
            ..checks::Policy::standard()
        }
    }

    fn overrides(&mut self, raw: Vec<RawOverride>) -> Vec<Override> {
        let mut parsed = Vec::new();
        for (rank, one) in raw.into_iter().enumerate() {
            let path = format!("{}: override {}", self.shown, rank + 1);
            parsed.extend(one.check(&path, &mut self.problems));
        }
        parsed
    }

    fn calendar(&mut self, sla: raw::Sla, tz: &str) -> Option<Calendar> {
        let raw::Sla { reading: _, hours, zone, week, office_hours, closed, worked } = sla;
        let tz = tz.to_owned();
        let rules = CalendarRules { hours, tz, zone, week, office_hours, closed, worked };
        match rules.check() {
            Ok(calendar) => Some(calendar),
            Err(problems) => {
                problems.iter().for_each(|problem| self.wrong("sla", problem));
                None
            }
        }
    }

    fn guard(&mut self, guard: &raw::Guard) -> guard::Policy {
        guard::Policy {
            disables_percent_max: self
                .percent("guard.disables_percent_max", guard.disables_percent_max),
            disables_all_percent_max: self
                .percent("guard.disables_overall_percent_max", guard.disables_overall_percent_max),
            deletes_percent_max: self
                .percent("guard.deletes_percent_max", guard.deletes_percent_max),
            creations_percent_max: self
                .percent("guard.creations_percent_max", guard.creations_percent_max),
            classes_lost_percent_max: self
                .percent("guard.classes_lost_percent_max", guard.classes_lost_percent_max),
            accounts_min: guard.accounts_min,
            season: guard::Season {
                from: self.day("guard.season_from", &guard.season_from),
                until: self.day("guard.season_until", &guard.season_until),
            },
            ..guard::Policy::PROPOSED
        }
    }

    fn target(&mut self, raw: raw::Target) -> Option<Target> {
        let raw::Target {
            name,
            kind,
            mapping,
            base,
            window,
            connections,
            timeout_s,
            page_size,
            link_chunk,
            url,
            ca_file,
            bind,
            reader,
            folder,
            port,
        } = raw;
        let key = |field: &str| format!("target {name}: {field}");
        let mapping = self.mapping(&mapping, |text, file| EntryMapping::parse(text, file, &base));
        let kind = match kind.as_str() {
            "ldap" => {
                let url = url.or_else(|| {
                    self.wrong(&key("url"), "needed");
                    None
                });
                let bind = match bind {
                    Some(bind) => self.bind(&key("bind"), bind),
                    None => {
                        self.wrong(&key("bind"), "needed");
                        None
                    }
                };
                let reader = reader.map(|reader| self.bind(&key("reader"), reader));
                TargetKind::Ldap(LdapTarget {
                    url: url?,
                    ca_file: ca_file.map(|path| self.path(&path)),
                    bind: bind?,
                    reader: match reader {
                        Some(None) => return None,
                        Some(reader) => reader,
                        None => None,
                    },
                })
            }
            "lab" => TargetKind::Lab(LabTarget {
                folder: self.path(&folder.unwrap_or_else(|| PathBuf::from("lab"))),
                port: port.unwrap_or(0),
            }),
            other => {
                self.wrong(&key("kind"), format!("ldap or lab, not {other}"));
                return None;
            }
        };
        Some(Target {
            name,
            base,
            mapping: mapping?,
            window: window.unwrap_or(64),
            connections: connections.unwrap_or(2),
            timeout: Duration::from_secs(timeout_s.unwrap_or(30)),
            page_size: page_size.unwrap_or(1000),
            link_chunk: link_chunk.unwrap_or(500),
            kind,
        })
    }

    fn bind(&mut self, key: &str, raw: raw::Bind) -> Option<Bind> {
        let raw::Bind { method, dn, password_file, client_cert_file, client_key_file } = raw;
        match (method.as_str(), dn, password_file, client_cert_file, client_key_file) {
            ("simple", Some(dn), Some(file), None, None) => {
                Some(Bind::Simple { dn, password_file: self.path(&file) })
            }
            ("external", None, None, None, None) => Some(Bind::External { certificate: None }),
            ("external", None, None, Some(certificate), Some(file)) => Some(Bind::External {
                certificate: Some((self.path(&certificate), self.path(&file))),
            }),
            _ => {
                self.wrong(
                    key,
                    "either method = \"simple\" with dn and password_file, or method = \
                     \"external\", with client_cert_file and client_key_file over ldaps",
                );
                None
            }
        }
    }

    fn distinct(&mut self, targets: &[Option<Target>]) {
        let mut names = BTreeSet::new();
        for target in targets.iter().flatten() {
            if !names.insert(target.name.clone()) {
                self.wrong("target", format!("two are called {}", target.name));
            }
        }
        if targets.is_empty() {
            self.wrong("target", "at least one [[target]] is needed");
        }
    }
}
