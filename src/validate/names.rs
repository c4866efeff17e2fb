//! Names that no account can be built from (SEC-39, R-16, formats 2.2 and 6.1).

use unicode_normalization::char::is_combining_mark;
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::generic::is_generic;
use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding::{self as kind, Finding, Kind};
use crate::model::record::Names;

/// Longest name that Siècle can hold, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Signs named in one finding.
const SIGNS_MAX: usize = 5;

/// What is wrong with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFault {
    /// U+FFFD, or the `?` that the exports write for a character that they cannot.
    Damaged,
    /// Signs that no name has, distinct, in order: control, bidi, zero-width, digits, scripts.
    Hostile(Vec<char>),
    TooLong,
}

/// Every name of pupils and staff: mended when it can be, else set aside.
pub(super) fn names(view: &View<'_>, verdict: &mut Verdict) {
    for pupil in view.present_pupils() {
        let about = |kind| view.about_pupil(kind, pupil);
        one(verdict, Source::SieclePupils, pupil.line, &pupil.names, about);
    }
    for person in view.staff() {
        let about = |kind| view.about_staff(kind, person);
        one(verdict, Source::Sts, person.line, &person.names, about);
    }
}

fn one(
    verdict: &mut Verdict,
    source: Source,
    line: u64,
    names: &Names,
    about: impl Fn(Kind) -> Finding,
) {
    let mended = mended(names);
    if let Some(names) = &mended {
        verdict.add(source, about(kind::NAME_REPAIRED));
        verdict.repaired.insert((source, line), names.clone());
    }
    let names = mended.as_ref().unwrap_or(names);
    let has_letter = |name: &str| name.chars().any(char::is_alphabetic);
    for (field, name) in [("nom", names.called()), ("prénom", &names.given)] {
        // Damage can leave a name without any letter: `???`.
        if !has_letter(name) && fault(name).is_none() {
            verdict.add(source, about(kind::NAME_MISSING).with("field", field));
            return;
        }
    }
    if is_generic(names.called(), &names.given) {
        verdict.add(source, about(kind::NAME_GENERIC));
        return;
    }
    for (field, name) in fields(names) {
        let finding = match fault(name) {
            None => continue,
            Some(NameFault::Damaged) => about(kind::NAME_DAMAGED),
            Some(NameFault::Hostile(signs)) => {
                about(kind::NAME_HOSTILE).with("value", code_points(&signs))
            }
            Some(NameFault::TooLong) => about(kind::NAME_TOO_LONG).with("limit", NAME_CHARS_MAX),
        };
        verdict.add(source, finding.with("field", field));
        return;
    }
}

fn fields(names: &Names) -> impl Iterator<Item = (&'static str, &str)> {
    let usage = names.usage.as_deref().map(|name| ("nom d'usage", name));
    let others = [("nom de famille", names.family.as_str()), ("prénom", names.given.as_str())];
    others.into_iter().chain(usage)
}

/// What is wrong with one name, gravest first; nothing when it is empty.
pub fn fault(name: &str) -> Option<NameFault> {
    if name.contains(['\u{FFFD}', '?']) {
        return Some(NameFault::Damaged);
    }
    let mut hostile = Vec::new();
    let mut after_letter = false;
    for sign in name.chars() {
        let mark = after_letter && is_plain_mark(sign);
        if !mark && !is_expected(sign) && !hostile.contains(&sign) {
            hostile.push(sign);
        }
        after_letter = mark || sign.is_alphabetic();
    }
    if !hostile.is_empty() {
        return Some(NameFault::Hostile(hostile));
    }
    (name.chars().count() > NAME_CHARS_MAX).then_some(NameFault::TooLong)
}

/// Latin letters in general use, and the signs that names are made of.
fn is_expected(sign: char) -> bool {
    match sign {
        ' ' | '-' | '\'' | '’' | '.' => true,
        _ if sign.is_ascii() => sign.is_ascii_alphabetic(),
        _ => sign.is_alphabetic() && sign.identifier_allowed() && is_latin(sign),
    }
}

fn is_latin(sign: char) -> bool {
    let mut scripts = AugmentedScriptSet::for_char(sign);
    if scripts.is_all() {
        return false;
    }
    scripts.intersect_with(AugmentedScriptSet::for_char('a'));
    !scripts.is_empty()
}

/// Accents that have no composed form with their letter: they survive NFC.
fn is_plain_mark(sign: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&sign) && is_combining_mark(sign) && sign.identifier_allowed()
}

/// Names of which at least one was UTF-8 read as a single-byte encoding, as they should read.
fn mended(names: &Names) -> Option<Names> {
    let fix = |name: &str| mojibake(name).unwrap_or_else(|| name.to_owned());
    let fixed = Names {
        family: fix(&names.family),
        usage: names.usage.as_deref().map(fix),
        given: fix(&names.given),
    };
    (fixed != *names).then_some(fixed)
}

/// The text that was meant (`FranÃ§ois` → `François`), when the whole name can be read back and
/// becomes a sound name; a guess that leaves a doubt is no repair.
pub fn mojibake(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let encodings = [encoding_rs::WINDOWS_1252, encoding_rs::ISO_8859_15];
    encodings.into_iter().find_map(|encoding| {
        let (bytes, _, unmappable) = encoding.encode(name);
        let meant = String::from_utf8(bytes.into_owned()).ok().filter(|_| !unmappable)?;
        // A true name can look so by chance when its encoding is ISO-8859-15: « ÎŒ ».
        (meant != name && fault(&meant).is_none()).then_some(meant)
    })
}

