//! What follows from an answer: the next step, and in the end the journal's event and the fate of
//! an initial secret.

use super::{Settings, Tally};
use crate::model::ids::PersonId;
use crate::plan::operation::{Action, Operation};
use crate::store::in_part::IN_PART;
use crate::store::items::DONE_AFTER;
use crate::store::journal::{Event, Refusal, Settlement};
use crate::store::plans::WAITS;
use crate::store::secrets::SecretFate;
use crate::target::{Done, WriteError};

/// What the journal says of such links. No names: this text goes to logs.
const LEFT_OUT: &str = "in part: a member stands no more, renamed or deleted since the plan";

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Written,
    Already,
    /// But for links to entries that stand no more.
    InPart,
    Stale(String),
    /// The server says no, and will say no again.
    Refused(String),
    /// It says that a name is somebody else's.
    NameTaken(String),
    /// Put off for too long, waiting for another, or set aside.
    Failed(String),
    Blocked(String),
    /// No answer, and no more tries: done or not.
    Unknown(String),
    /// Never an answer, each time that it was sent: done or not.
    Silent(String),
    /// Certainly not done, and nothing wrong with it.
    PutBack(String),
}

/// What was tried of one operation in this drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tries {
    /// The server put it off so many times.
    pub(super) busy: u32,
    /// It was sent and left without an answer so many times: it may have been done.
    pub(super) unanswered: u32,
}

/// What to do with an operation after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Settle(Ending),
    /// After a delay.
    Again(String),
    /// Another connection first. `write` looks before it writes, so this is never a blind retry.
    Reconnect(String),
}

/// The next step. `tries` counts this answer already.
pub(super) fn next(answer: Result<Done, WriteError>, tries: Tries, settings: &Settings) -> Next {
    let words = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
    match answer {
        Ok(Done::Written) => Next::Settle(Ending::Written),
        Ok(Done::Already) => Next::Settle(Ending::Already),
        Ok(Done::InPart) => Next::Settle(Ending::InPart),
        Err(WriteError::Stale(what)) => Next::Settle(Ending::Stale(what)),
        Err(WriteError::Refused { .. }) => Next::Settle(Ending::Refused(words)),
        Err(WriteError::NameTaken { .. }) => Next::Settle(Ending::NameTaken(words)),
        Err(WriteError::Busy { .. }) if tries.busy < settings.attempts_max => Next::Again(words),
        // Put off now, but maybe done by a try before it.
        Err(WriteError::Busy { .. }) if tries.unanswered > 0 => {
            Next::Settle(Ending::Unknown(words))
        }
        Err(WriteError::Busy { .. }) => Next::Settle(Ending::Failed(words)),
        Err(WriteError::Unknown(_)) if tries.unanswered < settings.attempts_max => {
            Next::Reconnect(words)
        }
        // The others go on without the one that breaks every connection.
        Err(WriteError::Unknown(_)) => Next::Settle(Ending::Silent(words)),
        Err(WriteError::Lost(_)) => Next::Reconnect(words),
    }
}

/// An operation that has its ending.
#[derive(Debug)]
pub(super) struct Settled {
    /// As planned, or without the links that wait.
    pub(super) operation: Operation,
    pub(super) attempt: u32,
    pub(super) tries: Tries,
    /// Links left out, as they wait for the operation of this rank.
    pub(super) without: Option<u64>,
    pub(super) ending: Ending,
}

impl Settled {
    /// Later operations that need what this one makes cannot be sent.
    pub(super) fn leaves_a_gap(&self) -> bool {
        match self.ending {
            Ending::Written | Ending::Already | Ending::InPart => false,
            Ending::Stale(_)
            | Ending::Refused(_)
            | Ending::NameTaken(_)
            | Ending::Failed(_)
            | Ending::Blocked(_)
            | Ending::Unknown(_)
            | Ending::Silent(_)
            | Ending::PutBack(_) => true,
        }
    }

    /// What the journal says of the server's delays.
    fn put_off(&self) -> Option<String> {
        let times = self.tries.busy;
        (times > 0).then(|| format!("{DONE_AFTER}{times} time(s) by the server"))
    }

