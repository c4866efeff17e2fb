//! LDIF as expected, as our own reader reads it back, and as `ldapmodify` understands it.

use std::process::{Command, Stdio};

use super::super::plan_sample;
use super::*;

fn written(operations: &[Operation]) -> String {
    let mut out = Vec::new();
    write(&mut out, "annuaire", operations).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_plan_is_change_records_with_what_it_expects() {
    let text = written(&plan_sample::plan().operations);
    plan_sample::expect_file("plan_ldif/expected.ldif", &text);
}

#[test]
fn only_the_operations_of_the_target_are_written() {
    let mut out = Vec::new();
    write(&mut out, "second", &plan_sample::plan().operations).unwrap();
    assert_eq!(out, b"version: 1\n");
}

#[test]
fn no_line_is_longer_than_76_bytes_and_none_holds_a_hostile_sign() {
    let text = written(&plan_sample::plan().operations);
    assert!(text.lines().all(|line| line.len() <= LINE_BYTES_MAX), "{text}");
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{text}");
}

/// The logical lines of LDIF, unfolded and decoded: a reader of our own.
fn read_back(text: &str) -> Vec<(String, String)> {
    let unfolded = text.replace("\n ", "");
    let lines = unfolded.lines().filter(|line| !line.starts_with('#') && line.contains(": "));
    lines
        .map(|line| match line.split_once(":: ") {
            Some((name, code)) if !name.contains(':') => {
                let bytes = STANDARD.decode(code).unwrap();
                (name.to_owned(), String::from_utf8(bytes).unwrap())
            }
            _ => {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_owned(), value.to_owned())
            }
        })
        .collect()
}

proptest::proptest! {
    #[test]
    fn any_value_is_read_back_as_it_was(value in r"(\PC|[ :<\n\r\u{0}]){0,120}") {
        let mut out = Vec::new();
        line(&mut out, "cn", &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expect = if value.is_empty() { Vec::new() } else { vec![("cn".to_owned(), value)] };
        proptest::prop_assert_eq!(
            read_back(&text).into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>(),
            expect
        );
    }
}

#[test]
fn ldapmodify_understands_every_record() {
    // `-n` reads and shows, and connects to nobody. Without the tool the test fails.
    let text = written(&plan_sample::plan().operations);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.ldif");
    std::fs::write(&file, &text).unwrap();
    let output = Command::new("ldapmodify")
        .args(["-n", "-v", "-x", "-H", "ldap://127.0.0.1:1", "-f"])
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .expect("ldapmodify of ldap-utils is needed for this test");
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    let count = |what: &str| told.matches(what).count();
    assert_eq!(
        (count("!adding new entry"), count("!modifying entry"), count("!modifying rdn")),
        (4, 7, 2),
        "{told}"
    );
    assert_eq!(count("!deleting entry"), 1, "{told}");
    assert!(told.contains("\"uid=zoé,ou=personnes,ou=0599990N,dc=exemple,dc=fr\""), "{told}");
}
