//! OneRoster 1.1 as CSV, a complete set (« bulk »): the classes of what most systems read.
//!
//! OneRoster knows courses and terms where a French school has divisions and groups: each school
//! gets one course for its divisions and one for its groups, and the year is one term.

use std::collections::BTreeSet;

use super::{File, REGION, ending, file, session, text};
use crate::desired::class_lists::{ClassLists, Listed};
use crate::mapping::entries::Category;
use crate::model::ids::{StructureKind, Uai};

const FILES: [(&str, &str); 13] = [
    ("academicSessions", "bulk"),
    ("categories", "absent"),
    ("classes", "bulk"),
    ("classResources", "absent"),
    ("courses", "bulk"),
    ("courseResources", "absent"),
    ("demographics", "absent"),
    ("enrollments", "bulk"),
    ("lineItems", "absent"),
    ("orgs", "bulk"),
    ("resources", "absent"),
    ("results", "absent"),
    ("users", "bulk"),
];

/// The complete set, the manifest first. In bulk files `status` and `dateLastModified` are empty.
pub fn oneroster(lists: &ClassLists<'_>) -> csv::Result<Vec<File>> {
    Ok(vec![
        manifest()?,
        sessions(lists)?,
        classes(lists)?,
        courses(lists)?,
        enrollments(lists)?,
        orgs(lists)?,
        users(lists)?,
    ])
}

fn manifest() -> csv::Result<File> {
    let head = [("manifest.version", "1.0"), ("oneroster.version", "1.1")];
    let head = head.map(|(name, value)| [name.to_owned(), value.to_owned()]);
    let files = FILES.map(|(name, state)| [format!("file.{name}"), state.to_owned()]);
    let system = [["source.systemName".to_owned(), "rentree".to_owned()]];
    let rows = head.into_iter().chain(files).chain(system);
    file("manifest.csv", ["propertyName", "value"], rows)
}

fn term(lists: &ClassLists<'_>) -> String {
    format!("{}-periode", session(lists))
}

fn sessions(lists: &ClassLists<'_>) -> csv::Result<File> {
    let row = |id: String, kind: &str, parent: String| {
        let (begins, ends) = (lists.begins.to_string(), lists.ends.to_string());
        let title = lists.year.to_string();
        let (status, modified) = (String::new(), String::new());
        [id, status, modified, title, kind.to_owned(), begins, ends, parent, ending(lists)]
    };
    let year = row(session(lists), "schoolYear", String::new());
    let term = row(term(lists), "term", session(lists));
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "type",
        "startDate",
        "endDate",
        "parentSourcedId",
        "schoolYear",
    ];
    file("academicSessions.csv", header, [year, term].into_iter())
}

fn course(uai: &Uai, kind: StructureKind) -> String {
    format!("{uai}-{}", kind.as_str())
}

fn classes(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.classes.iter().map(|class| {
        let kind = match class.kind {
            StructureKind::Division => "homeroom",
            StructureKind::Group => "scheduled",
        };
        let blank = String::new;
        [
            class.id.clone(),
            blank(),
            blank(),
            class.label.to_owned(),
            blank(),
            course(class.uai, class.kind),
            class.name.to_owned(),
            kind.to_owned(),
            blank(),
            text(class.uai),
            term(lists),
            blank(),
            blank(),
            blank(),
        ]
    });
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        "subjects",
        "subjectCodes",
        "periods",
    ];
    file("classes.csv", header, rows)
}

/// One for each kind of class that a school has.
fn courses(lists: &ClassLists<'_>) -> csv::Result<File> {
    let wanted: BTreeSet<(&Uai, StructureKind)> =
        lists.classes.iter().map(|class| (class.uai, class.kind)).collect();
    let rows = wanted.into_iter().map(|(uai, kind)| {
        let title = match kind {
            StructureKind::Division => "Divisions",
            StructureKind::Group => "Groupes",
        };
        let blank = String::new;
        [
            course(uai, kind),
            blank(),
            blank(),
            session(lists),
            title.to_owned(),
            blank(),
            blank(),
            text(uai),
            blank(),
            blank(),
        ]
    });
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "schoolYearSourcedId",
        "title",
        "courseCode",
        "grades",
        "orgSourcedId",
        "subjects",
        "subjectCodes",
    ];
    file("courses.csv", header, rows)
}

fn enrollments(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.classes.iter().flat_map(|class| {
        let pupils = class.pupils.iter().map(|key| (key, "student"));
        let teachers = class.teachers.iter().map(|key| (key, "teacher"));
        pupils.chain(teachers).map(|(key, role)| {
            let blank = String::new;
            [
                format!("{}-{key}", class.id),
                blank(),
                blank(),
                class.id.clone(),
                text(class.uai),
                key.clone(),
                role.to_owned(),
                blank(),
                blank(),
                blank(),
            ]
        })
    });
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ];
    file("enrollments.csv", header, rows)
}

fn orgs(lists: &ClassLists<'_>) -> csv::Result<File> {
    let row = |id: String, name: &str, kind: &str, identifier: String, parent: &str| {
        let (status, modified) = (String::new(), String::new());
        [id, status, modified, name.to_owned(), kind.to_owned(), identifier, parent.to_owned()]
    };
    let region = row(REGION.to_owned(), lists.region, "district", String::new(), "");
    let schools = lists
        .schools
        .iter()
        .map(|school| row(text(&school.uai), &school.name, "school", text(&school.uai), REGION));
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "name",
        "type",
        "identifier",
        "parentSourcedId",
    ];
    file("orgs.csv", header, std::iter::once(region).chain(schools))
}

fn users(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.people.iter().map(|(key, one)| {
        let schools: Vec<String> = one.roles.keys().map(|uai| text(uai)).collect();
        let blank = String::new;
        [
            key.clone(),
            blank(),
            blank(),
            "true".to_owned(),
            schools.join(","),
            role(one).to_owned(),
            one.login.to_owned(),
            blank(),
            one.given.clone(),
            one.called.clone(),
            blank(),
            blank(),
            one.address.clone(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
        ]
    });
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "enabledUser",
        "orgSourcedIds",
        "role",
        "username",
        "userIds",
        "givenName",
        "familyName",
        "middleName",
        "identifier",
        "email",
        "sms",
        "phone",
        "agentSourcedIds",
        "grades",
        "password",
    ];
    file("users.csv", header, rows)
}

/// OneRoster 1.1 has one role a person: of a teacher who is also something else, the teacher.
fn role(one: &Listed<'_>) -> &'static str {
    let has = |category| one.roles.values().any(|own| *own == category);
    if has(Category::Teacher) {
        "teacher"
    } else if has(Category::Pupil) {
        "student"
    } else {
        "aide"
    }
}
