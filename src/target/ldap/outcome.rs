//! What a result code or a lost connection means for the next step (RFC 4511, appendix A).

use ldap3::{LdapError, LdapResult};

use crate::target::valueless::valueless;
use crate::target::{TargetError, WriteError};

pub(super) const SUCCESS: u32 = 0;
pub(super) const TIME_LIMIT: u32 = 3;
pub(super) const SIZE_LIMIT: u32 = 4;
pub(super) const REFERRAL: u32 = 10;
pub(super) const ADMIN_LIMIT: u32 = 11;
pub(super) const UNAVAILABLE_CRITICAL: u32 = 12;
pub(super) const NO_SUCH_ATTRIBUTE: u32 = 16;
pub(super) const VALUE_EXISTS: u32 = 20;
pub(super) const NO_SUCH_OBJECT: u32 = 32;
pub(super) const INSUFFICIENT_ACCESS: u32 = 50;
const CONSTRAINT_VIOLATION: u32 = 19;
pub(super) const BUSY: u32 = 51;
pub(super) const UNAVAILABLE: u32 = 52;
/// Of these two: nothing of ours is wrong.
pub(super) const AWAY_HINT: &str =
    "the server is too busy, or not in service: ask who runs it, and try again later";
pub(super) const NOT_ON_NON_LEAF: u32 = 66;
pub(super) const ENTRY_EXISTS: u32 = 68;
/// Ours, as in the API of RFC 1823: no answer to a question in time.
const CLIENT_TIMEOUT: u32 = 85;
pub(super) const ASSERTION_FAILED: u32 = 122;
/// The no-op control of OpenLDAP: it would have been done.
pub(super) const NO_OPERATION: u32 = 16_654;

/// The standard's name of a code.
pub(super) fn name_of(code: u32) -> &'static str {
    match code {
        SUCCESS => "success",
        1 => "operations error",
        2 => "protocol error",
        TIME_LIMIT => "time limit exceeded",
        SIZE_LIMIT => "size limit exceeded",
        7 => "authentication method not supported",
        8 => "stronger authentication required",
        REFERRAL => "referral to another server",
        ADMIN_LIMIT => "administrative limit exceeded",
        UNAVAILABLE_CRITICAL => "critical extension not available",
        13 => "confidentiality required",
        NO_SUCH_ATTRIBUTE => "no such attribute",
        17 => "undefined attribute type",
        CONSTRAINT_VIOLATION => "constraint violation",
        VALUE_EXISTS => "attribute or value exists",
        21 => "invalid syntax of an attribute",
        NO_SUCH_OBJECT => "no such object",
        34 => "invalid DN",
        48 => "inappropriate authentication",
        49 => "invalid credentials",
        INSUFFICIENT_ACCESS => "insufficient access rights",
        BUSY => "busy",
        UNAVAILABLE => "unavailable",
        53 => "unwilling to perform",
        64 => "naming violation",
        65 => "object class violation",
        NOT_ON_NON_LEAF => "not allowed while entries stand below",
        67 => "not allowed on the naming attribute",
        ENTRY_EXISTS => "entry already exists",
        69 => "change of the object class prohibited",
        80 => "other error",
        ASSERTION_FAILED => "assertion failed",
        _ => "error",
    }
}

/// What slapd's `unique` overlay says. It looks past the entry itself: a try of ours that was done
/// is answered "already exists".
const NOT_UNIQUE: &str = "unique";

/// The server answered a write with something else than success.
pub(super) fn refused(result: &LdapResult) -> WriteError {
    let text = match valueless(&result.text) {
        words if words.is_empty() => name_of(result.rc).to_owned(),
        words => format!("{}: {words}", name_of(result.rc)),
    };
    match result.rc {
        TIME_LIMIT | ADMIN_LIMIT | BUSY | UNAVAILABLE => WriteError::Busy { code: result.rc, text },
        NO_SUCH_OBJECT => WriteError::Stale("the entry, or the one above it, is gone".into()),
        NOT_ON_NON_LEAF => WriteError::Stale("other entries stand below it".into()),
        code @ CONSTRAINT_VIOLATION if text.contains(NOT_UNIQUE) => {
            WriteError::NameTaken { code, text }
        }
        code => WriteError::Refused { code, text },
    }
}

/// A write was handed over and no answer came.
pub(super) fn unanswered(error: &LdapError) -> WriteError {
    match error {
        // The connection's task had ended: it took nothing over.
        LdapError::OpSend { .. } => WriteError::Lost("the connection is closed".into()),
        LdapError::Timeout { .. } => WriteError::Unknown("no answer in time".into()),
        LdapError::ResultRecv { .. } => {
            WriteError::Unknown("the connection broke before the answer".into())
        }
        // Nothing was sent: the request could not even be made.
        LdapError::FilterParsing | LdapError::AddNoValues => {
            WriteError::Refused { code: 2, text: error.to_string() }
        }
        other => WriteError::Unknown(other.to_string()),
    }
}

/// Looking before a write failed: nothing was written by this call.
pub(super) fn unseen(error: &LdapError) -> WriteError {
    match error {
        LdapError::Timeout { .. } => {
            WriteError::Busy { code: CLIENT_TIMEOUT, text: "no answer in time".into() }
        }
        LdapError::FilterParsing => WriteError::Refused { code: 2, text: error.to_string() },
        other => WriteError::Lost(other.to_string()),
    }
}

/// A search of the whole ended early: what came is never taken for the whole.
pub(super) fn cut(what: &str, error: &LdapError) -> TargetError {
    match error {
        LdapError::OpSend { .. } => TargetError::Unreachable {
            what: format!("{what}: the connection is closed"),
            hint: "run again; the server may have been restarted".into(),
        },
        LdapError::Timeout { .. } => TargetError::Unreadable {
            what: format!("{what}: no answer in time"),
            hint: "raise timeout, or look at the server's load".into(),
        },
        other => TargetError::Unreadable {
            what: format!("{what}: the connection broke in the middle ({other})"),
            hint: "run again; look at the server's log".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u32, text: &str, expected: &str) {
        let result = LdapResult {
            rc: code,
            matched: String::new(),
            text: text.into(),
            refs: vec![],
            ctrls: vec![],
        };
        let error = format!("{:?}", refused(&result));
        assert!(error.starts_with(expected), "{code}: {error}");
    }

    #[test]
    fn the_next_step_follows_from_the_code() {
        for (code, expected) in [
            (3, "Busy"),
            (11, "Busy"),
            (51, "Busy"),
            (52, "Busy"),
            (32, "Stale"),
            (66, "Stale"),
            (19, "Refused"),
            (50, "Refused"),
            (53, "Refused"),
            (65, "Refused"),
            (10, "Refused"),
        ] {
            check(code, "mots", expected);
        }
        // the words of slapd's overlay, with other words and with another code.
        check(19, "some attributes not unique", "NameTaken");
        check(50, "unique rights", "Refused");
    }
}
