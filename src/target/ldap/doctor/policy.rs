//! The password policies of the server (SEC-12, SEC-19): long enough, locked after tries, changed
//! at first use, never expiring by the calendar.

use std::collections::{BTreeMap, BTreeSet};

use super::{Examined, rights};
use crate::mapping::managed::PasswordForm;
use crate::target::ldap::read::{Question, pages};
use crate::target::ldap::settings::Settings;
use crate::target::ldap::wire::Lease;
use crate::target::ldap::{filter, schema};

/// Enough with a lock after tries.
const LENGTH_WITH_LOCK_MIN: i64 = 12;
/// Enough without.
const LENGTH_ALONE_MIN: i64 = 14;
const TRIES_MAX: i64 = 10;

const ASKED: [&str; 6] = [
    "pwdMinLength",
    "pwdLockout",
    "pwdMaxFailure",
    "pwdMustChange",
    "pwdMaxAge",
    "pwdCheckQuality",
];

/// One policy entry: attribute in lower case → value.
type Policy = BTreeMap<String, String>;

pub(super) async fn examine(lease: &mut Lease, settings: &Settings) -> Vec<Examined> {
    let id = "policy";
    let contexts = match schema::server(lease).await {
        Ok(server) => server.naming_contexts,
        Err(error) => return vec![Examined::failed(id, &error)],
    };
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    let places: BTreeSet<&String> = contexts.iter().chain([&settings.base]).collect();
    for place in places {
        let question = Question {
            base: place,
            filter: &filter::equals("objectClass", "pwdPolicy"),
            attributes: ASKED.iter().map(|name| (*name).to_owned()).collect(),
            page_size: settings.page_size,
        };
        // A context that we may not read (cn=config, cn=accesslog) has no policy of ours.
        let _ = pages(lease, &question, |entry| {
            let values = entry.attrs.into_iter().filter_map(|(name, values)| {
                Some((name.to_ascii_lowercase(), values.into_iter().next()?))
            });
            policies.insert(entry.dn, values.collect());
        })
        .await;
    }
    if policies.is_empty() {
        return vec![Examined::bad(
            id,
            "no password policy is to be seen",
            "make one (objectClass pwdPolicy), name it in ppolicy_default, and let the service \
             account read it",
        )];
    }
    let mut found = Vec::new();
    for (name, policy) in &policies {
        let faults = faults(policy, settings.managed.password.form);
        found.push(match faults.is_empty() {
            true => Examined::good(id, format!("{name} is strong enough")),
            false => Examined::bad(
                id,
                format!("{name}: {}", faults.join("; ")),
                "correct the policy: 12 signs with a lock after at most 10 tries, or 14 signs; \
                 pwdMustChange TRUE; pwdMaxAge 0",
            ),
        });
        if rights::may_modify(lease, name).await == rights::Right::Yes {
            let hint = "take the write access to policies away from the service account (SEC-06)";
            found.push(Examined::bad("rights-outside", format!("we may write {name}"), hint));
        }
    }
    found
}

/// What is under the floor, in words; empty when nothing is.
fn faults(policy: &Policy, form: PasswordForm) -> Vec<String> {
    let number =
        |name: &str| -> i64 { policy.get(name).and_then(|value| value.parse().ok()).unwrap_or(0) };
    let truth = |name: &str| policy.get(name).is_some_and(|value| value == "TRUE");
    let mut faults = Vec::new();
    let length = number("pwdminlength");
    let tries = number("pwdmaxfailure");
    let locks = truth("pwdlockout") && (1..=TRIES_MAX).contains(&tries);
    if length < LENGTH_WITH_LOCK_MIN {
        faults.push(format!("pwdMinLength is {length}, at least 12 is needed"));
    } else if length < LENGTH_ALONE_MIN && !locks {
        faults.push("under 14 signs, pwdLockout and pwdMaxFailure 1 to 10 are needed".to_owned());
    }
    if !truth("pwdmustchange") {
        faults.push("pwdMustChange is not TRUE".to_owned());
    }
    if number("pwdmaxage") > 0 {
        faults.push("passwords expire by the calendar (pwdMaxAge)".to_owned());
    }
    if form == PasswordForm::Ssha && number("pwdcheckquality") >= 2 {
        faults
            .push("pwdCheckQuality 2 refuses hashed passwords: use 1, or form = clear".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &[(&str, &str)], expected: &[&str]) {
        let policy =
            policy.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
        let faults = faults(&policy, PasswordForm::Ssha);
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, word) in faults.iter().zip(expected) {
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn a_policy_under_the_floor_is_named_with_its_faults() {
        // SEC-19, R-19.
        let change = ("pwdMustChange", "TRUE");
        let lock = [("pwdLockout", "TRUE"), ("pwdMaxFailure", "10")];
        check(&[("pwdMinLength", "12"), lock[0], lock[1], change], &[]);
        check(&[("pwdMinLength", "14"), change], &[]);
        check(&[("pwdMinLength", "13"), change], &["pwdLockout"]);
        check(&[("pwdMinLength", "12"), lock[0], ("pwdMaxFailure", "11"), change], &["pwdLockout"]);
        check(&[("pwdMinLength", "12"), lock[0], ("pwdMaxFailure", "0"), change], &["pwdLockout"]);
        check(&[("pwdMinLength", "11"), lock[0], lock[1], change], &["pwdMinLength"]);
        check(&[("pwdMinLength", "14")], &["pwdMustChange"]);
        check(&[("pwdMinLength", "14"), change, ("pwdMaxAge", "7776000")], &["pwdMaxAge"]);
        check(&[("pwdMinLength", "14"), change, ("pwdCheckQuality", "2")], &["pwdCheckQuality"]);
        check(&[], &["pwdMinLength", "pwdMustChange"]);
    }
}
