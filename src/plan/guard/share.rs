//! The arithmetic of a guard.

/// Said of creations.
pub(super) const OUT_OF_SEASON: &str = "would be added out of the season of the rentrée";

/// Said of accounts that should stand and do not.
pub(super) const MADE_EARLIER: &str = "accounts made by earlier runs";
pub(super) const GONE: &str = "are not to be seen in the directory any more";

/// A part of a whole, and the share that may not be passed.
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) of: u64,
    pub(super) percent_max: u64,
    /// A smaller whole is measured as one of this size.
    pub(super) least: u64,
    /// So many always pass.
    pub(super) floor: u64,
    /// « accounts »: what is counted.
    pub(super) what: &'static str,
    /// « would be disabled »: what happens to the part.
    pub(super) done: &'static str,
}

impl Share {
    /// The sentence, when the limit is passed.
    pub(super) fn over(&self) -> Option<String> {
        let Self { part, of, percent_max, least, floor, what, done } = *self;
        if part <= floor || part * 100 <= of.max(least) * percent_max {
            return None;
        }
        let number_max = floor.max(of.max(least) * percent_max / 100);
        let text = if of == 0 || of < least || of * percent_max / 100 < floor {
            format!("{part} of {of} {what} {done}, the limit for so few is {number_max}")
        } else {
            // Rounded up: a share over its limit never reads as the limit itself.
            let tenths = (part * 1000).div_ceil(of);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            format!(
                "{part} of {of} {what} {done} ({whole}.{tenth} %), the limit is {percent_max} %"
            )
        };
        // Added accounts are no part of those that stand.
        Some(if done == OUT_OF_SEASON { text.replacen(" of ", " to ", 1) } else { text })
    }
}
