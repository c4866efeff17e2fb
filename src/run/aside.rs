//! What a target refuses whatever is tried, told by `status` until it is solved.

use jiff::tz::TimeZone;

use crate::report::catalogue;
use crate::store::refused::{Refused, TRIES_MAX};

/// Lines shown; the rest is counted.
const SHOWN_MAX: usize = 50;

/// Those that are no longer sent, as lines; nothing when there are none.
pub(super) fn text(refused: &[Refused], zone: &TimeZone) -> String {
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
    }
    if aside.len() > SHOWN_MAX {
        text.push_str(&format!("  … and {} more: --format json\n", aside.len() - SHOWN_MAX));
    }
    text
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
