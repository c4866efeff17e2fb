//! Teams: accepted at once, made later.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::script::{Say, Script, target, target_with, token};
use super::writes::operation;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey};
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::target::graph::Memory;
use crate::target::{Done, Write as _, WriteError};

const GROUP: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const AT: &str = "/teams('0f8fad5b-d9cb-469f-a165-70867728950e')/operations('9')";
const ABSOLUTE: &str = "https://graph.test/v1.0/teams('0f8fad5b-d9cb-469f-a165-70867728950e')\
                        /operations('9')";

/// What the service says of each question about the team, in turn; the last one for ever.
struct Says {
    /// `POST /teams`.
    asked: Vec<Say>,
    /// The operation.
    looks: Vec<Say>,
    /// The group has its team after so many looks at it.
    group_after: usize,
}

fn accepted(location: &'static str) -> Say {
    Say::With(202, vec![("Location", location)], Value::Null)
}

fn status(text: &str) -> Say {
    Say::Reply(200, json!({ "status": text, "error": null }))
}

fn failed() -> Say {
    let error = json!({ "code": "InternalServerError", "message": "no luck" });
    Say::Reply(200, json!({ "status": "failed", "error": error }))
}

fn conflict() -> Say {
    let message = "The group is already provisioned as a team.";
    Say::Reply(409, json!({ "error": { "code": "Conflict", "message": message } }))
}

fn turn(all: &mut Vec<Say>) -> Say {
    if all.len() > 1 { all.remove(0) } else { all[0].clone() }
}

fn service(says: Says) -> Arc<Script> {
    let Says { mut asked, mut looks, group_after } = says;
    let mut seen = 0;
    let name = "hdf-2026-0590001F-div-2A-m365";
    Script::new(move |line, _| match line {
        line if line.ends_with("/token") => token("t"),
        "POST /teams" => turn(&mut asked),
        line if line.starts_with("GET /teams(") => turn(&mut looks),
        line if line.starts_with("GET /groups(uniqueName=") => Say::Reply(
            200,
            json!({ "id": GROUP, "uniqueName": name, "createdDateTime": "2026-08-01T00:00:00Z" }),
        ),
        line if line == format!("GET /groups/{GROUP}") => {
            seen += 1;
            let options = if seen > group_after { json!(["Team"]) } else { json!([]) };
            Say::Reply(200, json!({ "id": GROUP, "resourceProvisioningOptions": options }))
        }
        line if line.starts_with("PATCH ") => Say::Reply(204, Value::Null),
        line => panic!("{line}"),
    })
}

fn team() -> Operation {
    let key: ObjectKey = "rentree:team-division+2026:0590001F:2A".parse().unwrap();
    let entry = Entry {
        key: key.clone(),
        uai: None,
        dn: dn::rdn("team", "hdf-2026-0590001F-div-2A-m365"),
        attributes: Attributes::from([("template", ["educationClass"])]),
        links: Links::new(),
        enabled: true,
    };
    operation(key, OperationKind::Create, Action::Create { entry })
}

fn posts(script: &Script) -> usize {
    script.lines().iter().filter(|line| *line == "POST /teams").count()
}

fn refused() -> Result<Done, WriteError> {
    let text = "the team was accepted and not made: InternalServerError: no luck".into();
    Err(WriteError::Refused { code: 202, text })
}

