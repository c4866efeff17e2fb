//! What must not be written, on a real slapd: rehearsals, directories made anew, names that are
//! taken elsewhere; and what one bad target means for the others.

use std::fs;

use rentree::cli::clock;

use super::folder::{self, Folder, over_ldaps, simple, target};
use super::look::{Look, observed};
use super::school::{FIRST, School, pupil};
use super::{full, scene};
use crate::slapd::{Choices, SUFFIX, Slapd};

fn entries(slapd: &Slapd) -> usize {
    Look::at(slapd).entries("(objectClass=*)").len()
}

#[test]
fn a_plan_made_under_another_clock_is_never_written_to_a_real_target() {
    let (slapd, folder, _, _) = scene(&full(), 3);
    let later = clock::wall() + jiff::SignedDuration::from_hours(24 * 20);
    for now in [later, clock::wall()] {
        folder.rentree(&["--now", &now.to_string(), "plan"]).with(0);
        let refused = folder.rentree(&["apply", "latest"]).with(2);
        assert!(refused.stderr.contains("is a rehearsal"), "{}", refused.stderr);
        assert_eq!(entries(&slapd), 1, "the base only");
    }
    assert!(folder.rentree(&["runs"]).with(0).stdout.contains("rehearsed"));
    // The same plan, made under the wall's clock, is another one.
    folder.rentree(&["plan"]).with(0);
    folder.rentree(&["apply", "latest"]).with(0);
    assert!(entries(&slapd) > 10);
}

/// SEC-42.
#[test]
fn a_directory_that_was_lost_is_not_made_anew_without_a_person() {
    let (slapd, folder, _, _) = scene(&full(), 30);
    folder.run().with(0);
    let accounts = Look::at(&slapd).entries("(uid=*)").len();
    let empty = Slapd::start(&full());
    folder.aim(&over_ldaps(&empty));
    let stopped = folder.run().with(4);
    assert!(stopped.stdout.contains("accounts-missing-overall"), "{}", stopped.stdout);
    let all = format!("{accounts} of {accounts} accounts made by earlier runs");
    assert!(stopped.stdout.contains(&all), "{}", stopped.stdout);
    assert_eq!(entries(&empty), 1, "the base only");
    // The one who reads sees nothing below the base: the same.
    let blind = Slapd::start(&Choices { blind_reader: true, ..full() });
    folder.aim(&target(&blind.ldaps(), Some(&blind.ca_file()), &simple("bind")));
    folder.run().with(4);
    folder.aim(&over_ldaps(&blind));
    folder.run().with(4);
    // A person who wants it gets it.
    let document = folder.rentree(&["--format", "json", "plan"]).with(4);
    let document: serde_json::Value = serde_json::from_str(&document.stdout).unwrap();
    let hash = document["plan_hash"].as_str().unwrap();
    let given = ["latest", "--confirm", hash, "--reason", "Annuaire perdu"];
    let alone = folder.rentree(&[&["apply"], &given[..]].concat()).with(4);
    assert!(alone.stderr.contains("a second person"), "{}", alone.stderr);
    folder.rentree(&[&["approve"], &given[..], &["--by", "Adèle"]].concat()).with(0);
    folder.rentree(&[&["apply"], &given[..]].concat()).with(0);
    assert_eq!(Look::at(&blind).entries("(uid=*)").len(), accounts);
}

/// SEC-47.
#[test]
fn a_target_that_cannot_be_reached_does_not_block_the_others() {
    let (slapd, folder, mut first, _) = scene(&full(), 9);
    let mut other = Slapd::start(&full());
    let second = target(&other.ldaps(), Some(&other.ca_file()), &simple("bind"));
    let second = second.replace("\"annuaire\"", "\"second\"");
    folder.aim(&format!("{second}\n{}", over_ldaps(&slapd)));
    folder.run().with(0);
    let before = entries(&slapd);
    assert_eq!(entries(&other), before);
    other.kill();
    first.welcome(pupil(9_001, "2A1"));
    folder.deliver(&[&first], 1);
    let run = folder.run().with(6);
    assert!(run.sum("done") >= 2 && run.sum("done") == run.sum("planned"), "{}", run.stdout);
    assert!(run.stderr.contains("target second"), "{}", run.stderr);
    assert_eq!(entries(&slapd), before + 1);
    let status = folder.rentree(&["status"]).with(0).stdout;
    assert!(status.contains("NOT PLANNED: target second"), "{status}");
    assert!(status.contains("Deadline: "), "{status}");
    folder.rentree(&["doctor"]).with(6);
    // It comes back, and gets what it missed; until then its delivery waits.
    let deadline = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).unwrap()["deadline"]["earliest"].clone()
    };
    let waits = folder.run().with(6);
    assert_eq!(deadline(&waits.stdout), deadline(&run.stdout));
    other.restart();
    let caught_up = folder.run().with(0);
    assert_eq!(deadline(&caught_up.stdout), deadline(&run.stdout));
    assert_eq!(entries(&other), before + 1);
    // None of them can be reached: a run that tells it; of a plan, an error, in one document.
    folder.aim(&second.replace(&other.ldaps(), "ldaps://localhost:1"));
    let blind: serde_json::Value = serde_json::from_str(&folder.run().with(6).stdout).unwrap();
    assert!(blind["unread"]["second"].is_string(), "{blind}");
    let plan = folder.rentree(&["--format", "json", "plan"]).with(6).stdout;
    assert_eq!(plan.matches("\"exit\":6").count(), 1, "{plan}");
}

