use super::*;
use crate::mapping::managed::PasswordForm;

const SUPPLIED: &str = include_str!("../../../mappings/openldap.toml");
const BASE: &str = "dc=ecole,dc=example";

#[test]
fn the_supplied_mappings_are_right_and_say_what_is_managed() {
    let sans = include_str!("../../../mappings/openldap-sans-ppolicy.toml");
    EntryMapping::parse(sans, "openldap-sans-ppolicy.toml", BASE).unwrap();
    let mapping = EntryMapping::parse(SUPPLIED, "openldap.toml", BASE).unwrap();
    let managed = mapping.managed();
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(managed.mark, "description");
    assert_eq!(managed.links, set(&["member", "owner"]));
    assert_eq!(managed.names, set(&["cn", "mail", "uid"]));
    assert_eq!(managed.required, set(&["pwdAccountLockedTime", "pwdReset"]));
    assert_eq!(managed.at_creation.values_of("pwdReset"), ["TRUE"]);
    assert_eq!(managed.disabled.values_of("pwdAccountLockedTime"), ["000001010000Z"]);
    assert_eq!(managed.password.form, PasswordForm::Ssha);
    let containers = &managed.attributes[&ObjectKind::Container];
    assert_eq!(*containers, set(&["description", "objectClass", "ou"]));
    let groups = &managed.attributes[&ObjectKind::Group];
    assert_eq!(*groups, set(&["businessCategory", "cn", "description", "objectClass", "ou"]));
    let accounts = &managed.attributes[&ObjectKind::Account];
    assert!(accounts.contains("pwdAccountLockedTime") && !accounts.contains("pwdReset"));
    assert!(!accounts.contains("userPassword"));
}

/// R-50, requirements 3.3: the whole of what can reach a directory. No birth date, no sex, no
/// INE; a new variable is a decision, taken here.
#[test]
fn the_variables_offered_are_these_and_no_others() {
    let offered = Offered::new();
    let check = |names: BTreeSet<&str>, expect: &str| {
        assert_eq!(names.into_iter().collect::<Vec<_>>().join(" "), expect);
    };
    check(offered.container_dn, "uai");
    check(offered.container, "name uai");
    check(offered.account_dn, "category enabled login person short_login uai");
    check(
        offered.account,
        "called category display enabled given login mail person short_login uai",
    );
    check(offered.group_dn, "frozen kind name uai");
    check(offered.group, "code frozen kind label name uai");
}

/// The problems of the supplied mapping with one text in it replaced.
fn problems(before: &str, after: &str) -> Vec<String> {
    assert!(SUPPLIED.contains(before), "{before}");
    let text = SUPPLIED.replacen(before, after, 1);
    EntryMapping::parse(&text, "m.toml", BASE).map(drop).unwrap_err()
}

fn check(before: &str, after: &str, expect: &str) {
    assert_eq!(problems(before, after), [format!("m.toml: {expect}")], "{after}");
}

#[test]
fn a_mapping_cannot_ask_for_what_is_not_offered() {
    // R-50, requirements 3.3.
    let known = "only called, category, display, enabled, given, login, mail, person, \
                     short_login, uai";
    for wanted in ["birth_date", "sex", "ine", "range"] {
        check(
            "sn = \"{{ called }}\"",
            &format!("sn = \"{{{{ {wanted} }}}}\""),
            &format!("account.attributes.sn: there is no variable {wanted} here, {known}"),
        );
    }
    // SEC-37: the RDN is made of the login, never of a name.
    check(
        "dn = \"uid={{ login }},",
        "dn = \"cn={{ called }}+uid={{ login }},",
        "account.dn: there is no variable called here, only category, enabled, login, person, \
             short_login, uai",
    );
    // SEC-38: nor of a code.
    check(
        "dn = \"cn={{ name }},",
        "dn = \"cn={{ name }}{{ code }},",
        "group.dn: there is no variable code here, only frozen, kind, name, uai",
    );
    check(
        "each = \"schools\", value = \"{{ item",
        "each = \"parents\", value = \"{{ item",
        "account.attributes.departmentNumber: there is no list parents here, only schools",
    );
}

