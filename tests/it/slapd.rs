//! A real slapd of our own: its folder, ports, authority and life end with the value.
//!
//! Debian packages `slapd` and `ldap-utils`. A machine without them fails the tests.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub(crate) const SUFFIX: &str = "dc=ent,dc=test";
pub(crate) const BASE: &str = "ou=ecoles,dc=ent,dc=test";
pub(crate) const ADMIN: &str = "cn=admin,dc=ent,dc=test";
pub(crate) const SERVICE: &str = "cn=rentree,ou=services,dc=ent,dc=test";
pub(crate) const READER: &str = "cn=lecteur,ou=services,dc=ent,dc=test";
pub(crate) const ADMIN_PASSWORD: &str = "mot-de-passe-admin";
pub(crate) const SERVICE_PASSWORD: &str = "mot-de-passe-service";
pub(crate) const READER_PASSWORD: &str = "mot-de-passe-lecteur";

const SLAPD: &str = "/usr/sbin/slapd";
const SLAPADD: &str = "/usr/sbin/slapadd";

/// What the server has switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// No overlay, and no schema of one.
    Bare,
    /// The schema of ppolicy, no overlay.
    Plain,
    /// memberof, refint, ppolicy, unique.
    Full,
}

/// How to start one; every choice is spelt out.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    pub(crate) variant: Variant,
    /// `size.soft=20 size.hard=20 size.prtotal=unlimited`, for the service account.
    pub(crate) limits: &'static str,
    /// Lines of the default password policy.
    pub(crate) policy: &'static str,
    /// The service account reads passwords and writes everywhere, against SEC-06.
    pub(crate) careless: bool,
    /// The reading account sees the base and nothing below it.
    pub(crate) blind_reader: bool,
    /// It has a certificate; without, it speaks neither LDAPS nor StartTLS.
    pub(crate) tls: bool,
    /// Every change is noted as it came over the wire: see [`Slapd::audit`].
    pub(crate) audit: bool,
    /// It waits for its disk at each write, as a real one does; tests need not.
    pub(crate) durable: bool,
}

pub(crate) const GOOD_POLICY: &str = "pwdMinLength: 12\npwdMaxFailure: 5\npwdLockout: TRUE\n\
    pwdMustChange: TRUE\npwdMaxAge: 0\npwdCheckQuality: 1\n";

impl Choices {
    pub(crate) fn of(variant: Variant) -> Self {
        let (limits, policy) = ("size=unlimited", GOOD_POLICY);
        Self {
            variant,
            limits,
            policy,
            careless: false,
            blind_reader: false,
            tls: true,
            audit: false,
            durable: false,
        }
    }
}

pub(crate) struct Slapd {
    folder: tempfile::TempDir,
    child: Child,
    ldap_port: u16,
    ldaps_port: u16,
}

