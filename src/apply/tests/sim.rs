//! A directory in memory with the semantics of `target::Write`, and faults on demand.

use std::cell::{Cell, LazyCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use rusqlite::Connection;

use crate::credential::InitialPassword;
use crate::model::dn::{self, Ava};
use crate::model::entry::{Attributes, Entry, ObjectKey};
use crate::plan::operation::{Action, Operation};
use crate::plan::simulator::LOCK;
use crate::store::trap::Trap;
use crate::target::{Done, Observe, Observed, TargetError, Write, WriteError};

/// What the server does to one write, instead of answering it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Does it; the connection dies before the answer.
    LostReply,
    /// The connection dies before it is done, and nobody can tell.
    LostRequest,
    /// The connection was dead already.
    NotSent,
    Busy,
    Refused,
}

/// The server: what outlives connections and processes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Server {
    pub(crate) entries: RefCell<BTreeMap<String, Entry>>,
    /// What each account was created with, every time.
    pub(crate) passwords: RefCell<BTreeMap<ObjectKey, Vec<String>>>,
    /// Faults to come, by rank of the operation.
    pub(super) faults: RefCell<BTreeMap<u64, VecDeque<Fault>>>,
    /// Reconnections that will fail.
    pub(super) down: Cell<u32>,
    pub(super) observed: Cell<u32>,
    /// Ranks in order of arrival.
    pub(super) received: RefCell<Vec<u64>>,
    pub(crate) changes: Cell<u32>,
    pub(super) in_flight: Cell<usize>,
    pub(super) in_flight_max: Cell<usize>,
}

/// A connection that is opened when it is looked through.
pub(crate) type Look = LazyCell<Connection, Box<dyn FnOnce() -> Connection>>;

/// One process's connection.
pub(crate) struct Sim {
    pub(super) server: Rc<Server>,
    /// The process dies at some effect.
    pub(crate) trap: Option<Trap>,
    /// A look at the store from outside: what is durable.
    pub(crate) journal: Option<Rc<Look>>,
    pub(super) alive: Cell<bool>,
}

impl Sim {
    pub(crate) fn new(server: &Rc<Server>) -> Self {
        Self { server: Rc::clone(server), trap: None, journal: None, alive: Cell::new(true) }
    }

    fn dies(&self) -> bool {
        self.trap.as_ref().is_some_and(Trap::springs)
    }

    /// DESIGN rule 7: no write that is not durable in the journal, seen from another connection.
    fn assert_announced(&self, operation: &Operation) {
        let Some(journal) = &self.journal else { return };
        let of_the_run_under_way =
            "SELECT s.state FROM operation_state s JOIN run r ON r.id = s.run
                                    WHERE r.state = 'applying' AND s.seq = ?1";
        let state: String = journal
            .prepare_cached(of_the_run_under_way)
            .unwrap()
            .query_row([operation.seq], |row| row.get(0))
            .unwrap_or_default();
        assert_eq!(state, "started", "operation {} was not announced", operation.seq);
    }

    fn answer(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let fault =
            self.server.faults.borrow_mut().get_mut(&operation.seq).and_then(|f| f.pop_front());
        if !self.alive.get() || fault == Some(Fault::NotSent) {
            self.alive.set(false);
            return Err(WriteError::Lost("connection closed".into()));
        }
        self.server.received.borrow_mut().push(operation.seq);
        let unknown = || {
            self.alive.set(false);
            Err(WriteError::Unknown("connection closed".into()))
        };
        match fault {
            Some(Fault::Busy) => {
                return Err(WriteError::Busy { code: 51, text: "busy".into() });
            }
            Some(Fault::Refused) => {
                return Err(WriteError::Refused { code: 65, text: "schema says no".into() });
            }
            Some(Fault::LostRequest) => return unknown(),
            Some(Fault::LostReply | Fault::NotSent) | None => {}
        }
        if self.dies() {
            return unknown();
        }
        let done = self.server.apply(operation, secret);
        if self.dies() || fault == Some(Fault::LostReply) {
            return unknown();
        }
        done
    }
}

impl Observe for Sim {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        self.server.observed.set(self.server.observed.get() + 1);
        let entries = self.server.entries.borrow();
        let seen = |entry: &Entry| {
            let enabled = !entry.attributes.contains_key(LOCK);
            (entry.key.clone(), Entry { enabled, ..entry.clone() })
        };
        let entries = entries.values().map(seen).collect();
        Ok(Observed { entries, ..Observed::default() })
    }
}

impl Write for Sim {
    async fn write(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        self.assert_announced(operation);
        let Server { in_flight, in_flight_max, .. } = &*self.server;
        in_flight.set(in_flight.get() + 1);
        in_flight_max.set(in_flight_max.get().max(in_flight.get()));
        tokio::task::yield_now().await;
        in_flight.set(in_flight.get() - 1);
        self.answer(operation, secret)
    }

