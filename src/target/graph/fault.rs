//! What the service says when it refuses, and what that means for the next step.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::exchange::header;
use crate::target::WriteError;
use crate::target::valueless::valueless;

/// Whatever the service asks for, it is a moment that a clock can tell.
const WAIT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// What to look at where tokens are given and not taken.
pub(super) const TOKEN_REFUSED: &str = "look at this machine's clock (right to the minute), at the \
                                        application's secret or certificate and its end, and at \
                                        tenant, client_id and base_url; a policy of the tenant \
                                        may keep the application out too";

/// A refusal, as the service worded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: u16,
    /// `Request_BadRequest`; empty when the service gave none.
    pub(super) code: String,
    message: String,
    /// The properties whose values another object has.
    pub(super) taken: Vec<String>,
}

/// What the service does not say of a refusal (SEC-45).
const OUT_OF_BOUNDS: &str = "(it answers so where the application lacks a right, which doctor \
                             tells, and for the account of an administrator: of whoever has a \
                             role in the directory an application changes nothing; take the role \
                             away, or the account out of our hands)";

impl Fault {
    pub(super) fn read(status: u16, body: &Value) -> Self {
        let error = body.get("error").unwrap_or(&Value::Null);
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
        let conflicts =
            details.filter(|detail| text(detail, "code").eq_ignore_ascii_case("ObjectConflict"));
        let taken = conflicts.map(|detail| text(detail, "target")).collect();
        let (code, message) = (text(error, "code"), text(error, "message"));
        Self { status, code, message, taken }
    }

    /// Two requests met at one object: 409, or 400 just as well.
    pub(super) fn is_concurrency(&self) -> bool {
        matches!(self.status, 400 | 409) && self.code == "Directory_ConcurrencyViolation"
    }

    /// Another object has a value that must be unique.
    pub(super) fn is_conflict(&self) -> bool {
        let says_so = self.message.starts_with("Another object with the same value");
        matches!(self.status, 400 | 409) && (!self.taken.is_empty() || says_so)
    }

    /// The conflict is about a property, as far as the service tells what it is about.
    pub(super) fn is_about(&self, property: &str) -> bool {
        self.taken.is_empty() || self.taken.iter().any(|name| name == property)
    }

    /// A conflict with somebody else.
    pub(super) fn name_taken(&self) -> WriteError {
        let names = if self.taken.is_empty() { "name".to_owned() } else { self.taken.join(", ") };
        let text = format!("another object has the same {names}");
        WriteError::NameTaken { code: self.status.into(), text }
    }

    /// The tenant holds as many objects as it may. Limits of one object have the same code.
    pub(super) fn is_full_tenant(&self) -> bool {
        self.status == 403
            && self.code == "Directory_QuotaExceeded"
            && !self.message.contains("forward-link")
    }

    /// The application, or any application, may not do this.
    pub(super) fn is_denied(&self) -> bool {
        self.status == 403 && self.code == "Authorization_RequestDenied"
    }

    /// A right was not granted. Each part of the service has its own word for it, or none; other
    /// refusals with this status have others.
    pub(super) fn is_lack_of_right(&self) -> bool {
        let code = self.code.as_str();
        self.is_denied() || self.status == 403 && matches!(code, "" | "Forbidden" | "AccessDenied")
    }

    /// Nothing is wrong with the request: the answer may be another one next time.
    pub(super) fn is_passing(status: u16) -> bool {
        matches!(status, 408 | 500 | 502 | 503 | 504)
    }

    /// The last owner cannot go before another one has come.
    pub(super) fn is_last_owner(&self) -> bool {
        self.status == 400 && self.message.contains("must have at least one owner")
    }

    /// The link stands already: told by words only.
    pub(super) fn says_linked(&self) -> bool {
        self.status == 400 && self.message.contains("object references already exist")
    }

    /// The service's words, without what they may say of a person.
    pub(super) fn text(&self) -> String {
        let words = valueless(&self.message);
        let words: Vec<&str> =
            words.split(' ').map(|word| if word.contains('@') { "…" } else { word }).collect();
        format!("{}: {}", self.code, words.join(" "))
    }

    /// What a write that ended so is to the caller.
    pub(super) fn write_error(&self) -> WriteError {
        let (code, text) = (u32::from(self.status), self.text());
        match self.status {
            404 => WriteError::Stale(format!("the object is gone ({text})")),
            403 if self.is_full_tenant() => WriteError::Busy { code, text },
            403 if self.is_denied() => {
                WriteError::Refused { code, text: format!("{text} {OUT_OF_BOUNDS}") }
            }
            409 | 429 => WriteError::Busy { code, text },
            _ if Self::is_passing(self.status) => WriteError::Unknown(text),
            _ => WriteError::Refused { code, text },
        }
    }
}

