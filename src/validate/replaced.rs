//! As many rows, and other people: the file of another school, or of another base, under the number
//! of this one.

use std::collections::BTreeSet;

use super::counts::{SMALL_DROP_MAX, comparable, sizes};
use super::view::{Verdict, View, pupils_of};
use crate::model::delivery::Delivery;
use crate::model::finding as kind;
use crate::model::record::Content;

/// Many people of the last delivery of the year who are not listed any more, in a file that is no
/// smaller: nobody leaves on it (DESIGN rule 1). Pupils who have left stay listed, with the day
/// (formats 2.4); one who is typed anew keeps the INE.
pub(super) fn replaced(view: &View<'_>, verdict: &mut Verdict) {
    for (source, delivery, last) in comparable(view) {
        let (people, _) = sizes(delivery);
        let (before, gone) = gone(view, delivery, last);
        let percent_max = view.policy.count_drop_percent;
        // A file that is smaller has its own sentence.
        let is_smaller = people * 100 < sizes(last).0 * 100_usize.saturating_sub(percent_max);
        let few = before < view.policy.count_rows_min && gone <= SMALL_DROP_MAX;
        if gone * 100 > before * percent_max && !few && !is_smaller {
            verdict.no_departures.insert(source);
            let finding = view.about_file(kind::PEOPLE_REPLACED, source);
            verdict.add(source, finding.with("gone", gone).with("before", before));
        }
    }
}

/// Who was there, and how many of them are not listed any more.
fn gone(view: &View<'_>, delivery: &Delivery, last: &Delivery) -> (usize, usize) {
    match (&delivery.content, &last.content) {
        (Content::Pupils(now), Content::Pupils(_)) => {
            let numbers: BTreeSet<&str> = now.iter().map(|one| one.eleve_id.as_str()).collect();
            let ines: BTreeSet<_> = now.iter().flat_map(|one| &one.ine).collect();
            let there =
                pupils_of(last).iter().filter(|one| one.left_on.is_none_or(|on| on >= view.today));
            let (mut before, mut gone) = (0, 0);
            for pupil in there {
                let is_listed = numbers.contains(pupil.eleve_id.as_str())
                    || pupil.ine.iter().any(|ine| ines.contains(ine));
                before += 1;
                gone += usize::from(!is_listed);
            }
            (before, gone)
        }
        (Content::Sts(now), Content::Sts(last)) => {
            let numbers: BTreeSet<_> = now.staff.iter().map(|one| &one.staff).collect();
            let gone = last.staff.iter().filter(|one| !numbers.contains(&one.staff)).count();
            (last.staff.len(), gone)
        }
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::delivery::Source;
    use crate::validate::fixture::{Case, pupils};
    use crate::validate::tests::check;

    #[test]
    fn as_many_rows_of_other_people_are_no_departures() {
        // DESIGN rule 1, SEC-42: the file of another school has as many rows.
        for (others, of, is_told) in
            [(21_u64, 100, true), (20, 100, false), (3, 5, true), (2, 5, false)]
        {
            let some = usize::try_from(others).unwrap();
            // Who is typed anew keeps the INE.
            let mut anew = pupils(of);
            let first = anew.iter_mut().take(some);
            first.for_each(|pupil| pupil.eleve_id = format!("x{}", pupil.eleve_id));
            let case = Case::new().pupils(anew).before(pupils(of));
            assert!(check(&case, &[]).no_departures.is_empty(), "{others}");
            let now = pupils(of + others).split_off(some);
            let told = if is_told { &["people-replaced"][..] } else { &[] };
            let case = Case::new().pupils(now).before(pupils(of));
            let verdict = check(&case, told);
            assert_eq!(verdict.no_departures.contains(&Source::SieclePupils), is_told, "{others}");
            // Whoever has left with a day of it is not missed.
            let mut before = pupils(of);
            let first = before.iter_mut().take(some);
            first.for_each(|pupil| pupil.left_on = case.today.yesterday().ok());
            assert!(check(&case.before(before), &[]).no_departures.is_empty(), "{others}");
        }
    }
}
