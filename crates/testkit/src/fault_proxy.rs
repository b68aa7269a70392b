//! An HTTP/1.1 proxy between an S3 client and its server, which does on request what networks and S3 do on bad days.
//!
//! Heads are passed on as they came, so that a signature over the proxy's own `Host` stays valid upstream.

pub(crate) mod http;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use http::{Framing, Head, Sink, copy_body};

/// How many answers [`FaultProxy::log`] keeps: the first ones.
const LOG_ENTRIES: usize = 200_000;
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Decides what happens to a request; runs before anything is forwarded, on the thread of its connection.
pub type Faults = Box<dyn Fn(&Seen<'_>) -> Fault + Send + Sync>;

/// A request, as the proxy has seen it.
pub struct Seen<'a> {
    /// Its place among all requests over this proxy, from 0.
    pub number: u64,
    /// `GET`, `HEAD`, …
    pub method: &'a str,
    /// Path and query as sent, that is percent-encoded.
    pub target: &'a str,
    /// The `Range` header.
    pub range: Option<&'a str>,
    /// The `Authorization` header, which names the access key.
    pub authorization: Option<&'a str>,
    /// How often the same method and target were seen before.
    pub attempt: u64,
}

/// What the proxy does to a request or to its answer. Positions count bytes of the answer's body.
pub enum Fault {
    /// The answer passes as it is.
    None,
    /// The request never reaches the server; the answer is an S3 error document (for `HEAD`: only its head).
    Status {
        /// The HTTP status.
        code: u16,
        /// The S3 error code, e.g. `SlowDown`.
        error: &'static str,
        /// The text for people.
        message: &'static str,
    },
    /// The head announces the whole body, but after so many bytes of it (at most all) the connection is closed.
    Cut {
        /// Bytes that are still sent.
        after: u64,
    },
    /// As [`Fault::Cut`], but the connection stays open and silent for a while first.
    Stall {
        /// Bytes that are still sent.
        after: u64,
        /// How long nothing comes.
        millis: u64,
    },
    /// One bit of one byte is changed; nothing is, when the body is shorter.
    Flip {
        /// The byte.
        at: u64,
    },
    /// The request is forwarded later.
    Delay {
        /// How much later.
        millis: u64,
    },
    /// Runs before the request is forwarded: to overwrite the object between a list and a get, for example.
    Hook(Box<dyn FnOnce() + Send>),
}

/// A running proxy. Dropped, it accepts no more and closes every connection; its threads end by themselves.
pub struct FaultProxy {
    /// `http://127.0.0.1:PORT`, for the client.
    pub endpoint: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Listens on a free loopback port and forwards to `upstream`, which is `host:port` without a scheme.
    pub fn start(upstream: &str, faults: Faults) -> io::Result<FaultProxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            faults,
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
            tally: Mutex::default(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(FaultProxy { endpoint: format!("http://{address}"), address, shared, acceptor: Some(acceptor) })
    }

    /// How many requests have arrived, those with faults included.
    pub fn requests(&self) -> u64 {
        lock(&self.shared.tally).requests
    }

    /// Method, target and status of the first 200,000 answers, in the order in which they were begun.
    pub fn log(&self) -> Vec<(String, String, u16)> {
        lock(&self.shared.tally).log.clone()
    }

    /// Every method that was ever used: what a client that claims to read only can be held to.
    pub fn methods(&self) -> BTreeSet<String> {
        lock(&self.shared.tally).methods.clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // The acceptor sees the flag with the next connection. Once it has ended, no connection is added.
        if TcpStream::connect(self.address).is_ok()
            && let Some(acceptor) = self.acceptor.take()
        {
            acceptor.join().ok();
        }
        for stream in lock(&self.shared.open).values() {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

struct Shared {
    upstream: String,
    faults: Faults,
    stopped: AtomicBool,
    open: Mutex<BTreeMap<u64, Arc<TcpStream>>>,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    requests: u64,
    seen: HashMap<String, u64>,
    methods: BTreeSet<String>,
    log: Vec<(String, String, u16)>,
}

/// A panic in a caller's fault function must not hide what was counted before it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (id, stream) in (0..).zip(listener.incoming()) {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream.map(Arc::new) else {
            // Out of file descriptors, most likely: this must not spin.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        lock(&shared.open).insert(id, Arc::clone(&stream));
        let connection = Connection { id, shared: Arc::clone(shared), client: stream };
        // Errors here are broken connections: the client has noticed by itself, and faults are meant to break some.
        thread::Builder::new().spawn(move || connection.serve().ok()).ok();
    }
}

/// The client's connection; closed when its thread ends, be it by a panic.
struct Connection {
    id: u64,
    shared: Arc<Shared>,
    client: Arc<TcpStream>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.client.shutdown(Shutdown::Both).ok();
        lock(&self.shared.open).remove(&self.id);
    }
}

type Upstream = BufReader<TcpStream>;

impl Connection {
    fn serve(&self) -> io::Result<()> {
        self.client.set_nodelay(true)?;
        let mut reader = BufReader::new(&*self.client);
        let mut upstream = None;
        while let Some(head) = Head::read(&mut reader)? {
            if !self.exchange(&head, &mut reader, &mut upstream)? {
                break;
            }
        }
        Ok(())
    }

    /// Answers one request; says whether the connection is good for another.
    fn exchange(&self, head: &Head, reader: &mut impl BufRead, upstream: &mut Option<Upstream>) -> io::Result<bool> {
        let mut words = head.text.split_ascii_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(ErrorKind::InvalidData.into());
        };
        let (number, attempt) = self.count(method, target);
        let (range, authorization) = (head.get("range"), head.get("authorization"));
        let fault = match (self.shared.faults)(&Seen { number, method, target, range, authorization, attempt }) {
            Fault::Delay { millis } => {
                self.pause(millis);
                Fault::None
            }
            Fault::Hook(run) => {
                run();
                Fault::None
            }
            fault => fault,
        };

