//! The deliveries of an academy on disk, and the truth apart. A school at a time, on all cores;
//! the same plan gives the same bytes, however many cores there are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;

use super::calendar::Campaign;
use super::classes::{self, MEFS};
use super::plan::Plan;
use super::staff;
use crate::academy::markup::Charset;
use crate::academy::parcel::{Part, lay_down, zip};
use crate::academy::seed::Stream;
use crate::academy::siecle::{self, Heading, Layout, Pupil};
use crate::academy::structure::{SUBJECTS, Structures};
use crate::academy::stsweb::{self, Card, Setting, Staff};

/// The header of `truth.csv`.
pub const TRUTH_HEADER: &str = "source;uai;source_id;person";

/// Schools whose truth waits to be written in its order.
const SCHOOLS_AT_ONCE: usize = 64;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    pub files: u64,
    /// Pupils' records over all campaigns.
    pub records: u64,
    /// Distinct records of the truth, pupils and staff.
    pub truths: u64,
}

/// Writes `truth.csv` into the folder and everything else below its inbox.
pub fn write(plan: &Plan, folder: &Path) -> io::Result<Written> {
    let inbox = folder.join("inbox");
    let mut truth = BufWriter::new(File::create(folder.join("truth.csv"))?);
    writeln!(truth, "{TRUTH_HEADER}")?;
    let mut all = Written::default();
    let schools: Vec<usize> = (0..plan.schools.len()).collect();
    for some in schools.chunks(SCHOOLS_AT_ONCE) {
        let done: io::Result<Vec<(Truth, Written)>> =
            some.par_iter().map(|school| write_school(plan, &inbox, *school)).collect();
        for (rows, written) in done? {
            for ((source, id), person) in &rows.rows {
                writeln!(truth, "{source};{};{id};{person}", rows.uai)?;
            }
            all.files += written.files;
            all.records += written.records;
            all.truths += rows.rows.len() as u64;
        }
    }
    truth.flush()?;
    Ok(all)
}

/// Who is who in one school, over all its files.
struct Truth {
    uai: String,
    rows: BTreeMap<(&'static str, String), String>,
}

fn write_school(plan: &Plan, inbox: &Path, school: usize) -> io::Result<(Truth, Written)> {
    let mut truth = Truth { uai: plan.schools[school].uai.clone(), rows: BTreeMap::new() };
    let mut written = Written::default();
    for campaign in Campaign::ALL.into_iter().filter(|campaign| campaign.delivers(school)) {
        let delivery = Delivery::new(plan, campaign, school, &mut truth);
        let folder = inbox.join(campaign.day().to_string()).join(&truth.uai);
        delivery.write(&folder)?;
        written.files += 4;
        written.records += delivery.pupils.len() as u64;
    }
    Ok((truth, written))
}

/// What one school sends on one evening.
struct Delivery {
    campaign: Campaign,
    heading: Heading,
    layout: Layout,
    card: Card,
    pupils: Vec<Pupil>,
    siecle: Structures,
    sts: Structures,
    staff: Vec<Staff>,
}

impl Delivery {
    fn new(plan: &Plan, campaign: Campaign, school: usize, truth: &mut Truth) -> Self {
        let card = &plan.schools[school];
        let records = super::pupils(plan, campaign, school);
        for (pupil, who) in &records {
            truth.rows.insert(("siecle", pupil.eleve_id.clone()), format!("p{}", who.person));
        }
        let pupils: Vec<Pupil> = records.into_iter().map(|(pupil, _)| pupil).collect();
        let siecle = classes::structures(card, &pupils);
        let mut sts = siecle.clone();
        let mut people = staff::staff(plan, campaign, school);
        staff::assign(&mut sts, &mut people);
        for (person, who) in &people {
            let id = format!("{}:{}", person.key.kind, person.key.id);
            truth.rows.insert(("sts", id), format!("s{}", who.person));
        }
        let number = school as u64 * 8 + campaign as u64;
        let mut stream = Stream::numbered(plan.seed, "file", number);
        let rates = &plan.rates;
        Self {
            campaign,
            heading: Heading {
                uai: card.uai.clone(),
                school_year: campaign.school_year(),
                // Exports are possible from 18:00 on (formats 2.1).
                exported_at: campaign.day().at(18, 0, 0, 0)
                    + jiff::Span::new().minutes(i64::try_from(stream.below(180)).unwrap_or(0)),
                charset: if stream.chance(rates.misdeclared_utf8) {
                    Charset::Utf8Misdeclared
                } else if stream.chance(rates.misdeclared_cp1252) {
                    Charset::Cp1252Misdeclared
                } else if stream.chance(rates.proper_utf8) {
                    Charset::Utf8
                } else {
                    Charset::Latin9
                },
            },
            layout: Layout {
                addresses: false,
                structures_first: stream.chance(rates.structures_first),
            },
            card: Card {
                uai: card.uai.clone(),
                academy_code: card.academy_code(),
                academy: card.academy.to_owned(),
                name: card.name.clone(),
                town: card.town.to_owned(),
            },
            pupils,
            siecle,
            sts,
            staff: people.into_iter().map(|(person, _)| person).collect(),
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let heading = &self.heading;
        let zips: [(&str, Part<'_>); 3] = [
            (
                "ExportXML_ElevesSansAdresses.zip",
                ("ElevesSansAdresses.xml", &|out| {
                    siecle::write_pupils(out, heading, self.layout, self.pupils.iter()).map(drop)
                }),
            ),
            (
                "ExportXML_Structures.zip",
                ("Structures.xml", &|out| {
                    siecle::write_structures(out, heading, &self.siecle).map(drop)
                }),
            ),
            (
                "ExportXML_Nomenclature.zip",
                ("Nomenclature.xml", &|out| {
                    siecle::write_nomenclature(out, heading, &MEFS, &SUBJECTS).map(drop)
                }),
            ),
        ];
        let received = self.campaign.received_at();
        for (name, part) in zips {
            lay_down(&folder.join(name), received, |file| zip(file, heading.exported_at, &[part]))?;
        }
        let name = format!("sts_emp_{}_{}.xml", self.card.uai, heading.school_year);
        lay_down(&folder.join(name), received, |file| {
            let setting = Setting {
                card: &self.card,
                school_year: heading.school_year,
                charset: Charset::Latin9,
                mefs: &MEFS,
                subjects: &SUBJECTS,
                structures: &self.sts,
            };
            let mut out = BufWriter::new(file);
            stsweb::write_sts(&mut out, &setting, self.staff.iter().cloned())?;
            out.flush()
        })
    }
}
