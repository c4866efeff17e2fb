//! What a school is made of, before any format: divisions, groups, programmes, subjects.

/// Who teaches what, to a division or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Six characters, such as `030201`.
    pub subject: String,
    /// `CG`, `TD`…
    pub mode: &'static str,
    pub teachers: Vec<StaffKey>,
}

/// The number of a member of staff, with the space that it was drawn in (formats 7.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StaffKey {
    /// `epp` or `local`.
    pub kind: &'static str,
    pub id: String,
}

impl StaffKey {
    pub fn epp(id: impl ToString) -> Self {
        Self { kind: "epp", id: id.to_string() }
    }
    pub fn local(id: impl ToString) -> Self {
        Self { kind: "local", id: id.to_string() }
    }
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// At most 8 signs, opaque.
    pub code: String,
    /// At most 20 signs; empty is usual.
    pub label: String,
    /// 11 characters.
    pub mef: String,
    pub headcount: usize,
    /// Empty: the timetable has not been taken in yet.
    pub services: Vec<Service>,
}

/// A part of a class, or a group across classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub code: String,
    pub label: String,
    pub mef: String,
    /// The divisions that it draws on.
    pub divisions: Vec<String>,
    pub headcount: usize,
    pub services: Vec<Service>,
}

/// The classes and groups of one school.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structures {
    pub divisions: Vec<Division>,
    pub groups: Vec<Group>,
}

/// A programme (module élémentaire de formation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mef {
    pub code: &'static str,
    /// At most 6 signs.
    pub short: &'static str,
    /// At most 40 signs; the applications pad it with spaces.
    pub label: &'static str,
}

/// A subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub code: &'static str,
    /// At most 5 signs, padded.
    pub short: &'static str,
    pub label: &'static str,
}

/// What every invented school teaches.
pub const SUBJECTS: [Subject; 8] = [
    Subject { code: "020700", short: "FRANC", label: "FRANCAIS" },
    Subject { code: "061300", short: "MATHS", label: "MATHEMATIQUES" },
    Subject { code: "030201", short: "AGL1", label: "ANGLAIS LV1" },
    Subject { code: "030602", short: "ESP2", label: "ESPAGNOL LV2" },
    Subject { code: "043700", short: "HI-GE", label: "HISTOIRE-GEOGRAPHIE" },
    Subject { code: "062300", short: "PH-CH", label: "PHYSIQUE-CHIMIE" },
    Subject { code: "100100", short: "EPS", label: "ED.PHYSIQUE & SPORT." },
    Subject { code: "020E00", short: "EMC", label: "ENS. MORAL & CIVIQUE" },
];
