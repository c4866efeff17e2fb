//! The French sentence of each kind of finding, from `findings.fr.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::finding::Finding;

/// Longest value put into a sentence, in characters.
const VALUE_CHARS_MAX: usize = 80;
/// Stands for a fact that the sentence needs and the finding lacks.
const UNKNOWN: &str = "(non précisé)";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    what: String,
    todo: String,
}

static ENTRIES: LazyLock<BTreeMap<String, Entry>> = LazyLock::new(|| {
    // A test reads the same bytes: it cannot fail in the field.
    toml::from_str(include_str!("findings.fr.toml")).unwrap_or_default()
});

/// Facts by name.
type Facts = BTreeMap<Cow<'static, str>, String>;

/// What is wrong, in one sentence.
pub fn sentence(finding: &Finding) -> String {
    match ENTRIES.get(finding.id.as_ref()) {
        Some(entry) => fill(&entry.what, &finding.facts),
        None => format!("Anomalie « {} ».", shown(&finding.id)),
    }
}

/// What the school does about it.
pub fn what_to_do(finding: &Finding) -> String {
    match ENTRIES.get(finding.id.as_ref()) {
        Some(entry) => fill(&entry.todo, &finding.facts),
        None => "Signalez ce message à votre correspondant de la Région.".to_owned(),
    }
}

/// A value fit for one line of text, a terminal or a log (SEC-24): no control, bidi or invisible
/// sign, and not too long.
pub fn shown(value: &str) -> String {
    let mut signs = value.chars().filter(is_harmless);
    let mut shown: String = signs.by_ref().take(VALUE_CHARS_MAX).collect();
    if signs.next().is_some() {
        shown.push('…');
    }
    shown
}

/// As [`shown`], whole: a place that is cut cannot be found, nor a server's words understood, nor
/// what people wrote.
pub fn harmless(value: &str) -> String {
    value.chars().filter(is_harmless).collect()
}

fn is_harmless(sign: &char) -> bool {
    !(sign.is_control()
        || matches!(
            sign,
            '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
        ))
}

/// Puts facts into a sentence: `{fact}` is its value, `{fact?text}` is the text when the fact is
/// there. Values are never read as places themselves.
fn fill(template: &str, facts: &Facts) -> String {
    fill_with(template, facts, &|value| shown(&french_date(value)))
}

