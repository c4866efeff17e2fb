//! The room against a service that says what each test tells it to.

mod desk;
pub(super) mod script;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};

use super::settings::{Credential, LinkCost, Settings};
use crate::mapping::managed::{Managed, PasswordForm, PasswordRule};
use crate::model::entry::{Attributes, Licence, ObjectKind};
use crate::model::opaque::OpaqueKeys;

pub(super) const SKU: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

pub(super) fn opaque() -> OpaqueKeys {
    OpaqueKeys::new(SecretSlice::from(b"tests".to_vec()))
}

pub(super) fn managed() -> Managed {
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let accounts = names(&[
        "userPrincipalName",
        "mailNickname",
        "displayName",
        "givenName",
        "surname",
        "usageLocation",
        "employeeId",
        "extensionAttribute1",
        "extensionAttribute2",
        "accountEnabled",
    ]);
    let groups = names(&[
        "uniqueName",
        "displayName",
        "mailNickname",
        "description",
        "groupTypes",
        "assignedLicenses",
    ]);
    Managed {
        mark: "extensionAttribute1".into(),
        attributes: BTreeMap::from([
            (ObjectKind::Account, accounts),
            (ObjectKind::Group, groups),
            (ObjectKind::Team, names(&["template"])),
        ]),
        links: names(&["members", "owners"]),
        placeholders: BTreeMap::new(),
        at_creation: Attributes::new(),
        password: PasswordRule { attribute: "passwordProfile".into(), form: PasswordForm::Clear },
        disabled: Attributes::from([("accountEnabled", ["false"])]),
        names: names(&["userPrincipalName", "mailNickname"]),
        required: BTreeSet::new(),
    }
}

/// Settings of a tenant, changed for one test.
pub(super) fn settings(change: impl FnOnce(Settings) -> Settings) -> Settings {
    change(Settings {
        name: "o365".into(),
        base_url: "https://graph.test/v1.0".into(),
        token_url: "https://login.test/tenant/oauth2/v2.0/token".into(),
        scope: "https://graph.test/.default".into(),
        client_id: "11111111-1111-4111-8111-111111111111".into(),
        credential: Credential::Secret(SecretString::from("the secret")),
        prefix: "hdf".into(),
        domains: BTreeSet::from(["ecole.test".to_owned()]),
        opaque: opaque(),
        managed: managed(),
        timeout: Duration::from_secs(60),
        share: 0.8,
        link_cost: LinkCost::Thirds,
        batches: 4,
        tempo: 1.0,
        now: script::now,
        licences: BTreeMap::from([(Licence::Pupils, SKU.to_owned())]),
        team_wait: Duration::from_secs(900),
        extra_apps: Vec::new(),
        directory_quota: None,
    })
}
