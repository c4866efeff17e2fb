//! Is this tenant fit for us, and are we no danger to it? Looks, and says what to mend (SEC-03,
//! SEC-08). Rights to write are asked for with changes that cannot take effect: nothing has the
//! number that they are addressed to.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::GraphTarget;
use super::app::App;
use super::courier::Cost;
use super::exchange::Method;
use super::fault::{Fault, TOKEN_REFUSED};
use super::line::{Call, CallError};
use super::object_id;
use super::token::Tokens;
use super::words::text;
use crate::model::entry::{Licence, ObjectKey};
use crate::model::observed::{Limit, LimitKind};
use crate::model::unique_name;
use crate::target::TargetError;
use crate::target::examined::{Examined, Verdict};

/// Time enough to have a certificate or a secret renewed.
const WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Room left, in a hundred, under which somebody should know.
const ROOM_MIN: u64 = 5;

/// Told at each writing when it ends soon.
const PROOF: [&str; 2] = ["certificate", "secret"];
const ROOM: [&str; 2] = ["room-objects", "room-licences"];

const RETIRED: &str = "licence-group";
const TOKEN: &str = "token";
/// Nothing is answered in time.
const HELD: &str = "answers";
const WRITES_HELD: &str = "answers-writes";

const QUOTA: &str =
    "ask Microsoft's support to raise the directory quota, or purge deleted objects";

/// Rights to read, each by a look that needs it.
const LOOKS: [(&str, &str, &str); 5] = [
    ("read-users", "/users?$top=1&$select=id", "User.ReadWrite.All"),
    ("read-groups", "/groups?$top=1&$select=id", "Group.ReadWrite.All"),
    (
        "read-deleted",
        "/directory/deletedItems/microsoft.graph.user?$top=1&$select=id",
        "User.ReadWrite.All",
    ),
    ("read-organization", "/organization?$select=id", "Organization.Read.All"),
    ("read-licences", "/subscribedSkus", "Organization.Read.All"),
];

impl GraphTarget {
    /// Everything that was found, in the order in which one would mend it.
    pub async fn doctor(&mut self) -> Vec<Examined> {
        let found = self.in_patience(async { Ok(self.examine().await) }).await;
        found.unwrap_or_else(|error| vec![Examined::failed(HELD, &error)])
    }

    /// What somebody should know before the tenant is written to; an error: it is not fit for it.
    /// A lack of room stops nothing but creations, and those the service refuses; how long writes
    /// may be waited for is for whoever writes to say.
    pub async fn before_writing(&mut self) -> Result<Vec<Examined>, Examined> {
        let found = self.doctor().await;
        let found = found.into_iter().filter(|one| one.id != WRITES_HELD);
        let found: Vec<Examined> = found.collect();
        let is_told = |one: &Examined| PROOF.contains(&one.id) || ROOM.contains(&one.id);
        match found.iter().find(|one| one.verdict == Verdict::Bad && !is_told(one)) {
            Some(bad) => Err(bad.clone()),
            None => {
                let told = found.into_iter();
                Ok(told.filter(|one| one.verdict != Verdict::Good && is_told(one)).collect())
            }
        }
    }

    async fn examine(&self) -> Vec<Examined> {
        let mut found = match self.proofs().await {
            Ok(found) => found,
            Err(error) => return vec![Examined::failed(TOKEN, &error)],
        };
        if let Err(why) = self.rights(&mut found).await {
            found.push(why);
            return found;
        }
        found
            .push(self.domains().await.unwrap_or_else(|error| Examined::failed("domains", &error)));
        match self.read_limits().await {
            Ok(limits) => found.extend(limits.iter().map(|limit| self.room(limit))),
            Err(error) => found.push(Examined::failed("room", &error)),
        }
        match self.retired_licences().await {
            Ok(retired) => found.extend(retired),
            Err(error) => found.push(Examined::failed(RETIRED, &error)),
        }
        found.extend(self.crew.apps.iter().filter_map(|app| at_rest(app)));
        found
    }

