//! Minimisation and secrecy through the real binary (requirements 3.3, DESIGN rules 8 and 9):
//! what must not be kept is sent in every field that could carry it, every command is run at
//! TRACE, and then it is looked for in all that is there.

mod deliveries;
mod haystack;

use std::collections::BTreeMap;
use std::fs;

use rentree::store::runs::{self, Run, RunState};
use rentree::store::{Options, Store, journal, secrets};
use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::folder::{BAIE, BEFFROI, Folder, MONDAY, TUESDAY};
use deliveries::{BIRTHS, INES, KEPT, MARK, NAMES};
use haystack::Haystacks;

/// Everything that a region does with two evenings of deliveries, all of it at TRACE, and what
/// was printed kept in the folder itself: `said/*.out` and `said/*.err`.
fn all_done() -> Folder {
    let folder = Folder::new(&[BEFFROI, BAIE]);
    fs::create_dir(folder.path("said")).unwrap();
    let mut rank = 0;
    let mut say = |now: &str, status: Option<i32>, words: &str| {
        let arguments: Vec<&str> = words.split(' ').collect();
        let said = folder.at(now, &[&["-vvv"], arguments.as_slice()].concat());
        assert!(status.is_none_or(|status| status == said.status), "{words}: {said:?}");
        rank += 1;
        let command = words.trim_start_matches("--format json ").split(' ').next().unwrap();
        let name = |kind| folder.path(&format!("said/{rank:02}-{command}.{kind}"));
        fs::write(name("out"), said.out).unwrap();
        fs::write(name("err"), said.err).unwrap();
    };
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    deliveries::first_evening(&folder);
    say(MONDAY, Some(3), &format!("check --out {}", path("reports")));
    say(MONDAY, Some(3), &format!("plan --out {}", path("plan.txt")));
    say(MONDAY, Some(0), "apply latest");
    say(MONDAY, Some(8), "apply latest");
    deliveries::second_evening(&folder);
    say(TUESDAY, None, "doctor");
    say(TUESDAY, Some(3), &format!("check --out {}", path("reports-2")));
    say(TUESDAY, Some(3), "--format json check");
    say(TUESDAY, Some(3), "--format json plan");
    killed_while_it_writes(&folder);
    say(TUESDAY, Some(0), "status");
    say(TUESDAY, Some(0), "replay");
    say(TUESDAY, Some(3), "run");
    for form in ["text", "json", "csv", "ldif"] {
        for plan in ["1", "latest"] {
            say(TUESDAY, Some(0), &format!("show {plan} --format {form}"));
        }
    }
    for command in ["status", "runs", "people", "review list", "explain 1", "replay"] {
        say(TUESDAY, Some(0), command);
        say(TUESDAY, Some(0), &format!("--format json {command}"));
    }
    say(TUESDAY, Some(0), &format!("backup {}", path("copy.db")));
    folder
}

