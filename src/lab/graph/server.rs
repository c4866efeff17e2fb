//! The running front: its folder, lock, port and thread.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use super::http;
use super::options::Options;
use super::service::Service;
use crate::lab::LabError;
use crate::lab::certificate::private_file;
use crate::lab::server::{Found, find, listen, lock, only_for_owner, tell};

/// The client secret, in the folder.
pub const SECRET_FILE: &str = "client.secret";

/// The lab's Graph on loopback, of this process or of another one.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    tenant: String,
    client_id: String,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    /// Held as long as this process serves.
    _lock: File,
}

impl Server {
    /// Serves the folder from this process; it is made when it is new.
    pub fn start(folder: &Path, options: Options) -> Result<Self, LabError> {
        fs::create_dir_all(folder).map_err(|error| LabError::folder(folder, &error))?;
        let lock = lock(folder)?.ok_or_else(|| LabError::Busy(folder.to_owned()))?;
        Self::start_locked(folder, options, lock)
    }

    /// The Graph of the folder: the one that another process serves, or one started here.
    pub fn attach_or_start(folder: &Path, options: Options) -> Result<Self, LabError> {
        match find(folder)? {
            Found::Free(lock) => Self::start_locked(folder, options, lock),
            Found::Served(port) => Ok(Self {
                folder: folder.to_owned(),
                port,
                client_id: client_id(&options),
                tenant: options.tenant,
                running: None,
            }),
        }
    }

    fn start_locked(folder: &Path, mut options: Options, lock: File) -> Result<Self, LabError> {
        let failed = |error: io::Error| LabError::folder(folder, &error);
        only_for_owner(folder).map_err(failed)?;
        options.folder = Some(folder.to_owned());
        secret(folder, &mut options).map_err(failed)?;
        let listener = listen(folder, options.port)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let (tenant, client_id) = (options.tenant.clone(), client_id(&options));
        let service = Arc::new(Service::open(options)?);
        service.set_origin(origin(port));
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("graph-lab")
            .enable_all()
            .build()
            .map_err(failed)?;
        let listener = {
            let _guard = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(failed)?
        };
        let served = Arc::clone(&service);
        let thread = std::thread::Builder::new()
            .name("graph-lab".to_owned())
            .spawn(move || {
                runtime.block_on(http::accept(listener, served, stopped));
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(failed)?;
        tell(folder, port).map_err(failed)?;
        let running = Some(Running { service, stop, thread, _lock: lock });
        Ok(Self { folder: folder.to_owned(), port, tenant, client_id, running })
    }

    /// `http://127.0.0.1:PORT/v1.0`.
    pub fn base_url(&self) -> String {
        format!("{}/v1.0", origin(self.port))
    }
    /// Where tokens are given.
    pub fn token_url(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", origin(self.port), self.tenant)
    }
    /// What stands before `/{tenant}/oauth2/v2.0/token`.
    pub fn authority(&self) -> String {
        origin(self.port)
    }
    pub fn tenant(&self) -> &str {
        &self.tenant
    }
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
    pub fn secret_file(&self) -> PathBuf {
        self.folder.join(SECRET_FILE)
    }
    /// It is served by this process, and ends with it.
    pub fn is_ours(&self) -> bool {
        self.running.is_some()
    }
    /// The service behind the front, when it is ours.
    pub fn service(&self) -> Option<&Service> {
        self.running.as_ref().map(|running| running.service.as_ref())
    }

    /// Ends the server, if it is ours. All that was answered is in the folder.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(Running { service: _, stop, thread, _lock }) = self.running.take() else { return };
        // The receiver is gone only if the thread has ended already.
        let _ = stop.send(true);
        let _ = thread.join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn origin(port: u16) -> String {
    format!("http://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn client_id(options: &Options) -> String {
    options.apps.first().map(|app| app.client_id.clone()).unwrap_or_default()
}

/// The secret of the first app is that of the folder; a new folder is given one.
fn secret(folder: &Path, options: &mut Options) -> io::Result<()> {
    let file = folder.join(SECRET_FILE);
    let Some(app) = options.apps.first_mut() else { return Ok(()) };
    match fs::read_to_string(&file) {
        Ok(text) => app.secret = Some(SecretString::from(text.trim())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(entropy) = options.entropy {
                let mut bytes = [0u8; 20];
                entropy(&mut bytes);
                let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                app.secret = Some(SecretString::from(text));
            }
            if let Some(secret) = &app.secret {
                private_file(&file, secret.expose_secret())?;
            }
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
