//! What a service is like and what it does wrong, for rehearsals: `faults.txt` in the lab's folder,
//! read when the service opens.
//!
//! One line a word with its value, or a rule of `strikes.rs`; `#` begins a remark.
//!
//! ```text
//! bad_day                          # everything at once, at rates of a bad day; before all others
//! seed          7                  # another one: other calls are lost
//! lag_seconds   30                 # any switch of `switches.rs`
//! retry_after   decimal
//! latency_ms    50 400
//! seats         pupils 12          # of a licence, by its skuId or part number
//! administrator d.roy@ecole.example  # has a directory role: it cannot be written
//! denied        Team.Create        # a permission that was not granted
//! POST /users answerLost 1
//! ```

use std::collections::BTreeSet;

use super::faults::Faults;
use super::options::{Limits, Options, PERMISSIONS};
use super::strikes::{self, Strikes};
use super::switches;

/// A file, read.
#[derive(Debug)]
pub struct Rehearsal {
    pub seed: Option<u64>,
    pub faults: Faults,
    pub limits: Limits,
    /// With their lines: which licences there are is not known here.
    seats: Vec<(usize, String, u64)>,
    administrators: BTreeSet<String>,
    denied: BTreeSet<String>,
    strikes: Strikes,
    /// Words that stand already.
    said: BTreeSet<String>,
}

/// A line that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Wrong {
    /// From 1.
    pub line: usize,
    pub why: String,
}

const SEATS_MAX: u64 = 1_000_000_000;

/// Reads a file. `faults` and `limits` are those of a service without one.
pub fn parse(text: &str, faults: Faults, limits: Limits) -> Result<Rehearsal, Wrong> {
    let mut rehearsal = Rehearsal {
        seed: None,
        faults,
        limits,
        seats: Vec::new(),
        administrators: BTreeSet::new(),
        denied: BTreeSet::new(),
        strikes: Strikes::default(),
        said: BTreeSet::new(),
    };
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> =
            line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let Some((word, values)) = words.split_first() else { continue };
        let line = at + 1;
        rehearsal.line(line, word, values).map_err(|why| Wrong { line, why })?;
    }
    Ok(rehearsal)
}

impl Rehearsal {
    fn line(&mut self, line: usize, word: &str, values: &[&str]) -> Result<(), String> {
        let form = |what: &str| format!("`{word}` is followed by {what}");
        match (word, values) {
            (method, rest) if strikes::is_method(method) => self.strikes.rule(method, rest)?,
            ("bad_day", []) => {
                if !self.said.is_empty() {
                    return Err("`bad_day` stands before all other words".to_owned());
                }
                self.faults = Faults::bad_day();
            }
            ("bad_day", _) => return Err(form("nothing")),
            ("seed", [number]) => {
                self.seed = Some(number.parse().map_err(|_| form("a whole number"))?);
            }
            ("seed", _) => return Err(form("a whole number")),
            ("seats", [licence, number]) => {
                let number: Option<u64> = number.parse().ok().filter(|number| *number <= SEATS_MAX);
                let number = number.ok_or_else(|| form("a licence and a number"))?;
                self.seats.push((line, (*licence).to_owned(), number));
            }
            ("seats", _) => return Err(form("a licence and a number")),
            ("administrator", [name]) => _ = self.administrators.insert(name.to_lowercase()),
            ("administrator", _) => return Err(form("a userPrincipalName")),
            ("denied", [name]) if PERMISSIONS.contains(name) => {
                self.denied.insert((*name).to_owned());
            }
            ("denied", _) => return Err(form(&format!("one of: {}", PERMISSIONS.join(", ")))),
            (name, _) => self.switch(name, values)?,
        }
        let is_single = !strikes::is_method(word) && !MANY.contains(&word);
        if is_single && !self.said.insert(word.to_owned()) {
            return Err(format!("`{word}` is there twice"));
        }
        Ok(())
    }

