//! Names of workspaces, made of structure codes, which are opaque text (SEC-38).
//!
//! - In: the key of a division or group, and the names taken. - Out: a name that is safe as a
//!   folder, as a group and in an address, unique in the region. Given once: the registry keeps it.
//! - Can go wrong: nothing; a code of which nothing can be kept gets a hash.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::matching::normal;
use crate::model::ids::{StructureKey, StructureKind};

/// In signs, hash included.
const LENGTH_MAX: usize = 64;
/// Digits of the hash that parts names which are the same after mapping.
const HASH_DIGITS: usize = 6;
/// Shorter words are looked for as words of their own: `pap` is no part of `PAPIER`.
const WORD_INSIDE_MIN: usize = 4;

/// `0590001F-div-1G3`. `neutral` is the list of the naming scheme; `taken` holds the names of
/// workspaces and accounts in lower case, since Windows and Entra ID see no case, and gets the new
/// one.
pub fn space_name(key: &StructureKey, neutral: &[String], taken: &mut BTreeSet<String>) -> String {
    let kind = match key.kind {
        StructureKind::Division => "div",
        StructureKind::Group => "grp",
    };
    // The prefix makes names of two schools differ, and no name a reserved one (CON, NUL, COM1).
    let prefix = format!("{}-{kind}-", key.uai);
    let code = safe(&key.code.0);
    let plain = !code.is_empty() && !tells(&key.code.0, neutral);
    let room = LENGTH_MAX - prefix.len() - HASH_DIGITS - 1;
    let stem = if plain { code.get(..room).unwrap_or(&code) } else { "espace" };
    if plain && code.len() <= room && taken.insert(format!("{prefix}{code}").to_lowercase()) {
        return format!("{prefix}{code}");
    }
    let mut attempt = 0_u32;
    loop {
        let name = format!("{prefix}{stem}-{}", hash(key, attempt));
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        attempt += 1;
    }
}

/// The text, a code or a label, tells of handicap or the like: it is not to be shown
/// (requirements 3.3). Words of four letters or more are found anywhere, marks and case aside.
pub fn tells(text: &str, neutral: &[String]) -> bool {
    let whole = normal::key(text).to_ascii_lowercase();
    let words: BTreeSet<&str> =
        text.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let is_word = |sought: &str| {
        whole == sought || words.iter().any(|word| word.eq_ignore_ascii_case(sought))
    };
    neutral.iter().any(|sought| {
        is_word(sought) || (sought.len() >= WORD_INSIDE_MIN && whole.contains(sought.as_str()))
    })
}

/// `[A-Za-z0-9_-]`, case kept, accents dropped, everything else a hyphen, none at the ends.
fn safe(code: &str) -> String {
    let mut safe = String::with_capacity(code.len());
    for sign in code.nfc() {
        if sign.is_ascii_alphanumeric() || sign == '_' {
            safe.push(sign);
            continue;
        }
        let letters = normal::key(&sign.to_string());
        if !letters.is_empty() {
            let upper = sign.is_uppercase() || !sign.is_lowercase();
            safe.push_str(&if upper { letters } else { letters.to_ascii_lowercase() });
        } else if !safe.ends_with('-') {
            safe.push('-');
        }
    }
    safe.trim_matches('-').to_owned()
}

