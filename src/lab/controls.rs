//! Request and response controls of the lab.

use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapFilter, LdapResultCode};

use super::filter;
use super::refusal::Refusal;

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const ASSERTION: &str = "1.3.6.1.1.12";
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";
const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
pub(super) const CONTROLS: &[&str] = &[PAGED_RESULTS, ASSERTION, MANAGE_DSA_IT, PASSWORD_POLICY];

/// A critical control that the lab does not know stops the request.
pub(super) fn supported(controls: &[LdapControl]) -> Result<(), Refusal> {
    let unknown = |control: &LdapControl| match control {
        LdapControl::Unknown { oid, criticality, .. } => *criticality && oid != ASSERTION,
        LdapControl::SimplePagedResults { .. }
        | LdapControl::ManageDsaIT { .. }
        | LdapControl::PasswordPolicyRequest { .. } => false,
        LdapControl::SyncRequest { criticality, .. } => *criticality,
        // The others are of other servers.
        _ => true,
    };
    match controls.iter().any(unknown) {
        true => {
            let text = "critical extension is not recognized";
            Err(Refusal::new(LdapResultCode::UnavailableCriticalExtension, text))
        }
        false => Ok(()),
    }
}

pub(super) fn assertion(controls: &[LdapControl]) -> Result<Option<LdapFilter>, Refusal> {
    let value = controls.iter().find_map(|control| match control {
        LdapControl::Unknown { oid, value, .. } if oid == ASSERTION => Some(value.as_deref()),
        _ => None,
    });
    match value {
        None => Ok(None),
        Some(value) => {
            let filter = value.and_then(filter::from_ber);
            let text = "assertion control value is not a filter";
            filter.map(Some).ok_or_else(|| Refusal::new(LdapResultCode::ProtocolError, text))
        }
    }
}

/// With the control of the password policy draft, a bind also says that the password must be
/// changed (2: changeAfterReset).
pub(super) fn policy_answer(controls: &[LdapControl], must_change: bool) -> Vec<LdapControl> {
    let asked =
        controls.iter().any(|control| matches!(control, LdapControl::PasswordPolicyRequest { .. }));
    let answer = LdapControl::Unknown {
        oid: PASSWORD_POLICY.to_owned(),
        criticality: false,
        value: Some(vec![0x30, 3, 0x81, 1, 2]),
    };
    Some(answer).filter(|_| asked && must_change).into_iter().collect()
}
