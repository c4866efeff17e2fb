//! The French words of doubtful matches, from `review.fr.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use super::catalogue::{fill_with, harmless};
use crate::matching::block::Key;
use crate::matching::decide::Doubt;
use crate::matching::judge::Stop;
use crate::matching::weigh::Weighed;
use crate::model::registry::LinkEvidence;
use crate::store::review::{QuestionState, Verdict};

static WORDS: LazyLock<BTreeMap<String, BTreeMap<String, String>>> = LazyLock::new(|| {
    // A test reads the same bytes: it cannot fail in the field.
    toml::from_str(include_str!("review.fr.toml")).unwrap_or_default()
});

/// Facts of a sentence, by name; `None` leaves the piece out that needs it.
pub(super) type Fact<'a> = (&'static str, Option<&'a str>);

/// A sentence with its facts.
pub(super) fn say(section: &str, name: &str, facts: &[Fact<'_>]) -> String {
    let facts: BTreeMap<Cow<'static, str>, String> = facts
        .iter()
        .filter_map(|(name, value)| Some((Cow::Borrowed(*name), (*value)?.to_owned())))
        .collect();
    fill_with(text(section, name), &facts, &harmless)
}

fn text(section: &str, name: &str) -> &'static str {
    let found = WORDS.get(section).and_then(|words| words.get(name));
    found.map_or("", String::as_str)
}

/// The word of an enum, as the store and JSON have it.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // A variant with something inside: its name.
        Ok(serde_json::Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// What a school secretary reads of a doubt; nothing of the other person is told.
pub fn doubt_for_schools(why: Doubt) -> &'static str {
    text("doubt-for-schools", &word(&why))
}

/// What whoever decides reads of it.
pub fn doubt(why: Doubt) -> &'static str {
    text("doubt", &word(&why))
}

/// What stopped an automatic match.
pub fn stop(stop: Stop) -> &'static str {
    text("stop", &word(&stop))
}

/// On what a record was given to a person.
pub fn evidence(evidence: LinkEvidence) -> &'static str {
    text("evidence", &word(&evidence))
}

/// What a blocking key compares.
pub fn matching_key(key: Key) -> &'static str {
    text("matching-key", key.as_str())
}

pub fn verdict(verdict: Verdict) -> &'static str {
    text("verdict", verdict.as_str())
}

pub fn state(state: QuestionState) -> &'static str {
    text("state", state.as_str())
}

/// One field in words: « Nom identique, porté par 1 élève sur 330 ».
pub fn weighed(line: &Weighed, pupil: bool) -> String {
    let one_in = line.one_in.map(|one_in| thousands(u64::from(one_in)));
    let who = if pupil { "élève" } else { "personne" };
    let facts = [("one_in", one_in.as_deref()), ("who", Some(who))];
    say(&word(&line.field), &word(&line.agreement), &facts)
}

/// Tenths of a bit: `+8,3`, `−5,6`.
pub fn bits(decibits: i32) -> String {
    let sign = if decibits < 0 { '−' } else { '+' };
    let size = decibits.unsigned_abs();
    format!("{sign}{},{}", size / 10, size % 10)
}

/// `12 500`, with spaces that do not break.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Agreement, Field};

    const STOPS: [Stop; 13] = [
        Stop::Homonyms,
        Stop::ListedInThisFile,
        Stop::TwinsShape,
        Stop::NameDamaged,
        Stop::Contradiction,
        Stop::NotCompatible,
        Stop::NothingExact,
        Stop::NamesExchanged,
        Stop::Truncated,
        Stop::RunnerUp,
        Stop::RivalRecord,
        Stop::TooLittle,
        Stop::LowScore,
    ];

    #[test]
    fn everything_has_its_words() {
        for one in STOPS {
            assert!(!stop(one).is_empty(), "{one:?}");
        }
        let doubts = [
            Doubt::BirthDateDiffers,
            Doubt::GivenNameDiffers,
            Doubt::NameDiffers,
            Doubt::NothingAgrees,
            Doubt::TwoPersons,
            Doubt::TwiceInOneFile,
            Doubt::Resembles(Stop::RunnerUp),
        ];
        for one in doubts {
            assert!(!doubt(one).is_empty() && !doubt_for_schools(one).is_empty(), "{one:?}");
        }
        for key in Key::ALL {
            assert!(!matching_key(key).is_empty(), "{key:?}");
        }
        for field in Field::ALL {
            for agreement in [
                Agreement::Same,
                Agreement::Usage,
                Agreement::Part,
                Agreement::Typing,
                Agreement::Exchanged,
                Agreement::Near,
                Agreement::Close,
                Agreement::Differs,
            ] {
                let line = Weighed { field, agreement, decibits: 0, one_in: None };
                assert!(!weighed(&line, true).is_empty(), "{line:?}");
            }
        }
        for one in [
            LinkEvidence::New,
            LinkEvidence::Waited,
            LinkEvidence::Decided,
            LinkEvidence::NumberAndBirthDate,
            LinkEvidence::NumberAndNames,
            LinkEvidence::IneAndBirthDate,
            LinkEvidence::IneAndNames,
            LinkEvidence::Corroborated,
        ] {
            assert!(!evidence(one).is_empty(), "{one:?}");
        }
    }

    #[test]
    fn a_field_is_told_in_words_with_signed_bits_and_never_a_percentage() {
        let (field, agreement) = (Field::Family, Agreement::Same);
        let line = Weighed { field, agreement, decibits: 83, one_in: Some(330) };
        assert_eq!(weighed(&line, true), "Nom identique, porté par 1 élève sur 330");
        assert_eq!((bits(83), bits(-56), bits(0), bits(5)), {
            ("+8,3".into(), "−5,6".into(), "+0,0".into(), "+0,5".into())
        });
        assert_eq!(thousands(12_500), "12\u{202F}500");
        let all = WORDS.values().flat_map(BTreeMap::values);
        assert!(all.clone().count() > 150 && !all.clone().any(|text| text.contains('%')));
    }
}
