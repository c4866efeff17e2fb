//! Where accounts stand that can be used, and where those that cannot, of a mapping in which the
//! place alone says it: learnt from the places that the mapping gives to invented people.
//!
//! - In: the DNs of two people who have nothing in common, usable and not. - Out: an answer for the
//!   DN of any entry. - Can go wrong: nothing; a place that is neither tells nothing.

use std::collections::BTreeSet;

use crate::model::dn;

/// What a place says; nothing when attributes say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    usable: BTreeSet<Pattern>,
    disabled: BTreeSet<Pattern>,
}

/// The steps of a DN, root first.
type Pattern = Vec<Step>;

/// A step in its comparable spelling: whole, or what it begins and ends with around a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Is(String),
    Like { start: String, end: String },
}

impl Places {
    /// One more place, as it is of two people who have nothing in common.
    pub(super) fn learn(&mut self, enabled: bool, (one, other): (&str, &str)) {
        let (Ok(one), Ok(other)) = (dn::path(one), dn::path(other)) else { return };
        if one.len() == other.len() {
            let steps = one.into_iter().zip(other);
            let pattern = steps.map(|(one, other)| Step::of(one, &other)).collect();
            let of = if enabled { &mut self.usable } else { &mut self.disabled };
            of.insert(pattern);
        }
    }

    /// The place is one of accounts that cannot be used, and of no others.
    pub fn says_disabled(&self, place: &str) -> bool {
        if self.disabled.is_empty() {
            return false;
        }
        let Ok(path) = dn::path(place) else { return false };
        let is_in = |patterns: &BTreeSet<Pattern>| {
            patterns.iter().any(|pattern| {
                pattern.len() == path.len()
                    && pattern.iter().zip(&path).all(|(step, at)| step.is(at))
            })
        };
        is_in(&self.disabled) && !is_in(&self.usable)
    }
}

impl Step {
    fn of(one: String, other: &str) -> Self {
        if one == other {
            return Self::Is(one);
        }
        let common = |pairs: &mut dyn Iterator<Item = (char, char)>| -> Vec<char> {
            pairs.take_while(|(left, right)| left == right).map(|(sign, _)| sign).collect()
        };
        let start = common(&mut one.chars().zip(other.chars()));
        let end = common(&mut one.chars().rev().zip(other.chars().rev()));
        Self::Like { start: start.into_iter().collect(), end: end.into_iter().rev().collect() }
    }

    fn is(&self, step: &str) -> bool {
        match self {
            Self::Is(whole) => step == whole,
            Self::Like { start, end } => {
                step.strip_prefix(start.as_str()).is_some_and(|rest| rest.ends_with(end.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "uid=aaaa,ou=inactifs,ou=0590001F,dc=ecole,dc=example";

    fn learnt(enabled: &[(&str, &str)], disabled: &[(&str, &str)]) -> Places {
        let mut places = Places::default();
        enabled.iter().for_each(|pair| places.learn(true, *pair));
        disabled.iter().for_each(|pair| places.learn(false, *pair));
        places
    }

    /// whoever stands in a place of the disabled is disabled, however the DN is written.
    #[test]
    fn a_place_of_the_disabled_is_known_whoever_stands_there() {
        let used = ("uid=aaaa,ou=p,ou=0590001F,dc=x", "uid=zz,ou=p,ou=1234567W,dc=x");
        let gone = ("uid=aaaa,ou=off,ou=0590001F,dc=x", "uid=zz,ou=off,ou=1234567W,dc=x");
        let places = learnt(&[used], &[gone]);
        for (place, disabled) in [
            ("uid=ines.lefevre,ou=off,ou=0599990N,dc=x", true),
            ("UID=Ines.Lefevre, OU=Off, OU=0599990n, DC=X", true),
            ("uid=ines.lefevre,ou=p,ou=0599990N,dc=x", false),
            ("uid=ines.lefevre,ou=elsewhere,ou=0599990N,dc=x", false),
            ("uid=ines.lefevre,ou=off,dc=x", false),
            ("uid=ines.lefevre,ou=off,ou=0599990N,dc=y", false),
            ("cn=ines.lefevre,ou=off,ou=0599990N,dc=x", false),
            ("no name", false),
        ] {
            assert_eq!(places.says_disabled(place), disabled, "{place}");
        }
        assert!(!Places::default().says_disabled(ONE));
    }

    #[test]
    fn a_fact_within_a_step_leaves_what_stands_around_it() {
        let used = ("uid=a,ou=here-059-x,dc=x", "uid=z,ou=here-1234-x,dc=x");
        let gone = ("uid=a,ou=gone-059-x,dc=x", "uid=z,ou=gone-1234-x,dc=x");
        let places = learnt(&[used], &[gone]);
        assert!(places.says_disabled("uid=b,ou=gone-77-x,dc=x"));
        assert!(!places.says_disabled("uid=b,ou=here-77-x,dc=x"));
        assert!(!places.says_disabled("uid=b,ou=gone-77-y,dc=x"));
        // What the two parts share is not counted twice.
        assert!(!places.says_disabled("uid=b,ou=gone-x,dc=x"));
    }

    #[test]
    fn a_place_of_both_says_nothing() {
        let both = ("uid=a,dc=x", "uid=z,dc=x");
        assert!(!learnt(&[both], &[both]).says_disabled("uid=b,dc=x"));
    }
}
