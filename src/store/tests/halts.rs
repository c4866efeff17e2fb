//! Why a run stopped in a target.

use super::*;
use crate::store::halts::{self, Halt};
use crate::store::plans;

#[test]
fn the_newest_cause_is_kept_until_the_run_writes_there() {
    // SEC-43.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = plans::save(&mut store, "run", &plan(1, Vec::new(), Vec::new())).unwrap();
    let halt = |target: &str, what: &str| Halt {
        target: target.to_owned(),
        at: noon(),
        what: what.to_owned(),
        hint: String::new(),
    };
    let (first, second, other) =
        (halt("cloud", "no right"), halt("cloud", "put off"), halt("ldap", "away"));
    for one in [&other, &first, &second] {
        halts::save(&mut store, run, one).unwrap();
    }
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(halts::of_run(&store, run).unwrap(), [second, other.clone()]);
    halts::clear(&mut store, run, "cloud").unwrap();
    assert_eq!(halts::of_run(&store, run).unwrap(), [other]);
}
