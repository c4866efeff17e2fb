//! `academy`: an invented academy of any size, ready for every command.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::init;
use super::outcome::{ExitStatus, Failure};
use super::world::World;
use crate::academy::campaign::{Campaign, Plan, Rates, Typing, schools, write};
use crate::config::template;

/// What the academy is made from, as it was typed.
#[derive(Debug, Clone)]
pub struct Order {
    pub seed: u64,
    pub pupils: u32,
    pub schools: Option<u32>,
    pub typing: Typing,
    pub rates: Option<PathBuf>,
}

/// Prints the table of rates, as a file that `--rates` takes.
pub fn print_rates(world: &World, order: &Order) -> anyhow::Result<ExitStatus> {
    (world.out)(&rates(order)?.print());
    Ok(ExitStatus::Done)
}

/// Writes the folder and says what is in it.
pub fn academy(world: &World, dir: &Path, order: &Order) -> anyhow::Result<ExitStatus> {
    let full = dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if full {
        let what = format!("{} is not empty", dir.display());
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint("name another folder; nothing was changed")
            .into());
    }
    let plan = Plan::new(order.seed, order.pupils, order.schools, rates(order)?)
        .map_err(|problems| refused("this academy cannot be made", &problems))?;
    let list = schools::csv(&plan.schools);
    init::write_folder(world, dir, "Région inventée", &list, &template::lab_target(0))?;
    let written = write::write(&plan, dir).context("cannot write the academy")?;
    fs::write(dir.join("README.txt"), readme(order, &plan, &written)).context("README.txt")?;
    (world.out)(&format!(
        "{} schools, {} files with {} pupils' records of {} evenings, seed {}.\n\
         truth.csv says of {} records who is who; README.txt says what to type next.\n",
        plan.schools.len(),
        written.files,
        written.records,
        Campaign::ALL.len(),
        plan.seed,
        written.truths,
    ));
    Ok(ExitStatus::Done)
}

/// The defaults of the typing, with the settings of the file over them.
fn rates(order: &Order) -> anyhow::Result<Rates> {
    let mut rates = Rates::of(order.typing);
    if let Some(path) = &order.rates {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::new(ExitStatus::Usage, format!("cannot read {shown}: {error}"))
        })?;
        rates.set(&text).map_err(|problems| {
            refused(&format!("{shown} is no table of rates"), &problems)
                .hint("rentree academy --print-rates prints the whole table")
        })?;
    }
    Ok(rates)
}

fn refused(what: &str, problems: &[String]) -> Failure {
    let list: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    Failure::new(ExitStatus::Usage, format!("{what}:{list}"))
}

/// `README.txt` of the folder.
fn readme(order: &Order, plan: &Plan, written: &write::Written) -> String {
    let typing = match order.typing {
        Typing::Ordinary => "ordinary",
        Typing::Hostile => "hostile",
    };
    let evenings: String = Campaign::ALL
        .iter()
        .map(|campaign| {
            let year = campaign.school_year();
            format!("  {}  files of {year}-{}\n", campaign.day(), year + 1)
        })
        .collect();
    let steps: String = Campaign::ALL
        .iter()
        .map(|campaign| {
            let (day, now) = (campaign.day(), after(*campaign));
            format!("  mv later/{day} inbox/ && rentree --now {now} run\n")
        })
        .collect();
    let last = after(Campaign::NextMonday);
    format!(
        "An invented academy, written by `rentree academy`. Nobody in it is real: names are drawn\n\
         from lists, INEs are of the range 99 that is kept for tests.\n\n\
         Seed {}, about {} pupils in {} schools, {typing} typing.\n\
         {} files with {} pupils' records. The same seed and rates give the same schools.csv,\n\
         inbox and truth.csv; the keys in secrets/ are drawn anew each time.\n\n\
         inbox/DAY/UAI/  what each school sent on an evening:\n{evenings}\
         schools.csv     the schools\n\
         truth.csv       who is who: source;uai;source_id;person. Pupils are siecle and their\n\
         \x20               ELEVE_ID, staff are sts and epp:ID or local:ID. No command reads it\n\
         \x20               but those that measure the matching.\n\
         rentree.toml, mappings/, secrets/: as `rentree init --lab` writes them; the target is\n\
         \x20               the LDAP server inside rentree.\n\n\
         The last state of everything (a school's newest file counts):\n\n\
         \x20 rentree --now {last} check --out reports\n\
         \x20 rentree --now {last} plan\n\n\
         Evening after evening. A file counts as soon as it is in the inbox, so the later ones\n\
         are put aside first:\n\n\
         \x20 mkdir later && mv inbox/* later/\n{steps}\
         \x20 rentree --now {last} people\n\n\
         Exit 3 is usual: some records are set aside, and the schools are told. A guard (exit 4)\n\
         has its plan confirmed by a person: rentree show latest, then\n\
         rentree --now INSTANT apply latest --confirm HASH --reason TEXT.\n",
        plan.seed,
        order.pupils,
        plan.schools.len(),
        written.files,
        written.records,
    )
}

/// Half an hour after the files of a campaign came.
fn after(campaign: Campaign) -> jiff::Timestamp {
    let at = campaign.received_at();
    at.checked_add(jiff::SignedDuration::from_mins(30)).unwrap_or(at)
}
