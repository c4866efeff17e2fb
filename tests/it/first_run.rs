//! The whole job against a real slapd, through the real binary, under the wall clock.
//!
//! slapd has the overlays of a school directory (memberOf, refint, ppolicy, unique) and a service
//! account with the rights of the README, which is not the rootdn.

mod folder;
mod look;
mod output;
mod proxied;
mod school;
mod taken_back;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use folder::{Folder, over_ldaps, simple, target};
use look::{Look, observed};
use rentree::academy::seed::Stream;
use school::{FIRST, SECOND, School, days_ago, pupil};

use crate::slapd::{Certificates, Choices, Slapd, Variant};

fn full() -> Choices {
    Choices::of(Variant::Full)
}

/// Two schools, `pupils` and 12.
fn schools(pupils: usize) -> (School, School) {
    (School::new(FIRST, &["2A1", "1G1", "TG1"], pupils), School::new(SECOND, &["2 B"], 12))
}

/// A server, a folder for it, and the deliveries of two schools in its inbox.
fn scene(choices: &Choices, pupils: usize) -> (Slapd, Folder, School, School) {
    let slapd = Slapd::start(choices);
    let folder = Folder::new(&over_ldaps(&slapd));
    let (first, second) = schools(pupils);
    folder.deliver(&[&first, &second], 3);
    (slapd, folder, first, second)
}

/// The directory is as it must be after a run that nobody disturbed, each account has one sealed
/// secret, which opens it, and nothing is left to write.
#[track_caller]
fn ends_as_if_undisturbed(folder: &Folder, slapd: &Slapd, undisturbed: &Folder) {
    let again = folder.run().with(0);
    assert_eq!(again.sum("planned"), 0, "{}", again.stdout);
    assert_eq!(observed(folder), observed(undisturbed));
    let look = Look::at(slapd);
    let accounts = look.entries("(uid=*)").len();
    let passwords = folder.passwords();
    assert_eq!(look.shut(&passwords), Vec::<String>::new());
    assert_eq!((passwords.len(), folder.sealed_rows()), (accounts, accounts));
}

#[test]
fn a_first_run_writes_everything_and_a_second_nothing_and_the_lab_holds_the_same() {
    let (slapd, folder, _, _) = scene(&full(), 40);
    let first = folder.run().with(0);
    assert_eq!(first.sum("planned"), first.sum("done"), "{}", first.stdout);
    let second = folder.run().with(0);
    for counter in ["planned", "done", "failed", "skipped"] {
        assert_eq!(second.sum(counter), 0, "{}", second.stdout);
    }
    // 52 pupils and 6 of the staff; 2 × (3 containers) and 3 + 1 divisions and 2 groups.
    let entries = observed(&folder);
    assert_eq!(entries.len(), 58 + 6 + 6);
    let lab = folder.twin(&folder::lab());
    lab.run().with(0);
    let in_lab = observed(&lab);
    for (key, entry) in &entries {
        assert_eq!(Some(entry), in_lab.get(key), "the lab is wrong");
    }
    assert_eq!(entries.len(), in_lab.len());
    ends_as_if_undisturbed(&folder, &slapd, &lab);
}

/// SEC-12.
#[test]
fn an_initial_password_is_changed_by_its_owner_and_never_touched_again() {
    let (slapd, folder, mut first, _) = scene(&full(), 9);
    folder.run().with(0);
    let passwords: BTreeMap<String, String> = folder.passwords().into_iter().collect();
    let login = folder.login("1004");
    let initial = &passwords[&login];
    let look = Look::at(&slapd);
    let (dn, _) = look.account(&login);
    assert_eq!(look.bind(&dn, "un autre mot de passe"), 49);
    // 50: nothing but the change of the password.
    assert_eq!(look.person_tries(&dn, initial, "Choisi-par-elle-2026"), [50, 50, 0]);
    assert_eq!(look.bind(&dn, initial), 49);
    assert_eq!(look.bind(&dn, "Choisi-par-elle-2026"), 0);
    let password = |values: &look::Values| {
        ["userPassword", "pwdReset", "pwdChangedTime"].map(|name| values.get(name).cloned())
    };
    let chosen = password(&look.account(&login).1);
    assert!(chosen[0].is_some() && chosen[1].is_none(), "{chosen:?}");

    assert_eq!(folder.run().with(0).sum("planned"), 0);
    // Her name and her class change: her entry is written, and her password is not.
    let her = &mut first.pupils[4];
    assert_eq!(her.eleve_id, "1004");
    her.usage = Some("DELAUNAY".to_owned());
    her.structures[0].1 = "TG1".to_owned();
    folder.deliver(&[&first], 2);
    let third = folder.run().with(0);
    assert_eq!(third.sum("planned"), third.sum("done"));
    let (still, values) = look.account(&login);
    assert_eq!((still, password(&values)), (dn.clone(), chosen));
    assert!(values["sn"].contains("Delaunay"), "{values:?}");
    assert_eq!(look.bind(&dn, "Choisi-par-elle-2026"), 0);
}

