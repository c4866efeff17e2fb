//! The identifiers of one record or person: two or three, seldom more.

use serde::{Deserialize, Serialize};

use super::person::Identifier;

/// A set in one small piece of memory: half a million persons have one each.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Vec<Identifier>", into = "Vec<Identifier>")]
pub struct Identifiers(Vec<Identifier>); // In order, none twice.

impl Identifiers {
    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Identifier> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, identifier: &Identifier) -> bool {
        self.0.binary_search(identifier).is_ok()
    }

    /// An INE is among them.
    pub fn has_ine(&self) -> bool {
        self.iter().any(Identifier::is_ine)
    }

    pub fn insert(&mut self, identifier: Identifier) {
        if let Err(place) = self.0.binary_search(&identifier) {
            self.0.reserve_exact(1);
            self.0.insert(place, identifier);
        }
    }

    /// Tells whether it was there.
    pub fn remove(&mut self, identifier: &Identifier) -> bool {
        let found = self.0.binary_search(identifier);
        found.map(|place| self.0.remove(place)).is_ok()
    }

    pub fn retain(&mut self, keep: impl FnMut(&Identifier) -> bool) {
        self.0.retain(keep);
    }
}

impl From<Vec<Identifier>> for Identifiers {
    fn from(mut identifiers: Vec<Identifier>) -> Self {
        identifiers.sort();
        identifiers.dedup();
        identifiers.shrink_to_fit();
        Self(identifiers)
    }
}

impl<const LENGTH: usize> From<[Identifier; LENGTH]> for Identifiers {
    fn from(identifiers: [Identifier; LENGTH]) -> Self {
        Vec::from(identifiers).into()
    }
}

impl From<Identifiers> for Vec<Identifier> {
    fn from(identifiers: Identifiers) -> Self {
        identifiers.0
    }
}

impl FromIterator<Identifier> for Identifiers {
    fn from_iter<I: IntoIterator<Item = Identifier>>(identifiers: I) -> Self {
        identifiers.into_iter().collect::<Vec<_>>().into()
    }
}

impl Extend<Identifier> for Identifiers {
    fn extend<I: IntoIterator<Item = Identifier>>(&mut self, identifiers: I) {
        let mut all = std::mem::take(&mut self.0);
        all.extend(identifiers);
        *self = all.into();
    }
}

impl IntoIterator for Identifiers {
    type Item = Identifier;
    type IntoIter = std::vec::IntoIter<Identifier>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Identifiers {
    type Item = &'a Identifier;
    type IntoIter = std::slice::Iter<'a, Identifier>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::IneKey;

    fn ine(text: &str) -> Identifier {
        Identifier::Ine { key: IneKey(text.into()) }
    }

    #[test]
    fn a_set_whatever_the_order_and_the_doubles() {
        let mut one: Identifiers = [ine("B"), ine("A"), ine("B")].into();
        let mut other = Identifiers::default();
        assert!(other.is_empty() && !other.has_ine());
        other.insert(ine("B"));
        other.extend([ine("A"), ine("B"), ine("A")]);
        other.insert(ine("A"));
        assert_eq!(one, other);
        assert!(one.len() == 2 && one.has_ine());
        assert!(one.remove(&ine("A")) && !one.remove(&ine("A")) && !one.contains(&ine("A")));
        let text = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<Identifiers>(&text).unwrap(), other);
    }
}
