//! Divisions and groups: how many, how they are called, who is in which.

use super::schools::{Kind, School};
use crate::academy::siecle::Pupil;
use crate::academy::structure::{Division, Group, Mef, Structures};

/// The year of a pupil in a lycée.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 3e, in a lycée professionnel.
    Third,
    Second,
    First,
    Final,
    Bts1,
    Bts2,
}

impl Level {
    const ALL: [Self; 6] =
        [Self::Third, Self::Second, Self::First, Self::Final, Self::Bts1, Self::Bts2];

    /// By its rank; 0 is the 3e.
    pub fn of_rank(rank: usize) -> Self {
        Self::ALL.get(rank).copied().unwrap_or(Self::Bts2)
    }

    /// First sign of the codes of its groups.
    fn sign(self) -> char {
        match self {
            Self::Third => '3',
            Self::Second => '2',
            Self::First => '1',
            Self::Final => 'T',
            Self::Bts1 => 'B',
            Self::Bts2 => 'C',
        }
    }
}

/// The programmes: general ones by level, then those of lycées professionnels.
pub const MEFS: [Mef; 10] = [
    Mef { code: "10310019110", short: "3EME", label: "3EME" },
    Mef { code: "20010015110", short: "2GT", label: "2NDE GENERALE ET TECHNOLOGIQUE" },
    Mef { code: "20110019110", short: "1GEN", label: "1ERE GENERALE" },
    Mef { code: "20210019110", short: "TGEN", label: "TERMINALE GENERALE" },
    Mef { code: "31131001210", short: "1BTS", label: "BTS 1ERE ANNEE" },
    Mef { code: "31131001220", short: "2BTS", label: "BTS 2EME ANNEE" },
    Mef { code: "10310031110", short: "3PM", label: "3EME PREPA-METIERS" },
    Mef { code: "24733302311", short: "2PRO", label: "2NDE PROFESSIONNELLE" },
    Mef { code: "24733302321", short: "1PRO", label: "1ERE PROFESSIONNELLE" },
    Mef { code: "24733302331", short: "TPRO", label: "TERMINALE PROFESSIONNELLE" },
];

/// Pupils of a group across classes.
const GROUP_SIZE: u32 = 26;

/// The trades of a lycée professionnel.
const TRADES: [&str; 7] = ["MEI", "COM", "ASSP", "ELEC", "MVA", "AGO", "CUI"];

/// The programme of a level.
pub fn mef(kind: Kind, level: Level) -> &'static Mef {
    let rank = level as usize;
    let vocational = kind == Kind::Vocational && level <= Level::Final;
    &MEFS[if vocational { rank + 6 } else { rank }]
}

/// The levels of a school, each with the pupils that it is made for.
fn levels(school: &School) -> impl Iterator<Item = (Level, u32)> {
    let sizes = [
        (Level::Third, school.thirds),
        (Level::Second, school.age_group),
        (Level::First, school.age_group),
        (Level::Final, school.age_group),
        (Level::Bts1, school.bts_group),
        (Level::Bts2, school.bts_group),
    ];
    sizes.into_iter().filter(|(_, size)| *size > 0)
}

fn level_size(school: &School, level: Level) -> u32 {
    levels(school).find(|(own, _)| *own == level).map_or(0, |(_, size)| size)
}

/// How many divisions a level has.
fn divisions(school: &School, level: Level) -> u32 {
    let most = match (school.kind, level) {
        (_, Level::Third) | (Kind::Vocational, _) => 24,
        (_, Level::Bts1 | Level::Bts2) => 26,
        (_, Level::Second) => 34,
        _ => 33,
    };
    level_size(school, level).div_ceil(most).max(1)
}

/// How a school calls the `n`th division of a level: at most 8 signs.
fn code(school: &School, level: Level, n: u32) -> String {
    let sign = level.sign();
    match (school.kind, level) {
        (_, Level::Third) => format!("3PM{}", n + 1),
        (_, Level::Bts1) => format!("1BTS{}", n + 1),
        (_, Level::Bts2) => format!("2BTS{}", n + 1),
        (Kind::Vocational, _) => {
            let trade = TRADES[(n as usize + school.first_pupil as usize) % TRADES.len()];
            match n as usize / TRADES.len() {
                0 => format!("{sign}{trade}"),
                more => format!("{sign}{trade}{}", more + 1),
            }
        }
        _ => match school.first_pupil % 4 {
            0 => format!("{sign}G{}", n + 1),
            1 => format!("{sign}{:02}", n + 1),
            2 => format!("{sign} {}", alphabetic(n)),
            _ => format!("{sign}/{}", n + 1),
        },
    }
}

