//! Reads: one object, and lists page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request, encoded};
use super::desk::{Desk, bad};
use super::filter::Filter;
use super::guid::Guid;
use super::show::Select;
use super::tenant::{INDEXED, Kind, Rel, Standing, State};

const TOP_USUAL: usize = 100;
const TOP_MAX: usize = 999;
/// By what lists can be sorted.
const SORTED: [&str; 2] = ["displayName", "userPrincipalName"];

pub(super) fn unsupported(text: &str) -> Answer {
    Answer::error(400, "Request_UnsupportedQuery", text)
}

/// The header that opens the index of advanced queries.
pub(super) fn is_eventual(request: &Request) -> bool {
    request.header("consistencylevel").is_some_and(|word| word.eq_ignore_ascii_case("eventual"))
}

pub(super) fn one(desk: &mut Desk, request: &Request, key: &str, kind: Kind) -> Done {
    let (id, state) = desk.looked_up(key, kind)?;
    shown(desk, request, id, kind, &state)
}

pub(super) fn by_name(
    desk: &mut Desk,
    request: &Request,
    kind: Kind,
    name: &str,
    value: &str,
) -> Done {
    let found = desk.tenant.find(kind, name, value).first().copied();
    let id = found.ok_or_else(|| super::desk::not_found(value))?;
    one(desk, request, &id.to_string(), kind)
}

fn shown(desk: &mut Desk, request: &Request, id: Guid, kind: Kind, state: &State) -> Done {
    let select = Select::read(request.option("select"), kind)?;
    let map = super::licences::completed(desk, id, kind, state.map(), &select);
    let mut shown = select.show(kind, id, &map);
    if kind == Kind::Group && request.option("expand") == Some("members") {
        let horizon = desk.horizon(false);
        let members = desk.tenant.links_seen(id, Rel::Members, horizon);
        let some: Vec<Guid> = members.into_iter().take(20).collect();
        let seen = some.into_iter().filter_map(|id| member(desk, id, horizon, &Select::default()));
        shown.insert("members".to_owned(), seen.collect());
    }
    let sets = match kind {
        Kind::User => "users",
        Kind::Group => "groups",
        Kind::School => "education/schools",
    };
    let part = match select.is_given() {
        true => format!("{sets}({})/$entity", select.text()),
        false => format!("{sets}/$entity"),
    };
    shown.insert("@odata.context".to_owned(), json!(desk.context(&part)));
    Ok(Answer::ok(Value::Object(shown)))
}

/// What a list is asked for.
pub(super) struct Asked {
    pub(super) select: Select,
    filter: Option<Filter>,
    order: Option<Order>,
    top: usize,
    after: Option<Guid>,
    count: bool,
    advanced: bool,
}

/// In which order a list comes: all of it, not each page.
struct Order {
    name: String,
    is_reversed: bool,
}

impl Order {
    fn read(text: &str) -> Self {
        let (name, way) = text.split_once(' ').unwrap_or((text, "asc"));
        Self { name: name.to_owned(), is_reversed: way == "desc" }
    }

    fn sort(&self, found: &mut [(Guid, State)]) {
        found.sort_by_cached_key(|(_, state)| {
            let map = state.map();
            map.get(&self.name).and_then(Value::as_str).unwrap_or_default().to_lowercase()
        });
        if self.is_reversed {
            found.reverse();
        }
    }
}

impl Asked {
    pub(super) fn read(desk: &Desk, request: &Request, kind: Kind) -> Result<Self, Answer> {
        let filter = match request.option("filter") {
            None => None,
            Some(text) => Some(Filter::read(text).ok_or_else(|| bad("Invalid filter clause"))?),
        };
        if let Some(filter) = &filter {
            named_right(filter, kind)?;
            let most = desk.options.limits.filter_clauses;
            if filter.clauses() > most {
                return Err(bad(format!(
                    "Too many child clauses specified in search filter expression containing 'OR' \
                     operators: {}. Max allowed: {most}.",
                    filter.clauses()
                )));
            }
        }
        let eventual = is_eventual(request);
        // Without the header, $count is silently ignored.
        let count = request.option("count") == Some("true") && eventual;
        let sorted = filter.is_some() && request.option("orderby").is_some();
        let searched = request.option("search").is_some();
        let needs = filter.as_ref().is_some_and(Filter::is_advanced) || sorted;
        if needs && !count {
            return Err(unsupported("Unsupported Query."));
        }
        if searched && !eventual {
            return Err(unsupported(
                "Request with $search query parameter only works through \
                MSGraph with a special request header: 'ConsistencyLevel: eventual'",
            ));
        }
        let order = request.option("orderby").map(Order::read);
        if order.as_ref().is_some_and(|order| !SORTED.contains(&order.name.as_str())) {
            return Err(unsupported("Sorting not supported for current query."));
        }
        let top = match request.option("top").map(str::parse::<usize>) {
            None => TOP_USUAL,
            Some(Ok(top)) if (1..=TOP_MAX).contains(&top) => top,
            Some(_) => {
                return Err(bad(format!(
                    "Invalid page size specified: must be between 1 and {TOP_MAX} inclusive."
                )));
            }
        };
        let after = match request.option("skiptoken") {
            None => None,
            Some(token) => Some(token_read(token).ok_or_else(|| bad("Invalid skip token."))?),
        };
        let select = Select::read(request.option("select"), kind)?;
        let advanced = count || searched;
        Ok(Self { select, filter, order, top, after, count, advanced })
    }

