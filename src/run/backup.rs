//! `backup`: a consistent copy of the store, also while it is in use.

use std::path::Path;

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use crate::store::backup;

pub fn backup(session: &Session, file: &Path) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    if file.exists() {
        let what = format!("{} exists already: a copy is never written over", file.display());
        let day = session.today();
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint(format!("give each copy a name of its own, such as rentree-{day}.db"))
            .into());
    }
    if let Some(folder) = file.parent().filter(|one| !one.as_os_str().is_empty() && !one.is_dir()) {
        let what = format!("there is no folder {}: nothing was copied", folder.display());
        let hint = "make it first, or give another place";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    backup::backup(&store, file).map_err(store_failure)?;
    let advice = "Keep secrets/ine.key with it, elsewhere: without it nobody is recognised.";
    (session.world.out)(&match session.format {
        Format::Text => format!("{} is a copy of the store.\n{advice}\n", file.display()),
        Format::Json => format!("{}\n", serde_json::json!({ "file": file, "advice": advice })),
    });
    Ok(ExitStatus::Done)
}
