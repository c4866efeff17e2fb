//! The schools of the demo, all invented: four that deliver and one that never does.

use crate::academy::structure::Mef;

/// Lille; zips, in proper ISO-8859-15.
pub const REMPART: &str = "0599990N";
/// Amiens; its Siècle files declare ISO-8859-15 and are UTF-8.
pub const MARAIS: &str = "0809990Z";
/// Lens; bare files; the second day's pupils are truncated.
pub const FOSSE: &str = "0629990X";
/// Beauvais; one zip made by hand, with addresses; sends nothing on the second day.
pub const PIERRE: &str = "0609990H";
/// Laon; expected, and never delivers.
pub const CLOS: &str = "0029990Y";

/// One school of the demo.
#[derive(Debug, Clone, Copy)]
pub struct DemoSchool {
    pub uai: &'static str,
    pub name: &'static str,
    pub town: &'static str,
    /// As in `schools.csv`: `59`.
    pub department: &'static str,
    pub academy: &'static str,
    /// Service, team and section of the Région.
    pub region: [&'static str; 3],
    /// First day of the Office 365 subscription, or empty.
    pub o365_from: &'static str,
    /// Folder below the académie's.
    pub folder: &'static str,
    /// Pupils of the first day, the named ones included; staff likewise.
    pub pupils: u32,
    pub staff: u32,
    /// Code and label.
    pub divisions: &'static [(&'static str, &'static str)],
}

impl DemoSchool {
    /// The code of the académie in STSWeb.
    pub fn academy_code(&self) -> &'static str {
        if self.academy == "Lille" { "09" } else { "20" }
    }

    /// Place in the table: keeps the numbers of schools apart.
    pub fn rank(&self) -> u32 {
        SCHOOLS.iter().zip(0..).find(|(school, _)| school.uai == self.uai).map_or(0, |(_, n)| n)
    }
}

/// The school of an UAI.
pub fn school(uai: &str) -> Option<&'static DemoSchool> {
    SCHOOLS.iter().find(|school| school.uai == uai)
}

const NORD: &str = "Exploitations des SI locaux Nord";
const PAS_DE_CALAIS: &str = "Exploitations des SI locaux Pas-de-Calais";
const AISNE_OISE_SOMME: &str = "Exploitations des SI locaux Aisne Oise Somme";

pub const SCHOOLS: [DemoSchool; 5] = [
    DemoSchool {
        uai: REMPART,
        name: "Lycée du Vieux-Rempart",
        town: "Lille",
        department: "59",
        academy: "Lille",
        region: [NORD, "Nrd 3", "Lille"],
        o365_from: "2024-09-01",
        folder: "lycee-du-vieux-rempart",
        pupils: 480,
        staff: 46,
        divisions: &[
            ("2GT 1", "SECONDE GT 1"),
            ("2A1", "SECONDE A1"),
            ("2A2", "SECONDE A2"),
            ("2A3", "SECONDE A3"),
            ("2A4", "SECONDE A4"),
            ("2A5", ""),
            ("1G1", "PREMIERE G1"),
            ("1G2", "PREMIERE G2"),
            ("1G3", "PREMIERE G3"),
            ("1STMG1", "PREMIERE STMG 1"),
            ("1STMG2", "PREMIERE STMG 2"),
            ("TG1", "TERMINALE G1"),
            ("TG2", "TERMINALE G2"),
            ("TG3", "TERMINALE G3"),
            ("TSTMG1", ""),
            ("TSTMG2", ""),
        ],
    },
    DemoSchool {
        uai: MARAIS,
        name: "Lycée des Marais-Bleus",
        town: "Amiens",
        department: "80",
        academy: "Amiens",
        region: [AISNE_OISE_SOMME, "AOS 4", "Somme Orientale"],
        o365_from: "2025-09-01",
        folder: "marais-bleus",
        pupils: 420,
        staff: 40,
        divisions: &[
            ("2 A", "SECONDE A"),
            ("2 B", "SECONDE B"),
            ("2 C", "SECONDE C"),
            ("2 D", "SECONDE D"),
            ("2 É", "SECONDE É"),
            ("1G1", "1ERE GENERALE 1"),
            ("1G2", "1ERE GENERALE 2"),
            ("1G3", "1ERE GENERALE 3"),
            ("1STI 1", "1ERE STI2D"),
            ("1STMG 2", "1ERE STMG 2"),
            ("TG1", "TERMINALE G1"),
            ("TG2", "TERMINALE G2"),
            ("TSTI 1", "TERMINALE STI2D"),
            ("TSTMG", ""),
        ],
    },
    DemoSchool {
        uai: FOSSE,
        name: "Lycée professionnel de la Fosse-Neuve",
        town: "Lens",
        department: "62",
        academy: "Lille",
        region: [PAS_DE_CALAIS, "PdC 2", "Cœur du Bassin Minier"],
        o365_from: "",
        folder: "lp-fosse-neuve",
        pupils: 330,
        staff: 34,
        divisions: &[
            ("2MEI", "2NDE PRO MAINTENANCE"),
            ("2COM", "2NDE PRO COMMERCE"),
            ("2ASSP", "2NDE PRO ASSP"),
            ("1CAP/EL", "1ERE ANNEE CAP ELEC"),
            ("1MEI", "1ERE PRO MAINTENANCE"),
            ("1COM", "1ERE PRO COMMERCE"),
            ("1ASSP", "1ERE PRO ASSP"),
            ("TMEI", "TLE PRO MAINTENANCE"),
            ("TCOM", "TLE PRO COMMERCE"),
            ("TASSP", "TLE PRO ASSP"),
            ("TCAP/EL", "2EME ANNEE CAP ELEC"),
        ],
    },
    DemoSchool {
        uai: PIERRE,
        name: "Lycée de la Pierre-Longue",
        town: "Beauvais",
        department: "60",
        academy: "Amiens",
        region: [AISNE_OISE_SOMME, "AOS 3", "Oise occidentale"],
        o365_from: "",
        folder: "0609990H",
        pupils: 270,
        staff: 30,
        divisions: &[
            ("201", "SECONDE 1"),
            ("202", "SECONDE 2"),
            ("203", "SECONDE 3"),
            ("101", "PREMIERE 1"),
            ("102", "PREMIERE 2"),
            ("103", "PREMIERE 3"),
            ("T01", "TERMINALE 1"),
            ("T02", "TERMINALE 2"),
            ("T03", ""),
        ],
    },
    DemoSchool {
        uai: CLOS,
        name: "Lycée du Clos-Fleuri",
        town: "Laon",
        department: "02",
        academy: "Amiens",
        region: [AISNE_OISE_SOMME, "AOS 1", "Laonnois Thiérache"],
        o365_from: "",
        folder: "clos-fleuri",
        pupils: 0,
        staff: 0,
        divisions: &[],
    },
];

/// One programme a level, by the first sign of a division's code: `2`, `1`, `T`.
pub const MEFS: [Mef; 3] = [
    Mef { code: "20010015110", short: "2GT", label: "2NDE GENERALE ET TECHNOLOGIQUE" },
    Mef { code: "20110019110", short: "1ERE", label: "PREMIERE" },
    Mef { code: "20210019110", short: "TERM", label: "TERMINALE" },
];

/// The programme of a division.
pub fn mef_of(division: &str) -> Mef {
    MEFS[usize::from(level_of(division))]
}

/// 0 in seconde, 1 in première, 2 in terminale.
pub fn level_of(division: &str) -> u8 {
    match division.bytes().next() {
        Some(b'2') => 0,
        Some(b'1') => 1,
        _ => 2,
    }
}