fn hash(key: &StructureKey, attempt: u32) -> String {
    let text = format!("{}\n{}\n{}\n{attempt}", key.uai, key.kind.as_str(), key.code);
    let digest = crate::model::ids::Digest::of_bytes(Sha256::digest(text));
    digest.as_str().chars().take(HASH_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ids::{StructureCode, Uai};

    fn key(uai: &str, kind: StructureKind, code: &str) -> StructureKey {
        StructureKey {
            uai: uai.parse::<Uai>().unwrap(),
            kind,
            code: StructureCode(code.to_owned()),
        }
    }

    fn neutral() -> Vec<String> {
        let text = include_str!("../../mappings/naming.toml");
        crate::mapping::naming::Scheme::parse(text, "naming.toml").unwrap().neutral
    }

    /// The names of these divisions of one school, in order, without their prefix.
    fn check(codes: &[&str], expect: &[&str]) {
        let mut taken = BTreeSet::new();
        let name = |code: &&str| {
            let key = key("0590001F", StructureKind::Division, code);
            let name = space_name(&key, &neutral(), &mut taken);
            name.strip_prefix("0590001F-div-").unwrap().to_owned()
        };
        assert_eq!(codes.iter().map(name).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn codes_become_safe_names() {
        // SEC-38.
        check(&["1G3"], &["1G3"]);
        check(&["2 A", "2ANG.GR1"], &["2-A", "2ANG-GR1"]);
        check(&["2nde/A"], &["2nde-A"]);
        check(&["1èreÉ", "cœur"], &["1ereE", "coeur"]);
        check(&["CON", "NUL", "COM1"], &["CON", "NUL", "COM1"]);
        check(&["a\\b:c*d?e\"f<g>h|i"], &["a-b-c-d-e-f-g-h-i"]);
        check(&["A. ", " A"], &["A", "A-c86160"]);
    }

    #[test]
    fn codes_of_which_nothing_is_left_get_a_hash() {
        // SEC-38.
        check(
            &["..", ".", "/", "Ж"],
            &["espace-bc6d8b", "espace-ee06f4", "espace-0c0d88", "espace-930a59"],
        );
    }

    #[test]
    fn names_that_differ_by_case_or_separator_only_are_parted_by_a_hash() {
        // SEC-38: `2NDE A` against `2nde_a` and `2nde-a`.
        check(
            &["2NDE A", "2nde_a", "2nde-a", "2NDE.A"],
            &["2NDE-A", "2nde_a", "2nde-a-2ae7fb", "2NDE-A-1a2726"],
        );
    }

    #[test]
    fn a_code_that_tells_of_handicap_is_not_in_the_name() {
        // Requirements 3.3.
        let neutral = neutral();
        for code in ["ULIS", "6ULISA", "U.L.I.S", "Ulis 2", "3SEGPA1", "UPE2A", "PAP", "2-upi"] {
            assert!(tells(code, &neutral), "{code}");
            let key = key("0590001F", StructureKind::Group, code);
            let name = space_name(&key, &neutral, &mut BTreeSet::new());
            assert!(name.starts_with("0590001F-grp-espace-") && name.len() == 26, "{name}");
        }
        for code in ["PAPIER", "CHIMIE", "GROUPIMMO", "1G3", "REGIME"] {
            assert!(!tells(code, &neutral), "{code}");
        }
    }

    #[test]
    fn schools_and_kinds_do_not_meet() {
        let mut taken = BTreeSet::new();
        let mut name = |uai, kind| space_name(&key(uai, kind, "A"), &[], &mut taken);
        assert_eq!(name("0590001F", StructureKind::Division), "0590001F-div-A");
        assert_eq!(name("0590001F", StructureKind::Group), "0590001F-grp-A");
        assert_eq!(name("0951099D", StructureKind::Division), "0951099D-div-A");
    }

    proptest! {
        /// SEC-38: safe, short, and no two alike for a file system without case.
        #[test]
        fn every_name_is_safe_and_of_one_structure_only(
            codes in prop::collection::btree_set("\\PC{0,80}|[aA .-]{0,4}", 1..40),
        ) {
            let mut taken = BTreeSet::new();
            let mut seen = BTreeSet::new();
            for code in codes {
                let key = key("0590001F", StructureKind::Division, &code);
                let name = space_name(&key, &neutral(), &mut taken);
                prop_assert!(name.len() <= LENGTH_MAX, "{name}");
                let safe = |sign: u8| sign.is_ascii_alphanumeric() || b"_-".contains(&sign);
                prop_assert!(name.bytes().all(safe), "{name}");
                prop_assert!(!name.ends_with('-'), "{name}");
                prop_assert!(seen.insert(name.to_lowercase()), "{name}");
            }
            prop_assert_eq!(seen, taken);
        }
    }
}
