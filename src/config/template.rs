//! The `rentree.toml` that `init` writes: every key, with what it means.

/// What differs between working folders.
pub struct Filled<'a> {
    pub region: &'a str,
    /// The age recipient of the initial passwords.
    pub recipient: &'a str,
    /// The `[[target]]` sections.
    pub targets: &'a str,
}

/// A target to be filled in, for a real server.
pub const LDAP_TARGET: &str = r#"[[target]]
name    = "annuaire"                       # as it is called in plans and reports
kind    = "ldap"
url     = "ldaps://ldap.example.org"       # ldaps://, ldap:// (StartTLS, always) or ldapi://
ca_file = "secrets/ca.pem"                 # the only authority that is trusted
base    = "ou=lycees,dc=example,dc=org"    # nothing is read or written outside it
mapping = "mappings/openldap.toml"
bind    = { method = "simple", dn = "cn=rentree,ou=services,dc=example,dc=org", password_file = "secrets/ldap.password" }
# plans are made with this one, which needs no right to write (SEC-09):
# reader = { method = "simple", dn = "cn=rentree-lecture,ou=services,dc=example,dc=org", password_file = "secrets/ldap-lecture.password" }
# window = 64          # operations in flight on a connection, 16 to 128
# connections = 2
# timeout_s = 30       # of one operation
# page_size = 1000     # entries a page when reading
# link_chunk = 500     # members a modification, at least 50
"#;

/// The embedded lab, for demos and rehearsals.
pub fn lab_target(port: u16) -> String {
    format!(
        r#"[[target]]
name    = "lab"
kind    = "lab"                            # the LDAP server inside rentree, on loopback
folder  = "lab"
port    = {port}                            # used while it is free; `rentree lab` tells
base    = "dc=lycees,dc=test"
mapping = "mappings/openldap.toml"
"#
    )
}

/// The whole file.
pub fn rentree_toml(filled: &Filled<'_>) -> String {
    let Filled { region, recipient, targets } = filled;
    format!(
        r#"# rentree.toml: relative paths start from the folder of this file. No secret stands here.

[region]
name        = "{region}"
zone        = "Europe/Paris"     # civil time of exports, days and deadlines
dpo_contact = "dpo@example.org"  # printed in notices; mandatory (R-71)

[folders]
inbox     = "inbox"              # any depth of folders below it
state     = "state"              # registry, plans, journal: back it up (rentree backup FILE)
schools   = "schools.csv"        # the schools inside the agreement; others are refused
naming    = "mappings/naming.toml"
functions = "mappings/functions.toml"

[secrets]
ine_key_file          = "secrets/ine.key"   # keys the hash of the INE: lose it, lose the matching
credentials_recipient = "{recipient}"

[school_year]
turn            = "08-20"        # from this day the new year counts
early_from      = "05-15"        # from this day its files are kept for later
not_listed_from = "09-15"        # between the turn and this day, not being listed ends nothing

[lifecycle]
pupil_grace_days = 15            # from the end of the right to the disabling
staff_grace_days = 1
retention_days   = 80            # from the end of the right to the deletion; at most 90

[checks]
apprentices            = false   # CODE_STATUT AP: out of the service by default (R-57)
count_drop_percent_max = 20      # a file that lost more than this: nobody leaves on it
export_age_days_max    = 14      # older exports are told to the school (R-04)

# A check lifted for one school, for a time and a reason (R-10):
# [[override]]
# finding = "count-dropped"
# uai     = "0590001F"
# until   = "2026-10-01"
# reason  = "fermeture de la section BTS, ticket SUMiT 12345"

[guard]                          # a plan over a limit is stopped before any write (exit 4)
disables_percent_max         = 10   # of the accounts of a school
disables_overall_percent_max = 2    # of all accounts
deletes_percent_max          = 10
creations_percent_max        = 30   # of the accounts of a school, outside the season
classes_lost_percent_max     = 30   # classes that close, or pupils who lose theirs
accounts_min                 = 10   # below it, this many operations pass
season_from                  = "08-20"
season_until                 = "10-31"

[sla]                            # « 72h ouvrées » (requirements section 2)
reading      = "R1"              # R0 | R1 | R2 | R3 | R4
hours        = 72
zone         = "metropole"       # set of public holidays
week         = ["mon", "tue", "wed", "thu", "fri"]
office_hours = ["08:30-17:30"]   # used by R2 only
closed       = []                # more closing days: "2026-05-15"
worked       = []                # holidays that are worked: "2026-05-25"

[apply]
attempts_max   = 4               # of an operation that the server is too busy for
retry_delay_ms = 250
reconnects_max = 5

[store]
# size_max_mib = 4096            # limit of the database; reaching it stops a run cleanly

{targets}"#
    )
}
