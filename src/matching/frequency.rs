//! How many bear a value.

use rayon::prelude::*;

/// Counts by hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Frequency {
    /// In order of hash.
    counts: Vec<(u64, u32)>,
}

impl Frequency {
    /// Of the values that are known (not 0).
    pub(super) fn of(values: impl ParallelIterator<Item = u64>) -> Self {
        let mut values: Vec<u64> = values.filter(|value| *value != 0).collect();
        values.par_sort_unstable();
        let counts = values
            .chunk_by(|left, right| left == right)
            .filter_map(|run| Some((*run.first()?, u32::try_from(run.len()).unwrap_or(u32::MAX))))
            .collect();
        Self { counts }
    }

    pub(super) fn count(&self, value: u64) -> u32 {
        let found = self.counts.binary_search_by_key(&value, |(hash, _)| *hash);
        found.ok().and_then(|rank| self.counts.get(rank)).map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_is_not_known_is_not() {
        let frequency = Frequency::of(vec![5, 0, 7, 5, 5, 0].into_par_iter());
        assert_eq!([5, 7, 0, 9].map(|value| frequency.count(value)), [3, 1, 0, 0]);
    }
}
