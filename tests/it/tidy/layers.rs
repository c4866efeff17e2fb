//! Who may know whom (DESIGN section 3), read from the imports.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, rust};

/// From the bottom up: a module imports from the rungs below its own, and from its own rung only
/// one way round. Rungs two to eight are the layer of the river, in the order of the river.
const RUNGS: [&[&str]; 13] = [
    &["model"],
    &["clock", "mapping", "privacy"],
    &["delivery"],
    &["ingest"],
    &["validate"],
    &["matching"],
    &["desired"],
    &["plan"],
    &["audit", "config", "credential", "store"],
    &["academy", "apply", "lab", "pgcu", "report", "target"],
    &["run"],
    &["cli"],
    &["main"],
];

fn rung(module: &str) -> Option<usize> {
    RUNGS.iter().position(|rung| rung.contains(&module))
}

/// Modules that a line names through `crate::` (through `rentree::` in main.rs).
fn named<'a>(line: &'a str, root: &str) -> Vec<&'a str> {
    let mut modules = Vec::new();
    for (place, _) in line.match_indices(root) {
        let rest = &line[place + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(heads(group)),
            None => modules.extend(word(rest)),
        }
    }
    modules
}

/// The first words of the parts of `a::{x, y}, b};`.
fn heads(group: &str) -> Vec<&str> {
    let (mut depth, mut heads, mut begins) = (0, vec![word(group)], None);
    for (place, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = Some(place + 1),
            _ => {}
        }
        if let Some(start) = begins.take() {
            heads.push(word(group[start..].trim_start()));
        }
    }
    heads.into_iter().flatten().collect()
}

fn word(text: &str) -> Option<&str> {
    let end = text.find(|sign: char| !sign.is_alphanumeric() && sign != '_');
    Some(&text[..end.unwrap_or(text.len())]).filter(|word| !word.is_empty())
}

/// Who imports whom, each with the first place where it does.
type Imports = BTreeMap<(String, String), String>;

fn imports(sources: &[Source], modules: &BTreeSet<&str>) -> Imports {
    let mut imports = Imports::new();
    for source in sources {
        let Some(from) = source.module().filter(|module| *module != "lib") else { continue };
        // A group of imports over several lines is joined first.
        let code: Vec<(usize, &str)> = source.product().collect();
        let text = code.iter().map(|(_, line)| line.trim()).collect::<Vec<_>>().join(" ");
        let root = if from == "main" { "rentree::" } else { "crate::" };
        for to in named(&text.replace("{ ", "{"), root) {
            if from != to && modules.contains(to) {
                let at = format!("{root}{to}");
                let line = code.iter().find(|(_, line)| line.contains(&at)).map_or(1, |(n, _)| *n);
                let key = (from.to_owned(), to.to_owned());
                imports.entry(key).or_insert_with(|| format!("{}:{line}", source.path));
            }
        }
    }
    imports
}

/// Everything wrong with the imports, in sentences.
fn faults(imports: &Imports) -> Vec<String> {
    let mut faults = Vec::new();
    for ((from, to), place) in imports {
        if rung(from) < rung(to) {
            faults.push(format!("{place}: `{from}` is below `{to}` and may not know it"));
        }
    }
    for ((from, to), place) in imports {
        if rung(from) == rung(to) && from < to && reaches(imports, to, from) {
            faults.push(format!("{place}: `{from}` and `{to}` know each other"));
        }
    }
    faults
}

/// Whether one module knows another, itself or through others.
fn reaches(imports: &Imports, from: &str, to: &str) -> bool {
    let (mut known, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        if module == to {
            return true;
        }
        if known.insert(module) {
            let direct = imports.keys().filter(|(a, _)| a == module).map(|(_, b)| b.as_str());
            next.extend(direct);
        }
    }
    false
}

#[test]
fn every_module_has_a_rung_and_imports_point_down() {
    let sources = rust();
    let modules: BTreeSet<&str> =
        sources.iter().filter_map(Source::module).filter(|module| *module != "lib").collect();
    let unknown: Vec<_> = modules.iter().filter(|module| rung(module).is_none()).collect();
    assert!(unknown.is_empty(), "no rung in tests/it/tidy/layers.rs: {unknown:?}");
    let imports = imports(&sources, &modules);
    assert!(imports.contains_key(&("target".into(), "credential".into())), "the reader is blind");
    let faults = faults(&imports);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn imports_are_read_in_all_their_forms() {
    let check = |line: &'static str, expect: &[&str]| assert_eq!(named(line, "crate::"), expect);
    check("use crate::model::ids::Uai;", &["model"]);
    check("let x = crate::plan::make(crate::store::open());", &["plan", "store"]);
    check("use crate::{model::{a, b}, plan, target::c};", &["model", "plan", "target"]);
    check("use super::x;", &[]);
}

#[test]
fn an_import_that_points_up_or_both_ways_is_a_fault() {
    let check = |pairs: &[(&str, &str)], expect: usize| {
        let of = |(from, to): &(&str, &str)| ((from.to_string(), to.to_string()), String::new());
        assert_eq!(faults(&pairs.iter().map(of).collect()).len(), expect, "{pairs:?}");
    };
    check(&[("plan", "model"), ("cli", "run"), ("apply", "target")], 0);
    check(&[("model", "plan")], 1);
    check(&[("ingest", "validate")], 1);
    check(&[("apply", "target"), ("target", "apply")], 1);
    check(&[("apply", "lab"), ("lab", "target"), ("target", "apply")], 2);
}
