//! Which deliveries name a person: read from the contents that the store still keeps.

use std::collections::BTreeSet;

use super::session::Session;
use crate::clock;
use crate::matching::claim;
use crate::model::delivery::{Delivery, Source};
use crate::model::ids::{Digest, Uai};
use crate::model::person::{Identifier, Person};
use crate::model::record::Content;
use crate::report::story::{Mention, Mentions, Place};
use crate::store::deliveries;
use crate::store::{Store, StoreError};

/// Of the schools that ever declared the person.
pub(super) fn of(
    session: &Session,
    store: &Store,
    person: &Person,
) -> Result<Mentions, StoreError> {
    let in_force: BTreeSet<Digest> =
        deliveries::basis(store)?.into_iter().map(|basis| basis.digest).collect();
    let sla = &session.config.sla;
    let mut mentions = Mentions::default();
    // The school and source of the delivery before, and whether it named the person.
    let mut before: Option<(Uai, Source, bool)> = None;
    for row in deliveries::list(store)? {
        let (uai, source) = (row.header.uai.clone(), row.header.source);
        if !person.enrolments.contains_key(&uai) || !may_name(person, source) {
            continue;
        }
        let Some(delivery) = deliveries::load(store, &row.digest)? else {
            mentions.forgotten += 1;
            continue;
        };
        let place = place(session, &delivery, person);
        let was =
            before.is_some_and(|(school, file, was)| was && (&school, file) == (&uai, source));
        before = Some((uai, source, place.is_some()));
        if place.is_some() || was {
            mentions.list.push(Mention {
                in_force: in_force.contains(&row.digest),
                deadline: clock::deadline(row.received_at, &sla.calendar, sla.reading),
                delivery: row,
                place,
            });
        }
    }
    mentions.list.sort_by_key(|one| one.delivery.received_at);
    Ok(mentions)
}

/// Pupils are named in one file, staff in another.
fn may_name(person: &Person, source: Source) -> bool {
    person.identifiers.iter().any(|identifier| match identifier {
        Identifier::Siecle { .. } => source == Source::SieclePupils,
        Identifier::StsEpp { .. } | Identifier::StsLocal { .. } => source == Source::Sts,
        Identifier::Ine { .. } => false,
    })
}

fn place(session: &Session, delivery: &Delivery, person: &Person) -> Option<Place> {
    let uai = &delivery.header.uai;
    match &delivery.content {
        Content::Pupils(records) => records.iter().find_map(|record| {
            let number = Identifier::Siecle { uai: uai.clone(), id: record.eleve_id.clone() };
            person.identifiers.contains(&number).then(|| Place {
                line: record.line,
                classes: record.divisions.clone(),
                left_on: record.left_on,
            })
        }),
        Content::Sts(content) => {
            let school = session.config.schools.get(uai)?;
            content.staff.iter().find_map(|record| {
                let number = claim::staff_identifier(school, &record.staff);
                let classes = record.head_teacher_of.iter().map(|(code, _)| code.clone());
                person.identifiers.contains(&number).then(|| Place {
                    line: record.line,
                    classes: classes.collect(),
                    left_on: None,
                })
            })
        }
        Content::Structures(_) | Content::Nomenclature(_) => None,
    }
}
