//! What stops a plan, and the commands that let it pass: the same words wherever they are said.

use super::table;
use crate::model::ids::Uai;
use crate::plan::Objection;

/// Which guards object.
pub fn told(objections: &[Objection]) -> String {
    let (count, s) = (objections.len(), if objections.len() == 1 { "" } else { "s" });
    let mut out = format!("*** STOPPED by {count} objection{s}: nothing is written ***\n");
    let rows = objections.iter().map(|Objection { id, uai, text }| {
        let school = uai.as_ref().map_or("all schools", Uai::as_str);
        vec![format!("  {id}"), school.to_owned(), text.clone()]
    });
    let mut lines = Vec::new();
    if table(&mut lines, &rows.collect::<Vec<_>>(), 3).is_ok() {
        out.push_str(&String::from_utf8_lossy(&lines));
    }
    out
}

/// What is typed to let a stopped plan pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifting {
    pub second: Second,
    pub apply: String,
}

/// The second person, whom a region-wide plan takes (SEC-42).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Second {
    NotNeeded,
    /// What is typed by another person beforehand.
    Approves(String),
    /// Who has approved the plan already.
    HasApproved(String),
}

/// `approve` or `apply`, as they are typed to let a plan of this hash pass.
pub fn typed(command: &str, number: u64, hash: &str) -> String {
    format!("rentree {command} {number} --confirm {hash} --reason TEXT")
}

/// By whom a plan of this hash passes; of whom it has an approval.
pub fn lifting(
    number: u64,
    hash: &str,
    objections: &[Objection],
    approved_by: Option<&str>,
) -> Lifting {
    let is_wide = objections.iter().any(|one| one.uai.is_none());
    let second = match approved_by {
        _ if !is_wide => Second::NotNeeded,
        Some(who) => Second::HasApproved(who.to_owned()),
        None => Second::Approves(typed("approve", number, hash)),
    };
    Lifting { second, apply: typed("apply", number, hash) }
}

impl Lifting {
    /// Below the list of what objects.
    pub fn lines(&self) -> String {
        let Self { second, apply } = self;
        let mut out = "If every one of these is right, apply the plan with its hash:\n".to_owned();
        match second {
            Second::NotNeeded => {}
            Second::Approves(approve) => {
                out.push_str(&format!("  {approve}\n"));
                out.push_str("and then, as it is region-wide, somebody else:\n");
            }
            Second::HasApproved(who) => {
                out.push_str(&format!("(it is region-wide, and {who} has approved it: "));
                out.push_str("somebody else applies it)\n");
            }
        }
        out.push_str(&format!("  {apply}\n"));
        out
    }

    /// In a hint.
    pub fn line(&self) -> String {
        let Self { second, apply } = self;
        match second {
            Second::NotNeeded => apply.clone(),
            Second::Approves(approve) => {
                format!("{approve}; and then, as it is region-wide, somebody else: {apply}")
            }
            Second::HasApproved(who) => {
                format!("as it is region-wide, and {who} has approved it, somebody else: {apply}")
            }
        }
    }
}
