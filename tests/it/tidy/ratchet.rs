//! Lists of known exceptions that may only shrink.

use std::collections::BTreeMap;
use std::fs;

use super::sources::root;

/// What was found, or is listed: a key, and how much of it (0 when that says nothing).
pub(crate) type Exceptions = BTreeMap<String, u64>;

/// Fails on what is not listed, and on what is listed and mended. `UPDATE_EXPECT=1` takes the
/// mended out of the list, and adds nothing.
pub(crate) fn hold(list: &str, found: &Exceptions) {
    let path = root().join("tests/data").join(list);
    let text = fs::read_to_string(&path).unwrap();
    let (head, listed) = read(&text);
    let (new, mended) = compare(&listed, found);
    if std::env::var_os("UPDATE_EXPECT").is_some() && !mended.is_empty() {
        let kept = listed
            .into_iter()
            .filter_map(|(key, most)| found.get(&key).map(|now| (key, most.min(*now))));
        fs::write(&path, head + &write(&kept.collect())).unwrap();
    } else if !mended.is_empty() {
        panic!("mended, take it out of tests/data/{list} (UPDATE_EXPECT=1 does): {mended:#?}");
    }
    assert!(new.is_empty(), "mend it, or defend a line in tests/data/{list}: {new:#?}");
}

/// What is found and not listed, or more than listed; and what is listed and no more so.
fn compare(listed: &Exceptions, found: &Exceptions) -> (Vec<String>, Vec<String>) {
    let line = |(key, size): (&String, &u64)| show(key, *size);
    let new = found.iter().filter(|(key, size)| listed.get(*key).is_none_or(|most| *size > most));
    let mended = listed.iter().filter(|(key, most)| found.get(*key).is_none_or(|now| now < *most));
    (new.map(line).collect(), mended.map(line).collect())
}

/// Comment lines, and the exceptions: a key, then the size when there is one.
fn read(text: &str) -> (String, Exceptions) {
    let (head, lines): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with('#') || line.is_empty());
    let entry = |line: &str| match line.rsplit_once(' ') {
        Some((key, size)) if size.parse::<u64>().is_ok() => {
            (key.to_owned(), size.parse::<u64>().unwrap())
        }
        _ => (line.to_owned(), 0),
    };
    let head = head.into_iter().map(|line| format!("{line}\n")).collect();
    (head, lines.into_iter().map(entry).collect())
}

fn write(exceptions: &Exceptions) -> String {
    exceptions.iter().map(|(key, size)| show(key, *size) + "\n").collect()
}

fn show(key: &str, size: u64) -> String {
    if size == 0 { key.to_owned() } else { format!("{key} {size}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_written_back() {
        let text = "# Why.\nfunction src/a.rs b 80\nsimple\n";
        let (head, listed) = read(text);
        assert_eq!(head + &write(&listed), text);
    }

    #[test]
    fn new_grown_shrunk_and_mended_are_told() {
        let exceptions = |text| read(text).1;
        let check = |listed, found, new: &[&str], mended: &[&str]| {
            let (a, b) = compare(&exceptions(listed), &exceptions(found));
            assert_eq!(
                (a, b),
                (
                    new.iter().map(|s| (*s).into()).collect(),
                    mended.iter().map(|s| (*s).into()).collect()
                )
            );
        };
        check("a 5", "a 5", &[], &[]);
        check("a 5", "a 6", &["a 6"], &[]);
        check("a 5", "a 4", &[], &["a 5"]);
        check("a", "b", &["b"], &["a"]);
    }
}
