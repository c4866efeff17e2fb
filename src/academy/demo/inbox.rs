//! The files of a day, as the two académies drop them: zips and bare files, in folders.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime, date};

use super::schools::{DemoSchool, FOSSE, MARAIS, MEFS, PIERRE, REMPART, SCHOOLS};
use super::staffroom::{siecle_structures, staff, sts_structures};
use super::{Day, SCHOOL_YEAR, crowd};
use crate::academy::markup::Charset;
use crate::academy::parcel::{Part, lay_down, zip};
use crate::academy::siecle::{self, Heading, Layout, Pupil};
use crate::academy::structure::{SUBJECTS, Structures};
use crate::academy::stsweb::{self, Card, Setting, Staff};

/// Dropped by mistake on the first day: parents get no account. Below the inbox.
pub const GUARDIANS_FILE: &str =
    "amiens/2026-09-07/marais-bleus/ExportXML_ResponsablesSansAdresses.zip";
/// Dropped by mistake on the first day: the timetable's upward file.
pub const TIMETABLE_FILE: &str = "amiens/2026-09-07/0609990H/emp_sts_0609990H_2026.xml";
/// Cut at 60 % of its bytes on the second day.
pub const TRUNCATED_FILE: &str = "lille/2026-09-08/lp-fosse-neuve/ElevesSansAdresses.xml";
const TRUNCATED_PERCENT: u64 = 60;

/// Writes the files of a day below the inbox, dated by their receipt. The same day gives the same
/// bytes.
pub fn write_day(inbox: &Path, day: Day) -> io::Result<()> {
    SCHOOLS.iter().try_for_each(|school| match (school.uai, day) {
        (REMPART, _) => Sending::new(inbox, school, day).rempart(),
        (MARAIS, _) => Sending::new(inbox, school, day).marais(),
        (FOSSE, _) => Sending::new(inbox, school, day).fosse(),
        (PIERRE, Day::One) => Sending::new(inbox, school, day).pierre(),
        _ => Ok(()), // School 4 is silent on the second day, school 5 always.
    })
}

/// What one school sends on one day.
struct Sending {
    folder: PathBuf,
    day: Day,
    exported_on: Date,
    card: Card,
    pupils: Vec<Pupil>,
    siecle: Structures,
    staff: Vec<Staff>,
    sts: Structures,
}

impl Sending {
    fn new(inbox: &Path, school: &DemoSchool, day: Day) -> Self {
        let pupils = crowd::pupils(school, day);
        let staff = staff(school, day);
        let siecle = siecle_structures(school, day, &pupils);
        let sts = sts_structures(school, &siecle, &staff);
        let academy = school.academy.to_lowercase();
        Self {
            folder: inbox.join(academy).join(day.as_str()).join(school.folder),
            day,
            exported_on: if day == Day::One { date(2026, 9, 7) } else { date(2026, 9, 8) },
            card: Card {
                uai: school.uai.to_owned(),
                academy_code: school.academy_code(),
                academy: school.academy.to_owned(),
                name: school.name.to_owned(),
                town: school.town.to_owned(),
            },
            pupils,
            siecle,
            staff,
            sts,
        }
    }

