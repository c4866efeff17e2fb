//! One connection: requests in order, answers after their changes are on the disk.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::{FutureExt, SinkExt, StreamExt};
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::LdapOp;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedRequest, LdapExtendedResponse,
    LdapModifyRequest, LdapPasswordModifyRequest, LdapPasswordModifyResponse, LdapResult,
    LdapResultCode, LdapSearchRequest, LdapSearchScope,
};
use ldap3_proto::{LdapCodec, LdapMsg};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

use super::access::{Rights, Who};
use super::faults::{Fault, Faults};
use super::refusal::{Refusal, result, result_of};
use super::search::{Answer, Reader};
use super::storage::Syncer;
use super::tree::Path;
use super::write::{State, Writer};
use super::{Options, controls, password, search};
use crate::model::dn;

const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
pub(super) const EXTENSIONS: &[&str] = &[PASSWORD_MODIFY, WHO_AM_I];

/// A request of 64 MiB is a group of 500,000 members.
const REQUEST_BYTES_MAX: usize = 64 << 20;
/// Requests answered together: one wait for the disk.
const BATCH_MAX: usize = 128;
const RESTRICTED: &str =
    "Operations are restricted to bind/unbind/abandon/StartTLS/modify password";

/// What all sessions share.
pub(super) struct Shared {
    pub(super) state: RwLock<State>,
    pub(super) syncer: Syncer,
    pub(super) options: Options,
    pub(super) rights: Rights,
    pub(super) policy: Path,
    pub(super) faults: Faults,
}

/// One connection's memory.
struct Session {
    shared: Arc<Shared>,
    who: Who,
    name: Option<String>,
    /// Bound with a password that must be changed first (SEC-12).
    must_change: bool,
    wrote: bool,
}

/// Serves a connection until its end.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let mut framed = Framed::new(stream, LdapCodec::new(Some(REQUEST_BYTES_MAX), None));
    let mut session =
        Session { shared, who: Who::Nobody, name: None, must_change: false, wrote: false };
    while let Some(message) = framed.next().await {
        let mut next = Some(message?);
        let mut answers = Vec::new();
        let mut count = 0;
        let mut over = false;
        while let Some(message) = next.take() {
            count += 1;
            over = matches!(message.op, LdapOp::UnbindRequest);
            match session.shared.faults.strike(&message.op) {
                None => answers.extend(session.answer(message)),
                Some(Fault::Code(code)) => answers.extend(refusing_message(&message, code)),
                Some(Fault::RequestLost) => over = true,
                Some(Fault::ReplyLost) => {
                    session.answer(message);
                    over = true;
                }
            }
            if over || count == BATCH_MAX {
                break;
            }
            next = framed.next().now_or_never().flatten().transpose()?;
        }
        if std::mem::take(&mut session.wrote) {
            let syncer = session.shared.syncer.clone();
            tokio::task::spawn_blocking(move || syncer.sync())
                .await
                .map_err(io::Error::other)??;
        }
        for answer in answers {
            framed.feed(answer).await?;
        }
        framed.flush().await?;
        if over {
            break;
        }
    }
    Ok(())
}

impl Session {
    fn answer(&mut self, message: LdapMsg) -> Vec<LdapMsg> {
        let LdapMsg { msgid, op, ctrl } = message;
        if let Err(refusal) = controls::supported(&ctrl) {
            return refusing(&op, refusal).map(|op| LdapMsg::new(msgid, op)).into_iter().collect();
        }
        if self.must_change && !self.allowed_before_change(&op) {
            let refusal = Refusal::new(LdapResultCode::InsufficentAccessRights, RESTRICTED);
            return refusing(&op, refusal).map(|op| LdapMsg::new(msgid, op)).into_iter().collect();
        }
        match op {
            LdapOp::SearchRequest(request) => {
                let Answer { entries, outcome, control } = self.search(&request, &ctrl);
                let done = LdapOp::SearchResultDone(result_of(outcome));
                let done = LdapMsg { msgid, op: done, ctrl: control.into_iter().collect() };
                let entries = entries.into_iter().map(LdapOp::SearchResultEntry);
                entries.map(|op| LdapMsg::new(msgid, op)).chain([done]).collect()
            }
            LdapOp::BindRequest(request) => {
                let answer = LdapOp::BindResponse(self.bind(&request));
                let ctrl = controls::policy_answer(&ctrl, self.must_change);
                vec![LdapMsg { msgid, op: answer, ctrl }]
            }
            op => self.change(op, &ctrl).map(|op| LdapMsg::new(msgid, op)).into_iter().collect(),
        }
    }

