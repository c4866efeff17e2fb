//! Numbers that look drawn and are not: the same seed and purpose give the same academy.

/// One stream of numbers (SplitMix64). Each purpose has its own, so that a pupil more in one
/// class changes nobody else.
#[derive(Debug, Clone)]
pub struct Stream(u64);

impl Stream {
    /// The stream of one purpose, such as `0599990N/pupil/12`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a: any spreading of the purpose's bytes over the state would do.
        let state = purpose.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(state)
    }

    /// The stream of one purpose of the `number`th person or school: cheap enough for millions.
    pub fn numbered(seed: u64, purpose: &str, number: u64) -> Self {
        let Self(state) = Self::new(seed, purpose);
        let mut stream = Self(state ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        // Neighbouring numbers must not give neighbouring states.
        Self(stream.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end - 1`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder is below 1 in 10^13 for the small ends drawn here.
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// True at this rate, from 0 (never) to 1 (always).
    pub fn chance(&mut self, rate: f64) -> bool {
        const UNIT: f64 = (1_u64 << 53) as f64;
        ((self.next() >> 11) as f64) < rate * UNIT
    }

    /// True once in `n` on average.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of them, each as likely; the list is never empty.
    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.index(list.len())]
    }

    /// A place in a list of `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A place in a list of `len`, the first ones likelier, as names are in a population: the
    /// lesser of two draws.
    pub fn skewed_index(&mut self, len: usize) -> usize {
        self.index(len).min(self.index(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_give_the_same_numbers_and_another_purpose_others() {
        let draw = |seed, purpose| -> Vec<u64> {
            let mut stream = Stream::new(seed, purpose);
            (0..8).map(|_| stream.below(1_000_000)).collect()
        };
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
    }

    #[test]
    fn a_chance_is_met_at_its_rate_and_neighbouring_numbers_do_not_resemble_each_other() {
        let met = |rate| {
            let one = |number| Stream::numbered(3, "chance", number).chance(rate);
            (0..20_000).filter(|number| one(*number)).count()
        };
        assert_eq!((met(0.0), met(1.0)), (0, 20_000));
        assert!((1_850..2_150).contains(&met(0.1)), "{}", met(0.1));
    }

    #[test]
    fn a_skewed_draw_stays_inside_and_prefers_the_first() {
        let mut stream = Stream::new(7, "skew");
        let draws: Vec<usize> = (0..10_000).map(|_| stream.skewed_index(100)).collect();
        assert!(draws.iter().all(|index| *index < 100));
        assert!(draws.iter().filter(|index| **index < 10).count() > 1_500);
        assert!(draws.iter().any(|index| *index > 95));
    }
}
