//! Secrets in files, and nowhere else (SEC-01): readable by their owner only, and ours.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use secrecy::SecretString;

/// Reads a secret, without the final line end. The error says what to mend.
pub fn read(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{shown}: readable by others (mode {mode:04o}); run: chmod 600 {shown}"
        ));
    }
    // The owner of /proc/self is the user that runs this process.
    let user = fs::metadata("/proc/self").map_err(|error| format!("/proc/self: {error}"))?.uid();
    if metadata.uid() != user {
        let owner = metadata.uid();
        return Err(format!("{shown}: belongs to user {owner}, but this process is user {user}"));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("{shown}: empty"));
    }
    Ok(SecretString::from(text.to_owned()))
}

/// Writes a new secret; never over an existing file.
pub fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // No line end: `ldapsearch -y` takes the file as it is.
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    /// SEC-01: a secret that others can read is no secret.
    #[test]
    fn a_secret_file_is_its_owner_s_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/ine.key");
        create(&path, "s3cret").unwrap();
        assert_eq!(read(&path).unwrap().expose_secret(), "s3cret");
        assert!(create(&path, "other").is_err(), "never over an existing file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().contains("chmod 600"));
        assert!(read(&folder.path().join("absent")).is_err());
    }
}
