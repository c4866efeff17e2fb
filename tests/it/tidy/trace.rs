//! Every requirement and every kind of finding is named by a test, but for those still to come.

use super::ratchet::{Exceptions, hold};
use super::sources::{Source, files, names, root, rust};
use rentree::model::finding;

/// All test code and all scripts, as one text. The academy only tells stories: what is named there
/// is not tested there.
fn tests() -> String {
    let rust = rust();
    let testing = rust.iter().filter(|source| !source.path.starts_with("src/academy/"));
    let mut text: String = testing.map(Source::tests).collect();
    for script in files(&["tests/scripts", "tests/plans"], &[".txt", ".toml"]) {
        text.push_str(&script.text);
    }
    text
}

/// Ids of `tests/data/requirements.txt`: `R-01 What must hold.`
fn requirements() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("tests/data/requirements.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(' ').expect("an id and a phrase").0.to_owned()).collect()
}

#[test]
fn every_requirement_is_cited_by_a_test_or_known_not_to_be() {
    let tests = tests();
    let ids = requirements();
    assert!(ids.len() > 130);
    let untraced: Exceptions =
        ids.into_iter().filter(|id| !cites(&tests, id)).map(|id| (id, 0)).collect();
    hold("untraced.txt", &untraced);
}

#[test]
fn every_kind_of_finding_is_named_by_a_test_or_known_not_to_be() {
    let tests = tests();
    let named = |id: &str| {
        let word = |sign: char| sign.is_alphanumeric() || sign == '-' || sign == '_';
        names(&tests, id, word) || names(&tests, &id.to_uppercase().replace('-', "_"), word)
    };
    let ids = finding::ALL.iter().map(|kind| kind.id);
    let unnamed: Exceptions = ids.filter(|id| !named(id)).map(|id| (id.to_owned(), 0)).collect();
    hold("ratchet-findings.txt", &unnamed);
}

/// `R-05` in a comment or text, or `r_05`, `r05` as a word of a test's name.
fn cites(tests: &str, id: &str) -> bool {
    let whole = |sign: char| sign.is_alphanumeric() || sign == '-';
    let low = id.to_lowercase();
    let in_name = |form: String| names(tests, &form, |sign: char| sign.is_alphanumeric());
    names(tests, id, whole) || in_name(low.replace('-', "_")) || in_name(low.replace('-', ""))
}

#[test]
fn an_id_is_cited_by_its_whole_word_only() {
    let (id, word) = (["R", "91"].join("-"), ["r", "91"].join("_"));
    assert!(cites(&format!("// {id}: a rule"), &id));
    assert!(cites(&format!("fn {word}_a_login_is_kept() {{"), &id));
    assert!(cites(&format!("fn a_login_{}_is_kept() {{", word.replace('_', "")), &id));
    for other in [format!("{id}2"), format!("SLA{id}"), format!("x{word}"), format!("{word}2")] {
        assert!(!cites(&other, &id), "{other}");
    }
}
