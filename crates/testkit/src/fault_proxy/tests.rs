//! The proxy against a server of a few lines.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const BODY: &[u8] = b"0123456789";

/// Answers ten bytes, chunked in two where the target asks for it, and what it was sent to a `PUT`.
fn upstream() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let stream = stream.unwrap();
                let mut reader = BufReader::new(&stream);
                while let Some(head) = Head::read(&mut reader).unwrap() {
                    let mut body = Vec::new();
                    copy_body(&mut reader, head.framing(Framing::Length(0)).unwrap(), &mut body).unwrap();
                    let answer = match head.text.split(' ').collect::<Vec<_>>()[..] {
                        ["PUT", ..] => format!("Content-Length: {}\r\n\r\n{}", body.len(), body.escape_ascii()),
                        ["HEAD", ..] => "Content-Length: 10\r\n\r\n".to_owned(),
                        [_, "/chunked", ..] => {
                            "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\nT: u\r\n\r\n"
                                .to_owned()
                        }
                        [_, "/until-close", ..] => "Connection: close\r\n\r\n0123456789".to_owned(),
                        _ => "Content-Length: 10\r\n\r\n0123456789".to_owned(),
                    };
                    (&stream).write_all(format!("HTTP/1.1 200 OK\r\n{answer}").as_bytes()).unwrap();
                    if answer.contains("close") {
                        break;
                    }
                }
            });
        }
    });
    address
}

fn proxy(faults: impl Fn(&Seen<'_>) -> Fault + Send + Sync + 'static) -> FaultProxy {
    FaultProxy::start(&upstream(), Box::new(faults)).unwrap()
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(proxy: &FaultProxy) -> Client {
        let stream = TcpStream::connect(proxy.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Client(BufReader::new(stream))
    }

    fn send(&mut self, request: &str) {
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// The status and the body as framed, or how reading it failed, with what was read until then.
    fn answer(&mut self, head_only: bool) -> (u16, Vec<u8>, io::Result<()>) {
        let head = Head::read(&mut self.0).unwrap().unwrap();
        let framing = if head_only { Framing::Length(0) } else { head.framing(Framing::UntilClose).unwrap() };
        let mut body = Vec::new();
        let result = copy_body(&mut self.0, framing, &mut body);
        (head.status().unwrap(), body, result)
    }

    fn get(&mut self, target: &str) -> (u16, Vec<u8>, io::Result<()>) {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        self.answer(false)
    }

    fn is_closed(&mut self) -> bool {
        matches!(Head::read(&mut self.0), Ok(None) | Err(_))
    }
}

#[test]
fn requests_pass_and_the_connection_is_kept() {
    let proxy = proxy(|seen| {
        assert_eq!(seen.number, seen.attempt + if seen.target == "/a?b=c" { 0 } else { 2 });
        Fault::None
    });
    let mut client = Client::connect(&proxy);
    for _ in 0..2 {
        let (status, body, end) = client.get("/a?b=c");
        assert_eq!((status, &*body), (200, BODY));
        end.unwrap();
    }
    let (_, body, _) = client.get("/chunked");
    assert_eq!(body, b"4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\nT: u\r\n\r\n");
    assert_eq!(proxy.requests(), 3);
    assert_eq!(proxy.log()[2], ("GET".to_owned(), "/chunked".to_owned(), 200));
}

#[test]
fn bodies_are_sent_and_heads_have_none() {
    let proxy = proxy(|_| Fault::None);
    let mut client = Client::connect(&proxy);
    client.send("PUT /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(Head::read(&mut client.0).unwrap().unwrap().status().unwrap(), 100);
    client.send("abc");
    assert_eq!(client.answer(false).1, b"abc");
    client.send("HEAD /a HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer(true).0, 200);
    let (status, body, _) = client.get("/until-close");
    assert_eq!((status, &*body), (200, BODY));
    assert_eq!(proxy.methods(), BTreeSet::from(["GET", "HEAD", "PUT"].map(str::to_owned)));
}

#[test]
fn errors_look_like_those_of_s3_and_stop_nothing() {
    let proxy = proxy(|seen| match seen.attempt {
        0 => Fault::Status { code: 503, error: "SlowDown", message: "Please <slow> down" },
        _ => Fault::None,
    });
    let mut client = Client::connect(&proxy);
    let (status, body, _) = client.get("/a&b?c");
    assert_eq!(status, 503);
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code>\
         <Message>Please &lt;slow&gt; down</Message><Resource>/a&amp;b</Resource>\
         <RequestId>0000000000000000</RequestId></Error>"
    );
    client.send("HEAD /a&b HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer(true).0, 503);
    assert_eq!(client.get("/a&b?c").1, BODY);
}

#[test]
fn a_cut_or_stalled_body_is_short() {
    let cut = proxy(|_| Fault::Cut { after: 4 });
    let stall = proxy(|_| Fault::Stall { after: 4, millis: 30 });
    for (proxy, target, want) in
        [(&cut, "/", "0123"), (&stall, "/", "0123"), (&cut, "/chunked", "4\r\n0123\r\n6;x=y\r\n")]
    {
        let mut client = Client::connect(proxy);
        let (status, body, end) = client.get(target);
        assert_eq!((status, &*body), (200, want.as_bytes()));
        end.unwrap_err();
    }
    let whole = self::proxy(|_| Fault::Cut { after: 10 });
    let mut client = Client::connect(&whole);
    assert_eq!(client.get("/").1, BODY);
    assert!(client.is_closed());
}

#[test]
fn one_bit_is_flipped() {
    let proxy = proxy(|_| Fault::Flip { at: 9 });
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").1, b"012345678;");
    assert_eq!(client.get("/chunked").1, b"4\r\n0123\r\n6;x=y\r\n45678;\r\n0\r\nT: u\r\n\r\n");
}

#[test]
fn hooks_run_first_and_delays_delay() {
    let ran = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ran);
    let proxy = proxy(move |seen| match seen.target {
        "/hook" => {
            let flag = Arc::clone(&flag);
            Fault::Hook(Box::new(move || flag.store(true, Ordering::SeqCst)))
        }
        _ => Fault::Delay { millis: 30 },
    });
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/hook").1, BODY);
    assert!(ran.load(Ordering::SeqCst));
    let start = Instant::now();
    assert_eq!(client.get("/delay").1, BODY);
    assert!(start.elapsed() >= Duration::from_millis(30));
}

#[test]
fn a_dead_server_is_a_bad_gateway() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let proxy = FaultProxy::start(&nowhere, Box::new(|_| Fault::None)).unwrap();
    assert_eq!(Client::connect(&proxy).get("/").0, 502);
}

#[test]
fn dropping_closes_connections() {
    let proxy = proxy(|_| Fault::Stall { after: 0, millis: 60_000 });
    let mut client = Client::connect(&proxy);
    client.send("GET / HTTP/1.1\r\n\r\n");
    Head::read(&mut client.0).unwrap();
    let address = proxy.address;
    drop(proxy);
    assert!(client.is_closed());
    assert!(TcpStream::connect(address).is_err());
}
