//! Weights as a file: what a batch taught, kept as it is or corrected by hand, in the place of
//! learning. Guards are no part of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::agree::{Agreement, Field};
use super::learn;
use super::weigh::{Table, Weights};

/// Below this an agreement is impossible, and one pair would decide alone.
const SHARE_MIN: f64 = 1e-7;
/// Fewer odds than one in a billion billions are a typing error.
const PRIOR_BITS_MIN: f64 = -60.0;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    prior_bits: f64,
    #[serde(default)]
    same: Shares,
    #[serde(default)]
    other: Shares,
}

type Shares = BTreeMap<Field, BTreeMap<Agreement, f64>>;

const HEAD: &str = "\
# Weights of the matching, for `[matching] weights` of rentree.toml: they are used as they stand,
# and nothing is learnt any more. `prior_bits`: log2 of the odds that a record and an account taken
# at random are one person. `same`: shares of each agreement when they are; `other`: when they are
# not (where a value counts, such as a name, its frequency stands in the place of the share). What
# is left out is taken from experience.
";

impl Weights {
    /// Reads the file. Every problem is told, with the path of its key.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<String>> {
        let read: File = toml::from_str(text)
            .map_err(|error| vec![format!("{file}: {}", error.to_string().trim_end())])?;
        let mut problems = Vec::new();
        if !(PRIOR_BITS_MIN..=0.0).contains(&read.prior_bits) {
            problems.push(format!(
                "{file}: prior_bits: {} is not within {PRIOR_BITS_MIN} and 0",
                read.prior_bits
            ));
        }
        let mut weights = learn::by_experience(0);
        weights.prior_bits = read.prior_bits;
        for (name, shares, table) in
            [("same", read.same, &mut weights.same), ("other", read.other, &mut weights.other)]
        {
            fill(table, &shares, &format!("{file}: {name}"), &mut problems);
        }
        if problems.is_empty() { Ok(weights) } else { Err(problems) }
    }

    /// The text that [`Weights::parse`] reads back to the same weights.
    ///
    /// # Errors
    /// None for weights that were learnt or read.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let shares = |table: &Table| -> Shares {
            let row = |field: Field| {
                let row = &table[field as usize];
                Agreement::ALL.into_iter().zip(row.iter().copied()).collect()
            };
            Field::ALL.into_iter().map(|field| (field, row(field))).collect()
        };
        let file = File {
            prior_bits: self.prior_bits,
            same: shares(&self.same),
            other: shares(&self.other),
        };
        Ok(format!("{HEAD}{}", toml::to_string(&file)?))
    }
}

fn fill(table: &mut Table, shares: &Shares, path: &str, problems: &mut Vec<String>) {
    for (field, row) in shares {
        let key = |agreement: &str| format!("{path}.{}{agreement}", word(*field));
        for (agreement, share) in row {
            if !(SHARE_MIN..=1.0).contains(share) {
                let key = key(&format!(".{}", word(*agreement)));
                problems.push(format!("{key}: {share} is no share from {SHARE_MIN} to 1"));
            }
            table[*field as usize][*agreement as usize] = *share;
        }
        // As they will be used: with those that the file leaves to experience.
        let known = Agreement::ALL.into_iter().filter(|one| *one != Agreement::Unknown);
        let total: f64 = known.map(|one| table[*field as usize][one as usize]).sum();
        if total > 1.01 {
            problems.push(format!(
                "{}: the shares are more than 1 together, with those that are left to experience: \
                 {total}",
                key("")
            ));
        }
    }
}

/// As it stands in the file.
fn word(one: impl Serialize) -> String {
    let value = toml::Value::try_from(one).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_back_as_they_were() {
        let weights = Weights { prior_bits: -17.25, ..learn::by_experience(500_000) };
        let text = weights.to_text().unwrap();
        assert_eq!(Weights::parse(&text, "w.toml"), Ok(weights.clone()));
        // A few corrections by hand are enough.
        let few = "prior_bits = -17.25\n[same.birth-date]\nsame = 0.5\ndiffers = 0.1\n";
        let corrected = Weights::parse(few, "w.toml").unwrap();
        let date = Field::BirthDate as usize;
        assert_eq!(corrected.same[date][Agreement::Same as usize].to_string(), "0.5");
        assert_eq!(corrected.same[0], weights.same[0]);
        assert_eq!(corrected.other, weights.other);
    }

    #[test]
    fn every_wrong_share_is_told_with_its_key() {
        let text = "prior_bits = 3\n[same.family]\nsame = 0.8\npart = 0.7\n[other.sex]\nsame = 0";
        let problems = Weights::parse(text, "w.toml").unwrap_err().join("\n");
        for told in [
            "w.toml: prior_bits: 3 is not within -60 and 0",
            "w.toml: same.family: the shares are more than 1 together, with those that are left to",
            "w.toml: other.sex.same: 0 is no share",
        ] {
            assert!(problems.contains(told), "{problems}");
        }
        // What is left to experience counts too: the row that is used is the one that is judged.
        let crowded = "prior_bits = -1\n[same.birth-date]\nsame = 0.999\n";
        let [problem] = &Weights::parse(crowded, "w.toml").unwrap_err()[..] else { panic!() };
        assert!(problem.contains("same.birth-date: the shares are more than 1"), "{problem}");
        for text in ["", "prior_bits = -1\nmore = 1", "prior_bits = -1\n[same.shoe]\nsame = 1"] {
            let [problem] = &Weights::parse(text, "w.toml").unwrap_err()[..] else { panic!() };
            assert!(problem.starts_with("w.toml: "), "{problem}");
        }
    }
}
