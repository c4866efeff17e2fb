//! The forms of time and of random identifiers in operational attributes.

use jiff::Timestamp;

/// `20260901090000Z`.
pub(super) fn generalized(now: Timestamp) -> String {
    now.strftime("%Y%m%d%H%M%SZ").to_string()
}

/// `20260901090000.000000Z#00002a#000#000000`: the count makes two of one instant differ.
pub(super) fn change_number(now: Timestamp, count: u64) -> String {
    let instant = now.strftime("%Y%m%d%H%M%S.%6f").to_string();
    format!("{instant}Z#{:06x}#000#000000", count & 0xff_ffff)
}

/// The count of a change number.
pub(super) fn count_of(change_number: &str) -> Option<u64> {
    u64::from_str_radix(change_number.split('#').nth(1)?, 16).ok()
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn uuid(entropy: super::Entropy) -> String {
    let mut bytes = [0u8; 16];
    entropy(&mut bytes);
    let mut number = u128::from_be_bytes(bytes);
    number = (number & !(0xf << 76)) | (0x4 << 76);
    number = (number & !(0x3 << 62)) | (0x2 << 62);
    let text = format!("{number:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operational_values_have_the_form_of_slapd() {
        let now: Timestamp = "2026-09-01T09:00:00.25Z".parse().unwrap();
        assert_eq!(generalized(now), "20260901090000Z");
        assert_eq!(change_number(now, 42), "20260901090000.250000Z#00002a#000#000000");
        assert_eq!(count_of(&change_number(now, 42)), Some(42));
        assert_eq!(uuid(|buffer| buffer.fill(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
