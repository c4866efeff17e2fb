//! A client assertion: a JWT signed PS256, with the digest of its certificate.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Clocks may differ so much, in seconds.
const SKEW: i64 = 300;
/// An assertion is good for so long at most.
const LIFETIME_MAX: i64 = 24 * 3_600;

/// Its `jti`, or why it is refused. `path` is the end that `aud` must have; `now` in seconds.
pub(super) fn check(
    jwt: &str,
    certificate: &[u8],
    client: &str,
    path: &str,
    now: i64,
) -> Result<String, &'static str> {
    let (signed, signature) = jwt.rsplit_once('.').ok_or("it is no JWT")?;
    let (head, claims) = signed.split_once('.').ok_or("it is no JWT")?;
    let part = |text: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    };
    let head = part(head).ok_or("its header is not readable")?;
    let claims = part(claims).ok_or("its claims are not readable")?;
    if head["alg"] != "PS256" {
        return Err("its algorithm is not PS256");
    }
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(certificate));
    if head["x5t#S256"] != digest.as_str() {
        return Err("the key was not found");
    }
    let key = public_key(certificate).ok_or("the certificate has no RSA key")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "it has no signature")?;
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "the signature does not match")?;
    if claims["iss"] != client || claims["sub"] != client {
        return Err("its issuer or subject is not the client");
    }
    if !claims["aud"].as_str().is_some_and(|audience| audience.ends_with(path)) {
        return Err("its audience is not the token endpoint");
    }
    let time = |name: &str| claims[name].as_i64();
    let (from, until) = time("nbf").zip(time("exp")).ok_or("it has no times")?;
    if now + SKEW < from || now - SKEW > until || until - from > LIFETIME_MAX {
        return Err("it is not within its valid time range");
    }
    claims["jti"].as_str().map(str::to_owned).ok_or("it has no jti")
}

/// The RSA key of a certificate (RFC 5280), in the form of PKCS #1.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (outer, _) = element(certificate, 0x30)?;
    let (mut rest, _) = element(outer, 0x30)?;
    if let Some((_, after)) = element(rest, 0xa0) {
        rest = after; // The version.
    }
    // Serial number, algorithm, issuer, validity, subject.
    for tag in [0x02, 0x30, 0x30, 0x30, 0x30] {
        (_, rest) = element(rest, tag)?;
    }
    let (info, _) = element(rest, 0x30)?;
    let (_, key) = element(info, 0x30)?;
    let (bits, _) = element(key, 0x03)?;
    bits.strip_prefix(&[0]) // No unused bits.
}

/// The inside of a DER element of this tag at the start, and what comes after it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
