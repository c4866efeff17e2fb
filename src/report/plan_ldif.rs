//! A plan as LDIF change records (RFC 2849): to read, to compare, or to hand to another tool.
//!
//! A modification deletes the values that it expects and adds the new ones, so that a server
//! refuses it over a state that has changed (SEC-43). There is no password in it: initial
//! passwords are drawn when a plan is applied. What is blocked is a comment.

use std::collections::BTreeSet;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::attributes::Values;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, ObjectKind};
use crate::plan::operation::{Action, Operation};

/// A line is folded after this many bytes.
const LINE_BYTES_MAX: usize = 76;

/// Writes the operations of one target; one LDIF file speaks to one server.
pub fn write(out: &mut impl Write, target: &str, operations: &[Operation]) -> io::Result<()> {
    writeln!(out, "version: 1")?;
    for operation in operations.iter().filter(|operation| operation.target == target) {
        writeln!(out)?;
        record(out, operation)?;
    }
    Ok(())
}

fn record(out: &mut impl Write, operation: &Operation) -> io::Result<()> {
    let Operation { seq, target: _, kind, key, uai: _, stage: _, action, blocked } = operation;
    comment(out, &format!("{seq} {} {key}", kind.as_str()))?;
    if let Some(reason) = blocked {
        comment(out, &format!("blocked: {}", action.dn()))?;
        return comment(out, reason);
    }
    match action {
        Action::Create { entry } => create(out, entry),
        Action::Modify { dn, before, after } => modify(out, dn, before, after),
        Action::Rename { from, to } => {
            head(out, from, "modrdn")?;
            line(out, "newrdn", dn::leaf(to).unwrap_or(to))?;
            line(out, "deleteoldrdn", "1")?;
            let (old, new) = (dn::parent(from), dn::parent(to));
            match new {
                Some(new) if old.map(dn::comparable) != Some(dn::comparable(new)) => {
                    line(out, "newsuperior", new)
                }
                Some(_) | None => Ok(()),
            }
        }
        Action::Delete { dn, before: _ } => head(out, dn, "delete"),
        Action::AddLinks { dn, attribute, values } => {
            head(out, dn, "modify")?;
            change(out, "add", attribute, values)
        }
        Action::RemoveLinks { dn, attribute, values } => {
            // A value may be gone already, under this name or the other one of an entry that has
            // moved: each is a record of its own, so that `ldapmodify -c` goes on.
            for (rank, value) in values.iter().enumerate() {
                if rank > 0 {
                    writeln!(out)?;
                }
                head(out, dn, "modify")?;
                change(out, "delete", attribute, &BTreeSet::from([value.clone()]))?;
            }
            Ok(())
        }
    }
}

fn create(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let Entry { key, uai: _, dn, attributes, links, enabled: _ } = entry;
    if key.kind() == ObjectKind::Account {
        comment(out, "the initial password is drawn when the plan is applied")?;
    }
    head(out, dn, "add")?;
    // By habit, what the entry is comes first.
    let classes = attributes.iter().filter(|(name, _)| is_class(name));
    let others = attributes.iter().filter(|(name, _)| !is_class(name));
    for (name, values) in classes.chain(others) {
        for value in values {
            line(out, name, value)?;
        }
    }
    for (name, values) in links {
        for value in values {
            line(out, name, value)?;
        }
    }
    Ok(())
}

fn is_class(name: &str) -> bool {
    name.eq_ignore_ascii_case("objectClass")
}

fn modify(
    out: &mut impl Write,
    dn: &str,
    before: &Attributes,
    after: &Attributes,
) -> io::Result<()> {
    head(out, dn, "modify")?;
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.values_of(name), after.values_of(name));
        let only = |these: Values<'_>, those: Values<'_>| -> BTreeSet<String> {
            these.iter().filter(|value| !those.contains(value)).map(str::to_owned).collect()
        };
        let (go, come) = (only(old, new), only(new, old));
        if !go.is_empty() {
            change(out, "delete", name, &go)?;
        }
        if !come.is_empty() {
            change(out, "add", name, &come)?;
        }
    }
    Ok(())
}

fn head(out: &mut impl Write, dn: &str, changetype: &str) -> io::Result<()> {
    line(out, "dn", dn)?;
    line(out, "changetype", changetype)
}

fn change(
    out: &mut impl Write,
    verb: &str,
    attribute: &str,
    values: &BTreeSet<String>,
) -> io::Result<()> {
    line(out, verb, attribute)?;
    for value in values {
        line(out, attribute, value)?;
    }
    writeln!(out, "-")
}

/// `name: value`, or `name:: base64` for what LDIF cannot hold as it is.
fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    let begins_badly = value.starts_with([' ', ':', '<']);
    let safe = |byte: u8| byte.is_ascii() && !matches!(byte, 0 | b'\n' | b'\r');
    if !begins_badly && !value.ends_with(' ') && value.bytes().all(safe) {
        folded(out, &format!("{name}: {value}"))
    } else {
        folded(out, &format!("{name}:: {}", STANDARD.encode(value)))
    }
}

/// A comment, in signs that end no line.
fn comment(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut line = String::from("# ");
    for sign in text.chars() {
        if sign.is_ascii() && !sign.is_ascii_control() {
            line.push(sign);
        } else {
            line.extend(sign.escape_unicode());
        }
    }
    folded(out, &line)
}

/// The text is ASCII: it may be cut at any byte.
fn folded(out: &mut impl Write, text: &str) -> io::Result<()> {
    let bytes = text.as_bytes();
    let (first, mut rest) = bytes.split_at(bytes.len().min(LINE_BYTES_MAX));
    out.write_all(first)?;
    while !rest.is_empty() {
        let (next, more) = rest.split_at(rest.len().min(LINE_BYTES_MAX - 1));
        out.write_all(b"\n ")?;
        out.write_all(next)?;
        rest = more;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests;