/// SEC-04.
#[test]
fn start_tls_and_the_local_socket_serve_and_nothing_unprotected_does() {
    let (slapd, folder, _, _) = scene(&full(), 3);
    let ca = slapd.ca_file();
    let bind = simple("bind");
    // Another authority: nothing is written, and what to do is said.
    let other = tempfile::tempdir().unwrap();
    Certificates::make(other.path());
    folder.aim(&target(&slapd.ldaps(), Some(&other.path().join("ca.pem")), &bind));
    let refused = folder.run().with(6);
    assert!(refused.stderr.contains("warning: ") && refused.stderr.contains("hint: "));
    assert!(refused.stderr.contains("ertificate"), "{}", refused.stderr);
    // A server without a certificate.
    let plain = Slapd::start(&Choices { tls: false, ..full() });
    folder.aim(&target(&plain.ldap(), Some(&ca), &bind));
    let refused = folder.run().with(6);
    assert!(refused.stderr.contains("StartTLS refused") && refused.stderr.contains("hint: "));
    for (server, name) in [(&slapd, "slapd"), (&plain, "plain")] {
        assert_eq!(Look::at(server).entries("(objectClass=*)").len(), 1, "{name}: the base only");
    }
    // StartTLS does it all; the socket, as the system's user, finds it done.
    folder.aim(&target(&slapd.ldap(), Some(&ca), &bind));
    let run = folder.run().with(0);
    assert!(run.sum("done") > 20 && run.sum("done") == run.sum("planned"), "{}", run.stdout);
    folder.aim(&target(&slapd.ldapi(), None, "bind = { method = \"external\" }\n"));
    assert_eq!(folder.run().with(0).sum("planned"), 0);
    // And it writes as well.
    let over_socket =
        folder.twin(&target(&plain.ldapi(), None, "bind = { method = \"external\" }\n"));
    let run = over_socket.run().with(0);
    assert_eq!(run.sum("planned"), run.sum("done"), "{}", run.stdout);
    assert_eq!(observed(&folder), observed(&over_socket));
}

/// R-13, with refint and memberOf at work.
#[test]
fn a_pupil_who_changes_school_keeps_her_entry_and_has_the_groups_of_the_new_one() {
    let (slapd, folder, mut first, mut second) = scene(&full(), 9);
    folder.run().with(0);
    let look = Look::at(&slapd);
    // 1002 takes Latin.
    let login = folder.login("1002");
    let (old_dn, before) = look.account(&login);
    let groups_of =
        |dn: &str| -> Vec<String> { look.entries(&format!("(member={dn})")).into_keys().collect() };
    assert_eq!(groups_of(&old_dn).len(), 2, "class and Latin");
    assert_eq!(before["memberOf"].iter().cloned().collect::<Vec<_>>(), groups_of(&old_dn));

    first.pupils[2].left = Some(days_ago(2));
    second.welcome(pupil(1_002, "2 B"));
    second.pupils.last_mut().unwrap().eleve_id = "77001".to_owned();
    folder.deliver(&[&first, &second], 1);
    let run = folder.run().with(0);
    assert_eq!(run.sum("planned"), run.sum("done"), "{}", run.stdout);
    let (new_dn, after) = look.account(&login);
    assert!(old_dn.contains(FIRST) && new_dn.contains(SECOND), "{old_dn} {new_dn}");
    for kept in ["entryUUID", "userPassword", "pwdReset", "uid", "mail", "description"] {
        assert_eq!(before.get(kept), after.get(kept), "{kept}");
    }
    assert_eq!(groups_of(&old_dn), Vec::<String>::new());
    let groups = groups_of(&new_dn);
    assert_eq!(groups.len(), 2, "{groups:?}");
    assert!(groups.iter().all(|group| group.contains(SECOND)), "{groups:?}");
    assert_eq!(after["memberOf"].iter().cloned().collect::<Vec<_>>(), groups);
    assert_eq!(folder.run().with(0).sum("planned"), 0);
}

