//! Requests and answers, as bytes outside and as values inside.

use serde_json::{Map, Value, json};

/// A request as it comes over the wire.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// `/v1.0/users?$top=5`; scheme and host before it are ignored.
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Reply {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// The connection is cut; whether the work was done is not told.
    Cut,
}

/// A request that was understood: of its own, or an item of a batch.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) beta: bool,
    /// Decoded parts of the path; `users('x')` is two, `groups(uniqueName='x')` is `groups`,
    /// `@uniqueName` and `x`, `delta()` is `delta`.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

impl Request {
    /// None: the path is none of ours. The body is read by the caller.
    pub(super) fn new(
        method: &str,
        path_and_query: &str,
        headers: &[(String, String)],
    ) -> Option<Self> {
        let local = local_part(path_and_query);
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let path = path.trim_matches('/');
        let (version, rest) = path.split_once('/').unwrap_or((path, ""));
        let beta = match version {
            "v1.0" => false,
            "beta" => true,
            _ => return None,
        };
        Some(Self {
            method: method.to_ascii_uppercase(),
            beta,
            path: rest.split('/').filter(|part| !part.is_empty()).flat_map(parts_of).collect(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(parameter).collect(),
            headers: headers.to_vec(),
            body: None,
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// An option of the query, `$` or not.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let same = |key: &str| key.trim_start_matches('$').eq_ignore_ascii_case(name);
        self.query.iter().find(|(key, _)| same(key)).map(|(_, value)| value.as_str())
    }

    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE")
            && self.path.last().is_none_or(|last| !READING.contains(&last.as_str()))
    }

    /// The body as an object; an empty one when there is none.
    pub(super) fn object(&self) -> Map<String, Value> {
        self.body.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// `PATCH groups/{id}`: what is counted together.
    pub(super) fn kind(&self) -> String {
        let mut kind = format!("{} /", self.method);
        let mut known = true;
        for (at, part) in self.path.iter().enumerate() {
            let name = known || part.starts_with('$') || SUBS.contains(&part.as_str());
            kind.push_str(if at == 0 { "" } else { "/" });
            kind.push_str(if name { part } else { "{id}" });
            known = matches!(part.as_str(), "directory" | "education");
        }
        kind
    }
}

/// Reads that are written as POST.
const READING: [&str; 2] = ["getByIds", "getMemberGroups"];
/// Parts of a path after the id of an object.
const SUBS: [&str; 22] = [
    "delta",
    "members",
    "owners",
    "team",
    "assignLicense",
    "restore",
    "revokeSignInSessions",
    "memberOf",
    "transitiveMembers",
    "membersWithLicenseErrors",
    "operations",
    "teachers",
    "deletedItems",
    "classes",
    "schools",
    "users",
    "getByIds",
    "@uniqueName",
    "@userPrincipalName",
    "microsoft.graph.user",
    "microsoft.graph.group",
    "licenseDetails",
];

pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The part after scheme and host, when they are there.
pub(super) fn local_part(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}

fn parts_of(raw: &str) -> Vec<String> {
    let part = decoded(raw, false);
    let Some((name, inside)) = part.split_once('(').filter(|_| part.ends_with(')')) else {
        // The SDKs' short spelling of a cast.
        return vec![
            part.strip_prefix("graph.")
                .map_or(part.clone(), |kind| format!("microsoft.graph.{kind}")),
        ];
    };
    let inside = &inside[..inside.len() - 1];
    let name = name.strip_prefix("microsoft.graph.").unwrap_or(name).to_owned();
    if inside.is_empty() {
        return vec![name];
    }
    let literal = |text: &str| text.trim_matches('\'').replace("''", "'");
    match inside.split_once('=') {
        Some((key, value)) => vec![name, format!("@{key}"), literal(value)],
        None => vec![name, literal(inside)],
    }
}

fn parameter(pair: &str) -> (String, String) {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decoded(key, true), decoded(value, true))
}

/// `%20` and, in a query or a form, `+`.
pub(super) fn decoded(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        match first {
            b'%' if after.len() >= 2 => match hex(&after[..2]) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => bytes.push(b'%'),
            },
            b'+' if plus => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The reverse, for links in answers.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~$',".contains(&byte);
    text.bytes().fold(String::new(), |mut out, byte| {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// An answer before it is bytes.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

/// Both are answers; the second is a refusal.
pub(super) type Done = Result<Answer, Answer>;

impl Answer {
    pub(super) fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), body: None }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn created(body: Value) -> Self {
        Self { status: 201, headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// An error in the shape of Graph; ids and date are added at the end.
    pub(super) fn error(status: u16, code: &str, message: impl Into<String>) -> Self {
        let body = json!({"error": {"code": code, "message": message.into()}});
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn detail(mut self, code: &str, target: &str) -> Self {
        if let Some(error) = self.body.as_mut().and_then(|body| body.get_mut("error")) {
            let message = error["message"].clone();
            error["details"] = json!([{"code": code, "message": message, "target": target}]);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &[&str]) {
        assert_eq!(Request::new("GET", path, &[]).unwrap().path, expect, "{path}");
    }

    #[test]
    fn paths_are_read_in_every_spelling() {
        check("/v1.0/users/a%40b.fr", &["users", "a@b.fr"]);
        check("/v1.0/users('a%40b.fr')", &["users", "a@b.fr"]);
        check(
            "/v1.0/users(userPrincipalName='d''hondt@b.fr')",
            &["users", "@userPrincipalName", "d'hondt@b.fr"],
        );
        check("/v1.0/users/delta()?$select=id", &["users", "delta"]);
        check("/v1.0/users/microsoft.graph.delta()", &["users", "delta"]);
        check(
            "https://graph.lab/v1.0/directory/deletedItems/graph.user",
            &["directory", "deletedItems", "microsoft.graph.user"],
        );
        check("/v1.0/groups/1/members/$ref", &["groups", "1", "members", "$ref"]);
        assert!(Request::new("GET", "/v2.0/users", &[]).is_none());
    }

    #[test]
    fn options_of_a_query_are_decoded() {
        let url = "/v1.0/users?$filter=employeeId%20eq%20%27a%2Bb%27&%24top=5&count=true";
        let request = Request::new("get", url, &[]).unwrap();
        assert_eq!(request.option("filter"), Some("employeeId eq 'a+b'"));
        assert_eq!(request.option("top"), Some("5"));
        assert_eq!(decoded(&encoded("a b+c'é"), true), "a b+c'é");
    }

    #[test]
    fn kinds_hide_what_names_an_object() {
        let kind = |method, path| Request::new(method, path, &[]).unwrap().kind();
        assert_eq!(kind("PATCH", "/v1.0/groups(uniqueName='a')"), "PATCH /groups/@uniqueName/{id}");
        assert_eq!(
            kind("DELETE", "/v1.0/groups/1/members/2/$ref"),
            "DELETE /groups/{id}/members/{id}/$ref"
        );
        assert_eq!(kind("GET", "/v1.0/users"), "GET /users");
        assert_eq!(
            kind("POST", "/v1.0/directory/deletedItems/1/restore"),
            "POST /directory/deletedItems/{id}/restore"
        );
    }
}
