//! The lab's Graph behind the client's seam, and a drive as `apply` does it, without its store.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use rentree::credential::InitialPassword;
use rentree::lab::graph::{
    CLIENT_ID, CLIENT_SECRET, Call, Faults, Options, Outcome, PUPIL_SKU, Service, TENANT,
};
use rentree::mapping::SUPPLIED;
use rentree::mapping::graph::{GraphMapping, Tenant};
use rentree::mapping::managed::Managed;
use rentree::model::entry::{GroupForm, Licence, ObjectKind};
use rentree::model::opaque::OpaqueKeys;
use rentree::plan::operation::{Action, Operation};
use rentree::target::graph::settings::{Credential, LinkCost, Settings};
use rentree::target::graph::{
    Exchange, ExchangeError, GraphTarget, Memory, Request, Response, connect,
};
use rentree::target::{Done, Write, WriteError};
use secrecy::{SecretSlice, SecretString};
use tokio::time::Instant;

/// As `apply` has them of a target in Office 365.
const IN_FLIGHT: usize = 1000;

pub(super) const DOMAIN: &str = "eleves.region.test";

/// The service in this process: a cut connection does not tell whether the work was done.
pub(super) struct InProcess(pub(super) Arc<Service>);

impl Exchange for InProcess {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response, ExchangeError>> {
        async move {
            let call = Call {
                method: request.method.as_str().to_owned(),
                path_and_query: request.url,
                headers: request.headers,
                body: request.body.unwrap_or_default(),
            };
            match self.0.answer(call).await {
                Outcome::Reply { status, headers, body } => {
                    let lower = |(name, value): (String, String)| (name.to_lowercase(), value);
                    let headers = headers.into_iter().map(lower).collect();
                    Ok(Response { status, headers, body })
                }
                Outcome::Cut => Err(ExchangeError::NoAnswer("the connection was cut".into())),
            }
        }
        .boxed()
    }
}

thread_local! {
    static BEGIN: Cell<Option<Instant>> = const { Cell::new(None) };
    static DRAWN: Cell<u64> = const { Cell::new(1) };
}

/// The wall clock of a test: it goes as tokio's does.
pub(super) fn now() -> Timestamp {
    let begin = BEGIN.get().unwrap_or_else(|| {
        BEGIN.set(Some(Instant::now()));
        Instant::now()
    });
    let start: Timestamp = "2026-09-01T06:00:00Z".parse().unwrap();
    start + begin.elapsed()
}

/// Not random, and the same in every run.
pub(super) fn entropy(bytes: &mut [u8]) {
    for byte in bytes {
        DRAWN.set(DRAWN.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(12_345));
        *byte = (DRAWN.get() >> 33) as u8;
    }
}

