//! Searches and comparisons.

use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapCompareRequest, LdapPartialAttribute, LdapResultCode, LdapSearchRequest,
    LdapSearchResultEntry, LdapSearchScope,
};

use super::access::{Rights, Who};
use super::filter::{Asker, matches};
use super::refusal::Refusal;
use super::schema::Rule;
use super::tree::{Node, Path, Tree};
use crate::model::dn;

pub(super) const SUBSCHEMA: &str = "cn=Subschema";

/// Who asks, and what the server grants.
pub(super) struct Reader<'a> {
    pub(super) who: &'a Who,
    pub(super) rights: &'a Rights,
    /// Entries of one answer that is not paged; the manager has no limit.
    pub(super) size_limit: Option<u32>,
}

/// What a search found: entries, and how it ended.
pub(super) struct Answer {
    pub(super) entries: Vec<LdapSearchResultEntry>,
    pub(super) outcome: Result<(), Refusal>,
    pub(super) control: Option<LdapControl>,
}

impl Answer {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self { entries: Vec::new(), outcome: Err(refusal), control: None }
    }
    pub(super) fn single(entry: LdapSearchResultEntry) -> Self {
        Self { entries: vec![entry], outcome: Ok(()), control: None }
    }
}

/// A page: how many entries, and after which.
struct Page {
    size: usize,
    after: Option<Path>,
}

pub(super) fn search(
    tree: &Tree,
    reader: &Reader<'_>,
    request: &LdapSearchRequest,
    controls: &[LdapControl],
) -> Answer {
    let page = match page(controls) {
        Ok(page) => page,
        Err(refusal) => return Answer::refused(refusal),
    };
    let Ok(base) = dn::path(&request.base) else {
        return Answer::refused(Refusal::invalid_dn());
    };
    if tree.get(&base).is_none() || !reader.rights.reads(reader.who, &base) {
        return Answer::refused(Refusal::no_such_object(tree, &base));
    }
    let asker = Asker { sees_passwords: reader.rights.sees_passwords(reader.who) };
    let in_scope = |path: &Path| match request.scope {
        LdapSearchScope::Base => *path == base,
        LdapSearchScope::OneLevel => path.len() == base.len() + 1,
        LdapSearchScope::Subtree => true,
        LdapSearchScope::Children => *path != base,
    };
    let after = page.as_ref().and_then(|page| page.after.as_ref());
    let mut found = tree.subtree(&base, after).filter(|(path, node)| {
        in_scope(path)
            && reader.rights.reads(reader.who, path)
            && matches(&tree.schema, asker, &request.filter, node)
    });
    let limit = limit(reader, request, page.as_ref());
    let mut entries = Vec::new();
    let mut last: Option<&Path> = None;
    let room = page.as_ref().map_or(limit, |page| page.size.min(limit));
    for (path, node) in found.by_ref().take(room) {
        entries.push(shown(tree, asker, request, path, node));
        last = Some(path);
    }
    let more = found.next().is_some();
    let cut = more && page.is_none();
    let outcome = match cut {
        true => Err(Refusal::new(LdapResultCode::SizeLimitExceeded, "")),
        false => Ok(()),
    };
    let control = page.as_ref().map(|_| LdapControl::SimplePagedResults {
        size: 0,
        cookie: last
            .filter(|_| more)
            .and_then(|path| serde_json::to_vec(path).ok())
            .unwrap_or_default(),
    });
    Answer { entries, outcome, control }
}

fn page(controls: &[LdapControl]) -> Result<Option<Page>, Refusal> {
    let asked = controls.iter().find_map(|control| match control {
        LdapControl::SimplePagedResults { size, cookie } => Some((*size, cookie)),
        _ => None,
    });
    let Some((size, cookie)) = asked else { return Ok(None) };
    let after = match cookie.as_slice() {
        [] => None,
        cookie => Some(serde_json::from_slice(cookie).map_err(|_| {
            let text = "paged results cookie is invalid";
            Refusal::new(LdapResultCode::ProtocolError, text)
        })?),
    };
    let size = usize::try_from(size).unwrap_or(0);
    Ok(Some(Page { size, after }))
}

