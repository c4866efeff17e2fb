//! Texts made comparable. Never shown, never written anywhere.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::model::ids::StructureCode;

/// Upper case, without accents, ligatures undone.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.nfd().filter(|sign| !is_combining_mark(*sign)) {
        match sign {
            'œ' | 'Œ' => plain.push_str("OE"),
            'æ' | 'Æ' => plain.push_str("AE"),
            _ => plain.extend(sign.to_uppercase()),
        }
    }
    plain
}

/// Two codes with one near form are the same class written in two ways, or nearly (formats 6.3).
pub(super) fn near(code: &StructureCode) -> String {
    plain(&code.0).chars().filter(|sign| !matches!(sign, ' ' | '_' | '.' | '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_differ_by_case_accents_or_separators_are_near() {
        let form = |code: &str| near(&StructureCode(code.to_owned()));
        for (one, other) in [("2NDE1", "2nde 1"), ("2_A", "2-A"), ("6ÈME.1", "6eme1")] {
            assert_eq!(form(one), form(other));
        }
        assert_ne!(form("2A"), form("2B"));
        assert_ne!(form("2/A"), form("2A"));
    }
}
