//! A server's own words, fit to be kept.

/// The server's words without the values that they quote: names of people stand there, and this
/// text is kept and printed (DESIGN rule 9). What follows an `=`, and what stands in parentheses or
/// quotes, is a value.
pub(super) fn valueless(text: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0_u32;
    let mut quote = None;
    for sign in text.trim().chars() {
        match (sign, quote) {
            (_, Some(open)) if sign == open => quote = None,
            (_, Some(_)) => {}
            ('(' | '[' | '<' | '{', None) => {
                if depth == 0 {
                    kept.push('…');
                }
                depth += 1;
            }
            (')' | ']' | '>' | '}', None) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ('"' | '\u{201c}' | '\u{ab}', None) => {
                quote = Some(match sign {
                    '"' => '"',
                    '\u{201c}' => '\u{201d}',
                    _ => '\u{bb}',
                });
                kept.push('…');
            }
            // A DN is all values: nothing after the first sign of one is kept.
            ('=', None) => {
                kept.push_str("=…");
                break;
            }
            _ => kept.push(sign),
        }
    }
    kept.retain(|sign| !sign.is_control());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_words_are_kept_without_the_values_that_they_quote() {
        // DESIGN rule 9.
        for (words, expected) in [
            ("", ""),
            ("no write access to parent", "no write access to parent"),
            (
                "non-unique attributes found with (|(mail=zoe.b@x.fr)(uid=zoe.b))",
                "non-unique attributes found with …",
            ),
            ("some attributes not unique, uid=zoe.b,ou=x", "some attributes not unique, uid=…"),
            ("value \"Zoé\" of 'sn' refused", "value … of 'sn' refused"),
            ("mail: value #0 invalid per syntax", "mail: value #0 invalid per syntax"),
            ("left (open zoe.b", "left …"),
            ("left \"open zoe.b", "left …"),
        ] {
            assert_eq!(valueless(words), expected, "{words}");
        }
    }
}
