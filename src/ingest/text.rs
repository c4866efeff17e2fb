//! Text as exports write it, made plain (formats 6.3). Empty is absent.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Signs kept of a name: more than any check accepts, so that a check still sees that it is too
/// long, and few enough that ten thousand hostile names stay small.
const NAME_CHARS_MAX: usize = 256;
/// Identifiers and codes are 11 characters at most in every format; longer ones are damage.
const CODE_CHARS_MAX: usize = 40;

/// Trims ASCII and no-break white space.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|sign: char| {
        sign.is_ascii_whitespace() || matches!(sign, '\u{a0}' | '\u{202f}' | '\u{2007}')
    })
}

/// A name or label: trimmed, without one stray quote at either end (seen in real files), NFC.
pub(super) fn name(text: &str) -> Option<String> {
    let text = trim(text);
    let text = text.strip_prefix(['\'', '"']).unwrap_or(text);
    let text = trim(text.strip_suffix(['\'', '"']).unwrap_or(text));
    if text.is_empty() {
        return None;
    }
    // Most names, in the time that matters.
    if text.len() <= NAME_CHARS_MAX && text.is_ascii() {
        return Some(text.to_owned());
    }
    let text: String = text.chars().map(typed).collect();
    let text = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect::<String>(),
    };
    Some(text.chars().take(NAME_CHARS_MAX).collect())
}

/// What a word processor puts in place of a blank or a hyphen, as it is typed.
fn typed(sign: char) -> char {
    match sign {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => ' ',
        '\u{2010}' | '\u{2011}' => '-',
        sign => sign,
    }
}

/// The label of a class: a name without signs that nobody sees (SEC-39).
pub(super) fn label(text: &str) -> Option<String> {
    let seen: String = text.chars().filter(|sign| !is_unseen(*sign)).collect();
    name(&seen)
}

/// Control signs, and those that are invisible or turn the direction of writing.
fn is_unseen(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// An identifier or code: opaque, trimmed only. Signs that nobody sees (SEC-39) or an absurd length
/// make it no code at all.
pub(super) fn code(text: &str) -> Option<String> {
    let text = trim(text);
    let few = text.len() <= CODE_CHARS_MAX || text.chars().count() <= CODE_CHARS_MAX;
    let good = !text.is_empty() && few && !text.chars().any(is_unseen);
    good.then(|| text.to_owned())
}

/// For facts: one line, bounded, no control character.
pub(super) fn quotable(text: &str, chars_max: usize) -> String {
    trim(text).chars().filter(|sign| !sign.is_control()).take(chars_max).collect()
}

/// The form of a value without the value: digits as 9, letters as A. Safe to show of a date.
pub(super) fn form(text: &str) -> String {
    let shape = |sign: char| match sign {
        _ if sign.is_numeric() => '9',
        _ if sign.is_alphabetic() => 'A',
        _ => sign,
    };
    quotable(text, 20).chars().map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_freed_of_one_quote_and_composed() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(name(text).as_deref(), expect, "{text:?}");
        };
        check("  LEFEBVRE \n", Some("LEFEBVRE"));
        check("\u{a0}LEFEBVRE\u{202f}", Some("LEFEBVRE"));
        check("'DUPONT'", Some("DUPONT"));
        check("\" DUPONT", Some("DUPONT"));
        check("D'HAESE", Some("D'HAESE"));
        check("''QUOTE''", Some("'QUOTE'"));
        check("Zoe\u{301}", Some("Zo\u{e9}"));
        check("JEAN  PAUL", Some("JEAN  PAUL"));
        check("JEAN\u{a0}PAUL", Some("JEAN PAUL"));
        check("JEAN\u{2010}PAUL\u{2011}LUC", Some("JEAN-PAUL-LUC"));
        check("", None);
        check(" \u{a0} ", None);
        check("''", None);
        assert_eq!(name(&"x".repeat(4000)).unwrap().len(), NAME_CHARS_MAX);
    }

    #[test]
    fn codes_are_opaque() {
        let check =
            |text: &str, expect: Option<&str>| assert_eq!(code(text).as_deref(), expect, "{text}");
        check(" 2 A ", Some("2 A"));
        check("AGL1 ", Some("AGL1"));
        check("'2A'", Some("'2A'"));
        check("3\u{e9}/\"B\"", Some("3\u{e9}/\"B\""));
        check("", None);
        check("2\u{1}A", None);
        check("2\u{202e}A", None);
        check("2\u{200b}A", None);
        check(&"9".repeat(41), None);
    }

    #[test]
    fn a_label_has_no_sign_that_nobody_sees() {
        // SEC-39.
        assert_eq!(label("SECONDE \u{202e}A\u{7}").as_deref(), Some("SECONDE A"));
        assert_eq!(label("\u{200b}"), None);
    }

    #[test]
    fn the_form_of_a_date_says_nothing_of_it() {
        assert_eq!(form("22/12/09"), "99/99/99");
        assert_eq!(form("22 d\u{e9}c\n2009"), "99 AAA9999");
    }
}
