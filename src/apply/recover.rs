//! After a crash: looks which accounts stand, before any is created again.
//!
//! A creation of unknown outcome needs no more than `write`, which looks first, except for one
//! thing: its password. Were it sent again with a new one and the process died again, nobody could
//! tell which of the two sealed secrets the account has. So the target is read once: an account
//! that stands was made by the newest attempt, whose secret is kept; one that does not makes all
//! earlier secrets worthless. (An add of the dead process that the server does only after this
//! look is still recognised: the new attempt finds the account `Already` there.)

use std::collections::BTreeMap;

use super::ApplyError;
use super::drive::Ledger;
use super::outcome::creates_account;
use crate::model::entry::ObjectKey;
use crate::model::observed::Observed;
use crate::plan::operation::Action;
use crate::store::journal::{Event, Settlement};
use crate::store::plans::{self, OperationRow};
use crate::store::runs::OperationState;
use crate::store::secrets::SecretFate;
use crate::target::Write;

/// What is left to do of creations of accounts, by their rank: an earlier attempt brought the
/// account back, and died before it wrote what is wanted.
pub(super) type Rests = BTreeMap<u64, Action>;

/// Settles the creations of accounts that an earlier attempt has done.
pub(super) async fn settle_standing_accounts<W: Write>(
    target: &mut W,
    ledger: &mut Ledger<'_, '_>,
) -> Result<Rests, ApplyError> {
    let context = &ledger.context;
    let suspects =
        plans::creations_with_secret(context.store, context.run, ledger.target, context.take)?;
    if suspects.is_empty() {
        return Ok(Rests::new());
    }
    let observed = target.observe().await?;
    let rests: Rests = match target.brings_back() {
        true => suspects.iter().filter_map(|row| rest(row, &observed)).collect(),
        false => Rests::new(),
    };
    let standing = suspects.iter().filter_map(|row| {
        if rests.contains_key(&row.operation.seq) {
            return None;
        }
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
    ledger.keep(&standing)?;
    Ok(rests)
}

/// Nobody makes an account with other values than the wanted ones: one that carries some was there
/// before.
fn rest(row: &OperationRow, observed: &Observed) -> Option<(u64, Action)> {
    let OperationRow { operation, state, attempts: _, detail: _ } = row;
    let Action::Create { entry } = &operation.action else { return None };
    if *state != OperationState::Started {
        return None;
    }
    let seen = observed.entries.get(&entry.key)?;
    let differs = !seen.attributes.differing(&entry.attributes).is_empty();
    let (before, after) = (seen.attributes.clone(), entry.attributes.clone());
    differs.then(|| (operation.seq, Action::Modify { dn: seen.dn.clone(), before, after }))
}
