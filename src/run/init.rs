//! `init`: a working folder to be filled in.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::outcome::{ExitStatus, Failure};
use super::world::World;
use crate::config::{schools, secret_file, template};
use crate::credential;
use crate::mapping;

/// Writes the folder and says what to do next.
pub fn init(world: &World, dir: &Path, lab: bool) -> anyhow::Result<ExitStatus> {
    let targets = if lab { template::lab_target(0) } else { template::LDAP_TARGET.to_owned() };
    write_folder(world, dir, "Région", schools::TEMPLATE, &targets)?;
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

/// The folder itself; also for `demo`.
pub(super) fn write_folder(
    world: &World,
    dir: &Path,
    region: &str,
    schools_csv: &str,
    targets: &str,
) -> anyhow::Result<()> {
    let toml = dir.join("rentree.toml");
    if toml.exists() {
        let what = format!("{} exists already", toml.display());
        return Err(Failure::new(ExitStatus::Usage, what)
            .hint("choose another folder; nothing was changed")
            .into());
    }
    for folder in ["inbox", "mappings"] {
        fs::create_dir_all(dir.join(folder)).with_context(|| format!("cannot make {folder}"))?;
    }
    let mut key = [0u8; 32];
    (world.entropy)(&mut key);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    secret_file::create(&dir.join("secrets/ine.key"), &hex).context("secrets/ine.key")?;
    let (identity, recipient) = credential::new_key_pair();
    secret_file::create(&dir.join("secrets/credentials.identity"), identity.expose_secret())
        .context("secrets/credentials.identity")?;
    for (name, text) in mapping::SUPPLIED {
        fs::write(dir.join("mappings").join(name), text).with_context(|| (*name).to_owned())?;
    }
    fs::write(dir.join("schools.csv"), schools_csv).context("schools.csv")?;
    let filled = template::Filled { region, recipient: &recipient, targets };
    fs::write(&toml, template::rentree_toml(&filled)).context("rentree.toml")?;
    Ok(())
}
