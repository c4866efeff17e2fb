//! Distinguished names: the only module that builds or reads them as text (SEC-36, RFC 4514).
//!
//! A value from a school can hold anything; here it becomes a part of a name that means that value
//! and nothing else.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// One attribute and its value in a name: `ou` = `personnes`, nothing escaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ava {
    pub attribute: String,
    pub value: String,
}

/// One step of a name; nearly always a single pair.
pub type Rdn = Vec<Ava>;

/// The text is no name that we can read (RFC 4514 without `#` hexadecimal values).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name: {0}")]
pub struct NotADn(String);

/// A value as it is written in a name. Control signs are escaped too: they are legal there, and
/// validation refuses them (SEC-39), but they break the line-wise tools that a person looks with.
pub fn value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.len().saturating_sub(1);
    for (at, sign) in text.char_indices() {
        match sign {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => {
                out.push('\\');
                out.push(sign);
            }
            '#' | ' ' if at == 0 => {
                out.push('\\');
                out.push(sign);
            }
            ' ' if at == last => out.push_str("\\ "),
            sign if sign.is_ascii_control() => {
                // Infallible on a String.
                let _ = write!(out, "\\{:02x}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out
}

/// `attribute=value`, the value escaped.
pub fn rdn(attribute: &str, text: &str) -> String {
    format!("{attribute}={}", value(text))
}

/// The name of an entry below `parent`.
pub fn child(attribute: &str, text: &str, parent: &str) -> String {
    join(&rdn(attribute, text), parent)
}

/// A step that is written already, in front of the name above it.
pub fn join(leaf: &str, parent: &str) -> String {
    if parent.is_empty() { leaf.to_owned() } else { format!("{leaf},{parent}") }
}

/// The text of a name from its steps, leaf first.
pub fn build(rdns: &[Rdn]) -> String {
    let step = |rdn: &Rdn| {
        let pairs: Vec<_> = rdn.iter().map(|ava| self::rdn(&ava.attribute, &ava.value)).collect();
        pairs.join("+")
    };
    rdns.iter().map(step).collect::<Vec<_>>().join(",")
}

/// Reads a name into its steps, leaf first, values unescaped.
pub fn parse(text: &str) -> Result<Vec<Rdn>, NotADn> {
    Ok(steps(text)?.into_iter().map(|step| step.rdn).collect())
}

/// The name of the entry above, as it was written; none at the top and for an unreadable name.
pub fn parent(text: &str) -> Option<&str> {
    let steps = steps(text).ok()?;
    let first = steps.first()?;
    text.get(first.end + 1..).map(str::trim_start)
}

/// The first step of a name, as it was written.
pub fn leaf(text: &str) -> Option<&str> {
    let steps = steps(text).ok()?;
    text.get(..steps.first()?.end).map(str::trim)
}

/// The attributes and values of the first step; none of an unreadable name.
pub fn leaf_pairs(text: &str) -> Rdn {
    parse(text).ok().and_then(|rdns| rdns.into_iter().next()).unwrap_or_default()
}

/// The text that is equal for every spelling of one name: attributes in lower case, values as
/// servers compare them, no space around separators, escapes written in one way (`\2C` and `\,` are
/// the same comma: slapd answers with the first). The form of such a text is itself. A text that is
/// no name gives itself in lower case, of ASCII only: so it never becomes one.
///
/// Only for comparing: what is written to a target is never this text.
pub fn comparable(text: &str) -> String {
    let Ok(rdns) = parse(text) else { return text.to_ascii_lowercase() };
    build(&rdns.into_iter().map(comparable_rdn).collect::<Vec<_>>())
}

/// The steps of [`comparable`], root first: the order of a tree.
pub fn path(text: &str) -> Result<Vec<String>, NotADn> {
    let rdns = parse(text)?;
    Ok(rdns.into_iter().rev().map(|rdn| build(&[comparable_rdn(rdn)])).collect())
}

/// The entry `text` is `base`, or stands below it.
pub fn within(text: &str, base: &str) -> bool {
    match (path(text), path(base)) {
        (Ok(path), Ok(base)) => path.starts_with(&base),
        _ => false,
    }
}

/// A value as servers compare text: `caseIgnoreMatch` of RFC 4518, near enough (case, repeated and
/// outer spaces, compatibility forms).
pub fn comparable_value(text: &str) -> String {
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

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

fn comparable_rdn(rdn: Rdn) -> Rdn {
    let mut pairs: Rdn = rdn
        .into_iter()
        .map(|ava| Ava {
            attribute: ava.attribute.to_ascii_lowercase(),
            value: comparable_value(&ava.value),
        })
        .collect();
    pairs.sort();
    pairs
}

/// One step and where its text ends.
struct Step {
    rdn: Rdn,
    end: usize,
}

fn steps(text: &str) -> Result<Vec<Step>, NotADn> {
    let wrong = || NotADn(text.to_owned());
    let mut steps = Vec::new();
    if text.trim().is_empty() {
        return Ok(steps);
    }
    let mut rdn = Rdn::new();
    let mut at = 0;
    loop {
        let equals = text.get(at..).and_then(|rest| rest.find('=')).ok_or_else(wrong)? + at;
        let attribute = text.get(at..equals).map(str::trim).ok_or_else(wrong)?;
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';');
        if attribute.is_empty() || !attribute.bytes().all(sign) {
            return Err(wrong());
        }
        let (value, end) = read_value(text, equals + 1).ok_or_else(wrong)?;
        rdn.push(Ava { attribute: attribute.to_owned(), value });
        at = end + 1;
        match text.as_bytes().get(end) {
            Some(b'+') => {}
            Some(_) => steps.push(Step { rdn: std::mem::take(&mut rdn), end }),
            None => {
                steps.push(Step { rdn, end });
                return Ok(steps);
            }
        }
    }
}

/// Reads an escaped value from `start` up to an unescaped `,`, `;`, `+` or the end. Spaces around
/// it are no part of it unless they are escaped.
fn read_value(text: &str, start: usize) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let mut at = start + bytes.get(start..)?.iter().take_while(|byte| **byte == b' ').count();
    if bytes.get(at) == Some(&b'#') {
        return None; // A BER value in hexadecimal: no attribute of ours is written so.
    }
    let mut value = Vec::new();
    let mut kept = 0; // Up to here the value counts; beyond are unescaped spaces.
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b',' | b';' | b'+' => break,
            b'"' | 0 => return None,
            b'\\' => {
                let pair = bytes.get(at + 1..at + 3).and_then(hexadecimal);
                let (escaped, width) = match pair {
                    Some(byte) => (byte, 3),
                    None => (*bytes.get(at + 1)?, 2),
                };
                value.push(escaped);
                kept = value.len();
                at += width;
            }
            _ => {
                value.push(byte);
                if byte != b' ' {
                    kept = value.len();
                }
                at += 1;
            }
        }
    }
    value.truncate(kept);
    Some((String::from_utf8(value).ok()?, at))
}

