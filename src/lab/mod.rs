//! An LDAP server inside the process, on loopback, for demos and tests; slapd is right.
//!
//! - In: a folder to live in. - Out: an LDAPS address and its CA. - Can go wrong: the port is taken.
