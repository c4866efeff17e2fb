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
