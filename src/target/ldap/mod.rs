//! LDAP servers: OpenLDAP first; whatever speaks RFC 4511 and has our mapping's attributes.
//!
//! - In: settings of one server, operations of a plan. - Out: what stands below the base, and the
//!   outcome of each operation.
//! - Can go wrong: no connection, no trust, no rights (`TargetError`, with what to do); an answer
//!   cut short, which is never taken for the whole; an entry that changed since the plan, a
//!   refusal, a lost reply (`WriteError`).
//!
//! Nothing goes over an unprotected connection, and no certificate is taken on faith (SEC-04).
//! Transactions (RFC 5805) are not used: they crash the slapd of Debian 12.

pub mod doctor;
pub mod filter;
mod lens;
mod link;
mod observe;
mod outcome;
mod read;
mod schema;
pub mod settings;
pub mod ssha;
mod tls;
mod wire;
mod write;

use crate::credential::InitialPassword;
use crate::mapping::managed::PasswordForm;
use crate::target::TargetError;
use lens::Lens;
use schema::Server;
use settings::Settings;
use wire::{Lease, Pool};

/// Certificates and keys of our side can be used: nothing is connected to.
pub fn check_files(
    ca_file: Option<&std::path::Path>,
    bind: &settings::Bind,
) -> Result<(), TargetError> {
    tls::check_files(ca_file, bind)
}

/// Fills a buffer with random bytes: salts. Its owner is `cli/clock.rs`.
pub type Entropy = fn(&mut [u8]);

/// One LDAP server, connected. It reads (`Observe`) and writes (`Write`).
pub struct LdapTarget {
    settings: Settings,
    lens: Lens,
    server: Server,
    pool: Pool,
    entropy: Entropy,
}

/// Connects, and makes sure that the base exists and that the schema knows what the mapping
/// requires: nothing is planned for a server on which it could not be done.
pub async fn connect(settings: Settings, entropy: Entropy) -> Result<LdapTarget, TargetError> {
    let pool = Pool::open(&settings).await?;
    let mut lease = living(&pool).await?;
    let mut server = schema::server(&mut lease).await?;
    if !schema::base_exists(&mut lease, &settings.base).await? {
        return Err(TargetError::Unreadable {
            what: format!("the base {} does not exist on {}", settings.base, settings.url),
            hint: "make it, or grant the service account to read it, or correct base".into(),
        });
    }
    let words = schema::words(&mut lease, &server).await?;
    server.learn(&words);
    let missing = missing_words(&settings, &words);
    if !missing.is_empty() {
        return Err(TargetError::Unreadable {
            what: format!("{} does not know: {}", settings.url, missing.join(", ")),
            hint: "load the overlay or schema that has them (ppolicy for pwdReset and \
                   pwdAccountLockedTime), or change the mapping"
                .into(),
        });
    }
    drop(lease);
    let lens = Lens::new(&settings.managed);
    Ok(LdapTarget { settings, lens, server, pool, entropy })
}

impl LdapTarget {
    async fn lease(&self) -> Result<Lease, TargetError> {
        living(&self.pool).await
    }

    /// The value of the password attribute, as the mapping wants it written.
    fn password_value(&self, secret: &InitialPassword) -> String {
        match self.lens.managed().password.form {
            PasswordForm::Clear => secret.reveal().to_owned(),
            PasswordForm::Ssha => {
                let mut salt = [0; ssha::SALT_BYTES];
                (self.entropy)(&mut salt);
                ssha::hashed(secret.reveal(), salt)
            }
        }
    }
}

async fn living(pool: &Pool) -> Result<Lease, TargetError> {
    pool.lease().await.ok_or_else(|| TargetError::Unreachable {
        what: "the server closed the connection".into(),
        hint: "run again; look at the server's log".into(),
    })
}

/// Attributes that the mapping requires and the schema does not know. An unreadable schema tells
/// nothing: the writes will.
fn missing_words(settings: &Settings, words: &schema::Words) -> Vec<String> {
    let required = settings.managed.required.iter();
    let missing = required.filter(|name| !words.contains(&name.to_ascii_lowercase()));
    if words.is_empty() { Vec::new() } else { missing.cloned().collect() }
}