impl Slapd {
    pub(crate) fn start(choices: &Choices) -> Self {
        assert!(Path::new(SLAPD).exists(), "slapd is missing: apt-get install slapd ldap-utils");
        let folder = tempfile::Builder::new().prefix("slapd").tempdir().unwrap();
        for sub in ["db", "tls"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        Certificates::make(&folder.path().join("tls"));
        fs::write(folder.path().join("slapd.conf"), configuration(folder.path(), choices)).unwrap();
        seed(folder.path(), choices);
        for _ in 0..5 {
            let (ldap_port, ldaps_port) = (free_port(), free_port());
            let ldaps = choices.tls.then_some(ldaps_port);
            if let Some(child) = launch(folder.path(), ldap_port, ldaps) {
                return Self { folder, child, ldap_port, ldaps_port };
            }
        }
        panic!("slapd does not start: {}", log(folder.path()));
    }

    pub(crate) fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.ldaps_port)
    }
    pub(crate) fn ldap(&self) -> String {
        format!("ldap://localhost:{}", self.ldap_port)
    }
    pub(crate) fn ldapi(&self) -> String {
        format!("ldapi://{}", socket(self.folder.path()).replace('/', "%2F"))
    }
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("tls/ca.pem")
    }
    /// Certificate and key of a client that EXTERNAL takes for the service account.
    pub(crate) fn client(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join("tls/client.pem"), self.folder.path().join("tls/client.key"))
    }

    /// `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
        // Each thread stops when it next runs, not before kill returns.
        let stopped = |task: fs::DirEntry| {
            fs::read_to_string(task.path().join("stat")).is_ok_and(|stat| stat.contains(") T "))
        };
        let tasks = || fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(Result::unwrap);
        while name == "STOP" && !tasks().all(stopped) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was changed, as LDIF; asked for by [`Choices::audit`].
    pub(crate) fn audit(&self) -> String {
        fs::read_to_string(self.folder.path().join("audit.ldif")).unwrap_or_default()
    }

    /// SIGKILL: nothing is said to anybody.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same server again, on the same ports and data.
    pub(crate) fn restart(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if let Some(child) = launch(self.folder.path(), self.ldap_port, Some(self.ldaps_port)) {
                self.child = child;
                return;
            }
        }
        panic!("slapd does not start again: {}", log(self.folder.path()));
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // Nothing is to be kept: no need to be polite.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn socket(folder: &Path) -> String {
    folder.join("ldapi").to_str().unwrap().to_owned()
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Starts the server in the foreground, as our child, and waits until it answers.
fn launch(folder: &Path, ldap_port: u16, ldaps_port: Option<u16>) -> Option<Child> {
    let ldaps = ldaps_port.map(|port| format!("ldaps://127.0.0.1:{port}"));
    let urls = format!(
        "ldap://127.0.0.1:{ldap_port} {} ldapi://{}",
        ldaps.unwrap_or_default(),
        socket(folder).replace('/', "%2F")
    );
    let mut child = Command::new(SLAPD)
        .args(["-d", "0", "-f"])
        .arg(folder.join("slapd.conf"))
        .args(["-h", &urls])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if child.try_wait().unwrap().is_some() {
            return None; // A port was taken meanwhile.
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, ldaps_port.unwrap_or(ldap_port))).is_ok() {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn seed(folder: &Path, choices: &Choices) {
    let person = |dn: &str, cn: &str, password: &str| {
        format!(
            "dn: {dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             cn: {cn}\nuserPassword: {password}\n\n"
        )
    };
    let unit =
        |dn: &str, ou: &str| format!("dn: {dn}\nobjectClass: organizationalUnit\nou: {ou}\n\n");
    let mut ldif = format!(
        "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: ent\no: ENT\n\n"
    );
    ldif += &unit(BASE, "ecoles");
    ldif += &unit("ou=services,dc=ent,dc=test", "services");
    ldif += &unit("ou=policies,dc=ent,dc=test", "policies");
    ldif += &person(SERVICE, "rentree", SERVICE_PASSWORD);
    ldif += &person(READER, "lecteur", READER_PASSWORD);
    if choices.variant != Variant::Bare {
        ldif += &format!(
            "dn: cn=default,ou=policies,dc=ent,dc=test\nobjectClass: device\n\
             objectClass: pwdPolicy\ncn: default\npwdAttribute: userPassword\n{}",
            choices.policy
        );
    }
    let file = folder.join("seed.ldif");
    fs::write(&file, ldif).unwrap();
    let output = Command::new(SLAPADD)
        .args(["-q", "-f"])
        .arg(folder.join("slapd.conf"))
        .args(["-b", SUFFIX, "-l"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "slapadd: {}", String::from_utf8_lossy(&output.stderr));
}

fn configuration(folder: &Path, choices: &Choices) -> String {
    let modules: &[&str] = match choices.variant {
        Variant::Bare => &[],
        Variant::Plain => &["ppolicy"],
        Variant::Full => &["memberof", "refint", "ppolicy", "unique"],
    };
    let modules: String = modules.iter().map(|name| format!("moduleload {name}\n")).collect();
    let overlays = if choices.variant == Variant::Full { OVERLAYS } else { "" };
    let folder = folder.display();
    let (audit_module, audit) = match choices.audit {
        true => {
            ("moduleload auditlog\n", format!("overlay auditlog\nauditlog {folder}/audit.ldif\n"))
        }
        false => ("", String::new()),
    };
    let tls = match choices.tls {
        true => format!(
            "TLSCACertificateFile {folder}/tls/ca.pem
TLSCertificateFile {folder}/tls/server.pem
TLSCertificateKeyFile {folder}/tls/server.key
TLSVerifyClient try"
        ),
        false => String::new(),
    };
    let (uid, gid) = (owner("-u"), owner("-g"));
    let rights = match (choices.careless, choices.blind_reader) {
        (true, _) => CARELESS.to_owned(),
        (false, true) => format!("{BLIND}{RIGHTS}"),
        (false, false) => RIGHTS.to_owned(),
    };
    let sync = if choices.durable { "" } else { "dbnosync" };
    let limits = choices.limits;
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{modules}{audit_module}pidfile {folder}/pid
argsfile {folder}/args
{tls}
authz-regexp \"gidNumber={gid}\\\\+uidNumber={uid},cn=peercred,cn=external,cn=auth\" \"{SERVICE}\"
authz-regexp \"cn=client-rentree\" \"{SERVICE}\"
sizelimit 500
loglevel none
database mdb
suffix {SUFFIX}
rootdn {ADMIN}
rootpw {ADMIN_PASSWORD}
directory {folder}/db
maxsize 1073741824
{sync}
index objectClass,uid,mail,member,entryCSN eq
{rights}
limits dn.exact={ADMIN} size=unlimited
limits dn.exact={SERVICE} {limits}
{overlays}{audit}"
    )
}

/// SEC-06: an entry of its own, rights below the base only, passwords written and never read.
const RIGHTS: &str = "access to dn.subtree=ou=ecoles,dc=ent,dc=test attrs=userPassword
  by dn.exact=cn=rentree,ou=services,dc=ent,dc=test =w
  by self =w
  by anonymous auth
  by * none
access to attrs=userPassword
  by anonymous auth
  by * none
access to dn.subtree=ou=ecoles,dc=ent,dc=test
  by dn.exact=cn=rentree,ou=services,dc=ent,dc=test write
  by dn.exact=cn=lecteur,ou=services,dc=ent,dc=test read
  by self read
  by * none
access to *
  by dn.exact=cn=rentree,ou=services,dc=ent,dc=test read
  by dn.exact=cn=lecteur,ou=services,dc=ent,dc=test read
  by * none
";

const BLIND: &str = "access to dn.children=ou=ecoles,dc=ent,dc=test
  by dn.exact=cn=lecteur,ou=services,dc=ent,dc=test none
  by * break
";

const CARELESS: &str = "access to *
  by dn.exact=cn=rentree,ou=services,dc=ent,dc=test write
  by anonymous auth
  by * none
";

const OVERLAYS: &str = "overlay unique
unique_uri ldap:///?uid,mail?sub
overlay memberof
memberof-refint TRUE
overlay refint
refint_attributes member owner
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=ent,dc=test
ppolicy_hash_cleartext
";

fn owner(flag: &str) -> String {
    let output = Command::new("id").arg(flag).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A bare client of a server that this authority vouches for; not yet bound.
pub(crate) async fn client_of(url: &str, ca_file: &Path) -> Ldap {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let settings = LdapConnSettings::new().set_config(Arc::new(config));
    let (driver, handle) = LdapConnAsync::with_settings(settings, url).await.unwrap();
    tokio::spawn(driver.drive());
    handle
}

/// An authority and what it signed.
pub(crate) struct Certificates;

impl Certificates {
    pub(crate) fn make(folder: &Path) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Autorité de test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
        // libldap checks the machine's own name when it is told "localhost".
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        names.extend(Some(host.trim().to_owned()).filter(|name| !name.is_empty()));
        for (file, names, usage) in [
            ("server", names, ExtendedKeyUsagePurpose::ServerAuth),
            ("client", vec![], ExtendedKeyUsagePurpose::ClientAuth),
        ] {
            let mut params = CertificateParams::new(names).unwrap();
            let common_name = if file == "client" { "client-rentree" } else { "localhost" };
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, common_name);
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &ca).unwrap();
            fs::write(folder.join(format!("{file}.pem")), certificate.pem()).unwrap();
            let path = folder.join(format!("{file}.key"));
            let mut options = fs::OpenOptions::new();
            let mut out = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
            std::io::Write::write_all(&mut out, key.serialize_pem().as_bytes()).unwrap();
        }
    }
}