/// A, B, … Z, A1, B1, …
fn alphabetic(n: u32) -> String {
    let letter = char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    if n < 26 { letter.to_string() } else { format!("{letter}{}", n / 26) }
}

/// The division of a pupil in a year; `turn` moves whoever changes class.
pub fn division(school: &School, level: Level, person: u32, turn: u32) -> String {
    let count = divisions(school, level);
    code(school, level, (person + turn) % count)
}

/// Division and groups of a pupil, as a file names them.
pub fn memberships(school: &School, level: Level, person: u32, turn: u32) -> Vec<(char, String)> {
    let n = (person + turn) % divisions(school, level);
    let mut all = vec![('D', code(school, level, n)), ('G', half(level, n, person))];
    if level <= Level::Final {
        let languages = across(school, level);
        all.push(('G', language(level, (person / 2) % languages)));
        if school.kind != Kind::Vocational && level > Level::Second {
            all.push(('G', specialty(level, (person / 3) % languages)));
        }
    }
    // The order in a file is free (formats 2.4).
    if person.is_multiple_of(5) {
        all.rotate_left(1);
    }
    all
}

/// Groups across the classes of a level.
fn across(school: &School, level: Level) -> u32 {
    level_size(school, level).div_ceil(GROUP_SIZE).max(1)
}

fn half(level: Level, n: u32, person: u32) -> String {
    let half = if (person / 7).is_multiple_of(2) { 'A' } else { 'B' };
    half_code(level, n, half)
}

fn half_code(level: Level, n: u32, half: char) -> String {
    format!("{}{:02}.{half}", level.sign(), n + 1)
}

fn language(level: Level, n: u32) -> String {
    let name = if n.is_multiple_of(3) { "ALL" } else { "ESP" };
    format!("{}{name}.{}", level.sign(), n + 1)
}

fn specialty(level: Level, n: u32) -> String {
    format!("{}SPE.{}", level.sign(), n + 1)
}

/// Everything that a school is made of, with the headcounts of a file's pupils.
pub fn structures(school: &School, pupils: &[Pupil]) -> Structures {
    let mut counts = std::collections::BTreeMap::new();
    for pupil in pupils.iter().filter(|pupil| pupil.left.is_none()) {
        for (_, code) in &pupil.structures {
            *counts.entry(code.as_str()).or_insert(0_usize) += 1;
        }
    }
    let count = |code: &str| counts.get(code).copied().unwrap_or(0);
    let mut structures = Structures::default();
    for (level, _) in levels(school) {
        let mef = mef(school.kind, level);
        let codes: Vec<String> =
            (0..divisions(school, level)).map(|n| code(school, level, n)).collect();
        for code in &codes {
            structures.divisions.push(Division {
                code: code.clone(),
                label: format!("{} {code}", mef.short),
                mef: mef.code.to_owned(),
                headcount: count(code),
                services: Vec::new(),
            });
        }
        for (code, label, divisions) in groups(school, level, &codes) {
            structures.groups.push(Group {
                headcount: count(&code),
                code,
                label,
                mef: mef.code.to_owned(),
                divisions,
                services: Vec::new(),
            });
        }
    }
    structures
}

/// The groups of a level: code, label, divisions that they draw on.
fn groups(school: &School, level: Level, codes: &[String]) -> Vec<(String, String, Vec<String>)> {
    let mut groups = Vec::new();
    for (n, code) in (0..).zip(codes) {
        for half in ['A', 'B'] {
            groups.push((half_code(level, n, half), String::new(), vec![code.clone()]));
        }
    }
    if level <= Level::Final {
        for n in 0..across(school, level) {
            groups.push((language(level, n), format!("LV2 GROUPE {}", n + 1), codes.to_vec()));
            if school.kind != Kind::Vocational && level > Level::Second {
                let label = format!("SPECIALITE {}", n + 1);
                groups.push((specialty(level, n), label, codes.to_vec()));
            }
        }
    }
    groups
}
