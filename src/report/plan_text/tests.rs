//! What the admin reads, whole.

use super::super::plan_sample;
use super::lines::names;
use super::*;
use crate::plan::Objection;

fn written(plan: &Plan, detail: Detail) -> String {
    told(plan, detail, true)
}

fn told(plan: &Plan, detail: Detail, is_said_still: bool) -> String {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let mut out = Vec::new();
    let instant = |text: &str| text.parse().unwrap();
    let (earliest, forecast) = ("2026-09-04T06:00:00Z", Some(instant("2026-09-01T07:00:02Z")));
    let deadline = Deadline { earliest: instant(earliest), margin: 255_598, forecast };
    let (deadline, now) = (Some(&deadline), plan.made_at);
    let view = View {
        number: 12,
        plan,
        deadline,
        now,
        zone: &zone,
        detail,
        is_said_still,
        approved_by: None,
    };
    write(&mut out, &view).unwrap();
    String::from_utf8(out).unwrap()
}

/// what will be late is not late yet.
#[test]
fn a_forecast_behind_the_deadline_is_late_only_once_the_deadline_has_passed() {
    let instant = |text: &str| -> Timestamp { text.parse().unwrap() };
    let earliest = instant("2026-09-04T06:00:00Z");
    let line = |margin, forecast, now| {
        let deadline = Deadline { earliest, margin, forecast };
        deadline_line(&deadline, instant(now), &TimeZone::UTC)
    };
    let end = Some(instant("2026-09-04T07:00:00Z"));
    let (before, behind) = ("2026-09-04T05:50:00Z", "2026-09-04T06:10:00Z");
    assert!(line(-3600, end, before).ends_with("07:00 +00:00  would be LATE"));
    assert!(line(-3600, end, behind).ends_with("07:00 +00:00  LATE"));
    assert!(line(-3600, None, behind).ends_with("06:00 +00:00  LATE"));
    let enough = Some(instant("2026-09-04T06:00:00Z"));
    assert!(line(0, enough, before).ends_with("06:00 +00:00"));
    // Whoever is due first is written first.
    assert!(line(0, end, before).ends_with("07:00 +00:00; every school in time by its own end"));
}

/// whoever takes a run back is told of the guard after it, where it will be there.
#[test]
fn what_comes_after_taking_back_is_told_only_where_it_comes() {
    let mut plan = plan_sample::plan();
    let is_told = |plan: &Plan, said| told(plan, Detail::Summary, said).contains("After it");
    assert!(!is_told(&plan, true));
    plan.origin.undoes = Some(2);
    assert!(is_told(&plan, true) && !is_told(&plan, false));
    plan.operations.iter_mut().for_each(|one| one.blocked = Some("no".to_owned()));
    assert!(!is_told(&plan, true));
}

/// SEC-42: whoever reads what to type can type it.
#[test]
fn a_plan_of_the_whole_region_is_let_pass_by_two() {
    let objection = |uai: Option<&str>| Objection {
        id: "too-many".into(),
        uai: uai.map(|uai| uai.parse().unwrap()),
        text: "8 of 42".into(),
    };
    let of_one = stop::lifting(3, "abc", &[objection(Some("0599990N"))], Some("Adèle"));
    let apply = "rentree apply 3 --confirm abc --reason TEXT";
    assert_eq!(of_one.line(), apply);
    let all = [objection(Some("0599990N")), objection(None)];
    let wide = stop::lifting(3, "abc", &all, None);
    let approve = "rentree approve 3 --confirm abc --reason TEXT";
    let line = format!("{approve}; and then, as it is region-wide, somebody else: {apply}");
    assert_eq!(wide.line(), line);
    assert!(wide.lines().contains(approve) && wide.lines().ends_with(&format!("  {apply}\n")));
    let approved = stop::lifting(3, "abc", &all, Some("Adèle"));
    let line = format!("as it is region-wide, and Adèle has approved it, somebody else: {apply}");
    assert_eq!(approved.line(), line);
    assert!(!approved.lines().contains("approve 3") && approved.lines().contains("Adèle"));
}

#[test]
fn a_plan_reads_as_expected() {
    let plan = plan_sample::plan();
    // The hash follows every field of the plan: it is not part of the expectation.
    let text = written(&plan, Detail::Full).replace(plan.hash.as_str(), "HASH");
    let text = text.replace(plan.hash.short(), "SHORT");
    plan_sample::expect_file("plan_text/expected.txt", &text);
}

#[test]
fn the_summary_leaves_out_the_changes_and_nothing_else() {
    let plan = plan_sample::plan();
    let (full, summary) = (written(&plan, Detail::Full), written(&plan, Detail::Summary));
    assert!(summary.lines().all(|line| full.contains(line)));
    assert!(!summary.contains("paul.exemple  displayName"));
    for part in ["STOPPED", "Deliveries", "Persons", "Operations", "Blocked", "Strays", "Doubles"] {
        assert!(summary.contains(part), "{part}");
    }
}

#[test]
fn an_empty_plan_says_that_there_is_nothing_to_do() {
    let mut plan = plan_sample::plan();
    plan.operations.clear();
    plan.objections.clear();
    let text = written(&plan, Detail::Full);
    assert!(text.contains("\nNothing to do where it could be read.\n"), "{text}");
    assert!(!text.contains("STOPPED"), "{text}");
    plan.summary.unread.clear();
    let text = written(&plan, Detail::Full);
    assert!(text.contains("\nNothing to do: everything stands as it should.\n"), "{text}");
}

#[test]
fn a_terminal_is_not_steered_by_a_name() {
    // SEC-39.
    let text = written(&plan_sample::plan(), Detail::Full);
    assert!(text.chars().all(|sign| sign == '\n' || !sign.is_control()), "{text}");
}

#[test]
fn a_long_list_of_members_is_cut_with_its_number() {
    let values = |count: u32| (0..count).map(|rank| format!("uid=e{rank:03},dc=fr")).collect();
    assert_eq!(names(&values(2)), "e000, e001");
    assert_eq!(names(&values(8)), "e000, e001, e002, e003, e004, e005, e006, e007");
    assert_eq!(names(&values(500)), "e000, e001, e002, e003, e004, e005, e006, e007 and 492 more");
}
