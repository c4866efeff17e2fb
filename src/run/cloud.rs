//! Targets in Office 365, opened: a real tenant, or the lab's Graph.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::outcome::{ExitStatus, Failure};
use super::session::{Session, store_failure};
use super::targets::{Labs, failed};
use crate::config::{
    GraphApp, GraphCredential, GraphLab, GraphPlace, GraphTarget as Rules, GraphTenant, Target,
    secret_file,
};
use crate::lab::graph::{Options, Server, Sku};
use crate::mapping::Mapping;
use crate::mapping::graph::GraphMapping;
use crate::store::{Store, memory};
use crate::target::graph::settings::{App, Credential, Settings};
use crate::target::graph::{self, Exchange, GraphTarget, Memory};

/// `$batch` requests open at once: more only makes refusals.
const BATCHES: usize = 4;
/// The age of a group from which a team can be made of it.
const TEAM_WAIT: Duration = Duration::from_secs(15 * 60);

/// Where to speak to, and who we are there.
pub(super) struct Access {
    pub(super) base_url: String,
    pub(super) token_url: String,
    pub(super) scope: String,
    pub(super) app: App,
    pub(super) extra_apps: Vec<App>,
    pub(super) tempo: f64,
}

/// Refuses to begin while a secret is missing, or can be read by others (SEC-01).
pub(super) fn check_secrets(target: &Target, rules: &Rules) -> anyhow::Result<()> {
    match &rules.place {
        GraphPlace::Tenant(tenant) => access(target, tenant).map(|_| ()),
        GraphPlace::Lab(_) => Ok(()),
    }
}

/// A real tenant, its secrets freshly read (SEC-05).
fn access(target: &Target, tenant: &GraphTenant) -> anyhow::Result<Access> {
    let extra: anyhow::Result<Vec<App>> =
        tenant.extra_apps.iter().map(|one| app(target, one)).collect();
    Ok(Access {
        base_url: tenant.base_url.clone(),
        token_url: tenant.token_url.clone(),
        scope: tenant.scope.clone(),
        app: app(target, &tenant.app)?,
        extra_apps: extra?,
        tempo: 1.0,
    })
}

const SECRET: &str = "write the secret of the app registration into that file, as its owner, \
                      then: chmod 600";
const CERTIFICATE: &str = "put the certificate of the app registration, and its RSA key with mode \
                           600, as PEM into these files";

fn app(target: &Target, app: &GraphApp) -> anyhow::Result<App> {
    let usage = |problem: String, hint: &str| {
        let what = format!("target {}: {problem}", target.name);
        Failure::new(ExitStatus::Usage, what).hint(hint)
    };
    let credential = match &app.credential {
        GraphCredential::Secret { file, ends_on } => Credential::Secret {
            secret: secret_file::read(file).map_err(|what| usage(what, SECRET))?,
            // Where on earth its last day ends is not told: it is not counted on.
            ends_at: ends_on
                .and_then(|day| TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight())).ok()),
        },
        GraphCredential::Certificate { file, key_file } => Credential::Certificate {
            pem: std::fs::read_to_string(file)
                .map_err(|error| usage(format!("{}: {error}", file.display()), CERTIFICATE))?,
            key: secret_file::read(key_file).map_err(|what| usage(what, CERTIFICATE))?,
        },
    };
    Ok(App { client_id: app.client_id.clone(), credential })
}

/// Starts the lab's Graph, or attaches to the process that serves it.
pub(super) fn start_lab(
    session: &Session,
    target: &Target,
    lab: &GraphLab,
) -> anyhow::Result<Server> {
    let rules = target.graph();
    let domains: Vec<&str> =
        rules.iter().flat_map(|rules| &rules.domains).map(String::as_str).collect();
    // Of operational times only: the wall's, also when a command rehearses another day.
    let usual = Options::usual(SEED, &domains, session.world.clock.wall);
    let mut options =
        Options { port: lab.port, tempo: lab.tempo, entropy: Some(session.world.entropy), ..usual };
    if let Mapping::Graph(mapping) = &target.mapping
        && !mapping.tenant.licences.is_empty()
    {
        // It has bought what is given to people.
        let sold = mapping.tenant.licences.iter().map(|(licence, sku_id)| Sku {
            sku_id: sku_id.clone(),
            part_number: licence.as_str().to_uppercase(),
            seats: SEATS,
        });
        options.skus = sold.collect();
    }
    Ok(Server::attach_or_start(&lab.folder, options).map_err(|error| {
        Failure::new(ExitStatus::Unreachable, format!("the lab cannot start: {error}"))
            .hint(format!("look at the folder {}", lab.folder.display()))
    })?)
}

