//! Places: two DNs are one place when a directory says so, whatever their spelling.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

use crate::model::ids::Uai;

/// The text that is equal for every spelling of one place: attribute names and values in lower
/// case and compatibility forms, no space around separators, runs of spaces made one, escapes
/// written in one way (`\2C` and `\,` are the same comma: slapd answers with the first). The form
/// of a comparable text is itself, also of one that a target made by the same rules.
///
/// Only for comparing: what is written to a target is never this text.
pub fn comparable(dn: &str) -> String {
    let mut text = String::with_capacity(dn.len());
    for (rank, rdn) in split(dn, ',').into_iter().enumerate() {
        if rank > 0 {
            text.push(',');
        }
        let mut pairs: Vec<String> = split(rdn, '+').into_iter().map(comparable_pair).collect();
        pairs.sort();
        text.push_str(&pairs.join("+"));
    }
    text
}

/// The first component: `uid=ines.lefevre`.
pub fn rdn(dn: &str) -> &str {
    split(dn, ',').first().copied().unwrap_or(dn).trim()
}

/// Where the entry stands: all but the first component. None at the top.
pub fn parent(dn: &str) -> Option<&str> {
    let first = split(dn, ',').first()?.len();
    dn.get(first + 1..).map(str::trim_start)
}

/// The attributes and values of the first component, unescaped; attribute names as written.
pub fn rdn_pairs(dn: &str) -> Vec<(String, String)> {
    split(rdn(dn), '+')
        .into_iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(attribute, value)| (attribute.trim().to_owned(), unescaped(value)))
        .collect()
}

/// What people call the entry: the value of the first component.
pub fn name(dn: &str) -> String {
    rdn_pairs(dn).into_iter().next().map_or_else(|| dn.to_owned(), |(_, value)| value)
}

/// The school whose branch the entry stands in, when a component says it: the nearest one.
pub fn school(dn: &str) -> Option<Uai> {
    let values = split(dn, ',').into_iter().filter_map(|rdn| rdn.split_once('='));
    values.filter_map(|(_, value)| unescaped(value).parse().ok()).next()
}

/// The parts of `text` between unescaped separators.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut escaped) = (0, false);
    for (at, sign) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if sign == '\\' {
            escaped = true;
        } else if sign == separator {
            parts.push(text.get(from..at).unwrap_or_default());
            from = at + sign.len_utf8();
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

fn comparable_pair(pair: &str) -> String {
    let (attribute, value) = match pair.split_once('=') {
        Some((attribute, value)) => (Some(attribute), value),
        None => (None, pair),
    };
    let mut text = String::with_capacity(pair.len());
    if let Some(attribute) = attribute {
        text.extend(attribute.trim().chars().flat_map(char::to_lowercase));
        text.push('=');
    }
    let value = folded(&unescaped(value));
    for (rank, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if rank > 0 {
            text.push(' ');
        }
        for sign in word.chars() {
            match sign {
                ',' | '+' | '=' | '"' | '\\' | '<' | '>' | ';' | '#' => {
                    text.push('\\');
                    text.push(sign);
                }
                _ if sign.is_control() || sign == '\u{fffd}' => {
                    let mut bytes = [0; 4];
                    for byte in sign.encode_utf8(&mut bytes).bytes() {
                        let _ = write!(text, "\\{byte:02x}");
                    }
                }
                _ => text.push(sign),
            }
        }
    }
    text
}

/// As servers compare text: `caseIgnoreMatch` of RFC 4518, near enough.
fn folded(value: &str) -> String {
    if value.is_ascii() {
        return value.to_ascii_lowercase();
    }
    // Twice: the lower case of a composed sign may come apart, and some forms have another lower
    // case again. Sign by sign, because a lower case that looks at its neighbours (final sigma)
    // would make the form of a form differ.
    let lower = |text: String| {
        let signs = text.chars().flat_map(char::to_lowercase);
        signs.map(|sign| if sign == 'ς' { 'σ' } else { sign }).nfkc().collect::<String>()
    };
    lower(lower(value.nfkc().collect()))
}

/// A value as it is meant: `\2C` and `\,` are a comma. Spaces at the ends that are not escaped are
/// no part of it.
fn unescaped(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    // Ends at the last byte that was not a plain space.
    let mut end = 0;
    let mut rest = value.trim_start_matches(' ').bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            if byte != b' ' {
                end = bytes.len();
            }
            continue;
        }
        let Some(first) = rest.next() else {
            bytes.push(b'\\');
            end = bytes.len();
            break;
        };
        let second = rest.peek().copied();
        match (digit(first), second.and_then(digit)) {
            (Some(high), Some(low)) => {
                rest.next();
                bytes.push(high * 16 + low);
            }
            _ => bytes.push(first),
        }
        end = bytes.len();
    }
    bytes.truncate(end);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_place_are_equal() {
        let check = |left: &str, right: &str| {
            assert_eq!(comparable(left), comparable(right), "{left} and {right}");
        };
        check("uid=a,ou=B,dc=c", "UID = A , OU=b , DC = C");
        check(r"cn=Dupont\, Jean,ou=x", r"cn=Dupont\2C Jean,ou=x");
        check(r"cn=\C3\A9ric,ou=x", "cn=Éric,ou=x");
        check("cn=deux  mots,ou=x", "cn=Deux mots,ou=x");
        check("cn=a+sn=b,ou=x", "SN=B + CN=A,ou=x");
        check(r"cn=a\ ,ou=x", "cn=a,ou=x");
        check("cn=E\u{301}ric,ou=x", "cn=éric,ou=x");
        check("cn=ΟΔΟΣ,ou=x", "cn=οδος,ou=x");
        check("cn=２Ａ，\u{a0}1,ou=x", r"cn=2a\, 1,ou=x");
    }

    #[test]
    fn different_places_are_not_equal() {
        let check = |left: &str, right: &str| {
            assert_ne!(comparable(left), comparable(right), "{left} and {right}");
        };
        check("uid=a,ou=b", "uid=a,ou=c");
        check("uid=a,ou=b", "uid=a");
        // Hostile values: an escaped separator is no separator.
        check(r"cn=a\,ou=b", "cn=a,ou=b");
        check(r"cn=a\+sn=b,ou=x", "cn=a+sn=b,ou=x");
        check(r"cn=a\\,ou=x", r"cn=a\,ou=x");
        check("cn=eric", "cn=éric");
        check("cn=ab", "cn=a b");
    }

    #[test]
    fn a_place_tells_its_parts() {
        let dn = r"uid=a\,b+cn=C , ou=0599990N, ou=écoles,dc=fr";
        assert_eq!(rdn(dn), r"uid=a\,b+cn=C");
        assert_eq!(parent(dn), Some("ou=0599990N, ou=écoles,dc=fr"));
        assert_eq!(parent("dc=fr"), None);
        assert_eq!(name(dn), "a,b");
        assert_eq!(
            rdn_pairs(dn),
            [("uid".to_owned(), "a,b".to_owned()), ("cn".to_owned(), "C".to_owned())]
        );
        assert_eq!(school(dn).map(String::from), Some("0599990N".to_owned()));
        assert_eq!(school("uid=a,ou=0599990A,dc=fr"), None);
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(
            dn in r"([a-zA-ZéΣςİ=,+\\# 0-9C;，ﬁ\u{301}\u{a0}\u{0}]|\PC){0,40}",
        ) {
            let once = comparable(&dn);
            prop_assert_eq!(comparable(&once), once);
        }
    }
}
