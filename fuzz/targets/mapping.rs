//! Any text as each of the mapping files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::mapping::entries::EntryMapping;
use rentree::mapping::functions::Functions;
use rentree::mapping::graph::{GraphMapping, Tenant};
use rentree::mapping::naming::Scheme;
use rentree::model::entry::GroupForm;
use rentree::model::ids::Uai;
use rentree::model::opaque::OpaqueKeys;
use secrecy::SecretSlice;

fuzz_target!(|text: &str| {
    let uai: Uai = "0599990N".parse().expect("an UAI");
    if let Ok(mapping) = EntryMapping::parse(text, "fuzz.toml", "dc=example,dc=org") {
        let _ = mapping.containers(&uai);
    }
    let keys = || OpaqueKeys::new(SecretSlice::from(b"fuzz".to_vec()));
    let tenant = Tenant {
        prefix: "hdf".into(),
        form: GroupForm::Security,
        people: keys(),
        schools: keys(),
        licences: [].into(),
    };
    let _ = GraphMapping::parse(text, "fuzz.toml", tenant);
    let _ = Functions::parse(text, "fuzz.toml");
    let _ = Scheme::parse(text, "fuzz.toml");
});
