use proptest::prelude::*;

use super::*;

type Map = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone)]
enum Step {
    Insert(String, Vec<String>),
    Remove(String),
    Extend(Map),
    Edit(String, String),
    /// Attributes with so many values go.
    Drop(usize),
}

fn name() -> impl Strategy<Value = String> {
    // Few, so that they meet again; one that begins another; an empty one.
    proptest::sample::select(vec!["", "c", "cn", "mail", "objectClass", "sn", "é"])
        .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-zé\u{0}\u{1e}]{0,3}", 0..4)
}

fn map() -> impl Strategy<Value = Map> {
    proptest::collection::btree_map(name(), values(), 0..6)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (name(), values()).prop_map(|(name, values)| Step::Insert(name, values)),
        name().prop_map(Step::Remove),
        map().prop_map(Step::Extend),
        (name(), "[a-z]{0,2}").prop_map(|(name, value)| Step::Edit(name, value)),
        (0usize..4).prop_map(Step::Drop),
    ]
}

fn take(step: Step, packed: &mut Attributes, map: &mut Map) {
    match step {
        Step::Insert(name, values) => {
            packed.insert(&name, &values);
            map.insert(name, values);
        }
        Step::Remove(name) => {
            packed.remove(&name);
            map.remove(&name);
        }
        Step::Extend(more) => {
            packed.extend(&more);
            map.extend(more);
        }
        Step::Edit(name, value) => {
            packed.edit(&name, |values| values.push(value.clone()));
            map.entry(name).or_default().push(value);
        }
        Step::Drop(count) => {
            packed.retain(|_, values| values.len() != count);
            map.retain(|_, values| values.len() != count);
        }
    }
}

fn same(packed: &Attributes, map: &Map) {
    assert_eq!(packed, &map.iter().collect::<Attributes>());
    assert_eq!(format!("{packed:?}"), format!("{map:?}"));
    let unpacked = packed.iter().map(|(name, values)| (name.to_owned(), values.to_vec()));
    assert_eq!(&unpacked.collect::<Map>(), map);
    assert!(packed.keys().eq(map.keys()) && packed.values().eq(map.values().cloned()));
    assert_eq!((packed.len(), packed.is_empty()), (map.len(), map.is_empty()));
    for name in ["", "c", "cn", "d", "mail", "sn", "é", "zz"] {
        let (held, expected) = (packed.get(name), map.get(name));
        assert_eq!(held.map(Values::to_vec).as_ref(), expected, "{name}");
        assert_eq!(packed.contains_key(name), expected.is_some());
        let values = packed.values_of(name);
        let expected = expected.cloned().unwrap_or_default();
        assert_eq!(
            (values.first(), values.len()),
            (expected.first().map(|text| &**text), expected.len())
        );
        assert!(values == expected && values.is_empty() == expected.is_empty());
        assert!(expected.iter().all(|value| values.contains(value)) && !values.contains("-"));
        let mut sorted = expected;
        sorted.sort();
        assert_eq!(values.sorted(), sorted);
    }
    let json = serde_json::to_string(map).unwrap();
    assert_eq!(serde_json::to_string(packed).unwrap(), json);
    assert_eq!(&serde_json::from_str::<Attributes>(&json).unwrap(), packed);
}

proptest! {
    #[test]
    fn attributes_are_a_map_of_lists(
        first in map(),
        steps in proptest::collection::vec(step(), 0..8),
    ) {
        // Stored plans and their hashes: written as the map, byte for byte (SEC-43).
        let (mut packed, mut map) = (first.iter().collect::<Attributes>(), first);
        same(&packed, &map);
        for step in steps {
            take(step, &mut packed, &mut map);
            same(&packed, &map);
        }
    }

    #[test]
    fn attributes_are_the_same_when_names_and_values_are(one in map(), other in map()) {
        let packed = |map: &Map| map.iter().collect::<Attributes>();
        prop_assert_eq!(packed(&one) == packed(&other), one == other);
    }
}

#[test]
fn of_two_attributes_with_one_name_the_last_one_stays() {
    let twice = Attributes::from([("sn", ["a"]), ("sn", ["b"])]);
    assert_eq!(twice, Attributes::from([("sn", ["b"])]));
    let json = r#"{"sn":["a"],"sn":["b"]}"#;
    assert_eq!(serde_json::from_str::<Attributes>(json).unwrap(), twice);
}

#[test]
fn an_attribute_without_values_is_not_an_absent_one() {
    let none: [&str; 0] = [];
    let held = Attributes::from([("cn", vec!["a"]), ("mail", vec![]), ("sn", vec!["b"])]);
    assert_eq!(held.get("mail").unwrap(), none);
    assert_ne!(held, Attributes::from([("cn", ["a"]), ("sn", ["b"])]));
    assert_ne!(held, Attributes::from([("cn", vec!["a"]), ("mail", vec![""]), ("sn", vec!["b"])]));
}
