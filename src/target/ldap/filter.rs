//! Filters: the only module that builds them as text (SEC-36).

use ldap3::ldap_escape;

/// `(attribute=value)`, the value escaped.
pub fn equals(attribute: &str, text: &str) -> String {
    format!("({attribute}={})", ldap_escape(text))
}

/// `(attribute=*)`.
pub fn present(attribute: &str) -> String {
    format!("({attribute}=*)")
}

/// One of the attributes is there.
pub fn any_present(attributes: &[String]) -> String {
    let one: Vec<String> = attributes.iter().map(|attribute| present(attribute)).collect();
    any_of(&one)
}

/// One of the filters at least; with none it is false.
pub fn any_of(filters: &[String]) -> String {
    format!("(|{})", filters.concat())
}

/// All of the filters; with none it is true.
pub fn all(filters: &[String]) -> String {
    format!("(&{})", filters.concat())
}

/// The filter is false.
pub fn not(filter: &str) -> String {
    format!("(!{filter})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hostile_value_stays_one_assertion() {
        // SEC-36.
        assert_eq!(equals("uid", "*)(uid=*"), r"(uid=\2a\29\28uid=\2a)");
        assert_eq!(any_present(&["uid".into(), "mail".into()]), "(|(uid=*)(mail=*))");
        assert_eq!(all(&[equals("a", "b"), not(&present("c"))]), "(&(a=b)(!(c=*)))");
    }

    proptest! {
        /// A filter has one assertion, whatever the value.
        #[test]
        fn a_filter_keeps_its_form(value in any::<String>()) {
            let filter = equals("uid", &value);
            prop_assert!(ldap3::parse_filter(&filter).is_ok());
            prop_assert_eq!(filter.matches(['(', ')', '*']).count(), 2);
        }
    }
}
