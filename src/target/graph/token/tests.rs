use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::super::settings::Credential;
use super::super::tests::script::{Say, Script, entropy, token};
use super::*;

const TOKEN: &str = "POST https://login.test/tenant/oauth2/v2.0/token";

async fn refused(body: Value) -> (String, String) {
    let script = Script::new(move |_, _| Say::Reply(401, body.clone()));
    let settings = super::super::tests::settings(|settings| settings);
    let own =
        App { client_id: settings.client_id.clone(), credential: settings.credential.clone() };
    let exchange: Arc<dyn Exchange> = script;
    let tokens = Tokens::new(&settings, &own, exchange, entropy).unwrap();
    match tokens.bearer().await.unwrap_err() {
        NoToken::Refused(TargetError::Unreachable { what, hint }) => (what, hint),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_is_told_by_its_cause() {
    // SEC-03.
    let (what, hint) = refused(json!({ "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys are expired." }))
    .await;
    assert!(what.ends_with("the secret has expired (invalid_client, AADSTS7000222)"), "{what}");
    assert!(hint.contains("certificate"), "{hint}");
    let (what, _) = refused(json!({ "error": "invalid_client" })).await;
    assert!(what.ends_with("the secret is not taken (invalid_client)"), "{what}");
}

#[tokio::test(start_paused = true)]
async fn who_has_a_certificate_sends_a_statement_and_no_secret() {
    // SEC-03.
    let key = include_str!("rsa_key.pem");
    let certificate = include_str!("rsa_certificate.pem");
    let script = Script::new(|line, _| match line {
        TOKEN => token("t"),
        line => panic!("{line}"),
    });
    let settings = super::super::tests::settings(|mut settings| {
        settings.credential = Credential::Certificate {
            pem: certificate.to_owned(),
            key: secrecy::SecretString::from(key),
        };
        settings
    });
    let own =
        App { client_id: settings.client_id.clone(), credential: settings.credential.clone() };
    let exchange: Arc<dyn Exchange> = script.clone();
    let tokens = Tokens::new(&settings, &own, exchange, entropy).unwrap();
    tokens.bearer().await.unwrap();
    let heard = script.heard.lock().unwrap();
    let form = heard[0].body.as_str().unwrap();
    assert!(form.contains("jwt-bearer") && !form.contains("client_secret"), "{form}");
    let jwt = form.split("client_assertion=").nth(1).unwrap().split('&').next().unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = (read(parts[0]), read(parts[1]));
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("PS256"), Some("JWT")));
    assert_eq!(claims["aud"], settings.token_url);
    assert_eq!((&claims["iss"], &claims["sub"]), (&claims["sub"], &json!(settings.client_id)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
    // The signature is that of the key in the certificate.
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PSS_2048_8192_SHA256,
        ring::signature::KeyPair::public_key(&pair),
    );
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    public.verify(signed.as_bytes(), &signature).unwrap();
    assert!(tokens.proof_ends_at().unwrap() > (settings.now)());
}

#[test]
fn a_key_that_cannot_sign_is_told_before_anything_is_sent() {
    let settings = super::super::tests::settings(|settings| settings);
    let credential = Credential::Certificate { pem: "x".into(), key: "y".to_owned().into() };
    let own = App { client_id: settings.client_id.clone(), credential };
    let script = Script::new(|line, _| panic!("{line}"));
    let exchange: Arc<dyn Exchange> = script;
    let Err(TargetError::Unusable { what, .. }) = Tokens::new(&settings, &own, exchange, entropy)
    else {
        panic!()
    };
    assert!(what.contains("certificate"), "{what}");
}
