//! The rules of the lifecycle that a Région may set.

/// Days are calendar days in the configured zone; (month, day) pairs are dates of any year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// From the end of the last enrolment of a pupil to the disabling of the account.
    pub pupil_grace_days: i32,
    /// The same for staff.
    pub staff_grace_days: i32,
    /// From the end of the right to the deletion of the account: at most three months
    /// (arrêté of 30 November 2006, art. 6; requirements 3.2).
    pub retention_days: i32,
    /// When the school year changes.
    pub turn: (i8, i8),
    /// Between the turn of the year and this day, not being listed ends nothing by itself: classes
    /// are still being typed (requirements section 6).
    pub not_listed_from: (i8, i8),
}

/// The hard cap of `retention_days`.
pub const RETENTION_DAYS_MAX: i32 = 90;

impl Policy {
    pub const STANDARD: Self = Self {
        pupil_grace_days: 15,
        staff_grace_days: 1,
        retention_days: 80,
        turn: (8, 20),
        not_listed_from: (9, 15),
    };
}
