//! The schools of an academy: invented lycées of the five départements, and what is around them.

use std::ops::Range;

use crate::academy::keys;
use crate::academy::seed::Stream;

/// Schools that exchange pupils and staff lie next to each other in the list.
const BASIN: usize = 8;
/// Four digits of an UAI after the département: schools from here on, their collèges below.
const SCHOOL_SERIAL: u32 = 8_000;
const COLLEGE_SERIAL: u32 = 7_000;

/// What a school teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Lycée général et technologique, with BTS or without.
    General { bts: bool },
    /// Lycée professionnel, with classes of 3e.
    Vocational,
}

/// One school: its card, and how many people it has. People are numbered through all schools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct School {
    pub uai: String,
    pub name: String,
    pub town: &'static str,
    /// As in `schools.csv`: `59`.
    pub department: &'static str,
    pub academy: &'static str,
    pub kind: Kind,
    /// Pupils of one age group, even.
    pub age_group: u32,
    /// Pupils of one year of BTS, even.
    pub bts_group: u32,
    /// Pupils of 3e, even.
    pub thirds: u32,
    /// Number of the first pupil and the first member of staff.
    pub first_pupil: u32,
    pub first_staff: u32,
    /// First number of the school in the académie's personnel base.
    pub first_epp: u32,
    pub staff: u32,
    /// The schools around, itself included.
    pub basin: Range<usize>,
}

impl School {
    /// Pupils that the school ever sees as their first school.
    pub fn pupils(&self) -> u32 {
        self.thirds + 4 * self.age_group + 2 * self.bts_group
    }

    /// The code of the académie in STSWeb.
    pub fn academy_code(&self) -> &'static str {
        if self.academy == "Lille" { "09" } else { "20" }
    }

    /// A collège nearby, of which the Région knows nothing.
    pub fn college(&self, stream: &mut Stream) -> String {
        let department: u32 = self.department.parse().unwrap_or(59);
        // Each school takes from a dozen collèges of its own quarter.
        let quarter = self.first_pupil % 80;
        keys::uai(department * 10_000 + COLLEGE_SERIAL + quarter * 12 + stream.below(12) as u32)
    }
}

/// Département, académie, share in 100, towns.
type Department = (&'static str, &'static str, u64, &'static [&'static str]);

const DEPARTMENTS: [Department; 5] = [
    (
        "59",
        "Lille",
        42,
        &["Lille", "Roubaix", "Tourcoing", "Douai", "Valenciennes", "Dunkerque", "Cambrai"],
    ),
    ("62", "Lille", 25, &["Arras", "Lens", "Béthune", "Calais", "Saint-Omer", "Boulogne-sur-Mer"]),
    ("60", "Amiens", 13, &["Beauvais", "Compiègne", "Creil", "Senlis", "Noyon"]),
    ("80", "Amiens", 11, &["Amiens", "Abbeville", "Péronne", "Albert"]),
    ("02", "Amiens", 9, &["Saint-Quentin", "Laon", "Soissons", "Chauny"]),
];

const THINGS: [&str; 20] = [
    "de la Tuilerie",
    "du Moulin",
    "des Peupliers",
    "du Canal",
    "de l'Écluse",
    "de la Dentelle",
    "du Marais",
    "des Houblons",
    "de la Briqueterie",
    "du Beffroi",
    "de la Fosse",
    "des Chicorées",
    "du Pont",
    "de la Dune",
    "des Saules",
    "du Terril",
    "de la Filature",
    "des Hortillons",
    "de l'Estacade",
    "du Carillon",
];
const QUALITIES: [&str; 12] = [
    "Neuf", "Vert", "Haut", "Bleu", "Blanc", "Long", "Clair", "Rond", "Gris", "Doré", "Perdu",
    "Noir",
];

/// What a size of school is drawn from: in hundredths of the average one.
const SIZES: [u64; 7] = [45, 65, 85, 100, 115, 140, 175];

/// All the schools of an academy of about `pupils` pupils.
pub fn schools(seed: u64, pupils: u32, count: u32, teachers: f64, bts_rate: f64) -> Vec<School> {
    let shares: Vec<u64> = (0..count).map(|index| share(seed, index)).collect();
    let all: u64 = shares.iter().sum();
    let mut schools = Vec::new();
    let mut serials = [SCHOOL_SERIAL; DEPARTMENTS.len()];
    let mut next = [0_u32, 0];
    let mut epp = [30_000_u32, 30_000];
    for (index, share) in (0..count).zip(shares) {
        let size = u64::from(pupils) * share / all.max(1);
        let mut school = school(seed, index, count, size, bts_rate, &mut serials);
        school.staff = staff(size, teachers);
        let academy = usize::from(school.academy != "Lille");
        (school.first_pupil, school.first_staff, school.first_epp) =
            (next[0], next[1], epp[academy]);
        next = [next[0] + school.pupils(), next[1] + school.staff];
        epp[academy] += school.staff;
        schools.push(school);
    }
    schools
}

