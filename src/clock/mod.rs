//! The 72 hours: readings, holidays, deadlines (requirements section 2).
//!
//! - In: an instant of receipt and a calendar. - Out: a deadline. - Can go wrong: nothing.
