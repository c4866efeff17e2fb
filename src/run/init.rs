//! `init`: a working folder to be filled in.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::world::World;
use crate::config::{schools, secret_file, template};
use crate::credential;
use crate::mapping;

/// Writes the folder and says what to do next.
pub fn init(world: &World, format: Format, dir: &Path, lab: bool) -> anyhow::Result<ExitStatus> {
    let targets = if lab { template::lab_target(0) } else { template::LDAP_TARGET.to_owned() };
    write_folder(world, dir, "Région", schools::TEMPLATE, &targets)?;
    if format == Format::Json {
        let files = ["rentree.toml", "schools.csv", KEY, IDENTITY].map(|name| dir.join(name));
        let document = serde_json::json!({ "folder": dir, "files": files });
        (world.out)(&format!("{document}\n"));
        return Ok(ExitStatus::Done);
    }
    let shown = dir.display();
    let mut text = format!(
        "{shown} is ready to be filled in:\n\
         \x20 rentree.toml                  every setting, with what it means\n\
         \x20 schools.csv                   237 schools of the annex: fill in the UAI of each\n\
         \x20 mappings/                     logins, functions, entries of the directory\n\
         \x20 secrets/ine.key               keys the hash of the INE: keep a copy elsewhere\n\
         \x20 secrets/credentials.identity  opens the initial passwords: move it off this machine\n\
         \x20 inbox/                        where deliveries arrive, any depth of folders\n\n\
         Next:\n"
    );
    if !lab {
        text.push_str("  put the CA and the password of the service account into secrets/\n");
    }
    text.push_str(&format!(
        "  rentree --config {shown}/rentree.toml doctor\n  \
         rentree --config {shown}/rentree.toml plan\n"
    ));
    (world.out)(&text);
    Ok(ExitStatus::Done)
}

const KEY: &str = "secrets/ine.key";
const IDENTITY: &str = "secrets/credentials.identity";

/// Nothing that is to be made is there yet: said before anything is made.
fn free(dir: &Path) -> anyhow::Result<()> {
    let mappings = mapping::SUPPLIED.iter().map(|(name, _)| format!("mappings/{name}"));
    let names = ["rentree.toml", KEY, IDENTITY, "schools.csv"].map(str::to_owned);
    let Some(name) = names.into_iter().chain(mappings).find(|name| dir.join(name).exists()) else {
        return Ok(());
    };
    let hint = match name.as_str() {
        KEY => {
            "nothing was changed; it may be the key of people who are known already: keep it, and \
                choose another folder"
        }
        _ => "choose another folder; nothing was changed",
    };
    let what = format!("{} exists already", dir.join(&name).display());
    Err(Failure::new(ExitStatus::Usage, what).hint(hint).into())
}

/// The folder itself; also for `demo`.
pub(super) fn write_folder(
    world: &World,
    dir: &Path,
    region: &str,
    schools_csv: &str,
    targets: &str,
) -> anyhow::Result<()> {
    free(dir)?;
    let toml = dir.join("rentree.toml");
    for folder in ["inbox", "mappings"] {
        fs::create_dir_all(dir.join(folder)).with_context(|| format!("cannot make {folder}"))?;
    }
    let mut key = [0u8; 32];
    (world.entropy)(&mut key);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    secret_file::create(&dir.join(KEY), &hex).context(KEY)?;
    let (identity, recipient) = credential::new_key_pair();
    secret_file::create(&dir.join(IDENTITY), identity.expose_secret()).context(IDENTITY)?;
    for (name, text) in mapping::SUPPLIED {
        fs::write(dir.join("mappings").join(name), text).with_context(|| (*name).to_owned())?;
    }
    fs::write(dir.join("schools.csv"), schools_csv).context("schools.csv")?;
    let filled = template::Filled { region, recipient: &recipient, targets };
    fs::write(&toml, template::rentree_toml(&filled)).context("rentree.toml")?;
    Ok(())
}
