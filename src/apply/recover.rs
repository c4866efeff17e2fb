//! After a crash: looks which accounts stand, before any is created again.
//!
//! A creation of unknown outcome needs no more than `write`, which looks first, except for one
//! thing: its password. Were it sent again with a new one and the process died again, nobody could
//! tell which of the two sealed secrets the account has. So the target is read once: an account
//! that stands was made by the newest attempt, whose secret is kept; one that does not makes all
//! earlier secrets worthless. (An add of the dead process that the server does only after this
//! look is still recognised: the new attempt finds the account `Already` there.)

use super::ApplyError;
use super::drive::Ledger;
use super::outcome::creates_account;
use crate::model::entry::ObjectKey;
use crate::store::journal::{Event, Settlement};
use crate::store::plans;
use crate::store::secrets::SecretFate;
use crate::target::Write;

/// Settles the creations of accounts that an earlier attempt has done.
pub(super) async fn settle_standing_accounts<W: Write>(
    target: &mut W,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), ApplyError> {
    let context = &ledger.context;
    let suspects =
        plans::creations_with_secret(context.store, context.run, ledger.target, context.take)?;
    if suspects.is_empty() {
        return Ok(());
    }
    let observed = target.observe().await?;
    let standing = suspects.iter().filter_map(|row| {
        let person = creates_account(&row.operation)?;
        observed.entries.contains_key(&ObjectKey::Account(person)).then(|| Settlement {
            seq: row.operation.seq,
            attempt: row.attempts,
            event: Event::Already,
            detail: Some("found standing after an interruption".into()),
            secret: Some((person, SecretFate::Newest)),
            refusal: None,
        })
    });
    let standing: Vec<Settlement> = standing.collect();
    Ok(ledger.keep(&standing)?)
}