    fn change(&mut self, op: LdapOp, controls: &[LdapControl]) -> Option<LdapOp> {
        Some(match op {
            LdapOp::AddRequest(request) => {
                LdapOp::AddResponse(self.write(controls, |state, w| state.add(w, request)))
            }
            LdapOp::ModifyRequest(request) => {
                LdapOp::ModifyResponse(self.modify(controls, &request))
            }
            LdapOp::DelRequest(name) => {
                LdapOp::DelResponse(self.write(controls, |state, w| state.delete(w, &name)))
            }
            LdapOp::ModifyDNRequest(request) => {
                LdapOp::ModifyDNResponse(self.write(controls, |state, w| state.rename(w, &request)))
            }
            LdapOp::CompareRequest(request) => {
                let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
                let answer = match search::compare(&state.tree, &self.reader(), &request) {
                    Ok(true) => result(LdapResultCode::CompareTrue),
                    Ok(false) => result(LdapResultCode::CompareFalse),
                    Err(refusal) => result_of(Err(refusal)),
                };
                LdapOp::CompareResult(answer)
            }
            LdapOp::ExtendedRequest(request) => LdapOp::ExtendedResponse(self.extended(&request)),
            // Nothing is under way that could be abandoned: requests are answered in order.
            _ => return None,
        })
    }

