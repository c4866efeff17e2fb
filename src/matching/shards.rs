//! Equal hashes brought together: entries are spread by hash over shards that each fit the cache,
//! and the shards are sorted side by side.

use rayon::prelude::*;

/// A hash and the rank that it stands for.
pub(super) type Entry = (u64, u32);

/// Entries in shards, each in order: equal hashes stand side by side.
pub(super) struct Shards(Vec<Vec<Entry>>);

const BITS: u32 = 6;
const COUNT: usize = 1 << BITS;
/// Fewer items than these are not worth another thread.
const ITEMS_MIN: usize = 512;

impl Shards {
    /// Of what `emit` says of each item.
    pub(super) fn of<T: Send>(
        items: impl IndexedParallelIterator<Item = T>,
        emit: impl Fn(T, &mut dyn FnMut(u64, u32)) + Sync,
    ) -> Self {
        let share = items.len() / (rayon::current_num_threads() * 4);
        let pieces: Vec<Vec<Vec<Entry>>> = items
            .with_min_len(share.max(ITEMS_MIN))
            .fold(
                || vec![Vec::new(); COUNT],
                |mut piece, item| {
                    emit(item, &mut |hash, rank| piece[shard_of(hash)].push((hash, rank)));
                    piece
                },
            )
            .collect();
        let gather = |shard: usize| {
            let pieces: Vec<&[Entry]> = pieces.iter().map(|piece| &piece[shard][..]).collect();
            let mut entries = pieces.concat();
            entries.sort_unstable();
            entries.dedup();
            entries
        };
        Self((0..COUNT).into_par_iter().map(gather).collect())
    }

    /// The shards, for work on each.
    pub(super) fn par_iter(&self) -> rayon::slice::Iter<'_, Vec<Entry>> {
        self.0.par_iter()
    }

    /// A look that tells most hashes that no entry has.
    pub(super) fn filter(&self) -> Filter {
        Filter(self.0.par_iter().map(|shard| bits_of(shard)).collect())
    }
}

fn shard_of(hash: u64) -> usize {
    (hash >> (64 - BITS)) as usize
}

/// A bit for each hash.
pub(super) struct Filter(Vec<Vec<u64>>);

/// Words of the filter for each entry: 32 bits, of which one is set.
const ENTRIES_PER_WORD: usize = 2;

impl Filter {
    /// Never false for a hash that an entry has.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let words = &self.0[shard_of(hash)];
        let (word, bit) = place(hash, words.len());
        words[word] & bit != 0
    }
}

fn bits_of(entries: &[Entry]) -> Vec<u64> {
    let mut words = vec![0; (entries.len() / ENTRIES_PER_WORD).next_power_of_two()];
    for (hash, _) in entries {
        let (word, bit) = place(*hash, words.len());
        words[word] |= bit;
    }
    words
}

fn place(hash: u64, words: usize) -> (usize, u64) {
    ((hash >> 10) as usize & (words - 1), 1 << (hash >> 4 & 63))
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    #[test]
    fn equal_hashes_stand_side_by_side_whatever_the_threads() {
        let shards = Shards::of((0..100_000_u32).into_par_iter(), |rank, take| {
            take(hash::mix(1, u64::from(rank % 40_000)), rank);
        });
        let runs: usize = shards
            .par_iter()
            .map(|shard| {
                assert!(shard.is_sorted());
                shard.chunk_by(|left, right| left.0 == right.0).count()
            })
            .sum();
        assert_eq!(runs, 40_000);
    }

    #[test]
    fn a_filter_denies_most_and_never_what_is_there() {
        let shards = Shards::of((0..10_000_u32).into_par_iter(), |rank, take| {
            take(hash::mix(1, u64::from(rank)), rank);
        });
        let filter = shards.filter();
        assert!((0..10_000).all(|rank| filter.may_have(hash::mix(1, rank))));
        let wrong = (10_000..20_000).filter(|rank| filter.may_have(hash::mix(1, *rank))).count();
        assert!(wrong < 1_000, "{wrong}");
    }
}
