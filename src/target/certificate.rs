//! Until when a certificate is good.

use jiff::Timestamp;

/// The end of validity of a certificate (RFC 5280 4.1): the second time of the fifth part of its
/// first part. Whoever trusts it has checked it; this only reads a date out of it.
pub(super) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut body, _) = element(certificate)?;
    // The version is there from v2 on, tagged [0].
    if let Some((0xa0, _, rest)) = element(body) {
        body = rest;
    }
    for _serial_signature_issuer in 0..3 {
        body = element(body)?.2;
    }
    let (_, validity, _) = element(body)?;
    let (_, _, after_begin) = element(validity)?;
    let (tag, end, _) = element(after_begin)?;
    time(tag, std::str::from_utf8(end).ok()?)
}

/// Tag, content and what follows of the first DER element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDhhmmssZ` (tag 23; 50 to 99 are of the last century) or `YYYYMMDDhhmmssZ` (tag 24).
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let whole = match (tag, text.get(..2)?.parse::<u8>().ok()?) {
        (23, 50..) => format!("19{text}"),
        (23, _) => format!("20{text}"),
        (24, _) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| whole.get(from..to);
    let date = [part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-");
    let clock = [part(8, 10)?, part(10, 12)?, part(12, 14)?].join(":");
    format!("{date}T{clock}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for (year, expected) in [(2049, "2049-12-31T00:00:00Z"), (2050, "2050-12-31T00:00:00Z")] {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(year, 12, 31);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap();
            assert_eq!(not_after(certificate.der()), Some(expected.parse().unwrap()));
            for cut in 0..certificate.der().len().min(200) {
                let _ = not_after(&certificate.der()[..cut]); // Damaged: no panic.
            }
        }
    }
}
