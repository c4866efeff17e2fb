//! The people of the stories, all invented. Tests and the last screen of the demo name them.

use jiff::civil::{Date, date};

use super::schools::{FOSSE, MARAIS, PIERRE, REMPART};

/// A pupil of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Character {
    /// As in Siècle: capitals, with their accents.
    pub family: &'static str,
    pub usage: Option<&'static str>,
    pub given: &'static str,
    pub born: Date,
    pub school: &'static str,
    pub division: &'static str,
    /// A second division in the same file.
    pub second_division: Option<&'static str>,
    /// Number of the INE in the range 99…; `keys::ine` gives the text.
    pub ine: Option<u32>,
    pub entered: Date,
    pub left: Option<Date>,
    /// The file names the group before the division.
    pub group_first: bool,
}

const fn pupil(
    (family, given): (&'static str, &'static str),
    born: Date,
    (school, division): (&'static str, &'static str),
    ine: u32,
) -> Character {
    Character {
        family,
        usage: None,
        given,
        born,
        school,
        division,
        second_division: None,
        ine: Some(ine),
        entered: date(2026, 9, 1),
        left: None,
        group_first: false,
    }
}

/// Moves to `MARAIS` on the second day, released by an exit date.
pub const MOVING: Character = pupil(("LEFÈVRE", "Inès"), date(2011, 3, 14), (REMPART, "2A1"), 1);
/// Where she goes.
pub const MOVING_TO: (&str, &str) = (MARAIS, "1G3");
/// On the second day `MARAIS` lists him too, and `REMPART` has not let go.
pub const CLAIMED: Character = pupil(("HADDAD", "Yanis"), date(2010, 6, 2), (REMPART, "1G2"), 2);
/// Where he is claimed.
pub const CLAIMED_BY: (&str, &str) = (MARAIS, "1G1");

/// Same name and birth date, neighbouring INEs, one letter apart.
pub const TWINS: [Character; 2] = [
    pupil(("DELATTRE", "Jules"), date(2011, 4, 18), (REMPART, "2A2"), 11),
    pupil(("DELATTRE", "Julie"), date(2011, 4, 18), (REMPART, "2A2"), 12),
];
/// Same names, other birth dates.
pub const HOMONYMS: [Character; 2] = [
    pupil(("MARTIN", "Léa"), date(2010, 2, 11), (REMPART, "1G1"), 13),
    pupil(("MARTIN", "Léa"), date(2009, 11, 30), (MARAIS, "TG1"), 14),
];
/// Same names and same birth date: two people all the same.
pub const PERFECT_HOMONYMS: [Character; 2] = [
    pupil(("PETIT", "Lucas"), date(2010, 7, 7), (REMPART, "1G3"), 15),
    pupil(("PETIT", "Lucas"), date(2010, 7, 7), (FOSSE, "1COM"), 16),
];
/// Accents and a ligature, really in ISO-8859-15.
pub const ACCENTS: Character =
    pupil(("CŒURET", "Maëlys Zoé"), date(2011, 1, 5), (REMPART, "2GT 1"), 17);
pub const PARTICLE: Character =
    pupil(("DE LA HAYE", "Gaspard"), date(2009, 5, 21), (REMPART, "TG1"), 18);
pub const DOUBLE_NAME: Character =
    pupil(("VANDENBROUCKE-LEMAIRE", "Marie-Amélie"), date(2010, 10, 9), (REMPART, "1STMG1"), 19);
pub const USAGE_NAME: Character = Character {
    usage: Some("CARPENTIER"),
    ..pupil(("BEN YOUSSEF", "Sarah"), date(2010, 12, 1), (REMPART, "1G1"), 20)
};
/// Sixty signs.
pub const LONG_NAME: Character = pupil(
    ("VANDERMEERSCHE DE LA CHAUSSÉE-D'ARMENTIÈRES VANDENBUSCH-ROUX", "Maximilien-Alexandre"),
    date(2011, 8, 30),
    (MARAIS, "2 É"),
    21,
);
pub const WITHOUT_INE: Character =
    Character { ine: None, ..pupil(("NOUVEAU", "Sacha"), date(2011, 2, 2), (FOSSE, "2ASSP"), 0) };
/// Siècle cannot write his name: the file says `WI?NIEWSKI`, `?ukasz` (formats 2.2).
pub const DAMAGED: Character =
    pupil(("WIŚNIEWSKI", "Łukasz"), date(2010, 3, 3), (REMPART, "1STMG2"), 22);
/// One INE typed on two pupils: both wait.
pub const SAME_INE: [Character; 2] = [
    pupil(("DUVAL", "Nina"), date(2011, 9, 12), (FOSSE, "2COM"), 23),
    pupil(("MOREL", "Tom"), date(2010, 9, 28), (FOSSE, "1MEI"), 23),
];
/// Nobody: accounts are nominative.
pub const GENERIC: Character = pupil(("ELEVE", "1"), date(2010, 1, 1), (MARAIS, "2 A"), 24);
/// Left before the first day, and still listed with the class.
pub const EXITED: Character = Character {
    left: Some(date(2026, 9, 3)),
    ..pupil(("GAUTHIER", "Robin"), date(2009, 4, 4), (REMPART, "TG2"), 25)
};
/// Begins on Monday of the week after.
pub const FUTURE: Character = Character {
    entered: date(2026, 9, 14),
    ..pupil(("LAMBERT", "Zélie"), date(2011, 5, 17), (MARAIS, "2 B"), 26)
};
/// Two divisions, both declared.
pub const TWO_DIVISIONS: Character = Character {
    second_division: Some("202"),
    ..pupil(("BOUTIN", "Côme"), date(2011, 6, 6), (PIERRE, "201"), 27)
};
pub const GROUP_FIRST: Character = Character {
    group_first: true,
    ..pupil(("HERBAUT", "Anatole"), date(2011, 7, 19), (REMPART, "2A3"), 28)
};
/// In `2A3` on the first day, in `2A4` on the second, with four of the crowd at the same school.
pub const CLASS_CHANGE: Character =
    pupil(("MERCIER", "Capucine"), date(2011, 3, 23), (REMPART, "2A3"), 29);
