//! Writes per second of the first run of the demo academy on a real slapd, next to a bare pipelined
//! loop with the same LDAP crate over the same entries: `cargo bench --bench first_run`.
//!
//! Ours is the apply as `rentree run` does it: journal in a store on disk, passwords drawn, hashed
//! and sealed. The bare loop has its requests ready, keeps nothing and looks at nothing. Both open
//! as many connections with the same window over LDAPS, each on a server of its own with an empty
//! database, in turn. The first two lines are a slapd that waits for its disk, as a real one does;
//! the last two one that does not (`dbnosync`), where our own disk and the sealing show. The ratio
//! of medians is what to watch: under 0.70 where slapd is durable, the bench fails (exit 1).

#![expect(clippy::print_stdout, reason = "a bench speaks to the person who runs it")]
#![expect(clippy::unwrap_used, reason = "a bench that fails says where by itself")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;
use ldap3::Ldap;
use rentree::academy::demo::{self, Day};
use rentree::apply::Take;
use rentree::cli::{self, clock::entropy};
use rentree::credential::InitialPassword;
use rentree::mapping::managed::Managed;
use rentree::model::attributes::Values;
use rentree::model::entry::{Entry, ObjectKind};
use rentree::plan::Plan;
use rentree::plan::operation::Action;
use rentree::run::applying::Work;
use rentree::run::outcome::ExitStatus;
use rentree::run::session::Format;
use rentree::run::session::Session;
use rentree::run::targets::Labs;
use rentree::run::turn::Spent;
use rentree::run::{applying, draft};
use rentree::store::journal;
use rentree::target::ldap::ssha;
use tokio::runtime::Runtime;

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/slapd.rs"]
mod slapd;

use slapd::{BASE, Choices, SERVICE, SERVICE_PASSWORD, Slapd, Variant};

const ROUNDS: usize = 7;

/// An entry: DN, then values by attribute.
type Request = (String, Vec<(String, BTreeSet<String>)>);

/// Of the bare loop, where slapd is durable.
const RATIO_MIN: f64 = 0.70;

fn main() -> std::process::ExitCode {
    let mut enough = true;
    for (name, variant, durable) in [
        ("ppolicy, memberof, refint, unique; durable", Variant::Full, true),
        ("no overlay; durable", Variant::Plain, true),
        ("ppolicy, memberof, refint, unique; dbnosync", Variant::Full, false),
        ("no overlay; dbnosync", Variant::Plain, false),
    ] {
        let choices = Choices { durable, ..Choices::of(variant) };
        let mut ours = Vec::new();
        let mut bare = Vec::new();
        let mut writes = 0;
        for _ in 0..ROUNDS {
            let scene = Scene::new(&choices);
            writes = scene.plan.operations.len();
            bare.push(bare_loop(&scene, &choices));
            ours.push(our_apply(scene));
        }
        let rate = |times: &mut Vec<Duration>| {
            times.sort();
            writes as f64 / times[times.len() / 2].as_secs_f64()
        };
        let (ours, bare) = (rate(&mut ours), rate(&mut bare));
        println!(
            "{name}: {writes} writes, medians of {ROUNDS}: apply {ours:.0}/s, bare loop \
             {bare:.0}/s, ratio {:.2}",
            ours / bare
        );
        enough &= !durable || ours / bare >= RATIO_MIN;
    }
    if enough {
        return std::process::ExitCode::SUCCESS;
    }
    println!("under {RATIO_MIN:.2} of the bare loop where slapd is durable");
    std::process::ExitCode::FAILURE
}

/// A server, a working folder, and the plan of the first evening in its store.
struct Scene {
    slapd: Slapd,
    folder: tempfile::TempDir,
    runtime: Runtime,
    session: Session,
    store: rentree::store::Store,
    run: rentree::store::runs::RunId,
    plan: Plan,
}

impl Scene {
    fn new(choices: &Choices) -> Self {
        let slapd = Slapd::start(choices);
        let folder = tempfile::Builder::new().prefix("first-run").tempdir().unwrap();
        working_folder(folder.path(), &slapd);
        let half_past = SignedDuration::from_mins(30);
        let evening = Day::One.received_at().checked_add(half_past).unwrap();
        let world = cli::world(Some(evening));
        let session =
            Session::open(&folder.path().join("rentree.toml"), Format::Json, world).unwrap();
        let mut store = session.store().unwrap();
        let runtime = applying::runtime().unwrap();
        let draft =
            draft::draft(&session, &mut store, &Labs::default(), &runtime, "bench").unwrap();
        let (run, plan) = (draft.run, draft.plan);
        Self { slapd, folder, runtime, session, store, run, plan }
    }
}

