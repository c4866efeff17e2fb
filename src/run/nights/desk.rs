//! What an operator types, and what `cron` does: each by the code of the command, on a store that
//! is open already.

use std::rc::Rc;

use rusqlite::OptionalExtension as _;
use tokio::runtime::Runtime;

use super::wanted::{self, Night};
use crate::apply::tests::sim::Look;
use crate::plan::{Objection, Plan, guard};
use crate::run::draft::{self, Draft, Laps};
use crate::run::lift::Typed as Lifting;
use crate::run::outcome::{self, ExitStatus};
use crate::run::review::Review;
use crate::run::session::Session;
use crate::run::targets::Labs;
use crate::run::{apply, lift, replay, rollback, run};
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, plans, registry};

/// One process at work.
pub(super) struct Desk<'a> {
    pub(super) session: &'a Session,
    pub(super) store: &'a mut Store,
    pub(super) labs: &'a Labs,
    pub(super) runtime: &'a Runtime,
    pub(super) outside: Rc<Look>,
}

/// How a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Done,
    /// A guard stopped it; nothing was written.
    Stopped(RunId),
    /// Nothing of it is of the schools that were typed.
    Nothing,
}

impl Desk<'_> {
    /// `plan`.
    pub(super) fn plan(&mut self, night: Night) -> RunId {
        self.planned(night).0
    }

    /// The same, with what it plans.
    fn planned(&mut self, night: Night) -> (RunId, Plan) {
        let around = (self.session, self.labs, self.runtime);
        let Draft { run, plan, .. } = drafted(around, self.store, night, "plan").unwrap();
        (run, plan)
    }

    /// All that was begun is done and read back, and nobody has two secrets.
    pub(super) fn assert_settled(&self) {
        let sql = "SELECT 'two sealed secrets of one account' FROM sealed_secret
                   GROUP BY person HAVING count(*) > 1
                   UNION ALL
                   SELECT CASE WHEN state IN ('done', 'already') THEN 'not read back: '
                               ELSE 'not done: ' END || run || '/' || seq
                   FROM operation_state
                   WHERE proven_at IS NULL OR state NOT IN ('done', 'already')
                   UNION ALL
                   SELECT 'not begun: ' || o.run || '/' || o.seq
                   FROM plan_operation o JOIN run r ON r.id = o.run
                   WHERE r.started_at IS NOT NULL
                     AND (o.run, o.seq) NOT IN (SELECT run, seq FROM operation_state)";
        let wrong: Option<String> =
            self.outside.query_row(sql, [], |row| row.get(0)).optional().unwrap();
        assert_eq!(wrong, None);
    }

    /// The next plan writes nothing. What was taken back is planned again, and stopped.
    pub(super) fn assert_nothing_is_left(&mut self, night: Night) {
        let (_, Plan { operations, objections, .. }) = self.planned(night);
        assert!(operations.is_empty() || !objections.is_empty(), "left to write: {operations:?}");
        let stopped = |one: &Objection| one.id == guard::ROLLED_BACK;
        assert!(objections.iter().any(stopped) || objections.is_empty(), "{objections:?}");
    }

    /// `run`.
    pub(super) fn run(&mut self, night: Night) -> Ended {
        let around @ (session, labs, runtime) = (self.session, self.labs, self.runtime);
        let draft = |store: &mut Store| drafted(around, store, night, "run");
        let ended = run::whole(session, self.store, labs, runtime, &draft);
        self.ended(ended)
    }

    /// `replay`.
    pub(super) fn replay(&mut self) {
        let (session, labs, runtime) = (self.session, self.labs, self.runtime);
        runs::interrupt_leftovers(self.store).unwrap();
        if let replay::Wanted::Run(run) = replay::wanted(self.store, None).unwrap() {
            let status = replay::taken_up(session, self.store, labs, runtime, &run).unwrap();
            assert_eq!(status, ExitStatus::Done);
        }
    }

    /// `apply RUN`, of all of it or of a school.
    pub(super) fn apply(&mut self, run: RunId, school: Option<&str>) -> Ended {
        self.typed(run, school, None)
    }

    /// `approve RUN` by one person, `apply RUN` with a reason by another one.
    pub(super) fn lift(&mut self, run: RunId) -> Ended {
        let hash = runs::get(self.store, run).unwrap().plan_hash.to_string();
        let typed =
            Lifting { confirm: Some(&hash), reason: Some("ticket 4711"), by: Some("chef.a") };
        lift::approved(self.session, self.store, run, typed).unwrap();
        self.typed(run, None, Some(&hash))
    }

    fn typed(&mut self, run: RunId, school: Option<&str>, hash: Option<&str>) -> Ended {
        let (session, labs, runtime) = (self.session, self.labs, self.runtime);
        let plan = run.to_string();
        let schools: Vec<String> = school.into_iter().map(str::to_owned).collect();
        let reason = hash.map(|_| "ticket 4711");
        let lift = Lifting { confirm: hash, reason, by: Some("chef.b") };
        let typed = apply::Typed { plan: &plan, lift, schools: &schools, exact: false };
        let found = apply::applicable(session, self.store, &plan).unwrap();
        let ended = apply::wanted_of(session, self.store, labs, runtime, found, &typed);
        self.ended(ended)
    }

    /// `rollback RUN`; the plan that it makes.
    pub(super) fn rollback(&mut self, run: RunId) -> RunId {
        let (session, labs, runtime) = (self.session, self.labs, self.runtime);
        let before = rollback::found(self.store, run).unwrap();
        rollback::planned(session, self.store, labs, runtime, (run, &before)).unwrap();
        runs::latest(self.store).unwrap().unwrap().id
    }

    fn ended(&self, status: anyhow::Result<ExitStatus>) -> Ended {
        let status = status.unwrap_or_else(|error| match outcome::rendered(&error) {
            (_, status @ (ExitStatus::Guarded | ExitStatus::Usage)) => status,
            (what, status) => panic!("{status:?}: {what}"),
        });
        match status {
            ExitStatus::Done => Ended::Done,
            ExitStatus::Usage => Ended::Nothing,
            ExitStatus::Guarded => {
                let stopped = |run: &Run| run.state == RunState::Stopped;
                Ended::Stopped(self.known().into_iter().find(stopped).unwrap().id)
            }
            status => panic!("{status:?}"),
        }
    }

    /// Every run, newest first.
    pub(super) fn known(&self) -> Vec<Run> {
        runs::list(self.store).unwrap()
    }

    /// What is left of a plan of which a part was applied, as long as it may be applied.
    pub(super) fn open_rest(&self) -> Option<RunId> {
        let now = registry::generation_now(self.store).unwrap();
        let open = |run: &Run| {
            matches!(run.state, RunState::Planned | RunState::Stopped) && run.generation == now
        };
        let after = |run: &Run| plans::header(self.store, run.id).unwrap().origin.after;
        let found = self.known().into_iter().find(|run| open(run) && after(run).is_some());
        found.map(|run| run.id)
    }

    /// The run that would be taken back: the last one that had something to write. And whether it
    /// was.
    pub(super) fn last_written(&self) -> (RunId, bool) {
        let mut undone = Vec::new();
        for run in self.known().into_iter().filter(|run| run.started_at.is_some()) {
            match plans::header(self.store, run.id).unwrap().origin.undoes {
                Some(of) => undone.extend((run.state == RunState::Applied).then_some(of)),
                None if plans::load(self.store, run.id).unwrap().operations.is_empty() => {}
                None => return (run.id, undone.contains(&run.id.0)),
            }
        }
        panic!("no run has written anything")
    }
}

fn drafted(
    (session, labs, runtime): (&Session, &Labs, &Runtime),
    store: &mut Store,
    night: Night,
    command: &str,
) -> anyhow::Result<Draft> {
    let decide: &draft::Decide<'_> = &|_, known, _, _| wanted::decided(night, known);
    let reviewed = (Review::default(), Laps::start(&session.world));
    draft::drafted(session, store, (labs, runtime), command, reviewed, decide)
}
