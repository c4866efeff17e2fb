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

/// A bulk file: the key, two columns that stay empty, then those of the format; a row names what it
/// carries, and what it does not name stays empty.
fn bulk<const N: usize>(
    name: &'static str,
    columns: &[&'static str],
    rows: impl Iterator<Item = (String, [(&'static str, String); N])>,
) -> csv::Result<File> {
    let header = ["sourcedId", "status", "dateLastModified"].iter().chain(columns).copied();
    let rows = rows.map(|(key, mut carried)| {
        let mut row = vec![key, String::new(), String::new()];
        row.extend(columns.iter().map(|column| {
            let cell = carried.iter_mut().find(|(name, _)| name == column);
            cell.map(|(_, text)| std::mem::take(text)).unwrap_or_default()
        }));
        row
    });
    file(name, header, rows)
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

const SESSION: &[&str] =
    &["title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"];

fn sessions(lists: &ClassLists<'_>) -> csv::Result<File> {
    let row = |kind: &str, parent: String| {
        [
            ("title", lists.year.to_string()),
            ("type", kind.to_owned()),
            ("startDate", lists.begins.to_string()),
            ("endDate", lists.ends.to_string()),
            ("parentSourcedId", parent),
            ("schoolYear", ending(lists)),
        ]
    };
    let year = (session(lists), row("schoolYear", String::new()));
    let term = (term(lists), row("term", session(lists)));
    bulk("academicSessions.csv", SESSION, [year, term].into_iter())
}

fn course(uai: &Uai, kind: StructureKind) -> String {
    format!("{uai}-{}", kind.as_str())
}

const CLASS: &[&str] = &[
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

fn classes(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.classes.iter().map(|class| {
        let kind = match class.kind {
            StructureKind::Division => "homeroom",
            StructureKind::Group => "scheduled",
        };
        let row = [
            ("title", class.label.to_owned()),
            ("courseSourcedId", course(class.uai, class.kind)),
            ("classCode", class.name.to_owned()),
            ("classType", kind.to_owned()),
            ("schoolSourcedId", text(class.uai)),
            ("termSourcedIds", term(lists)),
        ];
        (class.id.clone(), row)
    });
    bulk("classes.csv", CLASS, rows)
}

const COURSE: &[&str] = &[
    "schoolYearSourcedId",
    "title",
    "courseCode",
    "grades",
    "orgSourcedId",
    "subjects",
    "subjectCodes",
];

/// One for each kind of class that a school has.
fn courses(lists: &ClassLists<'_>) -> csv::Result<File> {
    let wanted: BTreeSet<(&Uai, StructureKind)> =
        lists.classes.iter().map(|class| (class.uai, class.kind)).collect();
    let rows = wanted.into_iter().map(|(uai, kind)| {
        let title = match kind {
            StructureKind::Division => "Divisions",
            StructureKind::Group => "Groupes",
        };
        let row = [
            ("schoolYearSourcedId", session(lists)),
            ("title", title.to_owned()),
            ("orgSourcedId", text(uai)),
        ];
        (course(uai, kind), row)
    });
    bulk("courses.csv", COURSE, rows)
}

const ENROLLMENT: &[&str] = &[
    "classSourcedId",
    "schoolSourcedId",
    "userSourcedId",
    "role",
    "primary",
    "beginDate",
    "endDate",
];

fn enrollments(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.classes.iter().flat_map(|class| {
        let pupils = class.pupils.iter().map(|key| (key, "student"));
        let teachers = class.teachers.iter().map(|key| (key, "teacher"));
        pupils.chain(teachers).map(|(key, role)| {
            let row = [
                ("classSourcedId", class.id.clone()),
                ("schoolSourcedId", text(class.uai)),
                ("userSourcedId", key.clone()),
                ("role", role.to_owned()),
            ];
            (format!("{}-{key}", class.id), row)
        })
    });
    bulk("enrollments.csv", ENROLLMENT, rows)
}

const ORG: &[&str] = &["name", "type", "identifier", "parentSourcedId"];

fn orgs(lists: &ClassLists<'_>) -> csv::Result<File> {
    let row = |name: &str, kind: &str, identifier: String, parent: &str| {
        [
            ("name", name.to_owned()),
            ("type", kind.to_owned()),
            ("identifier", identifier),
            ("parentSourcedId", parent.to_owned()),
        ]
    };
    let region = (REGION.to_owned(), row(lists.region, "district", String::new(), ""));
    let schools = lists
        .schools
        .iter()
        .map(|school| (text(&school.uai), row(&school.name, "school", text(&school.uai), REGION)));
    bulk("orgs.csv", ORG, std::iter::once(region).chain(schools))
}

const USER: &[&str] = &[
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

fn users(lists: &ClassLists<'_>) -> csv::Result<File> {
    let rows = lists.people.iter().map(|(key, one)| {
        let schools: Vec<String> = one.roles.keys().map(|uai| text(uai)).collect();
        let row = [
            ("enabledUser", "true".to_owned()),
            ("orgSourcedIds", schools.join(",")),
            ("role", role(one).to_owned()),
            ("username", one.login.to_owned()),
            ("givenName", one.given.clone()),
            ("familyName", one.called.clone()),
            ("email", one.address.clone()),
        ];
        (key.clone(), row)
    });
    bulk("users.csv", USER, rows)
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
