//! The doctor at the bedside of good and bad servers.

use std::collections::BTreeMap;

use rentree::credential::InitialPassword;
use rentree::model::dn;
use rentree::target::ldap::connect;
use rentree::target::ldap::doctor::{Examined, Verdict, examine};
use rentree::target::ldap::settings::Settings;
use rentree::target::{Observe, Write};

use crate::slapd::{ADMIN, BASE, Choices, READER, SUFFIX, Variant};

use super::bench::*;
use super::objects::*;

async fn verdicts(bench: &Bench, settings: &Settings) -> BTreeMap<&'static str, (Verdict, String)> {
    let now = "2026-09-01T09:00:00Z".parse().unwrap();
    let reader = bench.bind(READER);
    let mut found = BTreeMap::new();
    for Examined { id, verdict, what, hint } in examine(settings, Some(&reader), false, now).await {
        assert!(verdict == Verdict::Good || !hint.is_empty(), "{id}: {what}");
        let worse = found.get(id).is_none_or(|(before, _)| *before < verdict);
        if worse {
            found.insert(id, (verdict, what));
        }
    }
    found
}

async fn check_doctor(bench: &Bench, settings: &Settings, expected: &[(&str, Verdict)]) {
    let found = verdicts(bench, settings).await;
    let wrong: BTreeMap<_, _> = found
        .iter()
        .map(|(id, (verdict, _))| (*id, *verdict))
        .filter(|(_, verdict)| *verdict != Verdict::Good)
        .collect();
    let expected: BTreeMap<_, _> = expected.iter().copied().collect();
    assert_eq!(wrong, expected, "{found:#?}");
}

/// SEC-06, SEC-19: a server that is as it should be has nothing to mend, and nothing was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_nothing_on_a_good_server() {
    for bench in [Bench::slapd(&Choices::of(Variant::Full)), Bench::lab()] {
        let mut settings = bench.settings();
        if bench.lab.is_some() {
            settings.base = SUFFIX.into();
        }
        let mut target = connect(settings.clone(), entropy).await.unwrap();
        let mut person = account(1, "ines.lefevre", "Inès");
        person.dn = dn::child("uid", "ines.lefevre", &settings.base);
        let secret = InitialPassword::draw(&mut entropy);
        assert!(target.write(&create(&person), Some(&secret)).await.is_ok());
        let before = target.observe().await.unwrap();
        check_doctor(&bench, &settings, &[]).await;
        assert_eq!(target.observe().await.unwrap(), before);
        let found = verdicts(&bench, &settings).await;
        for id in [
            "connection",
            "certificate",
            "base",
            "schema",
            "controls",
            "rights",
            "rights-outside",
            "password-read",
            "rootdn",
            "policy",
            "member-of",
            "size-limit",
            "reader",
        ] {
            assert!(found.contains_key(id), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_to_be_mended() {
    use Verdict::Bad;
    // SEC-19, R-19: a weak policy. And a limit that cuts.
    let weak = Choices {
        policy: "pwdMinLength: 8\npwdMaxFailure: 5\npwdLockout: TRUE\npwdMustChange: TRUE\n",
        limits: "size.soft=2 size.hard=2",
        ..Choices::of(Variant::Full)
    };
    let bench = Bench::slapd(&weak);
    let target = bench.target().await;
    let secret = InitialPassword::draw(&mut entropy);
    for id in 1..=3 {
        let person = create(&account(id, &format!("p{id}"), "Prénom"));
        assert!(target.write(&person, Some(&secret)).await.is_ok());
    }
    check_doctor(&bench, &bench.settings(), &[("policy", Bad), ("size-limit", Bad)]).await;

    // SEC-06: the manager itself.
    let settings = Settings { bind: bench.bind(ADMIN), ..bench.settings() };
    let expected =
        [("policy", Bad), ("rights-outside", Bad), ("password-read", Bad), ("rootdn", Bad)];
    check_doctor(&bench, &settings, &expected).await;

    // SEC-06: a service account with rights over everything; a reader with none.
    let careless = Choices { careless: true, ..Choices::of(Variant::Full) };
    let careless = Bench::slapd(&careless);
    let person = create(&account(1, "p1", "Prénom"));
    assert!(careless.target().await.write(&person, Some(&secret)).await.is_ok());
    let expected = [("rights-outside", Bad), ("password-read", Bad), ("reader", Bad)];
    check_doctor(&careless, &careless.settings(), &expected).await;

    // The reading account may not write; as a service account it is of no use.
    let settings = Settings { bind: bench.bind(READER), ..bench.settings() };
    check_doctor(&bench, &settings, &[("policy", Bad), ("rights", Bad)]).await;

    let settings = Settings { window: 1, page_size: 5, ..bench.settings() };
    check_doctor(&bench, &settings, &[("settings", Bad)]).await;
    let settings = Settings { url: "ldaps://localhost:1".parse().unwrap(), ..bench.settings() };
    check_doctor(&bench, &settings, &[("connection", Bad)]).await;
    let settings = Settings { base: format!("ou=absente,{BASE}"), ..bench.settings() };
    check_doctor(&bench, &settings, &[("base", Bad)]).await;
    let bare = Bench::slapd(&Choices::of(Variant::Bare));
    check_doctor(&bare, &bare.settings(), &[("schema", Bad), ("policy", Bad)]).await;
}

/// SEC-42: what the reading account does not see would be made again, and never disabled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_counts_what_the_reading_account_sees() {
    let bench = Bench::slapd(&Choices { blind_reader: true, ..Choices::of(Variant::Full) });
    let secret = InitialPassword::draw(&mut entropy);
    let person = create(&account(1, "p1", "Prénom"));
    assert!(bench.target().await.write(&person, Some(&secret)).await.is_ok());
    check_doctor(&bench, &bench.settings(), &[("reader", Verdict::Bad)]).await;
    let found = verdicts(&bench, &bench.settings()).await;
    assert!(found["reader"].1.contains("sees 1 entries, 0 of them ours"), "{found:?}");
}
