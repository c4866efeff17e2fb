//! The service against what is documented of it; sources of shapes and texts are Microsoft's pages
//! and what others saw.

mod accounts;
mod batches;
mod deltas;
mod groups;
mod moods;
mod queries;
mod quotas;
mod served;
mod teams;
mod tokens;

use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Call, Options, Outcome, Service, TENANT};

pub(super) fn now() -> jiff::Timestamp {
    "2026-09-01T06:00:00Z".parse().unwrap()
}

pub(super) const DOMAIN: &str = "eleves.example.fr";

pub(super) fn options() -> Options {
    Options::usual(1, &[DOMAIN, "prof.example.fr"], now)
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        super::call::header(&self.headers, name)
    }
    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
    #[track_caller]
    pub(super) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// A client with a token.
pub(super) struct Client {
    pub(super) service: Service,
    pub(super) token: String,
    pub(super) headers: Vec<(String, String)>,
}

pub(super) async fn client(options: Options) -> Client {
    let service = Service::open(options).unwrap();
    let mut client = Client { service, token: String::new(), headers: Vec::new() };
    client.renew().await;
    client
}

impl Client {
    pub(super) async fn renew(&mut self) {
        let reply = grant(&self.service, &secret_form(CLIENT_SECRET)).await.expect(200);
        self.token = reply.body["access_token"].as_str().unwrap().to_owned();
    }

    /// None: the connection was cut.
    pub(super) async fn try_send(&self, method: &str, path: &str, body: Value) -> Option<Reply> {
        let mut headers = self.headers.clone();
        headers.push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        let path_and_query = match path.contains("://") || path.starts_with("/beta") {
            true => path.to_owned(),
            false => format!("/v1.0{path}"),
        };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let call = Call { method: method.to_owned(), path_and_query, headers, body };
        read(self.service.answer(call).await)
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        self.try_send(method, path, body).await.expect("an answer")
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, Value::Null).await
    }

    /// All values of all pages, and the link at the end.
    pub(super) async fn all(&self, path: &str) -> (Vec<Value>, Option<String>) {
        let (mut values, mut next) = (Vec::new(), path.to_owned());
        loop {
            let reply = self.get(&next).await.expect(200);
            values.extend(reply.body["value"].as_array().unwrap().clone());
            match reply.body["@odata.nextLink"].as_str() {
                Some(link) => next = link.to_owned(),
                None => {
                    return (values, reply.body["@odata.deltaLink"].as_str().map(str::to_owned));
                }
            }
        }
    }

    pub(super) async fn user(&self, login: &str) -> String {
        self.send("POST", "/users", user(login)).await.expect(201).id()
    }

    /// A security group, by the upsert.
    pub(super) async fn group(&mut self, name: &str) -> String {
        let reply = self.upsert(name, group(name)).await;
        reply.expect(201).id()
    }

    pub(super) async fn upsert(&mut self, name: &str, body: Value) -> Reply {
        self.headers = vec![("Prefer".to_owned(), "create-if-missing".to_owned())];
        let path = format!("/groups(uniqueName='{name}')");
        let reply = self.send("PATCH", &path, body).await;
        self.headers.clear();
        reply
    }
}

pub(super) fn read(outcome: Outcome) -> Option<Reply> {
    match outcome {
        Outcome::Reply { status, headers, body } => {
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            Some(Reply { status, headers, body })
        }
        Outcome::Cut => None,
    }
}

pub(super) fn secret_form(secret: &str) -> String {
    format!(
        "client_id={CLIENT_ID}&client_secret={secret}&grant_type=client_credentials&\
         scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    )
}

pub(super) async fn grant(service: &Service, form: &str) -> Reply {
    let call = Call {
        method: "POST".to_owned(),
        path_and_query: format!("/{TENANT}/oauth2/v2.0/token"),
        headers: Vec::new(),
        body: form.as_bytes().to_vec(),
    };
    read(service.answer(call).await).expect("an answer")
}

pub(super) fn user(login: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": login, "mailNickname": login,
        "userPrincipalName": format!("{login}@{DOMAIN}"), "usageLocation": "FR",
        "employeeId": format!("K-{login}"),
        "onPremisesExtensionAttributes": {"extensionAttribute1": format!("K-{login}")},
        "passwordProfile": {"password": "Aa1!Aa1!Zz", "forceChangePasswordNextSignIn": true},
    })
}

pub(super) fn group(name: &str) -> Value {
    json!({
        "displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true,
        "groupTypes": [],
    })
}

pub(super) fn unified(name: &str) -> Value {
    json!({
        "displayName": name, "mailNickname": name, "mailEnabled": true, "securityEnabled": false,
        "groupTypes": ["Unified"], "visibility": "Private",
    })
}

pub(super) fn link(id: &str) -> String {
    format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")
}

pub(super) fn members(ids: &[String]) -> Value {
    json!({"members@odata.bind": ids.iter().map(|id| link(id)).collect::<Vec<_>>()})
}
