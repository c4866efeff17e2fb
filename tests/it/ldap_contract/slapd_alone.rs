//! What only a real server can show: limits, other ways in, sudden death.

use std::time::Duration;

use rentree::plan::operation::Operation;
use rentree::target::ldap::connect;
use rentree::target::ldap::settings::{Bind, ClientCertificate, Settings};
use rentree::target::{Done, Observe, TargetError, Write, WriteError};

use crate::slapd::{Choices, SERVICE, Variant};

use super::bench::*;
use super::objects::*;

/// A server that allows 20 entries in one answer, and pages of any length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_pass_below_a_size_limit_and_a_cut_answer_is_an_error() {
    let fill = async |bench: &Bench| {
        let target = bench.target().await;
        for id in 1..=60 {
            written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
        }
    };
    for (limits, whole) in [
        ("size.soft=20 size.hard=20 size.prtotal=unlimited", true),
        // Larger pages are refused, smaller ones pass.
        ("size.soft=20 size.hard=20 size.pr=25 size.prtotal=unlimited", true),
        ("size.soft=20 size.hard=20", false),
    ] {
        let choices = Choices { limits, ..Choices::of(Variant::Plain) };
        let bench = Bench::slapd(&choices);
        fill(&bench).await;
        let observed = bench.target().await.observe().await;
        match (observed, whole) {
            (Ok(observed), true) => assert_eq!(observed.entries.len(), 60, "{limits}"),
            (Err(TargetError::Unreadable { what, hint }), false) => {
                assert!(what.contains("size limit") && hint.contains("prtotal"), "{what} {hint}");
            }
            (other, _) => panic!("{limits}: {other:?}"),
        }
    }
}

/// SEC-04: what cannot be protected is not used; what can be, works in each of its forms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_protected_way_in_works() {
    let bench = Bench::slapd(&Choices::of(Variant::Full));
    let slapd = bench.slapd.as_ref().unwrap();
    let (certificate, key) = slapd.client();
    let external = |certificate| Bind::External { certificate };
    for (url, bind) in [
        (slapd.ldap(), bench.bind(SERVICE)),
        (slapd.ldapi(), external(None)),
        (slapd.ldapi(), bench.bind(SERVICE)),
        (slapd.ldaps(), external(Some(ClientCertificate { certificate, key }))),
    ] {
        let settings = Settings { url: url.parse().unwrap(), bind, ..bench.settings() };
        let target = connect(settings, entropy).await.unwrap();
        let entry = container("0599990N");
        assert!(target.write(&create(&entry), None).await.is_ok(), "{url}");
    }
    // Another name than the certificate's: the machine has it, the certificate does not.
    let url = slapd.ldaps().replace("localhost", "127.0.0.2");
    let settings = Settings { url: url.parse().unwrap(), ..bench.settings() };
    assert!(matches!(connect(settings, entropy).await, Err(TargetError::Unreachable { .. })));
}

/// SEC-04: a server without StartTLS gets no bind, and so no password, at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password_goes_over_an_unprotected_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let mut length = stream.read(&mut heard).await.unwrap();
        // Extended response to message 1: protocolError, as of a server that knows no StartTLS.
        stream.write_all(&[0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 2, 4, 0, 4, 0]).await.unwrap();
        while let Ok(more @ 1..) = stream.read(&mut heard[length..]).await {
            length += more;
        }
        heard.truncate(length);
        heard
    });
    let bench = Bench::lab();
    let url = format!("ldap://localhost:{port}").parse().unwrap();
    let bind = Bind::Simple { dn: SERVICE.into(), password: "Canari-en-clair".into() };
    let settings = Settings { url, bind, ..bench.settings() };
    match connect(settings, entropy).await {
        Err(TargetError::Unreachable { what, .. }) => assert!(what.contains("StartTLS"), "{what}"),
        other => panic!("{:?}", other.err()),
    }
    let heard = server.await.unwrap();
    assert!(!heard.windows(6).any(|part| part == b"Canari"), "{heard:?}");
}

/// The mapping needs words of an overlay that is not there: said before anything is planned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_the_required_words_is_refused() {
    let bench = Bench::slapd(&Choices::of(Variant::Bare));
    match connect(bench.settings(), entropy).await {
        Err(TargetError::Unreadable { what, hint }) => {
            assert!(what.contains("pwdAccountLockedTime, pwdReset"), "{what}");
            assert!(hint.contains("ppolicy"), "{hint}");
        }
        other => panic!("{:?}", other.err()),
    }
}

