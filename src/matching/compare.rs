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
    begins(&short, &long) || begins(&long, &short) || jaro_winkler(&a, &b) >= CLOSE
}

/// One of the surnames of the one is nearly one of the other: a typing error, a lost sign.
pub fn surname_close(left: &Names, right: &Names) -> bool {
    let keys = |names: &Names| {
        [normal::key(&names.family), names.usage.as_deref().map(normal::key).unwrap_or_default()]
    };
    let right = keys(right);
    let close =
        |a: &String, b: &String| !a.is_empty() && !b.is_empty() && jaro_winkler(a, b) >= CLOSE;
    keys(left).iter().any(|key| right.iter().any(|other| close(key, other)))
}

/// Threshold of `docs/matching` section 3: closer is a typing error.
const CLOSE: f64 = 0.86;

/// Jaro–Winkler similarity, from 0 (nothing shared) to 1 (equal).
pub fn jaro_winkler(left: &str, right: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let jaro = jaro(&a, &b);
    let prefix = a.iter().zip(&b).take(4).take_while(|(x, y)| x == y).count();
    jaro + 0.1 * prefix as f64 * (1.0 - jaro)
}

fn jaro(a: &[char], b: &[char]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; b.len()];
    let mut from_a = Vec::new();
    for (at, letter) in a.iter().enumerate() {
        let window = at.saturating_sub(reach)..(at + reach + 1).min(b.len());
        for place in window {
            if b.get(place) == Some(letter) && taken.get(place) == Some(&false) {
                taken[place] = true;
                from_a.push(letter);
                break;
            }
        }
    }
    let from_b = b.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(letter, _)| letter);
    let swapped = from_a.iter().zip(from_b).filter(|(x, y)| **x != *y).count();
    let common = from_a.len() as f64;
    if common == 0.0 {
        return 0.0;
    }
    (common / a.len() as f64 + common / b.len() as f64 + (common - swapped as f64 / 2.0) / common)
        / 3.0
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
            assert!((jaro_winkler(a, b) - expected).abs() < 0.001, "{a} {b}");
        }
    }
}