fn hexadecimal(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok()?;
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values that mean something else when they are not escaped.
    const HOSTILE: &[&str] = &[
        "*)(uid=*",
        "a,b",
        "a+b=c",
        " both ends ",
        "#début",
        "\"guillemets\"",
        "back\\slash",
        "<>;=",
        "a\\2cb",
        "ligne\nsuite",
        "nul\0nul",
        "Œuvre d'été",
        "deux  espaces",
        " ",
        ")(objectClass=*",
    ];

    fn pair(attribute: &str, value: &str) -> Ava {
        Ava { attribute: attribute.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_hostile_value_stays_one_value() {
        // SEC-36.
        for text in HOSTILE {
            let dn = child("cn", text, "ou=0599990N,dc=test");
            let expected = vec![
                vec![pair("cn", text)],
                vec![pair("ou", "0599990N")],
                vec![pair("dc", "test")],
            ];
            assert_eq!(parse(&dn), Ok(expected), "{dn}");
            assert_eq!(parent(&dn), Some("ou=0599990N,dc=test"));
        }
    }

    #[test]
    fn a_value_never_becomes_more_than_a_value() {
        // SEC-36.
        for (text, escaped) in [
            ("ines.lefevre", "ines.lefevre"),
            ("a,ou=admin", "a\\,ou\\=admin"),
            ("#1", "\\#1"),
            ("a#1", "a#1"),
            (" a b ", "\\ a b\\ "),
            (" ", "\\ "),
            ("a+b\"c\\d<e>f;g=h", "a\\+b\\\"c\\\\d\\<e\\>f\\;g\\=h"),
            ("a\nb\0", "a\\0ab\\00"),
            ("é", "é"),
            ("", ""),
        ] {
            assert_eq!(value(text), escaped);
        }
    }

    #[test]
    fn two_writings_of_one_name_are_comparable() {
        for (one, other) in [
            ("UID=Ines.Lefevre, OU=x", "uid=ines.lefevre,ou=x"),
            (r"cn=a\,b,dc=t", r"cn=a\2cb,dc=t"),
            ("cn= 2  A ,dc=t", "cn=2 a,dc=t"),
            ("cn=\u{e9}t\u{e9},dc=t", "cn=E\u{301}te\u{301},dc=t"),
            ("cn=a+sn=b,dc=t", "SN=B + CN=A,dc=t"),
            ("uid=a,ou=B,dc=c", "UID = A , OU=b , DC = C"),
            (r"cn=Dupont\, Jean,ou=x", r"cn=Dupont\2C Jean,ou=x"),
            (r"cn=\C3\A9ric,ou=x", "cn=Éric,ou=x"),
            (r"cn=a\ ,ou=x", "cn=a,ou=x"),
            ("cn=ΟΔΟΣ,ou=x", "cn=οδος,ou=x"),
            ("cn=２Ａ，\u{a0}1,ou=x", r"cn=2a\, 1,ou=x"),
            (r"cn=\e9,dc=t", r"CN=\E9,DC=T"), // No UTF-8: no name, compared as text.
        ] {
            assert_eq!(comparable(one), comparable(other), "{one} and {other}");
        }
    }

    #[test]
    fn names_of_two_entries_differ() {
        for (one, other) in [
            ("cn=2A,dc=t", "cn=2 A,dc=t"),
            ("uid=a,ou=b", "uid=a,ou=c"),
            ("uid=a,ou=b", "uid=a"),
            // Hostile values: an escaped separator is no separator.
            (r"cn=a\,dc=t", "cn=a,dc=t"),
            (r"cn=a\,ou=b", "cn=a,ou=b"),
            (r"cn=a\+sn=b,ou=x", "cn=a+sn=b,ou=x"),
            (r"cn=a\\,ou=x", r"cn=a\,ou=x"),
            ("cn=eric", "cn=éric"),
            ("cn=ab", "cn=a b"),
        ] {
            assert_ne!(comparable(one), comparable(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_name_is_within_its_base_by_steps_and_not_by_letters() {
        assert!(within("cn=a,OU=x,dc=test", "ou=X, dc=test"));
        assert!(within("dc=test", "dc=test"));
        assert!(!within("cn=a,dc=attest", "dc=test"));
        assert!(!within(r"cn=a\,dc=test", "dc=test"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["x", "=a", "cn", "a b=c", "cn=\"a\"", "cn=#04", r"cn=a\", "cn=a,,dc=t", "cn=a,"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(parent("dc=test"), None);
        assert_eq!(parent("a=b , ou=0599990N, dc=fr"), Some("ou=0599990N, dc=fr"));
        assert_eq!(leaf(r"cn=a\,b , dc=test"), Some(r"cn=a\,b"));
        let pairs = vec![pair("uid", "a,b"), pair("cn", "C")];
        assert_eq!(leaf_pairs(r"uid=a\,b+cn=C , ou=0599990N"), pairs);
    }

    proptest! {
        /// SEC-36: what is built is read back, whatever the values.
        #[test]
        fn parse_of_build_is_the_identity(values in prop::collection::vec(any::<String>(), 1..4)) {
            let rdns: Vec<Rdn> = values.iter().map(|value| vec![pair("ou", value)]).collect();
            prop_assert_eq!(parse(&build(&rdns)), Ok(rdns));
        }

        /// SEC-36: the client library, which some would use, escapes to the same meaning.
        #[test]
        fn a_value_means_what_the_client_means(text in "\\PC{0,12}|[ #,+=\\\\\0\n]{0,6}") {
            let theirs = format!("ou={}", ldap3::dn_escape(text.as_str()).replace('\0', "\\00"));
            prop_assert_eq!(parse(&theirs), parse(&rdn("ou", &text)));
        }

        /// `comparable` is stable: comparing what was made comparable changes nothing.
        #[test]
        fn the_form_of_a_form_is_itself(
            dn in r"([a-zA-ZéΣςİ=,+\\# 0-9C;，ﬁ\u{301}\u{a0}\u{0}]|\PC){0,40}",
        ) {
            let once = comparable(&dn);
            prop_assert_eq!(comparable(&once), once);
            let once = comparable(&child("cn", &dn, "dc=test"));
            prop_assert!(parse(&once).is_ok());
            prop_assert_eq!(comparable(&once), once);
        }
    }
}
