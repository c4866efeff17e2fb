use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::observed::Observed;
use crate::store::journal::{self, Event, Refusal, Settlement, Start};
use crate::store::plans;
use crate::store::runs::RunId;
use crate::store::taken::{self, NAMES_MAX, Outlook};

const TAKEN: Option<Refusal> = Some(Refusal::NameTaken);
/// How an operation ended.
type End<'a> = (&'a str, Event, Option<Refusal>);

/// A run that gives person 7 a login and makes the account in targets, each ending as told.
fn run(store: &mut Store, login: &str, ends: &[End<'_>]) -> RunId {
    let creation = |(at, (target, ..)): (usize, &End<'_>)| Operation {
        target: (*target).to_owned(),
        ..create(at as u64 + 1, 2, "rentree:account:7", &format!("uid={login},dc=test"))
    };
    let operations = ends.iter().enumerate().map(creation).collect();
    let mut plan = plan(0xab, vec![person(7, login)], operations);
    plan.generation = crate::store::registry::load(store).unwrap().generation;
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, noon()).unwrap();
    for (seq, (target, event, refusal)) in (1..).zip(ends) {
        let start = Start { seq, attempt: 1, secret: None };
        journal::start(store, run, target, noon(), &[start]).unwrap();
        let (detail, event, refusal) = (Some("its words".into()), *event, *refusal);
        let end = Settlement { seq, attempt: 1, event, detail, secret: None, refusal };
        journal::settle(store, run, target, noon(), &[end]).unwrap();
    }
    run
}

/// What the store says of person 7, and whether a plan that sees these targets names him anew.
fn check(store: &Store, seen: &[&str], standing: &[&str], expected: Option<(Outlook, bool)>) {
    let list = taken::list(store).unwrap();
    let entry = entry("rentree:account:7", "uid=x,dc=test");
    let observed: BTreeMap<String, Observed> = seen
        .iter()
        .map(|target| {
            let there = standing.contains(target).then(|| (entry.key.clone(), entry.clone()));
            let entries = there.into_iter().collect();
            ((*target).to_owned(), Observed { entries, ..Observed::default() })
        })
        .collect();
    let nameless = taken::nameless(&list, &observed);
    let found = list.get(&PersonId(7)).map(|one| (one.outlook, !nameless.is_empty()));
    assert_eq!(found, expected, "{list:?}");
}

fn with_store(story: impl FnOnce(&mut Store)) {
    let folder = tempfile::tempdir().unwrap();
    story(&mut open(folder.path()));
}

#[test]
fn whoever_has_no_account_gets_the_next_names_and_only_for_these_ones() {
    //
    with_store(|store| {
        run(store, "zoe", &[("o365", Event::Failed, TAKEN)]);
        check(store, &["o365"], &[], Some((Outlook::Next, true)));
        let list = taken::list(store).unwrap();
        assert_eq!(list[&PersonId(7)].by, BTreeSet::from(["o365".to_owned()]));
        // The next ones are not refused yet, whatever becomes of them.
        run(store, "zoe2", &[("o365", Event::PutBack, None)]);
        check(store, &["o365"], &[], None);
    });
    with_store(|store| {
        let other = Some(Refusal::Any);
        run(store, "zoe", &[("o365", Event::Failed, other), ("ldap", Event::Failed, None)]);
        check(store, &["o365"], &[], None);
    });
}

#[test]
fn whoever_has_an_account_anywhere_keeps_his_names() {
    // it opens with them, and somebody may have been told.
    for (event, run_before) in [(Event::Done, false), (Event::Already, false), (Event::Done, true)]
    {
        with_store(|store| {
            let made = ("ldap", event, None);
            let taken = ("o365", Event::Failed, TAKEN);
            if run_before {
                run(store, "zoe", &[made]);
                run(store, "zoe", &[taken]);
            } else {
                run(store, "zoe", &[made, taken]);
            }
            check(store, &["ldap", "o365"], &[], Some((Outlook::Kept, false)));
        });
    }
    // The journal does not know of it, and it stands.
    with_store(|store| {
        run(store, "zoe", &[("o365", Event::Failed, TAKEN)]);
        check(store, &["ldap", "o365"], &["ldap"], Some((Outlook::Next, false)));
    });
}

#[test]
fn what_was_left_without_an_answer_is_looked_at_first() {
    // SEC-44: never taken for a clash.
    with_store(|store| {
        run(store, "zoe", &[("ldap", Event::Unknown, None), ("o365", Event::Failed, TAKEN)]);
        check(store, &["o365"], &[], Some((Outlook::Next, false)));
        check(store, &["ldap", "o365"], &["ldap"], Some((Outlook::Next, false)));
        check(store, &["ldap", "o365"], &[], Some((Outlook::Next, true)));
    });
}

#[test]
fn names_are_tried_a_few_times_and_not_for_ever() {
    //
    with_store(|store| {
        for number in 1..=NAMES_MAX {
            let expected = if number < NAMES_MAX { Outlook::Next } else { Outlook::Enough };
            let login = format!("zoe{number}");
            // Refused twice, a login is still one.
            for _ in 0..2 {
                run(store, &login, &[("o365", Event::Failed, TAKEN)]);
                check(store, &["o365"], &[], Some((expected, expected == Outlook::Next)));
            }
        }
        // Somebody has made room: it is over.
        run(store, &format!("zoe{NAMES_MAX}"), &[("o365", Event::Done, None)]);
        check(store, &["o365"], &[], None);
    });
}