    fn switch(&mut self, name: &str, values: &[&str]) -> Result<(), String> {
        let mut all = switches::all(&mut self.faults, &mut self.limits);
        let Some(at) = all.iter().position(|(known, _)| *known == name) else {
            let names = all.into_iter().map(|(known, _)| known).chain(OTHERS);
            let names: Vec<&str> = names.collect();
            return Err(format!(
                "`{name}` is not known; known are: {}; or METHOD PATH FAULT TIMES",
                names.join(", ")
            ));
        };
        let (_, switch) = all.swap_remove(at);
        let form = switch.form();
        switch.set(values).ok_or_else(|| format!("`{name}` is followed by {form}"))
    }

    /// The service is like that.
    pub(super) fn play(self, options: &mut Options) -> Result<Strikes, Wrong> {
        let Self { seed, faults, limits, seats, administrators, denied, strikes, said: _ } = self;
        options.seed = seed.unwrap_or(options.seed);
        (options.faults, options.limits) = (faults, limits);
        for (line, licence, number) in seats {
            let named = |name: &str| name.eq_ignore_ascii_case(&licence);
            let known = options.skus.iter().map(|sku| sku.part_number.clone());
            let known: Vec<String> = known.collect();
            let mut skus = options.skus.iter_mut();
            match skus.find(|sku| named(&sku.sku_id) || named(&sku.part_number)) {
                Some(sku) => sku.seats = number,
                None => {
                    let known = known.join(", ");
                    let why = format!("no licence `{licence}` was bought; known are: {known}");
                    return Err(Wrong { line, why });
                }
            }
        }
        options.administrators.extend(administrators);
        for app in &mut options.apps {
            app.permissions.retain(|name| !denied.contains(name));
        }
        Ok(strikes)
    }
}

/// Words beside the switches; of some of them, several lines make sense.
const OTHERS: [&str; 5] = ["bad_day", "seed", "seats", "administrator", "denied"];
const MANY: [&str; 3] = ["seats", "administrator", "denied"];

#[cfg(test)]
mod tests {
    use super::super::switches::Switch;
    use super::*;
    use crate::lab::graph::{PUPIL_SKU, STAFF_SKU};

    fn read(text: &str) -> Result<Rehearsal, Wrong> {
        parse(text, Faults::none(), Limits::published())
    }

