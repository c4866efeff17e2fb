//! A plan as a file to be read, sent and approved: signed, so that what is applied by it is what it
//! says (SEC-43).
//!
//! The signature is an HMAC under a key drawn from `secrets/ine.key`: who writes the file and who
//! verifies it is the same working folder, so there is no public half to hand out, and no new
//! secret to keep. It covers every byte before it.

use std::path::Path;

use anyhow::Context as _;

use super::outcome::{ExitStatus, Failure};
use super::private_file;
use super::session::Session;
use crate::model::ids::Digest;

const SIGNED: &str = "\nSigned: plan ";
const SCHEME: &str = " hmac-sha256 ";
const DIGITS: usize = 64;

/// Writes the text of a plan, signed.
pub(super) fn write(
    session: &Session,
    path: &Path,
    text: &str,
    hash: &Digest,
) -> anyhow::Result<()> {
    let body = format!("{text}{SIGNED}{hash}{SCHEME}");
    let signature = session.config.sign_plan(body.as_bytes());
    private_file::write(path, format!("{body}{signature}\n").as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The hash of the plan in a file, when not one byte of it was changed.
pub(super) fn verified(session: &Session, path: &Path) -> anyhow::Result<Digest> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    hash_of(session, &bytes).ok_or_else(|| {
        let what = format!(
            "{} is not as `rentree plan --out` of this folder wrote it: it was changed, or is of \
             another folder or version",
            path.display()
        );
        let hint = "nothing was done; `rentree runs` lists the plans of the store";
        Failure::new(ExitStatus::Usage, what).hint(hint).into()
    })
}

fn hash_of(session: &Session, bytes: &[u8]) -> Option<Digest> {
    let signed = bytes.strip_suffix(b"\n")?;
    let (body, signature) = signed.split_at_checked(signed.len().checked_sub(DIGITS)?)?;
    let signature: Digest = std::str::from_utf8(signature).ok()?.parse().ok()?;
    if !session.config.signed_plan(body, &signature) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.strip_suffix(SCHEME)?;
    text.rsplit_once(SIGNED)?.1.parse().ok()
}
