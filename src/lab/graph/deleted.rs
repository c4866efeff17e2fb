//! What was deleted and can come back for thirty days.

use serde_json::{Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, conflict, not_found};
use super::groups::is_unified;
use super::guid::Guid;
use super::show;
use super::tenant::{Kind, Standing, State};
use super::users::{principal_name, text};

fn found(desk: &mut Desk, key: &str) -> Result<(Guid, Kind, State), Answer> {
    let horizon = desk.horizon(true);
    let id: Guid = key.parse().map_err(|()| super::desk::bad_id(key))?;
    let shown = desk.tenant.seen(id, horizon).map(|state| state.standing);
    let state = desk.tenant.now(id).filter(|state| matches!(state.standing, Standing::Deleted(_)));
    match (desk.tenant.kind(id), state, shown) {
        (Some(kind), Some(state), Some(Standing::Deleted(_))) => Ok((id, kind, state.clone())),
        _ => Err(not_found(key)),
    }
}

pub(super) fn one(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, kind, state) = found(desk, key)?;
    let select = show::Select::read(request.option("select"), kind)?;
    let mut shown = select.show(kind, id, &state.map());
    let name = format!("#microsoft.graph.{}", kind.type_name());
    shown.insert("@odata.type".to_owned(), json!(name));
    shown.insert("@odata.context".to_owned(), json!(desk.context("directoryObjects/$entity")));
    Ok(Answer::ok(Value::Object(shown)))
}

/// Its name comes back, unless somebody has it meanwhile.
pub(super) fn restore(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, kind, state) = found(desk, key)?;
    let mut map = state.map();
    let wish = request.object();
    match kind {
        Kind::User => {
            super::users::writable(desk, &map)?;
            let kept = text(&map, "userPrincipalName").to_owned();
            let old = kept.strip_prefix(&id.plain()).unwrap_or(&kept);
            let new = wish.get("newUserPrincipalName").and_then(Value::as_str);
            let upn = new.unwrap_or(old).to_owned();
            principal_name(desk, &upn, Some(id))?;
            map.insert("userPrincipalName".to_owned(), json!(upn));
            // The old address of a renamed account may be somebody else's by now.
            let taken = !desk.tenant.find(Kind::User, "userPrincipalName", old).is_empty();
            let reconcile = wish.get("autoReconcileProxyConflict") == Some(&json!(true));
            if new.is_some() && taken && !reconcile {
                return Err(conflict("proxyAddresses"));
            }
        }
        Kind::Group => {
            let name = text(&map, "uniqueName").to_owned();
            if !name.is_empty() && !desk.tenant.find(kind, "uniqueName", &name).is_empty() {
                return Err(conflict("uniqueName"));
            }
            let nickname = text(&map, "mailNickname").to_owned();
            let others = desk.tenant.find(kind, "mailNickname", &nickname);
            let unified =
                |id: &Guid| desk.tenant.now(*id).is_some_and(|state| is_unified(&state.map()));
            if is_unified(&map) && others.iter().any(unified) {
                return Err(conflict("mailNickname"));
            }
        }
        Kind::School => {}
    }
    map.remove("deletedDateTime");
    desk.put(id, kind, Standing::Live, &map)?;
    let mut shown = show::default_of(kind, id, &map);
    let name = format!("#microsoft.graph.{}", kind.type_name());
    shown.insert("@odata.type".to_owned(), json!(name));
    shown.insert("@odata.context".to_owned(), json!(desk.context("directoryObjects/$entity")));
    Ok(Answer::ok(Value::Object(shown)))
}

pub(super) fn purge(desk: &mut Desk, key: &str) -> Done {
    let (id, kind, state) = found(desk, key)?;
    desk.put(id, kind, Standing::Purged(desk.now), &state.map())?;
    Ok(Answer::empty())
}
