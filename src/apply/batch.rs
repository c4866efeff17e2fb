//! The next batch of a stage: passwords drawn, secrets sealed while the batch before is written.

use rayon::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::task::JoinHandle;

use super::outcome::{Tries, creates_account};
use super::{ApplyError, Context};
use crate::credential::{InitialPassword, Recipient, SealError};
use crate::model::ids::{Login, PersonId};
use crate::plan::operation::Operation;
use crate::store::plans::{self, OperationRow, Page};
use crate::store::registry;
use crate::store::secrets::Sealed;

/// An operation to be sent.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) operation: Operation,
    /// The rank of this attempt, over all drives, from 1.
    pub(super) attempt: u32,
    pub(super) secret: Option<Secret>,
    /// Links left out, as they wait for the operation of this rank.
    pub(super) without: Option<u64>,
    pub(super) tries: Tries,
}

/// The initial password of one attempt, in clear for the writer and sealed for the store. It dies
/// with the attempt: another one draws another.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) password: InitialPassword,
    pub(super) sealed: Sealed,
}

/// Operations as they were read, those that create an account with their secret.
pub(super) type Ready = Vec<(OperationRow, Option<Secret>)>;

/// What is sealed.
#[derive(Serialize)]
struct Sheet<'a> {
    login: &'a str,
    password: &'a str,
}

/// A batch that is being prepared.
pub(super) struct Ahead {
    /// The rank to read on from.
    pub(super) last: Option<u64>,
    sealing: JoinHandle<Result<Ready, SealError>>,
}

/// Reads the next batch, draws its passwords, and begins to seal them on other threads: sealing
/// costs more than a directory's write, and must not wait for it. The sealing needs workers of
/// rayon's pool, so a drive must never occupy one.
pub(super) fn ahead(context: &mut Context<'_>, page: &Page<'_>) -> Result<Ahead, ApplyError> {
    let rows = plans::page(context.store, context.run, page, context.take)?;
    let last = rows.last().map(|row| row.operation.seq);
    let mut drawn = Vec::with_capacity(rows.len());
    for row in rows {
        let person = creates_account(&row.operation).filter(|_| row.operation.blocked.is_none());
        let secret = match person {
            Some(person) => {
                let login = login(context, person)?;
                Some((person, login, InitialPassword::draw(context.entropy)))
            }
            None => None,
        };
        drawn.push((row, secret));
    }
    let recipient = context.recipient.cloned();
    let sealing = tokio::task::spawn_blocking(move || {
        drawn
            .into_par_iter()
            .map(|(row, secret)| {
                let secret = secret.map(|secret| seal(recipient.as_ref(), secret)).transpose()?;
                Ok((row, secret))
            })
            .collect()
    });
    Ok(Ahead { last, sealing })
}

impl Ahead {
    /// The prepared batch.
    pub(super) async fn ready(self) -> Result<Ready, ApplyError> {
        match self.sealing.await {
            Ok(sealed) => Ok(sealed?),
            Err(error) => Err(SealError::Seal(error.to_string()).into()),
        }
    }
}

fn login(context: &Context<'_>, person: PersonId) -> Result<Login, ApplyError> {
    let account = registry::person(context.store, person)?.and_then(|person| person.account);
    account.map(|account| account.name.login).ok_or(ApplyError::NoLogin(person))
}

fn seal(
    recipient: Option<&Recipient>,
    (person, login, password): (PersonId, Login, InitialPassword),
) -> Result<Secret, SealError> {
    let recipient = recipient.ok_or_else(|| SealError::Recipient(String::new()))?;
    let sheet = Sheet { login: login.as_str(), password: password.reveal() };
    let text = serde_json::to_string(&sheet).map_err(|error| SealError::Seal(error.to_string()))?;
    let text = SecretString::from(text); // Erased on drop.
    let sealed = recipient.seal(text.expose_secret())?;
    Ok(Secret { password, sealed: Sealed { person, login, sealed } })
}
