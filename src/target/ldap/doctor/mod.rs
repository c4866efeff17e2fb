//! Is this server fit for us, and are we no danger to it? Looks at one server and says what to
//! mend (SEC-04, SEC-06, SEC-19). It writes nothing: rights are asked for with changes that cannot
//! take effect.

mod certificate;
mod policy;
mod rights;

use jiff::Timestamp;
use ldap3::exop::{WhoAmI, WhoAmIResp};

use super::lens::Lens;
use super::read::{Question, pages};
use super::settings::{Bind, Settings};
use super::wire::{Lease, Pool};
use super::{filter, living, schema};
use crate::target::TargetError;
pub use crate::target::examined::{Examined, Verdict};

/// Everything that was found, in the order in which one would mend it. `reader` is the account
/// that `plan` reads with, when it is another one. With `is_store_empty` nothing can be ours yet.
/// `now` is for the certificate.
pub async fn examine(
    settings: &Settings,
    reader: Option<&Bind>,
    is_store_empty: bool,
    now: Timestamp,
) -> Vec<Examined> {
    let problems = settings.problems();
    if !problems.is_empty() {
        let bad = |text: String| Examined::bad("settings", text, "correct rentree.toml");
        return problems.into_iter().map(bad).collect();
    }
    let single = Settings { connections: 1, ..settings.clone() };
    let opened = match Pool::open(&single).await {
        Ok(pool) => living(&pool).await,
        Err(error) => Err(error),
    };
    let mut lease = match opened {
        Ok(lease) => lease,
        Err(error) => return vec![Examined::failed("connection", &error)],
    };
    let mut found = Vec::new();
    let me = who_am_i(&mut lease).await;
    found.push(Examined::good("connection", format!("{} knows us as {me}", settings.url)));
    found.extend(certificate::examine(&mut lease, now).await);
    match schema::base_exists(&mut lease, &settings.base).await {
        Ok(true) => found.push(Examined::good("base", format!("{} stands", settings.base))),
        Ok(false) => {
            let what = format!("the base {} does not exist, or we may not see it", settings.base);
            let hint = "make it, or grant the service account to read it";
            found.push(Examined::bad("base", what, hint));
            return found;
        }
        Err(error) => {
            found.push(Examined::failed("base", &error));
            return found;
        }
    }
    found.extend(words_and_controls(&mut lease, settings).await);
    found.extend(rights::examine(&mut lease, settings, &me).await);
    found.extend(policy::examine(&mut lease, settings).await);
    let whole = whole(&mut lease, settings).await;
    found.push(match &whole {
        Ok(Whole { all: _, ours }) if is_store_empty && *ours > 0 => Examined::bad(
            "store-lost",
            format!("{ours} entries carry our mark, and the store knows nobody: it was lost"),
            "put the last backup of the store in its place before anything runs; mount its disk",
        ),
        Ok(Whole { all, ours }) => {
            Examined::good("size-limit", format!("{all} entries read whole, {ours} of them ours"))
        }
        Err(error) => Examined::failed("size-limit", error),
    });
    if let Some(reader) = reader {
        found.push(examine_reader(settings, reader, whole.ok()).await);
    }
    found
}

/// Our name on the server, as it says; empty when it does not.
async fn who_am_i(lease: &mut Lease) -> String {
    let Ok(answer) = lease.plain().extended(WhoAmI).await else { return String::new() };
    let ldap3::result::ExopResult(exop, result) = answer;
    if result.rc != 0 || exop.val.is_none() {
        return String::new();
    }
    let said = exop.parse::<WhoAmIResp>().authzid;
    said.strip_prefix("dn:").unwrap_or(&said).to_owned()
}