/// The lab's answers do not differ from one command to the next.
const SEED: u64 = 365;
const SEATS: u64 = 300_000;

fn lab_access(target: &Target, lab: &GraphLab, server: &Server) -> anyhow::Result<Access> {
    let file = server.secret_file();
    let written = GraphApp {
        client_id: server.client_id().to_owned(),
        credential: GraphCredential::Secret { file, ends_on: None },
    };
    Ok(Access {
        base_url: server.base_url(),
        token_url: server.token_url(),
        scope: SCOPE.to_owned(),
        app: app(target, &written)?,
        extra_apps: Vec::new(),
        tempo: lab.tempo,
    })
}

/// What the lab gives a token for.
pub(super) const SCOPE: &str = "https://graph.microsoft.com/.default";

/// The settings of a target, and the way to it.
fn ready(
    session: &Session,
    target: &Target,
    (rules, mapping): (&Rules, &GraphMapping),
    labs: &Labs,
) -> anyhow::Result<(Settings, Arc<dyn Exchange>)> {
    let (access, ca_file) = match &rules.place {
        GraphPlace::Tenant(tenant) => (access(target, tenant)?, tenant.ca_file.as_deref()),
        GraphPlace::Lab(lab) => (lab_access(target, lab, labs.graph(target)?)?, None),
    };
    let Access { base_url, token_url, scope, app, extra_apps, tempo } = access;
    let settings = Settings {
        name: target.name.clone(),
        base_url,
        token_url,
        scope,
        client_id: app.client_id,
        credential: app.credential,
        prefix: mapping.tenant.prefix.clone(),
        domains: rules.domains.clone(),
        opaque: mapping.tenant.people.clone(),
        managed: mapping.managed().clone(),
        timeout: target.timeout,
        share: rules.share,
        link_cost: rules.link_cost,
        batches: BATCHES,
        tempo,
        now: session.world.clock.wall,
        licences: mapping.tenant.licences.clone(),
        team_wait: TEAM_WAIT,
        teams: rules.teams,
        extra_apps,
        directory_quota: rules.directory_quota,
        patience: labs.patience(target),
    };
    let problems = settings.problems();
    if !problems.is_empty() {
        let what = format!("target {}: {}", target.name, problems.join("; "));
        return Err(Failure::new(ExitStatus::Usage, what).into());
    }
    let exchange = graph::https(ca_file, target.timeout).map_err(|error| failed(target, error))?;
    Ok((settings, exchange))
}

/// Connects to a tenant, with what was known of it.
pub(super) async fn open(
    session: &Session,
    store: &Store,
    target: &Target,
    labs: &Labs,
) -> anyhow::Result<GraphTarget> {
    let (Some(rules), Mapping::Graph(mapping)) = (target.graph(), &target.mapping) else {
        let what = format!("target {} is not in Office 365", target.name);
        return Err(Failure::new(ExitStatus::Internal, what).into());
    };
    let (settings, exchange) = ready(session, target, (rules, mapping), labs)?;
    let kept = memory::load(store, &target.name).map_err(store_failure)?;
    // One that another version wrote is read again from the tenant.
    let known: Memory = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let known = match memory::load_speed(store, &target.name).map_err(store_failure)? {
        Some(newer) => known.with_speed(&newer),
        None => known,
    };
    graph::connect(settings, exchange, known, session.world.entropy)
        .await
        .map_err(|error| failed(target, error))
}
