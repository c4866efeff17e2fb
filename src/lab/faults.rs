//! Fault switches, for rehearsals: `faults.txt` in the lab's folder, read when it starts to serve.
//!
//! One line a rule: `OPERATION NAME FAULT TIMES`. OPERATION is `add`, `modify`, `delete`, `rename`,
//! `search` or `*`; NAME is a part of the entry's name, in lower case, or `*`; FAULT is the name of
//! a result code or what happens to the connection; TIMES is a number or `always`.
//!
//! ```text
//! add    uid=paul.martin  constraintViolation  always
//! modify *                busy                 3
//! add    *                replyLost            1
//! ```

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ldap3_proto::proto::{LdapOp, LdapResultCode};

const FILE: &str = "faults.txt";

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is answered so, and not done.
    Code(LdapResultCode),
    /// It is done, and the connection ends before the answer.
    ReplyLost,
    /// The connection ends before it is done.
    RequestLost,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    operation: String,
    name: String,
    fault: Fault,
    /// How often yet; absent: always.
    left: Option<u32>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    /// Those of a folder: none, as a rule.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => parse(&text)
                .map_err(|line| io::Error::other(format!("{FILE}: not a fault: {line}"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The fault of a request: that of the first rule which matches and is not used up.
    pub(super) fn strike(&self, op: &LdapOp) -> Option<Fault> {
        let (operation, name) = subject(op)?;
        let name = name.to_lowercase();
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.iter_mut().find(|rule| {
            (rule.operation == "*" || rule.operation == operation)
                && (rule.name == "*" || name.contains(&rule.name))
                && rule.left != Some(0)
        })?;
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.fault.clone())
    }
}

/// What a request is about; none of those that have no fault.
fn subject(op: &LdapOp) -> Option<(&'static str, &str)> {
    match op {
        LdapOp::AddRequest(request) => Some(("add", &request.dn)),
        LdapOp::ModifyRequest(request) => Some(("modify", &request.dn)),
        LdapOp::DelRequest(dn) => Some(("delete", dn)),
        LdapOp::ModifyDNRequest(request) => Some(("rename", &request.dn)),
        LdapOp::SearchRequest(request) => Some(("search", &request.base)),
        _ => None,
    }
}

/// The rules of a file; the error is the line that is none.
pub fn parse(text: &str) -> Result<Faults, String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let rules = lines.filter(|line| !line.is_empty());
    let rules: Result<_, _> = rules.map(|line| rule(line).ok_or(line.to_owned())).collect();
    rules.map(|rules| Faults(Mutex::new(rules)))
}

fn rule(line: &str) -> Option<Rule> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [operation, name, fault, times] = words[..] else { return None };
    let known = ["add", "modify", "delete", "rename", "search", "*"];
    let left = match times {
        "always" => None,
        number => Some(number.parse().ok()?),
    };
    let fault = fault_called(fault)?;
    let (operation, name) = (operation.to_owned(), name.to_lowercase());
    known.contains(&operation.as_str()).then_some(Rule { operation, name, fault, left })
}

fn fault_called(name: &str) -> Option<Fault> {
    use LdapResultCode as Code;
    Some(Fault::Code(match name {
        "replyLost" => return Some(Fault::ReplyLost),
        "requestLost" => return Some(Fault::RequestLost),
        // A server that lies: it says so, and has done nothing.
        "success" => Code::Success,
        "timeLimitExceeded" => Code::TimeLimitExceeded,
        "sizeLimitExceeded" => Code::SizeLimitExceeded,
        "referral" => Code::Referral,
        "adminLimitExceeded" => Code::AdminLimitExceeded,
        "constraintViolation" => Code::ConstraintViolation,
        "noSuchObject" => Code::NoSuchObject,
        "insufficientAccessRights" => Code::InsufficentAccessRights,
        "busy" => Code::Busy,
        "unavailable" => Code::Unavailable,
        "unwillingToPerform" => Code::UnwillingToPerform,
        "objectClassViolation" => Code::ObjectClassViolation,
        "entryAlreadyExists" => Code::EntryAlreadyExists,
        "other" => Code::Other,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_as_often_as_it_says_and_where_it_says() {
        let text = "# rehearsal\ndelete uid=a,  busy 2 # twice\n* ou=x replyLost always\n";
        let faults = parse(text).unwrap();
        let strike = |name: &str| faults.strike(&LdapOp::DelRequest(name.to_owned()));
        let busy = Some(Fault::Code(LdapResultCode::Busy));
        assert_eq!([strike("UID=A,dc=x"), strike("uid=b,dc=x")], [busy.clone(), None]);
        assert_eq!([strike("uid=a,dc=x"), strike("uid=a,dc=x")], [busy, None], "used up");
        assert_eq!(strike("uid=b,ou=x"), Some(Fault::ReplyLost));
        assert_eq!(faults.strike(&LdapOp::UnbindRequest), None);
    }

    #[test]
    fn a_line_that_is_no_rule_is_told() {
        for line in ["add * busy", "add * nonsense 1", "bind * busy 1", "add * busy twice"] {
            assert_eq!(parse(&format!("\n{line}\n")).unwrap_err(), line);
        }
    }
}
