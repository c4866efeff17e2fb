//! A proxy in front of a server, which does to its connections what networks do, by rule or by
//! seed. What passes is TLS, so that it counts bytes: a connection on which many were sent is one
//! that writes.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rentree::academy::seed::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How long a delayed answer is held back: tests give their client less patience.
const DELAY: Duration = Duration::from_millis(2_500);

/// What happens to a connection once the server has answered, that is, has done the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The answer is dropped, and the connection closed.
    ReplyLost,
    /// The answer is dropped, and nothing comes any more; what is sent still arrives.
    HalfClosed,
    /// The answer comes too late.
    Delayed,
    /// The answer is dropped, and the connection reset.
    Reset,
    /// The answer is dropped, and nobody listens any more.
    Refused,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] =
        [Self::ReplyLost, Self::HalfClosed, Self::Delayed, Self::Reset, Self::Refused];
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// It strikes a connection on which so many bytes were sent to the server.
    pub(crate) sent_bytes: u64,
    pub(crate) fault: Fault,
}

type Rules = Box<dyn FnMut() -> Option<Rule> + Send>;

struct Shared {
    /// The rule of the next connection.
    rules: Mutex<Rules>,
    /// How often a rule may still strike, and has struck.
    left: AtomicU32,
    struck: AtomicU32,
    listening: watch::Sender<bool>,
}

/// Ends with the value.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

impl Proxy {
    /// In front of a port of this machine; lets everything pass.
    pub(crate) fn before(server: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(listen(0));
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            rules: Mutex::new(Box::new(|| None)),
            left: AtomicU32::new(0),
            struck: AtomicU32::new(0),
            listening: watch::channel(true).0,
        });
        runtime.spawn(accept(listener, server, Arc::clone(&shared)));
        Self { port, shared, _runtime: runtime }
    }

    /// One rule for every new connection, until it has struck so often.
    pub(crate) fn strike(&self, rule: Rule, times: u32) {
        self.set(Box::new(move || Some(rule)), times);
    }

    /// Rules drawn from a seed, one a connection.
    pub(crate) fn strike_by(&self, mut seed: Stream, times: u32) {
        let draw = move || {
            let fault = Fault::ALL[usize::try_from(seed.below(4)).unwrap()];
            Some(Rule { sent_bytes: seed.below(30_000), fault })
        };
        self.set(Box::new(draw), times);
    }

    /// From now on everything passes.
    pub(crate) fn calm(&self) {
        self.set(Box::new(|| None), 0);
        self.shared.listening.send_replace(true);
        // Listening again takes a moment.
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn set(&self, rules: Rules, times: u32) {
        *self.shared.rules.lock().unwrap() = rules;
        self.shared.left.store(times, Ordering::SeqCst);
    }

    pub(crate) fn struck(&self) -> u32 {
        self.shared.struck.load(Ordering::SeqCst)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap()
}

async fn accept(mut listener: TcpListener, server: u16, shared: Arc<Shared>) {
    let port = listener.local_addr().unwrap().port();
    let mut listening = shared.listening.subscribe();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                let rule = (shared.rules.lock().unwrap())();
                tokio::spawn(relay(client, server, rule, Arc::clone(&shared)));
            }
            changed = listening.changed() => changed.unwrap(),
        }
        if !*listening.borrow_and_update() {
            drop(listener);
            listening.wait_for(|listens| *listens).await.unwrap();
            listener = listen(port).await;
        }
    }
}

async fn relay(client: TcpStream, server: u16, rule: Option<Rule>, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else { return };
    if rule.is_some_and(|rule| rule.fault == Fault::Reset) {
        client.set_zero_linger().unwrap();
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let sent = Arc::new(AtomicU64::new(0));
    let up = tokio::spawn(forward(from_client, to_server, Arc::clone(&sent)));
    answer(from_server, to_client, rule, &sent, &shared).await;
    up.abort();
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, sent: Arc<AtomicU64>) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        sent.fetch_add(count as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Passes the server's answers on, until the rule strikes.
async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    rule: Option<Rule>,
    sent: &AtomicU64,
    shared: &Shared,
) {
    let mut rule = rule;
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let due = rule.filter(|rule| sent.load(Ordering::SeqCst) > rule.sent_bytes);
        if let Some(Rule { fault, .. }) = due.filter(|_| shared.may_strike()) {
            rule = None;
            match fault {
                Fault::ReplyLost | Fault::Reset => return,
                Fault::Refused => {
                    shared.listening.send_replace(false);
                    return;
                }
                Fault::Delayed => tokio::time::sleep(DELAY).await,
                Fault::HalfClosed => {
                    let _ = to.shutdown().await;
                    while let Ok(1..) = from.read(&mut buffer).await {}
                    return;
                }
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

impl Shared {
    fn may_strike(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        let may = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        self.struck.fetch_add(u32::from(may), Ordering::SeqCst);
        may
    }
}
