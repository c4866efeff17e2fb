//! A target of either kind, opened: read and written in one way.

use std::sync::Arc;

#[cfg(test)]
use crate::apply::tests::sim::Sim;
use crate::credential::InitialPassword;
use crate::plan::operation::Operation;
use crate::target::graph::GraphTarget;
use crate::target::ldap::LdapTarget;
use crate::target::{Done, Observe, Observed, Speed, TargetError, Write, WriteError};

/// An open target.
pub enum Open {
    Ldap(Box<LdapTarget>),
    Graph(Box<GraphTarget>),
    /// In the simulator.
    #[cfg(test)]
    #[expect(private_interfaces, reason = "only tests know of it")]
    Simulated(Box<Sim>),
}

impl Observe for Open {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        match self {
            Self::Ldap(target) => target.observe().await,
            Self::Graph(target) => target.observe().await,
            #[cfg(test)]
            Self::Simulated(target) => target.observe().await,
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
            #[cfg(test)]
            Self::Simulated(target) => target.write(operation, secret).await,
        }
    }

    fn stop(&self) {
        match self {
            Self::Ldap(target) => target.stop(),
            Self::Graph(target) => target.stop(),
            #[cfg(test)]
            Self::Simulated(target) => target.stop(),
        }
    }

    fn brings_back(&self) -> bool {
        match self {
            Self::Ldap(target) => target.brings_back(),
            Self::Graph(target) => target.brings_back(),
            #[cfg(test)]
            Self::Simulated(target) => target.brings_back(),
        }
    }

    async fn reconnect(&mut self) -> Result<(), TargetError> {
        match self {
            Self::Ldap(target) => target.reconnect().await,
            Self::Graph(target) => target.reconnect().await,
            #[cfg(test)]
            Self::Simulated(target) => target.reconnect().await,
        }
    }
    fn kept(&self) -> Option<String> {
        match self {
            Self::Ldap(target) => target.kept(),
            Self::Graph(target) => target.kept(),
            #[cfg(test)]
            Self::Simulated(target) => target.kept(),
        }
    }

    fn last_refusal(&self) -> Option<String> {
        match self {
            Self::Ldap(target) => target.last_refusal(),
            Self::Graph(target) => target.last_refusal(),
            #[cfg(test)]
            Self::Simulated(target) => target.last_refusal(),
        }
    }

    fn speed(&self) -> Option<Arc<dyn Speed>> {
        match self {
            Self::Ldap(target) => target.speed(),
            Self::Graph(target) => target.speed(),
            #[cfg(test)]
            Self::Simulated(target) => target.speed(),
        }
    }
}
