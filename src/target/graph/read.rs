//! Reading page by page. What is cut short is an error, never taken for the whole.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::GraphTarget;
use super::app::App;
use super::courier::Cost;
use super::crew::Denied;
use super::exchange::ExchangeError;
use super::fault::{Fault, TOKEN_REFUSED, limit_used, retry_after};
use super::line::{Answer, Call, CallError};
use super::words::text;
use crate::target::TargetError;

/// Tries of one page that is left without a usable answer.
const TRIES_MAX: u32 = 8;
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Looks whose token is not taken, while others may be in service.
const UNAUTHORISED_MAX: u32 = 3;

/// How a reading ended.
pub(super) enum End {
    Whole {
        /// Where the changes from now on can be asked for.
        changes: Option<String>,
    },
    /// The address of the changes is not good any more: everything must be read.
    Expired,
}

/// What is read, in the words of a message.
pub(super) struct Listing<'a> {
    pub(super) what: &'static str,
    pub(super) first: &'a str,
    /// Resource units of a page.
    pub(super) units: u32,
}

impl GraphTarget {
    /// One look, by whichever application is let through.
    pub(super) async fn look(&self, call: Call<'_>, units: u32) -> Result<Answer, TargetError> {
        let mut denied = Denied::new();
        let mut unauthorised = 0;
        loop {
            let app = self.reader(&denied)?;
            let cost = Cost { writes: 0, units, teams: 0 };
            let answer = match self.look_as(app, call, cost).await {
                Ok(answer) => answer,
                Err(CallError::Refused(error)) => {
                    self.crew.rest(app, error)?;
                    continue;
                }
                Err(error) => return Err(self.unreachable(error)),
            };
            self.crew.heard(app, answer.status, answer.sent_at);
            let fault = Fault::read(answer.status, &answer.body);
            if self.crew.passes_on(app, &fault, &mut denied) {
                continue;
            }
            unauthorised += 1;
            let is_last = unauthorised >= UNAUTHORISED_MAX || self.crew.is_last(app);
            if answer.status != 401 || is_last {
                return Ok(answer);
            }
            self.settings.tempo().sleep(Duration::from_secs(1)).await;
        }
    }

    pub(super) fn unreachable(&self, error: CallError) -> TargetError {
        let why = match error {
            CallError::Target(error) | CallError::Refused(error) => return error,
            CallError::Exchange(ExchangeError::NotSent(text) | ExchangeError::NoAnswer(text)) => {
                text
            }
        };
        TargetError::Unreachable {
            what: format!("{}: {why}", self.settings.base_url),
            hint: "look at the network, and at the service's own status page".into(),
        }
    }

    /// One look as one application, repeated while nobody says no.
    pub(super) async fn look_as(
        &self,
        app: &App,
        call: Call<'_>,
        cost: Cost,
    ) -> Result<Answer, CallError> {
        let tempo = self.settings.tempo();
        let mut tries = 0;
        loop {
            self.thawed(app, cost).await.map_err(CallError::Target)?;
            app.paces.take(cost).await;
            let sent_at = Instant::now();
            // What a service that is down asks for; our own pause, where it says nothing.
            let mut asked = None;
            let why = match app.line.call(call).await {
                Ok(answer) if answer.status == 429 => {
                    let told = retry_after(&answer.headers, (self.settings.now)());
                    app.paces.refused(cost, sent_at, told, 0.0);
                    let is_last = tries + 1 >= TRIES_MAX;
                    self.is_held(app, cost, is_last).map_err(CallError::Target)?;
                    "too many requests".to_owned()
                }
                Ok(answer) if Fault::is_passing(answer.status) => {
                    let told = retry_after(&answer.headers, (self.settings.now)());
                    asked = told.map(|told| (told.max(PAUSE_MIN), answer.status));
                    format!("HTTP status {}", answer.status)
                }
                Ok(answer) => {
                    app.paces.accepted(cost, answer.sent_at);
                    self.settings.patience.heard(tempo);
                    if let Some(used) = limit_used(&answer.headers) {
                        app.paces.near(cost, used);
                    }
                    return Ok(answer);
                }
                Err(CallError::Exchange(
                    ExchangeError::NotSent(text) | ExchangeError::NoAnswer(text),
                )) => text,
                Err(error) => return Err(error),
            };
            tries += 1;
            if tries >= TRIES_MAX {
                return Err(CallError::Exchange(ExchangeError::NoAnswer(why)));
            }
            let pause = PAUSE_MIN * 2u32.pow(tries.min(6));
            match asked {
                Some((asked, status)) => {
                    let waited = self.wait(tempo.here(asked), status).await;
                    waited.map_err(CallError::Target)?;
                }
                None => tempo.sleep(pause.min(PAUSE_MAX)).await,
            }
        }
    }

    /// Every object of a listing, handed over one by one.
    pub(super) async fn pages(
        &self,
        listing: Listing<'_>,
        mut each: impl FnMut(&Value),
    ) -> Result<End, TargetError> {
        let mut next = listing.first.to_owned();
        let mut seen = BTreeSet::new();
        loop {
            let answer = self.look(Call::get(&next), listing.units).await?;
            match answer.status {
                200 => {}
                410 => return Ok(End::Expired),
                status => return Err(unreadable(listing.what, status, &answer.body)),
            }
            let Some(objects) = answer.body.get("value").and_then(Value::as_array) else {
                return Err(unreadable(listing.what, 200, &Value::Null));
            };
            objects.iter().for_each(&mut each);
            let link = |name| Some(text(&answer.body, name)).filter(|link| !link.is_empty());
            match link("@odata.nextLink") {
                Some(link) => {
                    seen.insert(std::mem::replace(&mut next, link.to_owned()));
                    if seen.contains(&next) {
                        return Err(endless(listing.what));
                    }
                }
                None => {
                    let changes = link("@odata.deltaLink").map(str::to_owned);
                    return Ok(End::Whole { changes });
                }
            }
        }
    }
}

/// A listing whose pages lead back to one that was read.
fn endless(what: &str) -> TargetError {
    TargetError::Unreadable {
        what: format!("reading {what} failed: its pages lead back to one that was read"),
        hint: "run again; if it goes on, tell the service's support".into(),
    }
}

/// A listing that the service does not give.
pub(super) fn unreadable(what: &str, status: u16, body: &Value) -> TargetError {
    let fault = Fault::read(status, body);
    let hint = match status {
        401 => TOKEN_REFUSED,
        403 if fault.is_lack_of_right() => {
            "grant the application User.ReadWrite.All, Group.ReadWrite.All and \
             Organization.Read.All, with an administrator's consent; run doctor"
        }
        _ => "run doctor; run again",
    };
    TargetError::Unreadable {
        what: format!("reading {what} failed: HTTP status {status}, {}", fault.text()),
        hint: hint.into(),
    }
}
