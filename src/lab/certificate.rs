//! The lab's own authority and the certificate that it signs, made once in the lab's folder.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(super) const CA_FILE: &str = "ca.pem";
const CERTIFICATE_FILE: &str = "server.pem";
const KEY_FILE: &str = "server.key";

/// The TLS side of the server, from the files of the folder; they are made if there are none.
pub(super) fn server_config(folder: &Path) -> io::Result<Arc<ServerConfig>> {
    if !folder.join(CERTIFICATE_FILE).exists() {
        make(folder).map_err(io::Error::other)?;
    }
    let chain = CertificateDer::pem_file_iter(folder.join(CERTIFICATE_FILE))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(folder.join(KEY_FILE)).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    Ok(Arc::new(config))
}

/// The key of the authority is kept nowhere: it signs this one certificate and nothing more.
fn make(folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name("rentree lab CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    // libldap looks for the machine's own name when it is told "localhost".
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    names.extend(Some(host.trim().to_owned()).filter(|host| !host.is_empty()));
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = common_name("localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &ca)?;

    private_file(&folder.join(KEY_FILE), &key.serialize_pem())?;
    fs::write(folder.join(CA_FILE), ca.pem())?;
    // Last, and whole or not at all: its presence says that all three are there.
    let unfinished = folder.join("server.pem.new");
    fs::write(&unfinished, certificate.pem())?;
    fs::rename(unfinished, folder.join(CERTIFICATE_FILE))?;
    Ok(())
}

fn common_name(name: &str) -> DistinguishedName {
    let mut whole = DistinguishedName::new();
    whole.push(DnType::CommonName, name);
    whole
}

/// Writes a file that only its owner may read.
pub(super) fn private_file(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
