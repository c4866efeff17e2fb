//! A target of either kind, opened: read and written in one way.

use super::cloud;
use crate::credential::InitialPassword;
use crate::plan::operation::Operation;
use crate::target::graph::GraphTarget;
use crate::target::ldap::LdapTarget;
use crate::target::{Done, Observe, Observed, TargetError, Write, WriteError};

/// An open target.
pub enum Open {
    Ldap(Box<LdapTarget>),
    Graph(Box<GraphTarget>),
}

impl Open {
    /// What its client wants to know again next time.
    pub fn memory(&self) -> Option<String> {
        match self {
            Self::Ldap(_) => None,
            Self::Graph(target) => cloud::memory_of(target),
        }
    }
}

impl Observe for Open {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        match self {
            Self::Ldap(target) => target.observe().await,
            Self::Graph(target) => target.observe().await,
        }
    }
}

impl Write for Open {
    async fn write(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        match self {
            Self::Ldap(target) => target.write(operation, secret).await,
            Self::Graph(target) => target.write(operation, secret).await,
        }
    }

    async fn reconnect(&mut self) -> Result<(), TargetError> {
        match self {
            Self::Ldap(target) => target.reconnect().await,
            Self::Graph(target) => target.reconnect().await,
        }
    }
}
