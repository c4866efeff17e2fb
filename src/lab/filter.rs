//! Does an entry answer a filter? Three values, as RFC 4511 wants: true, false, and undefined for
//! what the server does not know or this reader may not ask.

use ldap3_proto::proto::{LdapFilter, LdapMatchingRuleAssertion, LdapSubstringFilter};
use ldap3_proto::{LdapCodec, LdapMsg, proto::LdapOp};
use tokio_util::codec::Decoder;

use super::schema::{AttributeType, Rule, Schema};
use super::tree::Node;
use crate::model::dn;

/// Whoever asks: may they ask about passwords?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker {
    pub(super) sees_passwords: bool,
}

/// The entry answers the filter: undefined counts as no.
pub(super) fn matches(schema: &Schema, asker: Asker, filter: &LdapFilter, node: &Node) -> bool {
    evaluate(schema, asker, filter, node) == Some(true)
}

/// None is undefined.
fn evaluate(schema: &Schema, asker: Asker, filter: &LdapFilter, node: &Node) -> Option<bool> {
    let each = |filters: &[LdapFilter]| -> Vec<Option<bool>> {
        filters.iter().map(|filter| evaluate(schema, asker, filter, node)).collect()
    };
    match filter {
        LdapFilter::And(filters) => {
            let answers = each(filters);
            match answers.contains(&Some(false)) {
                true => Some(false),
                false => (!answers.contains(&None)).then_some(true),
            }
        }
        LdapFilter::Or(filters) => {
            let answers = each(filters);
            match answers.contains(&Some(true)) {
                true => Some(true),
                false => (!answers.contains(&None)).then_some(false),
            }
        }
        LdapFilter::Not(filter) => evaluate(schema, asker, filter, node).map(|answer| !answer),
        LdapFilter::Present(name) => {
            let attribute = known(schema, asker, name)?;
            Some(computed(attribute) || node.values(attribute.name).next().is_some())
        }
        LdapFilter::Equality(name, value) | LdapFilter::Approx(name, value) => {
            equal(schema, known(schema, asker, name)?, value, node)
        }
        LdapFilter::GreaterOrEqual(name, value) => {
            ordered(known(schema, asker, name)?, value, node, std::cmp::Ordering::is_ge)
        }
        LdapFilter::LessOrEqual(name, value) => {
            ordered(known(schema, asker, name)?, value, node, std::cmp::Ordering::is_le)
        }
        LdapFilter::Substring(name, pieces) => substring(known(schema, asker, name)?, pieces, node),
        LdapFilter::Extensible(rule) => extensible(schema, asker, rule, node),
    }
}

fn known<'a>(schema: &'a Schema, asker: Asker, name: &str) -> Option<&'a AttributeType> {
    let attribute = schema.attribute(name)?;
    (attribute.rule != Rule::Octets || asker.sees_passwords).then_some(attribute)
}

/// Made when it is asked for, and so present everywhere.
fn computed(attribute: &AttributeType) -> bool {
    matches!(attribute.name, "entryDN" | "subschemaSubentry" | "hasSubordinates")
}

fn equal(schema: &Schema, attribute: &AttributeType, value: &str, node: &Node) -> Option<bool> {
    if attribute.name == "entryDN" {
        return Some(dn::comparable(&node.dn) == dn::comparable(value));
    }
    let wanted = schema.comparable(attribute, value)?;
    if attribute.name == "objectClass" {
        // A pupil is an inetOrgPerson, and so a person.
        return Some(
            node.values("objectClass").any(|class| schema.lineage(class).contains(&wanted)),
        );
    }
    let values = node.attributes.get(&attribute.name.to_lowercase());
    Some(values.is_some_and(|values| values.contains_key(&wanted)))
}

fn ordered(
    attribute: &AttributeType,
    value: &str,
    node: &Node,
    wanted: fn(std::cmp::Ordering) -> bool,
) -> Option<bool> {
    match attribute.rule {
        Rule::Number => {
            let value: i64 = value.parse().ok()?;
            let numbers = node.values(attribute.name).filter_map(|found| found.parse::<i64>().ok());
            Some(numbers.map(|found| found.cmp(&value)).any(wanted))
        }
        Rule::Time | Rule::Csn => {
            Some(node.values(attribute.name).any(|found| wanted(found.as_str().cmp(value))))
        }
        // The standard schema gives no order to the others.
        _ => None,
    }
}

