//! `backup`: a consistent copy of the store, also while it is in use.

use std::path::Path;

use super::outcome::ExitStatus;
use super::session::{Session, store_failure};
use crate::store::backup;

pub fn backup(session: &Session, file: &Path) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    backup::backup(&store, file).map_err(store_failure)?;
    (session.world.out)(&format!(
        "{} is a copy of the store.\n\
         Keep secrets/ine.key with it, elsewhere: without it nobody is recognised.\n",
        file.display()
    ));
    Ok(ExitStatus::Done)
}
