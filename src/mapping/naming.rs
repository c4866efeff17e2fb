//! Naming schemes: what a login and an address are made of, and what they must not be
//! (matching.md section 5). The mapping says it, `desired/naming.rs` does it.

use std::collections::BTreeSet;

use super::section::{Agreement, Problems, Section};
use crate::model::account::AccountName;

/// What Entra ID takes after the @ of a user principal name.
const DOMAIN_MAX: usize = 48;

/// Longest word that is looked for inside joins: every person costs as many look-ups.
pub const WORD_MAX: usize = 16;

/// One naming scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    pub agreement: Agreement,
    pub login: Form,
    /// `sAMAccountName`: 20 signs, suffix included (SEC-37).
    pub short_login: Form,
    /// Local part of the address.
    pub mail: Form,
    /// Domains of the addresses.
    pub domain_of_pupils: String,
    pub domain_of_staff: String,
    /// No login is one of these, dots and hyphens aside: the next suffix is given.
    pub reserved: BTreeSet<String>,
    /// A person whose names are nothing but these, and numbers, is none.
    pub generic: BTreeSet<String>,
    /// Joins that must not be read on a login: the first name is then written out.
    pub unfortunate: BTreeSet<String>,
    /// A structure code that holds one of these is not told by the name of a workspace
    /// (requirements 3.3: a class code may reveal handicap).
    pub neutral: Vec<String>,
}

/// How one kind of name is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub parts: Vec<Part>,
    /// Between parts: nothing, a dot or a hyphen.
    pub separator: String,
    /// Between the words of one part.
    pub joint: String,
    /// In signs, suffix included.
    pub limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first name, whole.
    Given,
    /// The initials of the first name: `jb`.
    Initials,
    /// The usage name when there is one, else the family name.
    Called,
}

impl Scheme {
    /// Reads a scheme. Every problem is told, with the file and the path of the key.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<String>> {
        Section::parse(text, file, Self::take)
    }

    fn take(root: &mut Section, problems: &mut Problems) -> Self {
        let agreement = root.agreement(problems);
        let login = Form::take(root, "login", 64, problems);
        let short_login = Form::take(root, "short_login", 20, problems);
        let mail = Form::take(root, "mail", 64, problems);
        let mut domains = root.section("domains", problems);
        let domain_of_pupils = domain(&mut domains, "pupils", problems);
        let domain_of_staff = domain(&mut domains, "staff", problems);
        domains.end(problems);
        let mut words = root.section("words", problems);
        let reserved = plain_words(&mut words, "reserved", problems);
        let generic = plain_words(&mut words, "generic", problems);
        let unfortunate = plain_words(&mut words, "unfortunate", problems);
        for word in unfortunate.iter().filter(|word| word.len() > WORD_MAX) {
            let text = format!("{word} has more than {WORD_MAX} signs");
            problems.add(&words.at("unfortunate"), text);
        }
        let neutral = plain_words(&mut words, "neutral", problems).into_iter().collect();
        words.end(problems);
        Self {
            agreement,
            login,
            short_login,
            mail,
            domain_of_pupils,
            domain_of_staff,
            reserved,
            generic,
            unfortunate,
            neutral,
        }
    }

    /// The address of an account. The local part is unique over both domains, so that it stays
    /// when a pupil becomes a member of staff.
    pub fn address(&self, name: &AccountName, is_pupil: bool) -> String {
        let domain = if is_pupil { &self.domain_of_pupils } else { &self.domain_of_staff };
        format!("{}@{domain}", name.mail_local)
    }
}

impl Form {
    /// Below this, a suffix would leave nothing of the name.
    const LIMIT_MIN: usize = 12;

    fn take(root: &mut Section, key: &str, limit_max: usize, problems: &mut Problems) -> Self {
        let mut section = root.section(key, problems);
        let mut parts = Vec::new();
        for word in section.texts("parts", problems) {
            match word.as_str() {
                "given" => parts.push(Part::Given),
                "initials" => parts.push(Part::Initials),
                "called" => parts.push(Part::Called),
                _ => problems.add(
                    &section.at("parts"),
                    format!("{word} is none of given, initials, called"),
                ),
            }
        }
        // accounts are nominative and individual.
        let has = |part| parts.iter().filter(|other| **other == part).count();
        if has(Part::Called) != 1 || has(Part::Given) + has(Part::Initials) != 1 {
            problems.add(
                &section.at("parts"),
                "exactly one called, and one of given or initials, are expected",
            );
        }
        let separator = sign(&mut section, "separator", problems);
        let joint = sign(&mut section, "joint", problems);
        let limit = section.number("limit", (Self::LIMIT_MIN, limit_max), problems);
        section.end(problems);
        Self { parts, separator, joint, limit }
    }
}

fn sign(section: &mut Section, key: &str, problems: &mut Problems) -> String {
    let sign = section.text_or_empty(key, problems);
    if !matches!(sign.as_str(), "" | "." | "-") {
        problems.add(&section.at(key), format!("{sign} is neither a dot, nor a hyphen, nor empty"));
    }
    sign
}

