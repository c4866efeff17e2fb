//! What only the lab promises: its folder, and the tools of OpenLDAP against it.

use ldap3::Scope;
use rentree::lab::{Lab, LabError};
use rentree::target::Observe;

use crate::slapd::{ADMIN, ADMIN_PASSWORD, BASE, READER, SERVICE};

use super::bench::*;
use super::objects::*;

fn tool(bench: &Bench, name: &str, arguments: &[&str], input: &str) -> (i32, String) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new(name)
        .env("LDAPTLS_CACERT", bench.ca_file())
        .args(["-x", "-H", &bench.url()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} is missing (apt-get install ldap-utils): {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// What an administrator has at hand works against the lab, over TLS with its CA.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_of_openldap_work_against_the_lab() {
    let bench = Bench::lab().with_base().await;
    let admin = ["-D", ADMIN, "-w", ADMIN_PASSWORD];
    let run = |name: &str, arguments: &[&str], input: &str, code: i32, word: &str| {
        let arguments: Vec<&str> = admin.iter().chain(arguments).copied().collect();
        let (found, text) = tool(&bench, name, &arguments, input);
        assert_eq!(found, code, "{name} {arguments:?}: {text}");
        assert!(text.contains(word), "{name} {arguments:?}: {text}");
    };
    let person = "uid=ines,ou=ecoles,dc=ent,dc=test";
    let ldif = format!("dn: {person}\nobjectClass: inetOrgPerson\nsn: Lefèvre\ncn: Inès\n\n");
    run("ldapadd", &[], &ldif, 0, "adding new entry");
    run("ldapadd", &[], &ldif, 68, "Already exists");
    run("ldapsearch", &["-LLL", "-b", BASE, "(uid=INES)", "uid"], "", 0, "uid: ines");
    run("ldapsearch", &["-LLL", "-b", BASE, "-E", "pr=1/noprompt", "uid"], "", 0, "uid: ines");
    run("ldapsearch", &["-b", BASE, "-z", "1", "uid"], "", 4, "Size limit exceeded");
    run("ldapsearch", &["-LLL", "-A", "-b", person, "sn"], "", 0, "sn:");
    run("ldapsearch", &["-LLL", "-b", "", "-s", "base", "+"], "", 0, "namingContexts: dc=ent");
    run(
        "ldapsearch",
        &["-b", "cn=subschema", "-s", "base", "objectClasses"],
        "",
        0,
        "groupOfMembers",
    );
    let modify = format!("dn: {person}\nchangetype: modify\nreplace: sn\nsn: Martin\n\n");
    run("ldapmodify", &[], &modify, 0, "modifying entry");
    run("ldapmodify", &["-e", "!assert=(sn=Lefevre)"], &modify, 122, "Assertion Failed");
    run("ldapmodify", &["-e", "!assert=(sn=martin)"], &modify, 0, "modifying entry");
    run("ldapcompare", &[person, "sn:MARTIN"], "", 6, "TRUE");
    run("ldapcompare", &[person, "sn:x"], "", 5, "FALSE");
    run("ldapmodrdn", &["-r", person, "uid=ines.martin"], "", 0, "");
    let person = "uid=ines.martin,ou=ecoles,dc=ent,dc=test";
    run("ldapwhoami", &[], "", 0, "dn:cn=admin");
    run("ldappasswd", &["-s", "Un-mot-de-passe-7", person], "", 0, "");
    run("ldappasswd", &["-s", "court", person], "", 1, "quality");
    run("ldappasswd", &[person], "", 0, "New password: ");
    run("ldappasswd", &["-s", "Un-mot-de-passe-7", person], "", 0, "");
    // Reset by somebody else: the owner must change it first (SEC-12).
    let own = ["-D", person, "-w", "Un-mot-de-passe-7"];
    let arguments = |more: &[&'static str]| -> Vec<&str> { [&own, more].concat() };
    let (code, text) = tool(&bench, "ldapwhoami", &arguments(&["-e", "ppolicy"]), "");
    assert!(code == 1 && text.contains("Password must be changed"), "{code} {text}");
    let (code, text) = tool(&bench, "ldapsearch", &arguments(&["-b", BASE]), "");
    assert!(code == 50 && text.contains("restricted"), "{code} {text}");
    let (code, text) = tool(&bench, "ldappasswd", &arguments(&["-s", "Choisi-par-moi-8"]), "");
    assert_eq!(code, 0, "{text}");
    let own = ["-D", person, "-w", "Choisi-par-moi-8"];
    let (code, text) = tool(&bench, "ldapwhoami", &own, "");
    assert!(code == 0 && text.contains("dn:uid=ines.martin"), "{text}");
    run("ldapsearch", &["-LLL", "-b", person, "pwdReset", "+"], "", 0, "pwdChangedTime");
    run("ldapdelete", &[person], "", 0, "");
    run("ldapdelete", &[person], "", 32, "No such object");
    run("ldapdelete", &[BASE], "", 0, "");
    // No other authority, no other way in.
    let plain = bench.url().replace("ldaps", "ldap");
    let (code, _) = tool(&bench, "ldapwhoami", &["-H", &plain], "");
    assert_ne!(code, 0);
}

#[test]
fn a_lab_keeps_what_was_written_and_serves_one_process_at_a_time() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::start(folder.path(), lab_options()).unwrap();
    assert!(matches!(Lab::start(folder.path(), lab_options()), Err(LabError::Busy(_))));
    let attached = Lab::attach_or_start(folder.path(), lab_options()).unwrap();
    assert!(lab.is_ours() && !attached.is_ours());
    assert_eq!((attached.url(), attached.service_dn()), (lab.url(), SERVICE.to_owned()));
    assert_eq!(attached.reader_dn(), READER);
    attached.stop();

    let (url, ca) = (lab.url(), std::fs::read(lab.ca_file()).unwrap());
    let bench = Bench { slapd: None, lab: Some((folder, lab)) };
    let bench = runtime.block_on(bench.with_base());
    let class = group("1G3", &[NOBODY]);
    let one = account(1, "y", "Y");
    runtime.block_on(async {
        let target = bench.target().await;
        written(&target, &create(&class)).await;
        written(&target, &create(&one)).await;
        written(&target, &add_links(&class, &[&one.dn])).await;
    });
    let csn = runtime.block_on(bench.values(&class.dn, "entryCSN"));
    let (folder, lab) = bench.lab.unwrap();
    lab.stop();
    for (file, mode) in
        [("server.key", 0o600), ("service.password", 0o600), ("entries.jsonl", 0o600)]
    {
        let found = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{file}");
    }
    let lab = Lab::attach_or_start(folder.path(), lab_options()).unwrap();
    assert!(lab.is_ours());
    assert_eq!((lab.url(), std::fs::read(lab.ca_file()).unwrap()), (url, ca), "as it was");
    let bench = Bench { slapd: None, lab: Some((folder, lab)) };
    runtime.block_on(async {
        assert_eq!(bench.values(&class.dn, "entryCSN").await, csn);
        let members = strings(&[NOBODY, &one.dn]);
        assert_eq!(bench.values(&class.dn, "member").await, Some(members));
        // The same clock, and yet another change number: an assertion on the old one must fail.
        let target = bench.target().await;
        written(&target, &remove_links(&class, &[&one.dn])).await;
        assert_ne!(bench.values(&class.dn, "entryCSN").await, csn);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lab_with_a_size_limit_is_read_whole_by_pages() {
    let folder = tempfile::tempdir().unwrap();
    let options = rentree::lab::Options { size_limit: Some(5), ..lab_options() };
    let lab = Lab::start(folder.path(), options).unwrap();
    let bench = Bench { slapd: None, lab: Some((folder, lab)) }.with_base().await;
    let mut target = bench.target().await;
    for id in 1..=30 {
        written(&target, &create(&account(id, &format!("p{id}"), "Prénom"))).await;
    }
    assert_eq!(target.observe().await.unwrap().entries.len(), 30);
    let mut service = bench.client().await;
    let password = read(bench.lab.as_ref().unwrap().1.service_password_file());
    service.simple_bind(SERVICE, &password).await.unwrap().success().unwrap();
    let found = service.search(BASE, Scope::Subtree, "(uid=*)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.0.len()), (4, 5));
}
