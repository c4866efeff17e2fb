//! The keys of an entry mapping that say what is managed: mark, password, fixed values.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::entry_file::check_attribute;
use super::managed::{Managed, PasswordForm, PasswordRule};
use super::places::Places;
use super::section::{Problems, Section, texts};
use crate::model::entry::{Attributes, ObjectKind};

/// Takes the keys at the top of the file. `attributes` are those that templates write.
pub(super) fn take(
    root: &mut Section,
    mut attributes: BTreeMap<ObjectKind, BTreeSet<String>>,
    links: BTreeSet<String>,
    placeholders: BTreeMap<String, String>,
    problems: &mut Problems,
) -> Managed {
    let mark = root.text("mark", problems);
    check_attribute("mark", &mark, problems);
    let mut section = root.section("password", problems);
    let attribute = section.text("attribute", problems);
    let form = match section.text("form", problems).as_str() {
        "ssha" => PasswordForm::Ssha,
        "clear" => PasswordForm::Clear,
        other => {
            problems.add("password.form", format!("{other:?} is neither ssha nor clear"));
            PasswordForm::Ssha
        }
    };
    section.end(problems);
    let disabled = fixed(root, "disabled", problems);
    let at_creation = fixed(root, "at_creation", problems);
    let names: BTreeSet<String> = root.texts("names", problems).into_iter().collect();
    let required = root.texts("required", problems).into_iter().collect();
    for (kind, owned) in &mut attributes {
        let fixed = disabled.keys().chain(at_creation.keys());
        let others = links.iter().chain([&mark, &attribute]).map(String::as_str);
        for other in fixed.chain(others) {
            if owned.iter().any(|own| own.eq_ignore_ascii_case(other)) {
                let text = format!("{other} is written by other rules, not by a template");
                problems.add(&format!("{}.attributes", word(*kind)), text);
            }
        }
        owned.insert(mark.clone());
        if *kind == ObjectKind::Account {
            owned.extend(disabled.keys().map(str::to_owned));
        }
    }
    let of_accounts = attributes.get(&ObjectKind::Account);
    let known = |name: &&String| of_accounts.is_some_and(|owned| owned.contains(*name));
    for name in names.iter().filter(|name| !known(name)) {
        problems.add("names", format!("{name} is not an attribute of accounts"));
    }
    let password = PasswordRule { attribute, form };
    Managed {
        mark,
        attributes,
        links,
        // Some servers see to it (refint), most do not.
        links_follow: false,
        placeholders,
        at_creation,
        password,
        disabled,
        places: Places::default(),
        names,
        required,
    }
}

fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Container => "containers",
        ObjectKind::Account => "account",
        ObjectKind::Group => "group",
        ObjectKind::Team => "team",
    }
}

/// Attributes with fixed values.
fn fixed(root: &mut Section, key: &str, problems: &mut Problems) -> Attributes {
    let mut section = root.optional_section(key, problems);
    let rest = section.rest().into_iter().map(|(attribute, value)| {
        let path = section.at(&attribute);
        check_attribute(&path, &attribute, problems);
        let mut values = match value {
            Value::String(text) if !text.is_empty() => vec![text],
            value => texts(&path, value, problems),
        };
        values.sort_unstable();
        values.dedup();
        (attribute, values)
    });
    rest.collect()
}
