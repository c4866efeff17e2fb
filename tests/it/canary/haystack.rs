//! Everything that is in a folder, ready to be searched: files as they are, and the values of a
//! database one by one, as SQLite may tear them over two pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Bytes by name: the path below the folder, or `path:table.column`.
pub(crate) struct Haystacks(BTreeMap<String, Vec<u8>>);

impl Haystacks {
    /// Everything below a folder, but for one of its folders.
    pub(crate) fn of(root: &Path, except: &str) -> Self {
        let mut all = Self(BTreeMap::new());
        all.add(root, root, &root.join(except));
        let databases: Vec<String> =
            all.0.keys().filter(|name| name.ends_with(".db")).cloned().collect();
        for name in databases {
            all.add_database(&name, &root.join(&name));
        }
        all
    }

    fn add(&mut self, root: &Path, path: &Path, except: &Path) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path != except {
                    self.add(root, &path, except);
                }
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            self.0.insert(name, fs::read(&path).unwrap());
        }
    }

    fn add_database(&mut self, name: &str, path: &Path) {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let mut statement = connection.prepare(tables).unwrap();
        let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for table in tables.map(Result::unwrap) {
            let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for (rank, column) in columns.iter().enumerate() {
                    let stack = self.0.entry(format!("{name}:{table}.{column}")).or_default();
                    match row.get_ref(rank).unwrap() {
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => stack.extend(bytes),
                        ValueRef::Integer(number) => stack.extend(number.to_string().bytes()),
                        ValueRef::Real(_) | ValueRef::Null => {}
                    }
                    stack.push(b'\n');
                }
            }
        }
    }

    /// What was printed or written for people and programs to read.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let text = |name: &str| {
            let name = Path::new(name);
            let ends = |one: &str| name.extension().is_some_and(|extension| extension == one);
            ["out", "err", "txt", "csv"].into_iter().any(ends)
        };
        let all = self.0.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        all.filter(move |(name, _)| text(name))
    }

    /// The text is in no haystack with such a name: in no case, nor in base64 or hexadecimal.
    #[track_caller]
    pub(crate) fn has_no(&self, text: &str, searched: impl Fn(&str) -> bool) {
        let low = text.to_lowercase().into_bytes();
        for (name, bytes) in self.0.iter().filter(|(name, _)| searched(name)) {
            assert!(!holds(&bytes.to_ascii_lowercase(), &low), "{text} is in {name}");
        }
        self.has_no_bytes(text.as_bytes(), searched);
    }

    /// The bytes are in no haystack with such a name: as they are, nor in base64 or hexadecimal.
    #[track_caller]
    pub(crate) fn has_no_bytes(&self, needle: &[u8], searched: impl Fn(&str) -> bool) {
        let forms = forms(needle);
        for (name, bytes) in self.0.iter().filter(|(name, _)| searched(name)) {
            for form in &forms {
                assert!(!holds(bytes, form), "{} is in {name}", form.escape_ascii());
            }
        }
    }

    /// The text is in a haystack whose name ends so.
    #[track_caller]
    pub(crate) fn has(&self, text: &str, place: &str) {
        let low = text.to_lowercase().into_bytes();
        let mut searched = self.0.iter().filter(|(name, _)| name.ends_with(place));
        let found = searched.any(|(_, bytes)| holds(&bytes.to_ascii_lowercase(), &low));
        let names: Vec<&String> = self.0.keys().filter(|name| !name.contains(':')).collect();
        assert!(found, "{text} is not in {place}; searched: {names:?}");
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.any(|(at, _)| bytes[at..].starts_with(needle))
}

/// As it is, in hexadecimal, and as it shows in base64 at each of its three alignments.
fn forms(needle: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![needle.to_owned(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for shift in 0..3_usize {
        let padded = [vec![0; shift], needle.to_owned()].concat();
        let coded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&padded);
        // Signs that also depend on what stands before or after are left out.
        let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
        forms.push(coded.as_bytes()[from..to].to_owned());
    }
    forms
}

#[test]
fn a_needle_is_found_in_whatever_form() {
    let hay = |bytes: &[u8]| Haystacks(BTreeMap::from([("a.out".to_owned(), bytes.to_owned())]));
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let stacks = [
        "xxCaNaRi42xx".to_owned(),
        coded("canari42"),
        coded("xcanari42x"),
        coded("xxcanari42"),
        "63616e6172693432".to_owned(),
        "63616E6172693432".to_owned(),
    ];
    for stack in stacks {
        let found = std::panic::catch_unwind(|| hay(stack.as_bytes()).has_no("canari42", |_| true));
        assert!(found.is_err(), "{stack}");
    }
    hay(b"canary42").has_no("canari42", |_| true);
}
