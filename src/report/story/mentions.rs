//! The deliveries that name a person, and the first after them that no longer do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::catalogue::shown;
use super::super::question::{french, moment, school};
use super::{Story, heading, line, sentence};
use crate::model::ids::StructureCode;
use crate::store::deliveries::DeliveryRow;

/// What a record says of where the person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In the file, from 1.
    pub line: u64,
    pub classes: Vec<StructureCode>,
    /// The day on which the school says that the person leaves, or left.
    pub left_on: Option<jiff::civil::Date>,
}

/// A delivery, and what it says of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub delivery: DeliveryRow,
    /// None: the file before it named the person, this one does not.
    pub place: Option<Place>,
    pub in_force: bool,
    /// The end of the 72 hours that its receipt began.
    pub deadline: Timestamp,
}

/// What was received about a person, by school and source, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mentions {
    pub list: Vec<Mention>,
    /// Deliveries of the same schools whose records are no longer kept (requirements 3.2).
    pub forgotten: usize,
}

pub(super) fn write(out: &mut String, story: &Story<'_>) {
    let Mentions { list, forgotten } = story.mentions;
    heading(out, "deliveries");
    if list.is_empty() {
        line(out, "no-deliveries", &[]);
    }
    for Mention { delivery, place, in_force, deadline } in list {
        let facts = [
            ("at", Some(moment(delivery.received_at, story.zone))),
            ("school", Some(school(story.schools, &delivery.header.uai))),
            ("source", Some(delivery.header.source.french().to_owned())),
            ("place", Some(place.as_ref().map_or_else(gone, said))),
            ("force", in_force.then(String::new)),
            ("deadline", Some(moment(*deadline, story.zone))),
        ];
        line(out, "delivery", &facts);
    }
    if *forgotten > 0 {
        line(out, "forgotten", &[("count", Some(forgotten.to_string()))]);
    }
}

fn gone() -> String {
    sentence("story", "not-named", &[])
}

fn said(place: &Place) -> String {
    let classes: Vec<String> = place.classes.iter().map(|code| shown(&code.0)).collect();
    let facts = [
        ("line", Some(place.line.to_string())),
        ("class", Some(classes.join(", ")).filter(|classes| !classes.is_empty())),
        ("left", place.left_on.map(french)),
    ];
    sentence("story", "named", &facts)
}

pub(super) fn json(mentions: &Mentions) -> Value {
    let one = |mention: &Mention| {
        let Mention { delivery, place, in_force, deadline } = mention;
        json!({
            "received_at": delivery.received_at,
            "deadline": deadline,
            "uai": delivery.header.uai,
            "source": delivery.header.source,
            "name": delivery.name,
            "digest": delivery.digest,
            "in_force": in_force,
            "line": place.as_ref().map(|place| place.line),
            "classes": place.as_ref().map(|place| &place.classes),
            "left_on": place.as_ref().and_then(|place| place.left_on),
        })
    };
    mentions.list.iter().map(one).collect()
}
