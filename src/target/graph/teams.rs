//! Teams: made of a group that has stood for a while.

use std::time::Duration;

use serde_json::{Value, json};

use super::GraphTarget;
use super::courier::{Ask, Cost, Reply};
use super::exchange::Method;
use super::fault::Fault;
use super::memory::Wrote;
use super::object_id::ObjectId;
use super::words::{is_team, text};
use super::write::stale;
use crate::model::entry::{Entry, ObjectKey};
use crate::target::{Done, WriteError};

/// Tries with a group that is old enough and that Teams does not see yet, and the time between.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(10);

/// Looks at a team that was asked for: not sooner than the service wants (it says half a minute),
/// and not for ever.
const LOOK_PAUSE: Duration = Duration::from_secs(30);
const LOOKS_MAX: u32 = 20;

/// How far a team is that was asked for.
enum Asked {
    Waits,
    Stands,
    /// It will not come: the service's words.
    Failed(String),
    /// Nobody knows of it: it can be asked for.
    Forgotten,
}

impl GraphTarget {
    /// The service says "accepted" and makes the team later. It is waited for here, where nothing
    /// waits with it; whoever is stopped meanwhile leaves the operation unknown, and the next one
    /// looks before it asks.
    pub(super) async fn create_team(&self, entry: &Entry) -> Result<Done, WriteError> {
        let ObjectKey::Team(of) = &entry.key else { return Err(stale("not a team")) };
        let key = ObjectKey::Yearly(of.clone());
        let Some(group) = self.group_number(&key).await? else {
            return Err(stale("the group of the team does not stand"));
        };
        if let Some(operation) = self.remembered_team(group) {
            match self.look_later(group, Some(&operation)).await? {
                Asked::Stands => return Ok(Done::Written),
                Asked::Waits => return self.followed(group, Some(&operation)).await,
                // That one has ended: this is another try.
                Asked::Failed(_) | Asked::Forgotten => {}
            }
        }
        self.wait_for_age(group).await;
        let reply = self.ask_for_team(group).await?;
        match reply.status {
            200 | 201 => self.know_team(group),
            202 => {
                self.remember_team(group, reply.location.as_deref());
                return self.followed(group, reply.location.as_deref()).await;
            }
            400 | 409 if self.has_team(group).await? => {
                self.know_team(group);
                return Ok(if reply.is_repeated { Done::Written } else { Done::Already });
            }
            // An earlier try asked for it, or somebody else did.
            409 => return self.followed(group, None).await,
            status => return Err(Fault::read(status, &reply.body).write_error()),
        }
        Ok(Done::Written)
    }

    /// What a team of a group is asked for with.
    pub(super) fn team_of(&self, group: ObjectId) -> Value {
        let base = self.settings.base_url.trim_end_matches('/');
        json!({
            "template@odata.bind": format!("{base}/teamsTemplates('educationClass')"),
            "group@odata.bind": format!("{base}/groups('{group}')"),
        })
    }

    /// Asks for it, a few times while Teams does not see the group.
    async fn ask_for_team(&self, group: ObjectId) -> Result<Reply, WriteError> {
        let body = self.team_of(group);
        for tries in 1.. {
            let mut ask = Ask::write(Method::Post, "/teams".to_owned(), Some(body.clone()));
            ask.cost = Cost { writes: 1, units: 1, teams: 1 };
            let reply = self.ask(ask.in_lane(group)).await?;
            if reply.status != 404 {
                return Ok(reply);
            }
            if tries == TRIES {
                break;
            }
            self.settings.tempo().sleep(PAUSE).await;
        }
        Err(WriteError::Busy { code: 404, text: "Teams does not see the group yet".to_owned() })
    }

    /// Looks from time to time until it has ended.
    async fn followed(&self, group: ObjectId, operation: Option<&str>) -> Result<Done, WriteError> {
        for _ in 0..LOOKS_MAX {
            match self.look_later(group, operation).await? {
                Asked::Stands => return Ok(Done::Written),
                Asked::Failed(words) => {
                    let text = format!("the team was accepted and not made: {words}");
                    return Err(WriteError::Refused { code: 202, text });
                }
                // A look that does not know it yet, maybe.
                Asked::Waits | Asked::Forgotten => {}
            }
        }
        let text = "the team was asked for, and what became of it is not known yet".to_owned();
        Err(WriteError::Unknown(text))
    }

    /// One look, after the pause that the service wants. Whatever goes wrong with it says nothing
    /// of the team.
    async fn look_later(
        &self,
        group: ObjectId,
        operation: Option<&str>,
    ) -> Result<Asked, WriteError> {
        self.settings.tempo().sleep(LOOK_PAUSE).await;
        let unknown = |error: WriteError| WriteError::Unknown(error.to_string());
        let asked = self.look_at_team(group, operation).await.map_err(unknown)?;
        match asked {
            Asked::Stands => self.know_team(group),
            Asked::Failed(_) => self.remember_team(group, None),
            Asked::Waits | Asked::Forgotten => {}
        }
        Ok(asked)
    }

    /// How far it is: by its operation where that can be seen, else by the group.
    async fn look_at_team(
        &self,
        group: ObjectId,
        operation: Option<&str>,
    ) -> Result<Asked, WriteError> {
        let base = self.settings.base_url.trim_end_matches('/');
        // Below our own base, whatever the service gave.
        let path = operation.map(|given| given.strip_prefix(base).unwrap_or(given));
        let mut asked = Asked::Waits;
        if let Some(path) = path.filter(|path| path.starts_with('/')) {
            let reply = self.ask(Ask::get(path.to_owned())).await?;
            match (reply.status, text(&reply.body, "status")) {
                (200, "succeeded") => return Ok(Asked::Stands),
                (200, "failed") => {
                    return Ok(Asked::Failed(Fault::read(reply.status, &reply.body).text()));
                }
                (200, _) => return Ok(Asked::Waits),
                (404, _) => asked = Asked::Forgotten,
                _ => {}
            }
        }
        Ok(if self.has_team(group).await? { Asked::Stands } else { asked })
    }

    /// A group is no team's before it has stood for a while (15 minutes).
    async fn wait_for_age(&self, group: ObjectId) {
        let now = (self.settings.now)();
        let tempo = self.settings.tempo();
        let created_at = {
            let mirror = self.mirror();
            mirror.memory.groups.get(&group).and_then(|row| row.created_at)
        };
        let Some(created_at) = created_at else { return };
        let age = Duration::try_from(now.duration_since(created_at)).unwrap_or(Duration::ZERO);
        let left = self.settings.team_wait.saturating_sub(tempo.there(age));
        tempo.sleep(left).await;
    }

    async fn has_team(&self, group: ObjectId) -> Result<bool, WriteError> {
        let path = format!("/groups/{group}?$select=id,resourceProvisioningOptions");
        Ok(self.get(path).await?.as_ref().and_then(is_team).unwrap_or(false))
    }

    fn know_team(&self, group: ObjectId) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        if let Some(row) = mirror.memory.groups.get_mut(&group) {
            row.team = true;
            row.team_asked = None;
        }
        mirror.wrote(group, Wrote::Part(std::collections::BTreeSet::new()), now);
    }

    fn remembered_team(&self, group: ObjectId) -> Option<Box<str>> {
        self.mirror().memory.groups.get(&group)?.team_asked.clone()
    }

    /// So that nobody asks for another one, in this run or the next.
    fn remember_team(&self, group: ObjectId, operation: Option<&str>) {
        if let Some(row) = self.mirror().memory.groups.get_mut(&group) {
            row.team_asked = operation.map(Into::into);
        }
    }
}
