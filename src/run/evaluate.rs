//! `match evaluate`: what the next plan would decide of the records in force, held against a truth.
//! Nothing is kept.

use std::collections::BTreeMap;
use std::path::Path;

use super::decided::Now;
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session};
use crate::matching::claim::{Claim, ClaimId};
use crate::matching::evaluate::{Measure, measure};
use crate::model::delivery::Source;
use crate::model::ids::{PersonId, Uai};
use crate::model::person::{Identifier, Person};
use crate::model::registry::Registry;

/// Whose a record is: by school, source and number, as `epp:12`, `local:12` or plain.
type Truth = BTreeMap<(Uai, Source, String), String>;

pub fn evaluate(session: &Session, truth: &Path) -> anyhow::Result<ExitStatus> {
    let truth = read(truth)?;
    let Now { known, claims, outcome } = Now::of(session)?;
    let records: BTreeMap<ClaimId, &str> = claims
        .iter()
        .filter_map(|claim| Some((claim.id.clone(), of_claim(&truth, claim)?)))
        .collect();
    let persons = of_registry(&truth, &known.registry);
    let mixed = mixed(&truth, &known.registry);
    let measured = measure(&outcome.decisions, &records, &persons);
    let numbers: BTreeMap<&ClaimId, &str> =
        claims.iter().map(|claim| (&claim.id, claim.number())).collect();
    let said = Said { measured: &measured, mixed: &mixed, numbers: &numbers, persons: &persons };
    let without = (claims.len() - records.len()) as u64;
    (session.world.out)(&match session.format {
        Format::Text => said.text(&records, without),
        Format::Json => format!("{}\n", said.json(without)?),
    });
    Ok(ExitStatus::Done)
}

/// Reads `source;uai;source_id;person`. Every wrong line is told.
fn read(path: &Path) -> anyhow::Result<Truth> {
    let usage = |what: String| {
        let hint = "the truth is a CSV of source;uai;source_id;person, with source siecle or sts";
        Failure::new(ExitStatus::Usage, what).hint(hint)
    };
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| usage(format!("{shown}: {error}")))?;
    let mut truth = Truth::new();
    let mut problems = Vec::new();
    for (line, row) in (2..).zip(reader.records()) {
        let row = row.map_err(|error| usage(format!("{shown}: line {line}: {error}")))?;
        let field = |rank: usize| row.get(rank).unwrap_or_default();
        let source = match field(0) {
            "siecle" | "siecle-pupils" => Some(Source::SieclePupils),
            "sts" | "stsweb" => Some(Source::Sts),
            _ => None,
        };
        match (source, field(1).parse::<Uai>(), field(2), field(3)) {
            (Some(source), Ok(uai), id, person) if !id.is_empty() && !person.is_empty() => {
                truth.insert((uai, source, id.to_owned()), person.to_owned());
            }
            (None, ..) => problems.push(format!("line {line}: no source is called {}", field(0))),
            (_, Err(error), ..) => problems.push(format!("line {line}: {error}")),
            _ => problems.push(format!("line {line}: source_id or person is empty")),
        }
    }
    match problems.split_first() {
        None => Ok(truth),
        Some((first, rest)) => {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" (and {more} more problems)"),
            };
            let what = format!("{shown}: {first}{more}");
            Err(usage(what).into())
        }
    }
}

fn found<'a>(truth: &'a Truth, uai: &Uai, identifier: &Identifier) -> Option<&'a str> {
    let at = |source, id: String| truth.get(&(uai.clone(), source, id));
    let found = match identifier {
        Identifier::Ine { .. } => None,
        Identifier::Siecle { uai: own, id } if own == uai => at(Source::SieclePupils, id.clone()),
        Identifier::StsEpp { academy: _, id } => {
            at(Source::Sts, format!("epp:{id}")).or_else(|| at(Source::Sts, id.clone()))
        }
        Identifier::StsLocal { uai: own, id } if own == uai => {
            at(Source::Sts, format!("local:{id}")).or_else(|| at(Source::Sts, id.clone()))
        }
        Identifier::Siecle { .. } | Identifier::StsLocal { .. } => None,
    };
    found.map(String::as_str)
}

fn of_claim<'a>(truth: &'a Truth, claim: &Claim) -> Option<&'a str> {
    claim.identifiers.iter().find_map(|one| found(truth, &claim.id.uai, one))
}

/// Everybody that a person of the registry is, in the order of first records.
fn all_of<'a>(truth: &'a Truth, person: &Person) -> Vec<&'a str> {
    let mut all: Vec<&str> = person
        .enrolments
        .keys()
        .flat_map(|uai| person.identifiers.iter().filter_map(|one| found(truth, uai, one)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn of_registry<'a>(truth: &'a Truth, registry: &Registry) -> BTreeMap<PersonId, &'a str> {
    let living = registry.persons.values().filter(|person| person.joined.is_none());
    living.filter_map(|person| Some((person.id, *all_of(truth, person).first()?))).collect()
}

