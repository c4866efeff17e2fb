//! What is needed to reach one LDAP server and to write there.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use crate::mapping::managed::Managed;
use crate::model::dn;

/// Operations in flight on one connection: below it the server idles, beyond it slapd closes.
pub const WINDOW: RangeInclusive<u16> = 16..=128;
/// Entries of one page of a search.
pub const PAGE_SIZE: RangeInclusive<u32> = 10..=1000;
/// Fewer link values in one modify cost ten times more a value.
pub const LINK_CHUNK_MIN: usize = 50;

/// One LDAP server, and how it is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The target's name in `rentree.toml`.
    pub name: String,
    pub url: ServerUrl,
    /// PEM of the authorities that may have signed the server's certificate: no others are
    /// trusted, not even the machine's (SEC-04). Not needed for `ldapi`.
    pub ca_file: Option<PathBuf>,
    pub bind: Bind,
    /// Everything of ours stands below this entry, which exists.
    pub base: String,
    /// Names that stand below this entry are taken too, whoever holds them; it is only read.
    pub names_base: Option<String>,
    /// For each operation: connecting, one page of a search, one write.
    pub timeout: Duration,
    /// Operations in flight on each connection, within [`WINDOW`].
    pub window: u16,
    /// From 1.
    pub connections: u8,
    /// Entries asked for in one page, within [`PAGE_SIZE`].
    pub page_size: u32,
    /// Link values that the planner puts in one operation, from [`LINK_CHUNK_MIN`].
    pub link_chunk: usize,
    pub managed: Managed,
}

/// How we say who we are.
#[derive(Debug, Clone)]
pub enum Bind {
    Simple {
        dn: String,
        password: SecretString,
    },
    /// SASL EXTERNAL: the system's user over `ldapi`, the certificate over `ldaps`.
    External {
        certificate: Option<ClientCertificate>,
    },
}

/// PEM files of a client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Where a server listens. There is no form for an unprotected connection (SEC-04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerUrl {
    /// `ldaps://host:636`
    Tls { host: String, port: u16 },
    /// `ldap://host:389`: StartTLS before anything else, and no going on without it.
    StartTls { host: String, port: u16 },
    /// `ldapi://%2Frun%2Fslapd%2Fldapi`: a socket of this machine.
    Local { path: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the address of an LDAP server (ldaps://…, ldap://…, ldapi://%2F…): {0}")]
pub struct UrlError(String);

impl FromStr for ServerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let wrong = || UrlError(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let tcp = |port| host_and_port(rest, port).ok_or_else(wrong);
        match scheme {
            "ldaps" => tcp(636).map(|(host, port)| Self::Tls { host, port }),
            "ldap" => tcp(389).map(|(host, port)| Self::StartTls { host, port }),
            "ldapi" => {
                let path = rest.replace("%2F", "/").replace("%2f", "/");
                let good = path.starts_with('/') && !path.contains([':', '%', '?', '#']);
                if good { Ok(Self::Local { path }) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls { host, port } => write!(f, "ldaps://{host}:{port}"),
            Self::StartTls { host, port } => write!(f, "ldap://{host}:{port}"),
            Self::Local { path } => write!(f, "ldapi://{}", path.replace('/', "%2F")),
        }
    }
}

fn host_and_port(text: &str, standard: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, standard),
    };
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let name = !host.is_empty() && host.bytes().all(sign);
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let six = literal.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    (port != 0 && (name || six)).then(|| (host.to_owned(), port))
}

impl Settings {
    /// What is wrong in them, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let local = matches!(self.url, ServerUrl::Local { .. });
        if !local && self.ca_file.is_none() {
            problems.push(format!("ca_file: needed to trust {}", self.url));
        }
        if !WINDOW.contains(&self.window) {
            problems.push(format!("window: {} is not within 16 to 128", self.window));
        }
        if self.connections == 0 {
            problems.push("connections: at least 1 is needed".to_owned());
        }
        if !PAGE_SIZE.contains(&self.page_size) {
            problems.push(format!("page_size: {} is not within 10 to 1000", self.page_size));
        }
        if self.link_chunk < LINK_CHUNK_MIN {
            problems.push(format!("link_chunk: {} is under 50", self.link_chunk));
        }
        if self.timeout.is_zero() {
            problems.push("timeout_s: 0 would give up at once".to_owned());
        }
        if dn::parse(&self.base).map_or(true, |rdns| rdns.is_empty()) {
            problems.push(format!("base: not a distinguished name: {}", self.base));
        }
        if let Some(base) = &self.names_base
            && dn::parse(base).map_or(true, |rdns| rdns.is_empty())
        {
            problems.push(format!("names_base: not a distinguished name: {base}"));
        }
        problems.extend(self.bind_problem(local));
        problems
    }

    fn bind_problem(&self, local: bool) -> Option<String> {
        match &self.bind {
            Bind::External { certificate: None } if !local => {
                Some("bind: external over TLS needs a client certificate and its key".to_owned())
            }
            Bind::Simple { dn, .. } if dn::parse(dn).map_or(true, |rdns| rdns.is_empty()) => {
                Some(format!("bind: not a distinguished name: {dn}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_protected_or_refused() {
        // SEC-04.
        let tls = |host: &str, port| Ok(ServerUrl::Tls { host: host.into(), port });
        for (text, expected) in [
            ("ldaps://ldap.region.test", tls("ldap.region.test", 636)),
            ("ldaps://127.0.0.1:1636/", tls("127.0.0.1", 1636)),
            ("ldaps://[::1]:1636", tls("[::1]", 1636)),
            ("ldap://h", Ok(ServerUrl::StartTls { host: "h".into(), port: 389 })),
            ("ldapi://%2Frun%2Fldapi", Ok(ServerUrl::Local { path: "/run/ldapi".into() })),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
            let url: ServerUrl = text.parse().unwrap();
            assert_eq!(url.to_string().parse(), Ok(url));
        }
        for bad in
            ["", "ldap://", "http://h", "ldaps://h:0", "ldaps://a b", "ldaps://u@h", "ldapi://x:1"]
        {
            assert!(bad.parse::<ServerUrl>().is_err(), "{bad}");
        }
    }
}