    /// The rights, each asked for. An error: what is wrong of all of them, told once.
    async fn rights(&self, found: &mut Vec<Examined>) -> Result<(), Examined> {
        for (id, path, right) in LOOKS {
            found.extend(self.right(id, Call::get(path), right, &[200]).await?);
        }
        let nobody = object_id::random(self.entropy);
        let body = json!({ "displayName": "rentree doctor" });
        let [users, groups] = ["users", "groups"].map(|kind| format!("/{kind}/{nobody}"));
        let team = self.team_of(nobody);
        let change = |method, to, body| Call { method, to, headers: &[], body: Some(body) };
        let mut writes = vec![
            ("write-users", change(Method::Patch, &users, &body), "User.ReadWrite.All"),
            ("write-groups", change(Method::Patch, &groups, &body), "Group.ReadWrite.All"),
        ];
        if self.settings.teams {
            writes.push(("write-teams", change(Method::Post, "/teams", &team), "Team.Create"));
        }
        for (id, call, right) in writes {
            // Which of the two it says of a group that is not there is not known.
            let good: &[u16] = if call.method == Method::Post { &[400, 404] } else { &[404] };
            match self.right(id, call, right, good).await {
                Ok(told) => found.extend(told),
                // It can be read all the same.
                Err(why) if why.id == HELD => {
                    found.push(Examined { id: WRITES_HELD, ..why });
                    break;
                }
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// How each application says who it is.
    async fn proofs(&self) -> Result<Vec<Examined>, TargetError> {
        let now = (self.settings.now)();
        let mut found = Vec::new();
        for app in self.crew.in_service() {
            let tokens = &app.line.tokens;
            match tokens.bearer().await.map_err(CallError::from) {
                Ok(_) => {}
                Err(CallError::Refused(error)) => {
                    self.crew.rest(app, error)?;
                    continue;
                }
                Err(error) => return Err(self.unreachable(error)),
            }
            found.push(proof(tokens, now));
        }
        Ok(found)
    }

    /// A right of every application. One that lacks what another one has would rest. An error: it
    /// is not the right that is lacking.
    async fn right(
        &self,
        id: &'static str,
        call: Call<'_>,
        right: &str,
        good: &[u16],
    ) -> Result<Vec<Examined>, Examined> {
        let apps: Vec<_> = self.crew.in_service().collect();
        let mut lacks = Vec::new();
        let writes = u32::from(call.method != Method::Get);
        for app in &apps {
            let lack = match self.look_as(app, call, Cost { writes, units: 3, teams: 0 }).await {
                Ok(answer) if good.contains(&answer.status) => continue,
                Ok(answer) => lack(id, call, right, &Fault::read(answer.status, &answer.body)),
                Err(CallError::Target(error)) => return Err(Examined::failed(HELD, &error)),
                Err(error) => Examined::failed(id, &self.unreachable(error)),
            };
            lacks.push((app.line.tokens.client_id(), lack));
        }
        if lacks.is_empty() {
            return Ok(vec![Examined::good(id, format!("{right} is granted"))]);
        }
        let is_spread = lacks.len() < apps.len();
        if !is_spread && lacks.iter().all(|(_, lack)| lack.id == TOKEN) {
            return Err(lacks.swap_remove(0).1);
        }
        let told = lacks.into_iter().map(|(client_id, lack)| match apps.len() {
            1 => lack,
            _ => Examined {
                what: format!("application {client_id}: {}", lack.what),
                verdict: if is_spread { Verdict::Weak } else { lack.verdict },
                ..lack
            },
        });
        Ok(told.collect())
    }

    async fn domains(&self) -> Result<Examined, TargetError> {
        let id = "domains";
        let call = Call::get("/organization?$select=id,verifiedDomains");
        let answer = self.look(call, 1).await?;
        if answer.status != 200 {
            return Err(super::read::unreadable("domains", answer.status, &answer.body));
        }
        let organisations = answer.body.get("value").and_then(Value::as_array);
        let domains = organisations
            .into_iter()
            .flatten()
            .filter_map(|one| one.get("verifiedDomains").and_then(Value::as_array));
        let verified: BTreeSet<String> =
            domains.flatten().map(|domain| text(domain, "name").to_lowercase()).collect();
        let lacking: Vec<&str> = self
            .settings
            .domains
            .iter()
            .filter(|domain| !verified.contains(*domain))
            .map(String::as_str)
            .collect();
        Ok(if lacking.is_empty() {
            Examined::good(id, "every domain of ours is verified in the tenant")
        } else {
            let what = format!("not verified in the tenant: {}", lacking.join(", "));
            Examined::bad(id, what, "have the domain verified, or correct domains")
        })
    }

    /// Licence groups that stand though the settings name no product for them any more.
    async fn retired_licences(&self) -> Result<Vec<Examined>, TargetError> {
        let mut found = Vec::new();
        for licence in Licence::ALL {
            let name = unique_name::write(&self.settings.prefix, &ObjectKey::Licence(licence));
            let name = name.filter(|_| !self.settings.licences.contains_key(&licence));
            let Some(name) = name else { continue };
            let path = format!("/groups(uniqueName='{name}')?$select=id");
            let answer = self.look(Call::get(&path), 1).await?;
            match answer.status {
                404 => {}
                200 if answer.body.get("id").is_none() => {}
                200 => {
                    let what = format!("{name} stands, and licences names no product for it");
                    let hint = "name its product again, or take it off the group, and then the \
                                group away, by hand";
                    found.push(Examined::weak(RETIRED, what, hint));
                }
                status => return Err(super::read::unreadable("licences", status, &answer.body)),
            }
        }
        Ok(found)
    }

    fn room(&self, limit: &Limit) -> Examined {
        let Limit { what, total, used } = *limit;
        let left = total.saturating_sub(used);
        let [objects, licences] = ROOM;
        let seats = |whom| {
            let what = format!("{used} of {total} seats for {whom}: room for {left}");
            (licences, what, "order seats, or correct licences")
        };
        let (id, what, hint) = match what {
            LimitKind::DirectoryObjects if left == 0 => (
                objects,
                format!(
                    "{used} of {total} objects, deleted ones among them: no object is made, the \
                     rest goes on"
                ),
                QUOTA,
            ),
            LimitKind::DirectoryObjects => (
                objects,
                format!("{used} of {total} objects, deleted ones among them: room for {left}"),
                QUOTA,
            ),
            LimitKind::Seats(licence) => seats(licence.as_str()),
            LimitKind::SharedSeats => seats("pupils and staff together"),
        };
        match (id == licences, left) {
            // Every seat that was ordered is in use: that may be as it should.
            (true, 0) if total > 0 => Examined::weak(id, what, hint),
            (_, 0) => Examined::bad(id, what, hint),
            (_, left) if left * 100 < total * ROOM_MIN => Examined::weak(id, what, hint),
            _ => Examined::good(id, what),
        }
    }
}

fn lack(id: &'static str, call: Call<'_>, right: &str, fault: &Fault) -> Examined {
    let text = fault.text();
    match fault.status {
        401 => {
            let what = format!("the service does not take our token ({text})");
            Examined::bad(TOKEN, what, TOKEN_REFUSED)
        }
        403 if fault.is_lack_of_right() => Examined::bad(
            id,
            format!("{right} is lacking ({text})"),
            "grant it to the application (application permission) with an administrator's \
             consent; a new right is in the next token only",
        ),
        status => {
            let path = call.to.split('?').next().unwrap_or_default();
            Examined::bad(id, format!("{path}: HTTP status {status}, {text}"), "run again")
        }
    }
}

/// How an application says who it is, and until when.
fn proof(tokens: &Tokens, now: Timestamp) -> Examined {
    let [certificate, secret] = PROOF;
    let (id, hint) = match tokens.has_certificate() {
        true => (
            certificate,
            "make another certificate, give it to the application, then change certificate_file \
             and key_file",
        ),
        false => (
            secret,
            "make another secret, or better a certificate, then change secret_file and \
             secret_ends_on",
        ),
    };
    let good_until = |end| format!("by a {id} that is good until {end}");
    match tokens.proof_ends_at() {
        Some(end) if end.duration_since(now) < WARNING => {
            Examined::weak(id, format!("its end is {end}"), hint)
        }
        Some(end) if tokens.has_certificate() => Examined::good(TOKEN, good_until(end)),
        Some(end) => {
            Examined::weak(TOKEN, good_until(end), "use a certificate: no secret is shared then")
        }
        None if tokens.has_certificate() => {
            Examined::weak(TOKEN, "the certificate's end cannot be read", hint)
        }
        None => Examined::weak(
            "token",
            "by a secret, whose end only the tenant knows",
            "write its end as secret_ends_on, or use a certificate: its end is seen here, and no \
             secret is shared",
        ),
    }
}

/// One that the others do without.
fn at_rest(app: &App) -> Option<Examined> {
    let cause = app.cause_of_rest()?;
    let (TargetError::Unreachable { hint, .. }
    | TargetError::Unusable { hint, .. }
    | TargetError::Unreadable { hint, .. }) = cause;
    let what = format!("{} rests: {cause}", app.line.tokens.client_id());
    Some(Examined::weak("application", what, hint))
}
