use super::*;
use crate::model::delivery::Source;
use crate::model::record::StsContent;
use crate::validate::fixture::{codes, delivery, division, group, lycee, pupil, staff};

const LILLE: &str = "0590001F";

pub(in crate::run) fn pupils(records: Vec<PupilRecord>) -> Delivery {
    delivery(Source::SieclePupils, "a.xml", Content::Pupils(records))
}

pub(in crate::run) fn sts(staff: Vec<StaffRecord>, structures: Vec<StructureRecord>) -> Delivery {
    delivery(Source::Sts, "a-sts.xml", Content::Sts(StsContent { staff, structures }))
}

pub(in crate::run) fn said<'a>(delivery: &'a Delivery, verdict: &Verdict) -> Said<'a> {
    let functions = include_str!("../../mappings/functions.toml");
    let functions = Functions::parse(functions, "functions.toml").unwrap();
    let today = "2026-11-12".parse().unwrap();
    Said::of(&lycee(LILLE), delivery, verdict, &functions, today)
}

fn place(kind: StructureKind, code: &str) -> Place {
    (kind, StructureCode(code.to_owned()))
}

/// What an export of before tells of somebody as the one in force does: the account, all that is
/// written of him, his places, and the record itself.
struct Case {
    then: Delivery,
    now: Delivery,
    verdict: Verdict,
    nobody_leaves: bool,
}

impl Case {
    fn of_pupils(then: Vec<PupilRecord>, now: Vec<PupilRecord>) -> Self {
        let (then, now) = (pupils(then), pupils(now));
        Self { then, now, verdict: Verdict::default(), nobody_leaves: false }
    }

    #[track_caller]
    fn check(&self, who: &Identifier, number: &str, expect: &str) {
        let now = said(&self.now, &Verdict::default());
        let then = said(&self.then, &self.verdict);
        let earlier = then.held_against(&now, Timestamp::UNIX_EPOCH, self.nobody_leaves);
        let in_division = |code: &str| Ask::In(place(StructureKind::Division, code));
        let asks = [
            ("right", Ask::Right),
            ("written", Ask::Written),
            ("2 A", in_division("2 A")),
            ("2 B", in_division("2 B")),
        ];
        let who = Identifiers::from([who.clone()]);
        let tells = asks.iter().filter(|(_, ask)| earlier.tells_of(&now.now(), &who, ask));
        let mut told: Vec<&str> = tells.map(|(name, _)| *name).collect();
        told.extend(earlier.tells_record(number).then_some("record"));
        assert_eq!(told.join(", "), expect);
    }

    #[track_caller]
    fn of_one(then: PupilRecord, now: PupilRecord, expect: &str) {
        Self::of_pupils(vec![then], vec![now]).check(&number("1"), "1", expect);
    }
}

pub(in crate::run) fn number(id: &str) -> Identifier {
    Identifier::Siecle { uai: LILLE.parse().unwrap(), id: id.to_owned() }
}

#[test]
fn an_export_tells_of_a_pupil_what_matters_to_what_is_written() {
    // another place in the file says nothing.
    Case::of_one(pupil(1, "1"), pupil(7, "1"), "right, written, 2 A, 2 B, record");
    // What serves matching only is in no target; the record is another one all the same.
    let other = PupilRecord { birth_date: None, ..pupil(1, "1") };
    Case::of_one(other, pupil(1, "1"), "right, written, 2 A, 2 B");
    // Another class: the account was told before, and so were the classes where he is in neither.
    let moved = PupilRecord { divisions: codes(&["2 C"]), ..pupil(1, "1") };
    Case::of_one(moved, pupil(1, "1"), "right, 2 B");
    let named = PupilRecord { names: staff(1, "1").names, ..pupil(1, "1") };
    Case::of_one(named, pupil(1, "1"), "right, 2 A, 2 B");
    // He was to come later, or had left.
    let later = PupilRecord { entered_on: "2027-01-04".parse().ok(), ..pupil(1, "1") };
    Case::of_one(later, pupil(1, "1"), "2 A, 2 B");
    let left = PupilRecord { left_on: "2026-10-01".parse().ok(), ..pupil(1, "1") };
    Case::of_one(left, pupil(1, "1"), "2 A, 2 B");
}

#[test]
fn who_is_in_one_export_only_is_told_by_that_one() {
    let both = || vec![pupil(1, "1"), pupil(2, "2")];
    let new = Case::of_pupils(vec![pupil(1, "1")], both());
    new.check(&number("2"), "2", "2 B");
    new.check(&number("1"), "1", "right, written, 2 A, 2 B, record");
    let gone = Case::of_pupils(both(), vec![pupil(1, "1")]);
    gone.check(&number("2"), "2", "2 B");
    // In neither of them: gone since the first. Unless that one is a file on which nobody leaves.
    gone.check(&number("3"), "3", "right, written, 2 A, 2 B, record");
    Case { nobody_leaves: true, ..gone }.check(&number("3"), "3", "record");
    // A record that was set aside told nothing.
    let mut aside = Case::of_pupils(both(), both());
    aside.verdict.set_aside.insert((Source::SieclePupils, 2));
    aside.check(&number("2"), "2", "2 B");
    aside.check(&number("1"), "1", "right, written, 2 A, 2 B, record");
}

#[test]
fn an_export_tells_of_staff_by_function_and_classes() {
    let with = |function: Option<&str>, code: &str| {
        let person = StaffRecord { function: function.map(str::to_owned), ..staff(1, "7") };
        sts(vec![person], vec![division(1, code, &["7"])])
    };
    let check = |then: Delivery, expect: &str| {
        let now = with(Some("ENS"), "2 A");
        let who = Identifier::StsEpp { academy: "lille".to_owned(), id: "7".to_owned() };
        let verdict = Verdict::default();
        Case { then, now, verdict, nobody_leaves: false }.check(&who, "7", expect);
    };
    check(with(Some("ENS"), "2 A"), "right, written, 2 A, 2 B, record");
    check(with(Some("ENS"), "2 B"), "right");
    check(with(None, "2 A"), "2 A, 2 B");
    check(with(Some("DIR"), "2 A"), "right, 2 A, 2 B");
}

#[test]
fn classes_and_groups_are_told_by_name_and_label() {
    let labelled =
        |label: &str| StructureRecord { label: Some(label.to_owned()), ..division(1, "2 A", &[]) };
    let then = sts(Vec::new(), vec![labelled("Seconde"), division(2, "2 B", &[])]);
    let now = sts(Vec::new(), vec![labelled("Seconde A"), group(2, "2 B", &[])]);
    let none = Verdict::default();
    let earlier = said(&then, &none).held_against(&said(&now, &none), Timestamp::UNIX_EPOCH, false);
    let expect = BTreeMap::from([
        (place(StructureKind::Division, "2 A"), false),
        (place(StructureKind::Division, "2 B"), true),
        (place(StructureKind::Group, "2 B"), true),
    ]);
    assert_eq!(earlier.places, expect);
}
