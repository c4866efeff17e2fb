//! The words that the lab knows: attribute types and object classes of the standard schemas that a
//! packaged slapd loads, as far as a school's directory needs them (RFC 4512, 4519, 2798).

use Rule::{Csn, Exact, Ia5, Name, Number, Octets, Oid, Telephone, Text, Time, Truth};

/// How the values of an attribute are compared and which are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Directory string, case ignored.
    Text,
    /// Directory string, case kept.
    Exact,
    /// ASCII, case ignored: mail addresses.
    Ia5,
    Telephone,
    /// A distinguished name.
    Name,
    Number,
    /// Generalized time, UTC.
    Time,
    /// `TRUE` or `FALSE`.
    Truth,
    /// Passwords, certificates: byte by byte.
    Octets,
    /// The name of an object class or attribute.
    Oid,
    /// The change number of slapd: compared as text, ordered.
    Csn,
}

/// What may be done with an attribute besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Any number of values.
    Many,
    One,
    /// Operational, one value, writable.
    State,
    /// Operational, written by the server only.
    Frozen,
}

/// OID, names (the first is the one that answers use), rule, usage.
pub(super) const ATTRIBUTES: &[(&str, &str, Rule, Usage)] = &[
    ("2.5.4.0", "objectClass", Oid, Usage::Many),
    ("2.5.4.3", "cn commonName", Text, Usage::Many),
    ("2.5.4.4", "sn surname", Text, Usage::Many),
    ("2.5.4.5", "serialNumber", Text, Usage::Many),
    ("2.5.4.7", "l localityName", Text, Usage::Many),
    ("2.5.4.8", "st stateOrProvinceName", Text, Usage::Many),
    ("2.5.4.9", "street streetAddress", Text, Usage::Many),
    ("2.5.4.10", "o organizationName", Text, Usage::Many),
    ("2.5.4.11", "ou organizationalUnitName", Text, Usage::Many),
    ("2.5.4.12", "title", Text, Usage::Many),
    ("2.5.4.13", "description", Text, Usage::Many),
    ("2.5.4.15", "businessCategory", Text, Usage::Many),
    ("2.5.4.16", "postalAddress", Text, Usage::Many),
    ("2.5.4.17", "postalCode", Text, Usage::Many),
    ("2.5.4.18", "postOfficeBox", Text, Usage::Many),
    ("2.5.4.20", "telephoneNumber", Telephone, Usage::Many),
    ("2.5.4.31", "member", Name, Usage::Many),
    ("2.5.4.32", "owner", Name, Usage::Many),
    ("2.5.4.33", "roleOccupant", Name, Usage::Many),
    ("2.5.4.34", "seeAlso", Name, Usage::Many),
    ("2.5.4.35", "userPassword", Octets, Usage::Many),
    ("2.5.4.42", "givenName gn", Text, Usage::Many),
    ("2.5.4.43", "initials", Text, Usage::Many),
    ("2.5.4.44", "generationQualifier", Text, Usage::Many),
    ("2.5.4.50", "uniqueMember", Name, Usage::Many),
    ("0.9.2342.19200300.100.1.1", "uid userid", Text, Usage::Many),
    ("0.9.2342.19200300.100.1.3", "mail rfc822Mailbox", Ia5, Usage::Many),
    ("0.9.2342.19200300.100.1.6", "roomNumber", Text, Usage::Many),
    ("0.9.2342.19200300.100.1.10", "manager", Name, Usage::Many),
    ("0.9.2342.19200300.100.1.25", "dc domainComponent", Ia5, Usage::One),
    ("0.9.2342.19200300.100.1.41", "mobile mobileTelephoneNumber", Telephone, Usage::Many),
    ("1.3.6.1.4.1.250.1.57", "labeledURI", Exact, Usage::Many),
    ("2.16.840.1.113730.3.1.1", "carLicense", Text, Usage::Many),
    ("2.16.840.1.113730.3.1.2", "departmentNumber", Text, Usage::Many),
    ("2.16.840.1.113730.3.1.3", "employeeNumber", Text, Usage::One),
    ("2.16.840.1.113730.3.1.4", "employeeType", Text, Usage::Many),
    ("2.16.840.1.113730.3.1.39", "preferredLanguage", Text, Usage::One),
    ("2.16.840.1.113730.3.1.241", "displayName", Text, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.1", "pwdAttribute", Oid, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.2", "pwdMinAge", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.3", "pwdMaxAge", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.4", "pwdInHistory", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.5", "pwdCheckQuality", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.6", "pwdMinLength", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.9", "pwdLockout", Truth, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.10", "pwdLockoutDuration", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.11", "pwdMaxFailure", Number, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.13", "pwdMustChange", Truth, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.14", "pwdAllowUserChange", Truth, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.15", "pwdSafeModify", Truth, Usage::One),
    ("1.3.6.1.4.1.42.2.27.8.1.16", "pwdChangedTime", Time, Usage::Frozen),
    ("1.3.6.1.4.1.42.2.27.8.1.17", "pwdAccountLockedTime", Time, Usage::State),
    ("1.3.6.1.4.1.42.2.27.8.1.22", "pwdReset", Truth, Usage::State),
    ("1.3.6.1.4.1.42.2.27.8.1.23", "pwdPolicySubentry", Name, Usage::State),
    ("2.5.18.1", "createTimestamp", Time, Usage::Frozen),
    ("2.5.18.2", "modifyTimestamp", Time, Usage::Frozen),
    ("2.5.18.3", "creatorsName", Name, Usage::Frozen),
    ("2.5.18.4", "modifiersName", Name, Usage::Frozen),
    ("2.5.18.9", "hasSubordinates", Truth, Usage::Frozen),
    ("2.5.18.10", "subschemaSubentry", Name, Usage::Frozen),
    ("2.5.21.9", "structuralObjectClass", Oid, Usage::Frozen),
    ("1.3.6.1.1.16.4", "entryUUID", Exact, Usage::Frozen),
    ("1.3.6.1.1.20", "entryDN", Name, Usage::Frozen),
    ("1.3.6.1.4.1.4203.666.1.7", "entryCSN", Csn, Usage::Frozen),
];

