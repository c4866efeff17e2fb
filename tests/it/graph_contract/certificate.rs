//! Who we are, by a certificate: the assertion that the client signs, at the desk that verifies it.

use std::sync::Arc;

use rentree::lab::graph::{Options, Service, Strike};
use rentree::target::TargetError;
use rentree::target::examined::Verdict;
use rentree::target::graph::settings::{Credential, Settings};
use rentree::target::graph::{Exchange, GraphTarget, Memory, connect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretString;

use super::bench::{InProcess, entropy, service_with, settings};
use super::world::{World, reach};

/// Of nobody: made for tests.
const CERTIFICATE: &str = include_str!("../../../src/target/graph/token/rsa_certificate.pem");
const KEY: &str = include_str!("../../../src/target/graph/token/rsa_key.pem");
/// Another one, of another key.
const OTHER: &[u8] = include_bytes!("../../../src/lab/graph/tests/rsa.cert.der");

fn ours() -> Vec<u8> {
    CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap().to_vec()
}

/// A tenant that knows this certificate, and no secret.
fn tenant(certificate: Vec<u8>) -> Arc<Service> {
    service_with(1, |options: &mut Options| {
        options.apps[0].secret = None;
        options.apps[0].certificate = Some(certificate);
    })
}

async fn as_certified(service: &Arc<Service>) -> Result<GraphTarget, TargetError> {
    let credential =
        Credential::Certificate { pem: CERTIFICATE.into(), key: SecretString::from(KEY) };
    let settings = Settings { credential, ..settings() };
    let exchange: Arc<dyn Exchange> = Arc::new(InProcess(Arc::clone(service)));
    connect(settings, exchange, Memory::default(), entropy).await
}

/// SEC-03: a run of several tokens, each for an assertion of its own, and no secret anywhere.
#[tokio::test(start_paused = true)]
async fn a_certificate_opens_the_tenant_again_and_again() {
    let service = tenant(ours());
    service.strike("PATCH", "/groups", Strike::TokenRevoked, Some(1));
    service.strike("POST", "/users", Strike::TokenRevoked, Some(2));
    let mut target = as_certified(&service).await.unwrap();
    let world = World::first(60);
    let tally = reach(&mut target, &world).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    world.check(&service);
    // The desk takes no assertion twice.
    assert!(service.tokens_given() >= 2, "{}", service.tokens_given());
    let found = target.doctor().await;
    let token = found.iter().find(|one| one.id == "token").unwrap();
    assert_eq!(token.verdict, Verdict::Good, "{token:?}");
    assert!(token.what.contains("certificate"), "{token:?}");
}

/// SEC-03: a certificate that the tenant does not know opens nothing, and why is told with what to
/// do about it.
#[tokio::test(start_paused = true)]
async fn a_wrong_certificate_is_refused_and_told() {
    for known in [OTHER.to_vec(), Vec::new()] {
        let service = tenant(known);
        let Err(error) = as_certified(&service).await else { panic!("it was let in") };
        let TargetError::Unreachable { what, hint } = error else { panic!("{error:?}") };
        assert!(what.contains("certificate"), "{what}");
        assert!(hint.contains("upload the certificate"), "{hint}");
        assert!(!what.contains("PRIVATE KEY"), "{what}");
        assert_eq!(service.tokens_given(), 0);
        let asked: Vec<String> = service.requests().into_keys().collect();
        assert_eq!(asked, ["POST /token"], "without a token nothing is asked of the tenant");
    }
    // A secret is no way around it.
    let service = tenant(ours());
    let exchange: Arc<dyn Exchange> = Arc::new(InProcess(Arc::clone(&service)));
    let by_secret = connect(settings(), exchange, Memory::default(), entropy).await;
    assert!(by_secret.is_err());
}