fn share(seed: u64, index: u32) -> u64 {
    let mut stream = Stream::numbered(seed, "size", u64::from(index));
    SIZES[stream.index(SIZES.len())]
}

/// Teachers, and about one office for 60 pupils.
fn staff(pupils: u64, teachers: f64) -> u32 {
    let teachers = (pupils as f64 * teachers).ceil() as u64;
    (teachers + 6 + pupils / 60) as u32
}

fn school(
    seed: u64,
    index: u32,
    count: u32,
    pupils: u64,
    bts_rate: f64,
    serials: &mut [u32; DEPARTMENTS.len()],
) -> School {
    let mut stream = Stream::numbered(seed, "school", u64::from(index));
    let place = department(&mut stream, index, count);
    let (department, academy, _, towns) = DEPARTMENTS[place];
    // Of eight schools three are lycées professionnels and two have BTS.
    let kind = match index % 8 {
        1 | 4 | 6 => Kind::Vocational,
        other => Kind::General { bts: matches!(other, 0 | 5) },
    };
    let (thirds, bts) = match kind {
        Kind::Vocational => (0.12, 0.0),
        // All who go on, from eight schools, come to two.
        Kind::General { bts: true } => (0.0, bts_rate * 8.0 / 2.0),
        Kind::General { bts: false } => (0.0, 0.0),
    };
    let even = |number: f64| (number / 2.0).ceil() as u32 * 2;
    let age_group = even(pupils as f64 / (3.0 + thirds + 2.0 * bts)).max(2);
    let number: u32 = department.parse::<u32>().unwrap_or(59) * 10_000 + serials[place];
    serials[place] += 1;
    let level = if kind == Kind::Vocational { "Lycée professionnel" } else { "Lycée" };
    let name = format!("{level} {} {}", stream.pick(&THINGS), stream.pick(&QUALITIES));
    let first = index as usize / BASIN * BASIN;
    School {
        uai: keys::uai(number),
        name,
        town: stream.pick(towns),
        department,
        academy,
        kind,
        age_group,
        bts_group: even(f64::from(age_group) * bts),
        thirds: even(f64::from(age_group) * thirds),
        first_pupil: 0,
        first_staff: 0,
        first_epp: 0,
        staff: 0,
        basin: first..(first + BASIN).min(count as usize),
    }
}

/// Basins lie in one département, most of them; the last school of each is over the border.
fn department(stream: &mut Stream, index: u32, count: u32) -> usize {
    let basins = u64::from(count).div_ceil(BASIN as u64);
    let basin = u64::from(index) / BASIN as u64;
    let middle = (2 * basin + 1) * 100 / (2 * basins);
    let mut sum = 0;
    let reached = DEPARTMENTS.iter().position(|(_, _, share, _)| {
        sum += share;
        middle < sum
    });
    let here = reached.unwrap_or(0);
    if index as usize % BASIN == BASIN - 1 || (count > 1 && stream.once_in(12)) {
        return (here + 1) % DEPARTMENTS.len();
    }
    here
}

/// `schools.csv` of the academy.
pub fn csv(schools: &[School]) -> String {
    let mut text = format!("{}\n", crate::config::schools::HEADER);
    for school in schools {
        let service = if school.academy == "Lille" { "Service Nord" } else { "Service Sud" };
        let fields = [
            &*school.uai,
            &*school.name,
            school.town,
            school.department,
            school.academy,
            service,
            "Équipe 1",
            school.town,
            "sts-siecle",
            "",
            "",
        ];
        text.push_str(&fields.join(";"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn schools_have_their_own_codes_and_numbers_follow_each_other() {
        for (pupils, count) in [(700, 1), (9_000, 8), (500_000, 420), (3_000_000, 2_600)] {
            let schools = schools(7, pupils, count, 0.09, 0.13);
            let codes: BTreeSet<_> = schools.iter().map(|school| &school.uai).collect();
            assert_eq!(codes.len(), count as usize);
            let mut next = 0;
            for school in &schools {
                assert!(school.uai.parse::<crate::model::ids::Uai>().is_ok());
                assert_eq!(school.first_pupil, next);
                next += school.pupils();
            }
            // Numbers for pupils and half as many second INEs must fit into 99xxxxxxx.
            assert!(u64::from(next) * 3 / 2 < 10_000_000, "{next}");
        }
    }

    #[test]
    fn the_list_is_read_without_a_problem() {
        let schools = schools(7, 50_000, 40, 0.09, 0.13);
        let mut problems = Vec::new();
        let text = csv(&schools);
        let (read, without) =
            crate::config::schools::parse(text.as_bytes(), "schools.csv", &mut problems);
        assert_eq!((read.len(), without, problems.len()), (40, 0, 0));
        let academies: BTreeSet<_> = schools.iter().map(|school| school.academy).collect();
        assert_eq!(academies.len(), 2);
    }
}
