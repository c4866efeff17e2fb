//! Office 365 through Microsoft Graph: accounts, groups and teams of one tenant.
//!
//! - In: settings of one tenant, a memory of it, operations of a plan. - Out: what stands there,
//!   the outcome of each operation, the memory for next time.
//! - Can go wrong: no token (`TargetError`, told by its cause), no right, a tenant that is full;
//!   for one operation: an object that changed since the plan, a name that somebody else has, a
//!   refusal, no answer (`WriteError`).
//!
//! The service lags: a write that succeeded is the truth, and a look soon after it may show an
//! older state. So what we wrote is remembered for some minutes and believed before a look
//! (`mirror.rs`). Nothing is asked "to make sure". Everything that is sent may be sent twice.
//!
//! | File | Duty |
//! |---|---|
//! | `exchange.rs`, `https.rs` | one request and its answer, and the network below |
//! | `token.rs`, `assertion.rs` | the token, by a secret or by a certificate |
//! | `line.rs`, `app.rs` | one call as one application; its quotas |
//! | `crew.rs` | which applications are in service |
//! | `courier/` | batches of twenty at the speed of the quota, repeated where that is safe |
//! | `fault.rs` | what a refusal means |
//! | `words.rs`, `object_id.rs`, `encode.rs` | attributes, numbers and addresses as text |
//! | `memory.rs`, `mirror.rs`, `speed.rs` | what we know of the tenant, kept between commands |
//! | `read.rs`, `users_read.rs`, `groups_read.rs`, `observe.rs`, `limits.rs` | reading the whole |
//! | `write.rs`, `users.rs`, `groups.rs`, `links.rs`, `teams.rs` | doing one operation |
//! | `patience.rs` | how long a tenant may keep the others waiting while it is read |
//! | `doubt.rs` | looks that disagree, as one of the replicas lags |
//! | `doctor.rs` | is the tenant fit for us? |

mod app;
mod assertion;
mod courier;
mod crew;
mod doctor;
mod doubt;
mod encode;
mod exchange;
mod fault;
mod groups;
mod groups_read;
mod https;
mod limits;
mod line;
mod links;
mod memory;
mod mirror;
mod object_id;
mod observe;
mod patience;
mod read;
pub mod settings;
mod speed;
mod teams;
mod token;
mod users;
mod users_read;
mod words;
mod write;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use exchange::{Exchange, ExchangeError, Method, Request, Response};
pub use https::https;
pub use memory::Memory;
pub use object_id::ObjectId;
pub use patience::Patience;

use super::TargetError;
use super::ldap::Entropy;
use app::App;
use courier::{Common, Courier};
use crew::{Crew, Denied};
use mirror::{Eyes, Mirror};
use settings::{App as Registration, Settings};
use token::NoToken;
use words::Words;

/// One tenant. It reads (`Observe`) and writes (`Write`).
pub struct GraphTarget {
    settings: Settings,
    crew: Arc<Crew>,
    courier: Courier,
    mirror: Mutex<Mirror>,
    entropy: Entropy,
    /// The tenant has no room for another object: none is made any more.
    is_full: AtomicBool,
    /// The service does not take links with a new group: they go after it.
    links_apart: AtomicBool,
}

/// Gets a token for each application: nothing is planned for a tenant that does not let us in. One
/// that is refused it rests, if another one is not.
pub async fn connect(
    settings: Settings,
    exchange: Arc<dyn Exchange>,
    memory: Memory,
    entropy: Entropy,
) -> Result<GraphTarget, TargetError> {
    if let Some(problem) = settings.problems().into_iter().next() {
        return Err(TargetError::Unreachable {
            what: format!("target {} is not configured well: {problem}", settings.name),
            hint: "correct rentree.toml".into(),
        });
    }
    same_prefix(&settings, &memory)?;
    let (client_id, credential) = (settings.client_id.clone(), settings.credential.clone());
    let own = Registration { client_id, credential };
    let tenant = app::of_tenant(&settings, memory.paces.tenant.unwrap_or_default());
    let mut apps = Vec::new();
    for (rank, registration) in [&own].into_iter().chain(&settings.extra_apps).enumerate() {
        let levels = memory.paces.apps.get(rank).copied().unwrap_or_default();
        let (who, tenant) = ((rank, registration), tenant.as_ref());
        let app = App::new(&settings, who, &exchange, tenant, levels, entropy)?;
        apps.push(Arc::new(app));
    }
    let crew = Arc::new(Crew::new(apps, &settings.name));
    let mut refused = Vec::new();
    for app in &crew.apps {
        match app.line.tokens.bearer().await {
            Ok(_) => {}
            Err(NoToken::Unanswered(error)) => return Err(error),
            Err(NoToken::Refused(error)) => refused.push((app, error)),
        }
    }
    let all_are_refused = refused.len() == crew.apps.len();
    for (app, error) in refused {
        if all_are_refused {
            return Err(error);
        }
        crew.rest(app, error)?;
    }
    let eyes = Eyes {
        words: Words::new(&settings.managed),
        opaque: settings.opaque.clone(),
        prefix: settings.prefix.clone(),
        tempo: settings.tempo(),
    };
    let (tempo, now, batches) = (settings.tempo(), settings.now, settings.batches);
    let common = Common { crew: Arc::clone(&crew), tempo, now, entropy, batches };
    let courier = Courier::start(common);
    Ok(GraphTarget {
        settings,
        crew,
        courier,
        mirror: Mutex::new(Mirror::new(memory, eyes)),
        entropy,
        is_full: AtomicBool::new(false),
        links_apart: AtomicBool::new(false),
    })
}

/// The name is the mark: groups under another prefix would be nobody's, and each be made again.
fn same_prefix(settings: &Settings, memory: &Memory) -> Result<(), TargetError> {
    let prefix = &settings.prefix;
    let Some(name) = memory.named_otherwise(prefix) else { return Ok(()) };
    let what =
        format!("graph.prefix is `{prefix}`, and groups of ours bear another one, such as {name}");
    let hint = "put the old prefix back: nobody can change these names, and a prefix can be \
                another one only where no group of ours stands any more";
    Err(TargetError::Unusable { what, hint: hint.into() })
}

impl GraphTarget {
    /// What is to be kept for the next command.
    pub fn memory(&self) -> Memory {
        self.with_memory(Memory::clone)
    }

    /// As [`Self::memory`], without a copy: a large tenant's takes a hundred megabytes.
    pub fn with_memory<T>(&self, tell: impl FnOnce(&Memory) -> T) -> T {
        let levels = self.levels();
        let mut mirror = self.mirror();
        mirror.memory.paces = levels;
        tell(&mirror.memory)
    }

    /// Time of the service's clock that was lost as it told us to wait, and to the slower speed
    /// after that: of the application that lost most.
    pub fn held_back(&self) -> Duration {
        self.crew.apps.iter().map(|app| app.paces.held_back()).max().unwrap_or_default()
    }

    fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application that reads what was not denied to it.
    fn reader(&self, denied: &Denied) -> Result<&App, TargetError> {
        self.crew.reader(denied).map(Arc::as_ref).ok_or_else(|| TargetError::Unreachable {
            what: format!("target {} has no application", self.settings.name),
            hint: "set client_id in rentree.toml".into(),
        })
    }
}

#[cfg(test)]
mod tests;