/// Persons of the registry who are several people already.
fn mixed<'a>(truth: &'a Truth, registry: &Registry) -> Vec<(PersonId, Vec<&'a str>)> {
    let all = registry.persons.values().map(|person| (person.id, all_of(truth, person)));
    all.filter(|(_, people)| people.len() > 1).collect()
}

/// What is told.
struct Said<'a> {
    measured: &'a Measure,
    mixed: &'a [(PersonId, Vec<&'a str>)],
    numbers: &'a BTreeMap<&'a ClaimId, &'a str>,
    persons: &'a BTreeMap<PersonId, &'a str>,
}

impl Said<'_> {
    fn rows(&self) -> [(&'static str, u64); 4] {
        [
            ("false_merges", self.measured.false_merges.len() as u64),
            ("registry_mixed", self.mixed.len() as u64),
            ("questions", self.measured.questions),
            ("created_anew", self.measured.created_anew),
        ]
    }

    fn text(&self, records: &BTreeMap<ClaimId, &str>, without: u64) -> String {
        let Measure { records: count, known, right, .. } = self.measured;
        let mut text = format!(
            "{count} records with a truth ({without} without), {known} of them of persons who are \
             known\nprecision {:.6}, recall {:.6} ({right} recognised without asking)\n\n",
            self.measured.precision(),
            self.measured.recall()
        );
        for (name, count) in self.rows() {
            let (rate, least, most) = self.measured.per_100_000(count);
            let name = name.replace('_', " ");
            let interval = format!("[95 %: {least:.1} to {most:.1}]");
            text.push_str(&format!(
                "{name:<16} {count:>8}  {rate:>9.1} per 100,000 records  {interval}\n"
            ));
        }
        for one in &self.measured.false_merges {
            let id = &one.record;
            text.push_str(&format!(
                "false merge: {} {} n° {} is {}, given to person {} who is {}\n",
                id.uai,
                id.source,
                self.numbers.get(id).copied().unwrap_or("-"),
                records.get(id).copied().unwrap_or("-"),
                one.given_to,
                self.persons.get(&one.given_to).copied().unwrap_or("new"),
            ));
        }
        for (person, people) in self.mixed {
            text.push_str(&format!(
                "person {person} of the registry is {}\n",
                people.join(" and ")
            ));
        }
        text
    }

    fn json(&self, without: u64) -> anyhow::Result<String> {
        let rates: BTreeMap<&str, serde_json::Value> = self
            .rows()
            .into_iter()
            .map(|(name, count)| {
                let (rate, least, most) = self.measured.per_100_000(count);
                let row = serde_json::json!({
                    "count": count, "per_100000": rate, "interval_95": [least, most],
                });
                (name, row)
            })
            .collect();
        let merges: Vec<serde_json::Value> = self
            .measured
            .false_merges
            .iter()
            .map(|one| {
                let id = &one.record;
                serde_json::json!({
                    "uai": id.uai, "source": id.source, "source_id": self.numbers.get(id),
                    "given_to": one.given_to,
                })
            })
            .collect();
        Ok(serde_json::to_string(&serde_json::json!({
            "records": self.measured.records,
            "records_without_truth": without,
            "known": self.measured.known,
            "recognised": self.measured.right,
            "precision": self.measured.precision(),
            "recall": self.measured.recall(),
            "rates": rates,
            "false_merges": merges,
        }))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_that_is_wrong_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.csv");
        let check = |rows: &str, expect: &str| {
            std::fs::write(&path, format!("source;uai;source_id;person\n{rows}")).unwrap();
            let said = match read(&path) {
                Ok(truth) => format!("{} rows", truth.len()),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(expect), "{said}");
        };
        check("siecle;0599990N;12;p1\nsts;0599990N;epp:7;s1\n", "2 rows");
        check("siecle;0599990A;12;p1\n", "line 2: ");
        check("aaf;0599990N;12;p1\n", "no source is called aaf");
        check("siecle;0599990N;;p1\n", "line 2: source_id or person is empty");
    }

    #[test]
    fn numbers_of_staff_are_told_apart_by_their_space() {
        let uai: Uai = "0599990N".parse().unwrap();
        let at = |id: &str, who: &str| ((uai.clone(), Source::Sts, id.to_owned()), who.to_owned());
        let truth = Truth::from([at("epp:7", "a"), at("local:7", "b"), at("8", "c")]);
        let epp = |id: &str| Identifier::StsEpp { academy: "Lille".into(), id: id.into() };
        let local = |id: &str| Identifier::StsLocal { uai: uai.clone(), id: id.into() };
        assert_eq!(found(&truth, &uai, &epp("7")), Some("a"));
        assert_eq!(found(&truth, &uai, &local("7")), Some("b"));
        assert_eq!(found(&truth, &uai, &epp("8")), Some("c"));
        assert_eq!(found(&truth, &uai, &epp("9")), None);
    }
}
