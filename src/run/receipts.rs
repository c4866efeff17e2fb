//! When bytes were received, and whether receiving them again says something.
//!
//! STSWeb writes no date. A mistake that a school undoes gives the very bytes of before, and only
//! the receipt tells that they are the latest word. An inbox that somebody copies anew says
//! nothing: there, several files of one school and source are received again at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::delivery::Source;
use crate::model::ids::{Digest, Uai};
use crate::validate::batch::believable;

/// Receipts so close to each other are those of one copy.
const COPY_MAX: SignedDuration = SignedDuration::from_hours(1);

/// When some bytes were received, under whatever names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Starts the clock.
    pub first: Timestamp,
    /// Dates a file without a date of its own. Never one of the future, unless there is no other.
    pub last: Timestamp,
    /// The last one that was looked at, whether it said something or not.
    pub heard: Timestamp,
}

/// What the store knows of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub uai: Uai,
    pub source: Source,
    pub receipt: Receipt,
}

/// The receipts of everything in the inbox, which is told file by file.
pub fn hear<'a>(
    known: &BTreeMap<Digest, Known>,
    files: impl Iterator<Item = (&'a Digest, Timestamp)>,
    now: Timestamp,
) -> BTreeMap<Digest, Receipt> {
    let mut found: BTreeMap<&Digest, Vec<Timestamp>> = BTreeMap::new();
    files.for_each(|(digest, at)| found.entry(digest).or_default().push(at));
    let mut receipts: BTreeMap<Digest, Receipt> = BTreeMap::new();
    let mut again: BTreeMap<(&Uai, Source), Vec<(&Digest, Timestamp)>> = BTreeMap::new();
    for (digest, all) in found {
        let Some(first) = all.iter().copied().min() else { continue };
        let last = all.into_iter().filter(|at| believable(*at, now)).max();
        let anew = Receipt { first, last: last.unwrap_or(first), heard: last.unwrap_or(first) };
        let receipt = match known.get(digest) {
            Some(one) if believable(one.receipt.last, now) => {
                let key = (&one.uai, one.source);
                if let Some(at) = last.filter(|at| *at > one.receipt.heard) {
                    again.entry(key).or_default().push((digest, at));
                }
                Receipt { first: first.min(one.receipt.first), ..one.receipt }
            }
            // Its time was wrong: whatever stands there now counts.
            Some(_) | None => anew,
        };
        receipts.insert(digest.clone(), receipt);
    }
    for all in again.values() {
        for (digest, at) in all {
            let Some(receipt) = receipts.get_mut(*digest) else { continue };
            let near = |other: &Timestamp| other.duration_since(*at).abs() <= COPY_MAX;
            let copied = all.iter().any(|(other, at)| other != digest && near(at));
            receipt.heard = *at;
            if !copied {
                receipt.last = *at;
            }
        }
    }
    receipts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let (day, time) = text.split_once('T').unwrap();
        format!("2026-09-{day}T{time}:00Z").parse().unwrap()
    }

    /// `known` as `byte first last heard`, `files` as `byte instant`, instants of September 2026;
    /// the receipts as `byte first last`.
    fn check(known: &[&str], files: &[&str], expect: &[&str]) {
        let digest = |byte: &str| Digest::of_bytes([byte.parse().unwrap(); 32]);
        let known = known
            .iter()
            .map(|text| {
                let words: Vec<&str> = text.split(' ').collect();
                let one = Known {
                    uai: "0590001F".parse().unwrap(),
                    source: Source::Sts,
                    receipt: Receipt {
                        first: at(words[1]),
                        last: at(words[2]),
                        heard: at(words[3]),
                    },
                };
                (digest(words[0]), one)
            })
            .collect();
        let files: Vec<(Digest, Timestamp)> = files
            .iter()
            .map(|text| text.split_once(' ').unwrap())
            .map(|(byte, time)| (digest(byte), at(time)))
            .collect();
        let files = files.iter().map(|(digest, at)| (digest, *at));
        let got = hear(&known, files, at("20T22:00"));
        assert_eq!(got.len(), expect.len());
        for text in expect {
            let words: Vec<&str> = text.split(' ').collect();
            let receipt = got.get(&digest(words[0])).unwrap();
            assert_eq!((receipt.first, receipt.last), (at(words[1]), at(words[2])), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_receipt_of_the_same_bytes_are_kept() {
        check(&[], &["1 09T20:00", "1 07T20:00"], &["1 07T20:00 09T20:00"]);
        let monday = "1 07T20:00 07T20:00 07T20:00";
        check(&[monday], &["1 09T20:00"], &["1 07T20:00 09T20:00"]);
        check(&[monday], &["1 07T20:00"], &["1 07T20:00 07T20:00"]);
    }

    #[test]
    fn a_copy_of_the_inbox_says_nothing() {
        let (monday, tuesday) = ("1 07T20:00 09T20:00 09T20:00", "2 08T20:00 08T20:00 08T20:00");
        let files = ["1 15T03:00", "2 15T03:10"];
        let same = ["1 07T20:00 09T20:00", "2 08T20:00 08T20:00"];
        check(&[monday, tuesday], &files, &same);
        // Nor later, when only one of them is still there.
        let heard = "2 08T20:00 08T20:00 15T03:10";
        check(&[monday, heard], &["2 15T03:10"], &same[1..]);
        // One alone is a correction.
        check(&[monday, tuesday], &["2 15T03:10"], &["2 08T20:00 15T03:10"]);
    }

    #[test]
    fn a_receipt_in_the_future_is_none() {
        let monday = "1 07T20:00 07T20:00 07T20:00";
        check(&[monday], &["1 30T20:00"], &["1 07T20:00 07T20:00"]);
        // It is all there is: the delivery is refused for it, until its time is mended.
        check(&[], &["1 30T20:00"], &["1 30T20:00 30T20:00"]);
        let wrong = "1 30T20:00 30T20:00 30T20:00";
        check(&[wrong], &["1 19T20:00"], &["1 19T20:00 19T20:00"]);
    }
}
