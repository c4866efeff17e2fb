//! Which division of a pupil is sure (formats 2.4).

use std::collections::BTreeSet;

use crate::model::delivery::Delivery;
use crate::model::ids::{StructureCode, StructureKind};
use crate::model::record::{Content, PupilRecord, StructureRecord};

/// The class of a pupil, as far as the file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Division {
    Sure(StructureCode),
    /// The file gives no class.
    None,
    /// Several, and the school's structures do not decide: the class held so far is kept.
    Ambiguous(BTreeSet<StructureCode>),
}

/// The class of a pupil. Of several codes, the only one that the school declares as a division is
/// the class; readers that take the first or the last are wrong half of the time.
pub fn division_of(record: &PupilRecord, known: &BTreeSet<StructureCode>) -> Division {
    let given: BTreeSet<&StructureCode> = record.divisions.iter().collect();
    let mut all = given.iter().copied();
    match (all.next(), all.next()) {
        (None, _) => return Division::None,
        (Some(only), None) => return Division::Sure(only.clone()),
        (Some(_), Some(_)) => {}
    }
    let mut declared = given.iter().copied().filter(|code| known.contains(*code));
    match (declared.next(), declared.next()) {
        (Some(only), None) => Division::Sure(only.clone()),
        _ => Division::Ambiguous(given.into_iter().cloned().collect()),
    }
}

/// Every division that the deliveries of one school declare, in STSWeb or in Siècle Structures.
pub fn known_divisions<'a>(
    deliveries: impl IntoIterator<Item = &'a Delivery>,
) -> BTreeSet<StructureCode> {
    deliveries
        .into_iter()
        .flat_map(|delivery| structures_of(&delivery.content))
        .filter(|structure| structure.kind == StructureKind::Division)
        .map(|structure| structure.code.clone())
        .collect()
}

/// The structures that a file declares; none for files of people only.
pub(super) fn structures_of(content: &Content) -> &[StructureRecord] {
    match content {
        Content::Structures(structures) => structures,
        Content::Sts(sts) => &sts.structures,
        Content::Pupils(_) | Content::Nomenclature(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::fixture::{codes, pupil};

    fn check(given: &[&str], known: &[&str], expect: Division) {
        let mut record = pupil(1, "1");
        record.divisions = codes(given);
        assert_eq!(division_of(&record, &codes(known).into_iter().collect()), expect);
    }

    #[test]
    fn of_several_divisions_the_only_declared_one_is_the_class() {
        let sure = |code: &str| Division::Sure(StructureCode(code.to_owned()));
        let both = |given: &[&str]| Division::Ambiguous(codes(given).into_iter().collect());
        check(&[], &["2 A"], Division::None);
        check(&["2 A"], &[], sure("2 A"));
        check(&["2 A", "2 A"], &[], sure("2 A"));
        check(&["OLD", "2 A"], &["2 A", "2 B"], sure("2 A"));
        check(&["2 A", "OLD"], &["2 A", "2 B"], sure("2 A"));
        check(&["2 A", "2 B"], &["2 A", "2 B"], both(&["2 A", "2 B"]));
        check(&["OLD", "OLDER"], &["2 A"], both(&["OLD", "OLDER"]));
        check(&["2 A", "2 B"], &[], both(&["2 A", "2 B"]));
    }
}
