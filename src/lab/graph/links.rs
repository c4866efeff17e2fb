//! Members and owners: added twenty by twenty or one by one, removed one by one.

use serde_json::{Map, Value};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad, concurrent, not_found};
use super::guid::Guid;
use super::tenant::{Kind, Rel};

/// Links that a request brings, in their order.
#[derive(Debug, Default)]
pub(super) struct Bound {
    members: Vec<Guid>,
    owners: Vec<Guid>,
}

fn lists(map: &Map<String, Value>) -> impl Iterator<Item = (Rel, &Value)> {
    [(Rel::Members, "members@odata.bind"), (Rel::Owners, "owners@odata.bind")]
        .into_iter()
        .filter_map(|(rel, name)| Some((rel, map.get(name)?)))
}

/// How many links a request brings or takes away.
pub(super) fn bound_count(request: &Request) -> usize {
    let map = request.body.as_ref().and_then(Value::as_object);
    let lists = map.into_iter().flat_map(lists);
    lists.map(|(_, value)| value.as_array().map_or(1, Vec::len)).sum()
}

/// `https://…/directoryObjects/{id}`, `…/users/{id}` or `…/users('{id}')`.
pub(super) fn id_of(link: &str) -> Option<Guid> {
    let end = link.rsplit(['/', '(']).next()?;
    end.trim_matches(['\'', ')']).parse().ok()
}

pub(super) fn bound(map: &Map<String, Value>) -> Result<Bound, Answer> {
    let mut bound = Bound::default();
    for (rel, value) in lists(map) {
        let links = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for link in links {
            let link = link.as_str().unwrap_or_default();
            let id = id_of(link).ok_or_else(|| {
                bad(format!("Invalid URL specified for the reference property: '{link}'."))
            })?;
            match rel {
                Rel::Members => bound.members.push(id),
                Rel::Owners => bound.owners.push(id),
            }
        }
    }
    Ok(bound)
}

impl Bound {
    fn each(&self) -> impl Iterator<Item = (Rel, Guid)> {
        let members = self.members.iter().map(|id| (Rel::Members, *id));
        members.chain(self.owners.iter().map(|id| (Rel::Owners, *id)))
    }

    fn of(&self, rel: Rel) -> &[Guid] {
        match rel {
            Rel::Members => &self.members,
            Rel::Owners => &self.owners,
        }
    }
}

/// A second write on a group while one is in flight is refused, as 409 or as 400.
pub(super) fn one_at_a_time(desk: &mut Desk, group: Guid) -> Result<(), Answer> {
    let faults = &desk.options.faults;
    // Items of one batch are in flight together, even on a service that takes no time, unless they
    // wait for one another.
    let meets = |(until, call): &(i64, u64)| match *call == desk.calls {
        true => !desk.in_series,
        false => *until > desk.now,
    };
    let clash = faults.concurrency && desk.busy.get(&group).is_some_and(meets);
    let rate = faults.concurrency_rate;
    if clash || desk.stream.chance(rate) {
        let status = if desk.stream.once_in(2) { 409 } else { 400 };
        return Err(concurrent(status));
    }
    desk.busy.insert(group, (desk.now + desk.takes, desk.calls));
    Ok(())
}

/// All links can be added: all or nothing. `group` is None for one that is not there yet.
pub(super) fn fit(desk: &mut Desk, group: Option<Guid>, bound: &Bound) -> Result<(), Answer> {
    let most = desk.options.limits.links_in_request;
    if bound.members.len() + bound.owners.len() > most {
        return Err(bad(format!("A resource cannot contain more than {most} link changes")));
    }
    let horizon = desk.horizon(false);
    for (_, id) in bound.each() {
        let state = desk.tenant.seen(id, horizon).filter(|state| state.is_live());
        let there = desk.tenant.now(id).is_some_and(|state| state.is_live());
        if state.is_none() || !there {
            return Err(not_found(&id.to_string()));
        }
    }
    for rel in [Rel::Members, Rel::Owners] {
        let standing = group.and_then(|group| desk.tenant.links(group, rel));
        let count = standing.map_or(0, std::collections::BTreeSet::len);
        let wanted = bound.of(rel);
        // The limit is looked at before doubles are: a full list refuses even those.
        let all = count + wanted.len();
        let limit = desk.options.limits.owners;
        if rel == Rel::Owners && all > limit && !wanted.is_empty() {
            let text = format!(
                "Unable to perform operation as '{all}' would exceed the maximum quota count \
                 '{limit}' for forward-link owners."
            );
            return Err(Answer::error(403, "Directory_QuotaExceeded", text));
        }
        let mut seen = std::collections::BTreeSet::new();
        let double = |id: &Guid| standing.is_some_and(|set| set.contains(id)) || !seen.insert(*id);
        if wanted.iter().any(double) {
            return Err(bad(format!(
                "One or more added object references already exist for the following modified \
                 properties: '{}'.",
                rel.name()
            )));
        }
    }
    Ok(())
}

pub(super) fn add(desk: &mut Desk, group: Guid, bound: &Bound) -> Result<(), Answer> {
    for (rel, id) in bound.each() {
        desk.link(group, rel, id, true)?;
    }
    Ok(())
}

/// `POST /groups/{id}/members/$ref`.
pub(super) fn add_one(desk: &mut Desk, request: &Request, key: &str, rel: Rel) -> Done {
    let (group, map) = desk.writing(key, Kind::Group)?;
    one_at_a_time(desk, group)?;
    super::users::writable(desk, &map)?;
    let link = request.body.as_ref().and_then(|body| body["@odata.id"].as_str());
    let id = link
        .and_then(id_of)
        .ok_or_else(|| bad("Invalid URL specified for the reference property."))?;
    let mut bound = Bound::default();
    match rel {
        Rel::Members => bound.members.push(id),
        Rel::Owners => bound.owners.push(id),
    }
    fit(desk, Some(group), &bound)?;
    add(desk, group, &bound)?;
    Ok(Answer::empty())
}

/// `DELETE /groups/{id}/members/{id}/$ref`.
pub(super) fn remove_one(desk: &mut Desk, key: &str, rel: Rel, member: &str) -> Done {
    let (group, map) = desk.writing(key, Kind::Group)?;
    one_at_a_time(desk, group)?;
    super::users::writable(desk, &map)?;
    let id: Guid = member.parse().map_err(|()| super::desk::bad_id(member))?;
    let standing = desk.tenant.links(group, rel);
    if !standing.is_some_and(|set| set.contains(&id)) {
        // The service says 404 when the object is nowhere, 400 when only the link is not.
        return Err(match desk.tenant.now(id) {
            None => not_found(member),
            Some(_) => bad(format!(
                "One or more removed object references do not exist for the following modified \
                 properties: '{}'.",
                rel.name()
            )),
        });
    }
    let last = rel == Rel::Owners && standing.is_some_and(|set| set.len() == 1);
    if last && super::groups::is_unified(&map) {
        return Err(bad(
            "The group must have at least one owner, hence this owner cannot be removed.",
        ));
    }
    desk.link(group, rel, id, false)?;
    Ok(Answer::empty())
}