pub const CLASS_CHANGE_TO: &str = "2A4";
/// Exit date on the second day, with five of the crowd.
pub const DEPARTING: Character =
    pupil(("SÉNÉCHAL", "Ulysse"), date(2009, 8, 8), (REMPART, "TSTMG1"), 30);
/// No longer in the second day's file, without exit date, with two of the crowd at `MARAIS`.
pub const VANISHED: Character = pupil(("QUÉVA", "Roxane"), date(2010, 5, 5), (REMPART, "1G2"), 31);
/// First seen on the second day, with nine of the crowd.
pub const ARRIVING: Character = Character {
    entered: date(2026, 9, 8),
    ..pupil(("TOURÉ", "Mariama"), date(2011, 10, 10), (REMPART, "2A5"), 32)
};
/// In school 4, which is silent on the second day: nothing may happen to her.
pub const SILENT_SCHOOL: Character =
    pupil(("ÉVRARD", "Joséphine"), date(2010, 4, 1), (PIERRE, "102"), 33);
/// Last of school 3's file, cut off on the second day: nothing may happen to her.
pub const CUT_OFF: Character =
    pupil(("ZERROUKI", "Yasmine"), date(2009, 6, 13), (FOSSE, "TASSP"), 34);

/// Everybody of the first day.
pub const FIRST_DAY: [Character; 27] = [
    MOVING,
    CLAIMED,
    TWINS[0],
    TWINS[1],
    HOMONYMS[0],
    HOMONYMS[1],
    PERFECT_HOMONYMS[0],
    PERFECT_HOMONYMS[1],
    ACCENTS,
    PARTICLE,
    DOUBLE_NAME,
    USAGE_NAME,
    LONG_NAME,
    WITHOUT_INE,
    DAMAGED,
    SAME_INE[0],
    SAME_INE[1],
    GENERIC,
    EXITED,
    FUTURE,
    TWO_DIVISIONS,
    GROUP_FIRST,
    CLASS_CHANGE,
    DEPARTING,
    VANISHED,
    SILENT_SCHOOL,
    CUT_OFF,
];

/// A member of staff of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffCharacter {
    /// As in STSWeb: capitals.
    pub family: &'static str,
    pub given: &'static str,
    /// None: a local person (typed in STSWeb by the head).
    pub born: Option<Date>,
    pub schools: &'static [&'static str],
    /// `epp` or `local`.
    pub kind: &'static str,
    pub id: &'static str,
    pub function: Option<&'static str>,
    pub substitute: bool,
}

const fn teacher(
    (family, given): (&'static str, &'static str),
    born: Date,
    schools: &'static [&'static str],
    id: &'static str,
) -> StaffCharacter {
    StaffCharacter {
        family,
        given,
        born: Some(born),
        schools,
        kind: "epp",
        id,
        function: Some("ENS"),
        substitute: false,
    }
}

/// In `SUPPLEANTS`, and teaching a group.
pub const SUBSTITUTE: StaffCharacter = StaffCharacter {
    substitute: true,
    ..teacher(("DEWEZ", "HUGO"), date(1990, 5, 2), &[REMPART], "40017")
};
/// Typed by the head: no birth date, no birth name, no sex.
pub const LOCAL: StaffCharacter = StaffCharacter {
    born: None,
    kind: "local",
    function: Some("AED"),
    ..teacher(("VANHOVE", "MELANIE"), date(1990, 1, 1), &[REMPART], "3506")
};
/// One account for both schools: same `epp` number, same académie.
pub const TWO_SCHOOLS: StaffCharacter =
    teacher(("CREPIN", "SOLANGE"), date(1979, 11, 3), &[REMPART, FOSSE], "31990");
/// On long leave: no FONCTION, but a service is left over.
pub const FUNCTION_MISSING: StaffCharacter = StaffCharacter {
    function: None,
    ..teacher(("DUCROCQ", "ODILE"), date(1968, 2, 14), &[MARAIS], "41001")
};
pub const FUNCTION_UNKNOWN: StaffCharacter = StaffCharacter {
    function: Some("ZZZ"),
    ..teacher(("HUYNH", "BAO"), date(1985, 7, 1), &[MARAIS], "41002")
};
/// In the first day's file only.
pub const TEACHER_LEAVING: StaffCharacter =
    teacher(("MEUNIER", "JOSIANE"), date(1962, 12, 24), &[MARAIS], "41003");
/// In the second day's file only.
pub const TEACHER_ARRIVING: StaffCharacter =
    teacher(("PLANCKE", "VICTOR"), date(1994, 3, 9), &[REMPART], "41004");

/// All the staff of the stories.
pub const STAFF: [StaffCharacter; 7] = [
    SUBSTITUTE,
    LOCAL,
    TWO_SCHOOLS,
    FUNCTION_MISSING,
    FUNCTION_UNKNOWN,
    TEACHER_LEAVING,
    TEACHER_ARRIVING,
];
