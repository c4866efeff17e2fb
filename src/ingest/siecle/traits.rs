//! The traits of a pupil at the door: hashed, or a code of two values, or not kept at all
//! (requirements 3.3). The values themselves go no further.

use unicode_normalization::UnicodeNormalization;

use crate::ingest::{Door, text};
use crate::model::ids::{TraitKey, Uai};
use crate::model::traits::{NameKey, Sex};

/// `CODE_SEXE`: 1 or 2; anything else is not known.
pub(super) fn sex(door: &Door, written: &str) -> Option<Sex> {
    match text::trim(written) {
        "1" if door.keep_sex => Some(Sex::Male),
        "2" if door.keep_sex => Some(Sex::Female),
        _ => None,
    }
}

/// `CODE_COMMUNE_INSEE_NAISS`: five signs. `99999` and the like fill the field.
pub(super) fn birthplace(door: &Door, written: &str) -> Option<TraitKey> {
    let code = text::trim(written).to_ascii_uppercase();
    let form = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let filler = code.bytes().all(|byte| byte == b'0') || code.bytes().all(|byte| byte == b'9');
    (door.keep_birthplace && form && !filler).then(|| door.hasher.trait_key("birthplace:", &code))
}

/// `PRENOM` or `PRENOM2`, in one space.
pub(super) fn name_key(door: &Door, written: &str) -> Option<NameKey> {
    let folded = fold(written);
    if folded.is_empty() {
        return None;
    }
    let start: String = folded.chars().take(3).collect();
    Some(NameKey {
        whole: door.hasher.trait_key("given:", &folded),
        start: door.hasher.trait_key("given-start:", &start),
    })
}

/// Last year's school; a code that is none is none.
pub(super) fn previous_school(written: &str) -> Option<Uai> {
    text::trim(written).parse().ok()
}

/// Capitals without marks, and nothing else. A folding of the door's own: how names are compared is
/// said further down the river, and a hash of one form can never be compared with another.
fn fold(name: &str) -> String {
    name.nfd().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_their_letters() {
        for (name, expect) in
            [("Anne-Marie", "ANNEMARIE"), ("ANNE  MARIE", "ANNEMARIE"), ("Zoé", "ZOE"), ("-", "")]
        {
            assert_eq!(fold(name), expect);
        }
    }
}
