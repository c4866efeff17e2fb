//! Rules that a Région sets: lifecycle, checks, guards, the 72 hours.

use jiff::tz::TimeZone;

use super::checked::{Reading, Sla};
use super::raw;
use crate::clock::calendar::CalendarRules;
use crate::desired::policy::{self as lifecycle, RETENTION_DAYS_MAX};
use crate::matching::policy as matching;
use crate::plan::guard;
use crate::validate::overrides::{Override, RawOverride};
use crate::validate::policy as checks;

impl Reading {
    pub(super) fn lifecycle(
        &mut self,
        turn: (i8, i8),
        year: &raw::SchoolYear,
        lifecycle: &raw::Lifecycle,
    ) -> lifecycle::Policy {
        let raw::Lifecycle { pupil_grace_days, staff_grace_days, retention_days } = *lifecycle;
        for (key, days) in [
            ("lifecycle.pupil_grace_days", pupil_grace_days),
            ("lifecycle.staff_grace_days", staff_grace_days),
            ("lifecycle.retention_days", retention_days),
        ] {
            if !(0..=RETENTION_DAYS_MAX).contains(&days) {
                self.wrong(key, format!("{days} is not within 0 to {RETENTION_DAYS_MAX} days"));
            }
        }
        lifecycle::Policy {
            pupil_grace_days,
            staff_grace_days,
            retention_days,
            turn,
            not_listed_from: self.day("school_year.not_listed_from", &year.not_listed_from),
        }
    }

    pub(super) fn checks(
        &mut self,
        turn: (i8, i8),
        year: &raw::SchoolYear,
        checks: &raw::Checks,
        zone: TimeZone,
    ) -> checks::Policy {
        let drop = self.percent("checks.count_drop_percent_max", checks.count_drop_percent_max);
        checks::Policy {
            zone,
            turn,
            early_from: self.day("school_year.early_from", &year.early_from),
            export_age_days_max: checks.export_age_days_max,
            count_drop_percent: usize::try_from(drop).unwrap_or(100),
            apprentices: checks.apprentices,
            ..checks::Policy::standard()
        }
    }

    pub(super) fn matching(&mut self, raw: &raw::Matching) -> matching::Policy {
        let raw::Matching {
            use_birthplace,
            use_sex,
            same_bits,
            margin_bits,
            ask_bits,
            question_wait_days,
            weights: _,
        } = *raw;
        for (key, bits, least) in [
            ("matching.same_bits", same_bits, matching::SAME_BITS_MIN),
            ("matching.margin_bits", margin_bits, matching::MARGIN_BITS_MIN),
            ("matching.ask_bits", ask_bits, -60.0),
        ] {
            if !(least..=60.0).contains(&bits) {
                self.wrong(key, format!("{bits} is not within {least} and 60 bits"));
            }
        }
        if ask_bits > same_bits {
            self.wrong("matching.ask_bits", "is above matching.same_bits");
        }
        if !(0..=matching::WAIT_DAYS_MAX).contains(&question_wait_days) {
            let most = matching::WAIT_DAYS_MAX;
            let key = "matching.question_wait_days";
            self.wrong(key, format!("{question_wait_days} is not within 0 to {most} days"));
        }
        matching::Policy {
            use_birthplace,
            use_sex,
            same_bits,
            margin_bits,
            ask_bits,
            question_wait_days,
        }
    }

    pub(super) fn overrides(&mut self, raw: Vec<RawOverride>) -> Vec<Override> {
        let mut parsed = Vec::new();
        for (rank, one) in raw.into_iter().enumerate() {
            let path = format!("{}: override {}", self.shown, rank + 1);
            parsed.extend(one.check(&path, &mut self.problems));
        }
        parsed
    }

    /// The calendar of the 72 hours, and when and what is told of them.
    pub(super) fn sla(&mut self, sla: raw::Sla, tz: &str) -> Option<Sla> {
        let raw::Sla { reading, hours, zone, week, office_hours, closed, worked, .. } = sla;
        let raw::Sla { shadow, mut warn_at, suspensions, .. } = sla;
        for share in &warn_at {
            if !(0.0..1.0).contains(share) {
                self.wrong("sla.warn_at", format!("{share} is no share of the delay below 1"));
            }
        }
        warn_at.sort_by(f64::total_cmp);
        for one in suspensions.iter().filter(|one| one.from >= one.to) {
            self.wrong("sla.suspensions", format!("{} is not before {}", one.from, one.to));
        }
        for one in suspensions.iter().filter(|one| one.reason.trim().is_empty()) {
            self.wrong("sla.suspensions", format!("the one from {} needs a reason", one.from));
        }
        let tz = tz.to_owned();
        let rules = CalendarRules { hours, tz, zone, week, office_hours, closed, worked };
        match rules.check() {
            Ok(calendar) => Some(Sla { reading, calendar, shadow, warn_at, suspensions }),
            Err(problems) => {
                problems.iter().for_each(|problem| self.wrong("sla", problem));
                None
            }
        }
    }

    pub(super) fn guard(&mut self, guard: &raw::Guard) -> guard::Policy {
        let proposed = guard::Policy::PROPOSED;
        let mut share = |key: &str, percent| self.percent(&format!("guard.{key}"), percent);
        let disables_percent_max = share("disables_percent_max", guard.disables_percent_max);
        let disables_all_percent_max =
            share("disables_overall_percent_max", guard.disables_overall_percent_max);
        let deletes_percent_max = share("deletes_percent_max", guard.deletes_percent_max);
        let creations_percent_max = share("creations_percent_max", guard.creations_percent_max);
        let classes_lost_percent_max =
            share("classes_lost_percent_max", guard.classes_lost_percent_max);
        let mut younger = |key: &str, percent: Option<u32>, proposed| {
            percent.map_or(proposed, |percent| share(key, percent))
        };
        let deletes_all_percent_max = younger(
            "deletes_overall_percent_max",
            guard.deletes_overall_percent_max,
            proposed.deletes_all_percent_max,
        );
        let renames_percent_max =
            younger("renames_percent_max", guard.renames_percent_max, proposed.renames_percent_max);
        guard::Policy {
            disables_percent_max,
            disables_all_percent_max,
            disables_max: guard.disables_max.unwrap_or(proposed.disables_max),
            disables_all_max: guard.disables_overall_max.unwrap_or(proposed.disables_all_max),
            deletes_percent_max,
            deletes_all_percent_max,
            deletes_max: guard.deletes_max.unwrap_or(proposed.deletes_max),
            deletes_all_max: guard.deletes_overall_max.unwrap_or(proposed.deletes_all_max),
            renames_percent_max,
            creations_percent_max,
            classes_lost_percent_max,
            accounts_min: guard.accounts_min,
            season: guard::Season {
                from: self.day("guard.season_from", &guard.season_from),
                until: self.day("guard.season_until", &guard.season_until),
            },
            two_users: guard.two_users.unwrap_or(proposed.two_users),
            ..proposed
        }
    }
}
