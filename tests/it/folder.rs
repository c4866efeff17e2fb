//! A working folder with the lab as its target, the binary in it, and small deliveries.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use jiff::civil::date;
use rentree::academy::keys;
use rentree::academy::markup::Charset;
use rentree::academy::parcel::lay_down;
use rentree::academy::siecle::{self, Heading, Layout, Private, Pupil};
use serde_json::Value;
use tempfile::TempDir;

/// Two schools of the invented range.
pub(crate) const BEFFROI: &str = "0599990N";
pub(crate) const BAIE: &str = "0809990Z";
/// Monday evening, in the season of creations.
pub(crate) const MONDAY: &str = "2026-09-07T20:00:00Z";
pub(crate) const TUESDAY: &str = "2026-09-08T20:00:00Z";

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The same, when it ended as expected.
    #[track_caller]
    pub(crate) fn exit(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.out, self.err);
        self
    }
    /// stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
    /// Operations of the target `lab` that are planned or blocked.
    #[track_caller]
    pub(crate) fn operations(&self) -> u64 {
        let document = self.json();
        let kinds = document["operations"]["lab"].as_object().expect("operations of the lab");
        let number = |counts: &Value, key| counts[key].as_u64().expect("a number");
        kinds.values().map(|one| number(one, "planned") + number(one, "blocked")).sum()
    }
}

pub(crate) struct Folder {
    root: TempDir,
}

impl Folder {
    /// `init --lab`, and these schools in the list.
    pub(crate) fn new(schools: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Self { root };
        let mut init = binary();
        init.arg("init").arg(folder.path("")).arg("--lab");
        said(init).exit(0);
        let mut list = String::from(
            "uai;nom;ville;departement;academie;service;equipe;section;source;\
             o365_depuis;o365_jusqua\n",
        );
        for uai in schools {
            let (town, academy) =
                if uai.starts_with("059") { ("Lille", "Lille") } else { ("Abbeville", "Amiens") };
            list.push_str(&format!(
                "{uai};Lycée {uai};{town};{};{academy};Nord;Nord 1;Flandre;sts-siecle;;\n",
                &uai[1..3]
            ));
        }
        fs::write(folder.path("schools.csv"), list).unwrap();
        folder
    }

    /// Another one with the same keys, configuration, schools and mappings; nothing done in it.
    pub(crate) fn twin(&self) -> Self {
        let twin = Self::new(&[]);
        let copied = "rentree.toml schools.csv secrets/ine.key secrets/credentials.identity";
        for name in copied.split(' ') {
            fs::copy(self.path(name), twin.path(name)).unwrap();
        }
        twin
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.path().join("work").join(below)
    }

    /// A path outside of the working folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn command(&self, now: &str, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.arg("--config").arg(self.path("rentree.toml")).args(["--now", now]);
        command.args(arguments);
        command
    }

    /// Runs a command under a clock.
    pub(crate) fn at(&self, now: &str, arguments: &[&str]) -> Said {
        said(self.command(now, arguments))
    }

    /// Runs a command under a clock, with one JSON document on stdout.
    pub(crate) fn json_at(&self, now: &str, arguments: &[&str]) -> Said {
        said(self.command(now, &[&["--format", "json"], arguments].concat()))
    }

    pub(crate) fn spawn(&self, now: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(now, arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Puts a file below the inbox, received an hour before the Monday of the tests.
    pub(crate) fn deliver(&self, name: &str, bytes: &[u8]) -> PathBuf {
        self.deliver_at(name, bytes, "2026-09-07T19:00:00Z")
    }

    pub(crate) fn deliver_at(&self, name: &str, bytes: &[u8], received: &str) -> PathBuf {
        let path = self.path("inbox").join(name);
        lay_down(&path, received.parse().unwrap(), |file| file.write_all(bytes)).unwrap();
        path
    }

    pub(crate) fn empty_inbox(&self) {
        fs::remove_dir_all(self.path("inbox")).unwrap();
        fs::create_dir(self.path("inbox")).unwrap();
    }

    /// Replaces a text of a file that it must have.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    /// The registry, one JSON line a person.
    pub(crate) fn people(&self, now: &str) -> String {
        self.json_at(now, &["people"]).exit(0).out
    }

    /// Every entry of the lab, without what differs between two equal directories: passwords, and
    /// what the server notes for itself.
    pub(crate) fn directory(&self, now: &str) -> Vec<Value> {
        // Opening the lab writes all of it into one file.
        self.at(now, &["plan"]);
        self.entries()
    }

    /// The same, without making a plan.
    pub(crate) fn standing(&self, now: &str) -> Vec<Value> {
        self.at(now, &["show", "--drift"]);
        self.entries()
    }

    fn entries(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("lab/entries.jsonl")).unwrap();
        let own = "createtimestamp creatorsname entrycsn entryuuid modifiersname modifytimestamp \
                   userpassword pwdchangedtime";
        let mut entries: Vec<Value> = text
            .lines()
            .skip(1)
            .map(|line| {
                let mut entry: Value = serde_json::from_str(line).unwrap();
                let attributes = entry["attributes"].as_object_mut().unwrap();
                attributes.retain(|name, _| !own.split(' ').any(|one| one == name));
                entry
            })
            .collect();
        entries.sort_by_key(|entry| entry["dn"].as_str().unwrap().to_owned());
        entries
    }
}

pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rentree"));
    command.env_clear().envs([("LC_ALL", "C.UTF-8"), ("COLUMNS", "100")]).stdin(Stdio::null());
    command
}

pub(crate) fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A pupil with its own number, name, INE and birth date, in one class.
pub(crate) fn pupil(n: u32, division: &str) -> Pupil {
    let letter = |shift: u32| char::from(b'A' + u8::try_from((n / shift) % 26).unwrap());
    Pupil {
        eleve_id: (9_900_000 + n).to_string(),
        local_number: None,
        ine: Some(keys::ine(n)),
        ine_bea: None,
        family: format!("DUMOULIN{}{}", letter(26), letter(1)),
        usage: None,
        given: "Camille".to_owned(),
        second_given: None,
        born: Some(date(2010, 3, i8::try_from(n % 28 + 1).unwrap())),
        entered: Some(date(2026, 9, 1)),
        left: None,
        mef: "20010015110".to_owned(),
        structures: vec![('D', division.to_owned())],
        private: Private {
            sex: '2',
            email: "famille@example.org".to_owned(),
            phone: "0353010001".to_owned(),
            nationality: "100",
            birth_department: "059",
            birth_town: "59350".to_owned(),
            boarding: '0',
            street: "1 RUE IMAGINAIRE".to_owned(),
            postcode: "59000".to_owned(),
            town: "LILLE".to_owned(),
            previous_school: "0629990X".to_owned(),
            previous_class: "3 B".to_owned(),
            previous_mef: "10310019110",
            options: Vec::new(),
            grant: false,
        },
    }
}

/// A pupils' file exported at 20:30, Paris, on a day of September 2026.
pub(crate) fn siecle_file(uai: &str, day: i8, pupils: &[Pupil]) -> Vec<u8> {
    let heading = Heading {
        uai: uai.to_owned(),
        school_year: 2026,
        exported_at: date(2026, 9, day).at(20, 30, 0, 0),
        charset: Charset::Latin9,
    };
    let layout = Layout { addresses: false, structures_first: false };
    siecle::write_pupils(Vec::new(), &heading, layout, pupils.iter().cloned()).unwrap()
}

/// A staff file: the elements of `INDIVIDUS`, and divisions with the number of their teacher.
pub(crate) fn sts_file(uai: &str, people: &str, divisions: &[(&str, &str)]) -> Vec<u8> {
    let divisions: String = divisions
        .iter()
        .map(|(code, teacher)| {
            format!(
                "<DIVISION CODE=\"{code}\"><SERVICES><SERVICE CODE_MATIERE=\"030201\" \
                 CODE_MOD_COURS=\"CG\"><ENSEIGNANTS><ENSEIGNANT ID=\"{teacher}\" TYPE=\"epp\"/>\
                 </ENSEIGNANTS></SERVICE></SERVICES></DIVISION>\n"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<STS_EDT><PARAMETRES><UAJ CODE=\"{uai}\"/>\
         <ANNEE_SCOLAIRE ANNEE=\"2026\"/></PARAMETRES><DONNEES><INDIVIDUS>\n{people}</INDIVIDUS>\
         <STRUCTURE><DIVISIONS>\n{divisions}</DIVISIONS></STRUCTURE></DONNEES></STS_EDT>\n"
    )
    .into_bytes()
}

/// One `INDIVIDU`; an empty function or birth date leaves its element out.
pub(crate) fn individu(kind: &str, id: &str, name: &str, born: &str, function: &str) -> String {
    let element = |tag: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{tag}>{text}</{tag}>"),
    };
    format!(
        "<INDIVIDU ID=\"{id}\" TYPE=\"{kind}\"><NOM_USAGE>{name}</NOM_USAGE>\
         <PRENOM>HUGO</PRENOM>{}{}</INDIVIDU>\n",
        element("DATE_NAISSANCE", born),
        element("FONCTION", function),
    )
}

/// A teacher for the classes of the tests: another person in every school, of one number.
pub(crate) fn teacher(uai: &str) -> String {
    let (name, born) =
        if uai == BAIE { ("SAUVAGE", "1968-11-30") } else { ("VANDROMME", "1975-03-12") };
    individu("epp", "31762", name, born, "ENS")
}

/// Delivers one small school: that many pupils in two classes, and their teacher.
pub(crate) fn small_school(folder: &Folder, uai: &str, first: u32, count: u32) {
    let class = |n| if n % 2 == 0 { "2A" } else { "2B" };
    let pupils: Vec<Pupil> = (first..first + count).map(|n| pupil(n, class(n))).collect();
    folder.deliver(&format!("{uai}/ElevesSansAdresses.xml"), &siecle_file(uai, 7, &pupils));
    let classes = [("2A", "31762"), ("2B", "31762")];
    folder.deliver(&format!("{uai}/sts_emp.xml"), &sts_file(uai, &teacher(uai), &classes));
}
