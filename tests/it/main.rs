//! The one integration binary: every test that is not about the inside of one module.

#[cfg(test)]
mod first_run;
#[cfg(test)]
mod ldap_contract;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod slapd;
#[cfg(test)]
mod tidy;