    /// For the journal.
    pub(super) fn settlement(&self) -> Settlement {
        let in_part = self.without.map(|seq| format!("{IN_PART}{WAITS}{seq}"));
        let (event, detail) = match (&self.ending, in_part) {
            // So that `replay` does the whole.
            (Ending::Written | Ending::Already, Some(in_part)) => (Event::Failed, Some(in_part)),
            (Ending::InPart, _) => (Event::Failed, Some(LEFT_OUT.to_owned())),
            (Ending::Written, None) => (Event::Done, self.put_off()),
            (Ending::Already, None) => (Event::Already, self.put_off()),
            (Ending::Stale(text), _) => (Event::Stale, Some(text.clone())),
            (Ending::Refused(text) | Ending::NameTaken(text) | Ending::Failed(text), _) => {
                (Event::Failed, Some(text.clone()))
            }
            (Ending::Blocked(text), _) => (Event::Blocked, Some(text.clone())),
            (Ending::Unknown(text) | Ending::Silent(text), _) => {
                (Event::Unknown, Some(text.clone()))
            }
            (Ending::PutBack(text), _) => (Event::PutBack, Some(text.clone())),
        };
        Settlement {
            seq: self.operation.seq,
            attempt: self.attempt,
            event,
            detail,
            secret: creates_account(&self.operation)
                .and_then(|person| Some((person, fate(&self.ending, self.tries)?))),
            refusal: match self.ending {
                Ending::Refused(_) | Ending::Silent(_) => Some(Refusal::Any),
                Ending::NameTaken(_) => Some(Refusal::NameTaken),
                Ending::Written
                | Ending::Already
                | Ending::InPart
                | Ending::Stale(_)
                | Ending::Failed(_)
                | Ending::Blocked(_)
                | Ending::Unknown(_)
                | Ending::PutBack(_) => None,
            },
        }
    }
}

/// What an ending says about the secret of this attempt; none: nothing sure.
fn fate(ending: &Ending, tries: Tries) -> Option<SecretFate> {
    let maybe_done = tries.unanswered > 0;
    match ending {
        Ending::Written | Ending::InPart => Some(SecretFate::ThisAttempt),
        // A try of this attempt was left without an answer: it was that one.
        Ending::Already if maybe_done => Some(SecretFate::ThisAttempt),
        Ending::Stale(_)
        | Ending::Refused(_)
        | Ending::NameTaken(_)
        | Ending::Failed(_)
        | Ending::PutBack(_)
            if maybe_done =>
        {
            None
        }
        Ending::Already
        | Ending::Stale(_)
        | Ending::Refused(_)
        | Ending::NameTaken(_)
        | Ending::Failed(_)
        | Ending::PutBack(_) => Some(SecretFate::EarlierAttempt),
        // Never sent: this attempt has no secret.
        Ending::Blocked(_) => None,
        Ending::Unknown(_) | Ending::Silent(_) => None,
    }
}

/// The person whose account an operation creates: it gets an initial password, and nothing else
/// ever does.
pub(super) fn creates_account(operation: &Operation) -> Option<PersonId> {
    matches!(operation.action, Action::Create { .. }).then(|| operation.key.person()).flatten()
}

impl Tally {
    pub(super) fn count(&mut self, event: Event) {
        let counter = match event {
            Event::Done => &mut self.done,
            Event::Already => &mut self.already,
            Event::Failed => &mut self.failed,
            Event::Stale => &mut self.stale,
            Event::Blocked => &mut self.blocked,
            Event::Unknown => &mut self.unknown,
            Event::PutBack => &mut self.put_back,
            Event::Started => return,
        };
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SETTINGS: Settings = Settings {
        window: 4,
        batch: 8,
        attempts_max: 3,
        retry_delay: Duration::ZERO,
        reconnects_max: 3,
        writes_per_second_max: None,
    };

    #[test]
    fn every_answer_has_its_next_step() {
        let tries = |busy, unanswered| Tries { busy, unanswered };
        let check = |answer: Result<Done, WriteError>, tries, expect: &str| {
            let next = format!("{:?}", next(answer.clone(), tries, &SETTINGS));
            assert!(next.starts_with(expect), "{answer:?} {tries:?}: {next}");
        };
        let busy = || Err(WriteError::Busy { code: 51, text: "busy".into() });
        let unknown = || Err(WriteError::Unknown("closed".into()));
        check(Ok(Done::Written), tries(0, 0), "Settle(Written)");
        check(Ok(Done::Already), tries(0, 1), "Settle(Already)");
        check(Ok(Done::InPart), tries(0, 0), "Settle(InPart)");
        check(Err(WriteError::Stale("x".into())), tries(0, 0), "Settle(Stale");
        let refused = WriteError::Refused { code: 65, text: "schema".into() };
        check(Err(refused), tries(0, 0), "Settle(Refused(\"refused by the server (65): schema\"");
        let taken = WriteError::NameTaken { code: 400, text: "x".into() };
        check(Err(taken), tries(0, 0), "Settle(NameTaken(\"a name is taken (400): x\"");
        check(busy(), tries(1, 0), "Again");
        check(busy(), tries(3, 0), "Settle(Failed");
        check(busy(), tries(3, 1), "Settle(Unknown");
        check(unknown(), tries(0, 1), "Reconnect");
        check(unknown(), tries(0, 3), "Settle(Silent");
        check(Err(WriteError::Lost("closed".into())), tries(9, 9), "Reconnect");
    }
}
