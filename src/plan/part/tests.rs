//! Laws of the halves, over the random targets of the difference.

use proptest::prelude::*;

use super::super::audit::{self, Scene};
use super::super::diff::laws::{planned, world};
use super::super::make::{self, Parts};
use super::super::origin::{self, Origin};
use super::super::simulator::{account, group, managed, one_creation};
use super::super::{Plan, Summary};
use super::*;

const FIRST: &str = "0599990N";
const SECOND: &str = "0809990Z";

fn plan_of(half: Half, expected: Vec<Expected>) -> Plan {
    make::make(Parts {
        made_at: "2026-09-01T07:00:00Z".parse().unwrap(),
        generation: 1,
        basis: Vec::new(),
        settings: "0".repeat(64).parse().unwrap(),
        change: half.change,
        operations: half.operations,
        objections: Vec::new(),
        strays: Vec::new(),
        doubles: Vec::new(),
        rehearsed: false,
        origin: Origin { expected, ..Origin::default() },
        summary: Summary::default(),
    })
}

fn faults(plan: &Plan, ground: &BTreeMap<String, Observed>) -> Vec<String> {
    let managed = managed();
    let scene =
        |(target, observed): (&String, _)| (target.clone(), Scene { observed, managed: &managed });
    audit::audit(plan, &ground.iter().map(scene).collect())
}

/// Both halves as plans, each with what the checker has against it.
fn halves(whole: &Plan, school: &str) -> [(Plan, Vec<String>); 2] {
    let (first, second) = split(whole, &BTreeSet::from([school.parse().unwrap()]));
    let part = plan_of(first.clone(), expected_by_part(whole, &first));
    let rest = plan_of(second.clone(), expected_by_rest(whole, &first, &second));
    let wrong_part = faults(&part, &ground(whole, &part.origin.expected, None));
    let wrong_rest = faults(&rest, &ground(whole, &rest.origin.expected, Some(&first)));
    [(part, wrong_part), (rest, wrong_rest)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// SEC-42, SEC-43: also of a rest, which is a plan that nobody looked for.
    #[test]
    fn halves_are_good_plans_that_together_do_the_whole(world in world()) {
        let observed = world.server.observe();
        let mut whole = planned(&world, &observed);
        whole.origin.expected = origin::expected("ldap", &observed, &whole.operations);
        let mut done = world.server.clone();
        done.apply(&whole.operations);
        let mut server = world.server.clone();
        let [(part, wrong), (rest, wrong_rest)] = halves(&whole, FIRST);
        prop_assert_eq!(wrong, Vec::<String>::new());
        prop_assert_eq!(wrong_rest, Vec::<String>::new());
        server.apply(&part.operations);
        // What the rest expects is what the part leaves.
        let left = server.observe();
        let (then, none) = (&rest.origin, BTreeMap::new());
        let changed = origin::changed("ldap", &left, then, &rest.operations, &none);
        prop_assert_eq!(changed, Vec::<String>::new());
        let [(second, wrong), (last, wrong_last)] = halves(&rest, SECOND);
        prop_assert_eq!(wrong, Vec::<String>::new());
        prop_assert_eq!(wrong_last, Vec::<String>::new());
        server.apply(&second.operations);
        server.apply(&last.operations);
        prop_assert_eq!(server, done);
    }
}

#[test]
fn a_half_is_held_to_what_it_expects_and_to_what_goes_before_it() {
    let her = account(1, SECOND, "ines.lefevre");
    let link = |stands: Entry| {
        let values = BTreeSet::from([her.dn.clone()]);
        let action = Action::AddLinks { dn: stands.dn, attribute: "member".to_owned(), values };
        let (kind, key) = (OperationKind::AddMember, stands.key);
        let stage = order::stage(kind, &key, &action);
        let (target, uai) = ("ldap".to_owned(), stands.uai);
        Operation { seq: 0, target, kind, key, uai, stage, action, blocked: None }
    };
    // She is new in the second school, and joins a group of the first, which stands.
    let class = group(FIRST, "2A", &[]);
    let operations = vec![one_creation("ldap", her.clone()), link(class.clone())];
    let seen = Observed { entries: [(class.key.clone(), class)].into(), ..Observed::default() };
    let expected = origin::expected("ldap", &seen, &operations);
    let whole = plan_of(Half { operations, ..Half::default() }, expected.clone());
    let [(part, wrong), (rest, wrong_rest)] = halves(&whole, SECOND);
    assert_eq!((wrong, wrong_rest), (Vec::new(), Vec::new()));
    assert_eq!((part.operations.len(), rest.operations.len()), (1, 1));
    assert_eq!((part.origin.expected, rest.origin.expected.clone()), (Vec::new(), expected));
    let check = |ground: BTreeMap<String, Observed>, expect: &str| {
        let found = faults(&rest, &ground);
        assert!(found.len() == 1 && found[0].contains(expect), "{expect}: {found:?}");
    };
    let (first, _) = split(&whole, &BTreeSet::from([SECOND.parse().unwrap()]));
    check(ground(&whole, &[], Some(&first)), "our entry does not stand there by then");
    check(ground(&whole, &rest.origin.expected, None), "it links what does not stand");
}
