//! Passwords in the lab, as slapd with ppolicy treats them: stored hashed, checked against the
//! policy, changed by their owner at first use (SEC-12).

use jiff::Timestamp;
use ldap3_proto::proto::LdapResultCode;

use super::Entropy;
use super::refusal::Refusal;
use super::tree::{Delta, Node};
use crate::target::ldap::ssha;

pub(super) const ATTRIBUTE: &str = "userPassword";
pub(super) const RESET: &str = "pwdReset";
const LOCKED: &str = "pwdAccountLockedTime";
const CHANGED: &str = "pwdChangedTime";

/// The password is right, and the account is not locked.
pub(super) fn opens(node: &Node, password: &str) -> bool {
    let right = |stored: &String| match ssha::is_hashed(stored) {
        true => ssha::matches(stored, password),
        false => stored == password,
    };
    node.first(LOCKED).is_none() && node.values(ATTRIBUTE).any(right)
}

pub(super) fn must_change(node: &Node) -> bool {
    node.first(RESET) == Some("TRUE")
}

/// What is stored for a value that was sent. One that is hashed already cannot be checked.
pub(super) fn stored(
    value: String,
    policy: Option<&Node>,
    entropy: Entropy,
) -> Result<String, Refusal> {
    if value.starts_with('{') && value.contains('}') {
        return Ok(value);
    }
    let least = policy.and_then(|policy| policy.first("pwdMinLength")?.parse::<usize>().ok());
    if value.chars().count() < least.unwrap_or(0) {
        let text = "Password fails quality checking policy";
        return Err(Refusal::new(LdapResultCode::ConstraintViolation, text));
    }
    let mut salt = [0; ssha::SALT_BYTES];
    entropy(&mut salt);
    Ok(ssha::hashed(&value, salt))
}

/// What changes besides when a password is changed, by its owner or by somebody else.
pub(super) fn consequences(own: bool, policy: Option<&Node>, now: Timestamp) -> Vec<Delta> {
    let mut deltas = vec![Delta::set(CHANGED, super::time::generalized(now))];
    if own {
        deltas.push(Delta::clear(RESET));
    } else if policy.and_then(|policy| policy.first("pwdMustChange")) == Some("TRUE") {
        deltas.push(Delta::set(RESET, "TRUE".to_owned()));
    }
    deltas
}
