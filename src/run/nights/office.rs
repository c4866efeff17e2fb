//! What the commands are given: a configuration with one directory, keys, a clock that stands.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use age::x25519::Identity;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::house::memory;
use super::wanted::SCHOOLS;
use crate::config::template;
use crate::run::session::{Format, Session};
use crate::run::world::{Clock, World};
use crate::run::{applying, init};
use crate::store::tests::noon;

/// Made once a seed: reading a configuration takes longer than a night.
pub(super) struct Office {
    _folder: TempDir,
    pub(super) session: RefCell<Session>,
    pub(super) runtime: Runtime,
    identity: Identity,
    /// What was opened before: the same secrets are looked at after every crash.
    opened: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
}

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(7) };
}

/// Every process draws other passwords.
fn entropy(buffer: &mut [u8]) {
    let mut state = DRAWN.get();
    for byte in buffer {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    DRAWN.set(state);
}

impl Office {
    pub(super) fn open() -> Self {
        let world = World {
            clock: Clock { wall: noon, fixed: Some(noon()) },
            entropy,
            ticks_ms: || 0,
            user: || "rentree".to_owned(),
            out: |_| (),
            warn: |_| (),
        };
        let folder = memory();
        let schools: Vec<String> = SCHOOLS
            .iter()
            .map(|uai| format!("{uai};Lycée {uai};Lille;59;Lille;Nord;Nrd 1;Flandre;sts-siecle;;"))
            .collect();
        let csv = "uai;nom;ville;departement;academie;service;equipe;section;source;o365_depuis;\
                   o365_jusqua\n";
        let csv = format!("{csv}{}\n", schools.join("\n"));
        let at = folder.path().join("office");
        init::write_folder(&world, &at, "Région", &csv, &template::lab_target(0)).unwrap();
        let identity = std::fs::read_to_string(at.join("secrets/credentials.identity")).unwrap();
        let session = Session::open(&at.join("rentree.toml"), Format::Text, world).unwrap();
        Self {
            _folder: folder,
            session: RefCell::new(session),
            runtime: applying::runtime().unwrap(),
            identity: identity.trim().parse().unwrap(),
            opened: RefCell::default(),
        }
    }

    /// The clock of a process in a night: each is later than the one before.
    pub(super) fn set_clock(&self, night: u64, lives: u32) {
        let hours = SignedDuration::from_hours(24 * i64::try_from(night).unwrap());
        let now: Timestamp = noon() + hours + SignedDuration::from_secs(37 * i64::from(lives));
        self.session.borrow_mut().world.clock.fixed = Some(now);
    }

    pub(super) fn opened(&self, sealed: &[u8]) -> Vec<u8> {
        let mut opened = self.opened.borrow_mut();
        let open = || age::decrypt(&self.identity, sealed).unwrap();
        opened.entry(sealed.to_owned()).or_insert_with(open).clone()
    }
}
