//! Accounts: made, changed, deleted.

use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad, conflict, denied};
use super::guid::Guid;
use super::show;
use super::tenant::{ADMIN, HIDDEN, Kind, Standing};

const REQUIRED: [&str; 5] =
    ["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"];
/// Longest values, in signs.
const LENGTHS: [(&str, usize); 8] = [
    ("mailNickname", 64),
    ("givenName", 64),
    ("surname", 64),
    ("displayName", 256),
    ("employeeId", 16),
    ("department", 64),
    ("jobTitle", 128),
    ("companyName", 64),
];
const READ_ONLY: [&str; 6] = [
    "id",
    "createdDateTime",
    "deletedDateTime",
    "onPremisesSyncEnabled",
    "assignedLicenses",
    "proxyAddresses",
];

pub(super) fn create(desk: &mut Desk, request: &Request) -> Done {
    let mut map = request.object();
    for name in REQUIRED {
        if map.get(name).is_none_or(Value::is_null) {
            return Err(bad(format!(
                "A value is required for property '{name}' of resource 'User'."
            )));
        }
    }
    if !map["passwordProfile"].get("password").is_some_and(Value::is_string) {
        return Err(bad("A password must be specified to create a new user."));
    }
    examine(desk, &map, None)?;
    desk.room()?;
    addressed(&mut map, None);
    map.retain(|name, value| !value.is_null() && !name.contains('@'));
    // The service never tells a password, and the lab does not keep one.
    map.remove("passwordProfile");
    map.insert("userType".to_owned(), json!("Member"));
    map.insert("createdDateTime".to_owned(), json!(Desk::stamp(desk.now)));
    let id = desk.new_id();
    desk.put(id, Kind::User, Standing::Live, &map)?;
    let mut shown = show::default_of(Kind::User, id, &map);
    shown.insert("@odata.context".to_owned(), json!(desk.context("users/$entity")));
    let location = format!("{}/v1.0/users/{id}", desk.origin);
    Ok(Answer::created(Value::Object(shown)).with("Location", location))
}

pub(super) fn update(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, mut map) = desk.writing(key, Kind::User)?;
    writable(desk, &map)?;
    let changes = request.object();
    if changes.contains_key("passwordProfile") {
        desk.counters.password_patches += 1;
        desk.permitted("User-PasswordProfile.ReadWrite.All")?;
    }
    examine(desk, &changes, Some((id, &map)))?;
    let before = text(&map, "mail").to_owned();
    merge(&mut map, &changes);
    addressed(&mut map, Some(&before));
    map.remove("passwordProfile");
    desk.put(id, Kind::User, Standing::Live, &map)?;
    Ok(Answer::empty())
}

/// Null takes a property away; complex properties are merged one by one.
pub(super) fn merge(map: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes.iter().filter(|(name, _)| !name.contains('@')) {
        match (map.get_mut(name), value) {
            (_, Value::Null) => _ = map.remove(name),
            (Some(Value::Object(inner)), Value::Object(outer)) => merge(inner, outer),
            _ => _ = map.insert(name.clone(), value.clone()),
        }
    }
}

/// Administrators are out of bounds, and what AD is the master of.
pub(super) fn writable(desk: &Desk, map: &Map<String, Value>) -> Result<(), Answer> {
    let name = text(map, "userPrincipalName").to_lowercase();
    if map.contains_key(ADMIN) || desk.options.administrators.contains(&name) {
        return Err(denied());
    }
    if map.get("onPremisesSyncEnabled") == Some(&json!(true)) {
        return Err(bad(
            "Unable to update the specified properties for on-premises mastered Directory Sync \
             objects or objects currently undergoing migration.",
        ));
    }
    Ok(())
}

pub(super) fn delete(desk: &mut Desk, key: &str) -> Done {
    let (id, mut map) = desk.writing(key, Kind::User)?;
    writable(desk, &map)?;
    let upn = text(&map, "userPrincipalName");
    map.insert("userPrincipalName".to_owned(), json!(format!("{}{upn}", id.plain())));
    map.insert("deletedDateTime".to_owned(), json!(Desk::stamp(desk.now)));
    desk.put(id, Kind::User, Standing::Deleted(desk.now), &map)?;
    Ok(Answer::empty())
}

/// A new address is one more: the one before goes on to reach the account.
fn addressed(map: &mut Map<String, Value>, before: Option<&str>) {
    let mail = text(map, "mail").to_owned();
    if mail.is_empty() || before == Some(mail.as_str()) {
        return;
    }
    let old = map.get("proxyAddresses").and_then(Value::as_array).into_iter().flatten();
    let old = old.filter_map(Value::as_str).map(|one| one.replace("SMTP:", "smtp:"));
    let is_other = |one: &String| one["smtp:".len()..].to_lowercase() != mail.to_lowercase();
    let others: Vec<String> = old.filter(is_other).collect();
    let all: Vec<String> = [format!("SMTP:{mail}")].into_iter().chain(others).collect();
    map.insert("proxyAddresses".to_owned(), json!(all));
}

