//! What a new lab holds: the base, a good password policy, and two accounts (SEC-06, SEC-19).

use std::fs;
use std::path::Path as FilePath;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ldap3_proto::proto::{LdapAddRequest, LdapPartialAttribute};

use super::access::{Names, Rights, Who};
use super::certificate::private_file;
use super::server::{READER_PASSWORD_FILE, SERVICE_PASSWORD_FILE};
use super::tree::Path;
use super::write::{State, Writer};
use super::{Entropy, LabError, Options};
use crate::model::dn;

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// Adds what is missing; what stands is left as it is.
pub(super) fn fill(
    folder: &FilePath,
    state: &mut State,
    options: &Options,
    rights: &Rights,
    policy: &Path,
) -> Result<(), LabError> {
    let names = Names::below(&options.base);
    let service = password(folder, SERVICE_PASSWORD_FILE, options.entropy)?;
    let reader = password(folder, READER_PASSWORD_FILE, options.entropy)?;
    let writer = Writer {
        who: &Who::Admin,
        name: &options.admin_dn,
        rights,
        policy,
        assertion: None,
        now: (options.now)(),
        entropy: options.entropy,
    };
    let account = |password| -> Pairs<'_> {
        vec![
            ("objectClass", "organizationalRole"),
            ("objectClass", "simpleSecurityObject"),
            ("userPassword", password),
        ]
    };
    let unit: Pairs<'_> = vec![("objectClass", "organizationalUnit")];
    let entries: Vec<(&str, Pairs<'_>)> = vec![
        (&options.base, classes_of_base(&options.base)?),
        (&names.policies, unit.clone()),
        (&names.services, unit),
        (&names.policy, default_policy()),
        (&names.service, account(&service)),
        (&names.reader, account(&reader)),
    ];
    for (name, pairs) in entries {
        let path = dn::path(name).map_err(|_| LabError::Name(name.to_owned()))?;
        if state.tree.get(&path).is_some() {
            continue;
        }
        let outcome = state.add(&writer, request(name, &pairs));
        outcome.map_err(|refusal| LabError::Seed(format!("{name}: {}", refusal.text)))?;
    }
    Ok(())
}

/// 12 signs, five tries, changed at first use, never expiring (SEC-19).
fn default_policy() -> Pairs<'static> {
    vec![
        ("objectClass", "device"),
        ("objectClass", "pwdPolicy"),
        ("pwdAttribute", "userPassword"),
        ("pwdMinLength", "12"),
        ("pwdCheckQuality", "1"),
        ("pwdMaxFailure", "5"),
        ("pwdLockout", "TRUE"),
        ("pwdMustChange", "TRUE"),
        ("pwdMaxAge", "0"),
    ]
}

fn classes_of_base(base: &str) -> Result<Pairs<'static>, LabError> {
    let rdns = dn::parse(base).map_err(|_| LabError::Name(base.to_owned()))?;
    let attribute =
        rdns.first().and_then(|rdn| rdn.first()).map(|ava| ava.attribute.to_lowercase());
    match attribute.as_deref() {
        Some("dc") => Ok(vec![("objectClass", "domain")]),
        Some("o") => Ok(vec![("objectClass", "organization")]),
        Some("ou") => Ok(vec![("objectClass", "organizationalUnit")]),
        _ => Err(LabError::Name(base.to_owned())),
    }
}

fn request(name: &str, pairs: &Pairs<'_>) -> LdapAddRequest {
    let mut attributes: Vec<LdapPartialAttribute> = Vec::new();
    for (atype, value) in pairs {
        match attributes.iter_mut().find(|attribute| attribute.atype == *atype) {
            Some(attribute) => attribute.vals.push(value.as_bytes().to_vec()),
            None => attributes.push(LdapPartialAttribute {
                atype: (*atype).to_owned(),
                vals: vec![value.as_bytes().to_vec()],
            }),
        }
    }
    LdapAddRequest { dn: name.to_owned(), attributes }
}

/// The password of an account, drawn once and kept in a file of its own (SEC-01).
fn password(folder: &FilePath, file: &str, entropy: Entropy) -> Result<String, LabError> {
    let path = folder.join(file);
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    let mut bytes = [0; 24];
    entropy(&mut bytes);
    let text = URL_SAFE_NO_PAD.encode(bytes);
    private_file(&path, &text).map_err(|error| LabError::folder(folder, &error))?;
    Ok(text)
}
