//! Words that the forms of a plan share.

use crate::model::entry::{Attributes, GroupForm, ObjectKey, YearGroup};
use crate::model::ids::{StructureKey, StructureKind};

/// A text from a school or a directory as it may be shown: one line, and no sign that a terminal
/// obeys or that turns the reading direction (SEC-39). Such signs appear as `\u{1b}`.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() || steers(sign) {
            shown.extend(sign.escape_unicode());
        } else {
            shown.push(sign);
        }
    }
    shown
}

/// Zero width, reading direction, line and paragraph separators.
fn steers(sign: char) -> bool {
    let ranges = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}'];
    ranges.iter().any(|range| range.contains(&sign)) || sign == '\u{feff}'
}

/// What an object is, for a reader: `division 1G3`.
pub(super) fn object(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Container(path) => format!("container {}", shown(path)),
        ObjectKey::Account(person) => format!("account of person {person}"),
        ObjectKey::Group(key) => structure(key),
        ObjectKey::Yearly(YearGroup { year, form, structure: key }) => {
            let form = match form {
                GroupForm::Security => "",
                GroupForm::Unified => " (Microsoft 365)",
            };
            format!("{} of {year}{form}", structure(key))
        }
        ObjectKey::Team(YearGroup { year, form: _, structure: key }) => {
            format!("team of {} of {year}", structure(key))
        }
        ObjectKey::Licence(licence) => format!("licence of {}", licence.as_str()),
    }
}

fn structure(StructureKey { uai: _, kind, code }: &StructureKey) -> String {
    let kind = match kind {
        StructureKind::Division => "division",
        StructureKind::Group => "group",
    };
    format!("{kind} {}", shown(&code.0))
}

/// The first value of the first of these attributes that stands, whatever its spelling.
pub(super) fn first_of<'a>(attributes: &'a Attributes, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|wanted| {
        let held = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        held.and_then(|(_, values)| values.first())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_no_name() {
        // SEC-39: escape sequences and reading directions.
        assert_eq!(shown("In\u{1b}[31mès\n\u{202e}x"), r"In\u{1b}[31mès\u{a}\u{202e}x");
        assert_eq!(shown("Zoé 中"), "Zoé 中");
    }
}
