//! `lab`: serves the embedded lab until stopped.

use super::applying;
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session};
use super::targets;
use crate::config::TargetKind;

pub fn lab(session: &Session) -> anyhow::Result<ExitStatus> {
    let (mut served, mut documents) = (Vec::new(), Vec::new());
    for target in &session.config.targets {
        let TargetKind::Lab(settings) = &target.kind else { continue };
        let lab = targets::start_lab(session, target, settings)?;
        if !lab.is_ours() {
            let what = format!("the lab {} is served by another process already", target.name);
            return Err(Failure::new(ExitStatus::Locked, what).into());
        }
        documents.push(serde_json::json!({
            "target": target.name,
            "url": lab.url(),
            "ca_file": lab.ca_file(),
            "bind_dn": targets::admin_dn(target),
            "password_file": targets::admin_password_file(settings),
            "base": target.base,
        }));
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
        if session.format == Format::Text {
            (session.world.out)(&text);
        }
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
