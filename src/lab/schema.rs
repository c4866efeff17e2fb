//! The schema at work: which values are valid and equal, what an entry must and may have, and the
//! definitions that clients read (RFC 4512).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::dn;

pub(super) use super::words::Rule;
use super::words::{ATTRIBUTES, CLASSES, Kind, PLACE, Usage};
use Rule::{Csn, Exact, Ia5, Name, Number, Octets, Oid, Telephone, Text, Time, Truth};

/// An attribute type.
#[derive(Debug)]
pub(super) struct AttributeType {
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    usage: Usage,
}

impl AttributeType {
    pub(super) fn single(&self) -> bool {
        self.usage != Usage::Many
    }
    pub(super) fn operational(&self) -> bool {
        matches!(self.usage, Usage::State | Usage::Frozen)
    }
    /// Written by the server only.
    pub(super) fn frozen(&self) -> bool {
        self.usage == Usage::Frozen
    }
}

#[derive(Debug)]
struct Class {
    name: &'static str,
    superior: &'static str,
    kind: Kind,
    must: Vec<&'static str>,
    may: Vec<&'static str>,
}

/// All of them, found by any of their names in lower case.
#[derive(Debug)]
pub(super) struct Schema {
    attributes: BTreeMap<String, AttributeType>,
    aliases: BTreeMap<String, &'static str>,
    classes: BTreeMap<String, Class>,
}

impl Schema {
    pub(super) fn new() -> Self {
        let mut attributes = BTreeMap::new();
        let mut aliases = BTreeMap::new();
        for (oid, names, rule, usage) in ATTRIBUTES {
            let Some(name) = names.split(' ').next() else { continue };
            for alias in names.split(' ').chain([*oid]) {
                aliases.insert(alias.to_lowercase(), name);
            }
            let attribute = AttributeType { name, rule: *rule, usage: *usage };
            attributes.insert(name.to_lowercase(), attribute);
        }
        let classes = CLASSES.iter().map(|&(_, name, superior, kind, must, may)| {
            let mut may: Vec<&str> = may.split(' ').filter(|name| !name.is_empty()).collect();
            if matches!(
                name,
                "organization" | "organizationalUnit" | "organizationalRole" | "domain"
            ) {
                may.extend(PLACE.split_whitespace());
            }
            let must = must.split(' ').filter(|name| !name.is_empty()).collect();
            (name.to_lowercase(), Class { name, superior, kind, must, may })
        });
        Self { attributes, aliases, classes: classes.collect() }
    }

    /// An attribute by any of its names.
    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeType> {
        let name = self.aliases.get(&name.to_lowercase())?;
        self.attributes.get(&name.to_lowercase())
    }

    /// The class, and all that it descends from, in lower case.
    pub(super) fn lineage(&self, class: &str) -> Vec<String> {
        let mut line = Vec::new();
        let mut next = class.to_lowercase();
        while let Some(class) = self.classes.get(&next) {
            line.push(next);
            next = class.superior.to_lowercase();
        }
        line
    }

    /// The structural class that an entry is of: the one that no other of its classes descends
    /// from. `Err` is slapd's text.
    pub(super) fn structural(&self, classes: &BTreeSet<String>) -> Result<&'static str, String> {
        let structural = |class: &&Class| class.kind == Kind::Structural;
        let given: Vec<&Class> =
            classes.iter().filter_map(|name| self.classes.get(name)).filter(structural).collect();
        let above: BTreeSet<String> =
            given.iter().flat_map(|class| self.lineage(class.superior)).collect();
        let mut leaves = given.iter().filter(|class| !above.contains(&class.name.to_lowercase()));
        match (leaves.next(), leaves.next()) {
            (None, _) => Err("no structural object class provided".to_owned()),
            (Some(leaf), None) => Ok(leaf.name),
            (Some(one), Some(other)) => {
                Err(format!("invalid structural object class chain ({}/{})", one.name, other.name))
            }
        }
    }

    /// What entries of these classes must and may have; in lower case.
    pub(super) fn allowed(&self, classes: &BTreeSet<String>) -> (Requirements, BTreeSet<String>) {
        let whole: BTreeSet<String> = classes.iter().flat_map(|name| self.lineage(name)).collect();
        let mut must = Vec::new();
        let mut may = BTreeSet::new();
        for class in whole.iter().filter_map(|name| self.classes.get(name)) {
            must.extend(class.must.iter().map(|attribute| (class.name, *attribute)));
            may.extend(class.must.iter().chain(&class.may).map(|name| name.to_lowercase()));
        }
        (must, may)
    }

    /// The form in which two equal values are the same text; none when the value is not valid.
    pub(super) fn comparable(&self, attribute: &AttributeType, value: &str) -> Option<String> {
        let filled = !value.is_empty();
        match attribute.rule {
            Text => filled.then(|| dn::comparable_value(value)),
            Exact => filled.then(|| value.to_owned()),
            Csn => value.contains('#').then(|| value.to_owned()),
            Octets => Some(value.to_owned()),
            Ia5 => (filled && value.is_ascii()).then(|| dn::comparable_value(value)),
            Telephone => {
                filled.then(|| value.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect())
            }
            Name => dn::parse(value).is_ok().then(|| dn::comparable(value)),
            Number => value.parse::<i64>().ok().map(|number| number.to_string()),
            Time => generalized_time(value).then(|| value.to_owned()),
            Truth => matches!(value, "TRUE" | "FALSE").then(|| value.to_owned()),
            Oid if attribute.name == "objectClass" => {
                self.classes.contains_key(&value.to_lowercase()).then(|| value.to_lowercase())
            }
            Oid => filled.then(|| value.to_lowercase()),
        }
    }

    /// The definitions of RFC 4512, for the subschema entry.
    pub(super) fn definitions(&self) -> (Vec<String>, Vec<String>) {
        let attributes = ATTRIBUTES.iter().map(|(oid, names, rule, usage)| {
            format!("( {oid} NAME {}{}{} )", quoted(names), matching(*rule), remark(*usage))
        });
        let classes = CLASSES.iter().map(|(oid, name, superior, kind, ..)| {
            let list = |word: &str, names: &[&str]| match names {
                [] => String::new(),
                names => format!(" {word} ( {} )", names.join(" $ ")),
            };
            let (must, may) = match self.classes.get(&name.to_lowercase()) {
                Some(class) => (list("MUST", &class.must), list("MAY", &class.may)),
                None => (String::new(), String::new()),
            };
            let superior =
                if superior.is_empty() { String::new() } else { format!(" SUP {superior}") };
            let kind = format!("{kind:?}").to_uppercase();
            format!("( {oid} NAME '{name}'{superior} {kind}{must}{may} )")
        });
        (attributes.collect(), classes.collect())
    }
}

