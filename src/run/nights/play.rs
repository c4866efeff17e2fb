//! A case, and all cases of a seed. A night is played once, with what a crash at each of its
//! effects would leave; each recovery likewise; so a case is only what comes after its last crash.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::desk::Desk;
use super::house::{House, Snapshot};
use super::kinds::{Step, Way, steps};
use super::office::Office;
use crate::academy::seed::Stream;
use crate::apply::tests::disk::Power;
use crate::model::entry::{Entry, ObjectKey};
use crate::model::ids::{PersonId, StructureKey};
use crate::model::person::Person;
use crate::model::registry::Registry;
use crate::model::workspace::Workspace;
use crate::store::registry;

/// A seed, and the effects at which the first and the second process die. Where a recovery has
/// fewer effects, only the first one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) first: u64,
    pub(super) second: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.seed, self.first, self.second)
    }
}

impl Case {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(|part| part.parse().ok());
        let mut next = || parts.next().flatten();
        Some(Self { seed: next()?, first: next()?, second: next()? })
    }

    /// Draws for its last crash.
    fn luck(self) -> Stream {
        Stream::numbered(self.seed, "crash", self.first << 20 | self.second.min(NEVER))
    }
}

/// A second crash that never comes.
pub(super) const NEVER: u64 = (1 << 20) - 1;

/// What is compared: the directory, and the registry. Where both are as without a crash, so is the
/// next plan; it is made all the same after every recovery of a first crash, and now and then.
#[derive(Debug, PartialEq)]
struct End {
    entries: BTreeMap<String, Entry>,
    people: BTreeMap<PersonId, Person>,
    spaces: BTreeMap<StructureKey, Workspace>,
}

/// A seed: its end without a crash, and every first crash with the procedure in which it comes.
pub(super) struct Seed {
    seed: u64,
    pub(super) steps: Vec<Step>,
    office: Rc<Office>,
    end: End,
    firsts: Vec<(usize, Snapshot)>,
}

impl Seed {
    /// Plays it without a crash.
    pub(super) fn undisturbed(seed: u64) -> Self {
        let (office, steps) = (Rc::new(Office::open()), steps(seed));
        let house = House::new(&office);
        let mut firsts = Vec::new();
        for (rank, step) in steps.iter().enumerate() {
            let seen = house.witnessed(step.night.number, |desk| step.take(desk));
            firsts.extend(seen.into_iter().map(|seen| (rank, seen)));
        }
        let night = steps.last().unwrap().night;
        let end = house.process(night.number, |desk| {
            let end = ended(&house, desk);
            desk.assert_nothing_is_left(night);
            end
        });
        Self { seed, steps, office, end, firsts }
    }

    /// How many first crashes there are.
    pub(super) fn effects(&self) -> u64 {
        self.firsts.len() as u64
    }

    fn case(&self, first: u64, second: u64) -> Case {
        Case { seed: self.seed, first, second }
    }

    /// The recovery of a first crash, to its end: what a crash at each of its effects would leave.
    fn recovery(&self, first: u64, power: Power) -> Vec<Snapshot> {
        let mut luck = self.case(first, NEVER).luck();
        let (rank, snapshot) = &self.firsts[usize::try_from(first).unwrap()];
        let house = House::after(&self.office, snapshot, power, &mut luck);
        let (step, way) = (self.steps[*rank], Way::drawn(&mut luck));
        let seconds = house.witnessed(step.night.number, |desk| step.recover(desk, way));
        self.rest(&house, *rank, None, true);
        seconds
    }

    /// What comes after the second crash.
    fn second(&self, case: Case, second: &Snapshot) {
        let mut luck = case.luck();
        let (rank, _) = self.firsts[usize::try_from(case.first).unwrap()];
        let house = House::after(&self.office, second, Power::Cut, &mut luck);
        let (way, plans) = (Way::drawn(&mut luck), luck.once_in(4));
        self.rest(&house, rank, Some(way), plans);
    }

