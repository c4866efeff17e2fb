//! Widths and lengths.

use super::ratchet::{Exceptions, hold};
use super::sources::rust;

const WIDTH_MAX: usize = 100;
const FUNCTION_LINES_MAX: u64 = 70;
const FILE_LINES_MAX: u64 = 500;

#[test]
fn lines_have_at_most_100_signs_functions_70_lines_and_files_500() {
    let mut long = Exceptions::new();
    for source in rust() {
        let wide = source.text.lines().filter(|line| line.chars().count() > WIDTH_MAX).count();
        if wide > 0 {
            long.insert(format!("wide-lines {}", source.path), wide as u64);
        }
        let lines = source.text.lines().count() as u64;
        if lines > FILE_LINES_MAX {
            long.insert(format!("file {}", source.path), lines);
        }
        for (name, lines) in functions(&source.text) {
            if lines > FUNCTION_LINES_MAX {
                long.insert(format!("function {} {name}", source.path), lines);
            }
        }
    }
    hold("ratchet-length.txt", &long);
}

/// Functions with their lines, signature included. Formatted code closes one with a brace at the
/// indentation of its `fn`.
fn functions(text: &str) -> Vec<(String, u64)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let close = format!("{indent}}}");
        let after_arguments = format!("{indent})");
        if line.ends_with([';', '}']) {
            continue; // Declared only, or all of it in this line.
        }
        let declared = |line: &str| line.starts_with(&after_arguments) && line.ends_with(';');
        let end = lines[start..].iter().position(|line| **line == close || declared(line));
        if let Some(end) = end.filter(|end| lines[start + end] == close) {
            functions.push((name.to_owned(), end as u64 + 1));
        }
    }
    functions
}

fn function_name(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let before = code.find("fn ")?;
    let modifiers = code[..before].split_whitespace();
    let known = ["pub", "const", "async", "unsafe", "extern"];
    let is_one =
        |word: &str| known.contains(&word) || word.starts_with("pub(") || word.ends_with(')');
    if !modifiers.into_iter().all(is_one) {
        return None;
    }
    let name = &code[before + 3..];
    name.split(['(', '<']).next().filter(|name| !name.is_empty())
}

#[test]
fn functions_are_counted_from_their_first_line_to_their_brace() {
    let text = r"
pub fn a() {
    1;
}
impl X {
    pub(crate) async fn b<T>(
        x: T,
    ) {
        {
        }
    }
    fn c() {}
}
trait Y {
    fn d();
    fn e(
        x: T,
    ) -> T;
}
// fn f() {
";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("b".to_owned(), 6)]);
}
