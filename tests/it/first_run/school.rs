//! A small school whose files fit today: a real target is written under the wall clock only.

use std::path::Path;

use jiff::civil::{Date, date};
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use rentree::academy::demo::schools::{MEFS, mef_of};
use rentree::academy::keys;
use rentree::academy::markup::Charset;
use rentree::academy::parcel::lay_down;
use rentree::academy::siecle::{self, Heading, Layout, Private, Pupil};
use rentree::academy::structure::{Division, Group, SUBJECTS, Service, StaffKey, Structures};
use rentree::academy::stsweb::{self, Card, Setting, Staff};
use rentree::cli::clock;
use rentree::config::schools::HEADER;
use rentree::model::ids::SchoolYear;

/// The two invented schools of these tests.
pub(super) const FIRST: &str = "0599990N";
pub(super) const SECOND: &str = "0809990Z";

/// This time of the day, `days` ago.
fn instant(days: i32) -> Timestamp {
    clock::wall() - SignedDuration::from_hours(24 * i64::from(days))
}

/// The civil day `days` ago, where the schools are.
pub(super) fn days_ago(days: i32) -> Date {
    let paris = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap();
    instant(days).to_zoned_datetime(paris).date()
}

/// `schools.csv` with both.
pub(super) fn schools_csv() -> String {
    let line =
        |uai| format!("{uai};Lycée de l'Essai;Ville;59;Lille;SI;Équipe;Section;sts-siecle;;\n");
    format!("{HEADER}\n{}{}", line(FIRST), line(SECOND))
}

/// What one school declares.
#[derive(Debug, Clone)]
pub(super) struct School {
    uai: &'static str,
    pub(super) pupils: Vec<Pupil>,
    pub(super) staff: Vec<Staff>,
    divisions: Vec<&'static str>,
}

/// Names that have broken programs before, all of them possible in France.
const SURNAMES: [&str; 8] =
    ["D'HAESE", "LEFÈVRE-NOËL", "LACŒUILHE", "DE LA RUE", "LEROY", "NULL", "ŠIMEK", "Ô"];
const GIVEN: [&str; 6] = ["Zoé", "Jean-Baptiste", "Éloïse", "Anna Maria", "Loïc", "Lætitia"];

