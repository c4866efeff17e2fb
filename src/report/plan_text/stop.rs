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
    /// By another person beforehand, when the plan is region-wide (SEC-42).
    pub approve: Option<String>,
    pub apply: String,
}

/// By whom a plan of this hash passes.
pub fn lifting(number: u64, hash: &str, objections: &[Objection]) -> Lifting {
    let typed = |command| format!("rentree {command} {number} --confirm {hash} --reason TEXT");
    let is_wide = objections.iter().any(|one| one.uai.is_none());
    Lifting { approve: is_wide.then(|| typed("approve")), apply: typed("apply") }
}

impl Lifting {
    /// Below the list of what objects.
    pub fn lines(&self) -> String {
        let Self { approve, apply } = self;
        let mut out = "If every one of these is right, apply the plan with its hash:\n".to_owned();
        if let Some(approve) = approve {
            out.push_str(&format!("  {approve}\n"));
            out.push_str("and then, as it is region-wide, somebody else:\n");
        }
        out.push_str(&format!("  {apply}\n"));
        out
    }

    /// In a hint.
    pub fn line(&self) -> String {
        let Self { approve, apply } = self;
        match approve {
            Some(approve) => {
                format!("{approve}; and then, as it is region-wide, somebody else: {apply}")
            }
            None => apply.clone(),
        }
    }
}
