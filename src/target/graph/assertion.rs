//! A signed statement of who we are, instead of a shared secret: a JWT, PS256, named by the SHA-256
//! of the certificate that the tenant knows (SEC-03).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::object_id::ObjectId;
use crate::target::TargetError;
use crate::target::certificate::not_after;

/// How long a statement is good for.
const LIFE_S: i64 = 600;

/// The certificate and its key, ready to sign.
pub(super) struct Signer {
    key: RsaKeyPair,
    /// SHA-256 of the certificate, as the header names it.
    thumbprint: String,
    /// The end of the certificate.
    pub(super) ends_at: Option<Timestamp>,
}

impl Signer {
    pub(super) fn new(pem: &str, key: &SecretString) -> Result<Self, TargetError> {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| unusable("certificate", &error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|error| unusable("key", &error.to_string()))?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(unusable("key", "it is not an RSA key")),
        };
        let key = key.map_err(|error| unusable("key", &error.to_string()))?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        Ok(Self { key, thumbprint, ends_at: not_after(&certificate) })
    }

    /// The statement, for one request of a token.
    pub(super) fn sign(
        &self,
        audience: &str,
        client_id: &str,
        id: ObjectId,
        now: Timestamp,
    ) -> Result<SecretString, TargetError> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let now = now.as_second();
        let claims = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": id.to_string(),
            "nbf": now, "iat": now, "exp": now + LIFE_S,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| unusable("key", "it cannot sign"))?;
        Ok(SecretString::from(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn unusable(which: &str, why: &str) -> TargetError {
    TargetError::Unusable {
        what: format!("the {which} of the application cannot be used: {why}"),
        hint: "certificate_file and key_file are PEM files: the certificate that the tenant knows \
               and its RSA key of 2048 bits or more, PKCS #8 or PKCS #1"
            .into(),
    }
}
