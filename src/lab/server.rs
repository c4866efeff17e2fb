//! The running lab: its folder, lock, port and thread.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::access::{Names, Rights};
use super::certificate::{CA_FILE, private_file, server_config};
use super::faults::Faults;
use super::session::{Shared, serve};
use super::tree::Tree;
use super::write::State;
use super::{LabError, Options, seed, storage, time};
use crate::model::dn;

const LOCK_FILE: &str = "lab.lock";
const SERVING_FILE: &str = "serving.json";
pub(super) const SERVICE_PASSWORD_FILE: &str = "service.password";
pub(super) const READER_PASSWORD_FILE: &str = "reader.password";
/// Another process has the lock but does not say yet where it serves.
const ATTACH_TRIES: u32 = 100;
const ATTACH_PAUSE: Duration = Duration::from_millis(50);
/// A client that does not finish its handshake holds nothing for longer.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Where a lab serves, for other processes.
#[derive(Debug, Serialize, Deserialize)]
struct Serving {
    port: u16,
    pid: u32,
}

/// An LDAPS server on loopback, of this process or of another one.
#[derive(Debug)]
pub struct Lab {
    folder: PathBuf,
    port: u16,
    base: String,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    /// Held as long as this process serves.
    _lock: File,
}

impl Lab {
    /// Serves the folder from this process; it is made and filled when it is new.
    pub fn start(folder: &Path, options: Options) -> Result<Self, LabError> {
        fs::create_dir_all(folder).map_err(|error| LabError::folder(folder, &error))?;
        let lock = lock(folder)?.ok_or_else(|| LabError::Busy(folder.to_owned()))?;
        Self::start_locked(folder, options, lock)
    }

    /// The lab of the folder: the one that another process serves, or one started here.
    pub fn attach_or_start(folder: &Path, options: Options) -> Result<Self, LabError> {
        match find(folder)? {
            Found::Free(lock) => Self::start_locked(folder, options, lock),
            Found::Served(port) => {
                let (folder, base) = (folder.to_owned(), options.base);
                Ok(Self { folder, port, base, running: None })
            }
        }
    }

    fn start_locked(folder: &Path, options: Options, lock: File) -> Result<Self, LabError> {
        let failed = |error: io::Error| LabError::folder(folder, &error);
        only_for_owner(folder).map_err(failed)?;
        let tls = server_config(folder).map_err(failed)?;
        let faults = Faults::of(folder).map_err(failed)?;
        let (tree, storage, syncer) = storage::open::<Tree>(folder).map_err(failed)?;
        let numbers = tree.nodes().filter_map(|(_, node)| time::count_of(node.first("entryCSN")?));
        let count = numbers.max().unwrap_or(0);
        let mut state = State { tree, storage, count };
        let (rights, policy) = rights(&options)?;
        seed::fill(folder, &mut state, &options, &rights, &policy)?;
        syncer.sync().map_err(failed)?;

        let listener = listen(folder, options.port)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let base = options.base.clone();
        let shared =
            Arc::new(Shared { state: RwLock::new(state), syncer, options, rights, policy, faults });
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("lab")
            .enable_all()
            .build()
            .map_err(failed)?;
        let listener = {
            let _guard = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(failed)?
        };
        let acceptor = TlsAcceptor::from(tls);
        let thread = std::thread::Builder::new()
            .name("lab".to_owned())
            .spawn(move || {
                runtime.block_on(accept(listener, acceptor, shared, stopped));
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(failed)?;
        tell(folder, port).map_err(failed)?;
        let running = Some(Running { stop, thread, _lock: lock });
        Ok(Self { folder: folder.to_owned(), port, base, running })
    }

    /// `ldaps://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ldaps://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
    }
    /// The authority that clients must trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join(CA_FILE)
    }
    /// rentree's own account.
    pub fn service_dn(&self) -> String {
        Names::below(&self.base).service
    }
    pub fn service_password_file(&self) -> PathBuf {
        self.folder.join(SERVICE_PASSWORD_FILE)
    }
    /// An account that reads and never writes.
    pub fn reader_dn(&self) -> String {
        Names::below(&self.base).reader
    }
    pub fn reader_password_file(&self) -> PathBuf {
        self.folder.join(READER_PASSWORD_FILE)
    }
    /// It is served by this process, and ends with it.
    pub fn is_ours(&self) -> bool {
        self.running.is_some()
    }