/// Pairs of class and the attribute it requires, as the schema spells them.
pub(super) type Requirements = Vec<(&'static str, &'static str)>;

fn quoted(names: &str) -> String {
    let names: Vec<String> = names.split(' ').map(|name| format!("'{name}'")).collect();
    if names.len() == 1 { names.concat() } else { format!("( {} )", names.join(" ")) }
}

fn matching(rule: Rule) -> &'static str {
    match rule {
        Text => {
            " EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
        }
        Exact => {
            " EQUALITY caseExactMatch SUBSTR caseExactSubstringsMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
        }
        Ia5 => {
            " EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.26"
        }
        Telephone => " EQUALITY telephoneNumberMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50",
        Name => " EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12",
        Number => {
            " EQUALITY integerMatch ORDERING integerOrderingMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.27"
        }
        Time => {
            " EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch \
             SYNTAX 1.3.6.1.4.1.1466.115.121.1.24"
        }
        Truth => " EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7",
        Octets => " EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40",
        Oid => " EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38",
        Csn => " EQUALITY CSNMatch ORDERING CSNOrderingMatch SYNTAX 1.3.6.1.4.1.4203.666.11.2.1",
    }
}

fn remark(usage: Usage) -> &'static str {
    match usage {
        Usage::Many => "",
        Usage::One => " SINGLE-VALUE",
        Usage::State => " SINGLE-VALUE USAGE directoryOperation",
        Usage::Frozen => " SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation",
    }
}

/// `YYYYMMDDHH[MM[SS]]Z`, the form that servers write; `000001010000Z` (for ever) is one.
fn generalized_time(value: &str) -> bool {
    let digits = value.strip_suffix('Z').unwrap_or_default();
    matches!(digits.len(), 10 | 12 | 14) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_speaks_of_known_words() {
        let schema = Schema::new();
        for (_, name, superior, _, must, may) in CLASSES {
            for attribute in must.split_whitespace().chain(may.split_whitespace()) {
                assert!(schema.attribute(attribute).is_some(), "{name}: {attribute}");
            }
            assert!(superior.is_empty() || !schema.lineage(superior).is_empty(), "{name}");
        }
        for place in PLACE.split_whitespace() {
            assert!(schema.attribute(place).is_some(), "{place}");
        }
    }

    #[test]
    fn values_are_compared_by_their_rule() {
        let schema = Schema::new();
        let check = |name: &str, value: &str, expected: Option<&str>| {
            let attribute = schema.attribute(name).unwrap();
            let found = schema.comparable(attribute, value);
            assert_eq!(found.as_deref(), expected, "{name}: {value}");
        };
        check("commonName", " Inès  LEFÈVRE ", Some("inès lefèvre"));
        check("cn", "", None);
        check("mail", "é@ecole.test", None);
        check("member", "CN=A, DC=t", Some("cn=a,dc=t"));
        check("member", "nobody", None);
        check("labeledURI", "https://E", Some("https://E"));
        check("pwdReset", "true", None);
        check("pwdMinLength", "012", Some("12"));
        check("pwdAccountLockedTime", "000001010000Z", Some("000001010000Z"));
        check("objectClass", "inetOrgPerson", Some("inetorgperson"));
        check("objectClass", "posixAccount", None);
    }
}
