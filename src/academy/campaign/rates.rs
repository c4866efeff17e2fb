//! The table of rates: how often each thing happens, in one place.
//!
//! Every row is a share from 0 to 1 with two defaults: ordinary typing, and hostile typing, in
//! which schools type three times as badly. Nobody has counted a real academy for us. A row that
//! says *matching N* follows section N of the notes on matching; *INSEE* or *DEPP* follow the
//! orders of magnitude that these publish; *calibrated* rows were set so that the whole agrees
//! with the measured figures of those notes (2 % of the links of 500,000 accounts cannot be made
//! by the INE, of which one in ten has other names or another date); *assumed* rows are ours.
//! Measured from autumn to rentrée: 7,296 of the 351,237 links of 500,000 pupils (seed 1) are not
//! the INE's, and names and date make 0.899 of these; with hostile typing 0.75 (100,000 pupils,
//! seed 2); 10.4 and 11.7 pairs of perfect homonyms in 100,000 records.
//! Of the records of a rentrée 31 % are new people, since a lycée keeps its pupils for three years;
//! the 16 % of the notes on matching are those of collèges and lycées together.
//! `rentree academy --print-rates` prints the table as a file that `--rates` takes.

use std::fmt::Write as _;

/// How well the schools type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Typing {
    /// About one record in ten that is typed by hand differs in names or date
    Ordinary,
    /// Three times as many typing errors
    Hostile,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub name: &'static str,
    /// What it means, and where the number comes from.
    pub meaning: &'static str,
    pub ordinary: f64,
    pub hostile: f64,
}

