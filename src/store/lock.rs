//! One run at a time (SEC-46): a lock of the kernel, which vanishes with its process, however that
//! ends; and a file that says who holds it, with a heartbeat.
//!
//! Where the kernel says that somebody holds it, somebody does. Where it says that nobody does, the
//! file has the last word: on a network file system the kernel may not know of another host. What
//! the file says is stale, and taken over, when
//!
//! - its owner is of this host, and the process is gone, or is another one of the same number;
//! - its owner is of another host, and its heart has not beaten for [`SILENCE_MAX`].
//!
//! Ages are told by the file system's clock alone, so that the clocks of hosts may differ.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::private_folder;

const FILE: &str = "lock";
/// Where the file system is asked for its time.
const PROBE: &str = "lock.time";
/// More than an owner ever takes; the rest of a longer file is not ours.
const OWNER_BYTES_MAX: u64 = 4096;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// An owner on another host that was silent for so long is dead: 40 heartbeats.
pub const SILENCE_MAX: Duration = Duration::from_secs(600);

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    pub pid: u32,
    /// When the kernel started the process, in its own ticks since the boot, and the boot: a number
    /// is given to another process one day. Absent where it could not be told.
    #[serde(default)]
    pub born: Option<String>,
    pub host: String,
    pub started_at: Timestamp,
    /// `run`, `apply`…
    pub command: String,
}

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// Somebody who died without letting go.
    pub left_by: Option<LockOwner>,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Held {
    /// Exit status 7.
    #[error("{}", held(.0.as_ref()))]
    By(Option<LockOwner>),
    #[error("cannot lock the state folder: {0}")]
    Io(#[from] io::Error),
}

impl fmt::Display for LockOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, born: _, host, started_at, command } = self;
        write!(f, "`rentree {command}`, process {pid} on {host}, since {started_at}")
    }
}

fn held(owner: Option<&LockOwner>) -> String {
    match owner {
        Some(owner) => format!("another run holds the lock: {owner}"),
        None => "another run holds the lock".to_owned(),
    }
}

impl Lock {
    /// Takes the lock of a state folder, without waiting. The folder is made by whoever comes
    /// first.
    pub fn take(folder: &Path, owner: &LockOwner) -> Result<Self, Held> {
        private_folder(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(FILE))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Held::By(read_owner(&mut file))),
            Err(TryLockError::Error(error)) => return Err(Held::Io(error)),
        }
        let left_by = read_owner(&mut file);
        if let Some(before) = &left_by
            && may_live(before, &owner.host, || silence(folder, &file))?
        {
            return Err(Held::By(left_by));
        }
        file.set_len(0)?;
        file.rewind()?;
        // The last sign is the heart: a space, written again and again.
        let text = serde_json::to_string(owner).map_err(io::Error::from)? + " ";
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let (stop, stopped) = channel();
        let (beating, last) = (file.try_clone()?, text.len() as u64 - 1);
        let heart = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || beat(HEARTBEAT, beating, last, &stopped))?;
        Ok(Self { file, left_by, heart: Some((stop, heart)) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.heart.take() {
            drop(stop);
            let _ = heart.join();
        }
        // The file stays: removing it would let two processes lock two files of one name. Closing
        // it lets go of the lock, even where this fails.
        let _ = self.file.set_len(0);
    }
}

/// Shows that the owner lives, until it lets go.
fn beat(every: Duration, mut file: File, at: u64, stopped: &Receiver<()>) {
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        // A full disk takes no more signs; the kernel's lock holds all the same.
        let _ = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(b" "));
    }
}

/// Whether the owner that the file names may still be at work, where the kernel knows of none.
fn may_live(
    named: &LockOwner,
    host: &str,
    silence: impl FnOnce() -> io::Result<Duration>,
) -> io::Result<bool> {
    if named.host != host {
        return Ok(silence()? < SILENCE_MAX);
    }
    let born = born(named.pid);
    Ok(born.is_some() && born == named.born)
}

/// Who is at work in a state folder, as its file says it. The lock itself is not tried: whoever
/// comes for it at that instant would be sent away.
pub fn at_work(folder: &Path, host: &str) -> io::Result<Option<LockOwner>> {
    let mut file = match File::open(folder.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(named) = read_owner(&mut file) else { return Ok(None) };
    Ok(may_live(&named, host, || silence(folder, &file))?.then_some(named))
}

/// How long the heart has not beaten, by the clock of the file system.
fn silence(folder: &Path, lock: &File) -> io::Result<Duration> {
    let probe = folder.join(PROBE);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&probe)?;
    file.write_all(b" ")?;
    let (now, last) = (file.metadata()?.modified()?, lock.metadata()?.modified()?);
    fs::remove_file(&probe)?;
    Ok(now.duration_since(last).unwrap_or_default())
}

/// When a process of this machine was started, and in which boot: the same process, the same text.
pub fn born(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; 20 fields after it stands the start.
    let started = stat.rsplit_once(") ")?.1.split(' ').nth(19)?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("{started} of {}", boot.trim()))
}

