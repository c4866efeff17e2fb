//! Delta: everything once, then what changed since.
//!
//! The first round goes through all objects in order of their ids; the rounds after it through the
//! changes in their order. A token says which round, how far it came, and what was selected.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad};
use super::guid::Guid;
use super::show::Select;
use super::tenant::{Kind, LinkChange, Rel, Standing, State};

/// Objects of a page; the service chooses by itself.
const PAGE: usize = 200;
/// Members of one group in a page.
const LINKS: usize = 1_000;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Token {
    /// Changes of objects up to here are told.
    seq: u64,
    /// Changes of links up to here are told; older than `seq` when a replica lagged.
    links_seq: u64,
    /// What a replica had seen when the first round began.
    horizon: i64,
    /// The first round, and the object that it came to.
    after: Option<Guid>,
    first: bool,
    /// Members of the object `after` that were told already.
    links: usize,
    select: String,
    minimal: bool,
    issued: i64,
}

impl Token {
    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

pub(super) fn answer(desk: &mut Desk, request: &Request, kind: Kind) -> Done {
    let set = if kind == Kind::User { "users" } else { "groups" };
    let given = request.option("skiptoken").or(request.option("deltatoken"));
    let token = match given {
        None | Some("latest") => start(desk, request, kind)?,
        Some(text) => {
            let token = Token::read(text).ok_or_else(|| bad("Badly formed token."))?;
            let days = i64::from(desk.options.limits.delta_days) * DAY_MS;
            // A round that is under way goes on; the link that opens one may be gone.
            let opens = request.option("deltatoken").is_some();
            let gone = opens && desk.stream.chance(desk.options.faults.delta_gone);
            if desk.now - token.issued > days || gone {
                return Err(expired(desk, set, &token.select));
            }
            token
        }
    };
    let select = Select::read(Some(&token.select), kind)?;
    let (values, next, token) = match token.first {
        true => first_round(desk, kind, &select, token),
        false => later_round(desk, kind, &select, token),
    };
    let link = |name: &str, token: &Token| {
        format!("{}/v1.0/{set}/delta?${name}={}", desk.origin, token.text())
    };
    let context = match select.is_given() {
        true => format!("{set}({})", select.text()),
        false => set.to_owned(),
    };
    let mut body = json!({"@odata.context": desk.context(&context), "value": values});
    match next {
        true => body["@odata.nextLink"] = json!(link("skiptoken", &token)),
        false => body["@odata.deltaLink"] = json!(link("deltatoken", &token)),
    }
    Ok(Answer::ok(body))
}

fn start(desk: &mut Desk, request: &Request, kind: Kind) -> Result<Token, Answer> {
    for name in ["search", "orderby", "count"] {
        if request.option(name).is_some() {
            return Err(bad(format!("'${name}' is not supported on delta queries.")));
        }
    }
    // Only `id eq '…'` is known to delta, and nothing here needs it.
    if request.option("filter").is_some() {
        return Err(bad("Filter is not supported on this delta query."));
    }
    let select = Select::read(request.option("select"), kind)?;
    let prefer = request.header("prefer").unwrap_or_default();
    let latest = request.option("deltatoken") == Some("latest");
    let horizon = desk.horizon(true);
    let seq = seq_at(desk, horizon);
    Ok(Token {
        seq,
        links_seq: seq,
        horizon,
        after: None,
        first: !latest,
        links: 0,
        select: select.text(),
        minimal: prefer.contains("return=minimal"),
        issued: desk.now,
    })
}

/// The last change that a replica has seen.
fn seq_at(desk: &Desk, horizon: i64) -> u64 {
    if horizon >= desk.now {
        return desk.tenant.seq;
    }
    // What is newer than the horizon is few.
    let mut seq = desk.tenant.seq;
    for (own, id) in desk.tenant.changed_newest() {
        if desk.tenant.changed_at(id) <= horizon {
            return own;
        }
        seq = own - 1;
    }
    seq
}

fn expired(desk: &Desk, set: &str, select: &str) -> Answer {
    let select = if select.is_empty() { String::new() } else { format!("?$select={select}") };
    let location = format!("{}/v1.0/{set}/delta{select}", desk.origin);
    Answer::error(
        410,
        "syncStateNotFound",
        "The sync state generation is not found; please do a \
        full synchronisation again.",
    )
    .with("Location", location)
}

type Round = (Vec<Value>, bool, Token);

fn first_round(desk: &mut Desk, kind: Kind, select: &Select, mut token: Token) -> Round {
    let (room, horizon) = (room(desk), token.horizon);
    let mut values = Vec::new();
    let from = if token.links > 0 { before(token.after) } else { token.after };
    let ids: Vec<Guid> = desk.tenant.ids_after(kind, from).take(room * 4 + 1).collect();
    let all = ids.len() <= room * 4;
    for id in ids {
        if values.len() == room {
            return replayed(desk, (values, true, token));
        }
        let skipped = if token.after == Some(id) { token.links } else { 0 };
        token.after = Some(id);
        let seen = desk.tenant.seen(id, horizon).filter(|state| state.is_live());
        let Some(state) = seen.cloned() else { continue };
        let mut shown = shown_of(desk, kind, id, &state, select);
        token.links = 0;
        if kind == Kind::Group && select.has("members") {
            let members = desk.tenant.links_seen(id, Rel::Members, horizon);
            let some: Vec<Value> = members
                .iter()
                .skip(skipped)
                .take(LINKS)
                .map(|member| linked(desk, *member, true))
                .collect();
            if !some.is_empty() {
                shown.insert("members@delta".to_owned(), json!(some));
            }
            if members.len() > skipped + LINKS {
                token.links = skipped + LINKS;
                values.push(Value::Object(shown));
                return replayed(desk, (values, true, token));
            }
        }
        values.push(Value::Object(shown));
    }
    token.first = !all;
    replayed(desk, (values, !all, token))
}

fn before(id: Option<Guid>) -> Option<Guid> {
    id.and_then(|Guid(number)| number.checked_sub(1)).map(Guid)
}

fn later_round(desk: &mut Desk, kind: Kind, select: &Select, mut token: Token) -> Round {
    let (room, horizon) = (room(desk), desk.horizon(true));
    let mut values = Vec::new();
    let changed: Vec<(u64, Guid)> = desk.tenant.changed_after(token.seq).collect();
    let (mut over, mut whole) = (true, true);
    for (seq, id) in changed {
        if values.len() == room {
            over = false;
            break;
        }
        // What the replica has not seen yet, and all that came after it, is told next time.
        if desk.tenant.changed_at(id) > horizon {
            whole = false;
            break;
        }
        token.seq = seq;
        if desk.tenant.kind(id) != Some(kind) {
            continue;
        }
        values.extend(change_of(desk, kind, id, token.links_seq, select));
    }
    if over {
        // The end of a round is the start of the next one.
        token.issued = desk.now;
        // An object that changed again behind the horizon had its older links skipped.
        token.links_seq = if whole { token.seq } else { token.links_seq };
    }
    replayed(desk, (values, !over, token))
}

/// An object as it changed after `since`; those before it in the round are told already.
fn change_of(desk: &Desk, kind: Kind, id: Guid, since: u64, select: &Select) -> Option<Value> {
    let state = desk.tenant.last(id)?.clone();
    let reason = match state.standing {
        Standing::Live => None,
        Standing::Deleted(_) => Some("changed"),
        Standing::Purged(_) => Some("deleted"),
    };
    if let Some(reason) = reason {
        return Some(json!({"id": id.to_string(), "@removed": {"reason": reason}}));
    }
    let mut shown = shown_of(desk, kind, id, &state, select);
    if kind == Kind::Group && select.has("members") {
        // Older links are told again now and then: a delta is applied idempotently.
        let log = desk.tenant.link_log(id).iter();
        let newer = log.filter(|change| change.rel == Rel::Members && change.seq > since);
        let mut last = std::collections::BTreeMap::<Guid, &LinkChange>::new();
        last.extend(newer.map(|change| (change.member, change)));
        let links: Vec<Value> =
            last.values().map(|change| linked(desk, change.member, change.added)).collect();
        if !links.is_empty() {
            shown.insert("members@delta".to_owned(), json!(links));
        }
    }
    Some(Value::Object(shown))
}

fn shown_of(
    desk: &Desk,
    kind: Kind,
    id: Guid,
    state: &State,
    select: &Select,
) -> Map<String, Value> {
    let map = super::licences::completed(desk, id, kind, state.map(), select);
    select.show(kind, id, &map)
}

fn linked(desk: &Desk, member: Guid, added: bool) -> Value {
    let kind = desk.tenant.kind(member).map_or("directoryObject", Kind::type_name);
    let mut link = json!({
        "@odata.type": format!("#microsoft.graph.{kind}"), "id": member.to_string(),
    });
    if !added {
        link["@removed"] = json!({"reason": "deleted"});
    }
    link
}

/// How many objects a page takes: one at least, but for an empty page now and then.
fn room(desk: &mut Desk) -> usize {
    match desk.stream.chance(desk.options.faults.short_pages) {
        true => desk.stream.index(PAGE / 4),
        false => PAGE,
    }
}

/// Now and then an object is told twice.
fn replayed(desk: &mut Desk, (mut values, next, token): Round) -> Round {
    if desk.stream.chance(desk.options.faults.delta_replays)
        && let Some(value) = values.first().cloned()
    {
        values.push(value);
    }
    (values, next, token)
}
