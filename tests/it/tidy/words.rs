//! Words that do not belong in the sources. They are put together here, so that this file passes.

use super::sources::{files, names, rust};

const UNFINISHED: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("db", "g!("),
    concat!("#[ign", "ore"),
];

/// Marks of work to come, in comments: a text of the product may well hold three crosses.
const MARKS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of somebody's machine.
const MACHINE: [&str; 4] =
    [concat!("/wo", "rk"), concat!("/tm", "p"), concat!("/ro", "ot"), concat!("/ho", "me")];

/// Reads of the wall clock, and of the system's randomness.
const CLOCK: [&str; 5] =
    ["SystemTime::now", "Timestamp::now", "Zoned::now", "getrandom::", "OsRng"];

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    let mut found = Vec::new();
    for source in rust() {
        for (number, line) in (1..).zip(source.text.lines()) {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            let unfinished = UNFINISHED.iter().any(|word| line.contains(word))
                || MARKS.iter().any(|mark| names(comment, mark, char::is_alphanumeric));
            if unfinished || switches_a_lint_off(line) {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A lint is expected with a reason, never silenced.
fn switches_a_lint_off(line: &str) -> bool {
    let word = concat!("all", "ow(");
    line.match_indices(word).any(|(place, _)| {
        let before = &line[..place];
        let joined = before.ends_with(|sign: char| sign.is_alphanumeric() || "_.\"".contains(sign));
        !joined && !before.ends_with("fn ")
    })
}

#[test]
fn no_path_of_a_machine_is_in_the_sources() {
    let mut found = Vec::new();
    for source in files(&["src", "mappings", "samples"], &[".rs", ".toml", ".md", ".html"]) {
        for (number, line) in (1..).zip(source.text.lines()) {
            if MACHINE.iter().any(|folder| is_path(line, folder)) {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The folder as the beginning of a path: `"/x"`, `/x/y`, and not `a/x`, `/xy`.
fn is_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(place, _)| {
        let before = line[..place].chars().next_back();
        let after = line[place + folder.len()..].chars().next();
        let begins = !before.is_some_and(|sign| sign.is_alphanumeric() || "_./-}]".contains(sign));
        // `/home/{login}` is an attribute of somebody's directory, not a folder of ours.
        let template = line[place + folder.len()..].starts_with("/{");
        begins && !template && after.is_some_and(|sign| "/\"'`".contains(sign))
    })
}

#[test]
fn only_one_file_reads_the_clock_and_the_generator() {
    let mut found = Vec::new();
    for source in rust().into_iter().filter(|source| source.path != "src/cli/clock.rs") {
        for (number, line) in source.product() {
            let word_sign = |sign: char| sign.is_alphanumeric() || sign == '_';
            let reads = |word: &&str| names(line, word.trim_end_matches(':'), word_sign);
            if CLOCK.iter().any(reads) {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "time and entropy are arguments (DESIGN section 3): {found:#?}");
}

#[test]
fn words_are_recognised_where_they_count() {
    let silence = |inside: &str| format!("{}{}", concat!("all", "ow("), inside);
    assert!(switches_a_lint_off(&format!("#[{}dead_code)]", silence(""))));
    assert!(switches_a_lint_off(&format!("#[cfg_attr(test, {}x))]", silence(""))));
    assert!(!switches_a_lint_off(&format!("guard.{}1)", silence(""))));
    assert!(!switches_a_lint_off(&format!("pub fn {}x: u8)", silence(""))));
    let folder = MACHINE[1];
    assert!(is_path(&format!("open(\"{folder}/x\")"), folder));
    assert!(is_path(&format!("let a = \"{folder}\";"), folder));
    assert!(!is_path(&format!("a{folder}/x {folder}later"), folder));
    assert!(!is_path(&format!("{folder}/{{login}}"), folder));
}