/// The same, with another way to show a value.
pub(super) fn fill_with(template: &str, facts: &Facts, show: &dyn Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, place)) = rest.split_once('{') {
        filled.push_str(before);
        let (inside, after) = split_at_closing(place);
        match inside.split_once('?') {
            Some((fact, text)) if facts.contains_key(fact) => {
                filled.push_str(&fill_with(text, facts, show));
            }
            Some(_) => {}
            None => match facts.get(inside) {
                Some(value) => filled.push_str(&show(value)),
                None => filled.push_str(UNKNOWN),
            },
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// A day, as people write it: facts carry it in the form of the program.
fn french_date(value: &str) -> std::borrow::Cow<'_, str> {
    match value.parse::<jiff::civil::Date>() {
        Ok(day) if value.len() == 10 => day.strftime("%d/%m/%Y").to_string().into(),
        Ok(_) | Err(_) => value.into(),
    }
}

/// The text up to the brace that closes, and what follows it.
fn split_at_closing(text: &str) -> (&str, &str) {
    let mut depth = 0_u32;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => return (&text[..at], &text[at + 1..]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{ALL, NAME_HOSTILE, Place, Severity, WRONG_ROOT};
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Facts of the parser and of the registry, by agreement between the rooms.
    const AGREED: &[&str] = &[
        "code", "column", "count", "declared", "expected", "field", "form", "id", "limit", "max",
        "message", "other", "paths", "real", "reason", "root", "section", "uai", "value",
    ];

    fn places(template: &str) -> BTreeSet<&str> {
        let ends = ['{', '}', '?'];
        let opened = template.split('{').skip(1);
        opened.filter_map(|place| place.split(ends).next()).collect()
    }

    /// Names that the code gives to facts: `.with("name"`.
    fn given_facts(folder: &Path, facts: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                given_facts(&path, facts);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let names =
                    text.split(".with(\"").skip(1).filter_map(|rest| rest.split('"').next());
                facts.extend(names.map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_kind_has_a_sentence_and_every_sentence_a_kind() {
        let kinds: BTreeSet<&str> = ALL.iter().map(|kind| kind.id).collect();
        let entries: BTreeSet<&str> = ENTRIES.keys().map(String::as_str).collect();
        assert_eq!(kinds, entries);
    }

    #[test]
    fn every_fact_of_a_sentence_is_given_by_the_code() {
        let mut known: BTreeSet<String> = AGREED.iter().map(|fact| (*fact).to_owned()).collect();
        given_facts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut known);
        for (id, Entry { what, todo }) in ENTRIES.iter() {
            for fact in places(what).union(&places(todo)) {
                assert!(known.contains(*fact), "{id}: {fact}");
            }
        }
    }

    #[test]
    fn every_sentence_reads_well_with_and_without_its_facts() {
        for kind in ALL {
            let bare = kind.at(Place::default());
            let Entry { what, todo } = &ENTRIES[kind.id];
            let mut full = bare.clone();
            for fact in places(what).union(&places(todo)) {
                full.facts.insert(Cow::Owned((*fact).to_owned()), "7".to_owned());
            }
            for text in [sentence(&bare), what_to_do(&bare), sentence(&full), what_to_do(&full)] {
                assert!(!text.contains(['{', '}']), "{}: {text}", kind.id);
                assert!(!text.contains("  ") && !text.contains(" ."), "{}: {text}", kind.id);
                assert!(text.ends_with('.'), "{}: {text}", kind.id);
                assert!(text.starts_with(|first: char| first.is_uppercase() || first == '«'));
            }
            assert!(!sentence(&full).contains(UNKNOWN));
            // Who is refused must know what to send instead.
            if kind.severity == Severity::Refuse {
                assert!(what_to_do(&bare).len() > 25, "{}", kind.id);
            }
        }
    }

    #[test]
    fn an_optional_piece_stands_only_with_its_fact() {
        let bare = WRONG_ROOT.at(Place::default());
        assert_eq!(sentence(&bare), "Ce fichier XML n'est pas un export attendu.");
        assert_eq!(
            sentence(&bare.with("root", "html")),
            "Ce fichier XML n'est pas un export attendu : il commence par « html »."
        );
        let facts = [(Cow::Borrowed("a"), "{b}".to_owned())].into();
        for (template, expect) in [
            ("{a}", "{b}"),
            ("x{c?y}z", "xz"),
            ("x{a?y{a}}z", "xy{b}z"),
            ("x{a?y{c?n}}z", "xyz"),
            ("x{c}", "x(non précisé)"),
            ("x{a", "x{b}"),
            ("x}", "x}"),
        ] {
            assert_eq!(fill(template, &facts), expect, "{template}");
        }
    }

    #[test]
    fn values_are_harmless_and_bounded() {
        // SEC-24.
        let finding = NAME_HOSTILE
            .at(Place::default())
            .with("id", "A\nB\u{1b}[31m\u{202E}")
            .with("field", "é".repeat(200));
        let text = sentence(&finding);
        assert!(text.starts_with("Fiche n° AB[31m : le éé"), "{text}");
        assert!(text.chars().count() < 200 && !text.chars().any(char::is_control));
    }

    #[test]
    fn an_unknown_kind_still_says_something() {
        let mut finding = WRONG_ROOT.at(Place::default());
        finding.id = Cow::Borrowed("from-the-future");
        assert_eq!(sentence(&finding), "Anomalie « from-the-future ».");
        assert!(what_to_do(&finding).contains("Région"));
    }
}
