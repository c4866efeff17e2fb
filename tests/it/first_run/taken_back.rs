//! Runs taken back, and what somebody did by hand, on a real slapd with refint and memberOf.

use std::collections::BTreeMap;

use rentree::model::entry::{Entry, ObjectKey, ObjectKind};

use super::folder::Folder;
use super::look::{Look, observed};
use super::school::{SECOND, days_ago, pupil};
use super::{full, scene};

/// Two persons let the last plan pass.
fn lifted(folder: &Folder, status: i32) {
    let runs = folder.rentree(&["--format", "json", "runs", "--most", "1"]).with(0);
    let run: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    let hash = run["plan_hash"].as_str().unwrap();
    let given = ["latest", "--confirm", hash, "--reason", "essai", "--by"];
    folder.rentree(&[&["approve"], &given[..], &["Adèle"]].concat()).with(0);
    folder.rentree(&[&["apply"], &given[..], &["Bruno"]].concat()).with(status);
}

/// As before, but for the accounts that were made meanwhile, which cannot be used.
#[track_caller]
fn as_before(now: &BTreeMap<ObjectKey, Entry>, before: &BTreeMap<ObjectKey, Entry>, made: usize) {
    for (key, entry) in before {
        assert_eq!(now.get(key), Some(entry));
    }
    let new: Vec<&Entry> =
        now.iter().filter(|(key, _)| !before.contains_key(key)).map(|(_, entry)| entry).collect();
    assert_eq!(new.len(), made, "{new:?}");
    assert!(new.iter().all(|entry| !entry.enabled), "{new:?}");
}

///
#[test]
fn a_run_is_taken_back_entry_by_entry_and_that_too() {
    let (_slapd, folder, mut first, mut second) = scene(&full(), 12);
    folder.run().with(0);
    let before = observed(&folder);
    // One moves, one is called otherwise and changes class, one is new.
    first.pupils[2].left = Some(days_ago(2));
    second.welcome(pupil(1_002, "2 B"));
    second.pupils.last_mut().unwrap().eleve_id = "77001".to_owned();
    first.pupils[4].usage = Some("DELAUNAY".to_owned());
    first.pupils[4].structures[0].1 = "TG1".to_owned();
    first.welcome(pupil(9_001, "2A1"));
    folder.deliver(&[&first, &second], 1);
    let run = folder.run().with(0);
    assert_eq!(run.sum("planned"), run.sum("done"), "{}", run.stdout);
    let after = observed(&folder);
    assert_ne!(before, after);
    folder.rentree(&["rollback", "2"]).with(0);
    folder.rentree(&["apply", "latest"]).with(0);
    as_before(&observed(&folder), &before, 1);
    // The deliveries still say so: stopped, and told.
    let again = folder.run().with(4);
    assert!(again.stdout.contains("rolled-back"), "{}", again.stdout);
    as_before(&observed(&folder), &before, 1);
    folder.rentree(&["rollback", "3"]).with(0);
    folder.rentree(&["apply", "latest"]).with(0);
    assert_eq!(observed(&folder), after);
    assert_eq!(folder.run().with(0).sum("planned"), 0);
    let drift = folder.rentree(&["show", "--drift"]).with(0);
    assert!(drift.stdout.starts_with("Nothing differs"), "{}", drift.stdout);
}

/// R-47, SEC-44: what the journal does not know for sure, the directory tells.
#[test]
fn a_run_that_was_killed_in_the_middle_is_taken_back() {
    let (slapd, folder, _, _) = scene(&full(), 300);
    let look = Look::at(&slapd);
    let mut run = folder.begin("run");
    assert!(look.waits_for_accounts(120));
    run.kill().unwrap();
    run.wait().unwrap();
    let standing = look.standing_at_rest();
    let stopped = folder.rentree(&["rollback", "1"]).with(4);
    assert!(stopped.stdout.contains("school-emptied") || stopped.stdout.contains("too-many"));
    lifted(&folder, 0);
    let now = observed(&folder);
    let accounts: Vec<&Entry> = now
        .iter()
        .filter(|(key, _)| key.kind() == ObjectKind::Account)
        .map(|(_, entry)| entry)
        .collect();
    assert!((120..310).contains(&standing), "{standing}");
    assert_eq!(accounts.len(), standing, "nothing more was made, nothing deleted");
    assert!(accounts.iter().all(|entry| !entry.enabled));
    let status = folder.rentree(&["status"]).with(0).stdout;
    assert!(status.contains("takes back run 1"), "{status}");
    assert!(status.contains("lifted by Bruno") && status.contains("approved by Adèle"), "{status}");
}

/// SEC-43.
#[test]
fn what_somebody_edits_moves_renames_or_deletes_before_an_apply_is_never_written_over() {
    let (slapd, folder, mut first, _) = scene(&full(), 40);
    folder.run().with(0);
    for rank in 1..6 {
        first.pupils[rank].usage = Some("DELAUNAY".to_owned());
    }
    folder.deliver(&[&first], 1);
    folder.rentree(&["plan"]).with(0);
    let look = Look::at(&slapd);
    let logins: Vec<String> = (1..6).map(|n| folder.login(&format!("100{n}"))).collect();
    let dns: Vec<String> = logins.iter().map(|login| look.account(login).0).collect();
    let elsewhere = format!("ou=personnes,ou={SECOND},{}", crate::slapd::BASE);
    let leaf = |dn: &str| dn.split_once(',').unwrap().0.to_owned();
    look.edit(&dns[0], "sn", "Par la main");
    look.rename(&dns[1], &leaf(&dns[1]), Some(&elsewhere));
    look.rename(&dns[2], "uid=une.autre", None);
    look.delete(&dns[3]);
    let drift = folder.rentree(&["--format", "json", "show", "--drift"]).with(0).stdout;
    let drift: serde_json::Value = serde_json::from_str(&drift).unwrap();
    let mut told: Vec<&str> = drift["drift"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["key"].as_str().unwrap().starts_with("rentree:account:"))
        .map(|one| one["change"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["edited", "edited", "gone", "moved", "moved"]);
    let exact = folder.rentree(&["apply", "latest", "--exact"]).with(8);
    for word in ["was edited", "has moved", "is gone"] {
        assert!(exact.stderr.contains(word), "{}", exact.stderr);
    }
    let moved = format!("{},{elsewhere}", leaf(&dns[1]));
    let hands_off = || {
        let entries = look.entries("(uid=*)");
        assert!(entries[&dns[0]]["sn"].contains("Par la main"));
        assert!(entries.contains_key(&moved) && !entries.contains_key(&dns[1]));
        assert!(entries.keys().any(|dn| dn.starts_with("uid=une.autre,")));
        assert!(!entries.contains_key(&dns[2]) && !entries.contains_key(&dns[3]));
        entries[&dns[4]]["sn"].clone()
    };
    assert!(!hands_off().contains("Delaunay"), "nothing at all was written");
    folder.rentree(&["apply", "latest"]).with(5);
    assert!(hands_off().contains("Delaunay"), "the one whom nobody touched is written");
    // Planned anew, and put right.
    folder.run().with(0);
    let entries = look.entries("(sn=Delaunay)");
    assert_eq!(entries.keys().collect::<Vec<_>>().len(), 5, "{entries:?}");
    assert!(dns.iter().all(|dn| entries.contains_key(dn)), "{entries:?}");
    let drift = folder.rentree(&["show", "--drift"]).with(0);
    assert!(drift.stdout.starts_with("Nothing differs"), "{}", drift.stdout);
}
