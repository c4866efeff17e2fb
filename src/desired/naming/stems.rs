//! One kind of name before its suffix: joined by the scheme, shortened and cut to its limit.
//!
//! What a person is called is nobody's to judge: `jean.lecul` and `j.bitter` stay. What is looked
//! at is what we make of names: initials, a name that continues them, a cut.

use std::collections::BTreeSet;

use crate::mapping::naming::{Form, Part, WORD_MAX};

/// Digits of a suffix: a name that has room for them is not shortened.
const SUFFIX_MAX: usize = 6;
/// Shorter words count only when they are the whole join, or the initials alone: `c.onstant` is
/// no insult, `c.on` is one.
const WORD_INSIDE_MIN: usize = 4;
/// A cut is one sign shorter rather than end in a word of so many letters.
const WORD_AT_CUT_MIN: usize = 3;
/// What Windows takes for a device whatever follows the dot: no folder can be called `con.martin`.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// One kind of name, whole and with the first name shortened; cut when a suffix needs the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stems {
    whole: String,
    /// Empty when the whole name has room for any suffix that is to be expected.
    shortened: String,
    /// Lengths at which the shortened name would end in an unfortunate word that it has not.
    bad_cuts: Vec<usize>,
    limit: usize,
}

impl Stems {
    pub(super) fn new(
        form: &Form,
        given: &[String],
        called: &[String],
        unfortunate: &BTreeSet<String>,
    ) -> Self {
        let initials: String = given.iter().filter_map(|word| word.chars().next()).collect();
        let join = |shorten: bool| {
            let part = |part: &Part| match part {
                Part::Called => called.join(&form.joint),
                Part::Initials => initials.clone(),
                Part::Given if shorten => initials.clone(),
                Part::Given => given.join(&form.joint),
            };
            joined(form, form.parts.iter().map(part))
        };
        let spelled_out = || {
            let part = |part: &Part| match part {
                Part::Called => called.join(&form.joint),
                Part::Given | Part::Initials => given.join(&form.joint),
            };
            joined(form, form.parts.iter().map(part))
        };
        let misread = || {
            let called_first = form.parts.first() == Some(&Part::Called);
            misread(&initials, &called.concat(), called_first, unfortunate)
        };
        let by_initials = form.parts.contains(&Part::Initials);
        let mut whole = join(false);
        let fits = |whole: &String| whole.len() + SUFFIX_MAX <= form.limit;
        let avoid = (by_initials || !fits(&whole)) && misread();
        if by_initials && avoid {
            whole = spelled_out();
        }
        let mut stems =
            Self { whole, shortened: String::new(), bad_cuts: Vec::new(), limit: form.limit };
        if !fits(&stems.whole) {
            stems.shortened = if avoid { spelled_out() } else { join(true) };
            stems.bad_cuts = bad_cuts(&stems.shortened, form.limit, unfortunate);
        }
        stems
    }

    /// What stands before a suffix of `width` digits; never ends with a dot or hyphen.
    pub(super) fn before(&self, width: usize) -> &str {
        let mut room = self.limit.saturating_sub(width);
        if self.whole.len() <= room {
            return &self.whole;
        }
        while self.bad_cuts.contains(&room) {
            room -= 1;
        }
        let from = if self.shortened.is_empty() { &self.whole } else { &self.shortened };
        let cut = from.get(..room).unwrap_or(from);
        cut.trim_end_matches(['.', '-'])
    }
}

fn joined(form: &Form, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    let device = parts.first().is_some_and(|first| DEVICES.contains(&first.as_str()));
    let separator = if device && form.separator == "." { "-" } else { &form.separator };
    parts.join(separator)
}

/// The initials are an unfortunate word, alone or with the letters of the name that touch them.
/// The dot hides nothing: `p.ute`.
fn misread(
    initials: &str,
    called: &str,
    called_first: bool,
    unfortunate: &BTreeSet<String>,
) -> bool {
    let (join, seam) = if called_first {
        (format!("{called}{initials}"), called.len())
    } else {
        (format!("{initials}{called}"), initials.len())
    };
    if unfortunate.contains(initials) || unfortunate.contains(&join) {
        return true;
    }
    (seam.saturating_sub(WORD_MAX)..seam).any(|start| {
        let ends = (seam + 1).max(start + WORD_INSIDE_MIN)..=join.len().min(start + WORD_MAX);
        ends.into_iter().any(|end| unfortunate.contains(&join[start..end]))
    })
}

/// Lengths at which a cut would make a word that the name has not: `martine.duconn|ier`.
fn bad_cuts(shortened: &str, limit: usize, unfortunate: &BTreeSet<String>) -> Vec<usize> {
    let ends_badly = |end: &usize| {
        let Some((before, after)) = shortened.split_at_checked(*end) else { return false };
        let goes_on = after.starts_with(|sign: char| sign.is_ascii_alphanumeric());
        let first = before.len().saturating_sub(WORD_MAX);
        let mut starts = first..(before.len() + 1).saturating_sub(WORD_AT_CUT_MIN);
        goes_on && starts.any(|start| unfortunate.contains(&before[start..]))
    };
    (limit.saturating_sub(2 * SUFFIX_MAX)..=limit).filter(ends_badly).collect()
}
