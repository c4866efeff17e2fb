//! What differs between two runs of the same story, replaced by a word in brackets.

/// Replaces hashes, ports, durations and process numbers, and the story's own folder.
pub(crate) fn normal(text: &str, folder: &str) -> String {
    let text = text.replace(folder, "[DIR]");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(sign) = rest.chars().next() {
        let begins = !out.chars().next_back().is_some_and(|before| before.is_alphanumeric());
        let found = if begins { varying(&out, rest) } else { None };
        if let Some((length, word)) = found {
            out.push_str(word);
            rest = &rest[length..];
        } else {
            out.push(sign);
            rest = &rest[sign.len_utf8()..];
        }
    }
    out
}

/// Length of the varying text that `rest` begins with, and the word for it.
fn varying(before: &str, rest: &str) -> Option<(usize, &'static str)> {
    let digits = run(rest, |byte| byte.is_ascii_digit());
    if digits > 0 {
        if ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|host| before.ends_with(host)) {
            return Some((digits, "[PORT]"));
        }
        if ["pid ", "PID "].iter().any(|word| before.ends_with(word)) {
            return Some((digits, "[PID]"));
        }
        if let Some(length) = duration(rest, digits) {
            return Some((length, "[TIME]"));
        }
    }
    let hexadecimal = run(rest, |byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (hexadecimal >= 12 && ends(&rest[hexadecimal..])).then_some((hexadecimal, "[HASH]"))
}

/// `12 ms`, `0.3 s`, `1,5 s`, `3ms`.
fn duration(rest: &str, digits: usize) -> Option<usize> {
    let tail = &rest[digits..];
    let decimals = match tail.strip_prefix(['.', ',']) {
        Some(tail) => 1 + Some(run(tail, |byte| byte.is_ascii_digit())).filter(|n| *n > 0)?,
        None => 0,
    };
    let tail = &tail[decimals..];
    let space = usize::from(tail.starts_with(' '));
    let unit = ["ms", "µs", "s"]
        .into_iter()
        .find(|unit| tail[space..].strip_prefix(unit).is_some_and(ends))?;
    Some(digits + decimals + space + unit.len())
}

fn run(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| belongs(*byte)).count()
}

/// Nothing of the same word follows.
fn ends(rest: &str) -> bool {
    !rest.chars().next().is_some_and(|sign| sign.is_alphanumeric() || sign == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(normal(text, "/var/x/story"), expect);
    }

    #[test]
    fn what_varies_is_replaced() {
        check("plan 0123456789ab made", "plan [HASH] made");
        check("sha256:00ff00ff00ff00ff00ff.", "sha256:[HASH].");
        check("ldaps://127.0.0.1:40123/dc=x", "ldaps://127.0.0.1:[PORT]/dc=x");
        check("ldap://localhost:389 [::1]:636", "ldap://localhost:[PORT] [::1]:[PORT]");
        check("in 12 ms, 0.3 s (1,5 s) 3ms", "in [TIME], [TIME] ([TIME]) [TIME]");
        check("held by pid 4711", "held by pid [PID]");
        check("/var/x/story/inbox/a.xml:3", "[DIR]/inbox/a.xml:3");
    }

    #[test]
    fn what_is_the_same_every_time_stays() {
        for same in [
            "3 schools, 12 seconds",
            "990000001EB",
            "20260907213000Z",
            "2026-09-07T19:30:00Z",
            "0599990N/2A1",
            "0123456789a",
            "deadbeefdeadbeefz",
            "élève1.5 sur 2",
            "a 5. s",
        ] {
            check(same, same);
        }
    }
}
