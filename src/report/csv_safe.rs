//! Cells that a spreadsheet takes as text, whatever a school wrote in them (SEC-35).

/// The text, with a `'` before it when a spreadsheet would take it for a formula.
pub fn safe_cell(text: &str) -> String {
    let first = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];
    if text.starts_with(first) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        // SEC-35.
        for hostile in ["=1+1", "+33", "-1", "@x", "\tx", "\rx", "\0x", "＝1", "＋1", "－1", "＠x"]
        {
            assert_eq!(safe_cell(hostile), format!("'{hostile}"));
        }
        for plain in ["", "2A=1", "Inès", "'=1"] {
            assert_eq!(safe_cell(plain), plain);
        }
    }
}
