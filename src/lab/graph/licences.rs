//! Licences: given to groups, and to their members as far as there are seats.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad};
use super::guid::Guid;
use super::read::Source;
use super::show::Select;
use super::tenant::{Kind, Rel, Standing};
use super::users::text;

const ASSIGNED: &str = "assignedLicenses";

fn skus_of(map: &Map<String, Value>) -> Vec<&str> {
    let list = map.get(ASSIGNED).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|licence| licence["skuId"].as_str()).collect()
}

/// Those of the list after what is added and removed; every SKU is one that the tenant has.
fn changed(desk: &Desk, request: &Request, map: &Map<String, Value>) -> Result<Vec<Value>, Answer> {
    let body = request.object();
    let list = |name: &str| body.get(name).and_then(Value::as_array).cloned();
    let (Some(add), Some(remove)) = (list("addLicenses"), list("removeLicenses")) else {
        return Err(bad("One or more parameters of the operation 'assignLicense' are missing."));
    };
    let known = |sku: &str| desk.options.skus.iter().any(|own| own.sku_id == sku);
    let mut skus = map.get(ASSIGNED).and_then(Value::as_array).cloned().unwrap_or_default();
    for licence in add {
        let sku = licence["skuId"].as_str().unwrap_or_default().to_owned();
        if !known(&sku) {
            return Err(bad(format!(
                "License {sku} does not correspond to a valid company License."
            )));
        }
        skus.retain(|own| own["skuId"] != sku.as_str());
        let plans = licence.get("disabledPlans").cloned().unwrap_or(json!([]));
        skus.push(json!({"skuId": sku, "disabledPlans": plans}));
    }
    for sku in remove {
        if !skus.iter().any(|own| own["skuId"] == sku) {
            return Err(bad("User does not have a corresponding license."));
        }
        skus.retain(|own| own["skuId"] != sku);
    }
    Ok(skus)
}

pub(super) fn assign_group(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, mut map) = desk.writing(key, Kind::Group)?;
    super::links::one_at_a_time(desk, id)?;
    let skus = changed(desk, request, &map)?;
    map.insert(ASSIGNED.to_owned(), json!(skus));
    desk.put(id, Kind::Group, Standing::Live, &map)?;
    let mut shown = super::show::default_of(Kind::Group, id, &map);
    shown.insert("@odata.context".to_owned(), json!(desk.context("groups/$entity")));
    Ok(Answer { status: 202, headers: Vec::new(), body: Some(Value::Object(shown)) })
}

pub(super) fn assign_user(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, mut map) = desk.writing(key, Kind::User)?;
    super::users::writable(desk, &map)?;
    let skus = changed(desk, request, &map)?;
    if text(&map, "usageLocation").is_empty() && !skus.is_empty() {
        return Err(bad("License assignment cannot be done for user with invalid usage location."));
    }
    let own: Vec<String> = skus_of(&map).into_iter().map(str::to_owned).collect();
    for sku in skus.iter().filter_map(|licence| licence["skuId"].as_str()) {
        let room = desk.seats_of(sku) > consumed(desk, sku);
        if !own.iter().any(|known| known == sku) && !room {
            let text = format!("Subscription with SKU {sku} does not have any available licenses.");
            return Err(bad(text));
        }
    }
    map.insert(ASSIGNED.to_owned(), json!(skus));
    desk.put(id, Kind::User, Standing::Live, &map)?;
    let mut shown = super::show::default_of(Kind::User, id, &map);
    shown.insert("@odata.context".to_owned(), json!(desk.context("users/$entity")));
    Ok(Answer::ok(Value::Object(shown)))
}

impl Desk {
    pub(super) fn seats_of(&self, sku: &str) -> u64 {
        let bought = self.options.skus.iter().find(|own| own.sku_id == sku);
        let bought = bought.map_or(0, |sku| sku.seats);
        self.seats.get(sku).copied().unwrap_or(bought)
    }
}

fn groups_of(desk: &Desk, sku: &str) -> Vec<Guid> {
    let groups = desk.tenant.ids_after(Kind::Group, None);
    let has = |id: &Guid| {
        // A look at the text first: most groups have no licence.
        let state = desk.tenant.live(*id, Kind::Group);
        state.is_some_and(|state| state.json.contains(sku) && skus_of(&state.map()).contains(&sku))
    };
    groups.filter(has).collect()
}