/// None while its owner is just writing it.
fn read_owner(file: &mut File) -> Option<LockOwner> {
    let mut text = String::new();
    file.take(OWNER_BYTES_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn owner(command: &str) -> LockOwner {
        LockOwner {
            pid: 4711,
            born: None,
            host: "essai".into(),
            started_at: "2026-09-01T22:00:00Z".parse().unwrap(),
            command: command.into(),
        }
    }

    /// The file as an owner left it, silent for so long.
    fn left(folder: &Path, owner: &LockOwner, silence: Duration) {
        let file = File::create(folder.join(FILE)).unwrap();
        serde_json::to_writer(&file, owner).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the file's own time")]
        file.set_modified(SystemTime::now() - silence).unwrap();
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        // SEC-46.
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), &owner("run")).unwrap();
        assert_eq!(first.left_by, None);
        let error = Lock::take(folder.path(), &owner("apply")).unwrap_err();
        let Held::By(Some(held_by)) = &error else { panic!("{error}") };
        assert_eq!(*held_by, owner("run"));
        assert!(error.to_string().contains("`rentree run`, process 4711 on essai"), "{error}");
        drop(first);
        assert_eq!(Lock::take(folder.path(), &owner("apply")).unwrap().left_by, None);
    }

    #[test]
    fn the_first_command_of_all_makes_the_folder_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        Lock::take(&state, &owner("run")).unwrap();
        let mode = std::fs::metadata(state).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o700);
    }

    #[test]
    fn a_lock_left_in_the_file_by_a_dead_process_holds_nobody_up() {
        // SEC-46: the words stay after a kill, the kernel's lock does not.
        let folder = tempfile::tempdir().unwrap();
        let dead = LockOwner { pid: u32::MAX, born: Some("1 of x".into()), ..owner("run") };
        let text = serde_json::to_string(&dead).unwrap();
        std::fs::write(folder.path().join(FILE), format!("{text}{}", " ".repeat(3000))).unwrap();
        let lock = Lock::take(folder.path(), &owner("replay")).unwrap();
        assert_eq!(lock.left_by, Some(dead));
    }

    #[test]
    fn a_number_that_another_process_got_is_not_its_owner() {
        // SEC-46. This very process has the number, and was not born then.
        let folder = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let alive = LockOwner { pid, born: born(pid), ..owner("run") };
        assert!(alive.born.is_some(), "this system tells when a process was born");
        let reused = LockOwner { born: Some("1 of another boot".into()), ..alive.clone() };
        left(folder.path(), &reused, Duration::ZERO);
        assert_eq!(Lock::take(folder.path(), &owner("run")).unwrap().left_by, Some(reused));
        // And where the kernel's lock is blind, a live owner is not stolen from, however silent.
        left(folder.path(), &alive, SILENCE_MAX * 100);
        let error = Lock::take(folder.path(), &owner("run")).unwrap_err();
        assert!(matches!(&error, Held::By(Some(by)) if *by == alive), "{error}");
    }

    #[test]
    fn an_owner_on_another_host_is_dead_once_its_heart_has_stopped() {
        // SEC-46.
        let folder = tempfile::tempdir().unwrap();
        let far = LockOwner { host: "ailleurs".into(), born: born(1), pid: 1, ..owner("run") };
        left(folder.path(), &far, SILENCE_MAX - Duration::from_secs(60));
        let error = Lock::take(folder.path(), &owner("run")).unwrap_err();
        assert!(error.to_string().contains("on ailleurs"), "{error}");
        left(folder.path(), &far, SILENCE_MAX + Duration::from_secs(1));
        assert_eq!(Lock::take(folder.path(), &owner("run")).unwrap().left_by, Some(far));
        assert!(!folder.path().join(PROBE).exists());
    }

    #[test]
    fn who_is_at_work_is_told_without_trying_the_lock() {
        // SEC-46.
        let folder = tempfile::tempdir().unwrap();
        let ours = owner("run");
        let told = || at_work(folder.path(), &ours.host).unwrap();
        assert_eq!(told(), None);
        let ours =
            LockOwner { pid: std::process::id(), born: born(std::process::id()), ..ours.clone() };
        let lock = Lock::take(folder.path(), &ours).unwrap();
        assert_eq!(told(), Some(ours.clone()));
        drop(lock);
        assert_eq!(told(), None, "it let go");
        left(
            folder.path(),
            &LockOwner { born: Some("1 of another boot".into()), ..ours.clone() },
            Duration::ZERO,
        );
        assert_eq!(told(), None, "it died");
        let far = LockOwner { host: "ailleurs".into(), ..ours.clone() };
        left(folder.path(), &far, SILENCE_MAX - Duration::from_secs(60));
        assert_eq!(told(), Some(far.clone()));
        left(folder.path(), &far, SILENCE_MAX + Duration::from_secs(1));
        assert_eq!(told(), None, "its heart has stopped");
    }

    #[test]
    fn a_heart_beats_without_a_change_of_what_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path(), &owner("run")).unwrap();
        let path = folder.path().join(FILE);
        let before = std::fs::read(&path).unwrap();
        lock.file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let (stop, stopped) = channel();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let last = before.len() as u64 - 1;
        let heart =
            std::thread::spawn(move || beat(Duration::from_millis(1), file, last, &stopped));
        while lock.file.metadata().unwrap().modified().unwrap() == SystemTime::UNIX_EPOCH {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(stop);
        heart.join().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
