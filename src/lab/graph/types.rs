//! Bodies against the metadata of the service: unknown names, wrong types, forbidden nulls.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::Request;

#[derive(Debug, Deserialize)]
struct Table {
    enums: BTreeMap<String, Vec<String>>,
    types: BTreeMap<String, Type>,
}

#[derive(Debug, Deserialize)]
struct Type {
    base: Option<String>,
    props: BTreeMap<String, (String, bool)>,
    nav: BTreeMap<String, String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let text = include_str!("types/v1.json");
        // A test reads it: it is never empty.
        let empty = Table { enums: BTreeMap::new(), types: BTreeMap::new() };
        serde_json::from_str(text).unwrap_or(empty)
    })
}

impl Table {
    fn property(&self, kind: &str, name: &str) -> Option<&(String, bool)> {
        let own = self.types.get(kind)?;
        own.props.get(name).or_else(|| self.property(own.base.as_deref()?, name))
    }

    fn relation(&self, kind: &str, name: &str) -> bool {
        let own = self.types.get(kind);
        own.is_some_and(|own| {
            own.nav.contains_key(name)
                || own.base.as_deref().is_some_and(|base| self.relation(base, name))
        })
    }
}

/// The type has a property of this name.
pub(super) fn knows(kind: &str, name: &str) -> bool {
    name == "id" || table().property(kind, name).is_some()
}

/// Everything wrong with the body of a request, in words.
pub(super) fn faults(request: &Request) -> Vec<String> {
    let mut faults = Vec::new();
    let parts = request.parts();
    let Some(body) = &request.body else {
        if expects_a_body(&request.method, &parts) {
            faults.push("no body".to_owned());
        }
        return faults;
    };
    let Some(map) = body.as_object() else {
        faults.push("the body is no object".to_owned());
        return faults;
    };
    match (request.method.as_str(), parts.as_slice()) {
        (_, [.., "$ref"]) => parameters(map, &[("@odata.id", "Edm.String")], &mut faults),
        (_, [.., "restore"]) => parameters(map, &RESTORE, &mut faults),
        (_, [.., "assignLicense"]) => parameters(map, &ASSIGN, &mut faults),
        (_, [.., "getByIds"]) => parameters(map, &BY_IDS, &mut faults),
        ("POST" | "PATCH", ["users"] | ["users", _] | ["users", "@userPrincipalName", _]) => {
            entity("user", map, "", &mut faults);
        }
        ("POST" | "PATCH", ["groups"] | ["groups", _] | ["groups", "@uniqueName", _]) => {
            entity("group", map, "", &mut faults);
        }
        ("POST", ["teams"]) | ("PUT", ["groups", _, "team"]) => {
            entity("team", map, "", &mut faults);
        }
        (_, ["education", "classes", ..]) => entity("educationClass", map, "", &mut faults),
        (_, ["education", "schools", ..]) => entity("educationSchool", map, "", &mut faults),
        _ => {}
    }
    faults
}

const RESTORE: [(&str, &str); 2] =
    [("autoReconcileProxyConflict", "Edm.Boolean"), ("newUserPrincipalName", "Edm.String")];
const ASSIGN: [(&str, &str); 2] = [
    ("addLicenses", "Collection(graph.assignedLicense)"),
    ("removeLicenses", "Collection(Edm.Guid)"),
];
const BY_IDS: [(&str, &str); 2] =
    [("ids", "Collection(Edm.String)"), ("types", "Collection(Edm.String)")];

fn expects_a_body(method: &str, parts: &[&str]) -> bool {
    matches!(
        (method, parts),
        ("PATCH", _) | ("POST", ["users" | "groups" | "teams"] | [.., "$ref" | "assignLicense"])
    )
}

fn parameters(map: &Map<String, Value>, known: &[(&str, &str)], faults: &mut Vec<String>) {
    for (name, value) in map {
        match known.iter().find(|(own, _)| own == name) {
            Some((_, kind)) => typed(kind, value, name, faults),
            None => faults.push(format!("{name}: unknown")),
        }
    }
}

fn entity(kind: &str, map: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
    for (name, value) in map {
        let place = format!("{at}{name}");
        if let Some((relation, annotation)) = name.split_once('@') {
            match annotation {
                "odata.type" => {}
                "odata.bind" if table().relation(kind, relation) => bound(value, &place, faults),
                "delta" => {}
                _ => faults.push(format!("{place}: unknown")),
            }
            continue;
        }
        match table().property(kind, name) {
            None if name == "id" => typed("Edm.String", value, &place, faults),
            None => faults.push(format!("{place}: unknown in {kind}")),
            Some((_, false)) if value.is_null() => faults.push(format!("{place}: null")),
            Some((_, true)) if value.is_null() => {}
            Some((of, _)) => typed(of, value, &place, faults),
        }
    }
}

