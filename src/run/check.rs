//! `check`: the deliveries read, the findings by school; nothing is kept.

use std::path::Path;

use anyhow::Context as _;

use super::decided;
use super::intake;
use super::outcome::{ExitStatus, Failure};
use super::private_file;
use super::review::{self, Review};
use super::session::Format;
use super::session::Session;
use crate::model::finding::Finding;
use crate::model::ids::Uai;
use crate::model::school::School;
use crate::plan::DeliveryLine;
use crate::report::catalogue;
use crate::report::school::{self, SchoolReport};

pub fn check(
    session: &Session,
    school: Option<String>,
    out: Option<&Path>,
) -> anyhow::Result<ExitStatus> {
    let only: Option<Uai> = school
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| Failure::new(ExitStatus::Usage, format!("--school: {error}")))?;
    if let Some(uai) = only.as_ref().filter(|uai| !session.config.schools.contains_key(*uai)) {
        let what = format!("--school: {uai} is not in schools.csv");
        return Err(Failure::new(ExitStatus::Usage, what).into());
    }
    let mut store = session.store()?;
    let intake = intake::read(session, &mut store, false)?;
    let mut review = review::review(session, &store, intake)?;
    let findings = decided::findings_of_registry(session, &store, &review)?;
    review.tell(session, findings);
    let wanted = |uai: &Uai| only.as_ref().is_none_or(|only| only == uai);
    let pages: Vec<Page<'_>> = session
        .config
        .schools
        .values()
        .filter(|school| wanted(&school.uai))
        .map(|school| Page::of(school, &review))
        .collect();
    if let Some(folder) = out {
        write_pages(session, &pages, folder)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    match session.format {
        Format::Text => (session.world.out)(&text(session, &pages, &review, only.is_none())),
        Format::Json => (session.world.out)(&format!("{}\n", json(&pages, &review)?)),
    }
    Ok(if review.has_gaps() { ExitStatus::SomeRefused } else { ExitStatus::Done })
}

/// What one school is told.
struct Page<'a> {
    school: &'a School,
    deliveries: Vec<DeliveryLine>,
    findings: &'a [Finding],
}

impl<'a> Page<'a> {
    fn of(school: &'a School, review: &'a Review) -> Self {
        let own = |line: &&DeliveryLine| line.uai.as_ref() == Some(&school.uai);
        Self {
            school,
            deliveries: review.lines.iter().filter(own).cloned().collect(),
            findings: review.schools.get(&school.uai).map_or(&[], |one| &one.findings),
        }
    }

    fn report(&'a self, session: &'a Session) -> SchoolReport<'a> {
        SchoolReport {
            school: self.school,
            on: session.today(),
            zone: &session.config.zone,
            deliveries: &self.deliveries,
            findings: self.findings,
        }
    }

    /// Nothing came, and nothing is expected.
    fn is_silent(&self) -> bool {
        self.deliveries.is_empty() && self.findings.is_empty()
    }
}

/// One text and one CSV file a school, ready to be sent.
fn write_pages(session: &Session, pages: &[Page<'_>], folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for page in pages.iter().filter(|page| !page.is_silent()) {
        let report = page.report(session);
        let name = page.school.uai.as_str();
        let (text, csv) = (school::text(&report), school::csv(&report)?);
        private_file::write(&folder.join(format!("{name}.txt")), text.as_bytes())?;
        private_file::write(&folder.join(format!("{name}.csv")), csv.as_bytes())?;
    }
    Ok(())
}

fn text(session: &Session, pages: &[Page<'_>], review: &Review, all: bool) -> String {
    let texts = pages.iter().filter(|page| !page.is_silent());
    let mut texts: Vec<String> = texts.map(|page| school::text(&page.report(session))).collect();
    if all {
        let (whole, files): (Vec<&Finding>, Vec<&Finding>) =
            review.others.iter().partition(|finding| finding.is_of_all());
        texts.extend(of_no_school("Fichiers sans établissement du périmètre", &files));
        texts.extend(of_no_school("Pour la Région", &whole));
    }
    if texts.is_empty() {
        return "nothing was received\n".to_owned();
    }
    texts.join("\n")
}

/// Findings that no school is told; `None` when there are none.
fn of_no_school(title: &str, findings: &[&Finding]) -> Option<String> {
    let mut text = format!("{title}\n");
    for alike in findings.chunk_by(|one, other| (&one.id, &one.place) == (&other.id, &other.place))
    {
        let Some(first) = alike.first() else { continue };
        let place = catalogue::harmless(&first.place.to_string());
        let space = if place.is_empty() { "" } else { " " };
        text.push_str(&format!("  {place}{space}[{}]\n", first.id));
        for finding in alike {
            text.push_str(&format!("    {}\n", catalogue::sentence(finding)));
        }
        text.push_str(&format!("    → {}\n", catalogue::what_to_do(first)));
    }
    (!findings.is_empty()).then_some(text)
}

fn json(pages: &[Page<'_>], review: &Review) -> anyhow::Result<String> {
    let finding = |one: &Finding| {
        serde_json::json!({
            "id": one.id,
            "severity": one.severity,
            "file": one.place.file,
            "line": one.place.line,
            "text": catalogue::sentence(one),
            "todo": catalogue::what_to_do(one),
        })
    };
    let schools: Vec<_> = pages
        .iter()
        .filter(|page| !page.is_silent())
        .map(|page| {
            serde_json::json!({
                "uai": page.school.uai,
                "deliveries": page.deliveries,
                "findings": page.findings.iter().map(finding).collect::<Vec<_>>(),
            })
        })
        .collect();
    let others: Vec<_> = review.others.iter().map(finding).collect();
    Ok(serde_json::to_string(&serde_json::json!({ "schools": schools, "others": others }))?)
}