    fn holds(&self, id: Guid, map: &mut Map<String, Value>) -> bool {
        map.insert("id".to_owned(), json!(id.to_string()));
        self.filter.as_ref().is_none_or(|filter| filter.holds(map))
    }
}

fn named_right(filter: &Filter, kind: Kind) -> Result<(), Answer> {
    for name in filter.names() {
        let own = name.split('/').next().unwrap_or_default();
        let known = super::types::knows(kind.type_name(), own)
            || ["resourceProvisioningOptions", "assignedLicenses"].contains(&own);
        if !known {
            return Err(bad(format!(
                "Could not find a property named '{own}' on type 'microsoft.graph.{}'.",
                kind.type_name()
            )));
        }
    }
    Ok(())
}

fn token_read(token: &str) -> Option<Guid> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?.parse().ok()
}

/// The address of the next page: the same query after the last object of this one.
pub(super) fn next_link(desk: &Desk, request: &Request, last: Guid) -> String {
    let version = if request.beta { "beta" } else { "v1.0" };
    let mut link = format!("{}/{version}", desk.origin);
    for part in &request.path {
        link.push('/');
        link.push_str(&encoded(part));
    }
    let kept = request
        .query
        .iter()
        .filter(|(key, _)| !key.trim_start_matches('$').eq_ignore_ascii_case("skiptoken"));
    let token = URL_SAFE_NO_PAD.encode(last.to_string());
    let pairs = kept.map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
    let pairs: Vec<String> = pairs.chain([format!("$skiptoken={token}")]).collect();
    format!("{link}?{}", pairs.join("&"))
}

/// Which objects a list is of.
pub(super) enum Source {
    Live(Kind),
    Deleted(Kind),
    Links(Vec<Guid>),
}

/// One page of a list.
pub(super) fn list(desk: &mut Desk, request: &Request, source: Source, context: &str) -> Done {
    let kind = match &source {
        Source::Live(kind) | Source::Deleted(kind) => *kind,
        Source::Links(_) => Kind::User,
    };
    let asked = Asked::read(desk, request, kind)?;
    let slow = asked.advanced || matches!(source, Source::Deleted(_));
    let horizon = desk.horizon(slow);
    let (found, more) = page(desk, &asked, &source, horizon);
    let total = asked.count.then(|| count(desk, &asked, &source, horizon));
    let mut values = Vec::with_capacity(found.len());
    for (id, state) in &found {
        match source {
            Source::Links(_) => values.extend(member(desk, *id, horizon, &asked.select)),
            _ => {
                let map = super::licences::completed(desk, *id, kind, state.map(), &asked.select);
                values.push(Value::Object(asked.select.show(kind, *id, &map)));
            }
        }
    }
    let context = match asked.select.is_given() {
        true => format!("{context}({})", asked.select.text()),
        false => context.to_owned(),
    };
    let mut body = json!({"@odata.context": desk.context(&context), "value": values});
    if let Some(total) = total {
        body["@odata.count"] = json!(total);
    }
    if let Some(last) = more {
        body["@odata.nextLink"] = json!(next_link(desk, request, last));
    }
    Ok(Answer::ok(body))
}

/// Ids that may be in the list, in order, after the last page.
fn candidates(desk: &Desk, asked: &Asked, source: &Source, all: bool) -> Vec<Guid> {
    let after = asked.after.filter(|_| !all);
    let kind = match source {
        Source::Links(ids) => {
            return ids
                .iter()
                .filter(|id| after.is_none_or(|after| **id > after))
                .copied()
                .collect();
        }
        Source::Deleted(kind) | Source::Live(kind) => *kind,
    };
    let lagging = desk.options.faults.lag_seconds > 0.0;
    let values = asked.filter.as_ref().and_then(Filter::values);
    if let Some((name, values)) = values.filter(|(name, _)| INDEXED.contains(name) && !lagging) {
        let mut ids: Vec<Guid> =
            values.iter().flat_map(|value| desk.tenant.candidates(name, value)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| {
            desk.tenant.kind(*id) == Some(kind) && after.is_none_or(|after| *id > after)
        });
        return ids;
    }
    match source {
        Source::Deleted(_) if !lagging => {
            let mut ids: Vec<Guid> = desk.tenant.deleted_ids().collect();
            ids.sort_unstable();
            ids.retain(|id| {
                desk.tenant.kind(*id) == Some(kind) && after.is_none_or(|after| *id > after)
            });
            ids
        }
        // A page is read at a time: a list of all ids is short-lived and cheap.
        _ => desk.tenant.ids_after(kind, after).collect(),
    }
}

