//! Which pairs are compared at all: blocking keys (matching.md section 3). Together they lose fewer
//! than one true link in 20,000; none of them alone is trusted.
//!
//! The keys of the records are laid out, and everybody known is held against them: a batch costs a
//! passage over the roster, and no index of everybody has to be kept. The few keys of accounts that
//! a record may have too are brought together with the records' by sorting (`shards`).

use rayon::prelude::*;

use super::features::Features;
use super::hash;
use super::roster::Account;
use super::shards::{Entry, Shards};

/// Pairs that one value of one key may propose: beyond, the value is skipped, and told. The other
/// keys still propose what they have in common.
const PAIRS_MAX: u64 = 20_000;

const KINDS: usize = 14;

macro_rules! keys {
    ($($name:ident = $text:literal,)*) => {
        /// The kinds of keys.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Key { $($name,)* }
        impl Key {
            pub const ALL: [Self; KINDS] = [$(Self::$name,)*];
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
    let sought = Shards::of(seekers.par_iter().enumerate(), |(rank, seeker), take| {
        each_key_of_seeker(seeker, |key| take(key, rank as u32));
    });
    let filter = sought.filter();
    let offered = Shards::of(accounts.par_iter().enumerate(), |(rank, account), take| {
        each_key_of_account(account, |key| {
            if filter.may_have(key) {
                take(key, rank as u32);
            }
        });
    });
    let shards: Vec<Proposed> = sought
        .par_iter()
        .zip(offered.par_iter())
        .map(|(seekers, accounts)| Proposed::of(seekers, accounts))
        .collect();
    let mut counts = Key::ALL.map(|key| KeyCount { key, pairs: 0, skipped: 0 });
    for (count, kind) in counts.iter_mut().zip(0..) {
        count.pairs = shards.iter().map(|shard| shard.pairs_by_kind[kind]).sum();
        count.skipped = shards.iter().map(|shard| shard.skipped_by_kind[kind]).sum();
    }
    let mut pairs: Vec<u64> = shards.into_par_iter().flat_map_iter(|shard| shard.pairs).collect();
    pairs.par_sort_unstable();
    pairs.dedup();
    let pairs = pairs.into_par_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect();
    (pairs, counts.into())
}

/// What the keys of one shard propose.
#[derive(Default)]
struct Proposed {
    /// Seeker in the upper half, account in the lower.
    pairs: Vec<u64>,
    pairs_by_kind: [u64; Key::ALL.len()],
    skipped_by_kind: [u64; Key::ALL.len()],
}

impl Proposed {
    /// Of keys in order, on both sides.
    fn of(seekers: &[Entry], accounts: &[Entry]) -> Self {
        let mut proposed = Self::default();
        let mut accounts = accounts.chunk_by(|left, right| left.0 == right.0).peekable();
        for seekers in seekers.chunk_by(|left, right| left.0 == right.0) {
            let Some((key, _)) = seekers.first() else { continue };
            let is_before = |one: &&[Entry]| one.first().is_some_and(|(other, _)| other < key);
            while accounts.next_if(is_before).is_some() {}
            let is_same = |one: &&[Entry]| one.first().is_some_and(|(other, _)| other == key);
            if let Some(accounts) = accounts.next_if(is_same) {
                proposed.add((key & KIND_MASK) as usize, seekers, accounts);
            }
        }
        proposed
    }

    fn add(&mut self, kind: usize, seekers: &[Entry], accounts: &[Entry]) {
        let size = seekers.len() as u64 * accounts.len() as u64;
        if size > PAIRS_MAX {
            self.skipped_by_kind[kind] += 1;
            return;
        }
        self.pairs_by_kind[kind] += size;
        for (_, account) in accounts {
            let pair = |(_, seeker): &Entry| u64::from(*seeker) << 32 | u64::from(*account);
            self.pairs.extend(seekers.iter().map(pair));
        }
    }
}

/// The low bits of a key tell its kind.
const KIND_MASK: u64 = 15;

fn key(kind: Key, pupil: bool, parts: &[u64]) -> Option<u64> {
    if parts.contains(&0) {
        return None; // A part that is not known proposes nobody.
    }
    let salt = kind as u64 * 2 + u64::from(pupil);
    Some(hash::of_parts(salt, parts) & !KIND_MASK | kind as u64)
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
    let start = one.family.letters().get(..3).map_or(0, hash::of_bytes);
    propose(Key::DateStart, &[date, start]);
    propose(Key::DateBirthplace, &[date, one.birthplace.map_or(0, |place| place.0)]);
    propose(Key::Sounds, &[one.family_sound, one.given_sound, u64::from(one.date.year())]);
}
