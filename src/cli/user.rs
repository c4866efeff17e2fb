//! Who runs the command: the name that is kept with an answer.

/// The name of the user who owns the process; behind `sudo`, of the one who called it.
pub fn name() -> String {
    let uid = uid().unwrap_or_default();
    let behind = std::env::var("SUDO_USER").ok().filter(|name| uid == "0" && is_a_name(name));
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    behind.or_else(|| in_passwd(&passwd, &uid)).unwrap_or_else(|| format!("uid {uid}"))
}

/// The effective number of the user.
fn uid() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

fn in_passwd(passwd: &str, uid: &str) -> Option<String> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let own = fields.into_iter().find(|fields| fields.get(2) == Some(&uid))?;
    own.first().map(|name| (*name).to_owned())
}

fn is_a_name(text: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
    !text.is_empty() && text.len() <= 64 && text.chars().all(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let passwd = "root:x:0:0:root:/:/bin/sh\nadele:x:1000:1000::/:/bin/sh\n";
        assert_eq!(in_passwd(passwd, "1000").as_deref(), Some("adele"));
        assert_eq!(in_passwd(passwd, "10"), None);
        assert!(is_a_name("adele.martin") && !is_a_name("a b") && !is_a_name(""));
    }
}
