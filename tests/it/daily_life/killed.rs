//! `kill -9` of a run at any instant, then the next one.

use std::thread::sleep;
use std::time::Instant;

use rentree::cli::clock::entropy;

use super::super::folder::{BEFFROI, Folder, MONDAY, small_school};

const ROUNDS_MIN: u32 = 12;
const ROUNDS_MAX: u32 = 60;

#[test]
fn a_run_that_was_killed_is_finished_by_the_next_one() {
    // DESIGN rule 7, SEC-46: killing the process at any instant and running again reaches the same
    // final state, and the lock ends with its process. To play one again: RENTREE_SEED=…
    let seed: Option<u64> = std::env::var("RENTREE_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        entropy(&mut bytes);
        u64::from_le_bytes(bytes)
    });
    println!("RENTREE_SEED={seed}");
    let calm = Folder::new(&[BEFFROI]);
    small_school(&calm, BEFFROI, 100, 80);
    let begun = Instant::now();
    calm.at(MONDAY, &["run"]).exit(0);
    let whole = begun.elapsed();
    let (people, directory) = (calm.people(MONDAY), calm.directory(MONDAY));
    let mut random = seed;
    let mut part = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(random >> 33).unwrap() % 1000
    };
    // As many rounds as it takes until some kills fell between two writes.
    let (mut round, mut half_done) = (0, 0);
    while round < ROUNDS_MIN || half_done < 2 {
        assert!(round < ROUNDS_MAX, "no kill falls into the writing: {half_done} of {round}");
        round += 1;
        let folder = calm.twin();
        small_school(&folder, BEFFROI, 100, 80);
        // Killed twice: the second kill may fall into the recovery from the first.
        for _ in 0..2 {
            let mut child = folder.spawn(MONDAY, &["run"]);
            sleep(whole * part() / 1000);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let last = folder.at(MONDAY, &["run"]);
        half_done += u32::from(last.err.contains("was interrupted"));
        assert_eq!(last.status, 0, "round {round}: {last:?}");
        let again = folder.json_at(MONDAY, &["run"]).exit(0);
        assert_eq!(again.operations(), 0, "round {round}: {again:?}");
        assert_eq!(folder.people(MONDAY), people, "round {round}");
        assert_eq!(folder.directory(MONDAY), directory, "round {round}");
    }
}