    /// Ends the server, if it is ours. All that was answered is on the disk.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(Running { stop, thread, _lock }) = self.running.take() else { return };
        // The receiver is gone only if the thread has ended already.
        let _ = stop.send(true);
        let _ = thread.join();
        // The file that says the port stays: the next start takes the same one. Who serves is told
        // by the lock.
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.end();
    }
}

/// The next client, ready to be talked to; None once the server is told to stop.
pub(super) async fn next_connection(
    listener: &tokio::net::TcpListener,
    stopped: &mut watch::Receiver<bool>,
) -> Option<tokio::net::TcpStream> {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return None,
        };
        // Too many open files, or a client that was gone at once: the next one may do better.
        let Ok((stream, _)) = stream else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Small answers must not wait for more to come.
        let _ = stream.set_nodelay(true);
        return Some(stream);
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    while let Some(stream) = next_connection(&listener, &mut stopped).await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
            let Ok(Ok(stream)) = handshake else { return };
            if let Err(error) = serve(stream, shared).await {
                tracing::debug!(%error, "lab connection ended");
            }
        });
    }
}

/// A folder that somebody serves, or that nobody else can serve as long as the lock is held.
pub(super) enum Found {
    Free(File),
    Served(u16),
}

/// Whether another process serves the folder, which is made when it is new.
pub(super) fn find(folder: &Path) -> Result<Found, LabError> {
    fs::create_dir_all(folder).map_err(|error| LabError::folder(folder, &error))?;
    for _ in 0..ATTACH_TRIES {
        if let Some(lock) = lock(folder)? {
            return Ok(Found::Free(lock));
        }
        if let Some(serving) = serving(folder)
            && TcpStream::connect((Ipv4Addr::LOCALHOST, serving.port)).is_ok()
        {
            return Ok(Found::Served(serving.port));
        }
        std::thread::sleep(ATTACH_PAUSE);
    }
    Err(LabError::Busy(folder.to_owned()))
}

/// Tells other processes where the folder is served.
pub(super) fn tell(folder: &Path, port: u16) -> io::Result<()> {
    let text = serde_json::to_string(&Serving { port, pid: std::process::id() });
    private_file(&folder.join(SERVING_FILE), &text.unwrap_or_default())
}

/// The port of last time if it is free and none was asked for: addresses in a configuration stay
/// right.
pub(super) fn listen(folder: &Path, port: u16) -> Result<TcpListener, LabError> {
    let last = serving(folder).map(|serving| serving.port).filter(|_| port == 0);
    let bound = last.and_then(|last| TcpListener::bind((Ipv4Addr::LOCALHOST, last)).ok());
    let bound = match bound {
        Some(listener) => Ok(listener),
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, port)),
    };
    let listener = bound.map_err(|error| LabError::Port { port, text: error.to_string() })?;
    let port_error = |error: io::Error| LabError::Port { port, text: error.to_string() };
    listener.set_nonblocking(true).map_err(port_error)?;
    Ok(listener)
}

pub(super) fn lock(folder: &Path) -> Result<Option<File>, LabError> {
    let failed = |error: io::Error| LabError::folder(folder, &error);
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(folder.join(LOCK_FILE)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn serving(folder: &Path) -> Option<Serving> {
    serde_json::from_slice(&fs::read(folder.join(SERVING_FILE)).ok()?).ok()
}

pub(super) fn only_for_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

fn rights(options: &Options) -> Result<(Rights, Vec<String>), LabError> {
    let path = |name: &str| dn::path(name).map_err(|_| LabError::Name(name.to_owned()));
    let names = Names::below(&options.base);
    let rights = Rights {
        base: path(&options.base)?,
        admin: path(&options.admin_dn)?,
        service: path(&names.service)?,
        reader: path(&names.reader)?,
        closed: vec![path(&names.services)?, path(&names.policies)?],
    };
    if rights.base.is_empty() {
        return Err(LabError::Name(options.base.clone()));
    }
    Ok((rights, path(&names.policy)?))
}
