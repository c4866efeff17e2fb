//! Targets, opened: a real server, or the lab started for the time of the command.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use tokio::runtime::Runtime;

use super::open::Open;
use super::outcome::{self, ExitStatus, Failure};
use super::{cloud, wanted};
#[cfg(test)]
use crate::apply::tests::sim::Sim;
use crate::config::{
    Bind, GraphPlace, LabTarget, LdapTarget as LdapConfig, Target, TargetKind, secret_file,
};
use crate::credential::InitialPassword;
use crate::lab::graph::Server;
use crate::lab::{self, Lab};
use crate::run::session::{Session, store_failure};
use crate::store::{Store, memory};
use crate::target::graph::Patience;
use crate::target::ldap;
use crate::target::ldap::settings::{self, ClientCertificate, Settings};
use crate::target::{Observe as _, Observed, TargetError, Write as _};

/// What a command does with a target: plans are made with an identity that need not write (SEC-09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
}

/// What a command keeps of its targets from one opening to the next: their labs, served in this
/// process or attached (stopped when dropped), and the patience with each tenant.
#[derive(Default)]
pub struct Labs {
    ldap: BTreeMap<String, Lab>,
    graph: BTreeMap<String, Server>,
    patience: RefCell<BTreeMap<String, Patience>>,
    /// Connects to what stands in for every target, in the simulator.
    #[cfg(test)]
    pub(super) simulated: Option<Box<dyn Fn() -> Sim>>,
}

impl Labs {
    /// What the commands do is played in the simulator.
    pub(super) fn is_simulated(&self) -> bool {
        #[cfg(test)]
        return self.simulated.is_some();
        #[cfg(not(test))]
        false
    }

    /// How long a tenant may still keep this command waiting.
    pub(super) fn patience(&self, target: &Target) -> Patience {
        self.patience.borrow_mut().entry(target.name.clone()).or_default().clone()
    }

    /// Starts the lab of a target, if it has one.
    pub(super) fn start(&mut self, session: &Session, target: &Target) -> anyhow::Result<()> {
        match &target.kind {
            TargetKind::Lab(lab) => {
                self.ldap.insert(target.name.clone(), start_lab(session, target, lab)?);
            }
            TargetKind::Graph(rules) => {
                if let GraphPlace::Lab(lab) = &rules.place {
                    let server = cloud::start_lab(session, target, lab)?;
                    self.graph.insert(target.name.clone(), server);
                }
            }
            TargetKind::Ldap(_) => {}
        }
        Ok(())
    }

    /// The lab's Graph of a target.
    pub(super) fn graph(&self, target: &Target) -> anyhow::Result<&Server> {
        self.graph.get(&target.name).ok_or_else(|| not_started(target))
    }
}

fn not_started(target: &Target) -> anyhow::Error {
    let what = format!("the lab {} is not started", target.name);
    Failure::new(ExitStatus::Internal, what).into()
}

/// Refuses to begin while a secret of a target is missing, or can be read by others (SEC-01), or a
/// certificate is of no use: called before anything is read, kept or connected to. They are read
/// again when they are used.
pub fn check_secrets(session: &Session) -> anyhow::Result<()> {
    for target in &session.config.targets {
        if let TargetKind::Ldap(LdapConfig { url: _, ca_file, bind, reader }) = &target.kind {
            for who in [Some(bind), reader.as_ref()].into_iter().flatten() {
                ldap::check_files(ca_file.as_deref(), &identity(who)?)
                    .map_err(|error| failed(target, error))?;
            }
        }
        if let TargetKind::Graph(rules) = &target.kind {
            cloud::check_secrets(target, rules)?;
        }
    }
    Ok(())
}

/// Starts the lab of every target that has one, unless another process serves it already.
pub fn start_labs(session: &Session) -> anyhow::Result<Labs> {
    let mut labs = Labs::default();
    for target in &session.config.targets {
        labs.start(session, target)?;
    }
    Ok(labs)
}

/// Starts one lab, or attaches to the process that serves it.
pub fn start_lab(session: &Session, target: &Target, lab: &LabTarget) -> anyhow::Result<Lab> {
    let refused = |why: String| {
        Failure::new(ExitStatus::Unreachable, format!("the lab cannot start: {why}"))
            .hint(format!("look at the folder {}", lab.folder.display()))
    };
    let options = lab::Options {
        port: lab.port,
        base: target.base.clone(),
        admin_dn: admin_dn(target),
        admin_password: admin_password(lab, &mut session.world.entropy.clone()).map_err(refused)?,
        size_limit: Some(500),
        // Of operational attributes only: the wall's, also when a command rehearses another day.
        now: session.world.clock.wall,
        entropy: session.world.entropy,
    };
    Ok(Lab::attach_or_start(&lab.folder, options).map_err(|error| refused(error.to_string()))?)
}

/// The lab's manager, for looking around with ldap-utils; rentree itself has its own account.
pub fn admin_dn(target: &Target) -> String {
    format!("cn=admin,{}", target.base)
}

/// The file of the manager's password.
pub fn admin_password_file(lab: &LabTarget) -> PathBuf {
    lab.folder.join("admin.password")
}