fn limit(reader: &Reader<'_>, request: &LdapSearchRequest, page: Option<&Page>) -> usize {
    let asked = u32::try_from(request.sizelimit).ok().filter(|limit| *limit > 0);
    let granted = reader.size_limit.filter(|_| page.is_none() && *reader.who != Who::Admin);
    let limits = asked.into_iter().chain(granted);
    limits.min().map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

fn shown(
    tree: &Tree,
    asker: Asker,
    request: &LdapSearchRequest,
    path: &Path,
    node: &Node,
) -> LdapSearchResultEntry {
    let mut attributes = Vec::new();
    let selection = Selection::of(tree, &request.attrs);
    let computed = [
        ("entryDN", node.dn.clone()),
        ("subschemaSubentry", SUBSCHEMA.to_owned()),
        ("hasSubordinates", if tree.has_children(path) { "TRUE" } else { "FALSE" }.to_owned()),
    ];
    let stored = node.attributes.iter().filter_map(|(name, values)| {
        let attribute = tree.schema.attribute(name)?;
        let visible = attribute.rule != Rule::Octets || asker.sees_passwords;
        let wanted = selection.takes(attribute.name, attribute.operational());
        (visible && wanted).then(|| (attribute.name, values.values().cloned().collect()))
    });
    let computed = computed
        .into_iter()
        .filter(|(name, _)| selection.takes(name, true))
        .map(|(name, value)| (name, vec![value]));
    for (name, values) in stored.chain(computed).collect::<Vec<(&str, Vec<String>)>>() {
        let values = if request.typesonly { Vec::new() } else { values };
        let vals = values.into_iter().map(String::into_bytes).collect();
        attributes.push(LdapPartialAttribute { atype: name.to_owned(), vals });
    }
    LdapSearchResultEntry { dn: node.dn.clone(), attributes }
}

/// Which attributes were asked for.
pub(super) struct Selection {
    all: bool,
    operational: bool,
    named: Vec<&'static str>,
}

impl Selection {
    pub(super) fn of(tree: &Tree, asked: &[String]) -> Self {
        let attribute = |name: &String| tree.schema.attribute(name).map(|found| found.name);
        Self {
            all: asked.is_empty() || asked.iter().any(|name| name == "*"),
            operational: asked.iter().any(|name| name == "+"),
            named: asked.iter().filter_map(attribute).collect(),
        }
    }
    fn takes(&self, name: &str, operational: bool) -> bool {
        let group = if operational { self.operational } else { self.all };
        group || self.named.contains(&name)
    }
}

/// The root DSE: what the lab is and can do.
pub(super) fn root_dse(base: &str) -> LdapSearchResultEntry {
    let attribute = |name: &str, values: &[&str]| LdapPartialAttribute {
        atype: name.to_owned(),
        vals: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
    };
    LdapSearchResultEntry {
        dn: String::new(),
        attributes: vec![
            attribute("objectClass", &["top"]),
            attribute("vendorName", &["rentree lab"]),
            attribute("namingContexts", &[base]),
            attribute("subschemaSubentry", &[SUBSCHEMA]),
            attribute("supportedLDAPVersion", &["3"]),
            attribute("supportedControl", super::controls::CONTROLS),
            attribute("supportedExtension", super::session::EXTENSIONS),
        ],
    }
}

/// The subschema entry.
pub(super) fn subschema(tree: &Tree) -> LdapSearchResultEntry {
    let (attributes, classes) = tree.schema.definitions();
    let attribute = |name: &str, values: Vec<String>| LdapPartialAttribute {
        atype: name.to_owned(),
        vals: values.into_iter().map(String::into_bytes).collect(),
    };
    LdapSearchResultEntry {
        dn: SUBSCHEMA.to_owned(),
        attributes: vec![
            attribute("objectClass", vec!["top".to_owned()]),
            attribute("cn", vec!["Subschema".to_owned()]),
            attribute("attributeTypes", attributes),
            attribute("objectClasses", classes),
        ],
    }
}

/// Answers "does the entry have this value": `compareTrue` or `compareFalse` as a refusal's code.
pub(super) fn compare(
    tree: &Tree,
    reader: &Reader<'_>,
    request: &LdapCompareRequest,
) -> Result<bool, Refusal> {
    let path = dn::path(&request.dn).map_err(|_| Refusal::invalid_dn())?;
    let node = tree.get(&path).filter(|_| reader.rights.reads(reader.who, &path));
    let node = node.ok_or_else(|| Refusal::no_such_object(tree, &path))?;
    let attribute = tree.schema.attribute(&request.atype).ok_or_else(|| {
        let text = "attribute type undefined";
        Refusal::new(LdapResultCode::UndefinedAttributeType, text)
    })?;
    if attribute.rule == Rule::Octets && !reader.rights.sees_passwords(reader.who) {
        return Err(Refusal::no_access());
    }
    let value = String::from_utf8(request.val.clone()).unwrap_or_default();
    if tree.schema.comparable(attribute, &value).is_none() {
        return Err(Refusal::new(LdapResultCode::InvalidAttributeSyntax, ""));
    }
    if node.values(attribute.name).next().is_none() {
        return Err(Refusal::new(LdapResultCode::NoSuchAttribute, ""));
    }
    Ok(node.has(&tree.schema, attribute, &value))
}
