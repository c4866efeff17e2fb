//! How many rows: over the limits, far from the last delivery, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use super::divisions::structures_of;
use super::view::{Verdict, View, pupils_of};
use crate::model::delivery::{Counts, Delivery, Source};
use crate::model::finding as kind;
use crate::model::ids::StructureKind;
use crate::model::record::Content;

/// More people or classes than a school has (SEC-40): the whole file is left out.
pub(super) fn volume(view: &View<'_>, verdict: &mut Verdict) {
    for (source, delivery) in &view.current {
        let structures = structures_of(&delivery.content).iter();
        let divisions = structures.filter(|it| it.kind == StructureKind::Division).count();
        let (people, _) = sizes(delivery);
        for (what, count, limit) in [
            ("personnes", people, view.policy.people_max),
            ("classes", divisions, view.policy.classes_max),
        ] {
            if count > limit {
                let finding = view
                    .about_file(kind::TOO_MANY_ROWS, *source)
                    .with("what", what)
                    .with("count", count)
                    .with("max", limit);
                verdict.add(*source, finding);
                verdict.set_aside.extend(person_lines(delivery).map(|line| (*source, line)));
                verdict.refused.insert(*source);
                verdict.no_departures.insert(*source);
            }
        }
    }
}

/// Rows that may be missing from a file too small for a share.
pub(super) const SMALL_DROP_MAX: usize = 2;

/// Far fewer rows than the last delivery of the year: nobody leaves on this file (DESIGN rule 1).
/// Far more: told.
pub(super) fn rows(view: &View<'_>, verdict: &mut Verdict) {
    for (source, delivery, last) in comparable(view) {
        let ((people, structures), (last_people, last_structures)) = (sizes(delivery), sizes(last));
        // A kind that is gone whole is a part of the file that is missing, however small it was.
        for (what, part) in
            [("classes", StructureKind::Division), ("groupes", StructureKind::Group)]
        {
            let of_kind = |one: &Delivery| {
                structures_of(&one.content).iter().filter(|it| it.kind == part).count()
            };
            let (now, before) = (of_kind(delivery), of_kind(last));
            if now == 0 && before > 0 {
                verdict.no_departures.insert(source);
                let finding = view.about_file(kind::COUNT_DROPPED, source);
                let finding = finding.with("what", what).with("count", now).with("before", before);
                verdict.add(source, finding);
            }
        }
        for (what, now, before) in [
            ("personnes", people, last_people),
            ("classes et groupes", structures, last_structures),
        ] {
            let small = before < view.policy.count_rows_min;
            let kept_percent = 100_usize.saturating_sub(view.policy.count_drop_percent);
            // Of a small file a share says little: two may always go.
            let few = small && before.saturating_sub(now) <= SMALL_DROP_MAX;
            let kind = if now * 100 < before * kept_percent && !few {
                verdict.no_departures.insert(source);
                kind::COUNT_DROPPED
            } else if !small && now * 100 > before * (100 + view.policy.count_jump_percent) {
                kind::COUNT_JUMPED
            } else {
                continue;
            };
            let finding = view
                .about_file(kind, source)
                .with("what", what)
                .with("count", now)
                .with("before", before);
            verdict.add(source, finding);
        }
    }
}

/// Many pupils who are still listed have no class any more (formats 2.4).
pub(super) fn classes_lost(view: &View<'_>, verdict: &mut Verdict) {
    let source = Source::SieclePupils;
    let Some((_, _, last)) = comparable(view).find(|(found, _, _)| *found == source) else {
        return;
    };
    let now: BTreeMap<&str, bool> = view
        .present_pupils()
        .map(|pupil| (pupil.eleve_id.as_str(), pupil.divisions.is_empty()))
        .collect();
    let had = pupils_of(last).iter().filter(|pupil| !pupil.divisions.is_empty());
    let still: BTreeMap<&str, bool> = had
        .filter_map(|pupil| now.get_key_value(pupil.eleve_id.as_str()))
        .map(|(id, lost)| (*id, *lost))
        .collect();
    let lost = still.values().filter(|lost| **lost).count();
    if still.len() >= view.policy.count_rows_min
        && lost * 100 > still.len() * view.policy.classes_lost_percent
    {
        let finding = view
            .about_file(kind::CLASSES_LOST, source)
            .with("count", lost)
            .with("before", still.len());
        verdict.add(source, finding);
    }
}

/// Current deliveries with the one before them, of the same school year.
pub(super) fn comparable<'v, 'a>(
    view: &'v View<'a>,
) -> impl Iterator<Item = (Source, &'a Delivery, &'a Delivery)> + use<'v, 'a> {
    view.current.iter().filter_map(|(source, delivery)| {
        let last = view.before.get(source)?;
        let same_year = last.header.school_year == delivery.header.school_year;
        (same_year && last.digest != delivery.digest).then_some((*source, *delivery, *last))
    })
}

/// (people, structures) of a file.
pub(super) fn sizes(delivery: &Delivery) -> (usize, usize) {
    let structures = structures_of(&delivery.content).len();
    match &delivery.content {
        Content::Pupils(pupils) => (pupils.len(), structures),
        Content::Sts(sts) => (sts.staff.len(), structures),
        Content::Structures(_) | Content::Nomenclature(_) => (0, structures),
    }
}

/// Rows without a key or a name, which could be anybody: nobody leaves by being absent from the
/// file (DESIGN rule 1), and the school must know why.
pub(super) fn rejected(view: &View<'_>, verdict: &mut Verdict) {
    for source in [Source::SieclePupils, Source::Sts] {
        let Some(delivery) = view.current.get(&source) else { continue };
        if delivery.counts.rejected > 0 {
            let finding = view
                .about_file(kind::DEPARTURES_SUSPENDED, source)
                .with("count", delivery.counts.rejected);
            verdict.add(source, finding);
        }
    }
}

/// Lines of the rows that can be set aside: those of people.
pub(super) fn person_lines(delivery: &Delivery) -> impl Iterator<Item = u64> {
    let (pupils, staff) = match &delivery.content {
        Content::Pupils(pupils) => (pupils.as_slice(), [].as_slice()),
        Content::Sts(sts) => ([].as_slice(), sts.staff.as_slice()),
        Content::Structures(_) | Content::Nomenclature(_) => ([].as_slice(), [].as_slice()),
    };
    pupils.iter().map(|pupil| pupil.line).chain(staff.iter().map(|person| person.line))
}

/// The counts of a delivery with the rows that the checks set aside: read = accepted +
/// quarantined + rejected, always.
pub fn counts(delivery: &Delivery, verdict: &Verdict) -> Counts {
    let source = delivery.header.source;
    let aside: BTreeSet<u64> =
        verdict.set_aside.iter().filter(|(of, _)| *of == source).map(|(_, line)| *line).collect();
    let waiting = person_lines(delivery).filter(|line| aside.contains(line)).count();
    let waiting = u64::try_from(waiting).unwrap_or(u64::MAX).min(delivery.counts.accepted);
    Counts {
        accepted: delivery.counts.accepted - waiting,
        quarantined: delivery.counts.quarantined + waiting,
        ..delivery.counts
    }
}