/// `kill -9` of a run at TRACE between the announcement of its writes and their outcome: the server
/// is busy for as long as that takes. No core of it is left (SEC-10).
fn killed_while_it_writes(folder: &Folder) {
    fs::write(folder.path("lab/faults.txt"), "add * busy always\n").unwrap();
    let said = |kind| fs::File::create(folder.path(&format!("said/killed.{kind}"))).unwrap();
    let mut run = folder.command(TUESDAY, &["-vvv", "run"]);
    let mut run = run.stdout(said("out")).stderr(said("err")).spawn().unwrap();
    let store = Store::open(&folder.path("state"), &Options::default()).unwrap();
    let writes = |run: &Run| {
        let started = |line: &journal::Line| line.event == journal::Event::Started;
        run.state == RunState::Applying
            && journal::lines(&store, run.id, None).unwrap().iter().any(started)
    };
    while !runs::list(&store).unwrap().iter().any(writes) {
        assert_eq!(run.try_wait().unwrap(), None, "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", run.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    run.kill().unwrap();
    run.wait().unwrap();
    fs::remove_file(folder.path("lab/faults.txt")).unwrap();
}

#[test]
fn what_must_not_be_kept_is_nowhere_after_everything_was_done() {
    let folder = all_done();
    let all = Haystacks::of(&folder.path(""), "inbox");
    the_search_finds(&all);
    // SEC-02, SEC-15, requirements 3.3: each dropped field has a canary with this beginning.
    all.has_no(MARK, |_| true);
    for ine in INES {
        // The number, and a hash that anybody could compute.
        all.has_no(ine, |_| true);
        let hash: [u8; 32] = Sha256::digest(ine.as_bytes()).into();
        all.has_no_bytes(&hash[..15], |_| true);
        let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        all.has_no(&hex, |_| true);
    }
    // Rule 9: no identity in logs, at whatever level.
    let log = |name: &str| name.ends_with(".err");
    for name in NAMES {
        all.has_no(name, log);
    }
    // R-50, requirements 3.2: a birth date is for matching, which is in the store.
    for [year, month, day] in BIRTHS {
        let forms = [
            format!("{year}-{month}-{day}"),
            format!("{day}/{month}/{year}"),
            format!("{year}{month}{day}"),
            format!("{day}{month}{year}"),
        ];
        for form in forms {
            all.has_no(&form, |name| !is_matching(name));
        }
    }
    no_line_is_broken(&all);
}

/// Where birth dates are kept on purpose: the files of the store, and in them a few columns.
fn is_matching(name: &str) -> bool {
    let kept = [
        "delivery.content",
        "person.document",
        "plan_change.document",
        "registry_before.document",
        "question.record",
        "answer.shown",
        "answer.before",
    ];
    let file = ["state/rentree.db", "state/rentree.db-wal", "copy.db"];
    file.contains(&name) || kept.iter().any(|column| name.ends_with(column))
}

/// The same search finds what is kept, in each kind of place: it is not blind.
#[track_caller]
fn the_search_finds(all: &Haystacks) {
    for place in [
        "state/rentree.db",
        "copy.db",
        "copy.db:delivery.content",
        "state/rentree.db:person.document",
        "state/rentree.db:plan_operation.document",
        "lab/entries.jsonl",
        "plan.txt",
    ] {
        all.has(KEPT, place);
    }
    for place in [".db:person.document", "-people.out", "-show.out"] {
        all.has(NAMES[1], place);
    }
    all.has("error: ", "-apply.err");
    let [year, month, day] = BIRTHS[0];
    all.has(&format!("{year}-{month}-{day}"), "state/rentree.db:person.document");
    all.has("9900005", &format!("reports/{BEFFROI}.csv"));
}

/// SEC-24: whatever a name holds, no output has a control sign, which a terminal would obey.
#[track_caller]
fn no_line_is_broken(all: &Haystacks) {
    for (name, bytes) in all.texts() {
        let text = std::str::from_utf8(bytes).unwrap();
        let bad = |sign: &char| sign.is_control() && !"\n\r".contains(*sign);
        assert_eq!(text.chars().find(bad), None, "{name}");
    }
}

#[test]
fn initial_passwords_and_keys_are_in_clear_nowhere() {
    // SEC-02, SEC-14, SEC-15.
    let folder = all_done();
    let passwords = unsealed(&folder);
    assert!(passwords.len() >= 4, "one an account");
    let directory = passwords_of_the_directory(&folder);
    let all = Haystacks::of(&folder.path(""), "inbox");
    the_search_finds(&all);
    for (login, password) in &passwords {
        assert_eq!(password.len(), 14);
        assert!(opens(&directory[login], password), "{login}: the sealed one is the real one");
        all.has_no(password, |_| true);
    }
    for file in [
        "secrets/ine.key",
        "secrets/credentials.identity",
        "lab/admin.password",
        "lab/reader.password",
        "lab/service.password",
    ] {
        let secret = fs::read_to_string(folder.path(file)).unwrap();
        all.has(secret.trim(), file);
        all.has_no(secret.trim(), |name| name != file);
    }
}

/// The initial passwords by login, opened with the identity as whoever prints the sheets would.
fn unsealed(folder: &Folder) -> BTreeMap<String, String> {
    let identity = fs::read_to_string(folder.path("secrets/credentials.identity")).unwrap();
    let identity: age::x25519::Identity = identity.trim().parse().unwrap();
    let store = Store::open(&folder.path("state"), &Options::default()).unwrap();
    let open = |secret: secrets::SealedSecret| {
        let clear = Zeroizing::new(age::decrypt(&identity, &secret.sealed).unwrap());
        let clear: Value = serde_json::from_slice(&clear).unwrap();
        (secret.login.as_str().to_owned(), clear["password"].as_str().unwrap().to_owned())
    };
    secrets::list(&store).unwrap().into_iter().map(open).collect()
}

/// `userPassword` by login, as the lab keeps it.
fn passwords_of_the_directory(folder: &Folder) -> BTreeMap<String, String> {
    folder.directory(TUESDAY);
    let text = fs::read_to_string(folder.path("lab/entries.jsonl")).unwrap();
    let entry = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let first = |name: &str| Some(entry["attributes"][name][0].as_str()?.to_owned());
        Some((first("uid")?, first("userpassword")?))
    };
    text.lines().filter_map(entry).collect()
}

/// `{SSHA}`: base64 of SHA-1(password, salt) and the salt.
fn opens(stored: &str, password: &str) -> bool {
    use base64::Engine as _;
    let coded = stored.strip_prefix("{SSHA}").expect("only a hash is in the directory");
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
    let (hash, salt) = bytes.split_at(20);
    Sha1::new().chain_update(password).chain_update(salt).finalize().as_slice() == hash
}
