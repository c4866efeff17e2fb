//! A working folder made by `rentree init`, edited as an administrator would, and its commands.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rentree::store::secrets::{self, SealedSecret};
use rentree::store::{Options, Store};
use serde_json::Value;

use super::school::{School, schools_csv};
use crate::slapd::{BASE, READER, READER_PASSWORD, SERVICE, SERVICE_PASSWORD, Slapd};

/// A folder; gone with the value.
pub(super) struct Folder(tempfile::TempDir);

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It must have ended with this status.
    #[track_caller]
    pub(super) fn with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// A sum over all kinds of operations of a JSON document.
    #[track_caller]
    pub(super) fn sum(&self, counter: &str) -> u64 {
        let document: Value = serde_json::from_str(&self.stdout).unwrap();
        let targets = document["operations"].as_object().unwrap();
        let kinds = targets.values().flat_map(|kinds| kinds.as_object().unwrap().values());
        kinds.map(|kind| kind[counter].as_u64().unwrap()).sum()
    }
}

/// `[[target]]` for a server, over LDAPS, with both identities.
pub(super) fn over_ldaps(slapd: &Slapd) -> String {
    target(&slapd.ldaps(), Some(&slapd.ca_file()), &format!("{}{}", simple("bind"), reader()))
}

/// `[[target]]`.
pub(super) fn target(url: &str, ca_file: Option<&Path>, more: &str) -> String {
    let ca = ca_file.map(|file| format!("ca_file = {:?}\n", file.to_str().unwrap()));
    format!(
        "[[target]]\nname = \"annuaire\"\nkind = \"ldap\"\nurl = {url:?}\nbase = {BASE:?}\n\
         mapping = \"mappings/openldap.toml\"\n{}{more}",
        ca.unwrap_or_default()
    )
}

/// The line of the service account.
pub(super) fn simple(key: &str) -> String {
    format!(
        "{key} = {{ method = \"simple\", dn = {SERVICE:?}, password_file = \"secrets/service\" }}\n"
    )
}

fn reader() -> String {
    format!(
        "reader = {{ method = \"simple\", dn = {READER:?}, password_file = \"secrets/reader\" }}\n"
    )
}

/// `[[target]]` for the embedded lab with the same base.
pub(super) fn lab() -> String {
    format!(
        "[[target]]\nname = \"annuaire\"\nkind = \"lab\"\nfolder = \"lab\"\nbase = {BASE:?}\n\
         mapping = \"mappings/openldap.toml\"\n"
    )
}

impl Folder {
    pub(super) fn new(target: &str) -> Self {
        let folder = Self(tempfile::Builder::new().prefix("rentree").tempdir().unwrap());
        let init = Command::new(env!("CARGO_BIN_EXE_rentree"))
            .args(["init", folder.0.path().to_str().unwrap()])
            .output()
            .unwrap();
        Ended::of(&init).with(0);
        fs::write(folder.path("schools.csv"), schools_csv()).unwrap();
        folder.secret("secrets/service", SERVICE_PASSWORD);
        folder.secret("secrets/reader", READER_PASSWORD);
        folder.aim(target);
        folder
    }

    /// Another folder for the same deliveries: what it decides is the same.
    pub(super) fn twin(&self, target: &str) -> Self {
        let twin = Self::new(target);
        fs::copy(self.path("secrets/ine.key"), twin.path("secrets/ine.key")).unwrap();
        fs::remove_dir(twin.path("inbox")).unwrap();
        std::os::unix::fs::symlink(self.path("inbox"), twin.path("inbox")).unwrap();
        twin
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) {
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(self.path(name)).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    }

    /// Replaces the `[[target]]` of `rentree.toml`.
    pub(super) fn aim(&self, target: &str) {
        let toml = fs::read_to_string(self.path("rentree.toml")).unwrap();
        let (before, _) = toml.split_once("[[target]]").unwrap();
        fs::write(self.path("rentree.toml"), format!("{before}{target}")).unwrap();
    }

    pub(super) fn deliver(&self, schools: &[&School], days: i32) {
        for school in schools {
            school.deliver(&self.path("inbox"), days);
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rentree"));
        command.current_dir(self.0.path()).args(arguments).stdin(Stdio::null());
        command
    }

    pub(super) fn rentree(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().unwrap())
    }

    /// `run --format json`.
    pub(super) fn run(&self) -> Ended {
        self.rentree(&["--format", "json", "run"])
    }

    /// `run`, or another command, left alone; its words are lost.
    pub(super) fn begin(&self, command: &str) -> Child {
        self.command(&[command]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn store(&self) -> Store {
        Store::open(&self.path("state"), &Options::default()).unwrap()
    }

    /// Login and initial password of every sealed secret.
    pub(super) fn passwords(&self) -> Vec<(String, String)> {
        let identity = fs::read_to_string(self.path("secrets/credentials.identity")).unwrap();
        let identity: age::x25519::Identity = identity.trim().parse().unwrap();
        let open = |secret: &SealedSecret| {
            let text = age::decrypt(&identity, &secret.sealed).unwrap();
            let sheet: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(sheet["login"], secret.login.as_str());
            (secret.login.to_string(), sheet["password"].as_str().unwrap().to_owned())
        };
        secrets::list(&self.store()).unwrap().iter().map(open).collect()
    }

    /// Sealed secrets as they lie in the store, superseded ones included.
    pub(super) fn sealed_rows(&self) -> usize {
        let file = self.path("state").join(rentree::store::FILE);
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.query_row("SELECT count(*) FROM sealed_secret", [], |row| row.get(0)).unwrap()
    }

    /// The login of the person whose source identifier holds this text.
    #[track_caller]
    pub(super) fn login(&self, find: &str) -> String {
        let people = self.rentree(&["--format", "json", "people", "--find", find]).with(0);
        let line = people.stdout.lines().next().unwrap();
        let person: Value = serde_json::from_str(line).unwrap();
        person["account"]["name"]["login"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
    }
}
