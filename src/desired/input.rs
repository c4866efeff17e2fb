//! What the people room is given of one school.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::policy::Policy;
use crate::model::delivery::{Delivery, Source};
use crate::model::ids::SchoolYear;
use crate::model::record::{Content, PupilRecord, StaffRecord};
use crate::model::school::School;
use crate::validate::Verdict;

/// One school: its deliveries in force and what validation said of them.
pub struct SchoolInput<'a> {
    pub school: &'a School,
    pub deliveries: BTreeMap<Source, &'a Delivery>,
    /// Where nobody may leave on the delivery in force: the one that departures are measured on.
    pub measured: &'a BTreeMap<Source, Delivery>,
    pub verdict: &'a Verdict,
    /// In which instants become days.
    pub zone: &'a TimeZone,
}

impl SchoolInput<'_> {
    /// Whether being absent from the file of this source means something (DESIGN rule 1).
    pub fn complete(&self, source: Source) -> bool {
        let rejected = |delivery: &&Delivery| delivery.counts.rejected > 0;
        !self.verdict.no_departures.contains(&source)
            && self.deliveries.get(&source).is_some_and(|delivery| !rejected(delivery))
    }

    /// Whether the file of this source was made after the first weeks of its school year, while
    /// classes are typed: by its export, else by its receipt.
    pub(super) fn settled(&self, source: Source, policy: &Policy) -> bool {
        let Some(delivery) = self.deliveries.get(&source) else { return false };
        let (month, day) = policy.not_listed_from;
        let made_at = delivery.header.exported_at.unwrap_or(delivery.last_received_at);
        let made_on = self.zone.to_datetime(made_at).date();
        Date::new(delivery.header.school_year.0, month, day).is_ok_and(|from| made_on >= from)
    }

    pub(super) fn pupils(&self) -> &[PupilRecord] {
        match self.deliveries.get(&Source::SieclePupils).map(|delivery| &delivery.content) {
            Some(Content::Pupils(records)) => records,
            Some(Content::Structures(_) | Content::Nomenclature(_) | Content::Sts(_)) | None => &[],
        }
    }

    pub(super) fn staff(&self) -> &[StaffRecord] {
        match self.deliveries.get(&Source::Sts).map(|delivery| &delivery.content) {
            Some(Content::Sts(content)) => &content.staff,
            Some(Content::Pupils(_) | Content::Structures(_) | Content::Nomenclature(_)) | None => {
                &[]
            }
        }
    }

    pub(super) fn is_set_aside(&self, source: Source, line: u64) -> bool {
        self.verdict.set_aside.contains(&(source, line))
    }

    /// The school year that counts here: the newest among the deliveries in force. Links of an
    /// older file are not joined with it: last year's teachers would enter this year's classes.
    pub fn year(&self) -> Option<SchoolYear> {
        self.deliveries.values().map(|delivery| delivery.header.school_year).max()
    }

    pub(super) fn year_of_source(&self, source: Source) -> Option<SchoolYear> {
        self.deliveries.get(&source).map(|delivery| delivery.header.school_year)
    }
}
