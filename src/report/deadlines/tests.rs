use super::super::plan_sample;
use super::*;
use crate::clock::calendar::CalendarRules;
use crate::config::schools;

fn at(text: &str) -> Timestamp {
    format!("2026-09-{text}:00+02:00").parse().unwrap()
}

/// Lots as `uai since ended cause count`.
fn told(reading: Reading, lots: &[&str]) -> Deadlines {
    let list = "0590001F;Lycée A;Lille;59;Lille;Nord;Nord 1;Flandre;sts-siecle;;\n\
                0599990N;Lycée N;Lille;59;Lille;Nord;Nord 2;;sts-siecle;;\n\
                0809990Z;Lycée Z;Amiens;80;Amiens;;;;sts-siecle;;\n";
    let csv = format!("{}\n{list}", schools::HEADER);
    let schools = schools::parse(csv.as_bytes(), "schools.csv", &mut Vec::new()).0;
    let calendar = CalendarRules::standard().check().unwrap();
    let item = |lot: &&str| {
        let words: Vec<&str> = lot.split(' ').collect();
        let since = at(words[1]);
        Item {
            uai: words[0].parse().unwrap(),
            since,
            net_since: since,
            ended: (words[2] != "-").then(|| at(words[2])),
            cause: Cause::ALL.into_iter().find(|one| one.as_str() == words[3]).unwrap(),
            count: words[4].parse().unwrap(),
        }
    };
    let items: Vec<Item> = lots.iter().map(item).collect();
    let now = at("15T10:00");
    Deadlines::of(&Asked {
        items: &items,
        schools: &schools,
        terms: Terms { calendar: &calendar, reading, warn_at: &[0.5, 0.75], suspensions: &[], now },
        shadow: &Reading::ALL,
        forecast: &[("0599990N".parse().unwrap(), at("17T10:00"))].into(),
        end: Some(at("17T10:00")),
    })
}

const LOTS: [&str; 5] = [
    "0590001F 07T09:00 08T09:00 target 900",
    "0590001F 07T09:00 11T09:00 throttling 20",
    "0590001F 08T09:00 - review 3",
    "0599990N 11T09:00 - target 7",
    "0809990Z 14T09:00 14T21:00 target 50",
];

#[test]
fn figures_are_grouped_by_service_team_and_section() {
    //
    let told = told(Reading::R1, &LOTS);
    let teams: Vec<String> = told
        .teams
        .iter()
        .map(|one| {
            let path = [Some(&one.service), one.team.as_ref(), one.section.as_ref()];
            let path: Vec<&str> = path.into_iter().flatten().map(String::as_str).collect();
            format!("{} {}", path.join("/"), one.line.figures.count)
        })
        .collect();
    // A school without a service is in the region and in no team.
    assert_eq!(teams, ["Nord 930", "Nord/Nord 1 923", "Nord/Nord 1/Flandre 923", "Nord/Nord 2 7"]);
    assert_eq!((told.region.figures.count, told.schools.len()), (980, 3));
    assert_eq!(told.region.figures.on_time, 950);
}

#[test]
fn the_page_says_what_is_late_why_and_by_which_reading() {
    // the reading is a setting, and is printed with the calendar, its digest and
    // the edition of the time zones.
    let page = text(&told(Reading::R1, &LOTS), &TimeZone::get("Europe/Paris").unwrap());
    plan_sample::expect_file("deadlines/expected.txt", &page);
    let other = told(Reading::R2, &LOTS);
    assert_eq!((other.reading, other.region.late_gross), (Reading::R2, 0));
    assert_eq!(other.shadow.len(), 4);
}

#[test]
fn the_json_has_every_figure_of_every_level() {
    let json = serde_json::to_value(told(Reading::R1, &LOTS)).unwrap();
    let keys = [
        "count",
        "on_time",
        "late",
        "late_now",
        "open",
        "warned",
        "earliest_deadline",
        "late_net",
        "late_gross",
        "share_p50",
        "share_p95",
        "share_max",
        "forecast",
    ];
    for level in [&json["region"], &json["teams"][0], &json["schools"][0]] {
        assert!(keys.iter().all(|key| level.get(key).is_some()), "{level}");
    }
    assert_eq!(json["late"][0]["cause"], "throttling");
    assert_eq!(json["region"]["late"]["review"], 3);
}