async fn words_and_controls(lease: &mut Lease, settings: &Settings) -> Vec<Examined> {
    let server = match schema::server(lease).await {
        Ok(server) => server,
        Err(error) => return vec![Examined::failed("controls", &error)],
    };
    let mut found = Vec::new();
    found.push(match (server.paged_results, server.assertion) {
        (true, true) => Examined::good("controls", "paged results and assertions are supported"),
        (false, _) => Examined::bad(
            "controls",
            "the server has no paged results (RFC 2696)",
            "without them a size limit hides entries: switch them on",
        ),
        (true, false) => Examined::weak(
            "controls",
            "the server has no assertion control (RFC 4528)",
            "a change made by hand in the instant of a write could be written over",
        ),
    });
    let words = match schema::words(lease, &server).await {
        Ok(words) if words.is_empty() => {
            let hint = "grant the service account to read cn=Subschema";
            found.push(Examined::weak("schema", "the schema cannot be read", hint));
            return found;
        }
        Ok(words) => words,
        Err(error) => {
            found.push(Examined::failed("schema", &error));
            return found;
        }
    };
    let managed = &settings.managed;
    let needed = managed.attributes.values().flatten().chain(&managed.required);
    let needed = needed.chain(&managed.links).chain([&managed.password.attribute]);
    let missing: std::collections::BTreeSet<&str> = needed
        .filter(|name| !words.contains(&name.to_ascii_lowercase()))
        .map(String::as_str)
        .collect();
    found.push(match missing.is_empty() {
        true => Examined::good("schema", "the server knows every attribute of the mapping"),
        false => {
            let missing: Vec<&str> = missing.into_iter().collect();
            Examined::bad(
                "schema",
                format!("the server does not know: {}", missing.join(", ")),
                "load the schema or overlay that has them (ppolicy for pwdReset), or change the \
                 mapping",
            )
        }
    });
    found.push(match words.contains("memberof") {
        true => Examined::good("member-of", "memberOf is known: people's entries may show groups"),
        false => Examined::good("member-of", "memberOf is not known; rentree does not need it"),
    });
    found
}

/// How much stands below the base, for one who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whole {
    all: u64,
    ours: u64,
}

/// Reads everything once, as a plan does: limits show here and not in the night.
async fn whole(lease: &mut Lease, settings: &Settings) -> Result<Whole, TargetError> {
    let lens = Lens::new(&settings.managed);
    let mut ours = 0u64;
    let question = Question {
        base: &settings.base,
        filter: &filter::present("objectClass"),
        attributes: vec![settings.managed.mark.clone()],
        page_size: settings.page_size,
    };
    let all = pages(lease, &question, |entry| {
        ours += u64::from(lens.view(entry).seen.key.is_some());
    })
    .await?;
    if let Some(names_base) = &settings.names_base {
        let question = Question { base: names_base, ..question };
        pages(lease, &question, |_| {}).await?;
    }
    Ok(Whole { all, ours })
}

/// The account of `plan` reads everything that the writing one sees, and writes nothing: what it
/// does not see would be made again, and never disabled.
async fn examine_reader(settings: &Settings, reader: &Bind, writer: Option<Whole>) -> Examined {
    let id = "reader";
    let settings = Settings { bind: reader.clone(), connections: 1, ..settings.clone() };
    let opened = match Pool::open(&settings).await {
        Ok(pool) => living(&pool).await,
        Err(error) => Err(error),
    };
    let mut lease = match opened {
        Ok(lease) => lease,
        Err(error) => return Examined::failed(id, &error),
    };
    let read = match whole(&mut lease, &settings).await {
        Ok(read) => read,
        Err(error) => return Examined::failed(id, &error),
    };
    if let Some(writer) = writer.filter(|writer| read.all < writer.all || read.ours < writer.ours) {
        let (Whole { all, ours }, base) = (read, &settings.base);
        let what = format!(
            "the reading account sees {all} entries, {ours} of them ours, where the writing \
             account sees {} and {}",
            writer.all, writer.ours
        );
        let hint = format!("grant the reading account to read all of {base}, no entry excepted");
        return Examined::bad(id, what, &hint);
    }
    match rights::may_write(&mut lease, &settings.base).await {
        rights::Right::No => Examined::good(id, "the reading account reads and cannot write"),
        rights::Right::Yes => Examined::weak(
            id,
            "the reading account can write",
            "give it read access only: a preview needs no more",
        ),
        rights::Right::Unclear(text) => Examined::weak(
            id,
            format!("it cannot be told whether the reading account can write: {text}"),
            "look at the access rules of the server",
        ),
    }
}