/// Nobody else is reached at it.
pub(super) fn address_free(desk: &Desk, address: &str, own: Option<Guid>) -> Result<(), Answer> {
    let address = format!("smtp:{address}");
    let held = |kind| desk.tenant.find(kind, "proxyAddresses", &address);
    match held(Kind::User).iter().chain(&held(Kind::Group)).any(|id| Some(*id) != own) {
        true => Err(conflict("proxyAddresses")),
        false => Ok(()),
    }
}

pub(super) fn text<'a>(map: &'a Map<String, Value>, name: &str) -> &'a str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The values of a create or an update; `old` is the account that is changed.
fn examine(
    desk: &mut Desk,
    map: &Map<String, Value>,
    old: Option<(Guid, &Map<String, Value>)>,
) -> Result<(), Answer> {
    if let Some(name) = READ_ONLY.iter().find(|name| map.contains_key(**name)) {
        return Err(bad(format!("Property '{name}' is read-only and cannot be set.")));
    }
    for (name, most) in LENGTHS {
        let length = text(map, name).chars().count();
        if length > most || (map.contains_key(name) && length == 0 && !map[name].is_null()) {
            return Err(bad(format!(
                "Invalid value specified for property '{name}' of resource 'User'."
            )));
        }
    }
    let hidden = map.keys().find(|name| name.starts_with(HIDDEN));
    if let Some(name) = hidden {
        return Err(bad(format!("Property '{name}' does not exist.")));
    }
    let attributes = map.get("onPremisesExtensionAttributes").and_then(Value::as_object);
    let mut attributes = attributes.into_iter().flatten();
    let long = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() > 1_024);
    if let Some((name, _)) = attributes.find(|(_, value)| long(value)) {
        return Err(bad(format!(
            "Invalid value specified for property '{name}' of resource 'User'."
        )));
    }
    let place = text(map, "usageLocation");
    let two = place.len() == 2 && place.bytes().all(|byte| byte.is_ascii_uppercase());
    if !(two || place.is_empty()) {
        return Err(bad(
            "Invalid value specified for property 'usageLocation' of resource 'User'.",
        ));
    }
    let login = match map.get("userPrincipalName").and_then(Value::as_str) {
        Some(upn) => {
            principal_name(desk, upn, old.map(|(id, _)| id))?;
            upn
        }
        None => old.map_or("", |(_, map)| text(map, "userPrincipalName")),
    };
    if let Some(mail) = map.get("mail").and_then(Value::as_str) {
        address_free(desk, mail, old.map(|(id, _)| id))?;
    }
    nickname(map)?;
    match map.get("passwordProfile").and_then(|profile| profile.get("password")) {
        Some(Value::String(word)) if !complex(word, login) => Err(bad(
            "The specified password does not comply with password complexity requirements. \
             Please provide a different password.",
        )),
        _ => Ok(()),
    }
}

fn nickname(map: &Map<String, Value>) -> Result<(), Answer> {
    let name = text(map, "mailNickname");
    let wrong =
        |sign: char| !sign.is_ascii() || sign.is_whitespace() || "@()\\[]\";:<>,".contains(sign);
    match name.contains(wrong) || (map.contains_key("mailNickname") && name.is_empty()) {
        true => Err(bad("Invalid value specified for property 'mailNickname' of resource 'User'.")),
        false => Ok(()),
    }
}

/// Its form, its domain, and that nobody else has it.
pub(super) fn principal_name(desk: &Desk, upn: &str, own: Option<Guid>) -> Result<(), Answer> {
    let wrong = || {
        bad("Property userPrincipalName is invalid.").detail("PropertyInvalid", "userPrincipalName")
    };
    let (local, domain) = upn.split_once('@').ok_or_else(wrong)?;
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || "'.-_!#^~".contains(sign);
    let fits = local.len() <= 64 && domain.len() <= 48 && upn.len() <= 113;
    if local.is_empty() || !fits || !local.chars().all(allowed) || local.ends_with('.') {
        return Err(wrong());
    }
    if !desk.options.domains.iter().any(|known| known.eq_ignore_ascii_case(domain)) {
        return Err(bad(
            "The domain portion of the userPrincipalName property is invalid. You must use one of \
             the verified domain names in your organization.",
        ));
    }
    let others = desk.tenant.find(Kind::User, "userPrincipalName", upn);
    match others.iter().any(|id| Some(*id) != own) {
        true => Err(conflict("userPrincipalName")),
        // Mail to the login has to reach its owner.
        false => address_free(desk, upn, own),
    }
}

/// 8 to 256 signs of ASCII, three of four classes, and not the login.
fn complex(word: &str, login: &str) -> bool {
    let has = |class: fn(&char) -> bool| word.chars().any(|sign| class(&sign));
    let classes = [
        has(char::is_ascii_lowercase),
        has(char::is_ascii_uppercase),
        has(char::is_ascii_digit),
        word.chars().any(|sign| !sign.is_ascii_alphanumeric()),
    ];
    let local = login.split('@').next().unwrap_or_default().to_lowercase();
    let told = local.len() > 3 && word.to_lowercase().contains(&local);
    (8..=256).contains(&word.len())
        && word.is_ascii()
        && !told
        && classes.iter().filter(|there| **there).count() >= 3
}