    async fn reconnect(&mut self) -> Result<(), TargetError> {
        if self.server.down.get() > 0 {
            self.server.down.set(self.server.down.get() - 1);
            let (what, hint) = ("connection refused".into(), String::new());
            return Err(TargetError::Unreachable { what, hint });
        }
        self.alive.set(true);
        Ok(())
    }
}

fn stale(what: &str) -> Result<Done, WriteError> {
    Err(WriteError::Stale(what.into()))
}

impl Server {
    pub(super) fn put(&self, entry: Entry) {
        self.entries.borrow_mut().insert(entry.dn.clone(), entry);
    }

    /// Looks first, then does it or not.
    fn apply(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let is_creation = matches!(operation.action, Action::Create { .. });
        let is_account = matches!(operation.key, ObjectKey::Account(_));
        // at the creation of an account, always; anywhere else, never.
        assert_eq!(secret.is_some(), is_creation && is_account, "{operation:?}");
        let mut entries = self.entries.borrow_mut();
        let done = match &operation.action {
            Action::Create { entry } => match entries.get(&entry.dn) {
                Some(there) if there == entry => Ok(Done::Already),
                Some(_) => stale("another entry stands there"),
                None if entries.values().any(|there| there.key == entry.key) => {
                    stale("it stands elsewhere")
                }
                None => {
                    entries.insert(entry.dn.clone(), entry.clone());
                    if let Some(secret) = secret {
                        let mut passwords = self.passwords.borrow_mut();
                        let of_account = passwords.entry(entry.key.clone()).or_default();
                        of_account.push(secret.reveal().to_owned());
                    }
                    Ok(Done::Written)
                }
            },
            Action::Modify { dn, before, after } => match entries.get_mut(dn) {
                None => stale("gone"),
                Some(there) => modify(&mut there.attributes, before, after),
            },
            Action::Rename { from, to } => match (entries.remove(from), entries.contains_key(to)) {
                (Some(mut there), false) => {
                    rename(&mut there.attributes, from, to);
                    there.dn.clone_from(to);
                    entries.insert(to.clone(), there);
                    Ok(Done::Written)
                }
                (None, true) => Ok(Done::Already),
                (None, false) => stale("gone"),
                (Some(there), true) => {
                    entries.insert(from.clone(), there);
                    stale("two of them")
                }
            },
            Action::Delete { dn, before } => match entries.get(dn) {
                None => Ok(Done::Already),
                Some(there) if there.attributes == *before => {
                    entries.remove(dn);
                    Ok(Done::Written)
                }
                Some(_) => stale("changed"),
            },
            Action::AddLinks { dn, attribute, values } => {
                links(entries.get_mut(dn), attribute, |links| {
                    links.extend(values.iter().cloned());
                })
            }
            Action::RemoveLinks { dn, attribute, values } => {
                links(entries.get_mut(dn), attribute, |links| {
                    links.retain(|link| !values.contains(link));
                })
            }
        };
        if done == Ok(Done::Written) {
            self.changes.set(self.changes.get() + 1);
        }
        done
    }
}

fn links(
    there: Option<&mut Entry>,
    attribute: &str,
    change: impl FnOnce(&mut BTreeSet<String>),
) -> Result<Done, WriteError> {
    let Some(there) = there else { return stale("gone") };
    let links = there.links.entry(attribute.to_owned()).or_default();
    let size = links.len();
    change(links);
    Ok(if links.len() == size { Done::Already } else { Done::Written })
}

/// The values of the name leave, those of the new one come, as with every server.
fn rename(there: &mut Attributes, from: &str, to: &str) {
    for Ava { attribute, value } in dn::leaf_pairs(from) {
        there.edit(&attribute, |held| held.retain(|one| *one != value));
    }
    for Ava { attribute, value } in dn::leaf_pairs(to) {
        there.edit(&attribute, |held| {
            held.push(value);
            held.sort();
            held.dedup();
        });
    }
    there.retain(|_, held| !held.is_empty());
}

fn modify(
    there: &mut Attributes,
    before: &Attributes,
    after: &Attributes,
) -> Result<Done, WriteError> {
    let names: Vec<&str> = before.keys().chain(after.keys()).collect();
    let is = |there: &Attributes, wanted: &Attributes| {
        names.iter().all(|name| there.get(name) == wanted.get(name))
    };
    if is(there, after) {
        return Ok(Done::Already);
    }
    if !is(there, before) {
        return stale("changed");
    }
    there.retain(|name, _| !names.contains(&name));
    there.extend(after);
    Ok(Done::Written)
}
