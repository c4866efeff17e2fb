//! Text in addresses and forms: what a value holds never becomes more than a value (SEC-36).

/// Everything but letters, digits and four signs is written as its bytes (RFC 3986).
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0')));
            }
        }
    }
    out
}

/// Fields of a form.
pub(super) fn form(fields: &[(&str, String)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        // SEC-36.
        assert_eq!(percent("a'b#c/d?e&f=é"), "a%27b%23c%2Fd%3Fe%26f%3D%C3%A9");
        let fields = [("a", "x&b=y".to_owned()), ("c", "1+1".to_owned())];
        assert_eq!(form(&fields), "a=x%26b%3Dy&c=1%2B1");
    }
}