/// OID, name, superior, kind, required, allowed.
pub(super) type ClassRow =
    (&'static str, &'static str, &'static str, Kind, &'static str, &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Abstract,
    Structural,
    Auxiliary,
}

/// What organizations and places may have besides.
pub(super) const PLACE: &str = "description seeAlso telephoneNumber street postOfficeBox \
    postalCode postalAddress st l";

pub(super) const CLASSES: &[ClassRow] = &[
    ("2.5.6.0", "top", "", Kind::Abstract, "objectClass", ""),
    ("2.5.6.4", "organization", "top", Kind::Structural, "o", "userPassword businessCategory"),
    (
        "2.5.6.5",
        "organizationalUnit",
        "top",
        Kind::Structural,
        "ou",
        "userPassword businessCategory",
    ),
    (
        "2.5.6.6",
        "person",
        "top",
        Kind::Structural,
        "sn cn",
        "userPassword telephoneNumber seeAlso description",
    ),
    (
        "2.5.6.7",
        "organizationalPerson",
        "person",
        Kind::Structural,
        "",
        "title ou street postOfficeBox postalCode postalAddress st l",
    ),
    ("2.5.6.8", "organizationalRole", "top", Kind::Structural, "cn", "roleOccupant ou"),
    (
        "2.5.6.9",
        "groupOfNames",
        "top",
        Kind::Structural,
        "member cn",
        "businessCategory seeAlso owner ou o description",
    ),
    (
        "2.5.6.14",
        "device",
        "top",
        Kind::Structural,
        "cn",
        "serialNumber seeAlso owner ou o l description",
    ),
    (
        "2.5.6.17",
        "groupOfUniqueNames",
        "top",
        Kind::Structural,
        "uniqueMember cn",
        "businessCategory seeAlso owner ou o description",
    ),
    (
        "1.3.6.1.1.1.2.18",
        "groupOfMembers",
        "top",
        Kind::Structural,
        "cn",
        "member businessCategory seeAlso owner ou o description",
    ),
    (
        "0.9.2342.19200300.100.4.13",
        "domain",
        "top",
        Kind::Structural,
        "dc",
        "userPassword businessCategory o",
    ),
    (
        "0.9.2342.19200300.100.4.19",
        "simpleSecurityObject",
        "top",
        Kind::Auxiliary,
        "userPassword",
        "",
    ),
    ("1.3.6.1.4.1.1466.344", "dcObject", "top", Kind::Auxiliary, "dc", ""),
    (
        "2.16.840.1.113730.3.2.2",
        "inetOrgPerson",
        "organizationalPerson",
        Kind::Structural,
        "",
        "businessCategory carLicense departmentNumber displayName employeeNumber employeeType \
         givenName initials labeledURI mail manager mobile o roomNumber uid preferredLanguage",
    ),
    (
        "1.3.6.1.4.1.42.2.27.8.2.1",
        "pwdPolicy",
        "top",
        Kind::Auxiliary,
        "pwdAttribute",
        "pwdMinAge pwdMaxAge pwdInHistory pwdCheckQuality pwdMinLength pwdLockout \
         pwdLockoutDuration pwdMaxFailure pwdMustChange pwdAllowUserChange pwdSafeModify",
    ),
];
