mod ldap_contract;
mod slapd;
