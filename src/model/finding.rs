//! Findings (anomalies): what is wrong in a delivery, where, and how grave. The French sentences
//! are in `src/report/findings.fr.toml`, one entry a kind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::Uai;

/// How grave a finding is, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is refused whole and changes nothing.
    Refuse,
    /// The record waits for a correction at the source; the rest goes on.
    SetAside,
    /// Done, but the school should correct.
    Warn,
    /// For information.
    Note,
}

/// Where in a delivery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub struct Place {
    /// Path below the inbox, with `!entry` for a part of an archive.
    pub file: String,
    /// From 1.
    pub line: Option<u64>,
}

impl Place {
    pub fn file(name: &str) -> Self {
        Self { file: name.to_owned(), line: None }
    }
    pub fn line(name: &str, line: u64) -> Self {
        Self { file: name.to_owned(), line: Some(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// One thing wrong, or worth telling, in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable kebab-case id: `encoding-misdeclared`.
    pub id: Cow<'static, str>,
    /// Absent while the file has not told its school.
    pub uai: Option<Uai>,
    pub place: Place,
    /// What the French sentence names: `{field}` there is a key here.
    pub facts: BTreeMap<Cow<'static, str>, String>,
}

impl Finding {
    /// Adds what the sentence names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.facts.insert(Cow::Borrowed(name), value.to_string());
        self
    }
    /// Told of no school and no file: of everything together, for the Région.
    pub fn is_of_all(&self) -> bool {
        self.uai.is_none() && self.place == Place::default()
    }
    #[must_use]
    pub fn of(mut self, uai: &Uai) -> Self {
        self.uai = Some(uai.clone());
        self
    }
}

/// A kind of finding: its id and how grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub id: &'static str,
    pub severity: Severity,
}

impl Kind {
    pub fn at(self, place: Place) -> Finding {
        Finding {
            severity: self.severity,
            id: Cow::Borrowed(self.id),
            uai: None,
            place,
            facts: BTreeMap::new(),
        }
    }
}

macro_rules! kinds {
    ($($severity:ident { $($(#[$doc:meta])* $name:ident = $id:literal,)* })*) => {
        $($($(#[$doc])* pub const $name: Kind = Kind { id: $id, severity: Severity::$severity };)*)*
        /// Every kind there is; each has a sentence in the catalogue and a test.
        pub const ALL: &[Kind] = &[$($($name,)*)*];
    };
}

kinds! {
    Refuse {
        /// Neither XML nor zip.
        FILE_NOT_RECOGNISED = "file-not-recognised",
        /// Larger than the limit in bytes (SEC-32).
        FILE_TOO_LARGE = "file-too-large",
        FILE_EMPTY = "file-empty",
        /// The disk, the rights, or a file that changed while it was read.
        FILE_UNREADABLE = "file-unreadable",
        /// Broken or hostile zip: entries, ratio, size, links, nesting, names (SEC-33).
        ARCHIVE_UNSAFE = "archive-unsafe",
        ARCHIVE_DAMAGED = "archive-damaged",
        /// A zip without any XML inside.
        ARCHIVE_WITHOUT_XML = "archive-without-xml",
        ENCODING_UNSUPPORTED = "encoding-unsupported",
        ENCODING_INVALID = "encoding-invalid",
        XML_MALFORMED = "xml-malformed",
        /// The document ends before its root is closed (SEC-31).
        XML_TRUNCATED = "xml-truncated",
        /// DOCTYPE or an entity that is not predefined (SEC-30).
        XML_FORBIDDEN = "xml-forbidden",
        /// Depth, attributes, text length (SEC-32).
        XML_OVER_LIMIT = "xml-over-limit",
        WRONG_ROOT = "wrong-root",
        /// `BEE_RESPONSABLES`: no parent account is promised.
        GUARDIANS_FILE = "guardians-file",
        /// `EDT_STS`, or a file of a timetable editor: the upward file.
        TIMETABLE_FILE = "timetable-file",
        /// NetSynchro `erreur` saved as if it were an export.
        NETSYNCHRO_ERROR = "netsynchro-error",
        /// Communs, Geographique, Etablissements…: recognised, not needed.
        EXPORT_NOT_USED = "export-not-used",
        UAI_MISSING = "uai-missing",
        UAI_WRONG = "uai-wrong",
        /// Not in `schools.csv`: hors périmètre.
        UAI_UNKNOWN = "uai-unknown",
        /// The school declares by PGCU only.
        SCHOOL_WITHOUT_FILES = "school-without-files",
        YEAR_MISSING = "year-missing",
        YEAR_WRONG = "year-wrong",
        /// Of a year that was not yet in preparation when the file was received.
        YEAR_TOO_SOON = "year-too-soon",
        EXPORT_DATE_WRONG = "export-date-wrong",
        /// Export dated after its receipt by more than a day.
        EXPORT_IN_FUTURE = "export-in-future",
        /// Received, by its own time or its manifest, after the day of today.
        RECEIPT_IN_FUTURE = "receipt-in-future",
        /// Two schools, years or dates in one header, or two headers (SEC-41).
        HEADER_AMBIGUOUS = "header-ambiguous",
        /// A section that the format requires is not there.
        SECTION_MISSING = "section-missing",
        /// No row at all.
        FILE_WITHOUT_ROWS = "file-without-rows",
        /// More people or classes than a school has (SEC-40).
        TOO_MANY_ROWS = "too-many-rows",
        MANIFEST_WRONG = "manifest-wrong",
    }
    SetAside {
        /// No `ELEVE_ID` or no `INDIVIDU/@ID`: counted as rejected.
        ID_MISSING = "id-missing",
        /// The same identifier on two rows of one file.
        ID_DUPLICATED = "id-duplicated",
        NAME_MISSING = "name-missing",
        /// U+FFFD or `?` in a name, or bytes read in another encoding.
        NAME_DAMAGED = "name-damaged",
        /// Control, bidi, zero-width, private or mixed scripts (SEC-39).
        NAME_HOSTILE = "name-hostile",
        NAME_TOO_LONG = "name-too-long",
        /// « PROF », « SALLE 12 », « ELEVE1 »: accounts are nominative.
        NAME_GENERIC = "name-generic",
        BIRTHDATE_MISSING = "birthdate-missing",
        BIRTHDATE_UNREADABLE = "birthdate-unreadable",
        /// One INE on two rows of one file: both wait.
        INE_DUPLICATED = "ine-duplicated",
        /// Apprentices and other statuses out of the service.
        STATUS_OUT_OF_SCOPE = "status-out-of-scope",
        /// Neither class nor proof that the pupil has arrived (formats 2.4).
        PUPIL_NOT_ARRIVED = "pupil-not-arrived",
        /// `DATE_SORTIE` before `DATE_ENTREE`: one of them is wrong, and nobody leaves on it.
        EXIT_BEFORE_ENTRY = "exit-before-entry",
        /// Same identifier, other person: not merged, waits for a decision.
        IDENTITY_CONFLICT = "identity-conflict",
        /// No common identifier, but names and date that resemble somebody's: waits, for some days.
        RECORD_RESEMBLES = "record-resembles",
        /// No login can be made of the names: a person decides.
        LOGIN_IMPOSSIBLE = "login-impossible",
    }
    Warn {
        ENCODING_MISDECLARED = "encoding-misdeclared",
        ADDRESSES_PRESENT = "addresses-present",
        BIRTHDATE_IMPLAUSIBLE = "birthdate-implausible",
        /// ISO where JJ/MM/AAAA is the rule, or the reverse.
        DATE_OTHER_FORM = "date-other-form",
        DATE_UNREADABLE = "date-unreadable",
        INE_KEY = "ine-key",
        INE_PLACEHOLDER = "ine-placeholder",
        INE_MALFORMED = "ine-malformed",
        /// Mojibake (`FranÃ§ois`) that could be repaired.
        NAME_REPAIRED = "name-repaired",
        NO_DIVISION = "no-division",
        DIVISION_AMBIGUOUS = "division-ambiguous",
        /// A pupil's division that no structure file of the school declares.
        DIVISION_UNKNOWN = "division-unknown",
        GROUP_UNKNOWN = "group-unknown",
        /// Two codes that differ by case, accents or separators only.
        STRUCTURE_NEAR_MISS = "structure-near-miss",
        DIVISION_WITHOUT_TEACHER = "division-without-teacher",
        DIVISION_WITHOUT_PUPIL = "division-without-pupil",
        STRUCTURE_DUPLICATED = "structure-duplicated",
        /// Two `STRUCTURES_ELEVE` blocks for one pupil.
        STRUCTURES_TWICE = "structures-twice",
        /// A `STRUCTURES_ELEVE` block whose pupil is not in the file.
        STRUCTURES_ORPHAN = "structures-orphan",
        STRUCTURE_TYPE_UNKNOWN = "structure-type-unknown",
        DANGLING_TEACHER = "dangling-teacher",
        HEAD_TEACHER_UNKNOWN_DIVISION = "head-teacher-unknown-division",
        FUNCTION_MISSING = "function-missing",
        FUNCTION_UNKNOWN = "function-unknown",
        STAFF_TYPE_UNKNOWN = "staff-type-unknown",
        /// Fewer rows than the last delivery by more than the share allowed: nobody leaves on it.
        COUNT_DROPPED = "count-dropped",
        COUNT_JUMPED = "count-jumped",
        /// As many rows, and many people of the last delivery are not among them: nobody leaves on
        /// it.
        PEOPLE_REPLACED = "people-replaced",
        /// Many pupils of the last delivery lost their class.
        CLASSES_LOST = "classes-lost",
        /// The export is old.
        EXPORT_OLD = "export-old",
        /// Expected, never received, or not lately.
        DELIVERY_MISSING = "delivery-missing",
        /// The STSWeb part is older than the Siècle part: forgotten tick box.
        STS_OLDER = "sts-older",
        /// Rows without key or name: nobody leaves by being absent from the file.
        DEPARTURES_SUSPENDED = "departures-suspended",
        /// Pupils, but no service names any teacher.
        SERVICES_EMPTY = "services-empty",
        /// Same pupil active in two schools, told to both.
        PUPIL_HELD = "pupil-held",

        /// Values of a matching key that too many share are not compared; of no school.
        MATCHING_VALUES_SKIPPED = "matching-values-skipped",
        OVERRIDE_EXPIRED = "override-expired",
    }
    Note {
        INE_MISSING = "ine-missing",
        UNKNOWN_ELEMENTS = "unknown-elements",
        DELIVERY_IDENTICAL = "delivery-identical",
        /// An older export than the one in force; kept as history.
        DELIVERY_OLDER = "delivery-older",
        /// The school year in preparation; waits for the turn of the year.
        DELIVERY_EARLY = "delivery-early",
        /// A function that gives no account: none is made, an existing one is kept.
        FUNCTION_WITHOUT_ACCOUNT = "function-without-account",
        MEF_UNKNOWN = "mef-unknown",
        PUPIL_LEFT = "pupil-left",
        OVERRIDE_APPLIED = "override-applied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in ALL {
            let kebab =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(kind.id.bytes().all(kebab), "{}", kind.id);
            assert!(seen.insert(kind.id), "{} stands twice", kind.id);
        }
    }
}
