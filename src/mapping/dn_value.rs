//! The one place where a value becomes part of a DN that we write (SEC-36, RFC 4514).

use std::fmt::Write as _;

/// A value fit for an RDN: what has a meaning in a DN is escaped, so that a value never becomes
/// more than a value. Control signs, which validation refuses (SEC-39), are escaped all the same.
pub fn escape_dn_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, sign) in value.char_indices() {
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

#[cfg(test)]
mod tests {
    use ldap3::dn_escape;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_never_becomes_more_than_a_value() {
        // SEC-36.
        for (value, escaped) in [
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
            assert_eq!(escape_dn_value(value), escaped);
        }
    }

    /// What a reader of RFC 4514 makes of an escaped value.
    fn unescape(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            let next = rest.next().unwrap();
            match char::from(next).to_digit(16) {
                Some(high) => {
                    let low = char::from(rest.next().unwrap()).to_digit(16).unwrap();
                    bytes.push(u8::try_from(high * 16 + low).unwrap());
                }
                None => bytes.push(next),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        /// SEC-36: parse(build(x)) = x, and the client's own escape says the same.
        #[test]
        fn an_escaped_value_is_read_back_as_it_was(value in "\\PC{0,12}|[ #,+=\\\\\0\n]{0,6}") {
            let escaped = escape_dn_value(&value);
            prop_assert_eq!(unescape(&escaped), value.clone());
            prop_assert_eq!(unescape(&dn_escape(value.as_str())), value);
        }
    }
}
