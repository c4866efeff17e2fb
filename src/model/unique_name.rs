//! The immutable names of groups in Office 365 (`uniqueName`): they hold the key of the group and
//! are its mark. `hdf-2026-0590001F-div-2NDE3`: prefix of the Région, school year, school, kind,
//! code; `-m365` at the end of a Microsoft 365 group.

use std::fmt::Write as _;

use super::entry::{GroupForm, Licence, ObjectKey, YearGroup};
use super::ids::{StructureCode, StructureKey, StructureKind};

const UNIFIED: &str = "-m365";
const LICENCE: &str = "licence-";

/// The name of a group. None: no such object stands in Office 365. `prefix` is letters and digits.
pub fn write(prefix: &str, key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Yearly(YearGroup { year, form, structure }) => {
            let StructureKey { uai, kind, code } = structure;
            let end = match form {
                GroupForm::Security => "",
                GroupForm::Unified => UNIFIED,
            };
            let code = escaped(&code.0);
            Some(format!("{prefix}-{}-{uai}-{}-{code}{end}", year.0, word(*kind)))
        }
        ObjectKey::Licence(licence) => Some(format!("{prefix}-{LICENCE}{}", licence.as_str())),
        ObjectKey::Container(_)
        | ObjectKey::Account(_)
        | ObjectKey::Group(_)
        | ObjectKey::Team(_) => None,
    }
}

/// The group that a name is of. None: it is not ours.
pub fn read(prefix: &str, name: &str) -> Option<ObjectKey> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('-')?;
    if let Some(word) = rest.strip_prefix(LICENCE) {
        let licence = Licence::ALL.into_iter().find(|licence| licence.as_str() == word)?;
        return Some(ObjectKey::Licence(licence));
    }
    let (rest, form) = match rest.strip_suffix(UNIFIED) {
        Some(rest) => (rest, GroupForm::Unified),
        None => (rest, GroupForm::Security),
    };
    let mut parts = rest.splitn(4, '-');
    let (year, uai) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let kind = parts.next()?;
    let kind = [StructureKind::Division, StructureKind::Group]
        .into_iter()
        .find(|known| word(*known) == kind)?;
    let code = StructureCode(unescaped(parts.next()?)?);
    Some(ObjectKey::Yearly(YearGroup { year, form, structure: StructureKey { uai, kind, code } }))
}

fn word(kind: StructureKind) -> &'static str {
    match kind {
        StructureKind::Division => "div",
        StructureKind::Group => "grp",
    }
}

/// Letters and digits stay; every other byte is `_` and two digits, so that no code can be taken
/// for another one or for a part of the name.
fn escaped(code: &str) -> String {
    let mut text = String::with_capacity(code.len());
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            // Infallible on a String.
            let _ = write!(text, "_{byte:02X}");
        }
    }
    text
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if sign == '_' {
            let digits = rest.get(1..3)?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[3..];
        } else if sign.is_ascii_alphanumeric() {
            bytes.push(u8::try_from(sign).ok()?);
            rest = &rest[1..];
        } else {
            return None;
        }
    }
    let code = String::from_utf8(bytes).ok()?;
    // One name for each code: another spelling of it is not ours.
    (escaped(&code) == text && !code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_read_back_from_its_name() {
        let check = |mark: &str, name: &str| {
            let key: ObjectKey = mark.parse().unwrap();
            assert_eq!(write("hdf", &key).as_deref(), Some(name));
            assert_eq!(read("hdf", name), Some(key));
        };
        check("rentree:division@2026:0590001F:2NDE3", "hdf-2026-0590001F-div-2NDE3");
        check("rentree:group+2026:0590001F:_301:P1é", {
            "hdf-2026-0590001F-grp-_5F301_3AP1_C3_A9-m365"
        });
        check("rentree:division@2026:0590001F:A-m365", "hdf-2026-0590001F-div-A_2Dm365");
        check("rentree:licence:pupils", "hdf-licence-pupils");
    }

    #[test]
    fn the_name_of_somebody_else_is_not_ours() {
        for name in [
            "",
            "hdf",
            "hdf-2026-0590001F-div-",
            "hdf-2026-0590001F-div-2 NDE",
            "hdf-2026-0590001F-div-_41",
            "hdf-2026-0590001F-class-2NDE3",
            "hdf-2026-0590001A-div-2NDE3",
            "idf-2026-0590001F-div-2NDE3",
            "hdf-licence-all",
            "hdf-2026-0590001F-div-_é",
        ] {
            assert_eq!(read("hdf", name), None, "{name}");
        }
    }
}
