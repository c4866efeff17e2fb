//! Functions of staff: what a `FONCTION` code of STSWeb makes of a person (formats 1.3).

use std::collections::BTreeMap;

use toml::Value;

use super::section::{Agreement, Problems, Section};
use crate::model::person::Role;
use crate::model::record::StaffKind;

/// Code → what it is worth. Everything else is unknown: reported, and no account is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Functions {
    pub agreement: Agreement,
    roles: BTreeMap<String, Role>,
    /// What a `local` person without function is: often a teacher typed by the head, often not.
    local_without_function: Role,
}

impl Functions {
    /// Reads the table. Every problem is told, with the file and the path of the key.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<String>> {
        Section::parse(text, file, |root, problems| {
            let agreement = root.agreement(problems);
            let path = root.at("local_without_function");
            let local = root.text("local_without_function", problems);
            let local_without_function = role(&path, &local, problems);
            let mut section = root.section("functions", problems);
            let mut roles = BTreeMap::new();
            for (code, value) in section.rest() {
                let path = section.at(&code);
                if code.is_empty() || code.bytes().any(|byte| byte.is_ascii_lowercase()) {
                    problems.add(&path, "a code is written in capitals, as STSWeb does");
                }
                match value {
                    Value::String(text) => drop(roles.insert(code, role(&path, &text, problems))),
                    _ => problems.add(&path, "a text in quotes is expected"),
                }
            }
            Self { agreement, roles, local_without_function }
        })
    }

    /// What a person with this function is. Missing and unknown functions give [`Role::Unknown`],
    /// and so do those that give no account: an existing account is kept, none is made.
    pub fn role(&self, function: Option<&str>, staff: StaffKind) -> Role {
        match (function.map(str::trim).filter(|code| !code.is_empty()), staff) {
            (Some(code), _) => self.roles.get(code).cloned().unwrap_or(Role::Unknown),
            (None, StaffKind::Local) => self.local_without_function.clone(),
            (None, StaffKind::Epp) => Role::Unknown,
        }
    }

    /// The code is in the table, and gives no account.
    pub fn gives_none(&self, code: &str) -> bool {
        self.roles.get(code.trim()) == Some(&Role::Unknown)
    }

    /// The code is in the table, even when it gives no account: nothing to report.
    pub fn knows(&self, code: &str) -> bool {
        self.roles.contains_key(code.trim())
    }
}

fn role(path: &str, text: &str, problems: &mut Problems) -> Role {
    let category = |text: &str| {
        let signs = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        signs && !matches!(text, "pupil" | "unknown")
    };
    match text {
        "none" => Role::Unknown,
        "teacher" => Role::Teacher,
        text if category(text) => Role::Staff(text.to_owned()),
        text => {
            problems
                .add(path, format!("{text} is neither teacher, nor none, nor a category (a-z)"));
            Role::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUPPLIED: &str = include_str!("../../mappings/functions.toml");

    #[test]
    fn every_function_seen_in_exports_has_a_role() {
        // formats 1.3.
        let functions = Functions::parse(SUPPLIED, "functions.toml").unwrap();
        for (code, role) in [
            ("ENS", "teacher"),
            ("DOC", "teacher"),
            ("DIR", "direction"),
            ("EDU", "education"),
            ("AED", "education"),
            ("SUR", "education"),
            ("ORI", "orientation"),
            ("MDS", "medico-social"),
            ("ADF", "administration"),
            ("ADA", "administration"),
            ("AEH", "accompagnement"),
            ("IEX", "unknown"),
            ("INS", "unknown"),
        ] {
            assert!(functions.knows(code), "{code}");
            assert_eq!(functions.role(Some(code), StaffKind::Epp).as_str(), role, "{code}");
        }
        assert_eq!(functions.role(Some(" ENS "), StaffKind::Local), Role::Teacher);
        assert!(functions.gives_none("IEX") && !functions.gives_none("ENS"));
        assert!(!functions.gives_none("ZZZ"), "unknown is told as unknown");
    }

    #[test]
    fn a_missing_or_unknown_function_makes_no_account() {
        let functions = Functions::parse(SUPPLIED, "functions.toml").unwrap();
        for (function, staff) in [
            (None, StaffKind::Epp),
            (Some(""), StaffKind::Epp),
            (None, StaffKind::Local),
            (Some("ZZZ"), StaffKind::Epp),
        ] {
            assert_eq!(functions.role(function, staff), Role::Unknown, "{function:?} {staff:?}");
        }
        assert!(!functions.knows("ZZZ") && !functions.knows("ens"));
        let teachers = SUPPLIED.replace("function = \"none\"", "function = \"teacher\"");
        let functions = Functions::parse(&teachers, "functions.toml").unwrap();
        assert_eq!(functions.role(None, StaffKind::Local), Role::Teacher);
        assert_eq!(functions.role(None, StaffKind::Epp), Role::Unknown);
    }

    #[test]
    fn each_wrong_table_is_told_with_its_path() {
        let check = |before: &str, after: &str, expect: &str| {
            assert!(SUPPLIED.contains(before), "{before}");
            let text = SUPPLIED.replacen(before, after, 1);
            assert_eq!(Functions::parse(&text, "f.toml").unwrap_err(), [expect], "{after}");
        };
        check("version = ", "# ", "f.toml: version: is missing");
        check("agreed_on = ", "# ", "f.toml: agreed_on: is missing");
        let role = "is neither teacher, nor none, nor a category (a-z)";
        check(
            "ENS = \"teacher\"",
            "ENS = \"pupil\"",
            &format!("f.toml: functions.ENS: pupil {role}"),
        );
        check(
            "ENS = \"teacher\"",
            "ENS = \"CPE 1\"",
            &format!("f.toml: functions.ENS: CPE 1 {role}"),
        );
        check(
            "ENS = \"teacher\"",
            "ENS = 1",
            "f.toml: functions.ENS: a text in quotes is expected",
        );
        let capitals = "f.toml: functions.ens: a code is written in capitals, as STSWeb does";
        check("ENS = \"teacher\"", "ens = \"teacher\"", capitals);
        let text = SUPPLIED.replacen("[functions]", "[fonctions]", 1);
        let unknown = "f.toml: fonctions: is not a key that is known here";
        let problems = Functions::parse(&text, "f.toml").unwrap_err();
        assert_eq!(problems, ["f.toml: functions: is missing", unknown]);
    }
}
