//! The folder and the front.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::*;
use crate::lab::graph::{Server, Strike};

#[tokio::test(start_paused = true)]
async fn what_was_written_stands_in_the_next_process_links_and_delta_links_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options();
    options.folder = Some(folder.path().to_owned());
    let (delta, tenant, group, ids) = {
        let mut client = client(options.clone()).await;
        let ids = [client.user("a").await, client.user("b").await, client.user("c").await];
        let group = client.group("g").await;
        client.send("PATCH", &format!("/groups/{group}"), members(&ids)).await.expect(204);
        let (_, delta) = client.all("/groups/delta?$select=members").await;
        client.send("DELETE", &format!("/users/{}", ids[0]), Value::Null).await.expect(204);
        let path = format!("/groups/{group}/members/{}/$ref", ids[1]);
        client.send("DELETE", &path, Value::Null).await.expect(204);
        (delta.unwrap(), client.service.tenant(), group, ids)
    };
    for _ in 0..2 {
        let client = client(options.clone()).await;
        assert_eq!(client.service.tenant(), tenant);
        let (changed, _) = client.all(&delta).await;
        assert_eq!(changed[0]["members@delta"][0]["id"], json!(ids[1]));
        client.get(&format!("/directory/deletedItems/{}", ids[0])).await.expect(200);
        assert_eq!(client.service.directory_objects_used(), 4);
    }
    let client = client(options).await;
    assert_eq!(client.user("d").await.len(), group.len());
}

#[test]
fn a_front_serves_cuts_and_is_attached_to() {
    let folder = tempfile::tempdir().unwrap();
    let entropy: crate::lab::Entropy = |bytes| bytes.fill(0xab);
    let mut options = options();
    options.entropy = Some(entropy);
    let server = Server::start(folder.path(), options.clone()).unwrap();
    let secret = std::fs::read_to_string(server.secret_file()).unwrap();
    assert_eq!(secret, "ab".repeat(20));
    let other = Server::attach_or_start(folder.path(), options.clone()).unwrap();
    assert!(server.is_ours() && !other.is_ours());
    assert_eq!(server.base_url(), other.base_url());
    let form = secret_form(&secret);
    let path = other.token_url();
    let path = path.split_once("127.0.0.1").unwrap().1.split_once('/').unwrap().1;
    let reply = ask(&server, "POST", &format!("/{path}"), "", &form);
    let token: Value = serde_json::from_str(reply.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", token["access_token"].as_str().unwrap());
    let reply = ask(&server, "GET", "/v1.0/users", &bearer, "");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.contains("\"value\":[]"), "{reply}");
    let reply = ask(&server, "GET", "/v1.0/users", "", "");
    assert!(reply.starts_with("HTTP/1.1 401 "), "{reply}");
    server.service().unwrap().strike("GET", "*", Strike::AnswerLost, Some(1));
    assert_eq!(ask(&server, "GET", "/v1.0/users", &bearer, ""), "", "cut");
    let base = server.base_url();
    server.stop();
    let again = Server::attach_or_start(folder.path(), options).unwrap();
    assert!(again.is_ours());
    assert_eq!(again.base_url(), base, "the port of last time");
    again.stop();
}

/// One request on a connection of its own; all that comes back.
fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> String {
    let host = server.authority();
    let host = host.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
        Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn faults_of_a_folder_are_read_and_a_wrong_line_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("faults.txt"), "GET /users 503\n").unwrap();
    let mut options = options();
    options.folder = Some(folder.path().to_owned());
    let error = Service::open(options).unwrap_err().to_string();
    let told = "faults.txt: line 1: a rule is METHOD PATH FAULT TIMES, and not 3 words";
    assert!(error.ends_with(told), "{error}");
}

/// SEC-45: as it is with one whom a seed made.
#[tokio::test]
async fn a_folder_says_who_is_an_administrator_and_what_was_not_granted() {
    let folder = tempfile::tempdir().unwrap();
    let upn = format!("d.roy@{DOMAIN}");
    let text = format!("administrator D.ROY@{DOMAIN}\ndenied Organization.Read.All\n");
    std::fs::write(folder.path().join("faults.txt"), text).unwrap();
    let mut options = options();
    options.folder = Some(folder.path().to_owned());
    let client = client(options).await;
    let other = client.user("m.petit").await;
    let id = client.user("d.roy").await;
    let named = serde_json::json!({ "displayName": "X" });
    for one in [id, upn] {
        let refused = client.send("PATCH", &format!("/users/{one}"), named.clone()).await;
        assert_eq!(refused.expect(403).code(), "Authorization_RequestDenied");
    }
    client.send("PATCH", &format!("/users/{other}"), named).await.expect(204);
    client.get("/subscribedSkus").await.expect(403);
}
