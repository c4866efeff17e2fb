//! What may be asked of the binary: options, clocks, secrets, stale plans.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::folder::{
    BEFFROI, Folder, MONDAY, TUESDAY, binary, pupil, said, siecle_file, small_school,
};

fn school() -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    folder
}

/// A target that is no lab, where nobody answers.
fn real_target(folder: &Folder) {
    let toml = fs::read_to_string(folder.path("rentree.toml")).unwrap();
    let (head, _) = toml.split_once("[[target]]").unwrap();
    let target = "[[target]]\nname = \"annuaire\"\nkind = \"ldap\"\n\
                  url = \"ldaps://127.0.0.1:9\"\nca_file = \"secrets/ca.pem\"\n\
                  base = \"dc=lycees,dc=test\"\nmapping = \"mappings/openldap.toml\"\n\
                  bind = { method = \"simple\", dn = \"cn=rentree,dc=lycees,dc=test\", \
                  password_file = \"secrets/ldap.password\" }\n";
    fs::write(folder.path("rentree.toml"), format!("{head}{target}")).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.path("secrets/ca.pem"), made.cert.pem()).unwrap();
    fs::write(folder.path("secrets/ldap.password"), "un secret\n").unwrap();
    mode(&folder.path("secrets/ldap.password"), 0o600);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_that_others_can_read_stops_everything_before_it_begins() {
    // SEC-01: the key of the INE for every command, the password of a target for those that use it.
    let check = |folder: &Folder, secret: &str, commands: &[&str]| {
        for command in commands {
            for wrong in [0o640, 0o604] {
                mode(&folder.path(secret), wrong);
                let words: Vec<&str> = command.split(' ').collect();
                // Without a rehearsed clock: a real target refuses that one before anything else.
                let mut plain = binary();
                plain.arg("--config").arg(folder.path("rentree.toml")).args(words);
                let said = said(plain).exit(2);
                assert!(said.err.contains("chmod 600"), "{command}: {said:?}");
                assert!(!folder.path("state").exists(), "{command}: nothing read, nothing kept");
            }
        }
    };
    let commands = ["plan", "run", "replay", "apply latest", "check", "people", "status"];
    check(&school(), "secrets/ine.key", &commands);
    let real = school();
    real_target(&real);
    check(&real, "secrets/ldap.password", &commands[..4]);
}

#[test]
fn no_option_takes_a_secret() {
    // SEC-01: secrets are in files; a command line is in the list of processes and in histories.
    let help = |path: &[&str]| {
        let mut command = binary();
        command.args(path).arg("--help");
        said(command).exit(0).out
    };
    let main = help(&[]);
    let commands: BTreeSet<&str> = main
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|word| !word.is_empty())
        .collect();
    assert!(commands.len() >= 14 && commands.contains("apply"), "{commands:?}");
    let texts = commands.iter().filter(|name| **name != "help").map(|name| help(&[name]));
    let mut options = 0;
    for text in texts.chain([main.clone()]) {
        for word in text.split_whitespace().filter(|word| word.starts_with("--")) {
            options += 1;
            for bad in ["pass", "secret", "key", "token", "credential"] {
                assert!(!word.contains(bad), "{word}");
            }
        }
    }
    assert!(options > 50);
}

#[test]
fn a_rehearsed_clock_never_writes_to_a_real_target() {
    let folder = school();
    real_target(&folder);
    for command in [["run"].as_slice(), &["apply", "latest"], &["replay"]] {
        let said = folder.at(MONDAY, command).exit(2);
        assert!(said.err.contains("--now is for rehearsals"), "{said:?}");
        assert!(!folder.path("state").exists());
    }
    // A plan goes as far as the connection, where nobody is.
    let said = folder.at(MONDAY, &["plan"]).exit(6);
    assert!(said.err.contains("target annuaire"), "{said:?}");
}

#[test]
fn a_plan_is_stale_once_a_run_or_a_setting_has_changed_what_it_was_made_of() {
    // DESIGN rule 5, SEC-43.
    let folder = school();
    folder.at(MONDAY, &["plan"]).exit(0);
    let later: Vec<_> = (100..113).map(|n| pupil(n, "2A")).collect();
    folder.deliver_at("b.xml", &siecle_file(BEFFROI, 8, &later), "2026-09-08T19:00:00Z");
    folder.at(TUESDAY, &["run"]).exit(0);
    let before = folder.directory(TUESDAY);
    let said = folder.at(TUESDAY, &["apply", "1"]).exit(8);
    assert!(said.err.contains("stale"), "{said:?}");
    assert_eq!(folder.directory(TUESDAY), before);

    let edits = [
        ("rentree.toml", "pupil_grace_days = 15", "pupil_grace_days = 16"),
        ("schools.csv", ";Nord 1;", ";Nord 2;"),
        ("mappings/functions.toml", "version = \"1.0\"", "version = \"1.1\""),
    ];
    for (file, from, to) in edits {
        let folder = school();
        folder.at(MONDAY, &["plan"]).exit(0);
        folder.edit(file, from, to);
        let said = folder.at(MONDAY, &["apply", "latest"]).exit(8);
        assert!(said.err.contains("has changed"), "{file}: {said:?}");
        assert_eq!(folder.people(MONDAY), "", "{file}");
    }
}
