//! Searches: one entry, or all of them page by page. What is cut short is an error.

use ldap3::controls::{ControlType, MakeCritical, PagedResults};
use ldap3::{LdapError, LdapResult, Scope, SearchEntry};

use super::filter;
use super::outcome::{ADMIN_LIMIT, NO_SUCH_OBJECT, SIZE_LIMIT, SUCCESS, TIME_LIMIT, cut, refused};
use super::outcome::{AWAY_HINT, BUSY, UNAVAILABLE, name_of, unseen};
use super::settings::PAGE_SIZE;
use super::wire::{Lease, answer_text};
use crate::target::{TargetError, WriteError};

/// What to search for, page by page.
pub(super) struct Question<'a> {
    pub(super) base: &'a str,
    pub(super) filter: &'a str,
    pub(super) attributes: Vec<String>,
    pub(super) page_size: u32,
}

/// One entry; none when nothing stands there.
pub(super) async fn entry(
    lease: &mut Lease,
    name: &str,
    attributes: Vec<String>,
) -> Result<Option<SearchEntry>, WriteError> {
    let filter = filter::present("objectClass");
    let answer = lease.plain().search(name, Scope::Base, &filter, attributes).await;
    let ldap3::SearchResult(rows, result) = answer.map_err(|error| unseen(&error))?;
    match result.rc {
        SUCCESS => Ok(rows.into_iter().next().map(SearchEntry::construct)),
        NO_SUCH_OBJECT => Ok(None),
        _ => Err(refused(&result)),
    }
}

/// Every entry of the subtree, handed over one by one; returns how many. An answer that a limit,
/// a referral or a broken connection cut short is an error, whatever was handed over before.
pub(super) async fn pages(
    lease: &mut Lease,
    question: &Question<'_>,
    mut each: impl FnMut(SearchEntry),
) -> Result<u64, TargetError> {
    let mut size = question.page_size;
    let mut cookie = Vec::new();
    let mut count = 0;
    loop {
        let page = page(lease, question, size, cookie, &mut each).await?;
        count += page.count;
        match page.result.rc {
            SUCCESS => {}
            // slapd refuses pages over its `size.pr` whole: smaller ones may pass.
            ADMIN_LIMIT if count == 0 && size > *PAGE_SIZE.start() => {
                size = (size / 2).max(*PAGE_SIZE.start());
                cookie = Vec::new();
                continue;
            }
            _ => return Err(cut_short(question.base, &page.result)),
        }
        cookie = page.cookie;
        if cookie.is_empty() {
            return Ok(count);
        }
    }
}

struct Page {
    count: u64,
    result: LdapResult,
    cookie: Vec<u8>,
}

async fn page(
    lease: &mut Lease,
    question: &Question<'_>,
    size: u32,
    cookie: Vec<u8>,
    each: &mut impl FnMut(SearchEntry),
) -> Result<Page, TargetError> {
    let broken = |error: LdapError| cut(&format!("reading below {}", question.base), &error);
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    // Critical: a server that cannot page must say so, not stop at its limit.
    let control = PagedResults { size, cookie }.critical().into();
    let mut stream = lease
        .with(vec![control])
        .streaming_search(
            question.base,
            Scope::Subtree,
            question.filter,
            question.attributes.clone(),
        )
        .await
        .map_err(broken)?;
    let mut count = 0;
    while let Some(item) = stream.next().await.map_err(broken)? {
        if item.is_ref() {
            return Err(TargetError::Unreadable {
                what: format!("a part of {} is on another server (referral)", question.base),
                hint: "give a base that this server holds whole".into(),
            });
        }
        if !item.is_intermediate() {
            count += 1;
            each(SearchEntry::construct(item));
        }
    }
    let result = stream.finish().await;
    let cookie = result
        .ctrls
        .iter()
        .find(|control| matches!(control.0, Some(ControlType::PagedResults)))
        .map(|control| control.1.parse::<PagedResults>().cookie)
        .unwrap_or_default();
    Ok(Page { count, result, cookie })
}

fn cut_short(base: &str, result: &LdapResult) -> TargetError {
    let (what, hint) = match result.rc {
        SIZE_LIMIT | ADMIN_LIMIT | TIME_LIMIT => (
            format!("the server cut the answer short ({})", name_of(result.rc)),
            "grant the service account size.prtotal=unlimited and a time limit that suffices \
             (slapd.conf: limits)",
        ),
        NO_SUCH_OBJECT => (
            format!("the base {base} does not exist, or this account may not see it"),
            "make it, or grant the service account to read it",
        ),
        code => (
            format!("reading below {base} failed: {}", answer_text(result)),
            if matches!(code, BUSY | UNAVAILABLE) { AWAY_HINT } else { "look at the server's log" },
        ),
    };
    TargetError::Unreadable { what, hint: hint.into() }
}
