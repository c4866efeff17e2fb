//! `lab`: serves the embedded labs until stopped.

use super::applying;
use super::cloud;
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session};
use super::targets;
use crate::config::{GraphLab, GraphPlace, LabTarget, Target, TargetKind};
use crate::lab::Lab;
use crate::lab::graph::Server;

/// A lab that is served here, kept until the command ends.
enum Served {
    Ldap { _lab: Lab },
    Graph { _server: Server },
}

pub fn lab(session: &Session) -> anyhow::Result<ExitStatus> {
    let (mut served, mut documents) = (Vec::new(), Vec::new());
    for target in &session.config.targets {
        let (lab, text, document) = match &target.kind {
            TargetKind::Ldap(_) => continue,
            TargetKind::Lab(settings) => ldap(session, target, settings)?,
            TargetKind::Graph(rules) => match &rules.place {
                GraphPlace::Tenant(_) => continue,
                GraphPlace::Lab(settings) => graph(session, target, settings)?,
            },
        };
        if session.format == Format::Text {
            (session.world.out)(&text);
        }
        documents.push(document);
        served.push(lab);
    }
    if served.is_empty() {
        return Err(Failure::new(ExitStatus::Usage, "no target of this folder is a lab")
            .hint("`rentree init DIR --lab` makes a folder with one")
            .into());
    }
    if session.format == Format::Json {
        (session.world.out)(&format!("{}\n", serde_json::json!({ "serves": documents })));
    }
    applying::runtime()?.block_on(until_stopped());
    Ok(ExitStatus::Done)
}

/// A lab, what a person does with it, and the same for machines.
type Told = (Served, String, serde_json::Value);

fn ldap(session: &Session, target: &Target, settings: &LabTarget) -> anyhow::Result<Told> {
    let lab = targets::start_lab(session, target, settings)?;
    ours(target, lab.is_ours())?;
    let document = serde_json::json!({
        "target": target.name,
        "url": lab.url(),
        "ca_file": lab.ca_file(),
        "bind_dn": targets::admin_dn(target),
        "password_file": targets::admin_password_file(settings),
        "base": target.base,
    });
    let text = format!(
        "The lab `{}` serves {} until you stop it (Ctrl-C). In another window:\n\n\
         LDAPTLS_CACERT={} \\\n\
         ldapsearch -x -H {} -D {} -y {} -b {}\n",
        target.name,
        target.base,
        lab.ca_file().display(),
        lab.url(),
        targets::admin_dn(target),
        targets::admin_password_file(settings).display(),
        target.base,
    );
    Ok((Served::Ldap { _lab: lab }, text, document))
}

fn graph(session: &Session, target: &Target, settings: &GraphLab) -> anyhow::Result<Told> {
    let server = cloud::start_lab(session, target, settings)?;
    ours(target, server.is_ours())?;
    let (base, token, client) = (server.base_url(), server.token_url(), server.client_id());
    let secret = server.secret_file();
    let document = serde_json::json!({
        "target": target.name,
        "base_url": base,
        "token_url": token,
        "authority": server.authority(),
        "tenant": server.tenant(),
        "scope": cloud::SCOPE,
        "client_id": client,
        "secret_file": secret,
        "tempo": settings.tempo,
    });
    let text = format!(
        "The lab `{}` serves Microsoft Graph at {base} until you stop it (Ctrl-C). In another \
         window:\n\n\
         TOKEN=$(curl -s {token} -d grant_type=client_credentials \\\n  \
         -d client_id={client} --data-urlencode scope={} \\\n  \
         --data-urlencode client_secret@{} | jq -r .access_token)\n\
         curl -s -H \"Authorization: Bearer $TOKEN\" {base}/users\n",
        target.name,
        cloud::SCOPE,
        secret.display(),
    );
    Ok((Served::Graph { _server: server }, text, document))
}

fn ours(target: &Target, is_ours: bool) -> anyhow::Result<()> {
    if is_ours {
        return Ok(());
    }
    let what = format!("the lab {} is served by another process already", target.name);
    Err(Failure::new(ExitStatus::Locked, what).into())
}

/// Ctrl-C or SIGTERM.
pub(super) async fn until_stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => _ = terminated.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