    /// The way back of the procedure `rank`, unless it was gone already, and the procedures behind
    /// it; the end is the one without a crash.
    fn rest(&self, house: &House, rank: usize, back: Option<Way>, plans: bool) {
        for (at, step) in self.steps.iter().enumerate().skip(rank) {
            house.process(step.night.number, |desk| {
                match back {
                    _ if at > rank => step.take(desk),
                    Some(way) => step.recover(desk, way),
                    None => {}
                }
                if at == self.steps.len() - 1 {
                    let end = ended(house, desk);
                    assert!(end == self.end, "another end than without the crash");
                    if plans {
                        desk.assert_nothing_is_left(step.night);
                    }
                }
            });
        }
    }

    /// A first crash, with every `stride`th second one, as long as `goes_on`; how many cases that
    /// were.
    pub(super) fn cases(&self, first: u64, stride: u64, goes_on: &dyn Fn() -> bool) -> u64 {
        let seconds = named(self.case(first, NEVER), || self.recovery(first, Power::Cut));
        let mut cases = 1;
        // Recoveries begin at another effect for each first crash, and miss none over the seeds.
        for second in (first % stride..seconds.len() as u64).step_by(stride.try_into().unwrap()) {
            if !goes_on() {
                break;
            }
            let case = self.case(first, second);
            named(case, || self.second(case, &seconds[usize::try_from(second).unwrap()]));
            cases += 1;
        }
        cases
    }

    /// One case again.
    pub(super) fn again(&self, case: Case) {
        let seconds = self.recovery(case.first, Power::Cut);
        if let Some(snapshot) = usize::try_from(case.second).ok().and_then(|at| seconds.get(at)) {
            self.second(case, snapshot);
        }
    }

    /// Whether a first crash of a machine whose disk does not sync is found out.
    pub(super) fn finds_out(&self, first: u64) -> bool {
        let broken = || _ = self.recovery(first, Power::Unsynced);
        catch_unwind(AssertUnwindSafe(broken)).is_err()
    }
}

/// Names the case when it fails.
fn named<T>(case: Case, play: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        println!("failed: RENTREE_CASE={case} cargo test --lib run::nights::soak::killed");
        resume_unwind(panic)
    })
}

/// The end of a seed, once nothing is left to be done.
fn ended(house: &House, desk: &Desk<'_>) -> End {
    house.assert_secrets(desk.store);
    let Registry { persons: people, workspaces: spaces, .. } = registry::load(desk.store).unwrap();
    let entries = house.server.entries.borrow().clone();
    let keys: BTreeSet<&ObjectKey> = entries.values().map(|entry| &entry.key).collect();
    assert_eq!(keys.len(), entries.len(), "somebody stands twice");
    desk.assert_settled();
    End { entries, people, spaces }
}

#[test]
fn what_a_dead_process_did_not_read_back_is_read_back_by_replay_and_by_run() {
    // SEC-44, requirements 2.4 (t1): all is written, nothing is to be sent any more.
    let sql = "SELECT EXISTS (SELECT 1 FROM operation_state WHERE proven_at IS NULL)
                   AND NOT EXISTS (
                       SELECT 1 FROM run r JOIN plan_operation o ON o.run = r.id
                                           LEFT JOIN operation_state s USING (run, seq)
                       WHERE r.started_at IS NOT NULL
                         AND coalesce(s.state, 'planned') NOT IN ('done', 'already'))";
    let (seed, mut owed) = (Seed::undisturbed(0), 0);
    for (rank, snapshot) in &seed.firsts {
        for way in [Way::Run, Way::Replay] {
            let (step, mut luck) = (seed.steps[*rank], Stream::new(0, "disk"));
            let house = House::after(&seed.office, snapshot, Power::Cut, &mut luck);
            house.process(step.night.number, |desk| {
                if desk.outside.query_row(sql, [], |row| row.get(0)).unwrap() {
                    step.recover(desk, way);
                    desk.assert_settled();
                    owed += 1;
                }
            });
        }
    }
    assert!(owed > 2, "{owed}");
}
