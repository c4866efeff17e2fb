//! The naming vectors of the rules (matching.md section 6), in `vectors.csv`, one line a name.
//! Invented people.

use unicode_normalization::UnicodeNormalization;

use crate::model::record::Names;

/// What becomes of one name.
pub(crate) struct Vector {
    pub(crate) number: u32,
    pub(crate) names: Names,
    /// Key of the family name.
    pub(crate) key: String,
    /// The same without particle; empty when there is none.
    pub(crate) bare: String,
    /// Key of the usage name; empty when there is none.
    pub(crate) usage_key: String,
    pub(crate) given_key: String,
    pub(crate) display_given: String,
    /// Login, short login, local part of the address; none when it is refused.
    pub(crate) made: Option<[String; 3]>,
}

pub(crate) fn vectors() -> Vec<Vector> {
    let mut table = csv::ReaderBuilder::new()
        .delimiter(b';')
        .quoting(false)
        .from_reader(include_str!("vectors.csv").as_bytes());
    let rows = table.deserialize::<[String; 12]>().map(Result::unwrap);
    rows.map(|row| {
        let [
            number,
            family,
            usage,
            given,
            key,
            bare,
            usage_key,
            given_key,
            display_given,
            rest @ ..,
        ] = row;
        let number = number.parse().unwrap();
        // Vector 5 is vector 3 decomposed, which no editor keeps apart.
        let written = |name: String| if number == 5 { name.nfd().collect() } else { name };
        let names = Names {
            family: written(family),
            usage: Some(usage).filter(|usage| !usage.is_empty()),
            given: written(given),
        };
        let made = Some(rest).filter(|[login, ..]| !login.is_empty());
        Vector { number, names, key, bare, usage_key, given_key, display_given, made }
    })
    .collect()
}
