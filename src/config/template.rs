//! The `rentree.toml` that `init` writes: every key, with what it means.

/// What differs between working folders.
pub struct Filled<'a> {
    pub region: &'a str,
    /// The age recipient of the initial passwords.
    pub recipient: &'a str,
    /// The `[[target]]` sections.
    pub targets: &'a str,
}

/// Targets to be filled in: a real server, and a tenant that is not switched on.
pub const LDAP_TARGET: &str =
    concat!(include_str!("ldap_target.toml.template"), include_str!("graph_target.toml.template"));

/// The embedded lab, for demos and rehearsals; its tenant is not switched on.
pub fn lab_target(port: u16) -> String {
    let directory = format!(
        r#"[[target]]
name    = "lab"
kind    = "lab"                            # the LDAP server inside rentree, on loopback
folder  = "lab"
port    = {port}                            # used while it is free; `rentree lab` tells
base    = "dc=lycees,dc=test"
mapping = "mappings/openldap.toml"
"#
    );
    directory + include_str!("graph_lab_target.toml.template")
}

/// The file, with `{region}`, `{recipient}` and `{targets}` to be filled in.
const TEMPLATE: &str = include_str!("rentree.toml.template");

/// The whole file.
pub fn rentree_toml(filled: &Filled<'_>) -> String {
    let Filled { region, recipient, targets } = filled;
    TEMPLATE
        .replace("{region}", region)
        .replace("{recipient}", recipient)
        .replace("{targets}", targets)
}
