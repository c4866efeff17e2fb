//! Which pairs are compared at all: blocking keys (matching.md section 3). Together they lose fewer
//! than one true link in 20,000; none of them alone is trusted.
//!
//! The keys of the records are laid out, and everybody known is held against them: a batch costs a
//! passage over the roster, and no index of everybody has to be kept.

use rayon::prelude::*;

use super::features::Features;
use super::hash;
use super::roster::Account;

/// Pairs that one value of one key may propose: beyond, the value is skipped, and told. The other
/// keys still propose what they have in common.
const PAIRS_MAX: u64 = 20_000;

macro_rules! keys {
    ($($name:ident = $text:literal,)*) => {
        /// The kinds of keys.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Key { $($name,)* }
        impl Key {
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}
keys! {
    Names = "name + first name",
    DateGiven = "date + first name",
    DateName = "date + name",
    DateSound = "date + sound of the name",
    DateGivenSound = "date + sound of the first name",
    DateStart = "date + beginning of the name",
    DateBirthplace = "date + birthplace",
    DateSchool = "date + school",
    SwappedName = "day and month exchanged + name",
    SwappedGiven = "day and month exchanged + first name",
    Sounds = "sounds of both names + year",
    SchoolName = "school + name",
    SchoolGiven = "school + first name + year",
    Everything = "names + date",
}

/// What one kind of key proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCount {
    pub key: Key,
    pub pairs: u64,
    /// Values that too many share: everybody born on one day, one first name for a whole school.
    pub skipped: u64,
}

/// A record to find candidates for.
pub(super) struct Seeker<'a> {
    pub(super) features: &'a Features,
    /// Hash of its school.
    pub(super) school: u64,
    /// Only who has exactly its names and date is of interest.
    pub(super) exact_only: bool,
}

