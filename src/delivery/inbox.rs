//! The walk through the inbox: files and manifests in the order of names.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Refusal, Stamp, unreadable};

/// A folder in a folder in a folder: deeper than any drop zone is.
const DEPTH_MAX: usize = 32;
pub(super) const MANIFEST_SUFFIX: &str = ".received.toml";

#[derive(Debug, Clone)]
pub(super) struct Found {
    pub path: PathBuf,
    /// Path below the inbox, with `/`.
    pub name: String,
    pub stamp: Stamp,
}

#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub files: Vec<Found>,
    pub manifests: Vec<Found>,
    /// Files and folders that could not even be looked at.
    pub refused: Vec<Refusal>,
}

pub(super) fn find(inbox: &Path) -> io::Result<Inbox> {
    let mut found = Inbox::default();
    for (name, path) in entries(inbox)? {
        look(&name, &path, 1, &mut found);
    }
    Ok(found)
}

/// Of one folder, sorted by name; hidden ones and those still being copied are left alone.
fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let passing = name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp");
        if !passing {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}

fn look(name: &str, path: &Path, depth: usize, found: &mut Inbox) {
    // Links are not followed: what they point to was not delivered here.
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) => return refuse(name, &error, found),
    };
    if metadata.is_dir() {
        let listed = if depth < DEPTH_MAX {
            entries(path)
        } else {
            Err(io::Error::other("folders are nested too deeply"))
        };
        match listed {
            Ok(children) => {
                for (child, path) in children {
                    look(&format!("{name}/{child}"), &path, depth + 1, found);
                }
            }
            Err(error) => refuse(name, &error, found),
        }
    } else if metadata.is_file() {
        take(name, path, &metadata, found);
    }
}

fn take(name: &str, path: &Path, metadata: &Metadata, found: &mut Inbox) {
    match Stamp::of_metadata(metadata) {
        Ok(stamp) => {
            let file = Found { path: path.to_owned(), name: name.to_owned(), stamp };
            let list = if name.ends_with(MANIFEST_SUFFIX) {
                &mut found.manifests
            } else {
                &mut found.files
            };
            list.push(file);
        }
        Err(error) => refuse(name, &error, found),
    }
}

fn refuse(name: &str, error: &io::Error, found: &mut Inbox) {
    found.refused.push(Refusal {
        name: name.to_owned(),
        // Nothing is known of it, not even when it came.
        received_at: Timestamp::UNIX_EPOCH,
        digest: None,
        finding: unreadable(name, error),
    });
}
