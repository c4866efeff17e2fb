//! What an operator is given beside the program: units of systemd, alerts, a page for each exit
//! code. They are held to what the program really does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rentree::clock::figures::Cause;
use rentree::plan::operation::OperationKind;
use rentree::report::metrics::{self, Ended, Outcomes, Seen};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The directives of a unit; a key that stands several times has all its values.
fn directives(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let lines = text.lines().filter(|line| !line.starts_with(['#', ';', '[']));
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        all.entry(key).or_default().push(value);
    }
    all
}

#[test]
fn the_services_are_confined() {
    // SEC-10: own user, no shell, no core dump, private tmp, read-only system, outbound traffic
    // limited.
    let run = read("samples/ops/rentree.service");
    let backup = read("samples/ops/rentree-backup.service");
    let (run, backup) = (directives(&run), directives(&backup));
    confined(&run, &[("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX")]);
    assert!(run["SuccessExitStatus"].contains(&"3 7"));
    // SEC-48: a copy needs no network, comes after the run, and is never written over another.
    confined(&backup, &[("PrivateNetwork", "true"), ("RestrictAddressFamilies", "AF_UNIX")]);
    assert_eq!(backup["After"], ["rentree.service"]);
    let folder = "/var/lib/rentree-backups";
    let made = backup["ExecStart"].join(" ");
    assert!(made.contains(&format!("rentree backup \"{folder}/rentree-$$(date +%%Y-")), "{made}");
    let kept = backup["ExecStartPost"].join(" ");
    assert!(kept.contains(folder) && kept.contains("-mtime +30 -delete"), "{kept}");
    for timer in ["samples/ops/rentree.timer", "samples/ops/rentree-backup.timer"] {
        let timer = read(timer);
        let timer = directives(&timer);
        assert_eq!(timer["OnCalendar"].len(), 2);
        assert!(timer["OnCalendar"].iter().all(|at| at.ends_with(" Europe/Paris")));
        assert_eq!(timer["Persistent"], ["true"]);
    }
}

