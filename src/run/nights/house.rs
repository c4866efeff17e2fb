//! A disk and a directory, which outlive processes; and what a power cut leaves of the disk.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;

use super::desk::Desk;
use super::office::Office;
use crate::academy::seed::Stream;
use crate::apply::tests::disk::{self, Power};
use crate::apply::tests::scene::{assert_secrets_fit, look};
use crate::apply::tests::sim::{Server, Sim};
use crate::run::targets::Labs;
use crate::store::trap::{Trap, witness};
use crate::store::{FILE, Options, Store};

/// More effects than any night has.
const MANY: u64 = 1_000_000;

/// In memory, where a machine has a folder for that: what a disk loses is simulated.
pub(super) fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

pub(super) struct House {
    _root: TempDir,
    folder: PathBuf,
    pub(super) server: Rc<Server>,
    pub(super) office: Rc<Office>,
    /// Processes that have begun here.
    lives: Cell<u32>,
}

/// Everything that is there when a process dies.
#[derive(Clone)]
pub(super) struct Snapshot {
    database: Arc<[u8]>,
    log: Arc<[u8]>,
    server: Server,
    lives: u32,
}

impl House {
    /// Nothing known, nothing planned, nothing standing.
    pub(super) fn new(office: &Rc<Office>) -> Self {
        // Made once: laying down the tables takes longer than a night.
        static EMPTY: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            drop(Store::open(folder.path(), &Options::default()).unwrap());
            std::fs::read(folder.path().join(FILE)).unwrap().into()
        });
        let (log, server) = (Arc::default(), Server::default());
        Self::of(office, &EMPTY, &log, &server, 0)
    }

    /// What the next process finds after a power cut.
    pub(super) fn after(
        office: &Rc<Office>,
        snapshot: &Snapshot,
        power: Power,
        luck: &mut Stream,
    ) -> Self {
        let Snapshot { database, log, server, lives } = snapshot;
        let log = disk::after_a_power_cut(log.to_vec(), power, luck);
        Self::of(office, database, &log, server, *lives)
    }

    fn of(office: &Rc<Office>, database: &[u8], log: &[u8], server: &Server, lives: u32) -> Self {
        let root = memory();
        let folder = root.path().join("state");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(FILE), database).unwrap();
        if !log.is_empty() {
            std::fs::write(log_of(&folder), log).unwrap();
        }
        Self {
            _root: root,
            folder,
            server: Rc::new(server.clone()),
            office: Rc::clone(office),
            lives: Cell::new(lives),
        }
    }

    /// One process of a night.
    pub(super) fn process<T>(&self, night: u64, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        self.process_on(night, None, work)
    }

    /// The same, with what is there at each of its effects: whoever dies then leaves that.
    pub(super) fn witnessed(&self, night: u64, work: impl FnOnce(&mut Desk<'_>)) -> Vec<Snapshot> {
        let seen: Rc<RefCell<Vec<Snapshot>>> = Rc::default();
        let (folder, server) = (self.folder.clone(), Rc::clone(&self.server));
        let (kept, lives) = (Rc::clone(&seen), self.lives.get() + 1);
        let look = move || {
            let mut kept = kept.borrow_mut();
            let (database, log) = (
                std::fs::read(folder.join(FILE)).unwrap(),
                std::fs::read(log_of(&folder)).unwrap_or_default(),
            );
            let last = kept.last().map(|last: &Snapshot| &last.database);
            let same = last.filter(|last| ***last == *database).cloned();
            let database = same.unwrap_or_else(|| database.into());
            let server = Server::clone(&server);
            kept.push(Snapshot { database, log: log.into(), server, lives });
        };
        let trap = Some(Trap::after(MANY));
        witness::of(Box::new(look), || self.process_on(night, trap, work));
        seen.take()
    }

    fn process_on<T>(
        &self,
        night: u64,
        trap: Option<Trap>,
        work: impl FnOnce(&mut Desk<'_>) -> T,
    ) -> T {
        self.office.set_clock(night, self.lives.get());
        self.lives.set(self.lives.get() + 1);
        let options = Options { size_max_bytes: None, trap: trap.clone() };
        let mut store = Store::open(&self.folder, &options).unwrap();
        self.assert_secrets(&store);
        let (server, outside) = (Rc::clone(&self.server), look(&self.folder));
        let journal = Rc::clone(&outside);
        let connect = move || {
            let mut sim = Sim::new(&server);
            sim.trap.clone_from(&trap);
            sim.journal = Some(Rc::clone(&journal));
            sim
        };
        let mut labs = Labs::default();
        labs.simulated = Some(Box::new(connect));
        let session = self.office.session.borrow();
        let runtime = &self.office.runtime;
        let (session, store) = (&*session, &mut store);
        work(&mut Desk { session, store, labs: &labs, runtime, outside })
    }

    /// SEC-14: at every instant, so that it does not matter which command follows a crash.
    pub(super) fn assert_secrets(&self, store: &Store) {
        assert_secrets_fit(store, &self.server, &mut |sealed| self.office.opened(sealed));
    }
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}-wal"))
}