/// R-17, DESIGN section 5.
#[test]
fn a_login_that_stands_outside_of_the_base_is_told_and_passed_over() {
    let slapd = Slapd::start(&full());
    let folder = Folder::new(&over_ldaps(&slapd));
    let school = School::new(FIRST, &["2A1"], 4);
    folder.deliver(&[&school], 2);
    let lab = folder.twin(&folder::lab());
    lab.run().with(0);
    let login = lab.login("1002");
    let look = Look::at(&slapd);
    look.add_person(&format!("cn=ailleurs,{SUFFIX}"), &login);
    let deadline = |text: &str| {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        document["deadline"].clone()
    };
    let first = folder.run().with(5);
    let status = folder.rentree(&["status"]).with(0).stdout;
    assert!(status.contains("the next run takes the next"), "{status}");
    assert!(!status.contains(&login) && status.contains("non-unique"), "{status}");
    assert!(status.contains("\nnext: rentree replay 1\n"), "{status}");
    // The work that failed keeps its deadline; what is finished does not forecast.
    assert!(deadline(&first.stdout)["forecast"].is_string(), "{}", first.stdout);
    let second = folder.run().with(0);
    let (first, second) = (deadline(&first.stdout), deadline(&second.stdout));
    assert_eq!(first["earliest"], second["earliest"]);
    assert!(first["earliest"].is_string() && second["forecast"].is_null(), "{second}");
    assert_eq!(folder.login("1002"), format!("{login}2"));
    assert_eq!(deadline(&folder.run().with(0).stdout), serde_json::Value::Null);
    // Who is told where names stand does not try in vain.
    let knowing = Slapd::start(&full());
    Look::at(&knowing).add_person(&format!("cn=ailleurs,{SUFFIX}"), &login);
    let twin = folder.twin(&format!("{}names_base = {SUFFIX:?}\n", over_ldaps(&knowing)));
    twin.run().with(0);
    assert_eq!(twin.login("1002"), format!("{login}2"));
    assert_eq!(observed(&twin).len(), observed(&folder).len());
}

#[test]
fn a_fault_of_the_configuration_is_none_of_the_network() {
    let (slapd, folder, _, _) = scene(&full(), 3);
    let bind = simple("bind");
    folder.aim(&target(&slapd.ldaps(), Some(&folder.path("secrets/absente.pem")), &bind));
    let refused = folder.run().with(2);
    assert!(refused.stderr.contains("absente.pem") && refused.stderr.contains("hint: "));
    folder.rentree(&["doctor"]).with(2);
    folder.aim(&over_ldaps(&slapd));
    fs::remove_file(folder.path("secrets/service")).unwrap();
    let refused = folder.run().with(2);
    assert!(refused.stderr.contains("hint: write the password"), "{}", refused.stderr);
    // Every problem at once, with its file and key, and once.
    let toml = fs::read_to_string(folder.path("rentree.toml")).unwrap();
    let turn = "turn            = \"08-20\"";
    assert!(toml.contains(turn));
    let toml = toml.replace(turn, "turn            = \"13-20\"");
    fs::write(folder.path("rentree.toml"), toml).unwrap();
    folder.aim(&target("ldaps://a b", Some(&slapd.ca_file()), &bind));
    let refused = folder.rentree(&["runs"]).with(2).stderr;
    assert_eq!(refused.matches("13-20").count(), 1, "{refused}");
    assert!(refused.contains("2 problem(s)"), "{refused}");
    assert!(refused.contains("rentree.toml: target annuaire: url: "), "{refused}");
    folder.aim(&format!("{}window = 500\nnames_base = \"x\"\n", over_ldaps(&slapd)));
    let refused = folder.rentree(&["runs"]).with(2).stderr;
    assert!(refused.contains("rentree.toml: target annuaire: window: 500"), "{refused}");
    assert!(refused.contains("rentree.toml: target annuaire: names_base: "), "{refused}");
}