fn working_folder(folder: &Path, slapd: &Slapd) {
    let rentree = Command::new(env!("CARGO_BIN_EXE_rentree")).arg("init").arg(folder).output();
    assert!(rentree.unwrap().status.success());
    fs::write(folder.join("schools.csv"), demo::schools_csv()).unwrap();
    demo::write_day(&folder.join("inbox"), Day::One).unwrap();
    let mut options = fs::OpenOptions::new();
    let password = folder.join("secrets/service");
    let mut file = options.write(true).create_new(true).mode(0o600).open(password).unwrap();
    std::io::Write::write_all(&mut file, SERVICE_PASSWORD.as_bytes()).unwrap();
    let toml = fs::read_to_string(folder.join("rentree.toml")).unwrap();
    let (before, _) = toml.split_once("[[target]]").unwrap();
    let target = format!(
        "[[target]]\nname = \"annuaire\"\nkind = \"ldap\"\nurl = {:?}\nca_file = {:?}\n\
         base = {BASE:?}\nmapping = \"mappings/openldap.toml\"\n\
         bind = {{ method = \"simple\", dn = {SERVICE:?}, password_file = \"secrets/service\" }}\n",
        slapd.ldaps(),
        slapd.ca_file().to_str().unwrap(),
    );
    fs::write(folder.join("rentree.toml"), format!("{before}{target}")).unwrap();
}

/// From the first byte to the last outcome in the journal, connecting included.
fn our_apply(scene: Scene) -> Duration {
    let Scene { slapd: _slapd, folder: _folder, runtime, session, mut store, run, plan } = scene;
    journal::begin(&mut store, run, &plan, session.world.clock.now()).unwrap();
    let started = Instant::now();
    let (labs, work) = (Labs::default(), Work::new(run, Take::Open));
    let spent = &mut Spent::default();
    let applied = applying::drive_all(&session, &mut store, &labs, &runtime, work, spent);
    let took = started.elapsed();
    assert_eq!(applied.unwrap().status, ExitStatus::Done);
    took
}

/// The same entries, stage after stage, as fast as the crate and the server can.
fn bare_loop(scene: &Scene, choices: &Choices) -> Duration {
    let slapd = Slapd::start(choices);
    let target = &scene.session.config.targets[0];
    let stages = requests(&scene.plan, target.mapping.managed());
    scene.runtime.block_on(async {
        let started = Instant::now();
        let mut handles = Vec::new();
        for _ in 0..target.connections {
            handles.push(connect(&slapd).await);
        }
        let in_flight = usize::from(target.window) * usize::from(target.connections);
        for stage in stages {
            let adds = stage.into_iter().enumerate().map(|(rank, (dn, attributes))| {
                let mut handle = handles[rank % handles.len()].clone();
                // The set that the crate takes can be named by inference only.
                let attributes = attributes.into_iter();
                let attributes =
                    attributes.map(|(name, values)| (name, values.into_iter().collect()));
                let attributes = attributes.collect();
                async move { handle.add(&dn, attributes).await.unwrap().success().unwrap() }
            });
            stream::iter(adds).buffer_unordered(in_flight).for_each(|_| async {}).await;
        }
        started.elapsed()
    })
}

/// Everything that the plan creates, made ready, by stage.
fn requests(plan: &Plan, managed: &Managed) -> Vec<Vec<Request>> {
    let stages: BTreeSet<u16> = plan.operations.iter().map(|operation| operation.stage).collect();
    let of_stage = |stage: u16| {
        let operations = plan.operations.iter().filter(|operation| operation.stage == stage);
        operations
            .map(|operation| match &operation.action {
                Action::Create { entry } => request(entry, managed),
                other => panic!("a first run only creates: {other:?}"),
            })
            .collect()
    };
    stages.into_iter().map(of_stage).collect()
}

fn request(entry: &Entry, managed: &Managed) -> Request {
    let own = |(name, values): (&str, Values<'_>)| {
        (name.to_owned(), values.iter().map(str::to_owned).collect())
    };
    let mut whole: Vec<(String, BTreeSet<String>)> = entry.attributes.iter().map(own).collect();
    whole.extend(entry.links.clone());
    if entry.key.kind() == ObjectKind::Account {
        whole.extend(managed.at_creation.iter().map(own));
        let password = InitialPassword::draw(&mut entropy);
        let mut salt = [0; ssha::SALT_BYTES];
        entropy(&mut salt);
        let hash = ssha::hashed(password.reveal(), salt);
        whole.push((managed.password.attribute.clone(), [hash].into_iter().collect()));
    }
    whole.retain(|(_, values)| !values.is_empty());
    (entry.dn.clone(), whole)
}

async fn connect(slapd: &Slapd) -> Ldap {
    let mut handle = slapd::client_of(&slapd.ldaps(), &slapd.ca_file()).await;
    handle.simple_bind(SERVICE, SERVICE_PASSWORD).await.unwrap().success().unwrap();
    handle
}
