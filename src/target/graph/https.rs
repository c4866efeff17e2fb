//! The exchange over HTTPS: authorities of the machine or of a file, no redirection, no proxy of
//! the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::exchange::{Exchange, ExchangeError, Method, Request, Response, is_protected};
use crate::target::TargetError;

/// Where Debian and its kin keep the authorities that the machine trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

struct Https {
    client: reqwest::Client,
}

/// `ca_file` holds the authorities that are trusted, and no others are; absent, the machine's are.
/// `timeout` is for one request.
pub fn https(ca_file: Option<&Path>, timeout: Duration) -> Result<Arc<dyn Exchange>, TargetError> {
    let file = ca_file.map_or_else(|| PathBuf::from(AUTHORITIES), Path::to_owned);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&file, &error.to_string()))?
        .with_root_certificates(roots(&file, ca_file.is_some())?)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout)
        .build()
        .map_err(|error| unusable(&file, &error.to_string()))?;
    Ok(Arc::new(Https { client }))
}

/// The machine's own file may hold some that cannot be read, and may be lacking altogether where
/// nothing but a lab of the same machine is spoken to; a file that somebody named must be whole.
fn roots(file: &Path, is_named: bool) -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    let certificates = match CertificateDer::pem_file_iter(file) {
        Ok(certificates) => certificates,
        Err(_) if !is_named => return Ok(roots),
        Err(error) => return Err(unusable(file, &error.to_string())),
    };
    for certificate in certificates {
        let added = match certificate {
            Ok(certificate) => roots.add(certificate).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let (Err(error), true) = (added, is_named) {
            return Err(unusable(file, &error));
        }
    }
    if roots.is_empty() && is_named {
        return Err(unusable(file, "it holds no certificate"));
    }
    Ok(roots)
}

impl Exchange for Https {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response, ExchangeError>> {
        self.send(request).boxed()
    }
}

impl Https {
    async fn send(&self, request: Request) -> Result<Response, ExchangeError> {
        if !is_protected(&request.url) {
            let text = "the address is neither https nor of this machine";
            return Err(ExchangeError::NotSent(text.to_owned()));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| not_sent(&error))?;
            let mut value = HeaderValue::from_str(value).map_err(|error| not_sent(&error))?;
            value.set_sensitive(name == reqwest::header::AUTHORIZATION);
            headers.insert(name, value);
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, &request.url).headers(headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let answer = builder.send().await.map_err(|error| lost(&error))?;
        let status = answer.status().as_u16();
        let read = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let headers = answer.headers().iter().map(read).collect();
        let body = answer.bytes().await.map_err(|error| lost(&error))?;
        Ok(Response { status, headers, body: body.to_vec() })
    }
}

fn not_sent(error: &dyn std::error::Error) -> ExchangeError {
    ExchangeError::NotSent(error.to_string())
}

/// Without a connection nothing was sent; after that, nobody knows. The address is left out: names
/// of people may be in it.
fn lost(error: &reqwest::Error) -> ExchangeError {
    let mut words = match error {
        error if error.is_timeout() => "no answer in time".to_owned(),
        error if error.is_connect() => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    if error.is_connect() || error.is_builder() {
        ExchangeError::NotSent(words)
    } else {
        ExchangeError::NoAnswer(words)
    }
}

fn unusable(file: &Path, why: &str) -> TargetError {
    TargetError::Unusable {
        what: format!("cannot use {}: {why}", file.display()),
        hint: "a PEM file of authorities that the service's user may read is needed (ca_file)"
            .into(),
    }
}
