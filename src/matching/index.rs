//! Who has a value: ranks by hash.

/// Ranks by hash, several for one hash or none. Open addressing, at most half full; what many
/// share (a hostile INE) is one chain, so that it slows nobody else.
///
/// Half of the hash is kept beside its place in the table: two hashes out of some 10^15 pass for
/// one, and whoever looks up checks names anyway.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Half a hash and the first link of its chain. The length is a power of two, or 0.
    slots: Vec<(u32, u32)>,
    /// A rank and the next link of its chain.
    links: Vec<(u32, u32)>,
}

const END: u32 = u32::MAX;

impl Index {
    /// Of hashes, each with the rank that it leads to. Ranks of one hash come out in the reverse of
    /// this order.
    pub(super) fn of(entries: impl ExactSizeIterator<Item = (u64, u32)>) -> Self {
        let slots = vec![(0, END); (entries.len() * 2).next_power_of_two()];
        let mut index = Self { slots, links: Vec::with_capacity(entries.len()) };
        for (link, (hash, rank)) in (0..).zip(entries) {
            let place = index.place(hash);
            let (_, first) = index.slots[place];
            index.links.push((rank, first));
            index.slots[place] = (half(hash), link);
        }
        index
    }

    /// The ranks behind a hash.
    pub(super) fn find(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let mut link = if self.slots.is_empty() { END } else { self.slots[self.place(hash)].1 };
        std::iter::from_fn(move || {
            let (rank, next) = *self.links.get(link as usize)?;
            link = next;
            Some(rank)
        })
    }

    /// Where a hash stands, or would.
    fn place(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize >> 1 & mask; // The lowest bit of an identifier is its kind.
        while self.slots[place].1 != END && self.slots[place].0 != half(hash) {
            place = (place + 1) & mask;
        }
        place
    }
}

fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    #[test]
    fn every_rank_is_found_behind_its_hash_and_no_other() {
        let hash = |value: u64| hash::mix(3, value / 2); // Two ranks each.
        let entries: Vec<(u64, u32)> = (0..50_000).map(|rank| (hash(rank), rank as u32)).collect();
        let index = Index::of(entries.into_iter());
        for rank in 0..50_000_u64 {
            let mut found: Vec<u32> = index.find(hash(rank)).collect();
            found.sort_unstable();
            let first = rank as u32 & !1;
            assert_eq!(found, [first, first + 1]);
        }
        assert_eq!(index.find(hash(50_000)).count(), 0);
        assert_eq!(Index::default().find(1).count(), 0);
        assert_eq!(Index::of([].into_iter()).find(1).count(), 0);
    }

    #[test]
    fn a_value_that_everybody_shares_is_one_chain() {
        let index = Index::of((0..200_000).map(|rank| (42, rank)).collect::<Vec<_>>().into_iter());
        assert_eq!(index.find(42).count(), 200_000);
    }
}