/// Everybody whom a SKU is meant for: by groups, and by itself.
fn wanted(desk: &Desk, sku: &str) -> BTreeSet<Guid> {
    let live = |id: &Guid| desk.tenant.live(*id, Kind::User).is_some();
    let groups = groups_of(desk, sku);
    let by_groups =
        groups.iter().flat_map(|group| desk.tenant.links(*group, Rel::Members)).flatten();
    by_groups.copied().filter(live).collect()
}

fn direct(desk: &Desk, sku: &str) -> u64 {
    let users = desk.tenant.ids_after(Kind::User, None);
    let has =
        |id: &Guid| desk.tenant.live(*id, Kind::User).is_some_and(|state| state.json.contains(sku));
    users.filter(has).count() as u64
}

/// Seats that are taken.
pub(super) fn consumed(desk: &Desk, sku: &str) -> u64 {
    (wanted(desk, sku).len() as u64 + direct(desk, sku)).min(desk.seats_of(sku))
}

/// Members of a group that got no seat.
fn without_seat(desk: &Desk, group: Guid) -> Vec<Guid> {
    let state = desk.tenant.live(group, Kind::Group);
    let map = state.map(super::tenant::State::map).unwrap_or_default();
    let mut without = BTreeSet::new();
    for sku in skus_of(&map) {
        let seats = desk.seats_of(sku).saturating_sub(direct(desk, sku));
        let all = wanted(desk, sku);
        without.extend(all.into_iter().skip(usize::try_from(seats).unwrap_or(usize::MAX)));
    }
    let members = desk.tenant.links(group, Rel::Members);
    without.retain(|id| members.is_some_and(|set| set.contains(id)));
    without.into_iter().collect()
}

pub(super) fn errors(desk: &mut Desk, key: &str) -> Result<Source, Answer> {
    let (id, _) = desk.looked_up(key, Kind::Group)?;
    Ok(Source::Links(without_seat(desk, id)))
}

pub(super) fn details(desk: &mut Desk, key: &str) -> Done {
    let (id, _) = desk.looked_up(key, Kind::User)?;
    let skus = desk.options.skus.clone();
    let own = skus.iter().filter(|sku| wanted(desk, &sku.sku_id).contains(&id));
    let value: Vec<Value> = own
        .map(|sku| json!({"id": sku.sku_id, "skuId": sku.sku_id, "skuPartNumber": sku.part_number}))
        .collect();
    let context = desk.context(&format!("users('{id}')/licenseDetails"));
    Ok(Answer::ok(json!({"@odata.context": context, "value": value})))
}

/// What of an object is computed when it is asked for.
pub(super) fn completed(
    desk: &Desk,
    id: Guid,
    kind: Kind,
    mut map: Map<String, Value>,
    select: &Select,
) -> Map<String, Value> {
    let asked = |name: &str| select.is_given() && select.has(name);
    if kind == Kind::Group && asked("licenseProcessingState") && map.contains_key(ASSIGNED) {
        map.insert("licenseProcessingState".to_owned(), json!({"state": "ProcessingComplete"}));
    }
    if kind == Kind::User && (asked("licenseAssignmentStates") || asked(ASSIGNED)) {
        let (mut states, mut skus) = (Vec::new(), Vec::new());
        for sku in desk.options.skus.iter().map(|sku| sku.sku_id.as_str()) {
            for group in groups_of(desk, sku) {
                if !desk.tenant.links(group, Rel::Members).is_some_and(|set| set.contains(&id)) {
                    continue;
                }
                let failed = without_seat(desk, group).contains(&id);
                if !failed {
                    skus.push(json!({"skuId": sku, "disabledPlans": []}));
                }
                states.push(json!({
                    "skuId": sku, "disabledPlans": [], "assignedByGroup": group.to_string(),
                    "state": if failed { "Error" } else { "Active" },
                    "error": if failed { "CountViolation" } else { "None" },
                }));
            }
        }
        let own = map.get(ASSIGNED).and_then(Value::as_array).cloned().unwrap_or_default();
        skus.extend(own);
        map.insert("licenseAssignmentStates".to_owned(), json!(states));
        map.insert(ASSIGNED.to_owned(), json!(skus));
    }
    map
}
