//! Drift as an admin reads it, and as JSON: no value that `show` would not show of the same change.

use std::collections::BTreeMap;

use super::plan_text::lines;
use super::plan_words::{object, shown};
use crate::model::ids::Uai;
use crate::plan::drift::{Change, Drifted};
use crate::plan::place;

/// The text: by target and school, one line a difference.
pub fn text(drifted: &[Drifted], compared: u64) -> String {
    let mut blocks: BTreeMap<(&str, Option<&Uai>), Vec<String>> = BTreeMap::new();
    for one in drifted {
        blocks.entry((&one.target, one.uai.as_ref())).or_default().push(line(one));
    }
    let mut text = String::new();
    for ((target, uai), lines) in &blocks {
        text.push_str(&format!("{} in {target}\n", uai.map_or("(no school)", Uai::as_str)));
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        text.push('\n');
    }
    if drifted.is_empty() {
        return format!("Nothing differs: {compared} entries stand as they were last written.\n");
    }
    let mut entries: Vec<_> = drifted.iter().map(|one| (&one.target, &one.key)).collect();
    entries.dedup();
    text + &format!(
        "{} of {compared} entries differ from what was last written. Nothing of it is overwritten \
         unseen:\nthe next plan shows what it would put back.\n",
        entries.len()
    )
}

fn line(one: &Drifted) -> String {
    let Drifted { target: _, uai: _, key, dn, change } = one;
    let name = shown(&place::name(dn));
    match change {
        Change::Gone => format!("x {name}  gone, or without our mark ({})", object(key)),
        Change::Moved { to } => format!("> {}", lines::journey(dn, to)),
        Change::Edited { written, now } => {
            format!("~ {name}  {}", lines::differences(written, now))
        }
        Change::Turned { enabled: true } => format!("^ {name}  can be used again"),
        Change::Turned { enabled: false } => format!("- {name}  cannot be used any more"),
        Change::Links { attribute, went, came } => {
            let side = |sign: &str, values| match lines::names(values) {
                names if names.is_empty() => String::new(),
                names => format!(" {sign} {names}"),
            };
            format!("~ {name}  {attribute}:{}{}", side("-", went), side("+", came))
        }
    }
}

/// The JSON document.
pub fn document(drifted: &[Drifted], compared: u64) -> serde_json::Value {
    let list: Vec<serde_json::Value> = drifted.iter().map(entry).collect();
    serde_json::json!({ "compared": compared, "drift": list })
}

fn entry(one: &Drifted) -> serde_json::Value {
    let Drifted { target, uai, key, dn, change } = one;
    let what = match change {
        Change::Gone => serde_json::json!({ "change": "gone" }),
        Change::Moved { to } => serde_json::json!({ "change": "moved", "to": to }),
        Change::Edited { written, now } => {
            serde_json::json!({ "change": "edited", "written": written, "now": now })
        }
        Change::Turned { enabled } => {
            serde_json::json!({ "change": "turned", "enabled": enabled })
        }
        Change::Links { attribute, went, came } => serde_json::json!({
            "change": "links", "attribute": attribute, "went": went, "came": came,
        }),
    };
    let mut entry = serde_json::json!({ "target": target, "uai": uai, "key": key, "dn": dn });
    if let (Some(entry), serde_json::Value::Object(what)) = (entry.as_object_mut(), what) {
        entry.extend(what);
    }
    entry
}
