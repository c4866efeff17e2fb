//! The kinds of nights. Each looks at what the store holds and does what is still to be done, so
//! that it is the same procedure after a crash.

use super::desk::{Desk, Ended};
use super::wanted::{Night, SCHOOLS};
use crate::academy::seed::Stream;
use crate::store::runs::RunId;

/// What somebody does in a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `run`; where a guard stops it, two persons let it pass.
    Run,
    /// `plan`, `apply --school` of one school, then the rest.
    Part,
    /// A run that a guard stops, since too many leave; two persons let it pass.
    Lifted,
    /// `rollback` of the last run, applied.
    Back,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Run, Self::Part, Self::Lifted, Self::Back];
}

/// One procedure of one night.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) night: Night,
}

/// The procedures of a seed, in order.
pub(super) fn steps(seed: u64) -> Vec<Step> {
    let mut luck = Stream::new(seed, "kinds");
    let first = if luck.once_in(3) { Kind::Part } else { Kind::Run };
    // In turn, so that a few seeds have each of them.
    let last = Kind::ALL[usize::try_from(seed % 4).unwrap()];
    let night = |number| Night { seed, number, flood: last == Kind::Lifted };
    let step = |kind, number| Step { kind, night: night(number) };
    match last {
        Kind::Back => vec![step(first, 0), step(Kind::Run, 1), step(last, 1)],
        Kind::Run | Kind::Part | Kind::Lifted => vec![step(first, 0), step(last, 1)],
    }
}

/// The way back after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Run,
    Replay,
}

impl Way {
    pub(super) fn drawn(luck: &mut Stream) -> Self {
        if luck.once_in(2) { Self::Run } else { Self::Replay }
    }
}

impl Step {
    /// Does it, or what is left of it.
    pub(super) fn take(self, desk: &mut Desk<'_>) {
        let Self { kind, night } = self;
        match kind {
            Kind::Run | Kind::Lifted => pass(desk, |desk| desk.run(night)),
            Kind::Part => part(desk, night),
            Kind::Back => back(desk),
        }
    }

    /// After a crash: `run`, which is enough where somebody wanted what the deliveries say; or one
    /// command, and then what is left of the procedure.
    pub(super) fn recover(self, desk: &mut Desk<'_>, way: Way) {
        match (way, self.kind) {
            (Way::Run, Kind::Run | Kind::Part | Kind::Lifted) => {
                return pass(desk, |desk| desk.run(self.night));
            }
            // What was taken back is stopped by a guard, and nobody lets it pass.
            (Way::Run, Kind::Back) => _ = desk.run(self.night),
            (Way::Replay, _) => desk.replay(),
        }
        self.take(desk);
    }
}

/// A plan that is let pass where a guard stops it.
fn pass(desk: &mut Desk<'_>, plan: impl FnOnce(&mut Desk<'_>) -> Ended) {
    match plan(desk) {
        Ended::Done => {}
        Ended::Stopped(run) => assert_eq!(desk.lift(run), Ended::Done),
        Ended::Nothing => panic!("there is no such plan"),
    }
}

fn part(desk: &mut Desk<'_>, night: Night) {
    if desk.open_rest().is_none() {
        let plan = desk.plan(night);
        match desk.apply(plan, Some(SCHOOLS[0])) {
            Ended::Done => {}
            Ended::Stopped(part) => assert_eq!(desk.lift(part), Ended::Done),
            Ended::Nothing => pass(desk, |desk| desk.apply(plan, None)),
        }
    }
    if let Some(rest) = desk.open_rest() {
        pass(desk, |desk| desk.apply(rest, None));
    }
}

fn back(desk: &mut Desk<'_>) {
    let (last, is_undone): (RunId, bool) = desk.last_written();
    if !is_undone {
        let plan = desk.rollback(last);
        pass(desk, |desk| desk.apply(plan, None));
    }
}
