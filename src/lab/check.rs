//! Is an entry as the schema wants it? In the order, codes and words of slapd.

use std::collections::BTreeSet;

use ldap3_proto::proto::LdapResultCode;

use super::refusal::Refusal;
use super::schema::{AttributeType, Schema};
use super::tree::Node;
use crate::model::dn;

/// Values of a request, each valid and none twice, of an attribute that a client may write.
pub(super) fn values(
    schema: &Schema,
    attribute: &AttributeType,
    raw: &[Vec<u8>],
) -> Result<Vec<String>, Refusal> {
    let name = attribute.name;
    let mut seen = BTreeSet::new();
    let mut values = Vec::with_capacity(raw.len());
    for (rank, value) in raw.iter().enumerate() {
        let invalid = || {
            let text = format!("{name}: value #{rank} invalid per syntax");
            Refusal::new(LdapResultCode::InvalidAttributeSyntax, text)
        };
        let value = String::from_utf8(value.clone()).map_err(|_| invalid())?;
        let comparable = schema.comparable(attribute, &value).ok_or_else(invalid)?;
        if !seen.insert(comparable) {
            let text = format!("{name}: value #{rank} provided more than once");
            return Err(Refusal::new(LdapResultCode::AttributeOrValueExists, text));
        }
        values.push(value);
    }
    if attribute.frozen() {
        let text = format!("{name}: no user modification allowed");
        return Err(Refusal::new(LdapResultCode::ConstraintViolation, text));
    }
    Ok(values)
}

/// An attribute that the schema knows.
pub(super) fn known<'a>(schema: &'a Schema, name: &str) -> Result<&'a AttributeType, Refusal> {
    schema.attribute(name).ok_or_else(|| {
        let text = format!("{name}: attribute type undefined");
        Refusal::new(LdapResultCode::UndefinedAttributeType, text)
    })
}

/// The structural class of an entry.
pub(super) fn structural(schema: &Schema, node: &Node) -> Result<&'static str, Refusal> {
    schema
        .structural(&classes(node))
        .map_err(|text| Refusal::new(LdapResultCode::ObjectClassViolation, text))
}

fn classes(node: &Node) -> BTreeSet<String> {
    node.values("objectClass").map(|class| class.to_lowercase()).collect()
}

/// The whole entry: what its classes require and allow, single values, its name.
pub(super) fn entry(schema: &Schema, node: &Node) -> Result<(), Refusal> {
    let violation = |text: String| Refusal::new(LdapResultCode::ObjectClassViolation, text);
    let classes = classes(node);
    let (must, may) = schema.allowed(&classes);
    for (class, attribute) in must {
        if node.values(attribute).next().is_none() {
            let text = format!("object class '{class}' requires attribute '{attribute}'");
            return Err(violation(text));
        }
    }
    for (name, values) in &node.attributes {
        let Some(attribute) = schema.attribute(name) else { continue };
        if !attribute.operational() && !may.contains(name) {
            return Err(violation(format!("attribute '{}' not allowed", attribute.name)));
        }
        if attribute.single() && values.len() > 1 {
            let text = format!("attribute '{}' cannot have multiple values", attribute.name);
            return Err(Refusal::new(LdapResultCode::ConstraintViolation, text));
        }
    }
    naming(schema, node)
}

/// What the entry is named by stands in it.
fn naming(schema: &Schema, node: &Node) -> Result<(), Refusal> {
    let rdns = dn::parse(&node.dn).map_err(|_| Refusal::invalid_dn())?;
    for ava in rdns.first().into_iter().flatten() {
        let attribute = schema.attribute(&ava.attribute);
        if !attribute.is_some_and(|attribute| node.has(schema, attribute, &ava.value)) {
            let text =
                format!("value of naming attribute '{}' is not present in entry", ava.attribute);
            return Err(Refusal::new(LdapResultCode::NamingViolation, text));
        }
    }
    Ok(())
}
