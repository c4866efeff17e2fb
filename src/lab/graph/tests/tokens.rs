//! The token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_token_lives_an_hour_or_so_and_can_be_revoked() {
    let mut client = client(options()).await;
    client.get("/users").await.expect(200);
    tokio::time::advance(Duration::from_secs(59 * 60)).await;
    client.get("/users").await.expect(200);
    tokio::time::advance(Duration::from_secs(32 * 60)).await;
    let ended = client.get("/users").await.expect(401);
    assert_eq!(ended.code(), "InvalidAuthenticationToken");
    for name in ["date", "request-id", "client-request-id"] {
        assert!(ended.body["error"]["innerError"][name].is_string(), "{name}: {}", ended.body);
    }
    client.renew().await;
    client.get("/users").await.expect(200);
    client.service.revoke_tokens();
    client.get("/users").await.expect(401);
    assert_eq!(client.service.tokens_given(), 2);
    assert_eq!(client.service.requests()["GET /users"], 5);
}

#[tokio::test(start_paused = true)]
async fn why_no_token_is_given_is_told_by_number() {
    let service = Service::open(options()).unwrap();
    let check = async |form: String, status, word: &str, number: u32| {
        let reply = grant(&service, &form).await.expect(status);
        assert_eq!(
            (&reply.body["error"], &reply.body["error_codes"]),
            (&json!(word), &json!([number]))
        );
        let text = reply.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
    };
    let right = secret_form(CLIENT_SECRET);
    check(secret_form("wrong"), 401, "invalid_client", 7000215).await;
    check(right.replace(CLIENT_ID, "nobody"), 400, "unauthorized_client", 700016).await;
    check(right.replace("client_credentials", "password"), 400, "unsupported_grant_type", 70003)
        .await;
    check(right.replace(".default", "User.Read"), 400, "invalid_scope", 1002012).await;
    grant(&service, &right).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn an_assertion_is_verified_by_its_certificate_and_good_once() {
    // rcgen draws no RSA keys: this one is of nobody.
    let key = RsaKeyPair::from_pkcs8(include_bytes!("rsa.key.der")).unwrap();
    let certificate = include_bytes!("rsa.cert.der").to_vec();
    let mut options = options();
    options.apps[0].certificate = Some(certificate.clone());
    let service = Service::open(options).unwrap();
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
    let jwt = |alg: &str, changes: Value| {
        let time = now().as_second();
        let mut claims = json!({
            "aud": format!("http://graph.lab/{TENANT}/oauth2/v2.0/token"), "iss": CLIENT_ID,
            "sub": CLIENT_ID, "jti": "one", "nbf": time, "iat": time, "exp": time + 300,
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let head = json!({"alg": alg, "typ": "JWT", "x5t#S256": digest});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let mut signature = vec![0; key.public().modulus_len()];
        let random = SystemRandom::new();
        key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let form = |jwt: &str| {
        format!(
            "client_id={CLIENT_ID}&grant_type=client_credentials&client_assertion={jwt}&\
             client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A\
             jwt-bearer&scope=https://graph.microsoft.com/.default"
        )
    };
    let first = jwt("PS256", json!({}));
    grant(&service, &form(&first)).await.expect(200);
    let mut forged = first.clone();
    forged.replace_range(first.len() - 8..first.len() - 4, "AAAA");
    let wrong = [
        first,
        forged,
        jwt("RS256", json!({"jti": "two"})),
        jwt("PS256", json!({"jti": "three", "iss": "x"})),
        jwt("PS256", json!({"jti": "four", "aud": "x"})),
        jwt("PS256", json!({"jti": "five", "nbf": 0, "exp": 300})),
    ];
    for jwt in wrong {
        let reply = grant(&service, &form(&jwt)).await.expect(401);
        assert_eq!(reply.body["error_codes"], json!([700027]));
    }
}