/// kill -9 in the middle of writes: every outcome is told apart, and looking again settles all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_outcomes_that_a_second_try_settles() {
    let mut bench = Bench::slapd(&Choices::of(Variant::Full));
    let mut target = bench.target().await;
    let operations: Vec<Operation> =
        (1..=2000).map(|id| create(&account(id, &format!("p{id}"), "Prénom"))).collect();
    let outcomes = {
        // Killed when a hundred have their answer: many more are on their way then.
        let (answered, mut progress) = tokio::sync::watch::channel(0);
        let writes = operations.iter().map(async |operation| {
            let outcome = target.write(operation, None).await;
            answered.send_modify(|count| *count += 1);
            outcome
        });
        let slapd = bench.slapd.as_mut().unwrap();
        let kill = async {
            progress.wait_for(|count| *count >= 100).await.unwrap();
            tokio::task::block_in_place(|| slapd.kill());
        };
        futures_util::future::join(futures_util::future::join_all(writes), kill).await.0
    };
    let count = |wanted: fn(&Result<Done, WriteError>) -> bool| {
        outcomes.iter().filter(|outcome| wanted(outcome)).count()
    };
    let written_count = count(|outcome| *outcome == Ok(Done::Written));
    let unknown = count(|outcome| matches!(outcome, Err(WriteError::Unknown(_))));
    let lost = count(|outcome| matches!(outcome, Err(WriteError::Lost(_))));
    assert_eq!(written_count + unknown + lost, operations.len(), "{outcomes:?}");
    assert!(written_count > 0 && unknown > 0 && lost > 0, "{written_count} {unknown} {lost}");

    assert!(matches!(target.reconnect().await, Err(TargetError::Unreachable { .. })));
    assert!(matches!(target.observe().await, Err(TargetError::Unreachable { .. })));
    tokio::task::block_in_place(|| bench.slapd.as_mut().unwrap().restart());
    target.reconnect().await.unwrap();
    // What was acknowledged stands; what was lost does not; the unknown is one or the other.
    let standing = target.observe().await.unwrap().entries;
    for (operation, outcome) in operations.iter().zip(&outcomes) {
        match outcome {
            Ok(_) => assert!(standing.contains_key(&operation.key)),
            Err(WriteError::Lost(_)) => assert!(!standing.contains_key(&operation.key)),
            Err(_) => {}
        }
    }
    let again = operations.iter().map(|operation| target.write(operation, None));
    let again = futures_util::future::join_all(again).await;
    for (operation, outcome) in operations.iter().zip(again) {
        let stood = standing.contains_key(&operation.key);
        assert_eq!(outcome, Ok(if stood { Done::Already } else { Done::Written }));
    }
    assert_eq!(target.observe().await.unwrap().entries.len(), operations.len());
}

/// A server that says nothing any more: the outcome is unknown, not lost, and not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_given_up_and_taken_up_again() {
    let bench = Bench::slapd(&Choices::of(Variant::Plain));
    let settings = Settings { timeout: Duration::from_millis(500), ..bench.settings() };
    let mut target = connect(settings, entropy).await.unwrap();
    let slapd = bench.slapd.as_ref().unwrap();
    let person = account(1, "ines.lefevre", "Inès");
    slapd.signal("STOP");
    match target.write(&create(&person), None).await {
        Err(WriteError::Unknown(text)) => assert!(text.contains("in time"), "{text}"),
        other => panic!("{other:?}"),
    }
    // Looking gets no answer either: nothing was sent, so it is worth another try.
    match target.write(&delete(&person), None).await {
        Err(WriteError::Busy { .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(matches!(target.observe().await, Err(TargetError::Unreadable { .. })));
    match target.reconnect().await {
        Err(TargetError::Unreachable { what, .. }) => assert!(what.contains("answer"), "{what}"),
        other => panic!("{other:?}"),
    }
    slapd.signal("CONT");
    target.reconnect().await.unwrap();
    // The stopped server read the request when it woke up.
    let again = target.write(&create(&person), None).await;
    assert!(matches!(again, Ok(Done::Already | Done::Written)), "{again:?}");
}