fn bound(value: &Value, place: &str, faults: &mut Vec<String>) {
    let links = match value {
        Value::Array(links) => links.as_slice(),
        one => std::slice::from_ref(one),
    };
    if !links.iter().all(Value::is_string) {
        faults.push(format!("{place}: not links"));
    }
}

fn typed(kind: &str, value: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(inner) = kind.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')')) {
        match value {
            Value::Array(values) => {
                for value in values {
                    typed(inner, value, place, faults);
                }
            }
            _ => faults.push(format!("{place}: not a list")),
        }
        return;
    }
    let text = |test: fn(&str) -> bool| value.as_str().is_some_and(test);
    let right = match kind {
        "Edm.String" | "Edm.TimeOfDay" => value.is_string(),
        "Edm.Boolean" => value.is_boolean(),
        "Edm.Int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "Edm.Guid" => text(|text| text.parse::<super::guid::Guid>().is_ok()),
        "Edm.Date" => text(|text| text.parse::<jiff::civil::Date>().is_ok()),
        "Edm.DateTimeOffset" => text(|text| text.parse::<jiff::Timestamp>().is_ok()),
        _ => {
            let name = kind.strip_prefix("graph.").unwrap_or(kind);
            if let Some(values) = table().enums.get(name) {
                value.as_str().is_some_and(|word| values.iter().any(|known| known == word))
            } else if let (true, Some(map)) = (table().types.contains_key(name), value.as_object())
            {
                entity(name, map, &format!("{place}/"), faults);
                true
            } else {
                !table().types.contains_key(name)
            }
        }
    };
    if !right {
        faults.push(format!("{place}: not a {kind}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(method: &str, path: &str, body: Value, expect: &[&str]) {
        let mut request = Request::new(method, path, &[]).unwrap();
        request.body = Some(body);
        assert_eq!(faults(&request), expect);
    }

    #[test]
    fn a_body_that_the_metadata_knows_has_no_fault() {
        check(
            "POST",
            "/v1.0/users",
            json!({"@odata.type": "#microsoft.graph.user", "accountEnabled": true,
                "displayName": "Éloïse", "employeeId": null,
                "onPremisesExtensionAttributes": {"extensionAttribute1": "k"},
                "passwordProfile": {"password": "x", "forceChangePasswordNextSignIn": true}}),
            &[],
        );
        check(
            "PATCH",
            "/v1.0/groups(uniqueName='a')",
            json!({"displayName": "a", "groupTypes": ["Unified"], "members@odata.bind": ["u"]}),
            &[],
        );
        check(
            "POST",
            "/v1.0/groups/1/assignLicense",
            json!({"addLicenses": [{"skuId":
            "314c4481-f395-4525-be8b-2ec4bb1e9d91", "disabledPlans": []}], "removeLicenses": []}),
            &[],
        );
    }

    #[test]
    fn unknown_names_wrong_types_and_wrong_words_are_told() {
        let user = "/v1.0/users";
        check("POST", user, json!({"ine": "x"}), &["ine: unknown in user"]);
        check(
            "POST",
            user,
            json!({"accountEnabled": "true"}),
            &["accountEnabled: not a Edm.Boolean"],
        );
        check("POST", user, json!({"birthday": "2009"}), &["birthday: not a Edm.DateTimeOffset"]);
        check(
            "POST",
            user,
            json!({"passwordProfile": {"pass": "x"}}),
            &["passwordProfile/pass: unknown in passwordProfile"],
        );
        check(
            "PATCH",
            "/v1.0/groups/1",
            json!({"pupils@odata.bind": []}),
            &["pupils@odata.bind: unknown"],
        );
        check(
            "PATCH",
            "/v1.0/groups/1",
            json!({"groupTypes": "Unified"}),
            &["groupTypes: not a list"],
        );
        let class = "/v1.0/education/classes";
        check(
            "POST",
            class,
            json!({"externalSource": "siecle"}),
            &["externalSource: not a graph.educationExternalSource"],
        );
        check("POST", class, json!({"displayName": null}), &["displayName: null"]);
    }
}
