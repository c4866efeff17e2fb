//! What a power cut leaves of SQLite's write-ahead log. The store syncs it at every commit
//! (`synchronous = FULL`, see `store/tests/disk.rs`): what a call returned from is on the disk,
//! what was under way is there in any part, in any state.

use crate::academy::seed::Stream;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// How the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// What was synced stays; behind it lies a part of the transaction that was under way, or none.
    Cut,
    /// A store that syncs nothing at its commits: the last transactions are gone.
    Unsynced,
}

/// The log as the next process finds it.
pub(crate) fn after_a_power_cut(mut log: Vec<u8>, power: Power, luck: &mut Stream) -> Vec<u8> {
    let commits = commits(&log);
    let Some(&end) = commits.last() else { return log };
    log.truncate(end);
    match power {
        Power::Unsynced => {
            let kept = luck.index(commits.len());
            log.truncate(commits[kept]);
        }
        Power::Cut if luck.once_in(2) => {
            // The frames of a transaction, as the log would get them: torn, or with a bad sum.
            let from = commits.iter().rev().nth(1).copied().unwrap_or(HEADER);
            let mut torn = log[from..end].to_vec();
            torn.truncate(luck.index(torn.len()));
            if let Some(sign) = torn.get_mut(FRAME_HEADER) {
                *sign ^= 0x55;
            }
            log.extend(torn);
        }
        Power::Cut => {}
    }
    log
}

/// Where each transaction of the log ends.
fn commits(log: &[u8]) -> Vec<usize> {
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(log.get(at..at + 4)?.try_into().unwrap()))
    };
    let (Some(page), Some(salt)) = (number(8), log.get(16..24)) else { return Vec::new() };
    let frame = FRAME_HEADER + usize::try_from(page).unwrap();
    let mut ends = Vec::new();
    let mut at = HEADER;
    // A frame of an earlier turn of the log has another salt: what follows is not in force.
    while log.get(at + 8..at + 16) == Some(salt) && at + frame <= log.len() {
        if number(at + 4) != Some(0) {
            ends.push(at + frame);
        }
        at += frame;
    }
    ends
}

#[test]
fn the_end_of_each_transaction_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    for value in 0..3 {
        connection.execute_batch(&format!("CREATE TABLE t{value} (x)")).unwrap();
    }
    let log = std::fs::read(folder.path().join("x.db-wal")).unwrap();
    let ends = commits(&log);
    assert_eq!((ends.len(), ends.last()), (3, Some(&log.len())));
    let mut luck = Stream::new(1, "disk");
    let longer = |log: &Vec<u8>| log.len() > ends[2];
    let cut = |luck: &mut Stream| after_a_power_cut(log.clone(), Power::Cut, luck);
    assert!((0..20).map(|_| cut(&mut luck)).any(|log| longer(&log)), "something torn lies there");
    drop(connection);
}