        if head.says("expect", "100-continue") {
            (&*self.client).write_all(CONTINUE)?;
        }
        let body = head.framing(Framing::Length(0))?;
        if let Fault::Status { code, error, message } = fault {
            copy_body(reader, body, &mut io::sink())?;
            self.refuse(number, method, target, (code, error, message))?;
            return Ok(!head.closes());
        }
        let forwarded =
            self.connect(upstream).and_then(|upstream| Ok((forward(head, reader, body, upstream)?, upstream)));
        let (answer, upstream) = match forwarded {
            Ok(forwarded) => forwarded,
            Err(error) => {
                self.refuse(number, method, target, (502, "BadGateway", &error.to_string()))?;
                return Ok(false);
            }
        };

        let status = answer.status()?;
        self.record(method, target, status);
        let empty = method == "HEAD" || matches!(status, 204 | 304);
        let body = if empty { Framing::Length(0) } else { answer.framing(Framing::UntilClose)? };
        let mut to = BufWriter::with_capacity(64 * 1024, &*self.client);
        to.write_all(&answer.raw)?;
        let mut tap = Tap { connection: self, to, at: 0, fault };
        copy_body(upstream, body, &mut tap)?;
        tap.end()?;
        Ok(!head.closes() && !answer.closes() && !matches!(body, Framing::UntilClose))
    }

    /// The connection to the server, which lasts as long as the client's.
    fn connect<'a>(&self, upstream: &'a mut Option<Upstream>) -> io::Result<&'a mut Upstream> {
        match upstream {
            Some(upstream) => Ok(upstream),
            None => {
                let stream = TcpStream::connect(&self.shared.upstream)?;
                stream.set_nodelay(true)?;
                Ok(upstream.insert(BufReader::new(stream)))
            }
        }
    }

    /// Answers in the server's place, in the form of S3.
    fn refuse(&self, number: u64, method: &str, target: &str, error: (u16, &str, &str)) -> io::Result<()> {
        let (code, error, message) = error;
        self.record(method, target, code);
        let resource = xml_text(target.split('?').next().unwrap_or_default());
        let message = xml_text(message);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{error}</Code><Message>{message}</Message>\
             <Resource>{resource}</Resource><RequestId>{number:016X}</RequestId></Error>"
        );
        let mut answer = format!(
            "HTTP/1.1 {code} {error}\r\nx-amz-request-id: {number:016X}\r\nContent-Type: application/xml\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        if method != "HEAD" {
            answer += &body;
        }
        (&*self.client).write_all(answer.as_bytes())
    }

    fn count(&self, method: &str, target: &str) -> (u64, u64) {
        let tally = &mut *lock(&self.shared.tally);
        let number = tally.requests;
        tally.requests += 1;
        if !tally.methods.contains(method) {
            tally.methods.insert(method.to_owned());
        }
        let seen = tally.seen.entry(format!("{method} {target}")).or_default();
        *seen += 1;
        (number, *seen - 1)
    }

    fn record(&self, method: &str, target: &str, status: u16) {
        let log = &mut lock(&self.shared.tally).log;
        if log.len() < LOG_ENTRIES {
            log.push((method.to_owned(), target.to_owned(), status));
        }
    }

    /// Sleeps, but not beyond the end of the proxy.
    fn pause(&self, millis: u64) {
        let until = Instant::now() + Duration::from_millis(millis);
        while let Some(left) = until.checked_duration_since(Instant::now())
            && !self.shared.stopped.load(Ordering::SeqCst)
        {
            thread::sleep(left.min(Duration::from_millis(50)));
        }
    }
}

/// Sends the request and waits for the head of the final answer.
fn forward(head: &Head, body_from: &mut impl BufRead, body: Framing, upstream: &mut Upstream) -> io::Result<Head> {
    let mut to = BufWriter::new(upstream.get_ref());
    to.write_all(&head.raw)?;
    copy_body(body_from, body, &mut to)?;
    to.flush()?;
    drop(to);
    loop {
        let answer = Head::read(upstream)?.ok_or(ErrorKind::UnexpectedEof)?;
        // Interim answers (100 Continue) were given by the proxy itself.
        if answer.status()? >= 200 {
            return Ok(answer);
        }
    }
}

/// The way of an answer's body to the client, and what goes wrong on it.
struct Tap<'a, W: Write> {
    connection: &'a Connection,
    to: W,
    at: u64,
    fault: Fault,
}

impl<W: Write> Tap<'_, W> {
    /// Sends what is buffered; an error where the connection shall end here.
    fn end(&mut self) -> io::Result<()> {
        self.to.flush()?;
        match self.fault {
            Fault::Stall { millis, .. } => self.connection.pause(millis),
            Fault::Cut { .. } => {}
            _ => return Ok(()),
        }
        Err(ErrorKind::ConnectionAborted.into())
    }
}

impl<W: Write> Sink for Tap<'_, W> {
    fn payload(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let start = self.at;
        self.at += bytes.len() as u64;
        match self.fault {
            Fault::Cut { after } | Fault::Stall { after, .. } if after < self.at => {
                self.to.write_all(&bytes[..(after - start) as usize])?;
                return self.end();
            }
            Fault::Flip { at } if (start..self.at).contains(&at) => bytes[(at - start) as usize] ^= 1 << (at % 8),
            _ => {}
        }
        self.to.write_all(bytes)
    }

    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
