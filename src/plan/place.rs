//! What the name of an entry tells people and plans, beyond its form.

use crate::model::dn;
use crate::model::ids::Uai;

/// What people call the entry: the value of the first component.
pub fn name(dn: &str) -> String {
    dn::leaf_pairs(dn).into_iter().next().map_or_else(|| dn.to_owned(), |pair| pair.value)
}

/// The school whose branch the entry stands in, when a component says it: the nearest one.
pub fn school(dn: &str) -> Option<Uai> {
    let pairs = dn::parse(dn).ok()?.into_iter().flatten();
    pairs.filter_map(|pair| pair.value.parse().ok()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_its_name_and_school() {
        let dn = r"uid=a\,b+cn=C , ou=0599990N, ou=écoles,dc=fr";
        assert_eq!(name(dn), "a,b");
        assert_eq!(school(dn).map(String::from), Some("0599990N".to_owned()));
        assert_eq!(school("uid=a,ou=0599990A,dc=fr"), None);
        assert_eq!(name("no name"), "no name");
    }
}