macro_rules! rates {
    ($($(#[doc = $doc:literal])+ $name:ident = $ordinary:literal, $hostile:literal;)+) => {
        /// All rates of one academy, each from 0 to 1.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Rates {
            $($(#[doc = $doc])+ pub $name: f64,)+
        }

        /// The rows, in the order of the source.
        pub const TABLE: &[Row] = &[$(Row {
            name: stringify!($name),
            meaning: concat!($($doc),+),
            ordinary: $ordinary,
            hostile: $hostile,
        }),+];

        impl Rates {
            /// The defaults.
            pub fn of(typing: Typing) -> Self {
                match typing {
                    Typing::Ordinary => Self { $($name: $ordinary),+ },
                    Typing::Hostile => Self { $($name: $hostile),+ },
                }
            }

            /// The value of a row.
            fn value(&mut self, name: &str) -> Option<&mut f64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

rates! {
    // --- who the people are
    /// Pupils who are twins (matching 1).
    twins = 0.03, 0.03;
    /// Pairs of twins whose first names are close, such as Jules and Julie (matching 1).
    close_twins = 0.333, 0.333;
    /// Pairs of twins who are two of triplets (INSEE: one multiple birth in seventy).
    triplets = 0.015, 0.015;
    /// Pupils who have an elder brother or sister in the school, or who was there (assumed).
    siblings = 0.15, 0.15;
    /// Pairs of perfect homonyms for each record: same names and birth date (matching 1: 10 in
    /// 100,000). Those that chance makes are counted in; above a million pupils it makes more.
    perfect_homonyms = 0.0001, 0.0001;
    /// Surnames that no list of common names has (INSEE: the 10,000 commonest bear 91 %).
    rare_surnames = 0.09, 0.09;
    /// Double surnames, as given to children since 2005 (INSEE: one child in ten lately).
    double_surnames = 0.06, 0.06;
    /// Compound first names beside those of the list (assumed).
    compound_given = 0.015, 0.015;
    /// Pupils with a second first name (assumed).
    second_given = 0.7, 0.7;
    /// Pupils with a usage name (assumed).
    usage_names = 0.05, 0.05;
    /// Pupils born abroad: no commune of birth (INSEE).
    born_abroad = 0.06, 0.06;
    /// Pupils a year behind their age group (DEPP).
    late = 0.10, 0.10;

    // --- what becomes of them
    /// Pupils of seconde in a lycée professionnel who were in 3e in a lycée of the Région
    /// (assumed); all others come from a collège that the Région does not know.
    from_third = 0.12, 0.12;
    /// Of these, those who go to another school for seconde (assumed).
    third_moves = 0.5, 0.5;
    /// Pupils who do their year again (DEPP).
    repeats = 0.035, 0.035;
    /// Pupils of terminale who go on to a BTS of a lycée (DEPP, rounded).
    goes_on_to_bts = 0.13, 0.13;
    /// Pupils who leave the Région, or school, without having finished (assumed).
    leaves = 0.025, 0.025;
    /// Pupils of première and terminale who come from outside (assumed).
    newcomers = 0.02, 0.02;
    /// Pupils who change school without having to (matching 1: 4 to 5 %).
    changes_school = 0.045, 0.045;
    /// Of these, those who do so in winter (matching 1: a third in mid-year, with September).
    moves_in_winter = 0.25, 0.25;
    /// Of these, those who do so in the days after the rentrée.
    moves_in_september = 0.08, 0.08;
    /// Of those who go to another lycée, who goes anywhere in the Région rather than to one of the
    /// seven around; for a BTS, if there is one; staff as well (assumed).
    moves_far = 0.15, 0.15;
    /// Pupils who leave in the autumn and come back at the next rentrée (assumed).
    pauses = 0.004, 0.004;
    /// Of these, those who come back to another school (assumed).
    returns_elsewhere = 0.4, 0.4;
    /// Of these, those who come back typed anew, without INE (assumed).
    returns_without_ine = 0.25, 0.25;
    /// New pupils who arrive in the days after the rentrée (assumed).
    arrives_late = 0.01, 0.01;
    /// Pupils who leave in the days after the rentrée (assumed).
    leaves_in_september = 0.004, 0.004;
    /// Pupils who change class in these days (assumed).
    changes_class = 0.008, 0.008;
    /// Pupils without class at the rentrée; it comes in these days (formats 2.4).
    class_later = 0.006, 0.006;

    // --- how a change of school is told; what is left of the four is the right INE, typed anew
    /// Released: same INE, exit date at the old school (calibrated).
    released = 0.70, 0.70;
    /// Claimed by both schools, same INE (calibrated).
    claimed = 0.07, 0.07;
    /// Created anew without INE (calibrated).
    recreated_without_ine = 0.10, 0.10;
    /// Created anew with another INE (calibrated).
    recreated_new_ine = 0.05, 0.05;
    /// Pupils created anew whom the old school goes on listing (assumed).
    still_listed = 0.4, 0.4;

    // --- the INE
    /// Pupils without INE in their first record (calibrated).
    ine_missing = 0.005, 0.005;
    /// New pupils without INE in September (assumed).
    ine_missing_new = 0.012, 0.012;
    /// Missing INEs that are there at the next delivery (assumed).
    ine_found_later = 0.5, 0.5;
    /// Pupils whose record carries the INE of their neighbour too (assumed).
    ine_shared = 0.0002, 0.0002;
    /// Pairs of twins whose INEs are exchanged (assumed).
    ine_swapped_twins = 0.004, 0.012;
    /// INEs typed by hand with one wrong digit (assumed).
    ine_digit = 0.02, 0.06;
    /// INEs typed by hand that are a twin's or a neighbour's (assumed).
    ine_neighbour = 0.006, 0.018;

    // --- typing by hand, for each record typed
    /// How often the errors below are in the very first record of a pupil, against one that a
    /// lycée types anew in a hurry (assumed).
    first_typing = 0.4, 0.4;
    /// A wrong, doubled, missing or exchanged letter in the name (calibrated).
    keyboard_family = 0.024, 0.072;
    /// The same in the first name (calibrated).
    keyboard_given = 0.024, 0.072;
    /// A letter misread from paper in name or first name: `rn` for `m` (calibrated).
    ocr = 0.008, 0.024;
    /// Accents lost in the name (capitals; assumed).
    accents_lost_family = 0.5, 0.6;
    /// Accents lost in the first name (assumed).
    accents_lost_given = 0.15, 0.3;
    /// First name written in capitals (assumed).
    given_in_capitals = 0.15, 0.3;
    /// Compound first names cut after the first (assumed).
    compound_truncated = 0.08, 0.2;
    /// Compound first names with a space, or nothing, for the hyphen (assumed).
    compound_respaced = 0.3, 0.5;
    /// Double names in the other order (assumed).
    double_reordered = 0.03, 0.09;
    /// Double names of which one is dropped (assumed).
    double_halved = 0.06, 0.18;
    /// Double names with a space or two hyphens (assumed).
    double_respaced = 0.3, 0.5;
    /// Particles glued to the name, or apostrophes lost (assumed).
    particle_glued = 0.15, 0.3;
    /// Usage names typed as family name (assumed).
    usage_as_family = 0.12, 0.3;
    /// Usage names dropped (assumed).
    usage_dropped = 0.3, 0.5;
    /// First and second first name exchanged (calibrated).
    given_exchanged = 0.006, 0.018;
    /// Name and first name swapped (calibrated).
    names_swapped = 0.003, 0.009;
    /// Day and month of birth swapped, when that is a date (calibrated).
    day_month_swapped = 0.014, 0.042;
    /// One wrong digit in the birth date (calibrated).
    date_digit = 0.018, 0.054;
    /// No commune of birth (assumed).
    birthplace_missing = 0.04, 0.12;
    /// No second first name (assumed).
    second_given_missing = 0.12, 0.3;
    /// No school of last year (assumed).
    previous_school_missing = 0.03, 0.09;
    /// No school of last year in a record typed anew (assumed).
    previous_school_unasked = 0.25, 0.5;
    /// Letters that Siècle cannot write, sent as `?` rather than plain (formats 2.2; assumed).
    lost_bytes = 0.05, 0.1;
    /// Names stored as UTF-8 read as windows-1252, such as `ZoÃ©` (assumed).
    mojibake = 0.0002, 0.0006;
    /// Records edited in place between two school years: corrected, spoilt, or with a usage name
    /// (assumed).
    edited = 0.012, 0.036;

    // --- the files
    /// Files that declare ISO-8859-15 and are UTF-8 (formats 6.1; assumed).
    misdeclared_utf8 = 0.05, 0.05;
    /// Files that declare ISO-8859-15 and are windows-1252 (formats 6.1; assumed).
    misdeclared_cp1252 = 0.03, 0.03;
    /// Files declared and really in UTF-8 (assumed).
    proper_utf8 = 0.06, 0.06;
    /// Files with the memberships before the pupils (formats 2.2; assumed).
    structures_first = 0.2, 0.2;

    // --- the staff
    /// Teachers for each pupil (DEPP: about 11 pupils to a teacher).
    teachers = 0.09, 0.09;
    /// Teachers who also teach in a second school (assumed).
    two_schools = 0.06, 0.06;
    /// Teachers who are substitutes (assumed).
    substitutes = 0.04, 0.04;
    /// Staff typed by the head: local, without birth date (assumed).
    local_staff = 0.06, 0.06;
    /// Local people who have an `epp` number the year after (assumed).
    local_becomes_epp = 0.15, 0.15;
    /// Staff with another usage name the year after (assumed).
    marries = 0.01, 0.01;
    /// Staff who leave between the two years; as many arrive (assumed).
    staff_leaves = 0.06, 0.06;
    /// Staff who move to another school between the two years (assumed).
    staff_moves = 0.03, 0.03;
    /// Staff with a child among the pupils of the school: the same family name (assumed).
    staff_parents = 0.02, 0.02;
    /// Of these, those whose first name is the child's as well (assumed).
    parent_same_given = 0.04, 0.04;
    /// Staff whose name or first name has a wrong letter in one year's files (assumed).
    staff_mistyped = 0.006, 0.018;
    /// Staff with a usage name, known by their birth name in one year's files (assumed).
    staff_usage_dropped = 0.03, 0.09;
    /// Staff without birth name in one year's files (assumed).
    staff_birth_name_missing = 0.02, 0.06;
    /// Staff whose usage name stands for the birth name too in one year's files (assumed).
    staff_birth_name_is_usage = 0.01, 0.03;
    /// Staff with a number but without birth date in one year's files (assumed).
    staff_date_missing = 0.005, 0.015;
    /// Staff with one wrong digit in the birth date in one year's files (assumed).
    staff_date_digit = 0.004, 0.012;
    /// Staff on leave: no function (formats 1.2; assumed).
    function_missing = 0.01, 0.01;
}

impl Rates {
    /// Reads the settings of a file over these. Every problem is told: unknown keys, values that
    /// are no share.
    pub fn set(&mut self, text: &str) -> Result<(), Vec<String>> {
        let table: toml::Table = text.parse().map_err(|error| vec![format!("{error}")])?;
        let mut problems = Vec::new();
        for (key, value) in table {
            let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
            match (self.value(&key), number) {
                (None, _) => problems.push(format!("{key}: there is no such rate")),
                (Some(_), None) => problems.push(format!("{key}: {value} is no number")),
                (Some(_), Some(number)) if !(0.0..=1.0).contains(&number) => {
                    problems.push(format!("{key}: {number} is no share from 0 to 1"));
                }
                (Some(rate), Some(number)) => *rate = number,
            }
        }
        let told = self.released + self.claimed + self.recreated_without_ine;
        if told + self.recreated_new_ine > 1.0 + 1e-9 {
            problems.push(
                "released, claimed, recreated_without_ine and recreated_new_ine: their sum is \
                 over 1"
                    .to_owned(),
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The table with these values, as a file that `set` reads.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut copy = self.clone();
        for row in TABLE {
            let value = copy.value(row.name).map_or(0.0, |value| *value);
            let _ = writeln!(text, "#{}", row.meaning);
            let _ = writeln!(text, "{} = {value:?}", row.name);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for typing in [Typing::Ordinary, Typing::Hostile] {
            let rates = Rates::of(typing);
            let mut read = Rates::of(Typing::Ordinary);
            assert_eq!(read.set(&rates.print()), Ok(()));
            assert_eq!(read, rates);
        }
    }

    #[test]
    fn every_problem_of_a_file_is_told_at_once() {
        let mut rates = Rates::of(Typing::Ordinary);
        let text = "twin = 0.1\nlate = 1.5\nocr = \"often\"\nreleased = 0.99\n";
        let problems = rates.set(text).unwrap_err().join("\n");
        let expect = "late: 1.5 is no share from 0 to 1\nocr: \"often\" is no number\n\
                      twin: there is no such rate\nreleased, claimed, recreated_without_ine and \
                      recreated_new_ine: their sum is over 1";
        assert_eq!(problems, expect);
    }

    #[test]
    fn hostile_typing_changes_the_typing_and_nothing_else() {
        let other = TABLE.iter().filter(|row| (row.ordinary - row.hostile).abs() > 1e-12);
        assert!(other.clone().all(|row| row.hostile > row.ordinary));
        assert!(other.count() > 20);
    }
}
