//! Delta: a client that applies every round knows the truth, whatever the replicas do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::academy::seed::Stream;
use crate::lab::graph::Faults;

#[tokio::test(start_paused = true)]
async fn the_first_round_is_everything_and_the_next_what_changed() {
    let mut client = client(options()).await;
    let (a, b) = (client.user("a").await, client.user("b").await);
    let group = client.group("g").await;
    client
        .send("PATCH", &format!("/groups/{group}"), members(&[a.clone(), b.clone()]))
        .await
        .expect(204);
    let (all, link) = client.all("/users/delta?$select=employeeId").await;
    assert_eq!(all.len(), 2);
    let link = link.unwrap();
    assert!(link.starts_with("http://graph.lab/v1.0/users/delta?$deltatoken="), "{link}");
    let (groups, groups_link) = client.all("/groups/delta()?$select=uniqueName,members").await;
    assert_eq!(groups[0]["members@delta"].as_array().unwrap().len(), 2);
    assert_eq!(client.all(&link).await.0, Vec::<Value>::new());
    client.send("PATCH", &format!("/users/{a}"), json!({"employeeId": "new"})).await.expect(204);
    client.send("DELETE", &format!("/users/{b}"), Value::Null).await.expect(204);
    client
        .send("DELETE", &format!("/groups/{group}/members/{a}/$ref"), Value::Null)
        .await
        .expect(204);
    let (changed, later) = client.all(&link).await;
    assert_eq!(
        changed,
        [
            json!({"employeeId": "new", "id": a}),
            json!({"id": b, "@removed": {"reason": "changed"}}),
        ]
    );
    let (groups, _) = client.all(&groups_link.unwrap()).await;
    assert_eq!(
        groups[0]["members@delta"],
        json!([{"@odata.type": "#microsoft.graph.user", "id": a,
        "@removed": {"reason": "deleted"}}])
    );
    client.send("DELETE", &format!("/directory/deletedItems/{b}"), Value::Null).await.expect(204);
    let (changed, _) = client.all(&later.unwrap()).await;
    assert_eq!(changed, [json!({"id": b, "@removed": {"reason": "deleted"}})]);
    let (latest, _) = client.all("/users/delta?$deltatoken=latest").await;
    assert_eq!(latest, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_link_of_last_week_is_gone_and_says_where_to_begin() {
    let mut client = client(options()).await;
    let (_, link) = client.all("/users/delta?$select=id").await;
    tokio::time::advance(Duration::from_secs(8 * 86_400)).await;
    client.renew().await;
    let gone = client.get(&link.unwrap()).await.expect(410);
    assert_eq!(gone.header("location"), Some("http://graph.lab/v1.0/users/delta?$select=id"));
}

/// What a client knows that applies rounds of delta.
#[derive(Default)]
struct Mirror {
    users: BTreeMap<String, String>,
    members: BTreeMap<String, BTreeSet<String>>,
    links: [Option<String>; 2],
}

impl Mirror {
    async fn round(&mut self, client: &Client) {
        let paths = ["/users/delta?$select=displayName", "/groups/delta?$select=members"];
        for at in [0, 1] {
            let path = self.links[at].clone().unwrap_or(paths[at].to_owned());
            let (values, link) = client.all(&path).await;
            self.links[at] = link;
            for value in values {
                let id = value["id"].as_str().unwrap().to_owned();
                let removed = value.get("@removed").is_some();
                if at == 0 {
                    match removed {
                        true => self.users.remove(&id),
                        false => {
                            let name = value["displayName"].as_str().unwrap().to_owned();
                            self.users.insert(id, name)
                        }
                    };
                    continue;
                }
                let members = self.members.entry(id).or_default();
                for link in value["members@delta"].as_array().into_iter().flatten() {
                    let id = link["id"].as_str().unwrap().to_owned();
                    match link.get("@removed").is_some() {
                        true => members.remove(&id),
                        false => members.insert(id),
                    };
                }
            }
        }
    }

    fn is_true(&self, client: &Client) -> bool {
        let tenant = client.service.tenant();
        let users = tenant.users.iter().filter(|user| !user.deleted);
        let users: BTreeMap<String, String> =
            users.map(|user| (user.id.clone(), user.text("displayName").to_owned())).collect();
        let groups = tenant.groups.into_iter().map(|group| (group.id, group.members));
        users == self.users && groups.collect::<BTreeMap<_, _>>() == self.members
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_replicas_do_a_mirror_becomes_true() {
    for seed in 0..40 {
        let mut options = options();
        options.seed = seed;
        options.faults =
            Faults { lag_seconds: 20.0, short_pages: 0.5, delta_replays: 0.5, ..Faults::none() };
        let client = client(options).await;
        let mut stream = Stream::new(seed, "delta");
        let (mut mirror, mut users, mut groups) = (Mirror::default(), Vec::new(), Vec::new());
        for step in 0..60 {
            match stream.below(6) {
                0 => users.push(client.user(&format!("u{step}")).await),
                1 => {
                    let reply = client.send("POST", "/groups", group(&format!("g{step}"))).await;
                    groups.push(reply.expect(201).id());
                }
                2 if !users.is_empty() => {
                    let id = &users[stream.index(users.len())];
                    client.service.edit(id, json!({"displayName": format!("n{step}")}));
                }
                3 | 4 if !users.is_empty() && !groups.is_empty() => {
                    let id = &users[stream.index(users.len())];
                    let added = stream.once_in(2);
                    let group = &groups[stream.index(groups.len())];
                    client.service.edit_member(group, id, added);
                }
                _ => mirror.round(&client).await,
            }
            tokio::time::advance(Duration::from_millis(stream.below(9_000))).await;
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        mirror.round(&client).await;
        assert!(mirror.is_true(&client), "seed {seed}");
    }
}
