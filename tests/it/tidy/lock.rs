//! SEC-65, SEC-66: what Cargo.lock must not hold. Floors are versions with a known mend.

use std::fs;

use super::sources::root;

const FLOORS: [(&str, [u64; 3]); 9] = [
    ("anyhow", [1, 0, 103]),
    ("bytes", [1, 11, 1]),
    ("h2", [0, 4, 16]),
    ("quick-xml", [0, 41, 0]),
    ("rustls-webpki", [0, 103, 13]),
    ("time", [0, 3, 47]),
    ("tokio", [1, 44, 2]),
    ("tracing-subscriber", [0, 3, 20]),
    ("zip", [2, 3, 0]),
];

/// Foreign TLS, unsound, without a mend, or no longer kept.
const BANNED: [&str; 5] = ["native-tls", "openssl-sys", "rsa", "rustls-pemfile", "serde_yml"];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: [u64; 3],
    source: Option<String>,
}

fn packages(lock: &str) -> Vec<Package> {
    let lock: toml::Table = lock.parse().unwrap();
    let package = |value: &toml::Value| {
        let text = |key| value.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let version = text("version").unwrap();
        Package { name: text("name").unwrap(), version: numbers(&version), source: text("source") }
    };
    lock["package"].as_array().unwrap().iter().map(package).collect()
}

/// Without what follows `-` or `+`.
fn numbers(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap());
    [0; 3].map(|none| parts.next().unwrap_or(none))
}

fn faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for Package { name, version, source } in packages {
        if BANNED.contains(&name.as_str()) {
            faults.push(format!("{name} is banned (SEC-65, SEC-66)"));
        }
        if FLOORS.iter().any(|(floored, floor)| floored == name && version < floor) {
            faults.push(format!("{name} {version:?} has a known hole (SEC-65)"));
        }
        if source.as_ref().is_some_and(|source| source != REGISTRY) {
            faults.push(format!("{name} does not come from the default registry (SEC-65)"));
        }
    }
    faults
}

#[test]
fn the_locked_crates_are_above_their_floors_and_none_is_banned() {
    // SEC-65, SEC-66.
    let packages = packages(&fs::read_to_string(root().join("Cargo.lock")).unwrap());
    assert!(packages.len() > 50, "the reader is blind");
    let faults = faults(&packages);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_crate_below_its_floor_banned_or_from_elsewhere_is_a_fault() {
    let check = |name: &str, version: &str, source: Option<&str>, expect: usize| {
        let source = source.map_or(String::new(), |source| format!("source = \"{source}\"\n"));
        let lock = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}");
        assert_eq!(faults(&packages(&lock)).len(), expect, "{name} {version}");
    };
    check("zip", "2.2.9", None, 1);
    check("zip", "2.3.0", Some(REGISTRY), 0);
    check("zip", "10.0.0+1.2", None, 0);
    check("rsa", "0.9.10", Some(REGISTRY), 1);
    check("serde", "1.0.0", Some("git+https://example.org/x"), 1);
}

#[test]
fn our_own_crate_states_its_licence_and_forbids_unsafe_code() {
    // SEC-65, SEC-68.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert!(manifest["package"]["license"].as_str().is_some());
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    assert_eq!(manifest["profile"]["release"]["overflow-checks"].as_bool(), Some(true));
}
