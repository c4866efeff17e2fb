//! The room against a service that says what each test tells it to.

mod desk;
mod doubts;
mod reading;
mod room;
pub(super) mod script;
mod teams;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};

use super::settings::{Credential, LinkCost, Settings};
use crate::mapping::SUPPLIED;
use crate::mapping::graph::{GraphMapping, Tenant};
use crate::mapping::managed::Managed;
use crate::model::entry::{GroupForm, Licence};
use crate::model::opaque::OpaqueKeys;

pub(super) const SKU: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

pub(super) fn opaque() -> OpaqueKeys {
    OpaqueKeys::new(SecretSlice::from(b"tests".to_vec()))
}

/// What the mapping that comes with the program manages.
pub(super) fn managed() -> Managed {
    let tenant = Tenant {
        prefix: "hdf".into(),
        form: GroupForm::Security,
        people: opaque(),
        schools: opaque(),
        licences: BTreeMap::from([(Licence::Pupils, SKU.to_owned())]),
    };
    let supplied = SUPPLIED.iter().find(|(name, _)| *name == "graph.toml");
    let (file, text) = supplied.unwrap();
    GraphMapping::parse(text, file, tenant).unwrap().managed().clone()
}

/// Settings of a tenant, changed for one test.
pub(super) fn settings(change: impl FnOnce(Settings) -> Settings) -> Settings {
    change(Settings {
        name: "o365".into(),
        base_url: "https://graph.test/v1.0".into(),
        token_url: "https://login.test/tenant/oauth2/v2.0/token".into(),
        scope: "https://graph.test/.default".into(),
        client_id: "11111111-1111-4111-8111-111111111111".into(),
        credential: Credential::Secret { secret: SecretString::from("the secret"), ends_at: None },
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
        teams: false,
        extra_apps: Vec::new(),
        directory_quota: None,
        patience: Default::default(),
    })
}