/// Harmless form of signs that must not be shown.
fn code_points(signs: &[char]) -> String {
    let codes = signs.iter().take(SIGNS_MAX).map(|sign| format!("U+{:04X}", u32::from(*sign)));
    codes.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::fixture::{Case, pupil, staff};

    #[test]
    fn letters_of_latin_names_are_expected() {
        // SEC-39.
        for name in [
            "Éloïse",
            "Łukasz",
            "O’Neil",
            "D'Arc",
            "D'HAESE",
            "LECŒUVRE",
            "Nguyễn",
            "Ağaoğlu",
            "VAN DER MEER",
            "Marie-Noëlle",
            "ST. JEAN",
            "Ÿves",
            "M\u{304}awa",
            "Strauß",
            "Çelik",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
    }

    #[test]
    fn signs_that_no_name_has_are_hostile() {
        // SEC-39: control, bidi, zero-width, private, unassigned, other scripts.
        for (name, sign) in [
            ("Dup\u{43E}nt", '\u{43E}'),
            ("a\u{202E}b", '\u{202E}'),
            ("a\u{2066}b", '\u{2066}'),
            ("a\u{200B}b", '\u{200B}'),
            ("a\u{FEFF}b", '\u{FEFF}'),
            ("a\u{2060}b", '\u{2060}'),
            ("a\nb", '\n'),
            ("a\u{1b}[31m", '\u{1b}'),
            ("a\u{E000}b", '\u{E000}'),
            ("a\u{378}b", '\u{378}'),
            ("\u{FF21}b", '\u{FF21}'),
            ("x\u{FB01}n", '\u{FB01}'),
            ("a,b", ','),
            ("=A()", '='),
            ("Eleve2", '2'),
            ("\u{301}a", '\u{301}'),
            ("王", '王'),
        ] {
            let found = fault(name);
            let Some(NameFault::Hostile(signs)) = &found else { panic!("{name:?}: {found:?}") };
            assert_eq!(signs.first(), Some(&sign), "{name:?}");
        }
    }

    #[test]
    fn damaged_and_endless_names_are_told_apart() {
        assert_eq!(fault("Fran?ois"), Some(NameFault::Damaged));
        assert_eq!(fault("Fran\u{FFFD}ois"), Some(NameFault::Damaged));
        assert_eq!(fault(&"é".repeat(101)), Some(NameFault::TooLong));
        assert_eq!(fault(&"é".repeat(100)), None);
    }

    #[test]
    fn names_read_in_a_wrong_encoding_are_mended_and_true_names_stay() {
        let is = |name: &str, meant: Option<&str>| {
            assert_eq!(mojibake(name).as_deref(), meant, "{name}");
        };
        is("FranÃ§ois", Some("François"));
        is("LECÅ\u{92}UVRE", Some("LECŒUVRE"));
        is("LECÅ’UVRE", Some("LECŒUVRE"));
        is("NoÃ«l", Some("Noël"));
        for true_name in ["François", "Noël", "Łukasz", "Dupont", "Ÿves", "ÉLOÏSE"] {
            is(true_name, None);
        }
    }

    #[test]
    fn a_row_with_an_unfit_name_is_set_aside_and_the_rest_goes_on() {
        for (family, given, id) in [
            ("DUPO?T", "Ana", "name-damaged"),
            ("???", "Ana", "name-damaged"),
            ("DUP\u{43E}NT", "Ana", "name-hostile"),
            (&"X".repeat(101), "Ana", "name-too-long"),
            ("ELEVE1", "ELEVE1", "name-generic"),
            ("DUPONT", "", "name-missing"),
            ("-", "Ana", "name-missing"),
        ] {
            let mut unfit = pupil(12, "1");
            unfit.names.family = family.to_owned();
            unfit.names.given = given.to_owned();
            let case = Case::new().pupils(vec![unfit.clone(), pupil(13, "2")]);
            let verdict = case.run(names);
            assert_eq!(case.told(&verdict), [format!("{id} 12")], "{family} {given}");
            assert_eq!(verdict.set_aside.len(), 1);
            // DESIGN rule 9: neither name nor secret in a finding.
            assert!(!format!("{:?}", verdict.findings).contains("Ana"));

            let mut unfit_staff = staff(20, "7");
            unfit_staff.names = unfit.names;
            let case = Case::new().staff(vec![unfit_staff]);
            assert_eq!(case.told(&case.run(names)), [format!("{id} 20")]);
        }
    }

    #[test]
    fn a_mended_name_is_told_and_kept_for_the_account() {
        let mut record = pupil(12, "1");
        record.names.given = "FranÃ§ois".to_owned();
        let case = Case::new().pupils(vec![record]);
        let verdict = case.run(names);
        assert_eq!(case.told(&verdict), ["name-repaired 12"]);
        assert!(verdict.set_aside.is_empty());
        assert!(verdict.repaired.values().all(|names| names.given == "François"));
    }

    #[test]
    fn a_pupil_who_left_is_not_corrected_any_more() {
        let mut record = pupil(12, "1");
        record.names.given = "Fran?ois".to_owned();
        record.left_on = Some(jiff::civil::date(2026, 9, 1));
        let case = Case::new().pupils(vec![record]);
        assert!(case.run(names).findings.is_empty());
    }
}