fn admin_password(
    lab: &LabTarget,
    entropy: &mut dyn FnMut(&mut [u8]),
) -> Result<SecretString, String> {
    let file = admin_password_file(lab);
    if !file.exists() {
        let password = InitialPassword::draw(entropy);
        secret_file::create(&file, password.reveal()).map_err(|error| error.to_string())?;
    }
    secret_file::read(&file)
}

/// The settings of a target, with its secret freshly read.
pub fn settings(target: &Target, labs: &Labs, purpose: Purpose) -> anyhow::Result<Settings> {
    let (url, ca_file, bind) = match &target.kind {
        TargetKind::Ldap(LdapConfig { url, ca_file, bind, reader }) => {
            let who = reader.as_ref().filter(|_| purpose == Purpose::Read).unwrap_or(bind);
            (url.clone(), ca_file.clone(), identity(who)?)
        }
        TargetKind::Lab(_) => {
            let lab = labs.ldap.get(&target.name).ok_or_else(|| not_started(target))?;
            let (dn, file) = match purpose {
                Purpose::Read => (lab.reader_dn(), lab.reader_password_file()),
                Purpose::Write => (lab.service_dn(), lab.service_password_file()),
            };
            let password = secret_file::read(&file).map_err(|problem| usage(target, &problem))?;
            let bind = settings::Bind::Simple { dn, password };
            (lab.url(), Some(lab.ca_file()), bind)
        }
        TargetKind::Graph(_) => return Err(usage(target, "it does not speak LDAP")),
    };
    with_identity(target, &url, ca_file, bind)
        .map_err(|problems| usage(target, &problems.join("; ")))
}

