//! The attributes of an entry, packed: a tenant has hundreds of thousands of entries in memory at
//! once, each with a dozen short values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Attribute name (as the mapping spells it) → values, sorted; never empty: absent is absent.
/// A sorted map like another, and written as one (stored plans have that form), but that all values
/// lie in one text, one after the other, and that a name is in memory once for all entries.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// A slot a value: by name, then by rank.
    slots: Box<[Slot]>,
    text: Box<str>,
}

/// Where a value ends. It begins where the one before it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot {
    name: Name,
    end: u32,
    /// False: the attribute has no value, and this slot alone.
    is_value: bool,
}

/// The name of an attribute. Compared as text: the order in which names were met changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name(&'static &'static str);

/// Every name so far. They are few, and never given back: they come from mappings and from our own
/// plans; a target is asked for no others.
static NAMES: RwLock<BTreeMap<&'static str, Name>> = RwLock::new(BTreeMap::new());

impl Name {
    fn of(text: &str) -> Self {
        let known = NAMES.read().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        known.unwrap_or_else(|| {
            let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = names.get(text) {
                return *known; // Another thread was quicker.
            }
            let kept: &'static str = Box::leak(text.into());
            let name = Self(Box::leak(Box::new(kept)));
            names.insert(kept, name);
            name
        })
    }
}

impl Attributes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Attributes, not values.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn get(&self, name: &str) -> Option<Values<'_>> {
        let first = self.slots.partition_point(|slot| *slot.name.0 < name);
        let (before, rest) = self.slots.split_at_checked(first)?;
        let begin = before.last().map_or(0, |slot| slot.end);
        let (found, values, _) = Iter { text: &self.text, rest, begin }.split()?;
        (*found.0 == name).then_some(values)
    }

    /// None at all where the attribute is absent.
    pub fn values_of(&self, name: &str) -> Values<'_> {
        self.get(name).unwrap_or_default()
    }

    pub fn iter(&self) -> Iter<'_> {
        Iter { text: &self.text, rest: &self.slots, begin: 0 }
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    pub fn values(&self) -> impl Iterator<Item = Values<'_>> {
        self.iter().map(|(_, values)| values)
    }

    /// Several at once are cheaper collected, or by [`Extend`].
    pub fn insert<V: AsRef<str>>(
        &mut self,
        name: impl AsRef<str>,
        values: impl IntoIterator<Item = V>,
    ) {
        self.extend([(name, values)]);
    }

    pub fn remove(&mut self, name: &str) {
        if self.contains_key(name) {
            self.retain(|held, _| held != name);
        }
    }

    pub fn retain(&mut self, mut is_kept: impl FnMut(&str, Values<'_>) -> bool) {
        let kept = self.named().filter(|(name, values)| is_kept(name.0, *values));
        *self = Self::packed(kept, self.slots.len());
    }

    /// Changes the values of one attribute, which comes to be if it was absent.
    pub fn edit(&mut self, name: &str, change: impl FnOnce(&mut Vec<String>)) {
        let mut values = self.values_of(name).to_vec();
        change(&mut values);
        self.insert(name, values);
    }

    /// The attributes whose values are not the same in both, whatever their order.
    pub fn differing(&self, other: &Self) -> BTreeSet<String> {
        let is_other =
            |name: &&str| self.values_of(name).sorted() != other.values_of(name).sorted();
        self.keys().chain(other.keys()).filter(is_other).map(str::to_owned).collect()
    }

    fn named(&self) -> impl Iterator<Item = (Name, Values<'_>)> {
        let mut left = self.iter();
        std::iter::from_fn(move || {
            let (name, values, rest) = left.split()?;
            left = rest;
            Some((name, values))
        })
    }

    /// From attributes in the order of their names.
    fn packed<V: AsRef<str>>(
        sorted: impl Iterator<Item = (Name, impl IntoIterator<Item = V>)>,
        slots: usize,
    ) -> Self {
        let (mut slots, mut text) = (Vec::with_capacity(slots), String::new());
        for (name, values) in sorted {
            let before = slots.len();
            for value in values {
                text.push_str(value.as_ref());
                slots.push(Slot { name, end: end(&text), is_value: true });
            }
            if slots.len() == before {
                slots.push(Slot { name, end: end(&text), is_value: false });
            }
        }
        Self { slots: slots.into(), text: text.into() }
    }
}