/// SEC-44: the server dies, and comes back.
#[test]
fn a_server_that_is_killed_in_the_middle_is_taken_up_by_replay() {
    let (mut slapd, folder, _, _) = scene(&full(), 300);
    let toml = std::fs::read_to_string(folder.path("rentree.toml")).unwrap();
    let hasty = toml
        .replace("retry_delay_ms = 250", "retry_delay_ms = 20")
        .replace("reconnects_max = 5", "reconnects_max = 2");
    assert_ne!(toml, hasty);
    std::fs::write(folder.path("rentree.toml"), hasty).unwrap();
    let mut run = folder.begin("run");
    assert!(Look::at(&slapd).waits_for_accounts(40));
    slapd.kill();
    let status = run.wait().unwrap().code();
    assert!(matches!(status, Some(5 | 6)), "{status:?}");
    slapd.restart();
    let standing = Look::at(&slapd).entries("(uid=*)").len();
    assert!(standing < 300, "it was too late to kill: {standing}");
    let replay = folder.rentree(&["--format", "json", "replay"]).with(0);
    assert_eq!(replay.sum("planned"), replay.sum("done"), "{}", replay.stdout);
    let lab = folder.twin(&folder::lab());
    lab.run().with(0);
    ends_as_if_undisturbed(&folder, &slapd, &lab);
}

/// SEC-44: we die, at any instant, and are started again, by `run` or by `replay`. To play one
/// again: KILL_SEED=…; KILL_ROUNDS is how often.
#[test]
fn a_run_that_is_killed_at_any_instant_ends_as_if_it_had_not_been() {
    kills(std::env::var("KILL_ROUNDS").map_or(4, |text| text.parse().unwrap()));
}

/// Rounds of two kills each, compared entry by entry with a run that nobody disturbed.
fn kills(rounds: u32) {
    const PUPILS: usize = 400;
    let (slapd, folder, _, _) = scene(&full(), PUPILS);
    let started = Instant::now();
    folder.run().with(0);
    let whole_us = u64::try_from(started.elapsed().as_micros()).unwrap();
    drop(slapd);
    let lab = folder.twin(&folder::lab());
    lab.run().with(0);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let seed =
        std::env::var("KILL_SEED").map_or(u64::from_ne_bytes(seed), |seed| seed.parse().unwrap());
    println!("KILL_SEED={seed}, within {whole_us} µs");
    let begun = Instant::now();
    for round in 0..rounds {
        let mut stream = Stream::new(seed, &format!("kill {round}"));
        let slapd = Slapd::start(&full());
        let folder = folder.twin(&over_ldaps(&slapd));
        let look = Look::at(&slapd);
        // Once while it writes, once anywhere; then it may live.
        let mut run = folder.begin("run");
        let least = usize::try_from(stream.below(PUPILS as u64)).unwrap();
        assert!(look.waits_for_accounts(least));
        run.kill().unwrap();
        run.wait().unwrap();
        let first = look.entries("(uid=*)").len();
        let second = stream.pick(&["run", "replay"]);
        let mut run = folder.begin(second);
        std::thread::sleep(Duration::from_micros(stream.below(whole_us)));
        run.kill().unwrap();
        run.wait().unwrap();
        let then = look.entries("(uid=*)").len();
        let third = stream.pick(&["run", "replay"]);
        println!("round {round}: {first} stood, {second}: {then} stood, {third}");
        if third == "replay" {
            // It takes up what was begun, and plans nothing.
            folder.rentree(&["replay"]).with(0);
        }
        folder.run().with(0);
        ends_as_if_undisturbed(&folder, &slapd, &lab);
    }
    println!("{} kills in {:?}", rounds * 2, begun.elapsed());
}

#[test]
fn an_account_that_may_read_50_entries_at_once_reads_them_all_by_pages() {
    let limits = "size.soft=50 size.hard=50 size.prtotal=unlimited";
    let (slapd, folder, _, _) = scene(&Choices { limits, ..full() }, 120);
    // The service account reads as well.
    folder.aim(&target(&slapd.ldaps(), Some(&slapd.ca_file()), &simple("bind")));
    let run = folder.run().with(0);
    assert_eq!(run.sum("planned"), run.sum("done"));
    assert_eq!(folder.run().with(0).sum("planned"), 0);
}

#[test]
fn one_arrival_in_a_group_of_300_is_one_value_on_the_wire() {
    let slapd = Slapd::start(&Choices { audit: true, ..full() });
    let folder = Folder::new(&over_ldaps(&slapd));
    let mut first = School::new(FIRST, &["2A1"], 320);
    folder.deliver(&[&first], 2);
    folder.run().with(0); // The second school has delivered nothing: told, and no more.
    let before = slapd.audit();
    // Not a multiple of three: her class only.
    first.welcome(pupil(9_001, "2A1"));
    folder.deliver(&[&first], 1);
    let run = folder.run().with(0);
    let login = folder.login("9001");
    let audit = slapd.audit();
    let told = &audit[before.len()..];
    let members: Vec<&str> = told.lines().filter(|line| line.starts_with("member:")).collect();
    let [only] = members[..] else { panic!("{told}") };
    assert!(only.contains(&login), "{only}");
    assert!(told.contains("add: member\n") && !told.contains("replace: member\n"), "{told}");
    assert_eq!(run.sum("done"), 2, "{}", run.stdout);
}
