//! Until when the server can prove its name.

use jiff::{SignedDuration, Timestamp};

use super::Examined;
use crate::target::certificate::not_after;
use crate::target::ldap::wire::Lease;

/// Time enough to have a certificate renewed.
const WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// None over a local socket: it has no certificate.
pub(super) async fn examine(lease: &mut Lease, now: Timestamp) -> Option<Examined> {
    let id = "certificate";
    let der = match lease.plain().get_peer_certificate().await {
        Ok(der) => der?,
        Err(error) => return Some(Examined::weak(id, format!("cannot be seen: {error}"), "")),
    };
    let hint = "have the server's certificate renewed";
    Some(match not_after(&der) {
        Some(end) if end.duration_since(now) < WARNING => {
            Examined::weak(id, format!("the certificate ends on {end}"), hint)
        }
        Some(end) => {
            Examined::good(id, format!("signed by the CA that we trust, valid until {end}"))
        }
        None => Examined::weak(id, "the certificate's end cannot be read", hint),
    })
}
