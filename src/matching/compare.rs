//! Comparisons of one attribute of two records. Pure, symmetric; they never decide alone.

use crate::matching::normal;
use crate::model::record::Names;

/// First names that may be those of one person: equal once folded, one the beginning of the other
/// by whole components (`Jean` / `Jean-Paul`), or very close (a typing error). Twins seldom pass.
pub fn given_compatible(left: &str, right: &str) -> bool {
    let (a, b) = (normal::key(left), normal::key(right));
    if a == b {
        return true;
    }
    let (short, long) = (normal::tokens(left), normal::tokens(right));
    let begins = |short: &[String], long: &[String]| {
        !short.is_empty() && short.len() < long.len() && long.starts_with(short)
    };
    begins(&short, &long)
        || begins(&long, &short)
        || jaro_winkler(a.as_bytes(), b.as_bytes()) >= CLOSE
}

/// One of the surnames of the one is nearly one of the other: a typing error, a lost sign.
pub fn surname_close(left: &Names, right: &Names) -> bool {
    let keys = |names: &Names| {
        [normal::key(&names.family), names.usage.as_deref().map(normal::key).unwrap_or_default()]
    };
    let right = keys(right);
    let close = |a: &String, b: &String| {
        !a.is_empty() && !b.is_empty() && jaro_winkler(a.as_bytes(), b.as_bytes()) >= CLOSE
    };
    keys(left).iter().any(|key| right.iter().any(|other| close(key, other)))
}

/// Threshold of `docs/matching` section 3: closer is a typing error.
const CLOSE: f64 = 0.86;

/// Letters that are compared: what a hostile name has beyond them adds nothing.
const LETTERS_MAX: usize = 64;

/// Jaro–Winkler similarity of two folded names, from 0 (nothing shared) to 1 (equal).
pub fn jaro_winkler(left: &[u8], right: &[u8]) -> f64 {
    let cut = |name: &[u8]| name.len().min(LETTERS_MAX);
    let (a, b) = (&left[..cut(left)], &right[..cut(right)]);
    let jaro = jaro(a, b);
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    jaro + 0.1 * prefix as f64 * (1.0 - jaro)
}

/// The most that [`jaro_winkler`] can be when so many letters at most have their like.
pub(super) fn similarity_max(common: usize, left: usize, right: usize) -> f64 {
    let common = common as f64;
    let jaro = (common / left as f64 + common / right as f64 + 1.0) / 3.0;
    jaro + 0.4 * (1.0 - jaro)
}

/// A bit for each letter that has found its like on the other side.
fn jaro(a: &[u8], b: &[u8]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut of_a, mut of_b) = (0_u64, 0_u64);
    for (at, letter) in a.iter().enumerate() {
        let mut window = at.saturating_sub(reach)..(at + reach + 1).min(b.len());
        if let Some(place) = window.find(|place| of_b >> place & 1 == 0 && b[*place] == *letter) {
            of_a |= 1 << at;
            of_b |= 1 << place;
        }
    }
    if of_a == 0 {
        return 0.0;
    }
    let swapped = matched(a, of_a).zip(matched(b, of_b)).filter(|(x, y)| x != y).count();
    let common = f64::from(of_a.count_ones());
    (common / a.len() as f64 + common / b.len() as f64 + (common - swapped as f64 / 2.0) / common)
        / 3.0
}

fn matched(name: &[u8], found: u64) -> impl Iterator<Item = u8> + '_ {
    name.iter().enumerate().filter(move |(at, _)| found >> at & 1 == 1).map(|(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_of_one_person_and_of_twins() {
        let cases = [
            ("Zoé", "ZOE", true),
            ("Jean-Paul", "Jean", true),
            ("Marie", "Marie Charlotte", true),
            ("Mathilde", "Matilde", true),
            ("Jean-Paul", "Jean-Marc", false),
            ("Lucas", "Léo", false),
            ("Emma", "Jade", false),
            ("", "Jade", false),
        ];
        for (left, right, same) in cases {
            assert_eq!(given_compatible(left, right), same, "{left} / {right}");
            assert_eq!(given_compatible(right, left), same, "{right} / {left}");
        }
    }

    #[test]
    fn jaro_winkler_as_published() {
        for (a, b, expected) in [("MARTHA", "MARHTA", 0.961), ("DIXON", "DICKSONX", 0.813)] {
            assert!((jaro_winkler(a.as_bytes(), b.as_bytes()) - expected).abs() < 0.001, "{a} {b}");
        }
    }
}
