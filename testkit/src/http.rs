//! An HTTP/1.1 client that sends exact bytes: header lines in order, repeated and malformed ones, and any body. Clients
//! from crates.io normalise them. Responses are parsed with `httparse`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use httparse::Status;

/// The reference computes one hash of cost 17, which takes about ten seconds.
const TIMEOUT: Duration = Duration::from_secs(90);

/// Maximum number of header lines in a response.
const HEADERS_MAX: usize = 64;

/// A request. `Host`, `Connection` and `Content-Length` are added if missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, sent as written.
    pub method: String,
    /// The request target, with its query.
    pub path: String,
    /// The header lines, in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; `None` also sends no `Content-Length`.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// The value of the header `name`, in the format of servers and `Headers`: trimmed, and several lines joined with a comma.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.trim().to_owned()).reduce(|joined, value| joined + ", " + &value)
    }
}

/// A response, with its body unchunked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header lines, in order, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the header `name` (lower case); several lines are joined with a comma.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(key, _)| key == name);
        lines.map(|(_, value)| value.clone()).reduce(|joined, value| joined + ", " + &value)
    }
}

/// Sends `request` to `addr` on a new connection and reads the response.
///
/// # Errors
/// When the connection fails, or the response is incomplete or not HTTP/1.
pub fn send(addr: SocketAddr, request: &Request) -> Result<Response> {
    let mut stream = open(addr)?;
    // A server may respond and close before it has read a long body, so a failed write is not an error if a response
    // arrived.
    let written = stream.write_all(&wire(addr, request, "close"));
    let response = read_response(&mut stream, request.method == "HEAD");
    match written {
        Err(unsent) => response.with_context(|| format!("the request could not be sent: {unsent}")),
        Ok(()) => response,
    }
}

/// A connection that is kept open between requests.
#[derive(Debug)]
pub struct Connection {
    addr: SocketAddr,
    stream: Option<TcpStream>,
}

impl Connection {
    /// A connection to `addr`, opened by the first request.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, stream: None }
    }

    /// Sends `request` and reads the response. A connection that the server has closed with its last response is opened again.
    ///
    /// # Errors
    /// Those of [`send`]. The next request then opens a new connection.
    pub fn send(&mut self, request: &Request) -> Result<Response> {
        let mut stream = self.stream.take().map_or_else(|| open(self.addr), Ok)?;
        stream.write_all(&wire(self.addr, request, "keep-alive"))?;
        let response = read_response(&mut stream, request.method == "HEAD")?;
        let closes = response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        self.stream = (!closes).then_some(stream);
        Ok(response)
    }
}

fn open(addr: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn wire(addr: SocketAddr, request: &Request, connection: &str) -> Vec<u8> {
    let given = |name: &str| request.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    if !given("host") {
        head += &format!("host: {addr}\r\n");
    }
    if !given("connection") {
        head += &format!("connection: {connection}\r\n");
    }
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = request.body.as_deref();
    if let Some(body) = body.filter(|_| !given("content-length") && !given("transfer-encoding")) {
        head += &format!("content-length: {}\r\n", body.len());
    }
    head += "\r\n";
    [head.as_bytes(), body.unwrap_or_default()].concat()
}

fn read_response(stream: &mut impl Read, is_head: bool) -> Result<Response> {
    let (mut received, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let length = stream.read(&mut chunk)?;
        received.extend_from_slice(chunk.get(..length).unwrap_or_default());
        if let Some(response) = parse(&received, is_head, length == 0)? {
            return Ok(response);
        }
        ensure!(length > 0, "the connection ended inside the response");
    }
}

/// The response in these bytes, or `None` if it is incomplete.
fn parse(received: &[u8], is_head: bool, is_all: bool) -> Result<Option<Response>> {
    let mut lines = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut lines);
    let Status::Complete(length) = head.parse(received)? else { return Ok(None) };
    let (status, rest) = (head.code.unwrap_or_default(), received.get(length..).unwrap_or_default());
    if (100..200).contains(&status) {
        return parse(rest, is_head, is_all);
    }
    let headers = head.headers.iter();
    let headers = headers.map(|line| Ok((line.name.to_ascii_lowercase(), str::from_utf8(line.value)?.to_owned())));
    let mut response = Response { status, headers: headers.collect::<Result<_>>()?, body: Vec::new() };
    let body = if is_head || matches!(status, 204 | 304) {
        Some(Vec::new())
    } else if response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        unchunk(rest)?
    } else if let Some(length) = response.header("content-length") {
        rest.get(..length.parse()?).map(<[u8]>::to_vec)
    } else {
        is_all.then(|| rest.to_vec())
    };
    Ok(body.map(|body| {
        response.body = body;
        response
    }))
}