/// Distinct pairs (rank of the seeker, rank of the account), in order, and what each key gave.
pub(super) fn candidates(
    seekers: &[Seeker<'_>],
    accounts: &[Account],
) -> (Vec<(u32, u32)>, Vec<KeyCount>) {
    let table = Table::of(seekers);
    let mut hits: Vec<(u32, u32)> = accounts
        .par_iter()
        .enumerate()
        .fold(Vec::new, |mut hits, (rank, account)| {
            each_key_of_account(account, |key| {
                if let Some(group) = table.find(key) {
                    hits.push((group, rank as u32));
                }
            });
            hits
        })
        .reduce(Vec::new, |mut left, mut right| {
            left.append(&mut right);
            left
        });
    hits.par_sort_unstable();
    hits.dedup();
    table.expand(&hits)
}

/// The keys of the seekers, each with those that have it.
struct Table {
    /// In order; equal keys form a group.
    entries: Vec<(u64, u32)>,
    /// Key and place of the first entry of each group, in order of key.
    groups: Vec<(u64, u32)>,
    /// A bit for each key, so that most of those that nobody seeks cost one look.
    filter: Vec<u64>,
}

impl Table {
    fn of(seekers: &[Seeker<'_>]) -> Self {
        let mut entries: Vec<(u64, u32)> = seekers
            .par_iter()
            .enumerate()
            .fold(Vec::new, |mut entries, (rank, seeker)| {
                each_key_of_seeker(seeker, |key| entries.push((key, rank as u32)));
                entries
            })
            .reduce(Vec::new, |mut left, mut right| {
                left.append(&mut right);
                left
            });
        entries.par_sort_unstable();
        entries.dedup();
        let mut groups: Vec<(u64, u32)> = Vec::new();
        for (place, (key, _)) in (0..).zip(&entries) {
            if groups.last().is_none_or(|(last, _)| last != key) {
                groups.push((*key, place));
            }
        }
        let words = (groups.len() / 4).next_power_of_two().max(1024);
        let mut filter = vec![0; words];
        for (key, _) in &groups {
            let (word, bit) = place(*key, words);
            filter[word] |= bit;
        }
        Self { entries, groups, filter }
    }

    fn find(&self, key: u64) -> Option<u32> {
        let (word, bit) = place(key, self.filter.len());
        if self.filter[word] & bit == 0 {
            return None;
        }
        let found = self.groups.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        u32::try_from(found).ok()
    }

    fn seekers(&self, group: u32) -> &[(u64, u32)] {
        let start = |rank: usize| self.groups.get(rank).map(|(_, place)| *place as usize);
        let rank = group as usize;
        let end = start(rank + 1).unwrap_or(self.entries.len());
        self.entries.get(start(rank).unwrap_or(end)..end).unwrap_or_default()
    }

    fn expand(&self, hits: &[(u32, u32)]) -> (Vec<(u32, u32)>, Vec<KeyCount>) {
        let mut counts: Vec<KeyCount> =
            Key::ALL.iter().map(|key| KeyCount { key: *key, pairs: 0, skipped: 0 }).collect();
        let mut pairs = Vec::new();
        for hits in hits.chunk_by(|left, right| left.0 == right.0) {
            let Some((group, _)) = hits.first() else { continue };
            let seekers = self.seekers(*group);
            let kind = seekers.first().map_or(0, |(key, _)| (*key & KIND_MASK) as usize);
            let size = hits.len() as u64 * seekers.len() as u64;
            let Some(count) = counts.get_mut(kind) else { continue };
            if size > PAIRS_MAX {
                count.skipped += 1;
                continue;
            }
            count.pairs += size;
            for (_, account) in hits {
                pairs.extend(seekers.iter().map(|(_, seeker)| (*seeker, *account)));
            }
        }
        pairs.par_sort_unstable();
        pairs.dedup();
        (pairs, counts)
    }
}

fn place(key: u64, words: usize) -> (usize, u64) {
    ((key >> 10) as usize & (words - 1), 1 << (key >> 4 & 63))
}

/// The low bits of a key tell its kind.
const KIND_MASK: u64 = 15;

fn key(kind: Key, pupil: bool, parts: &[u64]) -> Option<u64> {
    if parts.contains(&0) {
        return None; // A part that is not known proposes nobody.
    }
    let salt = kind as u64 * 2 + u64::from(pupil);
    let hash = parts.iter().fold(salt, |hash, part| hash::mix(hash, *part));
    Some(hash & !KIND_MASK | kind as u64)
}

fn each_key_of_account(account: &Account, mut take: impl FnMut(u64)) {
    let one = &account.features;
    let date = u64::from(one.date.0);
    let mut propose = |kind, parts: &[u64]| key(kind, one.pupil, parts).map(&mut take);
    propose(Key::Everything, &[date, one.family.hash, one.given.hash]);
    propose(Key::SwappedName, &[date, one.family.hash]);
    propose(Key::SwappedGiven, &[date, one.given.hash]);
    for stay in &account.stays {
        propose(Key::DateSchool, &[date, stay.school]);
        propose(Key::SchoolName, &[stay.school, one.family.hash]);
        propose(Key::SchoolGiven, &[stay.school, one.given.hash, u64::from(one.date.year())]);
    }
    each_shared_key(one, take);
}

fn each_key_of_seeker(seeker: &Seeker<'_>, mut take: impl FnMut(u64)) {
    let one = seeker.features;
    let date = u64::from(one.date.0);
    let swapped = u64::from(one.date.swapped().0);
    let mut propose = |kind, parts: &[u64]| key(kind, one.pupil, parts).map(&mut take);
    if seeker.exact_only {
        propose(Key::Everything, &[date, one.family.hash, one.given.hash]);
        return;
    }
    if swapped != date {
        propose(Key::SwappedName, &[swapped, one.family.hash]);
        propose(Key::SwappedGiven, &[swapped, one.given.hash]);
    }
    // The school that the record names as last year's, and its own: somebody typed twice.
    for school in [one.previous, seeker.school] {
        propose(Key::DateSchool, &[date, school]);
        propose(Key::SchoolName, &[school, one.family.hash]);
        propose(Key::SchoolGiven, &[school, one.given.hash, u64::from(one.date.year())]);
    }
    // Names and first names exchanged.
    propose(Key::Names, &[one.given.hash, one.family.hash]);
    each_shared_key(one, take);
}

fn each_shared_key(one: &Features, mut take: impl FnMut(u64)) {
    let date = u64::from(one.date.0);
    let mut propose = |kind, parts: &[u64]| key(kind, one.pupil, parts).map(&mut take);
    propose(Key::Names, &[one.family.hash, one.given.hash]);
    propose(Key::DateGiven, &[date, one.given.hash]);
    propose(Key::DateName, &[date, one.family.hash]);
    if one.usage.is_known() && one.usage.hash != one.family.hash {
        propose(Key::Names, &[one.usage.hash, one.given.hash]);
        propose(Key::DateName, &[date, one.usage.hash]);
    }
    propose(Key::DateSound, &[date, one.family_sound]);
    propose(Key::DateGivenSound, &[date, one.given_sound]);
    let start = one.family.text.as_bytes().get(..3).map_or(0, hash::of_bytes);
    propose(Key::DateStart, &[date, start]);
    propose(Key::DateBirthplace, &[date, one.birthplace.map_or(0, |place| place.0)]);
    propose(Key::Sounds, &[one.family_sound, one.given_sound, u64::from(one.date.year())]);
}
