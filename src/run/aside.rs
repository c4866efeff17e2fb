//! What a target refuses whatever is tried, told by `status` until it is solved.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::plan::operation::OperationKind;
use crate::report::catalogue;
use crate::store::refused::{Refused, TRIES_MAX};
use crate::store::taken::{Outlook, Taken};

/// Lines shown; the rest is counted.
const SHOWN_MAX: usize = 50;

/// Those that are no longer sent, as lines; nothing when there are none.
pub(super) fn text(
    refused: &[Refused],
    taken: &BTreeMap<PersonId, Taken>,
    zone: &TimeZone,
) -> String {
    let aside: Vec<&Refused> = refused.iter().filter(|one| one.is_set_aside()).collect();
    if aside.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "SET ASIDE: {} refused {TRIES_MAX} times or more, not sent again by itself; correct the \
         cause, then: rentree replay\n",
        if aside.len() == 1 {
            "1 operation".to_owned()
        } else {
            format!("{} operations", aside.len())
        }
    );
    for one in aside.iter().take(SHOWN_MAX) {
        let Refused { target, object, kind, uai, tries, first_at, last_at: _, detail } = one;
        let since = first_at.to_zoned_datetime(zone.clone()).date();
        let school = uai.as_deref().map(|uai| format!("{uai} in ")).unwrap_or_default();
        text.push_str(&format!(
            "  {kind:<13} {object}  {school}{target}, {tries} times since {since}\n          {}\n",
            catalogue::harmless(detail)
        ));
        text.push_str(&advice_of(one, taken));
    }
    if aside.len() > SHOWN_MAX {
        text.push_str(&format!("  … and {} more: --format json\n", aside.len() - SHOWN_MAX));
    }
    text
}

/// Where a name of an account to be made is taken and we do not see it, the next run tries the next
/// one, unless an account opens with it.
const NEXT: [&str; 2] = [
    "somebody else has its login or address, where we do not look: the next run takes the next",
    "number (names_base avoids that in a directory)",
];
const KEPT: [&str; 2] = [
    "somebody else has its login or address; the account that was made elsewhere keeps them:",
    "free them in this target, then: rentree replay",
];
const ENOUGH: [&str; 2] = [
    "somebody else has each login that was tried, no other is: look who, and free the last one",
    "in this target, then: rentree replay",
];

/// What becomes of an account that a target does not make for its names, as lines.
pub(super) fn advice(outlook: Outlook) -> String {
    let lines = match outlook {
        Outlook::Next => NEXT,
        Outlook::Kept => KEPT,
        Outlook::Enough => ENOUGH,
    };
    lines.map(|line| format!("          {line}\n")).concat()
}

/// The same of one that is refused.
fn advice_of(refused: &Refused, taken: &BTreeMap<PersonId, Taken>) -> String {
    let Refused { target, object, kind, .. } = refused;
    let key = object.parse().ok().filter(|_| kind == OperationKind::Create.as_str());
    let person = key.and_then(|key: ObjectKey| key.person());
    let taken = person.and_then(|person| taken.get(&person));
    taken.filter(|one| one.by.contains(target)).map(|one| advice(one.outlook)).unwrap_or_default()
}

/// All that is refused, set aside or not yet.
pub(super) fn json(refused: &[Refused]) -> serde_json::Value {
    let one = |refused: &Refused| {
        let Refused { target, object, kind, uai, tries, first_at, last_at, detail } = refused;
        serde_json::json!({
            "target": target, "key": object, "kind": kind, "uai": uai, "refusals": tries,
            "set_aside": refused.is_set_aside(), "first_at": first_at, "last_at": last_at,
            "detail": detail,
        })
    };
    refused.iter().map(one).collect()
}