fn domain(section: &mut Section, key: &str, problems: &mut Problems) -> String {
    let domain = section.text(key, problems);
    let label = |label: &str| {
        let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(sign)
    };
    let good = domain.contains('.') && domain.split('.').all(label);
    if !good && !domain.is_empty() {
        problems.add(&section.at(key), format!("{domain} is not a domain in lower case"));
    }
    if domain.len() > DOMAIN_MAX {
        problems.add(&section.at(key), format!("{domain} has more than {DOMAIN_MAX} signs"));
    }
    domain
}

/// Words as a login would spell them: anything else would never match.
fn plain_words(section: &mut Section, key: &str, problems: &mut Problems) -> BTreeSet<String> {
    let words = section.texts(key, problems);
    for word in &words {
        if !word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            problems.add(&section.at(key), format!("{word} is not made of a-z and 0-9 only"));
        }
    }
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::SUPPLIED;
    use super::*;

    fn supplied() -> &'static str {
        SUPPLIED.iter().find(|(file, _)| *file == "naming.toml").unwrap().1
    }

    #[test]
    fn the_supplied_schemes_are_right() {
        let schemes = SUPPLIED.iter().filter(|(file, _)| file.starts_with("naming"));
        let parsed: Vec<_> = schemes.map(|(file, text)| Scheme::parse(text, file)).collect();
        assert_eq!(parsed.len(), 3);
        parsed.iter().for_each(|scheme| assert!(scheme.is_ok(), "{scheme:?}"));
        let limits = |scheme: &Scheme| {
            [&scheme.login, &scheme.short_login, &scheme.mail].map(|form| form.limit)
        };
        parsed.iter().for_each(|scheme| assert_eq!(limits(scheme.as_ref().unwrap()), [64, 20, 64]));
        let words = |scheme: &Scheme| {
            let Scheme { reserved, generic, unfortunate, neutral, .. } = scheme.clone();
            (reserved, generic, unfortunate, neutral)
        };
        let lists: Vec<_> = parsed.iter().flatten().map(words).collect();
        assert!(lists.windows(2).all(|pair| pair[0] == pair[1]), "one list, in three files");
    }

    /// The problems of the supplied scheme with one text in it replaced.
    fn check(before: &str, after: &str, expect: &[&str]) {
        assert!(supplied().contains(before), "{before}");
        let text = supplied().replacen(before, after, 1);
        assert_eq!(Scheme::parse(&text, "naming.toml").unwrap_err(), expect, "{after}");
    }

    #[test]
    fn each_wrong_scheme_is_told_with_its_path() {
        // no mapping without version and date of agreement.
        check("version = ", "# ", &["naming.toml: version: is missing"]);
        check("agreed_on = ", "# ", &["naming.toml: agreed_on: is missing"]);
        let day = "naming.toml: agreed_on: a day is expected, without quotes: 2026-07-01";
        check("agreed_on = ", "agreed_on = 1 # ", &[day]);
        check("agreed_on = ", "agreed_on = 12:30:00 # ", &[day]);
        let parts = "naming.toml: login.parts: exactly one called, and one of given or initials, \
                     are expected";
        let birth = "naming.toml: login.parts: birth_date is none of given, initials, called";
        check("\"given\", \"called\"", "\"birth_date\", \"called\"", &[birth, parts]);
        check("\"given\", \"called\"", "\"called\"", &[parts]);
        let limit = "naming.toml: login.limit: 65 is not between 12 and 64";
        check("limit = 64", "limit = 65", &[limit]);
        let limit = "naming.toml: short_login.limit: 21 is not between 12 and 20";
        check("limit = 20", "limit = 21", &[limit]);
        let separator = "naming.toml: login.separator: _ is neither a dot, nor a hyphen, nor empty";
        check("separator = \".\"", "separator = \"_\"", &[separator]);
        let unknown = "naming.toml: login.separateur: is not a key that is known here";
        check("[login]", "[login]\nseparateur = \".\"", &[unknown]);
        let domain = "a".repeat(40) + ".example.fr";
        let long = format!("naming.toml: domains.staff: {domain} has more than 48 signs");
        check("staff = \"ecole.example\"", &format!("staff = \"{domain}\""), &[&long]);
        let word = "naming.toml: words.unfortunate: abcdefghijklmnopq has more than 16 signs";
        check("unfortunate = [", "unfortunate = [\"abcdefghijklmnopq\", ", &[word]);
        let word = "naming.toml: words.reserved: Élève is not made of a-z and 0-9 only";
        check("reserved = [", "reserved = [\"Élève\", ", &[word]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = Scheme::parse("version = 1\nlogin = 2\n", "naming.toml").unwrap_err();
        for path in
            ["version: a text", "agreed_on: is", "login: a section", "mail: is", "words: is"]
        {
            assert!(problems.iter().any(|line| line.contains(path)), "{path} in {problems:#?}");
        }
        let broken = Scheme::parse("version = ", "naming.toml").unwrap_err();
        assert_eq!(broken.len(), 1);
        assert!(broken[0].contains("line 1"), "{broken:?}");
    }
}
