//! A store, a plan, a server, and processes that drive the one into the other.

use std::cell::{Cell, LazyCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use age::x25519::Identity;
use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::sim::{Look, Server, Sim};
use crate::apply::{ApplyError, Context, Progress, Settings, Take, Tally, drive};
use crate::credential::{Recipient, new_key_pair};
use crate::model::entry::ObjectKey;
use crate::plan::Plan;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::store::runs::{OperationState, RunId, RunState};
use crate::store::secrets::{self, SealedSecret};
use crate::store::tests::{create, entry, noon, operation, person, plan};
use crate::store::trap::Trap;
use crate::store::{FILE, Options, Store, StoreError, journal, plans, runs};

pub(super) const RUN: RunId = RunId(1);
pub(super) const BASE: &str = "ou=0599990N,dc=x";

pub(super) fn settings() -> Settings {
    Settings {
        window: 4,
        batch: 8,
        attempts_max: 3,
        retry_delay: Duration::ZERO,
        reconnects_max: 4,
        writes_per_second_max: None,
    }
}

pub(super) fn dn(name: &str) -> String {
    format!("uid={name},{BASE}")
}

pub(super) fn login(id: u64) -> String {
    format!("p.n{id}")
}

pub(in crate::apply) fn account(seq: u64, stage: u16, id: u64) -> Operation {
    create(seq, stage, &format!("rentree:account:{id}"), &dn(&login(id)))
}

pub(super) fn group(seq: u64, stage: u16, code: &str, members: &[u64]) -> Operation {
    let mut entry =
        entry(&format!("rentree:division:0599990N:{code}"), &format!("cn={code},{BASE}"));
    let members: std::collections::BTreeSet<String> =
        members.iter().map(|id| dn(&login(*id))).collect();
    if !members.is_empty() {
        entry.links.insert("member".into(), members);
    }
    let key = entry.key.to_string();
    operation(seq, stage, OperationKind::Create, &key, Action::Create { entry })
}

pub(super) fn links(seq: u64, stage: u16, code: &str, members: &[u64], add: bool) -> Operation {
    let (dn_, attribute) = (format!("cn={code},{BASE}"), "member".to_owned());
    let values = members.iter().map(|id| dn(&login(*id))).collect();
    let (kind, action) = if add {
        (OperationKind::AddMember, Action::AddLinks { dn: dn_, attribute, values })
    } else {
        (OperationKind::RemoveMember, Action::RemoveLinks { dn: dn_, attribute, values })
    };
    operation(seq, stage, kind, &format!("rentree:division:0599990N:{code}"), action)
}

/// Folder, keys, plan, and the server, which outlives every process.
pub(super) struct Scene {
    _root: TempDir,
    root: PathBuf,
    lives: Cell<u32>,
    pub(super) plan: Plan,
    pub(super) server: Rc<Server>,
    pub(super) recipient: Recipient,
    pub(super) identity: Identity,
    pub(super) settings: Settings,
    pub(super) stop: AtomicBool,
}

/// How one process ended.
#[derive(Debug)]
pub(super) enum Life {
    Finished(RunState, Tally),
    Failed(ApplyError),
}

impl Scene {
    /// A stored plan that creates accounts for `people` persons.
    pub(super) fn new(people: u64, operations: Vec<Operation>) -> Self {
        let persons = (1..=people).map(|id| person(id, &login(id))).collect();
        let scene = Self::bare(plan(1, persons, operations));
        let mut store = Store::open(&scene.folder(), &Options::default()).unwrap();
        plans::save(&mut store, "run", &scene.plan).unwrap();
        scene
    }

    /// In memory, where a machine has a folder for that: what a disk loses is simulated.
    fn bare(plan: Plan) -> Self {
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let root = root.unwrap();
        let (identity, recipient) = new_key_pair();
        Self {
            root: root.path().to_owned(),
            _root: root,
            lives: Cell::new(0),
            plan,
            server: Rc::default(),
            recipient: Recipient::parse(&recipient).unwrap(),
            identity: identity.expose_secret().parse().unwrap(),
            settings: settings(),
            stop: AtomicBool::new(false),
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.root.join(self.lives.get().to_string())
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&self.folder(), &Options::default()).unwrap()
    }

    /// What a power cut leaves: the files as they are while the process still has them open.
    fn power_cut(&self) {
        let dead = self.folder();
        self.lives.set(self.lives.get() + 1);
        copy(&dead, &self.folder());
    }

    /// One process: takes the run up where it is, drives it, ends it.
    pub(super) fn live(&self, trap: Option<Trap>, take: Take) -> Life {
        self.live_on(&Options { size_max_bytes: None, trap }, take)
    }

    pub(super) fn live_on(&self, options: &Options, take: Take) -> Life {
        let mut store = match Store::open(&self.folder(), options) {
            Ok(store) => store,
            Err(error) => return Life::Failed(error.into()),
        };
        let mut sim = Sim::new(&self.server);
        sim.trap.clone_from(&options.trap);
        sim.journal = Some(look(&self.folder()));
        match self.work(&mut store, &mut sim, take) {
            Ok((state, tally)) => Life::Finished(state, tally),
            Err(error) => {
                if matches!(error, ApplyError::Store(StoreError::Trapped)) {
                    self.power_cut();
                }
                Life::Failed(error)
            }
        }
    }

    fn work(
        &self,
        store: &mut Store,
        sim: &mut Sim,
        take: Take,
    ) -> Result<(RunState, Tally), ApplyError> {
        runs::interrupt_leftovers(store)?;
        match runs::get(store, RUN)?.state {
            RunState::Planned | RunState::Stopped => {
                journal::begin(store, RUN, &self.plan, noon())?;
            }
            RunState::Applying | RunState::Applied | RunState::Interrupted => {
                runs::resume(store, RUN)?;
            }
        }
        self.drive_to_its_end(store, sim, RUN, take)
    }

    /// Drives a run that has begun, and finishes it.
    pub(super) fn drive_to_its_end(
        &self,
        store: &mut Store,
        sim: &mut Sim,
        run: RunId,
        take: Take,
    ) -> Result<(RunState, Tally), ApplyError> {
        // Every process draws other passwords.
        let mut state = u64::from(self.lives.get()) << 32 | run.0 << 16 | 7;
        let mut entropy = move |buffer: &mut [u8]| {
            for byte in buffer {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        };
        let mut progress = |_: Progress| ();
        // The clock of each process is further behind than that of the one before.
        let now = noon() - SignedDuration::from_mins(37 * i64::from(self.lives.get()));
        let mut context = Context {
            store: &mut *store,
            run,
            take,
            recipient: Some(&self.recipient),
            entropy: &mut entropy,
            now: &|| now,
            progress: &mut progress,
            stop: &|| self.stop.load(Ordering::SeqCst),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let tally = runtime.block_on(drive(sim, "ldap", &mut context, &self.settings))?;
        let state = runs::finish(store, run, now)?;
        Ok((state, tally))
    }

    /// Lives until the end of a process that nothing happens to.
    pub(super) fn finish(&self, take: Take) -> (RunState, Tally) {
        match self.live(None, take) {
            Life::Finished(state, tally) => (state, tally),
            Life::Failed(error) => panic!("{error}"),
        }
    }

    pub(super) fn states(&self) -> Vec<(u64, OperationState, Option<String>)> {
        let mut states = Vec::new();
        plans::each_operation(&self.store(), RUN, |row| {
            states.push((row.operation.seq, row.state, row.detail));
        })
        .unwrap();
        states
    }

    pub(super) fn state(&self, seq: u64) -> (OperationState, String) {
        let found = self.states().into_iter().find(|(s, ..)| *s == seq).unwrap();
        (found.1, found.2.unwrap_or_default())
    }

    /// SEC-14: every account of the server was created once, and has exactly one sealed secret,
    /// which is its password; and there are no others.
    pub(super) fn assert_secrets(&self) {
        let accounts = self.server.passwords.borrow().len();
        let outside = Connection::open(self.folder().join(FILE)).unwrap();
        let sql = "SELECT count(*) FROM sealed_secret";
        let rows: usize = outside.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, accounts, "one sealed secret an account");
        self.assert_standing_accounts_have_their_secret();
    }

    /// True at every instant, so that it does not matter whether a crash is followed by `replay`.
    pub(super) fn assert_standing_accounts_have_their_secret(&self) {
        let mut open = |sealed: &[u8]| age::decrypt(&self.identity, sealed).unwrap();
        assert_secrets_fit(&self.store(), &self.server, &mut open);
    }
}

/// A look at a store from outside: what is durable.
pub(crate) fn look(folder: &Path) -> Rc<Look> {
    let file = folder.join(FILE);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Rc::new(LazyCell::new(Box::new(move || Connection::open_with_flags(file, flags).unwrap())))
}

/// SEC-14: every account was created once, and its password is the one that is sealed for it.
pub(crate) fn assert_secrets_fit(
    store: &Store,
    server: &Server,
    open: &mut dyn FnMut(&[u8]) -> Vec<u8>,
) {
    let kept = secrets::list(store).unwrap();
    for (key, created) in server.passwords.borrow().iter() {
        assert_eq!(created.len(), 1, "{key} was created twice");
        let of_account = |secret: &&SealedSecret| ObjectKey::Account(secret.person) == *key;
        let secret = kept.iter().find(of_account).unwrap();
        let sheet: serde_json::Value = serde_json::from_slice(&open(&secret.sealed)).unwrap();
        assert_eq!(sheet["login"], secret.login.as_str());
        assert_eq!(sheet["password"], created[0].as_str(), "the password of {key}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        // The shared-memory index dies with the machine; the log does not.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}