#[tokio::test(start_paused = true)]
async fn a_team_is_done_when_its_operation_says_so_and_it_is_not_asked_too_often() {
    let lost = || Say::Reply(404, Value::Null);
    let forbidden = || Say::Reply(403, Value::Null);
    for (asked, looks, group_after, expected) in [
        (accepted(AT), vec![status("notStarted"), status("succeeded")], 9, Ok(Done::Written)),
        (accepted(ABSOLUTE), vec![status("inProgress"), status("succeeded")], 9, Ok(Done::Written)),
        (accepted(AT), vec![status("inProgress"), failed()], 9, refused()),
        // A replica that does not know of it yet.
        (accepted(AT), vec![lost(), status("succeeded")], 9, Ok(Done::Written)),
        // Where the operation is not shown to us, the group tells.
        (accepted(AT), vec![forbidden()], 1, Ok(Done::Written)),
        (Say::Reply(202, Value::Null), vec![failed()], 1, Ok(Done::Written)),
        // Of somebody else's host nothing is asked: the token would go with it.
        (accepted("https://elsewhere.test/teams"), vec![failed()], 1, Ok(Done::Written)),
        // Somebody asked for it before us.
        (conflict(), vec![failed()], 2, Ok(Done::Written)),
        (conflict(), vec![failed()], 0, Ok(Done::Already)),
    ] {
        let script = service(Says { asked: vec![asked], looks, group_after });
        let target = target(&script).await;
        assert_eq!(target.write(&team(), None).await, expected);
        assert_eq!(posts(&script), 1);
        let heard = script.heard.lock().unwrap();
        let looked = |line: &str| line.starts_with("GET /teams(");
        let looks: Vec<_> = heard.iter().filter(|one| looked(&one.line)).collect();
        let asked = heard.iter().filter(|one| one.line == "POST /teams");
        let times: Vec<_> = asked.chain(looks).map(|one| one.at).collect();
        let pause = Duration::from_secs(30);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= pause), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_team_that_takes_long_is_unknown_and_none_is_asked_for_beside_it() {
    // SEC-44.
    let waits =
        || Says { asked: vec![accepted(AT)], looks: vec![status("inProgress")], group_after: 99 };
    let script = service(waits());
    let first = target(&script).await;
    for _ in 0..2 {
        let done = first.write(&team(), None).await;
        assert!(matches!(done, Err(WriteError::Unknown(_))), "{done:?}");
    }
    assert_eq!(posts(&script), 1);
    let kept: Memory = serde_json::from_str(&first.kept().unwrap()).unwrap();
    // The next process looks at the same operation.
    for (looks, expected, asked) in [
        (vec![status("succeeded")], Ok(Done::Written), 0),
        (vec![status("inProgress"), status("succeeded")], Ok(Done::Written), 0),
        // It came to nothing, or nobody knows of it any more: it is asked for, once.
        (vec![failed(), status("succeeded")], Ok(Done::Written), 1),
        (vec![Say::Reply(404, Value::Null), status("succeeded")], Ok(Done::Written), 1),
        (vec![failed(), failed()], refused(), 1),
    ] {
        let script = service(Says { looks, ..waits() });
        let next = target_with(&script, kept.clone(), |settings| settings).await;
        assert_eq!(next.write(&team(), None).await, expected);
        assert_eq!(posts(&script), asked);
        // What has ended is not looked at again.
        let kept = next.kept().unwrap();
        assert!(!kept.contains("operations"), "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_writes_go_on_while_a_team_is_waited_for() {
    // SEC-47.
    let looks = vec![status("inProgress"), status("inProgress"), status("succeeded")];
    let script = service(Says { asked: vec![accepted(AT)], looks, group_after: 9 });
    let target = target(&script).await;
    let team = team();
    let others = async {
        for number in 0..30 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // To the group of the team as well.
            let lane = if number % 2 == 0 { GROUP } else { "another" };
            let path = format!("/groups/{lane}");
            let body = Some(json!({ "displayName": "x" }));
            let ask = super::super::courier::Ask::write(
                super::super::exchange::Method::Patch,
                path,
                body,
            );
            target.courier.ask(ask.in_lane(lane)).await.ok().unwrap();
        }
        tokio::time::Instant::now()
    };
    let made = async {
        let done = target.write(&team, None).await;
        (done, tokio::time::Instant::now())
    };
    let begun = tokio::time::Instant::now();
    let (others, (done, made)) = tokio::join!(others, made);
    assert_eq!(done, Ok(Done::Written));
    assert!(made - begun >= Duration::from_secs(90));
    assert!(others - begun < Duration::from_secs(60), "{:?}", others - begun);
}
