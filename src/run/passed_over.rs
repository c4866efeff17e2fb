//! What the matching could not compare: values that too many records and persons share.

use std::collections::BTreeMap;

use crate::matching::block::{Key, KeyCount};
use crate::model::finding::{self, Finding, Place};
use crate::report::words;

/// One finding for each kind of key of which values were passed over: for the Région, since such
/// values know no school. It names no value: a date or a name is somebody's.
pub fn findings(keys: &[KeyCount]) -> Vec<Finding> {
    let mut passed_over: BTreeMap<Key, u64> = BTreeMap::new();
    for count in keys.iter().filter(|count| count.skipped > 0) {
        // Against those known and among the new ones: a key may stand twice.
        *passed_over.entry(count.key).or_default() += count.skipped;
    }
    let told = |(key, count)| {
        finding::MATCHING_VALUES_SKIPPED
            .at(Place::default())
            .with("key", words::matching_key(key))
            .with("count", count)
    };
    passed_over.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::catalogue;

    #[test]
    fn a_key_with_values_passed_over_is_told_in_words_and_others_are_not() {
        let count = |key, skipped| KeyCount { key, pairs: 7, skipped };
        let keys = [
            count(Key::Names, 0),
            count(Key::DateGiven, 2),
            count(Key::DateSchool, 1),
            count(Key::DateGiven, 1),
        ];
        let findings = findings(&keys);
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|one| one.id == "matching-values-skipped" && one.is_of_all()));
        let said = catalogue::sentence(&findings[0]);
        assert!(
            said.contains("« date de naissance et prénom »") && said.contains("passées : 3)"),
            "{said}"
        );
        assert!(said.contains("Les autres critères"), "{said}");
    }
}
