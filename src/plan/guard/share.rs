//! The arithmetic of a guard.

/// Said of creations.
pub(super) const OUT_OF_SEASON: &str = "would be added out of the season of the rentrée";

/// Said of accounts that should stand and do not.
pub(super) const MADE_EARLIER: &str = "accounts made by earlier runs";
pub(super) const GONE: &str = "are not to be seen in the directory any more";

/// A part of a whole, and the share that may not be passed.
pub(super) struct Share {
    pub(super) part: u64,
    /// Of the same whole, what went before it in the last 24 hours.
    pub(super) earlier: u64,
    pub(super) of: u64,
    pub(super) percent_max: u64,
    /// So many never pass, whatever the share.
    pub(super) number_max: u64,
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
    /// Nothing of nothing, with a whole of at least this size.
    pub(super) fn plain(least: u64) -> Self {
        Self {
            part: 0,
            earlier: 0,
            of: 0,
            percent_max: 100,
            number_max: u64::MAX,
            least,
            floor: 0,
            what: "",
            done: "",
        }
    }

    /// The sentence, when the limit is passed.
    pub(super) fn over(&self) -> Option<String> {
        let Self { part, earlier, of, percent_max, number_max, least, floor, what, done } = *self;
        let sum = part + earlier;
        let within = sum * 100 <= of.max(least) * percent_max && sum <= number_max;
        // What was taken earlier stops nobody who takes nothing.
        if part == 0 || sum <= floor || within {
            return None;
        }
        let limit_max = floor.max(of.max(least) * percent_max / 100);
        let mut text = if sum > number_max && number_max < limit_max {
            format!("{sum} of {of} {what} {done}, the limit is {number_max}, whatever the share")
        } else if of == 0 || of < least || of * percent_max / 100 < floor {
            format!("{sum} of {of} {what} {done}, the limit for so few is {limit_max}")
        } else {
            // Rounded up: a share over its limit never reads as the limit itself.
            let tenths = (sum * 1000).div_ceil(of);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            format!("{sum} of {of} {what} {done} ({whole}.{tenth} %), the limit is {percent_max} %")
        };
        if earlier > 0 {
            text.push_str(&format!("; {earlier} of them went in the last 24 hours"));
        }
        // Added accounts are no part of those that stand.
        Some(if done == OUT_OF_SEASON { text.replacen(" of ", " to ", 1) } else { text })
    }
}