/// Draws from here on are those of a seed, whatever was drawn before: it plays again alone.
pub(super) fn reseed(seed: u64) {
    DRAWN.set(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    BEGIN.set(None);
}

/// A number below `most`.
pub(super) fn drawn(most: u64) -> u64 {
    let mut bytes = [0; 8];
    entropy(&mut bytes);
    u64::from_be_bytes(bytes) % most.max(1)
}

pub(super) fn opaque() -> OpaqueKeys {
    OpaqueKeys::new(SecretSlice::from(b"contract".to_vec()))
}

pub(super) fn service(seed: u64, faults: Faults) -> Arc<Service> {
    service_with(seed, |options| options.faults = faults)
}

pub(super) fn service_with(seed: u64, change: impl FnOnce(&mut Options)) -> Arc<Service> {
    let mut options = Options::usual(seed, &[DOMAIN], now);
    options.origin = "https://graph.lab".into();
    change(&mut options);
    Arc::new(Service::open(options).unwrap())
}

/// What the mapping that comes with the program manages.
pub(super) fn managed() -> Managed {
    static MANAGED: LazyLock<Managed> = LazyLock::new(supplied);
    MANAGED.clone()
}

fn supplied() -> Managed {
    let tenant = Tenant {
        prefix: "hdf".into(),
        form: GroupForm::Security,
        people: opaque(),
        schools: opaque(),
        licences: BTreeMap::from([(Licence::Pupils, PUPIL_SKU.to_owned())]),
    };
    let supplied = SUPPLIED.iter().find(|(name, _)| *name == "graph.toml");
    let (file, text) = supplied.unwrap();
    GraphMapping::parse(text, file, tenant).unwrap().managed().clone()
}

pub(super) fn settings() -> Settings {
    Settings {
        name: "o365".into(),
        base_url: "https://graph.lab/v1.0".into(),
        token_url: format!("https://graph.lab/{TENANT}/oauth2/v2.0/token"),
        scope: "https://graph.microsoft.com/.default".into(),
        client_id: CLIENT_ID.into(),
        credential: Credential::Secret { secret: SecretString::from(CLIENT_SECRET), ends_at: None },
        prefix: "hdf".into(),
        domains: BTreeSet::from([DOMAIN.to_owned()]),
        opaque: opaque(),
        managed: managed(),
        timeout: Duration::from_secs(60),
        share: 0.8,
        link_cost: LinkCost::Thirds,
        batches: 4,
        tempo: 1.0,
        now,
        licences: BTreeMap::from([(Licence::Pupils, PUPIL_SKU.to_owned())]),
        team_wait: Duration::from_secs(900),
        teams: false,
        extra_apps: Vec::new(),
        directory_quota: None,
        patience: Default::default(),
    }
}

pub(super) async fn target(service: &Arc<Service>, memory: Memory) -> GraphTarget {
    target_with(service, memory, |_| {}).await
}

pub(super) async fn target_with(
    service: &Arc<Service>,
    memory: Memory,
    change: impl FnOnce(&mut Settings),
) -> GraphTarget {
    let mut settings = settings();
    change(&mut settings);
    let exchange: Arc<dyn Exchange> = Arc::new(InProcess(Arc::clone(service)));
    connect(settings, exchange, memory, entropy).await.unwrap()
}

/// What is kept between two commands, as text.
pub(super) fn kept(target: &GraphTarget) -> Memory {
    let text = serde_json::to_string(&target.memory()).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// How a drive ended.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) written: usize,
    pub(super) already: usize,
    /// Came back to be done again.
    pub(super) again: usize,
    /// Sequence number and words.
    pub(super) failed: Vec<(u64, String)>,
}

/// Does operations, stage after stage, so many in flight, each again while there is hope.
pub(super) async fn drive(target: &mut GraphTarget, operations: &[Operation]) -> Tally {
    let mut tally = Tally::default();
    let stages: BTreeSet<u16> = operations.iter().map(|one| one.stage).collect();
    for stage in stages {
        let mut open: Vec<&Operation> =
            operations.iter().filter(|one| one.stage == stage).collect();
        for last in [false, false, false, false, true] {
            let answers = stream::iter(open)
                .map(|one| write(&*target, one))
                .buffer_unordered(IN_FLIGHT)
                .collect::<Vec<_>>();
            let mut again = Vec::new();
            for (one, answer) in answers.await {
                match answer {
                    Ok(Done::Written | Done::InPart) => tally.written += 1,
                    Ok(Done::Already) => tally.already += 1,
                    Err(WriteError::Busy { .. } | WriteError::Unknown(_) | WriteError::Lost(_))
                        if !last =>
                    {
                        tally.again += 1;
                        again.push(one);
                    }
                    Err(error) => tally.failed.push((one.seq, error.to_string())),
                }
            }
            open = again;
            if open.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            let _ = target.reconnect().await;
        }
    }
    tally
}

pub(super) async fn write<'o>(
    target: &GraphTarget,
    operation: &'o Operation,
) -> (&'o Operation, Result<Done, WriteError>) {
    let is_new_account = matches!(&operation.action, Action::Create { entry }
        if entry.key.kind() == ObjectKind::Account);
    let secret = is_new_account.then(|| InitialPassword::draw(&mut entropy));
    if let Some(secret) = &secret {
        PASSWORDS.with_borrow_mut(|all| all.push(secret.reveal().to_owned()));
    }
    (operation, target.write(operation, secret.as_ref()).await)
}

thread_local! {
    /// Every password that was drawn.
    pub(super) static PASSWORDS: std::cell::RefCell<Vec<String>> =
        const { std::cell::RefCell::new(Vec::new()) };
}
