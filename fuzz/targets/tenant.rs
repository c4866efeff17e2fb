//! Any answers of Office 365 to a reading of the whole tenant. Answers stand between lines of
//! `--`: a status and headers (`name: value`, one a line), an empty line, the body.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use rentree::mapping::SUPPLIED;
use rentree::mapping::graph::{GraphMapping, Tenant};
use rentree::model::entry::{GroupForm, Licence};
use rentree::model::opaque::OpaqueKeys;
use rentree::target::Observe as _;
use rentree::target::graph::settings::{Credential, LinkCost, Settings};
use rentree::target::graph::{Exchange, ExchangeError, Memory, Request, Response, connect};
use secrecy::{SecretSlice, SecretString};

const SKU: &str = "46c119d4-0379-4a9d-85e4-97c66d3f909e";

/// Answers what the input holds, one after the other; then nothing comes any more.
struct Told(Mutex<Vec<Response>>);

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, ExchangeError>> + Send + 'a>>;

impl Exchange for Told {
    fn exchange(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            if request.url.ends_with("/token") {
                let body = br#"{"access_token":"t","expires_in":3600,"token_type":"Bearer"}"#;
                return Ok(Response { status: 200, headers: Vec::new(), body: body.to_vec() });
            }
            let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
            next.ok_or_else(|| ExchangeError::NotSent("nothing comes any more".into()))
        })
    }
}

fn answers(text: &str) -> Vec<Response> {
    let mut answers: Vec<Response> = text.split("\n--\n").take(40).map(answer).collect();
    answers.reverse();
    answers
}

fn answer(text: &str) -> Response {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.trim().parse().ok()).unwrap_or(200);
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_lowercase(), value.to_owned()))
    };
    Response { status, headers: lines.filter_map(pair).collect(), body: body.into() }
}

fn now() -> Timestamp {
    "2026-09-01T06:00:00Z".parse().expect("an instant")
}

fn settings() -> Settings {
    let keys = || OpaqueKeys::new(SecretSlice::from(b"fuzz".to_vec()));
    let licences = BTreeMap::from([(Licence::Pupils, SKU.to_owned())]);
    let tenant = Tenant {
        prefix: "hdf".into(),
        form: GroupForm::Security,
        people: keys(),
        schools: keys(),
        licences: licences.clone(),
    };
    let supplied = SUPPLIED.iter().find(|(name, _)| *name == "graph.toml");
    let (file, text) = supplied.expect("the mapping that comes with the program");
    let mapping = GraphMapping::parse(text, file, tenant).expect("a good mapping");
    Settings {
        name: "o365".into(),
        base_url: "https://graph.lab/v1.0".into(),
        token_url: "https://graph.lab/tenant/oauth2/v2.0/token".into(),
        scope: "https://graph.microsoft.com/.default".into(),
        client_id: "client".into(),
        credential: Credential::Secret { secret: SecretString::from("a secret"), ends_at: None },
        prefix: "hdf".into(),
        domains: BTreeSet::from(["eleves.region.test".to_owned()]),
        opaque: keys(),
        managed: mapping.managed().clone(),
        timeout: Duration::from_secs(60),
        share: 0.8,
        link_cost: LinkCost::Thirds,
        batches: 4,
        tempo: 1.0,
        now,
        licences,
        team_wait: Duration::from_secs(900),
        teams: true,
        extra_apps: Vec::new(),
        directory_quota: None,
    }
}

/// Reads a tenant twice: whole, then from where the first reading ended.
async fn read(text: &str) {
    let told: Arc<dyn Exchange> = Arc::new(Told(Mutex::new(answers(text))));
    let mut memory = Memory::default();
    for _ in 0..2 {
        let connected = connect(settings(), Arc::clone(&told), memory, |bytes| bytes.fill(7)).await;
        let Ok(mut target) = connected else { return };
        match target.observe().await {
            Ok(_) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let kept = serde_json::to_string(&target.memory()).expect("a memory is text");
        memory = serde_json::from_str(&kept).expect("what we wrote ourselves");
    }
}

fuzz_target!(|text: &str| {
    // Waits cost nothing: the clock goes on when everybody sleeps.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(read(text));
});
