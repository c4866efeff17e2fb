//! Cells that a spreadsheet does not take for a formula (SEC-35).

use std::borrow::Cow;

/// The field as it may be written to a CSV file that people open. A field that begins like a
/// formula gets an apostrophe in front, which spreadsheets hide; reading it back means taking that
/// apostrophe away, which a program that needs the exact value should avoid by reading JSON.
pub fn safe_cell(field: &str) -> Cow<'_, str> {
    // Spreadsheets trim spaces before they look.
    match field.trim_start_matches([' ', '\u{A0}']).chars().next() {
        Some(first) if is_dangerous(first) => Cow::Owned(format!("'{field}")),
        _ => Cow::Borrowed(field),
    }
}

/// Signs with which a formula, a command or a shifted cell begins, full-width forms included.
fn is_dangerous(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text_and_names_stay() {
        for field in ["=HYPERLINK(\"x\")", "+1", "-1", "@a", "\t=1", "\r", "\0", "＝1", " =1"] {
            assert_eq!(safe_cell(field), format!("'{field}"), "{field:?}");
        }
        for field in ["", "LEFÈVRE", "'T JAMPENS", "2 A", "a=b", " Inès", "Marie-Noëlle"] {
            assert_eq!(safe_cell(field), field);
        }
    }

    proptest! {
        /// SEC-35: no field begins like a formula, and nothing of it is lost.
        #[test]
        fn no_cell_begins_like_a_formula(field in "[ =+@\t\r\0＝＋－＠a'-]{0,6}|.{0,12}") {
            let cell = safe_cell(&field);
            let first = cell.trim_start_matches([' ', '\u{A0}']).chars().next();
            prop_assert!(first.is_none_or(|first| !is_dangerous(first)));
            prop_assert!(cell == field || cell.strip_prefix('\'') == Some(field.as_str()));
        }
    }
}
