//! What stands in the tenant before anybody asks: others' accounts, administrators, history.

use serde_json::{Map, Value, json};

use super::guid::Guid;
use super::service::Service;
use super::tenant::{ADMIN, Kind, Rel, Standing};

/// What is special about an account that is seeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeded {
    Plain,
    /// It has a directory role: writes are refused with 403.
    Administrator,
    /// AD is its master: writes are refused.
    Synced,
    /// It was deleted a moment ago.
    Deleted,
}

impl Service {
    /// An account, without a request; `properties` as a POST has them, nothing of it required.
    /// Gives its id.
    pub fn seed_user(&self, properties: Value, special: Seeded) -> String {
        let mut map = object(properties);
        map.remove("passwordProfile");
        map.entry("accountEnabled").or_insert(json!(true));
        let mut standing = Standing::Live;
        let mut desk = self.desk();
        let id = desk.new_id();
        match special {
            Seeded::Plain => {}
            Seeded::Administrator => _ = map.insert(ADMIN.to_owned(), json!(true)),
            Seeded::Synced => _ = map.insert("onPremisesSyncEnabled".to_owned(), json!(true)),
            Seeded::Deleted => {
                standing = Standing::Deleted(desk.now);
                let upn = super::users::text(&map, "userPrincipalName").to_owned();
                let kept = format!("{}{upn}", id.plain());
                map.insert("userPrincipalName".to_owned(), json!(kept));
            }
        }
        // A folder that cannot be written is told to the first request that writes.
        let _ = desk.put(id, Kind::User, standing, &map);
        id.to_string()
    }

    /// A group with its members, without a request. Gives its id.
    pub fn seed_group(&self, properties: Value, members: &[String]) -> String {
        let mut desk = self.desk();
        let id = desk.new_id();
        let _ = desk.put(id, Kind::Group, Standing::Live, &object(properties));
        for member in members.iter().filter_map(|member| member.parse().ok()) {
            let _ = desk.link(id, Rel::Members, member, true);
        }
        id.to_string()
    }

    /// Many accounts of others, fast.
    pub fn seed_many(&self, count: u64, make: impl Fn(u64) -> Value) {
        let mut desk = self.desk();
        for number in 0..count {
            let id = desk.new_id();
            let _ = desk.put(id, Kind::User, Standing::Live, &object(make(number)));
        }
    }

    /// Somebody changes an object in the portal: null takes a property away. False: no such object.
    pub fn edit(&self, id: &str, changes: Value) -> bool {
        let mut desk = self.desk();
        let Ok(id) = id.parse::<Guid>() else { return false };
        let Some((kind, state)) = desk.tenant.kind(id).zip(desk.tenant.now(id).cloned()) else {
            return false;
        };
        let mut map = state.map();
        super::users::merge(&mut map, &object(changes));
        desk.put(id, kind, state.standing, &map).is_ok()
    }

    /// Somebody adds a member, or takes one out, in the portal.
    pub fn edit_member(&self, group: &str, member: &str, added: bool) -> bool {
        let (Ok(group), Ok(member)) = (group.parse(), member.parse()) else { return false };
        self.desk().link(group, Rel::Members, member, added).is_ok()
    }

    /// Objects that the tenant may have.
    pub fn set_directory_objects(&self, total: u64) {
        self.desk().directory_objects = total;
    }

    /// Objects as the quota counts them.
    pub fn directory_objects_used(&self) -> u64 {
        self.desk().quota_used()
    }

    /// Seats of a licence.
    pub fn set_seats(&self, sku_id: &str, seats: u64) {
        self.desk().seats.insert(sku_id.to_owned(), seats);
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