    fn reader(&self) -> Reader<'_> {
        let Shared { rights, options, .. } = &*self.shared;
        Reader { who: &self.who, rights, size_limit: options.size_limit }
    }

    fn search(&self, request: &LdapSearchRequest, controls: &[LdapControl]) -> Answer {
        let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        let only_itself = request.scope == LdapSearchScope::Base;
        if only_itself && request.base.is_empty() {
            return Answer::single(search::root_dse(&self.shared.options.base));
        }
        if only_itself && request.base.eq_ignore_ascii_case(search::SUBSCHEMA) {
            return Answer::single(search::subschema(&state.tree));
        }
        search::search(&state.tree, &self.reader(), request, controls)
    }

    /// Does a change under the write lock.
    fn write(
        &mut self,
        controls: &[LdapControl],
        change: impl FnOnce(&mut State, &Writer<'_>) -> Result<(), Refusal>,
    ) -> LdapResult {
        let assertion = match controls::assertion(controls) {
            Ok(assertion) => assertion,
            Err(refusal) => return result_of(Err(refusal)),
        };
        let Shared { state, options, rights, policy, .. } = &*self.shared;
        let writer = Writer {
            who: &self.who,
            name: self.name.as_deref().unwrap_or_default(),
            rights,
            policy,
            assertion: assertion.as_ref(),
            now: (options.now)(),
            entropy: options.entropy,
        };
        let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut state, &writer);
        self.wrote = self.wrote || outcome.is_ok();
        result_of(outcome)
    }

    fn modify(&mut self, controls: &[LdapControl], request: &LdapModifyRequest) -> LdapResult {
        let answer = self.write(controls, |state, writer| state.modify(writer, request));
        if answer.code == LdapResultCode::Success {
            self.look_at_reset();
        }
        answer
    }

    /// Is there still a password to be changed first?
    fn look_at_reset(&mut self) {
        if let Who::Person(path) = &self.who {
            let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
            self.must_change = state.tree.get(path).is_some_and(password::must_change);
        }
    }

    fn bind(&mut self, request: &LdapBindRequest) -> LdapBindResponse {
        self.who = Who::Nobody;
        self.name = None;
        self.must_change = false;
        let outcome = self.authenticate(request);
        LdapBindResponse { res: result_of(outcome), saslcreds: None }
    }

    fn authenticate(&mut self, request: &LdapBindRequest) -> Result<(), Refusal> {
        use secrecy::ExposeSecret;
        let LdapBindCred::Simple(given) = &request.cred else {
            let text = "only simple binds";
            return Err(Refusal::new(LdapResultCode::AuthMethodNotSupported, text));
        };
        if request.dn.is_empty() {
            return Ok(());
        }
        if given.is_empty() {
            let text = "unauthenticated bind (DN with no password) disallowed";
            return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
        }
        let wrong = || Refusal::new(LdapResultCode::InvalidCredentials, "");
        let path = dn::path(&request.dn).map_err(|_| Refusal::invalid_dn())?;
        let who = self.shared.rights.who(path.clone());
        if who == Who::Admin {
            if given != self.shared.options.admin_password.expose_secret() {
                return Err(wrong());
            }
            self.name = Some(self.shared.options.admin_dn.clone());
        } else {
            let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
            let node = state.tree.get(&path).ok_or_else(wrong)?;
            if !password::opens(node, given) {
                return Err(wrong());
            }
            self.name = Some(node.dn.clone());
            self.must_change = password::must_change(node);
        }
        self.who = who;
        Ok(())
    }

    fn extended(&mut self, request: &LdapExtendedRequest) -> LdapExtendedResponse {
        let plain = |res| LdapExtendedResponse { res, name: None, value: None };
        match request.name.as_str() {
            WHO_AM_I => {
                let name = Rights::authorization(&self.who, self.name.as_deref());
                LdapExtendedResponse {
                    value: Some(name.into_bytes()),
                    ..plain(result(LdapResultCode::Success))
                }
            }
            PASSWORD_MODIFY => match LdapPasswordModifyRequest::try_from(request) {
                Ok(request) => self.set_password(request),
                Err(_) if request.value.is_none() => self.set_password(LdapPasswordModifyRequest {
                    user_identity: None,
                    old_password: None,
                    new_password: None,
                }),
                Err(_) => plain(result(LdapResultCode::ProtocolError)),
            },
            _ => {
                let text = "unsupported extended operation";
                plain(result_of(Err(Refusal::new(LdapResultCode::ProtocolError, text))))
            }
        }
    }

    fn set_password(&mut self, request: LdapPasswordModifyRequest) -> LdapExtendedResponse {
        let LdapPasswordModifyRequest { user_identity, old_password, new_password } = request;
        let name = user_identity.filter(|name| !name.is_empty()).or_else(|| self.name.clone());
        let name = name.unwrap_or_default();
        let name = name.strip_prefix("dn:").unwrap_or(&name).to_owned();
        let given = new_password.is_some();
        let new = new_password.unwrap_or_else(|| self.generate());
        let result = self.write(&[], |state, writer| {
            if let Some(old) = old_password {
                let node = dn::path(&name).ok().and_then(|path| state.tree.get(&path));
                if !node.is_some_and(|node| password::opens(node, &old)) {
                    let text = "unwilling to verify old password";
                    return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
                }
            }
            state.set_password(writer, &name, new.clone())
        });
        if result.code != LdapResultCode::Success {
            return LdapExtendedResponse { res: result, name: None, value: None };
        }
        self.look_at_reset();
        match given {
            true => LdapExtendedResponse { res: result, name: None, value: None },
            false => LdapPasswordModifyResponse { res: result, gen_password: Some(new) }.into(),
        }
    }

    fn generate(&self) -> String {
        let mut entropy = |buffer: &mut [u8]| (self.shared.options.entropy)(buffer);
        crate::credential::InitialPassword::draw(&mut entropy).reveal().to_owned()
    }

    /// What is left to somebody who must change the password first.
    fn allowed_before_change(&self, op: &LdapOp) -> bool {
        let own = |name: &str| match &self.who {
            Who::Person(own) => dn::path(name).as_ref() == Ok(own),
            _ => false,
        };
        match op {
            LdapOp::BindRequest(_) | LdapOp::UnbindRequest | LdapOp::AbandonRequest(_) => true,
            LdapOp::ExtendedRequest(request) => request.name == PASSWORD_MODIFY,
            LdapOp::ModifyRequest(request) => {
                let password = |name: &str| name.eq_ignore_ascii_case(password::ATTRIBUTE);
                own(&request.dn)
                    && request.changes.iter().all(|change| password(&change.modification.atype))
            }
            _ => false,
        }
    }
}

/// The answer of a fault switch.
fn refusing_message(message: &LdapMsg, code: LdapResultCode) -> Option<LdapMsg> {
    let refusal = Refusal::new(code, "a fault of the rehearsal");
    refusing(&message.op, refusal).map(|op| LdapMsg::new(message.msgid, op))
}

/// The answer of the right kind to a request that is refused before it is looked at.
fn refusing(op: &LdapOp, refusal: Refusal) -> Option<LdapOp> {
    let result = result_of(Err(refusal));
    Some(match op {
        LdapOp::BindRequest(_) => {
            LdapOp::BindResponse(LdapBindResponse { res: result, saslcreds: None })
        }
        LdapOp::SearchRequest(_) => LdapOp::SearchResultDone(result),
        LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(result),
        LdapOp::AddRequest(_) => LdapOp::AddResponse(result),
        LdapOp::DelRequest(_) => LdapOp::DelResponse(result),
        LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(result),
        LdapOp::CompareRequest(_) => LdapOp::CompareResult(result),
        LdapOp::ExtendedRequest(_) => {
            LdapOp::ExtendedResponse(LdapExtendedResponse { res: result, name: None, value: None })
        }
        _ => return None,
    })
}