#[track_caller]
fn confined(unit: &BTreeMap<&str, Vec<&str>>, also: &[(&str, &str)]) {
    let common = [
        ("Type", "oneshot"),
        ("User", "rentree"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
        ("NoNewPrivileges", "true"),
        ("CapabilityBoundingSet", ""),
        ("AmbientCapabilities", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "true"),
        ("PrivateTmp", "true"),
        ("PrivateDevices", "true"),
        ("ProtectKernelTunables", "true"),
        ("ProtectKernelModules", "true"),
        ("ProtectKernelLogs", "true"),
        ("ProtectControlGroups", "true"),
        ("ProtectProc", "invisible"),
        ("LockPersonality", "true"),
        ("MemoryDenyWriteExecute", "true"),
        ("RestrictNamespaces", "true"),
        ("RestrictSUIDSGID", "true"),
        ("SystemCallArchitectures", "native"),
        ("SystemCallFilter", "@system-service"),
        ("IPAddressDeny", "any"),
        ("ReadWritePaths", "/srv/rentree/state"),
    ];
    for (key, value) in common.iter().chain(also) {
        let values = unit.get(key).unwrap_or_else(|| panic!("{key} is missing"));
        assert!(values.contains(value), "{key}={values:?}");
    }
    assert!(!unit.contains_key("Environment"), "no secret comes from the environment (SEC-01)");
}

#[test]
fn systemd_takes_the_units_and_finds_little_exposed() {
    // SEC-10. Where there is no systemd, the test above is all.
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("systemd-analyze is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["rentree", "rentree-backup"] {
        let unit = read(&format!("samples/ops/{name}.service"));
        // `verify` wants the program to be there.
        let here = unit.replace("/usr/local/bin/rentree", env!("CARGO_BIN_EXE_rentree"));
        assert_ne!(here, unit);
        fs::write(folder.path().join(format!("{name}.service")), here).unwrap();
        let timer = format!("{name}.timer");
        fs::write(folder.path().join(&timer), read(&format!("samples/ops/{timer}"))).unwrap();
    }
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        let run = command.current_dir(folder.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
        assert!(run.status.success(), "{arguments:?}: {said}");
        said
    };
    for name in ["rentree", "rentree-backup"] {
        let (service, timer) = (format!("./{name}.service"), format!("./{name}.timer"));
        let said = analyze(&["verify", &service, &timer]);
        assert!(!said.contains("rentree.") && !said.contains("rentree-backup."), "{said}");
        // In tenths: 2.0 of 10.
        analyze(&["security", "--offline=true", "--threshold=20", &service]);
    }
}

/// Every metric that there can be.
fn metric_names() -> BTreeSet<String> {
    let at = "2026-09-07T20:00:00Z".parse().unwrap();
    let ended = Ended { command: "run", exit: 0, at, duration_ms: 1 };
    let seen = Seen {
        operations: [(("ldap".to_owned(), OperationKind::Create), Outcomes::default())].into(),
        deadline_margin: Some(1),
        forecast_margin: Some(1),
        ..Seen::default()
    };
    let page = metrics::text(&ended, Some(1), Some(&seen));
    let heads = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    heads.map(|head| head.split(' ').next().unwrap().to_owned()).collect()
}

/// The words of a text that look like a metric.
fn metrics_in(text: &str) -> BTreeSet<String> {
    text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'))
        .filter(|word| word.starts_with("rentree_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn alerts_ask_for_metrics_that_exist_and_say_what_to_type() {
    let text = read("samples/ops/alerts.yml");
    let named = metrics_in(&text);
    let known = metric_names();
    assert!(named.is_subset(&known), "{:?}", named.difference(&known));
    for needed in [
        "rentree_last_success_timestamp_seconds",
        "rentree_guard_stopped",
        "rentree_late_now",
        "rentree_deadline_warnings",
        "rentree_target_last_success_timestamp_seconds",
        "rentree_forecast_margin_seconds",
    ] {
        assert!(named.contains(needed), "no alert on {needed}");
    }
    let rules: Vec<&str> = text.split("- alert: ").skip(1).collect();
    assert!(rules.len() > 6);
    // Who is late for want of a school or of an answer is not for the night watch; each cause is
    // in one rule.
    for cause in Cause::ALL {
        let waits = matches!(cause, Cause::Source | Cause::Hold | Cause::Review);
        let severity = if waits { "severity: warning" } else { "severity: critical" };
        let is_in = |rule: &&&str| {
            let causes = rule.split("rentree_late_now{cause=~\"").nth(1);
            let causes = causes.and_then(|rest| rest.split('"').next()).unwrap_or_default();
            causes.split('|').any(|one| one == cause.as_str())
        };
        let found: Vec<&&str> = rules.iter().filter(is_in).collect();
        assert_eq!(found.len(), 1, "{cause:?}");
        assert!(found[0].contains(severity), "{cause:?}: {}", found[0]);
    }
    for rule in rules {
        for key in ["expr: ", "severity: ", "summary: ", "action: "] {
            assert_eq!(rule.matches(key).count(), 1, "{key}in {rule}");
        }
    }
    let readme = read("README.md");
    assert!(metrics_in(&readme).is_subset(&known), "{:?}", metrics_in(&readme));
}

/// The statuses of the source, each by its variant.
fn statuses() -> BTreeMap<String, String> {
    let source = read("src/run/outcome.rs");
    let body = source.split("pub enum ExitStatus {").nth(1).unwrap().split('}').next().unwrap();
    let variants =
        body.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "));
    variants.map(|(name, number)| (number.to_owned(), name.to_owned())).collect()
}

#[test]
fn every_exit_code_has_its_page() {
    let readme = read("README.md");
    let statuses = statuses();
    assert_eq!(statuses.len(), 9, "{statuses:?}");
    let part = readme.split("\n## Exit codes\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let pages: BTreeMap<&str, &str> = part
        .split("\n### Exit ")
        .skip(1)
        .map(|page| page.split_once(": ").expect("### Exit N: what it is"))
        .collect();
    let numbers: Vec<&str> = pages.keys().copied().collect();
    assert_eq!(numbers, statuses.keys().map(String::as_str).collect::<Vec<_>>());
    for (number, page) in pages {
        for part in ["**What happened.** ", "**What is safe.** ", "**What to type.** "] {
            assert_eq!(page.matches(part).count(), 1, "exit {number}: {part}");
        }
        let typed = page.split("**What to type.** ").nth(1).unwrap();
        let says = typed.starts_with("Nothing") || typed.contains("rentree ");
        assert!(says, "exit {number} says nothing to type: {typed}");
    }
}

#[test]
fn samples_of_operations_are_named_in_the_readme() {
    let readme = read("README.md");
    for entry in fs::read_dir(root().join("samples/ops")).unwrap() {
        let path = entry.unwrap().path();
        let name = Path::new("samples/ops").join(path.file_name().unwrap());
        assert!(readme.contains(name.to_str().unwrap()), "{} is not told of", name.display());
    }
}