impl School {
    /// `pupils` of them, in turn in the divisions; a head and two teachers a school.
    pub(super) fn new(uai: &'static str, divisions: &[&'static str], pupils: usize) -> Self {
        let divisions = divisions.to_vec();
        let base = if uai == FIRST { 1_000 } else { 500_000 };
        let pupils = (0..pupils)
            .map(|rank| {
                pupil(base + u32::try_from(rank).unwrap(), divisions[rank % divisions.len()])
            })
            .collect();
        let local = if uai == FIRST { 31_000 } else { 32_000 };
        let staff = vec![
            member(local, "DIR", "DELANNOY", "Côme"),
            member(local + 1, "ENS", "O'BRIEN", "Maël"),
            member(local + 2, "ENS", "DA SILVA", "Inès"),
        ];
        Self { uai, pupils, staff, divisions }
    }

    /// A pupil more.
    pub(super) fn welcome(&mut self, pupil: Pupil) {
        self.pupils.push(pupil);
    }

    /// Writes its three files as exported in the morning, `days` ago, at the latest just now.
    pub(super) fn deliver(&self, inbox: &Path, days: i32) {
        let (received_at, day) = (instant(days), days_ago(days));
        let exported_at = day.at(0, 0, 1, 0);
        let folder = inbox.join(format!("{day}/{}", self.uai));
        let year = SchoolYear::on(days_ago(0), (8, 20)).to_string();
        let year: i16 = year.get(..4).unwrap().parse().unwrap();
        let heading = Heading {
            uai: self.uai.to_owned(),
            school_year: year,
            exported_at,
            charset: Charset::Utf8,
        };
        let structures = self.structures();
        let plain = Layout { addresses: false, structures_first: false };
        let file = |name: &str| folder.join(name);
        lay_down(&file("ElevesSansAdresses.xml"), received_at, |out| {
            siecle::write_pupils(out, &heading, plain, self.pupils.iter().cloned()).map(drop)
        })
        .unwrap();
        lay_down(&file("Structures.xml"), received_at, |out| {
            siecle::write_structures(out, &heading, &structures).map(drop)
        })
        .unwrap();
        let card = Card {
            uai: self.uai.to_owned(),
            academy_code: "09",
            academy: "Lille".to_owned(),
            name: "Essai".to_owned(),
            town: "Ville".to_owned(),
        };
        let setting = Setting {
            card: &card,
            school_year: year,
            charset: Charset::Utf8,
            mefs: &MEFS,
            subjects: &SUBJECTS,
            structures: &structures,
        };
        lay_down(&file("sts_emp.xml"), received_at, |out| {
            stsweb::write_sts(out, &setting, self.staff.iter().cloned()).map(drop)
        })
        .unwrap();
    }

    /// One teacher a division; a group across all of them.
    fn structures(&self) -> Structures {
        let service = |rank: usize| Service {
            subject: SUBJECTS[rank].code.to_owned(),
            mode: "CG",
            teachers: vec![self.staff[1 + rank % 2].key.clone()],
        };
        let count = |kind: char, code: &str| {
            self.pupils.iter().filter(|pupil| pupil.codes(kind).any(|one| one == code)).count()
        };
        let divisions = self.divisions.iter().enumerate().map(|(rank, code)| Division {
            code: (*code).to_owned(),
            label: format!("CLASSE {code}"),
            mef: mef_of(code).code.to_owned(),
            headcount: count('D', code),
            services: vec![service(rank)],
        });
        let group = Group {
            code: "LATIN".to_owned(),
            label: "LATIN".to_owned(),
            mef: mef_of(self.divisions[0]).code.to_owned(),
            divisions: self.divisions.iter().map(|code| (*code).to_owned()).collect(),
            headcount: count('G', "LATIN"),
            services: vec![service(2)],
        };
        Structures { divisions: divisions.collect(), groups: vec![group] }
    }
}

/// The pupil with this number: the same name, birth date and INE in any school. Every third takes
/// Latin.
pub(super) fn pupil(n: u32, division: &str) -> Pupil {
    let rank = n as usize;
    let mut structures = vec![('D', division.to_owned())];
    if n.is_multiple_of(3) {
        structures.push(('G', "LATIN".to_owned()));
    }
    Pupil {
        eleve_id: n.to_string(),
        local_number: Some(n % 90_000),
        ine: Some(keys::ine(n)),
        ine_bea: None,
        family: SURNAMES[rank % SURNAMES.len()].to_owned(),
        usage: None,
        given: GIVEN[rank % GIVEN.len()].to_owned(),
        second_given: None,
        // Names come round every 24 pupils, days every 84: no two have both, and the year.
        born: Some(date(
            days_ago(0).year() - 14 - (n / 168 % 60) as i16,
            1 + (n % 12) as i8,
            1 + (n % 28) as i8,
        )),
        entered: None,
        left: None,
        mef: mef_of(division).code.to_owned(),
        structures,
        private: Private {
            sex: '2',
            email: String::new(),
            phone: "0600000000".to_owned(),
            nationality: "100",
            birth_department: "059",
            birth_town: "59350".to_owned(),
            boarding: '0',
            street: "1 RUE INVENTEE".to_owned(),
            postcode: "59000".to_owned(),
            town: "VILLE".to_owned(),
            previous_school: "0599991P".to_owned(),
            previous_class: "3A".to_owned(),
            previous_mef: "10310019110",
            options: Vec::new(),
            grant: false,
        },
    }
}

fn member(id: u32, function: &str, family: &str, given: &str) -> Staff {
    Staff {
        key: StaffKey::epp(id),
        sex: "2".to_owned(),
        civility: '2',
        usage: family.to_owned(),
        birth_name: Some(family.to_owned()),
        given: given.to_owned(),
        born: Some(date(1940 + (id / 1_000) as i16, 3, 1 + (id % 28) as i8)),
        grade: None,
        function: Some(function.to_owned()),
        head_of: Vec::new(),
        discipline: None,
        substitute: false,
    }
}
