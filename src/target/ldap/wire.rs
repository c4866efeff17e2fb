//! Connections: opening them, and lending them to operations within their window.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::exop::WhoAmI;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::{Bind, ServerUrl, Settings};
use super::tls;
use crate::target::TargetError;
use crate::target::valueless::valueless;

/// One authenticated connection.
#[derive(Debug)]
struct Connection {
    handle: Ldap,
    /// slapd closes a connection on which too many operations wait.
    window: Arc<Semaphore>,
}

/// The connections of a target, used in turn.
#[derive(Debug)]
pub(super) struct Pool {
    connections: Vec<Connection>,
    turn: AtomicUsize,
    timeout: Duration,
}

/// A place in the window of one connection: every operation asked for through it has a time-out.
#[derive(Debug)]
pub(super) struct Lease {
    handle: Ldap,
    timeout: Duration,
    _place: OwnedSemaphorePermit,
}

impl Lease {
    /// The handle, for one operation with these controls.
    pub(super) fn with(&mut self, controls: Vec<RawControl>) -> &mut Ldap {
        let handle = self.handle.with_timeout(self.timeout);
        if controls.is_empty() { handle } else { handle.with_controls(controls) }
    }
    pub(super) fn plain(&mut self) -> &mut Ldap {
        self.with(Vec::new())
    }
}

impl Pool {
    /// Opens and authenticates all of the connections.
    pub(super) async fn open(settings: &Settings) -> Result<Self, TargetError> {
        if let Some(problem) = settings.problems().into_iter().next() {
            return Err(TargetError::Unreachable {
                what: format!("target {} is not configured well: {problem}", settings.name),
                hint: "correct rentree.toml".into(),
            });
        }
        let mut connections = Vec::new();
        for _ in 0..settings.connections {
            let handle = open(settings).await?;
            let window = Arc::new(Semaphore::new(usize::from(settings.window)));
            connections.push(Connection { handle, window });
        }
        Ok(Self { connections, turn: AtomicUsize::new(0), timeout: settings.timeout })
    }

    /// A place on the next living connection; none when all are dead.
    pub(super) async fn lease(&self) -> Option<Lease> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = self.connections.len();
        for offset in 0..count {
            let connection = self.connections.get((first.wrapping_add(offset)) % count)?;
            let mut handle = connection.handle.clone();
            if handle.is_closed() {
                continue;
            }
            let place = Arc::clone(&connection.window).acquire_owned().await.ok()?;
            return Some(Lease { handle, timeout: self.timeout, _place: place });
        }
        None
    }

    /// Opens anew the connections that are dead, or that do not answer any more.
    pub(super) async fn reopen(&mut self, settings: &Settings) -> Result<(), TargetError> {
        for connection in &mut self.connections {
            let mut handle = connection.handle.clone();
            let answer = handle.with_timeout(settings.timeout).extended(WhoAmI).await;
            if answer.is_err() {
                connection.handle = open(settings).await?;
                // The operations that were lost give their places back to the old window.
                connection.window = Arc::new(Semaphore::new(usize::from(settings.window)));
            }
        }
        Ok(())
    }
}

/// Connects, protects and authenticates.
async fn open(settings: &Settings) -> Result<Ldap, TargetError> {
    let mut connection = LdapConnSettings::new().set_conn_timeout(settings.timeout);
    match &settings.url {
        ServerUrl::Tls { .. } => connection = connection.set_config(tls::client_config(settings)?),
        ServerUrl::StartTls { .. } => {
            // Without its agreement to StartTLS there is no connection at all (SEC-04).
            connection = connection.set_config(tls::client_config(settings)?).set_starttls(true);
        }
        ServerUrl::Local { .. } => {}
    }
    let url = settings.url.to_string();
    let connecting = LdapConnAsync::with_settings(connection, &url);
    let (driver, mut handle) = match tokio::time::timeout(settings.timeout, connecting).await {
        Ok(Ok(pair)) => pair,
        Ok(Err(error)) => return Err(unreachable(settings, &error)),
        Err(_) => return Err(silent(settings)),
    };
    // Its end closes the channel of every handle: that is where errors are seen.
    tokio::spawn(async move {
        if let Err(error) = driver.drive().await {
            tracing::debug!(%error, "LDAP connection ended");
        }
    });
    authenticate(settings, &mut handle).await?;
    Ok(handle)
}

async fn authenticate(settings: &Settings, handle: &mut Ldap) -> Result<(), TargetError> {
    let handle = handle.with_timeout(settings.timeout);
    let (who, answer) = match &settings.bind {
        Bind::Simple { dn, password } => {
            (dn.as_str(), handle.simple_bind(dn, password.expose_secret()).await)
        }
        Bind::External { certificate: Some(_) } => {
            ("the client certificate", handle.sasl_external_bind().await)
        }
        Bind::External { certificate: None } => {
            ("the system's user", handle.sasl_external_bind().await)
        }
    };
    let result = answer.map_err(|error| unreachable(settings, &error))?;
    let hint = match result.rc {
        0 => return Ok(()),
        49 => "look at the bind name and its password file; the account may be locked too",
        8 | 13 => "the server wants another form of protection: use ldaps, or ldap with StartTLS",
        7 | 48 => "the server does not allow this way to authenticate: use simple or external",
        53 => "an empty password is refused: look at the password file",
        _ => "look at the server's log",
    };
    Err(TargetError::Unreachable {
        what: format!("{} refused {who}: {}", settings.url, answer_text(&result)),
        hint: hint.into(),
    })
}

/// The standard's name of the code, the code, and the server's own words without values.
pub(super) fn answer_text(result: &ldap3::LdapResult) -> String {
    let name = super::outcome::name_of(result.rc);
    let words = valueless(&result.text);
    if words.is_empty() {
        format!("{name} ({})", result.rc)
    } else {
        format!("{name} ({}): {words}", result.rc)
    }
}

fn silent(settings: &Settings) -> TargetError {
    TargetError::Unreachable {
        what: format!("{} did not answer within {:?}", settings.url, settings.timeout),
        hint: "look whether the server runs, and at firewalls between here and there".into(),
    }
}

fn unreachable(settings: &Settings, error: &LdapError) -> TargetError {
    let url = &settings.url;
    let (what, hint) = match error {
        LdapError::Timeout { .. } => return silent(settings),
        LdapError::Io { source } => tls::explain(source, settings).unwrap_or_else(|| {
            (source.to_string(), "look whether the server runs, and at the address".to_owned())
        }),
        LdapError::LdapResult { result } => (
            format!("StartTLS refused: {}", answer_text(result)),
            "let the server have a certificate, or use ldaps; nothing is sent unprotected".into(),
        ),
        LdapError::DNSName { .. } => (
            "the name in the address cannot stand in a certificate".to_owned(),
            "use a host name or an IP address in url".to_owned(),
        ),
        LdapError::ResultRecv { .. } | LdapError::OpSend { .. } => {
            ("the server closed the connection".to_owned(), "look at the server's log".to_owned())
        }
        other => (other.to_string(), "look at the server's log".to_owned()),
    };
    TargetError::Unreachable { what: format!("{url}: {what}"), hint }
}
