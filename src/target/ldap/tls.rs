//! TLS with the pinned authorities only: no system store, no switch to look away (SEC-04).

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::settings::{Bind, ClientCertificate, Settings};
use crate::target::TargetError;

/// The files that a connection needs can be read and used: said before anything is begun.
pub(super) fn check_files(ca_file: Option<&Path>, bind: &Bind) -> Result<(), TargetError> {
    ca_file.map(certificates).transpose()?;
    if let Bind::External { certificate: Some(files) } = bind {
        client_identity(files)?;
    }
    Ok(())
}

/// The TLS side of a connection: trusts the authorities of `ca_file` and nobody else.
pub(super) fn client_config(settings: &Settings) -> Result<Arc<ClientConfig>, TargetError> {
    let Some(ca_file) = &settings.ca_file else {
        return Err(TargetError::Unreachable {
            what: format!("no CA file is configured for {}", settings.url),
            hint: "set ca_file to the PEM of the authority that signed its certificate".into(),
        });
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_file)? {
        roots.add(certificate).map_err(|error| unusable(ca_file, &error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(ca_file, &error.to_string()))?
        .with_root_certificates(roots);
    let config = match &settings.bind {
        Bind::External { certificate: Some(files) } => {
            let (chain, key) = client_identity(files)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable(&files.certificate, &error.to_string()))?
        }
        Bind::External { certificate: None } | Bind::Simple { .. } => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn client_identity(
    files: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TargetError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unusable(&files.key, &error.to_string()))?;
    Ok((chain, key))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let read = || -> Result<Vec<_>, rustls::pki_types::pem::Error> {
        CertificateDer::pem_file_iter(file)?.collect()
    };
    match read() {
        Ok(certificates) if certificates.is_empty() => {
            Err(unusable(file, "it holds no certificate"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(file, &error.to_string())),
    }
}

fn unusable(file: &Path, why: &str) -> TargetError {
    TargetError::Unusable {
        what: format!("cannot use {}: {why}", file.display()),
        hint: "a PEM file that the service's user may read is needed".into(),
    }
}

/// What a failed connection means, when TLS is the reason: what happened, and what to do.
pub(super) fn explain(error: &io::Error, settings: &Settings) -> Option<(String, String)> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let ca_file = settings.ca_file.as_deref().unwrap_or_else(|| Path::new("")).display();
    let (what, hint) = match error {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                format!("certificate not signed by the CA in {ca_file}"),
                "ask who runs the server for the certificate of its authority, and set ca_file",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (
                    "certificate made for another name".to_owned(),
                    "use in url a name that stands in the certificate's subjectAltName",
                )
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "certificate expired".to_owned(),
                "have it renewed; nothing is written to a server that cannot prove its name",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                "certificate not valid yet".to_owned(),
                "look at the clocks of this machine and of the server",
            ),
            other => (
                format!("certificate refused ({other:?})"),
                "have the server's certificate made anew, with a subjectAltName",
            ),
        },
        rustls::Error::AlertReceived(alert) => (
            format!("the server broke TLS off ({alert:?})"),
            "look at the client certificate, if one is configured, and at the server's log",
        ),
        other => (
            format!("TLS failed ({other})"),
            "look whether the port really speaks TLS: ldaps has 636, ldap with StartTLS 389",
        ),
    };
    Some((what, hint.to_owned()))
}
