//! The table of checks: all of them run, in this order, on every school.

use super::view::{Verdict, View};
use super::{counts, dates, identity, names, pupils, replaced, staff, structures};
use crate::model::finding::{self as kind, Kind};

/// One check and the kinds of findings that it can leave.
pub struct Check {
    pub ids: &'static [Kind],
    pub run: fn(&View<'_>, &mut Verdict),
}

pub const CHECKS: &[Check] = &[
    Check { ids: &[kind::TOO_MANY_ROWS], run: counts::volume },
    Check { ids: &[kind::COUNT_DROPPED, kind::COUNT_JUMPED], run: counts::rows },
    Check { ids: &[kind::PEOPLE_REPLACED], run: replaced::replaced },
    Check { ids: &[kind::DEPARTURES_SUSPENDED], run: counts::rejected },
    Check { ids: &[kind::CLASSES_LOST], run: counts::classes_lost },
    Check { ids: &[kind::ID_DUPLICATED], run: identity::ids_duplicated },
    Check { ids: &[kind::INE_DUPLICATED], run: identity::ine_duplicated },
    Check { ids: &[kind::INE_MISSING], run: identity::ine_missing },
    Check {
        ids: &[
            kind::NAME_MISSING,
            kind::NAME_REPAIRED,
            kind::NAME_DAMAGED,
            kind::NAME_GENERIC,
            kind::NAME_HOSTILE,
            kind::NAME_TOO_LONG,
        ],
        run: names::names,
    },
    Check { ids: &[kind::BIRTHDATE_MISSING, kind::BIRTHDATE_IMPLAUSIBLE], run: dates::births },
    Check { ids: &[kind::STATUS_OUT_OF_SCOPE], run: pupils::status },
    Check { ids: &[kind::PUPIL_NOT_ARRIVED, kind::NO_DIVISION], run: pupils::arrival },
    Check { ids: &[kind::DIVISION_AMBIGUOUS], run: pupils::division_ambiguous },
    Check { ids: &[kind::PUPIL_LEFT], run: pupils::left },
    Check { ids: &[kind::EXIT_BEFORE_ENTRY], run: pupils::exit_before_entry },
    Check { ids: &[kind::MEF_UNKNOWN], run: pupils::mef_unknown },
    Check { ids: &[kind::STRUCTURE_DUPLICATED], run: structures::duplicated },
    Check {
        ids: &[
            kind::STRUCTURE_NEAR_MISS,
            kind::DIVISION_UNKNOWN,
            kind::DIVISION_WITHOUT_TEACHER,
            kind::DIVISION_WITHOUT_PUPIL,
        ],
        run: structures::divisions,
    },
    Check { ids: &[kind::STRUCTURE_NEAR_MISS, kind::GROUP_UNKNOWN], run: structures::groups },
    Check { ids: &[kind::SERVICES_EMPTY], run: staff::services_empty },
    Check {
        ids: &[kind::FUNCTION_MISSING, kind::FUNCTION_UNKNOWN, kind::FUNCTION_WITHOUT_ACCOUNT],
        run: staff::functions,
    },
    Check { ids: &[kind::DANGLING_TEACHER], run: staff::dangling_teachers },
    Check { ids: &[kind::HEAD_TEACHER_UNKNOWN_DIVISION], run: staff::head_teachers },
];