fn in_list(source: &Source, state: &State) -> bool {
    match source {
        Source::Live(_) | Source::Links(_) => state.is_live(),
        Source::Deleted(_) => matches!(state.standing, Standing::Deleted(_)),
    }
}

/// The objects of a page, and the last one when more come.
fn page(
    desk: &mut Desk,
    asked: &Asked,
    source: &Source,
    horizon: i64,
) -> (Vec<(Guid, State)>, Option<Guid>) {
    let short = desk.stream.chance(desk.options.faults.short_pages);
    let room = match short {
        true => desk.stream.index(asked.top),
        false => asked.top,
    };
    if let Some(order) = &asked.order {
        return sorted_page(desk, asked, source, (horizon, order, room));
    }
    let mut found: Vec<(Guid, State)> = Vec::new();
    let mut last = asked.after;
    for id in candidates(desk, asked, source, false) {
        if found.len() == room {
            // An empty page goes on from where the last one ended.
            return (found, Some(last.unwrap_or(Guid(0))));
        }
        last = Some(id);
        let Some(state) = desk.tenant.seen(id, horizon).filter(|state| in_list(source, state))
        else {
            continue;
        };
        if asked.holds(id, &mut state.map()) {
            found.push((id, state.clone()));
        }
    }
    (found, None)
}

/// A page of a list that is sorted as a whole.
fn sorted_page(
    desk: &Desk,
    asked: &Asked,
    source: &Source,
    (horizon, order, room): (i64, &Order, usize),
) -> (Vec<(Guid, State)>, Option<Guid>) {
    let ids = candidates(desk, asked, source, true).into_iter();
    let states = ids.filter_map(|id| {
        let state = desk.tenant.seen(id, horizon).filter(|state| in_list(source, state))?;
        asked.holds(id, &mut state.map()).then(|| (id, state.clone()))
    });
    let mut found: Vec<(Guid, State)> = states.collect();
    order.sort(&mut found);
    let after = asked.after.and_then(|after| found.iter().position(|(id, _)| *id == after));
    found.drain(..after.map_or(0, |at| at + 1));
    if found.len() <= room {
        return (found, None);
    }
    found.truncate(room);
    let last = found.last().map(|(id, _)| *id).or(asked.after);
    (found, Some(last.unwrap_or(Guid(0))))
}

fn count(desk: &Desk, asked: &Asked, source: &Source, horizon: i64) -> usize {
    let ids = candidates(desk, asked, source, true).into_iter();
    ids.filter(|id| {
        let state = desk.tenant.seen(*id, horizon).filter(|state| in_list(source, state));
        state.is_some_and(|state| asked.holds(*id, &mut state.map()))
    })
    .count()
}

/// `/users/$count`: a number as text, with the header only.
pub(super) fn count_of(desk: &mut Desk, request: &Request, source: &Source) -> Done {
    if !is_eventual(request) {
        return Err(bad("$count is not currently supported."));
    }
    let kind = match source {
        Source::Live(kind) | Source::Deleted(kind) => *kind,
        Source::Links(_) => Kind::User,
    };
    let mut asked = Asked::read(desk, request, kind);
    // The header alone will do here.
    if asked.is_err() && request.option("count").is_none() {
        let mut query = request.query.clone();
        query.push(("$count".to_owned(), "true".to_owned()));
        let again = Request {
            method: request.method.clone(),
            beta: request.beta,
            path: request.path.clone(),
            query,
            headers: request.headers.clone(),
            body: None,
        };
        asked = Asked::read(desk, &again, kind);
    }
    let horizon = desk.horizon(true);
    let number = count(desk, &asked?, source, horizon);
    Ok(Answer::ok(json!(number)).with("content-type", "text/plain"))
}

/// A member or an owner, as the list of links shows it.
fn member(desk: &Desk, id: Guid, horizon: i64, select: &Select) -> Option<Value> {
    let kind = desk.tenant.kind(id)?;
    let state = desk.tenant.seen(id, horizon).filter(|state| state.is_live())?;
    let mut shown = select.show(kind, id, &state.map());
    let name = format!("#microsoft.graph.{}", kind.type_name());
    shown.insert("@odata.type".to_owned(), json!(name));
    Some(Value::Object(shown))
}

/// `GET /groups/{id}/members`.
pub(super) fn links(
    desk: &mut Desk,
    request: &Request,
    key: &str,
    rel: Rel,
    only: Option<Kind>,
) -> Result<Source, Answer> {
    let (group, _) = desk.looked_up(key, Kind::Group)?;
    let slow = is_eventual(request);
    let horizon = desk.horizon(slow);
    let ids = desk.tenant.links_seen(group, rel, horizon).into_iter();
    let kept = |id: &Guid| only.is_none_or(|kind| desk.tenant.kind(*id) == Some(kind));
    Ok(Source::Links(ids.filter(kept).collect()))
}
