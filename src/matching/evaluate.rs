//! The quality of decisions, on data whose truth is known.

use std::collections::BTreeMap;

use super::claim::ClaimId;
use super::decide::{Decision, Decisions};
use crate::model::ids::PersonId;

/// A record that was given to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FalseMerge {
    pub record: ClaimId,
    pub given_to: PersonId,
}

/// Counts over the records whose truth is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measure {
    pub records: u64,
    /// Records of persons who were known.
    pub known: u64,
    /// Of these, given to the right person without asking.
    pub right: u64,
    pub questions: u64,
    /// Records of known persons that were made somebody new without asking.
    pub created_anew: u64,
    pub false_merges: Vec<FalseMerge>,
}

/// Measures decisions. `truth` tells whose a record is; `known` tells who the persons of the
/// registry are. A new person is whoever its first record is of.
pub fn measure<T: Copy + Ord>(
    decisions: &Decisions,
    truth: &BTreeMap<ClaimId, T>,
    known: &BTreeMap<PersonId, T>,
) -> Measure {
    let mut measure = Measure::default();
    let mut persons = known.clone();
    let everybody: std::collections::BTreeSet<T> = known.values().copied().collect();
    for (id, decision) in decisions {
        let Some(who) = truth.get(id) else { continue };
        measure.records += 1;
        let is_known = everybody.contains(who);
        measure.known += u64::from(is_known);
        match decision {
            Decision::Same { person, evidence: _ } | Decision::New { person } => {
                if *persons.entry(*person).or_insert(*who) != *who {
                    let merge = FalseMerge { record: id.clone(), given_to: *person };
                    measure.false_merges.push(merge);
                } else if known.contains_key(person) {
                    measure.right += 1;
                } else {
                    measure.created_anew += u64::from(is_known);
                }
            }
            Decision::Ask { about: _, why: _ } => measure.questions += 1,
        }
    }
    measure
}

impl Measure {
    /// A count for 100,000 records, with its 95 % interval (Wilson).
    pub fn per_100_000(&self, count: u64) -> (f64, f64, f64) {
        const Z: f64 = 1.96;
        const SCALE: f64 = 100_000.0;
        let (n, k) = (self.records.max(1) as f64, count as f64);
        let share = k / n;
        let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half =
            Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let least = if count == 0 { 0.0 } else { (middle - half).max(0.0) };
        (share * SCALE, least * SCALE, (middle + half) * SCALE)
    }

    pub fn precision(&self) -> f64 {
        let merged = self.right + self.false_merges.len() as u64;
        self.right as f64 / merged.max(1) as f64
    }

    /// Of the records of known persons, those that were recognised without asking.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.known.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::decide::{Doubt, Evidence};
    use crate::model::delivery::Source;

    #[test]
    fn each_kind_of_outcome_is_counted_once() {
        let id =
            |line| ClaimId { uai: "0599990N".parse().unwrap(), source: Source::SieclePupils, line };
        let person = PersonId;
        let same = |p| Decision::Same { person: person(p), evidence: Evidence::Corroborated };
        let ask = Decision::Ask { about: [person(1)].into(), why: Doubt::TwoPersons };
        let decisions = Decisions::from_iter([
            (id(1), same(1)),
            (id(2), same(1)),
            (id(3), ask),
            (id(4), Decision::New { person: person(9) }),
            (id(5), Decision::New { person: person(10) }),
            (id(6), Decision::New { person: person(10) }),
        ]);
        let truth = BTreeMap::from([
            (id(1), 'a'),
            (id(2), 'b'),
            (id(3), 'b'),
            (id(4), 'b'),
            (id(5), 'c'),
            (id(6), 'd'),
        ]);
        let known = BTreeMap::from([(person(1), 'a'), (person(2), 'b')]);
        let measure = measure(&decisions, &truth, &known);
        assert_eq!((measure.records, measure.known, measure.right), (6, 4, 1));
        assert_eq!((measure.questions, measure.created_anew), (1, 1));
        let wrong: Vec<u64> = measure.false_merges.iter().map(|one| one.record.line).collect();
        assert_eq!(wrong, [2, 6]);
    }

    #[test]
    fn nothing_seen_is_not_nothing_possible() {
        let measure = Measure { records: 500_000, ..Measure::default() };
        let (rate, least, most) = measure.per_100_000(0);
        assert_eq!((rate, least), (0.0, 0.0));
        assert!((0.7..0.8).contains(&most), "{most}");
    }
}