fn with_identity(
    target: &Target,
    url: &str,
    ca_file: Option<PathBuf>,
    bind: settings::Bind,
) -> Result<Settings, Vec<String>> {
    let url = url.parse().map_err(|error: settings::UrlError| vec![format!("url: {error}")])?;
    let settings = Settings {
        name: target.name.clone(),
        url,
        ca_file,
        bind,
        base: target.base.clone(),
        names_base: target.names_base.clone(),
        timeout: target.timeout,
        window: target.window,
        connections: target.connections,
        page_size: target.page_size,
        link_chunk: target.link_chunk,
        managed: target.mapping.managed().clone(),
    };
    let problems = settings.problems();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// What is wrong in the settings of a target, without its secrets and without a connection: told
/// with the other problems of the configuration.
pub fn problems(target: &Target) -> Vec<String> {
    let secretless = |bind: &Bind| match bind {
        Bind::Simple { dn, password_file: _ } => settings::Bind::Simple {
            dn: dn.clone(),
            password: SecretString::from("not read".to_owned()),
        },
        Bind::External { certificate } => external(certificate.as_ref()),
    };
    let (url, ca_file, binds) = match &target.kind {
        TargetKind::Ldap(LdapConfig { url, ca_file, bind, reader }) => {
            let binds = [Some(bind), reader.as_ref()].into_iter().flatten().map(secretless);
            (url.clone(), ca_file.clone(), binds.collect())
        }
        TargetKind::Lab(lab) => {
            let external = settings::Bind::External { certificate: None };
            ("ldapi://%2Flab".to_owned(), Some(lab.folder.clone()), vec![external])
        }
        TargetKind::Graph(_) => return Vec::new(),
    };
    let mut problems = Vec::new();
    for bind in binds {
        let found = with_identity(target, &url, ca_file.clone(), bind).err().unwrap_or_default();
        problems
            .extend(found.into_iter().filter(|one| !problems.contains(one)).collect::<Vec<_>>());
    }
    problems
}

fn external(certificate: Option<&(PathBuf, PathBuf)>) -> settings::Bind {
    let files = certificate.map(|(certificate, key)| ClientCertificate {
        certificate: certificate.clone(),
        key: key.clone(),
    });
    settings::Bind::External { certificate: files }
}

fn usage(target: &Target, problem: &str) -> anyhow::Error {
    Failure::new(ExitStatus::Usage, format!("target {}: {problem}", target.name)).into()
}

const PASSWORD_FILE: &str = "write the password of the service account into that file, as its \
                             owner, then: chmod 600";

fn identity(bind: &Bind) -> anyhow::Result<settings::Bind> {
    Ok(match bind {
        Bind::Simple { dn, password_file } => settings::Bind::Simple {
            dn: dn.clone(),
            password: secret_file::read(password_file)
                .map_err(|problem| Failure::new(ExitStatus::Usage, problem).hint(PASSWORD_FILE))?,
        },
        Bind::External { certificate } => external(certificate.as_ref()),
    })
}

/// Connects to a target (exit 6 when it cannot be reached).
pub async fn open(
    session: &Session,
    store: &Store,
    target: &Target,
    labs: &Labs,
    purpose: Purpose,
) -> anyhow::Result<Open> {
    #[cfg(test)]
    if let Some(connect) = &labs.simulated {
        return Ok(Open::Simulated(Box::new(connect())));
    }
    if target.graph().is_some() {
        let open = cloud::open(session, store, target, labs).await?;
        return Ok(Open::Graph(Box::new(open)));
    }
    let settings = settings(target, labs, purpose)?;
    let entropy = session.world.entropy;
    let open = ldap::connect(settings, entropy).await.map_err(|error| failed(target, error))?;
    Ok(Open::Ldap(Box::new(open)))
}

/// What was seen of the targets, by name.
#[derive(Debug, Default)]
pub struct Observation {
    pub observed: BTreeMap<String, Observed>,
    /// Those that could not be reached or read, and why.
    pub unread: BTreeMap<String, String>,
    /// Not one could be: the last failure.
    lost: Option<anyhow::Error>,
}

impl Observation {
    /// What was seen, if anything was.
    pub(super) fn some(self) -> anyhow::Result<Self> {
        match self.lost {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// Not one target could be read.
    pub(super) fn is_blind(&self) -> bool {
        self.lost.is_some()
    }

    /// Tells the failure that makes it blind as that of any other target, and goes on.
    pub(super) fn told(mut self, session: &Session) -> Self {
        if let Some(error) = self.lost.take() {
            (session.world.warn)(&outcome::rendered(&error).0);
        }
        self
    }
}

/// What the client of a target wants to know again next time.
pub enum Kept {
    Memory(String),
    /// Of one that could not be read: how fast it may be asked.
    Speed(String),
}

/// What the clients of targets want to know again next time, by target.
pub type Memories = BTreeMap<String, Kept>;

/// Keeps what clients want to know again.
pub fn remember(store: &mut Store, memories: Memories) -> anyhow::Result<()> {
    for (target, kept) in memories {
        match kept {
            Kept::Memory(document) => memory::save(store, &target, &document),
            Kept::Speed(speed) => memory::save_speed(store, &target, &speed),
        }
        .map_err(store_failure)?;
    }
    Ok(())
}

/// Reads every target, and keeps what its client wants to know again; for commands that hold the
/// lock.
pub fn read(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
) -> anyhow::Result<Observation> {
    let mut memories = Memories::new();
    let seen = runtime.block_on(observed(session, store, labs, &mut memories));
    remember(store, memories)?;
    seen
}

/// Reads every target, and keeps nothing.
pub async fn observe_all(
    session: &Session,
    store: &Store,
    labs: &Labs,
) -> anyhow::Result<Observation> {
    observed(session, store, labs, &mut Memories::new()).await?.some()
}

/// Reads everything of ours in every target. A target that cannot be read is never taken as empty:
/// nothing is planned for it, and the others go on (SEC-47). A setting that is wrong is an error.
async fn observed(
    session: &Session,
    store: &Store,
    labs: &Labs,
    memories: &mut Memories,
) -> anyhow::Result<Observation> {
    let mut seen = Observation::default();
    let (mut last, mut read) = (None, 0);
    for target in &session.config.targets {
        if !wanted::is_asked(session, store, target)? {
            seen.observed.insert(target.name.clone(), Observed::default());
            continue;
        }
        let (found, kept) = observe(session, store, target, labs).await;
        memories.extend(kept.map(|kept| (target.name.clone(), kept)));
        match found {
            Ok(mut observed) => {
                read += 1;
                wanted::locate(session, target, &mut observed);
                seen.observed.insert(target.name.clone(), observed);
            }
            Err(error) if outcome::rendered(&error).1 == ExitStatus::Unreachable => {
                seen.unread.insert(target.name.clone(), error.to_string());
                if let Some(before) = last.replace(error) {
                    (session.world.warn)(&outcome::rendered(&before).0);
                }
            }
            Err(error) => return Err(error),
        }
    }
    seen.lost = last;
    Ok(if read == 0 { seen } else { seen.told(session) })
}

/// What stands, and what the client wants to know again.
async fn observe(
    session: &Session,
    store: &Store,
    target: &Target,
    labs: &Labs,
) -> (anyhow::Result<Observed>, Option<Kept>) {
    let mut open = match open(session, store, target, labs, Purpose::Read).await {
        Ok(open) => open,
        Err(error) => return (Err(error), None),
    };
    match open.observe().await {
        Ok(observed) => (Ok(observed), open.kept().map(Kept::Memory)),
        Err(error) => (Err(failed(target, error)), speed_of(&open)),
    }
}

/// What a target that gives nothing said of how long.
pub fn speed_of(open: &Open) -> Option<Kept> {
    open.speed().and_then(|speed| speed.kept()).map(Kept::Speed)
}

/// A failed target as a person reads it: files of ours that cannot be used are no fault of the
/// network (exit 2).
pub(super) fn failed(target: &Target, error: TargetError) -> anyhow::Error {
    let (what, hint, status) = match error {
        TargetError::Unreachable { what, hint } | TargetError::Unreadable { what, hint } => {
            (what, hint, ExitStatus::Unreachable)
        }
        TargetError::Unusable { what, hint } => (what, hint, ExitStatus::Usage),
    };
    Failure::new(status, format!("target {}: {what}", target.name)).hint(hint).into()
}
