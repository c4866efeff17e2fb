//! Where pupils were born: the towns with a maternity, and for a few any other commune.

use super::plan::{Place, Plan};
use crate::academy::seed::Stream;

/// Département and INSEE code of the commune; no code for who was born abroad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Birthplace {
    /// `059`; `099` abroad.
    pub department: &'static str,
    pub town: Option<String>,
    /// Code of the nationality; most of those born abroad are French.
    pub nationality: &'static str,
}

/// By département: the codes of its maternities, the largest first.
const MATERNITIES: [(&str, &[&str]); 7] = [
    (
        "059",
        &[
            "59350", "59606", "59512", "59599", "59178", "59183", "59009", "59122", "59392",
            "59560", "59017", "59295", "59172",
        ],
    ),
    ("062", &["62041", "62498", "62119", "62160", "62193", "62765", "62510", "62126", "62427"]),
    ("080", &["80021", "80001", "80620", "80253"]),
    ("060", &["60159", "60175", "60057", "60612", "60471"]),
    ("002", &["02691", "02722", "02408", "02168", "02173", "02381"]),
    ("075", &["75112", "75114", "75120"]),
    ("093", &["93066", "93048", "93010"]),
];

/// Of a family: near the school of the eldest, most of the time.
pub(super) fn draw(plan: &Plan, family: Place, stream: &mut Stream) -> Birthplace {
    if stream.chance(plan.rates.born_abroad) {
        let nationality = stream.pick(&["100", "100", "352", "350", "335", "132"]);
        return Birthplace { department: "099", town: None, nationality };
    }
    let here = plan.schools[family.school].department;
    let home = MATERNITIES.iter().position(|(code, _)| code.ends_with(here)).unwrap_or(0);
    let far = stream.index(MATERNITIES.len());
    let (department, towns) = MATERNITIES[if stream.once_in(7) { far } else { home }];
    let town = if stream.once_in(12) {
        // Born at home, or far from everything.
        format!("{}{:03}", department.trim_start_matches('0'), 1 + stream.below(600))
    } else {
        towns[stream.skewed_index(towns.len())].to_owned()
    };
    let town = if town.len() == 4 { format!("0{town}") } else { town };
    Birthplace { department, town: Some(town), nationality: "100" }
}
