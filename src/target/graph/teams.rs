//! Teams: made of a group that has stood for a while.

use std::time::Duration;

use serde_json::json;

use super::GraphTarget;
use super::courier::{Ask, Cost};
use super::exchange::Method;
use super::fault::Fault;
use super::memory::Wrote;
use super::object_id::ObjectId;
use super::words::is_team;
use super::write::stale;
use crate::model::entry::{Entry, ObjectKey};
use crate::target::{Done, WriteError};

/// Tries with a group that is old enough and that Teams does not see yet, and the time between.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(10);

impl GraphTarget {
    /// The service says "accepted" and makes the team later: whether it came is seen by the next
    /// look at the whole, and what did not is planned again.
    pub(super) async fn create_team(&self, entry: &Entry) -> Result<Done, WriteError> {
        let ObjectKey::Team(of) = &entry.key else { return Err(stale("not a team")) };
        let key = ObjectKey::Yearly(of.clone());
        let Some(group) = self.group_number(&key).await? else {
            return Err(stale("the group of the team is gone"));
        };
        self.wait_for_age(group).await;
        let base = self.settings.base_url.trim_end_matches('/');
        let body = json!({
            "template@odata.bind": format!("{base}/teamsTemplates('educationClass')"),
            "group@odata.bind": format!("{base}/groups('{group}')"),
        });
        let mut tries = 0;
        loop {
            tries += 1;
            let mut ask = Ask::write(Method::Post, "/teams".to_owned(), Some(body.clone()));
            ask.cost = Cost { writes: 1, units: 1, teams: 1 };
            let reply = self.ask(ask.in_lane(group)).await?;
            let fault = Fault::read(reply.status, &reply.body);
            match reply.status {
                200..=202 => {
                    self.know_team(group);
                    return Ok(Done::Written);
                }
                404 if tries < TRIES => self.settings.tempo().sleep(PAUSE).await,
                404 => {
                    let text = "Teams does not see the group yet".to_owned();
                    return Err(WriteError::Busy { code: 404, text });
                }
                400 | 409 if self.has_team(group).await? => {
                    self.know_team(group);
                    return Ok(if reply.is_repeated { Done::Written } else { Done::Already });
                }
                _ => return Err(fault.write_error()),
            }
        }
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
        }
        mirror.wrote(group, Wrote::Part(std::collections::BTreeSet::new()), now);
    }
}
