//! How many bear a value.

use super::hash;

/// Counts by hash: a table with open addressing, at most half full.
#[derive(Debug, Clone, Default)]
pub(super) struct Frequency {
    /// A value (0 for none) and how many bear it. The length is a power of two, or 0.
    slots: Vec<(u64, u32)>,
    distinct: usize,
}

/// Slots of a table that holds anything.
const SLOTS_MIN: usize = 1024;

impl Frequency {
    /// Of the values that are known (not 0).
    pub(super) fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut frequency = Self::default();
        values.filter(|value| *value != 0).for_each(|value| frequency.add(value, 1));
        frequency
    }

    fn add(&mut self, value: u64, count: u32) {
        if self.distinct * 2 >= self.slots.len() {
            self.grow();
        }
        let place = self.place(value);
        let (held, bearers) = &mut self.slots[place];
        self.distinct += usize::from(*held == 0);
        *held = value;
        *bearers = bearers.saturating_add(count);
    }

    fn grow(&mut self) {
        let slots = vec![(0, 0); (self.slots.len() * 4).max(SLOTS_MIN)];
        self.distinct = 0;
        for (value, count) in std::mem::replace(&mut self.slots, slots) {
            if value != 0 {
                self.add(value, count);
            }
        }
    }

    /// Where a value stands, or would.
    fn place(&self, value: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash::mix(0, value) as usize & mask;
        while self.slots[place].0 != value && self.slots[place].0 != 0 {
            place = (place + 1) & mask;
        }
        place
    }

    pub(super) fn count(&self, value: u64) -> u32 {
        if self.slots.is_empty() || value == 0 { 0 } else { self.slots[self.place(value)].1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_is_not_known_is_not() {
        let frequency = Frequency::of([5, 0, 7, 5, 5, 0].into_iter());
        assert_eq!([5, 7, 0, 9].map(|value| frequency.count(value)), [3, 1, 0, 0]);
        assert_eq!(Frequency::default().count(5), 0);
    }

    #[test]
    fn a_table_that_grew_has_lost_nothing() {
        let values = (1..=20_000_u64).chain(1..=10_000);
        let frequency = Frequency::of(values);
        assert!((1..=20_000).all(|value| frequency.count(value) == 1 + u32::from(value <= 10_000)));
        assert_eq!(frequency.count(20_001), 0);
    }
}