fn end(text: &str) -> u32 {
    // No entry comes near: that is more than a message of a target, or a page, may hold.
    u32::try_from(text.len()).unwrap_or_else(|_| panic!("an entry of more than 4 GiB"))
}

impl<N: AsRef<str>, V: AsRef<str>, I: IntoIterator<Item = V>> FromIterator<(N, I)> for Attributes {
    /// Of two attributes with one name the last one stays.
    fn from_iter<T: IntoIterator<Item = (N, I)>>(all: T) -> Self {
        let all = all.into_iter().map(|(name, values)| (Name::of(name.as_ref()), values));
        let all: BTreeMap<Name, I> = all.collect();
        let slots = all.len();
        Self::packed(all.into_iter(), slots)
    }
}

impl<N: AsRef<str>, V: AsRef<str>, I: IntoIterator<Item = V>> Extend<(N, I)> for Attributes {
    /// An attribute that was there gets the new values in place of its own.
    fn extend<T: IntoIterator<Item = (N, I)>>(&mut self, more: T) {
        let more: Self = more.into_iter().collect();
        let both: BTreeMap<Name, Values<'_>> = self.named().chain(more.named()).collect();
        let slots = self.slots.len() + more.slots.len();
        *self = Self::packed(both.into_iter(), slots);
    }
}

impl<N: AsRef<str>, V: AsRef<str>, I: IntoIterator<Item = V>, const COUNT: usize>
    From<[(N, I); COUNT]> for Attributes
{
    fn from(all: [(N, I); COUNT]) -> Self {
        all.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a str, Values<'a>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The attributes in the order of their names.
#[derive(Clone)]
pub struct Iter<'a> {
    text: &'a str,
    rest: &'a [Slot],
    begin: u32,
}

impl<'a> Iter<'a> {
    /// The next attribute, and those after it.
    fn split(&self) -> Option<(Name, Values<'a>, Self)> {
        let Self { text, rest, begin } = self;
        let name = rest.first()?.name;
        let count = rest.iter().take_while(|slot| slot.name == name).count();
        let (own, rest) = rest.split_at_checked(count)?;
        let end = own.last()?.end;
        let own = if own.first()?.is_value { own } else { &[] };
        let values = Values { text, begin: *begin, slots: own };
        Some((name, values, Self { text, rest, begin: end }))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, Values<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, values, rest) = self.split()?;
        *self = rest;
        Some((*name.0, values))
    }
}

/// The values of one attribute, in their order.
#[derive(Clone, Copy, Default)]
pub struct Values<'a> {
    text: &'a str,
    begin: u32,
    slots: &'a [Slot],
}

impl<'a> Values<'a> {
    pub fn len(self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(self) -> bool {
        self.slots.is_empty()
    }

    pub fn iter(self) -> Each<'a> {
        Each(self)
    }

    pub fn first(self) -> Option<&'a str> {
        self.iter().next()
    }

    pub fn contains(self, value: &str) -> bool {
        self.iter().any(|held| held == value)
    }

    pub fn to_vec(self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }

    /// To compare values that somebody may have put in another order.
    pub fn sorted(self) -> Vec<&'a str> {
        let mut all: Vec<&str> = self.iter().collect();
        all.sort_unstable();
        all
    }
}

impl<'a> IntoIterator for Values<'a> {
    type Item = &'a str;
    type IntoIter = Each<'a>;

    fn into_iter(self) -> Each<'a> {
        self.iter()
    }
}

/// One value after the other.
#[derive(Clone)]
pub struct Each<'a>(Values<'a>);

impl<'a> Iterator for Each<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let Values { text, begin, slots } = self.0;
        let (first, rest) = slots.split_first()?;
        self.0 = Values { text, begin: first.end, slots: rest };
        text.get(begin as usize..first.end as usize)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl PartialEq for Values<'_> {
    fn eq(&self, other: &Values<'_>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Values<'_> {}

impl<T: AsRef<str>, const COUNT: usize> PartialEq<[T; COUNT]> for Values<'_> {
    fn eq(&self, other: &[T; COUNT]) -> bool {
        self.iter().eq(other.iter().map(AsRef::as_ref))
    }
}

impl<T: AsRef<str>> PartialEq<Vec<T>> for Values<'_> {
    fn eq(&self, other: &Vec<T>) -> bool {
        self.iter().eq(other.iter().map(AsRef::as_ref))
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, Vec<String>>::deserialize(deserializer)?;
        Ok(all.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