fn substring(attribute: &AttributeType, pieces: &LdapSubstringFilter, node: &Node) -> Option<bool> {
    let fold: fn(&str) -> String = match attribute.rule {
        Rule::Text | Rule::Ia5 => |text| text.to_lowercase(),
        Rule::Exact => |text| text.to_owned(),
        Rule::Telephone => |text| text.chars().filter(|sign| !" -".contains(*sign)).collect(),
        _ => return None,
    };
    let LdapSubstringFilter { initial, any, final_ } = pieces;
    let found = |value: &String| {
        let folded = fold(value);
        let mut rest = folded.as_str();
        if let Some(initial) = initial {
            let Some(after) = rest.strip_prefix(&fold(initial)) else { return false };
            rest = after;
        }
        if let Some(end) = final_ {
            let Some(before) = rest.strip_suffix(&fold(end)) else { return false };
            rest = before;
        }
        any.iter().all(|piece| match rest.split_once(&fold(piece)) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    };
    Some(node.values(attribute.name).any(found))
}

fn extensible(
    schema: &Schema,
    asker: Asker,
    assertion: &LdapMatchingRuleAssertion,
    node: &Node,
) -> Option<bool> {
    let LdapMatchingRuleAssertion { matching_rule, type_, match_value, dn_attributes } = assertion;
    let attribute = known(schema, asker, type_.as_deref()?)?;
    let in_name = || -> Option<bool> {
        let wanted = schema.comparable(attribute, match_value)?;
        let mut pairs = dn::parse(&node.dn).ok()?.into_iter().flatten();
        Some(pairs.any(|ava| {
            ava.attribute.eq_ignore_ascii_case(attribute.name)
                && schema.comparable(attribute, &ava.value).as_ref() == Some(&wanted)
        }))
    };
    let in_entry = match matching_rule.as_deref() {
        None => equal(schema, attribute, match_value, node)?,
        Some("caseExactMatch" | "2.5.13.5") => {
            node.values(attribute.name).any(|value| value == match_value)
        }
        Some("caseIgnoreMatch" | "2.5.13.2") => {
            let wanted = dn::comparable_value(match_value);
            node.values(attribute.name).any(|value| dn::comparable_value(value) == wanted)
        }
        Some(_) => return None,
    };
    Some(in_entry || (*dn_attributes && in_name()?))
}

/// The filter of an assertion control, which is a bare BER element. The codec reads filters as
/// parts of search requests only, so one is made around it.
pub(super) fn from_ber(filter: &[u8]) -> Option<LdapFilter> {
    let element = |tag: u8, content: &[u8]| {
        let mut whole = vec![tag, 0x84];
        whole.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        whole.extend_from_slice(content);
        whole
    };
    // Base "", scope base, never dereference, no limits, values too; no attributes at the end.
    let mut search = vec![4, 0, 10, 1, 0, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
    search.extend_from_slice(filter);
    search.extend_from_slice(&[0x30, 0]);
    let mut message = vec![2, 1, 1];
    message.extend_from_slice(&element(0x63, &search));
    let mut bytes = element(0x30, &message).as_slice().into();
    match LdapCodec::new(Some(1 << 20), None).decode(&mut bytes) {
        Ok(Some(LdapMsg { op: LdapOp::SearchRequest(search), .. })) => Some(search.filter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use std::collections::BTreeMap;

    /// As a client sends it.
    fn parsed(filter: &str) -> LdapFilter {
        let control: ldap3::controls::RawControl = ldap3::controls::Assertion { filter }.into();
        from_ber(&control.val.unwrap()).unwrap()
    }

    fn check(filter: &str, expected: bool) {
        let tree = Tree::new();
        let attributes = [
            ("objectClass", vec!["inetOrgPerson"]),
            ("uid", vec!["ines.lefevre"]),
            ("cn", vec!["Inès Lefèvre", "I. Lefèvre"]),
            ("userPassword", vec!["{SSHA}x"]),
            ("entryCSN", vec!["20260901090000.000000Z#000002#000#000000"]),
            ("createTimestamp", vec!["20260901090000Z"]),
            ("labeledURI", vec!["https://ENT"]),
        ];
        let attributes: BTreeMap<String, Vec<String>> = attributes
            .into_iter()
            .map(|(name, values)| (name.into(), values.into_iter().map(Into::into).collect()))
            .collect();
        let node = tree.node("uid=ines.lefevre,ou=0599990N,dc=t", &attributes);
        let parsed = parsed(filter);
        let asker = Asker { sees_passwords: false };
        assert_eq!(matches(&tree.schema, asker, &parsed, &node), expected, "{filter}");
    }

    #[test]
    fn filters_answer_as_the_standard_says() {
        for (filter, expected) in [
            ("(uid=INES.lefevre)", true),
            ("(userid=ines.lefevre)", true),
            ("(objectClass=person)", true),
            ("(objectClass=groupOfNames)", false),
            ("(cn=inès  lefèvre)", true),
            ("(cn=In*Lef*e)", true),
            ("(cn=*z*)", false),
            ("(uid=*)", true),
            ("(mail=*)", false),
            ("(!(mail=*))", true),
            ("(nothing=*)", false),
            ("(!(nothing=*))", false), // Undefined stays undefined.
            ("(|(nothing=1)(uid=*))", true),
            ("(&(uid=*)(sn=x))", false),
            ("(userPassword=*)", false),
            ("(!(userPassword=*))", false), // Not a way to ask about passwords.
            ("(createTimestamp>=20260101000000Z)", true),
            ("(createTimestamp<=20260101000000Z)", false),
            ("(entryCSN=20260901090000.000000Z#000002#000#000000)", true),
            ("(entryCSN>=20260901090000.000000Z#000001#000#000000)", true),
            ("(uid>=a)", false), // No order in the standard schema.
            ("(labeledURI=https://ent)", false),
            ("(cn:caseExactMatch:=inès lefèvre)", false),
            ("(ou:dn:=0599990N)", true),
        ] {
            check(filter, expected);
        }
    }

    #[test]
    fn an_assertion_is_read_from_its_bytes() {
        let a = LdapFilter::Equality("uid".into(), "a".into());
        let b = LdapFilter::Present("cn".into());
        let both = LdapFilter::And(vec![a, LdapFilter::Not(Box::new(b))]);
        assert_eq!(parsed("(&(uid=a)(!(cn=*)))"), both);
        assert_eq!(from_ber(b"no filter"), None);
    }
}
