//! Any text as each of the mapping files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::mapping::entries::EntryMapping;
use rentree::mapping::functions::Functions;
use rentree::mapping::naming::Scheme;
use rentree::model::ids::Uai;

fuzz_target!(|text: &str| {
    let uai: Uai = "0599990N".parse().expect("an UAI");
    if let Ok(mapping) = EntryMapping::parse(text, "fuzz.toml", "dc=example,dc=org") {
        let _ = mapping.containers(&uai);
    }
    let _ = Functions::parse(text, "fuzz.toml");
    let _ = Scheme::parse(text, "fuzz.toml");
});