#[test]
fn each_wrong_key_is_told_with_its_path() {
    //
    check("version = ", "# ", "version: is missing");
    check("agreed_on = ", "# ", "agreed_on: is missing");
    check("[limits]", "[limit]\nx = 1\n[limits]", "limit: is not a key that is known here");
    check("cn = 64", "cn = 0", "limits.cn: 0 is not between 1 and 32768");
    check("form = \"ssha\"", "form = \"md5\"", "password.form: \"md5\" is neither ssha nor clear");
    check(
        "[account.categories]\n",
        "[account.categories]\nx = \"y\"\n",
        "account.categories.x: is not a key that is known here",
    );
    check("division = \"classe\"", "", "group.kinds.division: is missing");
    check(
        "\"teachers\"]",
        "\"parents\"]",
        "group.links.member: parents is neither pupils nor teachers",
    );
    check(
        "uid = \"{{ login }}\"",
        "uid = { each = \"schools\" }",
        "account.attributes.uid: expected is { each = \"LIST\", value = \"TEMPLATE\" }",
    );
    check(
        "sn = \"{{ called }}\"",
        "\"s n\" = \"x\"",
        "account.attributes.s n: is not the name of an attribute",
    );
    check(
        "sn = \"{{ called }}\"",
        "SN = \"x\"\nsn = \"x\"",
        "account.attributes.sn: stands twice, in two spellings",
    );
    check(
        "sn = \"{{ called }}\"",
        "sn = 3",
        "account.attributes.sn: a list of texts is expected: [\"…\"]",
    );
    check(
        "names = [\"uid\", ",
        "names = [\"login\", ",
        "names: login is not an attribute of accounts",
    );
    check(
        "[limits]\n",
        "[limits]\nuid = 63\n",
        "limits.uid: login has up to 64 signs and must not be cut",
    );
    let written = "is written by other rules, not by a template";
    check(
        "sn = \"{{",
        "userpassword = \"x\"\nsn = \"{{",
        &format!("account.attributes: userPassword {written}"),
    );
    check(
        "sn = \"{{",
        "description = \"x\"\nsn = \"{{",
        &format!("account.attributes: description {written}"),
    );
    check(
        "ou = [\"{{ code }}",
        "owner = \"x\"\nou = [\"{{ code }}",
        &format!("group.attributes: owner {written}"),
    );
}

#[test]
fn a_mapping_that_cannot_work_is_told() {
    check(
        "member = \"cn=personne\"",
        "",
        "group.placeholder.member: is missing: a groupOfNames is never empty",
    );
    check(
        "member = \"cn=personne\"",
        "member = \"cn=personne\"\nseeAlso = \"cn=x\"",
        "group.placeholder.seeAlso: is not one of group.links",
    );
    check(
        "pwdAccountLockedTime = \"0",
        "# \"0",
        "disabled: nothing tells an account that cannot be used: [disabled], \
             or enabled in account.dn",
    );
    check(
        "dn = \"uid={{ login }},",
        "dn = \"uid={{ uai }},",
        "account.dn: names nobody: login, short_login or person is expected",
    );
    check(
        "dn = \"cn={{ name }},",
        "dn = \"cn={{ uai }},",
        "group.dn: names no group: name is expected",
    );
    check(
        "sn = \"{{ called }}\"",
        "sn = \"{{ called\"",
        "account.attributes.sn: syntax error: unexpected end of input, \
             expected end of variable block",
    );
    check(
        "sn = \"{{ called }}\"",
        "sn = \"{{ called | shout }}\"",
        "account: account.attributes.sn: unknown filter: filter shout is unknown",
    );
    check(
        "mail = \"{{ mail }}\"",
        "mail = \"{{ enabled }}\"",
        "account: account.attributes.mail: invalid operation: a bool is no text; \
             a list goes through each = \"…\"",
    );
    check(
        "ou=personnes,ou={{ uai }}\"\n\n[account.c",
        "ou=gens,ou={{ uai }}\"\n\n[account.c",
        "account: ou=gens,ou=0590001F,dc=ecole,dc=example is not one of containers.dns",
    );
    let problems = problems("\"ou={{ uai }}\",\n", "\n");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].ends_with("ou=groupes,ou=0590001F,dc=ecole,dc=example comes before its parent")
    );
    let problems = self::problems("uid = \"{{ login }}\"", "uid = \"{{ mail }}\"");
    assert!(problems[0].contains("names a value that uid does not have"), "{problems:?}");
    let problems = EntryMapping::parse(SUPPLIED, "m.toml", "").map(drop).unwrap_err();
    assert_eq!(problems[0], "m.toml: the base of the tree is no DN: \"\"");
}

/// without [disabled] the place must tell who cannot be used, of everybody.
#[test]
fn the_place_of_a_disabled_account_is_known_or_the_mapping_is_refused() {
    let sans = include_str!("../../../mappings/openldap-sans-ppolicy.toml");
    let places = EntryMapping::parse(sans, "m.toml", BASE).unwrap().managed().places.clone();
    let at = |branch: &str| format!("uid=ines.lefevre,ou={branch},ou=0599990N,{BASE}");
    assert!(places.says_disabled(&at("inactifs")) && !places.says_disabled(&at("personnes")));
    let supplied = EntryMapping::parse(SUPPLIED, "m.toml", BASE).unwrap();
    assert!(!supplied.managed().places.says_disabled(&at("inactifs")));
    let same = sans.replacen("'inactifs' }},", "'personnes' }},", 1);
    let told = EntryMapping::parse(&same, "m.toml", BASE).map(drop).unwrap_err();
    let text = "the place of an account that cannot be used is not told from that of others";
    assert_eq!(told, [format!("m.toml: account.dn: {text}")]);
}

#[test]
fn a_limit_may_not_cut_what_names_an_entry() {
    let problems = problems("cn = 64", "cn = 20");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("names a value that cn does not have"), "{problems:?}");
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = EntryMapping::parse("mark = 1\nfoo = 2\n", "m.toml", "x").map(drop).unwrap_err();
    for path in
        ["version", "mark", "account.dn", "group.links", "password.attribute", "foo", "base"]
    {
        assert!(problems.iter().any(|line| line.contains(path)), "{path} in {problems:#?}");
    }
}
