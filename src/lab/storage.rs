//! The lab on disk: a snapshot, and the changes since, one JSON line each.
//!
//! A change is in the log before it is in memory, and on the disk before its answer is sent. The
//! last line may be torn by a crash: it was never answered, and is cut off on open.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a folder keeps: it is made again from its changes, in their order.
pub(super) trait Kept: Default {
    type Change: Serialize + DeserializeOwned;

    fn redo(&mut self, change: &Self::Change);
    /// Changes that make the same from nothing.
    fn changes(&self) -> impl Iterator<Item = Self::Change>;
}

const SNAPSHOT: &str = "entries.jsonl";

/// The first line of a snapshot: which log goes on from it.
#[derive(Serialize, Deserialize)]
struct Heading {
    generation: u64,
}

/// The open log.
#[derive(Debug)]
pub(super) struct Storage {
    log: File,
    appended: Arc<AtomicU64>,
}

/// Makes appended changes durable; many sessions share one fsync.
#[derive(Debug, Clone)]
pub(super) struct Syncer {
    log: Arc<File>,
    appended: Arc<AtomicU64>,
    synced: Arc<Mutex<u64>>,
}

/// Reads what stands in the folder, writes it as a new snapshot, and opens an empty log.
pub(super) fn open<K: Kept>(folder: &Path) -> io::Result<(K, Storage, Syncer)> {
    let mut kept = K::default();
    let snapshot = folder.join(SNAPSHOT);
    let mut generation = 0;
    if snapshot.exists() {
        let mut lines = BufReader::new(File::open(&snapshot)?).lines();
        let heading = lines.next().transpose()?.unwrap_or_default();
        generation = serde_json::from_str::<Heading>(&heading)?.generation;
        for line in lines {
            kept.redo(&serde_json::from_str(&line?)?);
        }
    }
    let old = log_file(folder, generation);
    if old.exists() {
        seal(&old)?;
        for line in BufReader::new(File::open(&old)?).lines() {
            kept.redo(&serde_json::from_str(&line?)?);
        }
    }
    // The log of the next generation does not exist yet: a crash before the rename leaves the old
    // pair in force, after it the new one.
    let new = log_file(folder, generation + 1);
    let log = private().create(true).truncate(true).open(&new)?;
    write_snapshot(&snapshot, generation + 1, &kept)?;
    File::open(folder)?.sync_all()?;
    if old.exists() {
        fs::remove_file(&old)?;
    }
    let appended = Arc::new(AtomicU64::new(0));
    let syncer = Syncer {
        log: Arc::new(log.try_clone()?),
        appended: Arc::clone(&appended),
        synced: Arc::default(),
    };
    Ok((kept, Storage { log, appended }, syncer))
}

fn log_file(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("changes-{generation}.jsonl"))
}

/// Passwords are in there, hashed: for the owner only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn write_snapshot(path: &Path, generation: u64, kept: &impl Kept) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut out = BufWriter::new(private().create(true).truncate(true).open(&draft)?);
    writeln!(out, "{}", serde_json::to_string(&Heading { generation })?)?;
    for change in kept.changes() {
        writeln!(out, "{}", serde_json::to_string(&change)?)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(draft, path)
}

/// Cuts a last line off that has no end.
fn seal(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok(())
}

impl Storage {
    /// Writes a change to the log; durable after [`Syncer::sync`].
    pub(super) fn append(&mut self, change: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        let before = self.log.metadata()?.len();
        if let Err(error) = self.log.write_all(&line) {
            // Half a line in the middle would make all that follows unreadable.
            self.log.set_len(before)?;
            io::Seek::seek(&mut self.log, io::SeekFrom::Start(before))?;
            return Err(error);
        }
        self.appended.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Syncer {
    /// Returns when all that was appended before the call is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        let wanted = self.appended.load(Ordering::SeqCst);
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced < wanted {
            let covered = self.appended.load(Ordering::SeqCst);
            self.log.sync_data()?;
            *synced = covered;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tree::{Change, Tree};
    use std::collections::BTreeMap;

    fn put(dn: &str) -> Change {
        Change::Put { dn: dn.to_owned(), attributes: BTreeMap::new() }
    }

    fn names(tree: &Tree) -> Vec<String> {
        tree.nodes().map(|(_, node)| node.dn.clone()).collect()
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_rest_stands() {
        let folder = tempfile::tempdir().unwrap();
        let (_, mut storage, syncer) = open::<Tree>(folder.path()).unwrap();
        storage.append(&put("dc=t")).unwrap();
        storage.append(&put("ou=a,dc=t")).unwrap();
        syncer.sync().unwrap();
        let log = log_file(folder.path(), 1);
        let whole = fs::read(&log).unwrap();
        for cut in 0..whole.len() {
            let copy = tempfile::tempdir().unwrap();
            fs::copy(folder.path().join(SNAPSHOT), copy.path().join(SNAPSHOT)).unwrap();
            fs::write(log_file(copy.path(), 1), &whole[..cut]).unwrap();
            let (tree, mut storage, _) = open::<Tree>(copy.path()).unwrap();
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(tree.nodes().count(), lines, "cut at {cut}");
            storage.append(&put("ou=after,dc=t")).unwrap();
            let (tree, ..) = open::<Tree>(copy.path()).unwrap();
            assert_eq!(tree.nodes().count(), lines + 1, "cut at {cut}, then a change");
        }
    }

    #[test]
    fn what_was_written_stands_after_every_opening() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..3 {
            let (tree, mut storage, _) = open::<Tree>(folder.path()).unwrap();
            assert_eq!(tree.nodes().count(), round);
            storage.append(&put(&format!("ou=r{round},dc=t"))).unwrap();
        }
        let (tree, ..) = open::<Tree>(folder.path()).unwrap();
        assert_eq!(names(&tree), ["ou=r0,dc=t", "ou=r1,dc=t", "ou=r2,dc=t"]);
        // One snapshot, one log.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
