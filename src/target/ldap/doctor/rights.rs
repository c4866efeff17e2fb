//! What we may do, and what we should not be able to do (SEC-06), asked without doing it.
//!
//! What slapd 2.5 answers (tried): an assertion that is false gives 122 before any right is looked
//! at, so it tells nothing. Removing a value that is not there gives 16 to whoever may write the
//! attribute and 50 to the others. An add with the no-op control of OpenLDAP gives 16654 to whoever
//! may add and 50 to the others; a server that does not know the control refuses with 12.

use ldap3::controls::RawControl;
use ldap3::{Mod, Scope, SearchEntry, SearchOptions};

use super::{Examined, Verdict};
use crate::model::dn;
use crate::target::ldap::outcome::{
    INSUFFICIENT_ACCESS, NO_OPERATION, NO_SUCH_ATTRIBUTE, NO_SUCH_OBJECT, SIZE_LIMIT, SUCCESS,
    UNAVAILABLE_CRITICAL, name_of,
};
use crate::target::ldap::settings::Settings;
use crate::target::ldap::wire::Lease;
use crate::target::ldap::{filter, read};

const NO_OP_CONTROL: &str = "1.3.6.1.4.1.4203.666.5.2";
/// No entry has it: nobody's description is this.
const NOBODYS_VALUE: &str = "rentree:doctor:no-entry-has-this-value";
const PROBE: &str = "rentree-doctor-probe";

/// Whether we may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Right {
    Yes,
    No,
    Unclear(String),
}

pub(super) async fn examine(lease: &mut Lease, settings: &Settings, me: &str) -> Vec<Examined> {
    let mut found = vec![below(lease, settings).await];
    let outside = outside(lease, settings).await;
    let everywhere = outside.verdict == Verdict::Bad;
    found.push(outside);
    found.push(passwords(lease, settings).await);
    found.push(root(lease, me, everywhere).await);
    found
}

async fn below(lease: &mut Lease, settings: &Settings) -> Examined {
    let id = "rights";
    let base = &settings.base;
    match may_write(lease, base).await {
        Right::Yes => Examined::good(id, format!("we may add entries below {base}")),
        Right::No => Examined::bad(
            id,
            format!("we may not write below {base}"),
            "grant the service account write access to the subtree of the base (slapd.conf: \
             access to dn.subtree=… by dn.exact=… write)",
        ),
        Right::Unclear(text) => Examined::weak(
            id,
            format!("it cannot be told whether we may write below {base}: {text}"),
            "look at the access rules of the server; the first apply will tell",
        ),
    }
}

/// The entry above the base is not ours to write.
async fn outside(lease: &mut Lease, settings: &Settings) -> Examined {
    let id = "rights-outside";
    let hint = "limit the write access of the service account to the subtree of the base (SEC-06)";
    let Some(above) = dn::parent(&settings.base).filter(|above| !above.is_empty()) else {
        return Examined::good(id, "the base has nothing above it");
    };
    match may_modify(lease, above).await {
        Right::No => Examined::good(id, format!("we may not write {above}")),
        Right::Yes => Examined::bad(id, format!("we may write outside the base: {above}"), hint),
        Right::Unclear(text) => Examined::good(
            id,
            format!("nothing that we could write stands above the base ({text})"),
        ),
    }
}

/// Passwords are written and never read.
async fn passwords(lease: &mut Lease, settings: &Settings) -> Examined {
    let id = "password-read";
    let attribute = &settings.managed.password.attribute;
    let hint = "let the service account write passwords and nothing more (slapd.conf: access to \
                attrs=userPassword by dn.exact=… =w)";
    let options = SearchOptions::new().sizelimit(5);
    let filter = filter::present(attribute);
    let search = lease.plain().with_search_options(options).search(
        &settings.base,
        Scope::Subtree,
        &filter,
        vec![attribute.as_str()],
    );
    let rows = match search.await {
        Ok(ldap3::SearchResult(rows, result)) if matches!(result.rc, SUCCESS | SIZE_LIMIT) => rows,
        Ok(_) => return Examined::good(id, format!("reading {attribute} is refused")),
        Err(error) => return Examined::weak(id, format!("cannot ask: {error}"), "run again"),
    };
    let found = !rows.is_empty();
    let entries = rows.into_iter().map(SearchEntry::construct);
    let shown = entries.map(|entry| entry.attrs.len() + entry.bin_attrs.len()).sum::<usize>() > 0;
    match (shown, found) {
        (true, _) => Examined::bad(id, format!("we can read {attribute}"), hint),
        (false, true) => {
            Examined::weak(id, format!("we can search by {attribute}, though not read it"), hint)
        }
        (false, false) => Examined::good(id, format!("we cannot read {attribute} of anybody")),
    }
}

/// The manager of a database has no entry and no limits, and password policies pass it by.
async fn root(lease: &mut Lease, me: &str, everywhere: bool) -> Examined {
    let id = "rootdn";
    let hint = "make an entry for the service, give it rights below the base, and bind as it \
                (slapo-ppolicy: some policies do not apply to the rootdn)";
    if me.is_empty() {
        return Examined::weak(id, "the server does not say who we are", hint);
    }
    let entry = read::entry(lease, me, vec!["1.1".to_owned()]).await;
    match (entry, everywhere) {
        (Ok(Some(_)), _) => Examined::good(id, "we have an entry of our own"),
        (_, true) => Examined::bad(id, format!("{me} seems to be the rootdn"), hint),
        (_, false) => Examined::good(id, "we are not the rootdn: writing outside is refused"),
    }
}

/// May we add entries below this one? Where the server cannot say, may we write it?
pub(super) async fn may_write(lease: &mut Lease, base: &str) -> Right {
    let control = RawControl { ctype: NO_OP_CONTROL.to_owned(), crit: true, val: None };
    let name = dn::child("ou", PROBE, base);
    let entry = vec![
        ("objectClass", ["organizationalUnit"].into_iter().collect()),
        ("ou", [PROBE].into_iter().collect()),
    ];
    let code = match lease.with(vec![control]).add(&name, entry).await {
        Ok(result) => result.rc,
        Err(error) => return Right::Unclear(error.to_string()),
    };
    match code {
        NO_OPERATION => Right::Yes,
        INSUFFICIENT_ACCESS => Right::No,
        SUCCESS => {
            // The server passed over a critical control, against the standard: take it back.
            match lease.plain().delete(&name).await {
                Ok(result) if result.rc == SUCCESS => Right::Yes,
                _ => Right::Unclear(format!("please delete {name}")),
            }
        }
        UNAVAILABLE_CRITICAL => may_modify(lease, base).await,
        other => Right::Unclear(name_of(other).to_owned()),
    }
}

/// May we write the description of this entry?
pub(super) async fn may_modify(lease: &mut Lease, name: &str) -> Right {
    let change = Mod::Delete("description", [NOBODYS_VALUE].into_iter().collect());
    match lease.plain().modify(name, vec![change]).await.map(|result| result.rc) {
        Ok(NO_SUCH_ATTRIBUTE) => Right::Yes,
        Ok(INSUFFICIENT_ACCESS) => Right::No,
        Ok(NO_SUCH_OBJECT) => Right::Unclear("no entry that we see".to_owned()),
        Ok(other) => Right::Unclear(name_of(other).to_owned()),
        Err(error) => Right::Unclear(error.to_string()),
    }
}