    /// The first school: each export in its zip, everything in its proper encoding.
    fn rempart(&self) -> io::Result<()> {
        let heading = self.heading(Charset::Latin9, 20, 47);
        let zips: [(&str, Part<'_>); 3] = [
            (
                "ExportXML_ElevesSansAdresses.zip",
                ("ElevesSansAdresses.xml", &|out| self.write_pupils(out, &heading, PLAIN)),
            ),
            (
                "ExportXML_Structures.zip",
                ("Structures.xml", &|out| {
                    siecle::write_structures(out, &heading, &self.siecle).map(drop)
                }),
            ),
            (
                "ExportXML_Nomenclature.zip",
                ("Nomenclature.xml", &|out| nomenclature(out, &heading)),
            ),
        ];
        zips.into_iter().try_for_each(|(name, part)| self.zipped(name, &[part]))?;
        let name = format!("sts_emp_{}_{SCHOOL_YEAR}.xml", self.card.uai);
        self.bare(&name, |out| self.write_sts(out, Charset::Latin9))
    }

    /// The second: misdeclared, memberships first, older names, and the guardians by mistake.
    fn marais(&self) -> io::Result<()> {
        let heading = self.heading(Charset::Utf8Misdeclared, 19, 58);
        let layout = Layout { structures_first: true, ..PLAIN };
        self.zipped(
            "ElevesSansAdresses.zip",
            &[("ElevesSansAdresses.xml", &|out| self.write_pupils(out, &heading, layout))],
        )?;
        self.bare("Structures.xml", |out| {
            siecle::write_structures(out, &heading, &self.siecle).map(drop)
        })?;
        let xml = format!("sts_emp_{}_{SCHOOL_YEAR}.xml", self.card.uai);
        let part: Part<'_> = (&xml, &|out| self.write_sts(out, Charset::Latin9));
        self.zipped(&xml.replace(".xml", ".zip"), &[part])?;
        if self.day == Day::Two {
            return Ok(());
        }
        self.zipped(
            "ExportXML_ResponsablesSansAdresses.zip",
            &[("ResponsablesSansAdresses.xml", &|out| {
                siecle::write_guardians(out, &heading, self.pupils.iter().cloned()).map(drop)
            })],
        )
    }

    /// The third: bare files; on the second day the pupils' file stops in the middle.
    fn fosse(&self) -> io::Result<()> {
        let heading = self.heading(Charset::Latin9, 21, 3);
        lay_down(&self.folder.join("ElevesSansAdresses.xml"), self.day.received_at(), |file| {
            self.write_pupils(&mut BufWriter::new(&mut *file), &heading, PLAIN)?;
            if self.day == Day::Two {
                let end = file.seek(SeekFrom::End(0))?;
                file.set_len(end * TRUNCATED_PERCENT / 100)?;
            }
            Ok(())
        })?;
        self.bare("Structures.xml", |out| {
            siecle::write_structures(out, &heading, &self.siecle).map(drop)
        })?;
        self.bare("sts_emp.xml", |out| self.write_sts(out, Charset::Latin9))
    }

    /// The fourth: one zip made by hand on a Mac, with addresses, and a timetable by mistake.
    fn pierre(&self) -> io::Result<()> {
        let heading = self.heading(Charset::Latin9, 20, 15);
        let layout = Layout { addresses: true, ..PLAIN };
        let parts: [Part<'_>; 5] = [
            ("ElevesAvecAdresses.xml", &|out| self.write_pupils(out, &heading, layout)),
            ("__MACOSX/._ElevesAvecAdresses.xml", &|out| {
                out.write_all(b"\0\x05\x16\x07\0\x02\0\0")
            }),
            ("Structures.xml", &|out| {
                siecle::write_structures(out, &heading, &self.siecle).map(drop)
            }),
            ("Nomenclature.xml", &|out| nomenclature(out, &heading)),
            ("sts.xml", &|out| self.write_sts(out, Charset::Utf8)),
        ];
        self.zipped("rentrée.zip", &parts)?;
        let name = format!("emp_sts_{}_{SCHOOL_YEAR}.xml", self.card.uai);
        self.bare(&name, |out| {
            stsweb::write_timetable(out, &self.setting(Charset::Latin9)).map(drop)
        })
    }

    fn heading(&self, charset: Charset, hour: i8, minute: i8) -> Heading {
        Heading {
            uai: self.card.uai.clone(),
            school_year: SCHOOL_YEAR,
            exported_at: self.exported_on.at(hour, minute, 11, 0),
            charset,
        }
    }

    fn setting(&self, charset: Charset) -> Setting<'_> {
        Setting {
            card: &self.card,
            school_year: SCHOOL_YEAR,
            charset,
            mefs: &MEFS,
            subjects: &SUBJECTS,
            structures: &self.sts,
        }
    }

    fn write_pupils(
        &self,
        out: &mut dyn Write,
        heading: &Heading,
        layout: Layout,
    ) -> io::Result<()> {
        siecle::write_pupils(out, heading, layout, self.pupils.iter().cloned()).map(drop)
    }

    fn write_sts(&self, out: &mut dyn Write, charset: Charset) -> io::Result<()> {
        stsweb::write_sts(out, &self.setting(charset), self.staff.iter().cloned()).map(drop)
    }

    fn bare(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        lay_down(&self.folder.join(name), self.day.received_at(), |file| {
            write(&mut BufWriter::new(file))
        })
    }

    fn zipped(&self, name: &str, parts: &[Part<'_>]) -> io::Result<()> {
        let made_at: DateTime = self.exported_on.at(21, 10, 0, 0);
        lay_down(&self.folder.join(name), self.day.received_at(), |file: &mut File| {
            zip(file, made_at, parts)
        })
    }
}

const PLAIN: Layout = Layout { addresses: false, structures_first: false };

fn nomenclature(out: &mut dyn Write, heading: &Heading) -> io::Result<()> {
    siecle::write_nomenclature(out, heading, &MEFS, &SUBJECTS).map(drop)
}
