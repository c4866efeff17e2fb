//! School Data Sync V2.1, as Microsoft's format page has it: the second way into Office 365, for a
//! tenant that gives no rights to applications. Birth dates, telephones and flags are left out
//! (RGPD, minimisation).

use super::{File, REGION, ending, file, session, text};
use crate::desired::class_lists::ClassLists;
use crate::mapping::entries::Category;

/// The complete set; people under the names with which they sign in, by which School Data Sync
/// finds their accounts. Whoever is not in it becomes inactive there.
pub fn sds(lists: &ClassLists<'_>) -> csv::Result<Vec<File>> {
    let blank = String::new;
    let year = session(lists);
    let region = [REGION.to_owned(), lists.region.to_owned(), "district".to_owned(), blank()];
    let schools = lists.schools.iter().map(|school| {
        [text(&school.uai), school.name.clone(), "school".to_owned(), REGION.to_owned()]
    });
    let people = lists.people.iter().map(|(key, one)| {
        [key.clone(), one.username.clone(), one.given.clone(), one.called.clone()]
    });
    let roles = lists.people.iter().flat_map(|(key, one)| {
        one.roles.iter().map(|(uai, category)| {
            let is_primary = one.place == Some(*uai) || one.roles.len() == 1;
            let role = match category {
                Category::Pupil => "student",
                Category::Teacher => "teacher",
                Category::Staff => "staff",
            };
            [key.clone(), text(uai), role.to_owned(), year.clone(), is_primary.to_string()]
        })
    });
    let classes = lists.classes.iter().map(|class| {
        let (id, title, code) = (class.id.clone(), class.label.to_owned(), class.name.to_owned());
        [id, text(class.uai), title, year.clone(), code]
    });
    let enrollments = lists.classes.iter().flat_map(|class| {
        let pupils = class.pupils.iter().map(|key| (key, "student"));
        let teachers = class.teachers.iter().map(|key| (key, "teacher"));
        pupils.chain(teachers).map(|(key, role)| [class.id.clone(), key.clone(), role.to_owned()])
    });
    let title = lists.year.to_string();
    let (begins, ends) = (lists.begins.to_string(), lists.ends.to_string());
    let sessions = [[year.clone(), title, "schoolYear".to_owned(), ending(lists), begins, ends]];
    Ok(vec![
        file(
            "academicSessions.csv",
            ["sourcedId", "title", "type", "schoolYear", "startDate", "endDate"],
            sessions.into_iter(),
        )?,
        file(
            "classes.csv",
            ["sourcedId", "orgSourcedId", "title", "sessionSourcedIds", "code"],
            classes,
        )?,
        file("enrollments.csv", ["classSourcedId", "userSourcedId", "role"], enrollments)?,
        file(
            "orgs.csv",
            ["sourcedId", "name", "type", "parentSourcedId"],
            std::iter::once(region).chain(schools),
        )?,
        file(
            "roles.csv",
            ["userSourcedId", "orgSourcedId", "role", "sessionSourcedId", "isPrimary"],
            roles,
        )?,
        file("users.csv", ["sourcedId", "username", "givenName", "familyName"], people)?,
    ])
}
