//! What each pupil's row says of status, arrival, departure and class.

use std::collections::{BTreeMap, BTreeSet};

use super::divisions::{Division, division_of, known_divisions};
use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding as kind;

/// `CODE_STATUT` of apprentices.
const APPRENTICE: &str = "AP";

/// Apprentices get no account unless the region says so.
pub(super) fn status(view: &View<'_>, verdict: &mut Verdict) {
    if view.policy.apprentices {
        return;
    }
    for pupil in view.present_pupils().filter(|it| it.status.as_deref() == Some(APPRENTICE)) {
        let finding = view.about_pupil(kind::STATUS_OUT_OF_SCOPE, pupil).with("status", APPRENTICE);
        verdict.add(Source::SieclePupils, finding);
    }
}

/// No class at all: the pupil is there when an INE and a past entry date say so; otherwise the row
/// waits. Classes are entered late in September (formats 2.4).
pub(super) fn arrival(view: &View<'_>, verdict: &mut Verdict) {
    for pupil in view.present_pupils().filter(|pupil| pupil.divisions.is_empty()) {
        let entered = pupil.entered_on.is_some_and(|day| day <= view.today);
        let arrived = entered && !pupil.ine.is_empty();
        let kind = if arrived { kind::NO_DIVISION } else { kind::PUPIL_NOT_ARRIVED };
        verdict.add(Source::SieclePupils, view.about_pupil(kind, pupil));
    }
}

/// Several classes, and the structures of the school do not decide.
pub(super) fn division_ambiguous(view: &View<'_>, verdict: &mut Verdict) {
    let known = known_divisions(view.current.values().copied());
    for pupil in view.present_pupils() {
        if let Division::Ambiguous(codes) = division_of(pupil, &known) {
            let codes: Vec<&str> = codes.iter().map(|code| code.0.as_str()).collect();
            let finding = view
                .about_row(kind::DIVISION_AMBIGUOUS, Source::SieclePupils, pupil.line)
                .with("id", &pupil.eleve_id)
                .with("codes", codes.join(", "));
            verdict.add(Source::SieclePupils, finding);
        }
    }
}

/// An exit before the entry is a typing error, and would close an account: the row waits.
pub(super) fn exit_before_entry(view: &View<'_>, verdict: &mut Verdict) {
    for pupil in view.pupils() {
        if let (Some(entered), Some(left)) = (pupil.entered_on, pupil.left_on)
            && left < entered
        {
            verdict.add(Source::SieclePupils, view.about_pupil(kind::EXIT_BEFORE_ENTRY, pupil));
        }
    }
}

/// Exited pupils stay listed: their number is told once.
pub(super) fn left(view: &View<'_>, verdict: &mut Verdict) {
    let count = view.pupils().len() - view.present_pupils().count();
    if count > 0 {
        let finding = view.about_file(kind::PUPIL_LEFT, Source::SieclePupils).with("count", count);
        verdict.add(Source::SieclePupils, finding);
    }
}

/// Codes of formation that the nomenclature does not have, once each.
pub(super) fn mef_unknown(view: &View<'_>, verdict: &mut Verdict) {
    let Some(mefs) = view.nomenclature() else { return };
    let known: BTreeSet<&str> = mefs.iter().map(|mef| mef.code.as_str()).collect();
    let mut unknown: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for pupil in view.present_pupils() {
        if let Some(mef) = pupil.mef.as_deref().filter(|mef| !known.contains(mef)) {
            unknown.entry(mef).or_insert((pupil.line, 0)).1 += 1;
        }
    }
    for (mef, (line, count)) in unknown {
        let finding = view
            .about_row(kind::MEF_UNKNOWN, Source::SieclePupils, line)
            .with("code", mef)
            .with("count", count);
        verdict.add(Source::SieclePupils, finding);
    }
}