/// How long the service asks us to wait: seconds, with decimals or not, or a date.
pub(super) fn retry_after(headers: &[(String, String)], now: Timestamp) -> Option<Duration> {
    let text = header(headers, "retry-after")?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        let wait = || Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        return (seconds >= 0.0).then(|| wait().min(WAIT_MAX));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp());
    let then = date(text)?;
    // By the service's clock, if it tells: ours may be wrong.
    let now = header(headers, "date").and_then(date).unwrap_or(now);
    let wait = Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO);
    Some(wait.min(WAIT_MAX))
}

/// It is the quota of all applications that is used up.
pub(super) fn is_of_tenant(headers: &[(String, String)]) -> bool {
    header(headers, "x-ms-throttle-scope").is_some_and(|scope| scope.starts_with("Tenant/"))
}

/// The part of the limit that is used, which the service tells when it is near.
pub(super) fn limit_used(headers: &[(String, String)]) -> Option<f64> {
    header(headers, "x-ms-throttle-limit-percentage")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(status: u16, code: &str, message: &str) -> Fault {
        Fault::read(status, &json!({ "error": { "code": code, "message": message } }))
    }

    #[test]
    fn the_next_step_follows_from_status_and_code() {
        let violation = "Directory_ConcurrencyViolation";
        assert!(fault(409, violation, "").is_concurrency());
        assert!(fault(400, violation, "").is_concurrency());
        assert!(!fault(400, "Request_BadRequest", "").is_concurrency());
        let full = "The directory object quota limit for the Tenant has been exceeded.";
        assert!(fault(403, "Directory_QuotaExceeded", full).is_full_tenant());
        let owners = "Unable to perform operation as '121' would exceed the maximum quota count \
                      '100' for forward-link owners.";
        assert!(!fault(403, "Directory_QuotaExceeded", owners).is_full_tenant());
        let conflict = Fault::read(
            400,
            &json!({ "error": { "code": "Request_BadRequest", "details": [
                { "code": "ObjectConflict", "target": "userPrincipalName" } ] } }),
        );
        assert!(conflict.is_conflict());
        assert_eq!(conflict.taken, ["userPrincipalName"]);
        for (status, expected) in [
            (404, "Stale"),
            (400, "Refused"),
            (403, "Refused"),
            (409, "Busy"),
            (503, "Unknown"),
            (504, "Unknown"),
        ] {
            let error = format!("{:?}", fault(status, "x", "y").write_error());
            assert!(error.starts_with(expected), "{status}: {error}");
        }
    }

    #[test]
    fn no_name_of_a_person_is_in_the_words_kept() {
        // DESIGN rule 9.
        let text = fault(400, "x", "The value zoe@ecole.test of \"Zoé B\" is wrong.").text();
        assert_eq!(text, "x: The value … of … is wrong.");
    }

    #[test]
    fn every_way_to_say_how_long_is_understood() {
        let now: Timestamp = "2026-09-01T06:00:00Z".parse().unwrap();
        let headers = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let check = |pairs: &[(&str, &str)], expected: Option<f64>| {
            let found = retry_after(&headers(pairs), now).map(|wait| wait.as_secs_f64());
            assert_eq!(found, expected, "{pairs:?}");
        };
        check(&[("retry-after", "2.128")], Some(2.128));
        check(&[("Retry-After", "315")], Some(315.0));
        check(&[("retry-after", "Tue, 01 Sep 2026 06:00:41 GMT")], Some(41.0));
        let date = ("date", "Tue, 01 Sep 2026 06:00:40 GMT");
        check(&[("retry-after", "Tue, 01 Sep 2026 06:00:41 GMT"), date], Some(1.0));
        check(&[("retry-after", "Tue, 01 Sep 2026 05:00:00 GMT")], Some(0.0));
        // What no clock can add to now.
        let longest = Some(30.0 * 86_400.0);
        for text in ["10000000000000000000", "1e300", "inf", "Thu, 31 Dec 9998 23:59:59 GMT"] {
            check(&[("retry-after", text)], longest);
        }
        check(&[("retry-after", "nan")], None);
        check(&[("retry-after", "-1")], None);
        check(&[("retry-after", "soon")], None);
        check(&[], None);
    }
}
