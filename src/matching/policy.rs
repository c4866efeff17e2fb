//! What a Région may set of the matching. The guards are not settings (matching.md section 3).

/// Below these the target of one false merge in a million records could not be kept.
pub const SAME_BITS_MIN: f64 = 6.0;
pub const MARGIN_BITS_MIN: f64 = 4.0;
/// A question must not outlive the patience of a pupil without account.
pub const WAIT_DAYS_MAX: i32 = 60;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Kept at the door, and compared. What each brings is measured in the documentation: the sex
    /// nothing, so that it is not proposed.
    pub use_birthplace: bool,
    pub use_sex: bool,
    /// Least score of an automatic merge, in bits.
    pub same_bits: f64,
    /// Least distance to the next best account, in bits.
    pub margin_bits: f64,
    /// Least score of a question, in bits: below it the record is a new person.
    pub ask_bits: f64,
    /// How long a record waits for an answer before it gets an account of its own.
    pub question_wait_days: i32,
}

impl Policy {
    /// Those of the template.
    pub const PROPOSED: Self = Self {
        use_birthplace: true,
        use_sex: false,
        same_bits: 10.0,
        margin_bits: 8.0,
        ask_bits: -2.0,
        question_wait_days: 10,
    };
}
