//! The sources of the project as text, with their test code told apart.

use std::fs;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// From the root of the project, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below some folders whose name ends so, in order of path.
pub(crate) fn files(folders: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), endings, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The Rust of the project.
pub(crate) fn rust() -> Vec<Source> {
    files(&["src", "tests", "benches"], &[".rs"])
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, endings, files);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            files.push(Source { path: relative, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

impl Source {
    /// Its first folder below `src`, or the name of a file right there: `plan`, `main`.
    pub(crate) fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        Some(below.split_once('/').map_or(below, |(folder, _)| folder).trim_end_matches(".rs"))
    }

    /// Lines with their number from 1, and whether they are test code.
    pub(crate) fn lines(&self) -> Vec<(usize, &str, bool)> {
        let all_tests = !self.path.starts_with("src/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/");
        let (mut inside, mut to_the_end) = (all_tests, all_tests);
        let mut marked = Vec::new();
        let mut before = "";
        for (number, line) in (1..).zip(self.text.lines()) {
            inside |= line == "#[cfg(test)]";
            // By custom the test module is the last item of its file.
            to_the_end |= before == "#[cfg(test)]" && line.contains("mod ") && line.ends_with('{');
            marked.push((number, line, inside || to_the_end));
            let ends = line == "}" || (!line.starts_with(' ') && line.ends_with(';'));
            inside &= to_the_end || !ends;
            before = line;
        }
        marked
    }

    /// The lines of the product, comments left out.
    pub(crate) fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines().into_iter().filter(|(_, _, test)| !test);
        let code = lines.filter(|(_, line, _)| !line.trim_start().starts_with("//"));
        code.map(|(number, line, _)| (number, line))
    }

    /// The test code, comments included.
    pub(crate) fn tests(&self) -> String {
        let lines = self.lines().into_iter().filter(|(_, _, test)| *test);
        lines.map(|(_, line, _)| format!("{line}\n")).collect()
    }
}

/// Whether a word stands in a text with nothing of the same word on either side.
pub(crate) fn names(text: &str, word: &str, belongs: impl Fn(char) -> bool) -> bool {
    text.match_indices(word).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + word.len()..].chars().next();
        !before.is_some_and(&belongs) && !after.is_some_and(&belongs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn test_code_is_told_apart() {
        let text = "use a;\n#[cfg(test)]\nmod cases;\nfn b() {}\n#[cfg(test)]\nfn c() {\n    1\n}\n\
                    // d\nfn e() {}\n#[cfg(test)]\nmod tests {\n    f\n}\n";
        let product: String = source("src/x/y.rs", text).product().map(|(_, line)| line).collect();
        assert_eq!(product, "use a;fn b() {}fn e() {}");
        assert_eq!(source("src/x/tests.rs", text).product().count(), 0);
        assert_eq!(source("tests/it/x.rs", text).tests(), text);
    }

    #[test]
    fn a_module_is_the_first_folder_or_the_file() {
        assert_eq!(source("src/target/ldap/read.rs", "").module(), Some("target"));
        assert_eq!(source("src/main.rs", "").module(), Some("main"));
        assert_eq!(source("tests/it/main.rs", "").module(), None);
    }
}
