//! When deliveries were made, for their order among those of one school and source.
//!
//! An export date says it. STSWeb writes none: there the receipt stands for it, and of bytes that
//! were received again the latest one, since a correction that undoes a mistake gives the bytes of
//! before back.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};

use super::batch::Head;
use super::policy::Policy;
use crate::model::ids::Digest;

/// When each delivery was made, as well as it can be known.
pub(super) fn made<'a>(heads: &[Head<'a>], policy: &Policy) -> BTreeMap<&'a Digest, Timestamp> {
    let one = |head: &Head<'a>| {
        let made_at = match head.header.exported_at {
            Some(at) => exported(at, head.received_at, policy),
            None => head.last_received_at,
        };
        (head.digest, made_at)
    };
    heads.iter().map(one).collect()
}

/// A date without a time of day reads as midnight: the export was made on that day, and before it
/// was received.
fn exported(at: Timestamp, received_at: Timestamp, policy: &Policy) -> Timestamp {
    let start = policy.zone.to_datetime(at);
    if start.time() != jiff::civil::Time::midnight() {
        return at;
    }
    let next = start.checked_add(1.day()).ok();
    let end = next.and_then(|next| policy.zone.to_timestamp(next).ok()).unwrap_or(at);
    received_at.clamp(at, end.max(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::{Header, Source};
    use crate::model::ids::SchoolYear;

    /// The deliveries in their order, of `name exported first last`; instants of September 2026 as
    /// `day:hour` in UTC, `-` when there is none.
    fn check(deliveries: &[&str], expect: &str) {
        let at = |text: &str| {
            let (day, hour) = text.split_once(':')?;
            format!("2026-09-{day}T{hour}:00:00Z").parse::<Timestamp>().ok()
        };
        let all: Vec<(String, Digest, Header, [Timestamp; 2])> = (1..)
            .zip(deliveries)
            .map(|(rank, text)| {
                let words: Vec<&str> = text.split(' ').collect();
                let header = Header {
                    source: Source::Sts,
                    uai: "0590001F".parse().unwrap(),
                    school_year: SchoolYear(2026),
                    exported_at: at(words[1]),
                };
                let receipts = [at(words[2]).unwrap(), at(words[3]).unwrap()];
                (words[0].to_owned(), Digest::of_bytes([rank; 32]), header, receipts)
            })
            .collect();
        let heads: Vec<Head<'_>> = all
            .iter()
            .map(|(name, digest, header, [first, last])| Head {
                digest,
                name,
                received_at: *first,
                last_received_at: *last,
                header,
            })
            .collect();
        let made = made(&heads, &Policy::standard());
        let mut ranked: Vec<&Head<'_>> = heads.iter().collect();
        ranked.sort_by_key(|head| made.get(head.digest));
        let names: Vec<&str> = ranked.iter().map(|head| head.name).collect();
        assert_eq!(names.join(" "), expect);
    }

    #[test]
    fn bytes_that_come_again_are_a_correction() {
        check(&["monday - 07:20 09:20", "tuesday - 08:20 08:20"], "tuesday monday");
        check(&["monday - 07:20 07:20", "tuesday - 08:20 08:20"], "monday tuesday");
        // And undone once more.
        check(&["monday - 07:20 09:20", "tuesday - 08:20 10:20"], "monday tuesday");
    }

    #[test]
    fn an_export_date_is_before_any_receipt() {
        check(&["a 09:19 09:20 12:20", "b 10:19 10:20 10:20"], "a b");
    }

    #[test]
    fn of_exports_of_one_day_the_one_without_a_time_is_ranked_by_its_receipt() {
        // 22:00 UTC on the eve is midnight in Paris.
        check(&["evening 08:22 09:19 09:19", "morning 09:07 09:08 09:08"], "morning evening");
        check(&["early 08:22 09:05 09:05", "morning 09:07 09:08 09:08"], "early morning");
        // Received on a later day, it is still of its own.
        check(&["late 08:22 15:19 15:19", "next 10:07 10:08 10:08"], "late next");
    }
}