    fn why(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    /// Values that are understood, none of them the one of a good day; and some that are not.
    fn samples(switch: &Switch<'_>) -> (Vec<(&'static str, &'static str)>, Vec<&'static str>) {
        match switch {
            Switch::Rate(_) => {
                (vec![("0.25", "0.25"), ("1", "1.0")], vec!["1.1", "-1", "NaN", "", "x", "0 1"])
            }
            Switch::Real(..) => (vec![("7.5", "7.5")], vec!["-1", "NaN", "inf", "1000000", "1 2"]),
            Switch::Count(_) | Switch::Size(_) => {
                (vec![("77", "77"), ("1000000000", "1000000000")], vec!["0", "-1", "1.5", ""])
            }
            Switch::Long(_) => (vec![("77", "77"), ("0", "0")], vec!["100001", "-1", "x"]),
            Switch::Milliseconds(_) => {
                (vec![("20 40", "(20, 40)"), ("7 7", "(7, 7)")], vec!["40 20", "1", "0 600001"])
            }
            Switch::Minutes(_) => (vec![("2 4", "(2, 4)")], vec!["4 2", "0 2", "1", "1 2 3"]),
            Switch::BySize(_) => (vec![("77", "Some(77)")], vec!["0", "auto", ""]),
            Switch::Is(is) => match is {
                true => (vec![("off", "false")], vec!["no", "", "on on"]),
                false => (vec![("on", "true")], vec!["yes", ""]),
            },
            Switch::LinkCost(_) => (vec![("per-request", "PerRequest")], vec!["PerRequest", ""]),
            Switch::RetryAfter(_) => (
                vec![
                    ("decimal", "Decimal"),
                    ("date", "Date"),
                    ("absent", "Absent"),
                    ("mixed", "Mixed"),
                ],
                vec!["2.128", ""],
            ),
        }
    }

    #[test]
    fn every_limit_and_mood_is_set_by_its_name_and_by_nothing_else() {
        let (mut faults, mut limits) = (Faults::none(), Limits::published());
        let told = |one: &Rehearsal| format!("{:?} {:?}", one.faults, one.limits);
        let good_day = told(&read("").unwrap());
        let mut names = Vec::new();
        for (name, switch) in switches::all(&mut faults, &mut limits) {
            let (good, bad) = samples(&switch);
            for (written, meant) in good {
                let after = told(&read(&format!("{name} {written}\n")).unwrap());
                let field = format!(" {name}: ");
                let (before, value) = after.split_once(&field).expect(name);
                assert!(value.starts_with(meant), "{name} {written}: {value}");
                // Nothing else changed.
                let (was_before, was) = good_day.split_once(&field).expect(name);
                assert_eq!(before, was_before, "{name}");
                let rest = &value[meant.len()..];
                assert!(was.ends_with(rest) && was != value, "{name} {written}: {rest}");
            }
            for written in bad {
                let form = switch.form();
                let expect = format!("line 2: `{name}` is followed by {form}");
                assert_eq!(why(&format!("\n{name} {written}\n")), expect);
            }
            names.push(name);
        }
        // All of them are in the table of the README.
        let readme = include_str!("../../../README.md");
        for name in names.iter().chain(&OTHERS) {
            assert!(readme.contains(&format!("| `{name}")), "{name} is not in the README");
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_told_with_those_that_are() {
        let text = why("seed 7\n\nlagg 30\n");
        assert!(
            text.starts_with("line 3: `lagg` is not known; known are: lag_seconds, "),
            "{text}"
        );
        for name in ["batch_424", "delta_days", "seats", "METHOD PATH FAULT TIMES"] {
            assert!(text.contains(name), "{name}: {text}");
        }
        for (line, told) in [
            ("seed x", "`seed` is followed by a whole number"),
            ("bad_day 1", "`bad_day` is followed by nothing"),
            ("seats pupils", "`seats` is followed by a licence and a number"),
            ("seats pupils -1", "`seats` is followed by a licence and a number"),
            ("administrator", "`administrator` is followed by a userPrincipalName"),
            ("hangs 0\nhangs 1", "`hangs` is there twice"),
            ("hangs 0\nbad_day", "`bad_day` stands before all other words"),
        ] {
            let line_number = line.lines().count();
            assert_eq!(why(line), format!("line {line_number}: {told}"));
        }
        assert!(why("denied Mail.Read").contains("is followed by one of: User.ReadWrite.All, "));
        assert!(why("POST /users 429").starts_with("line 1: a rule is METHOD PATH FAULT TIMES"));
    }

    #[test]
    fn what_a_file_asks_for_is_what_the_service_is_like() {
        let text = "bad_day # everything\nhangs 0\nseed 7\nseats standardwoffpack_student 12\n\
                    seats 94763226-9b3c-4e75-a931-5c89701abe66 3\nadministrator D.Roy@Ecole.test\n\
                    denied Team.Create\nPOST /users 429 1\nPOST /users 503 1\n";
        let now = || jiff::Timestamp::UNIX_EPOCH;
        let mut options = Options::usual(1, &["ecole.test"], now);
        let mut strikes = read(text).unwrap().play(&mut options).unwrap();
        assert_eq!(options.faults, Faults { hangs: 0.0, ..Faults::bad_day() });
        assert_eq!(options.seed, 7);
        let seats = |id: &str| options.skus.iter().find(|sku| sku.sku_id == id).unwrap().seats;
        assert_eq!([seats(PUPIL_SKU), seats(STAFF_SKU)], [12, 3]);
        assert!(options.administrators.contains("d.roy@ecole.test"));
        let permissions = &options.apps[0].permissions;
        assert!(!permissions.contains("Team.Create") && permissions.len() == PERMISSIONS.len() - 1);
        assert_eq!(strikes.on("POST", "POST /users", ""), Some(strikes::Strike::Status(429)));
        let wrong = read("\nseats bought 1").unwrap().play(&mut options).unwrap_err();
        let told = "line 2: no licence `bought` was bought; known are: STANDARDWOFFPACK_STUDENT, \
                    STANDARDWOFFPACK_FACULTY";
        assert_eq!(wrong.to_string(), told);
    }
}