/// The joined chunks, or `None` if the last one is missing. Trailers are ignored.
fn unchunk(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Status::Complete((start, size)) =
            httparse::parse_chunk_size(rest).map_err(|_| anyhow!("not a chunk size"))?
        else {
            return Ok(None);
        };
        let size = usize::try_from(size)?;
        if size == 0 {
            return Ok(Some(body));
        }
        let Some((data, next)) = rest.get(start..).and_then(|rest| rest.split_at_checked(size)) else {
            return Ok(None);
        };
        let Some((end, next)) = next.split_at_checked(2) else { return Ok(None) };
        ensure!(end == b"\r\n", "a chunk is longer than its size");
        body.extend_from_slice(data);
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, TcpListener},
        thread,
    };

    use super::*;

    #[test]
    fn sends_what_it_is_given() {
        let request = Request {
            method: "POST".into(),
            path: "/login?a=b".into(),
            headers: vec![("X-A".into(), "1".into()), ("x-a".into(), " 2".into())],
            body: Some(b"p\xff".to_vec()),
        };
        let expected = b"POST /login?a=b HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nconnection: close\r\nX-A: 1\r\nx-a:  2\r\ncontent-length: 2\r\n\r\np\xff";
        assert_eq!(wire(([127, 0, 0, 1], 8000).into(), &request, "close"), expected);
    }

    #[test]
    fn a_connection_is_kept_until_the_server_closes_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            for answers in [&["", ""][..], &["connection: close\r\n"]] {
                let mut stream = listener.accept().unwrap().0;
                for more in answers {
                    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                    write!(stream, "HTTP/1.1 200 OK\r\n{more}content-length: 0\r\n\r\n").unwrap();
                }
                if answers.len() == 2 {
                    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                }
            }
        });
        let mut connection = Connection::new(addr);
        let request = Request { method: "GET".into(), path: "/".into(), ..Request::default() };
        for _ in 0..2 {
            assert_eq!(connection.send(&request).unwrap().status, 200);
        }
        assert!(connection.send(&request).is_err());
        assert_eq!(connection.send(&request).unwrap().status, 200);
        assert!(connection.stream.is_none());
        server.join().unwrap();
    }

    #[test]
    fn reads_every_framing() {
        let read = |text: &str, is_head| read_response(&mut text.as_bytes(), is_head).unwrap();
        let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nt: u\r\n\r\n";
        assert_eq!(read(chunked, false).body, b"abcd");
        let sized = "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nallow: HEAD\r\ncontent-length: 2\r\n\r\nokrest";
        assert_eq!(read(sized, false).body, b"ok");
        assert_eq!(read(sized, false).header("allow").as_deref(), Some("GET, HEAD"));
        assert_eq!(read(sized, true).body, b"");
        assert_eq!(read("HTTP/1.0 200 OK\r\n\r\nto the end", false).body, b"to the end");
    }

    #[test]
    fn an_incomplete_response_is_an_error() {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "nonsense\r\n\r\n"]
            .into_iter()
            .map(str::to_owned)
            .chain(["1\r\na\r\n", "1\r\nab\r\n0\r\n\r\n", "x\r\n"].map(|chunks| format!("{chunked}{chunks}")))
        {
            assert!(read_response(&mut text.as_bytes(), false).is_err(), "{text:?}");
        }
    }
}
