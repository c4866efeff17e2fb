//! One sentence of `status` on the 72 hours: how much is near its deadline, or beyond it.

use super::deadlines;
use super::session::Session;
use crate::store::Store;

/// Nothing, while nothing that is open has used its first share of the time.
pub(super) fn line(session: &Session, store: &Store) -> anyhow::Result<String> {
    let told = deadlines::open(session, store)?;
    let figures = &told.region.figures;
    Ok(sentence(figures.late_now, told.warn_at.iter().copied().zip(figures.warned.iter().copied())))
}

fn sentence(late: u64, warned: impl Iterator<Item = (f64, u64)>) -> String {
    let mut parts = Vec::new();
    if late > 0 {
        parts.push(format!("{late} late now"));
    }
    for (share, count) in warned.filter(|(_, count)| *count > 0) {
        parts.push(format!("{count} beyond {:.0} % of the time", share * 100.0));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("Of what is not done: {}: rentree status --deadlines\n", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_when_something_is_near_its_deadline() {
        // Requirements 2.2: warning at 50 and 75 %.
        let check = |late, warned: [u64; 2], expect: &str| {
            assert_eq!(sentence(late, [0.5, 0.75].into_iter().zip(warned)), expect);
        };
        check(0, [0, 0], "");
        check(
            0,
            [1820, 1820],
            "Of what is not done: 1820 beyond 50 % of the time, 1820 beyond 75 % of the time: \
             rentree status --deadlines\n",
        );
        check(
            5,
            [1, 0],
            "Of what is not done: 5 late now, 1 beyond 50 % of the time: \
             rentree status --deadlines\n",
        );
    }
}
