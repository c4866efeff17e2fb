//! The one integration binary: every test that is not about the inside of one module.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod daily_life;
#[cfg(test)]
mod first_run;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod graph_contract;
#[cfg(test)]
mod ldap_contract;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod slapd;
#[cfg(test)]
mod tidy;
