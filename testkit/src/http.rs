//! The smallest HTTP/1.1 client that sends exactly what it is given: header lines, their order and the body's bytes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// The reference computes one hash of cost 17, which takes about ten seconds.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A request as it goes on the wire; `Host`, `Connection: close` and `Content-Length` are added where not given.
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

/// A response as it came off the wire, with its body unchunked.
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
    /// The value of the header `name` (lower case); equal header lines are joined with a comma.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(key, _)| key == name);
        lines.map(|(_, value)| value.clone()).reduce(|joined, value| joined + ", " + &value)
    }
}

/// Sends `request` to `addr` on a connection of its own and reads the response.
pub fn send(addr: SocketAddr, request: &Request) -> Result<Response> {
    let mut stream = TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // A server may answer and close before it has read a long body: the answer counts, not the failed write.
    let written = stream.write_all(&wire(addr, request));
    match read_response(&mut BufReader::new(stream), request.method == "HEAD") {
        Err(error) => match written {
            Ok(()) => Err(error),
            Err(unsent) => Err(error.context(format!("the request could not be sent: {unsent}"))),
        },
        response => response,
    }
}

fn wire(addr: SocketAddr, request: &Request) -> Vec<u8> {
    let given = |name: &str| request.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    if !given("host") {
        head += &format!("host: {addr}\r\n");
    }
    if !given("connection") {
        head += "connection: close\r\n";
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

fn read_response(reader: &mut impl BufRead, is_head: bool) -> Result<Response> {
    let mut response = read_head(reader)?;
    while (100..200).contains(&response.status) {
        response = read_head(reader)?;
    }
    let chunked = response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let length = response.header("content-length").map(|length| length.parse::<usize>()).transpose()?;
    response.body = match (is_head || matches!(response.status, 204 | 304), chunked, length) {
        (true, ..) => Vec::new(),
        (_, true, _) => read_chunks(reader)?,
        (_, _, Some(length)) => read_exactly(reader, length)?,
        (_, _, None) => {
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest)?;
            rest
        }
    };
    Ok(response)
}

fn read_head(reader: &mut impl BufRead) -> Result<Response> {
    let status = read_line(reader)?;
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = code.and_then(|code| code.parse().ok()).with_context(|| format!("not HTTP/1: {status:?}"))?;
    let mut response = Response { status, ..Response::default() };
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(response);
        }
        let (name, value) = line.split_once(':').with_context(|| format!("not a header: {line:?}"))?;
        response.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
            .with_context(|| format!("not a chunk size: {line:?}"))?;
        if size == 0 {
            while !read_line(reader)?.is_empty() {}
            return Ok(body);
        }
        body.extend(read_exactly(reader, size)?);
        if !read_line(reader)?.is_empty() {
            bail!("a chunk is longer than its size");
        }
    }
}

fn read_exactly(reader: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).context("the body ends early")?;
    Ok(bytes)
}

fn read_line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        bail!("the connection ended inside the response");
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8(line)?)
}

#[cfg(test)]
mod tests {
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
        assert_eq!(wire(([127, 0, 0, 1], 8000).into(), &request), expected);
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
    fn a_cut_answer_is_an_error() {
        for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "nonsense\r\n\r\n"] {
            assert!(read_response(&mut text.as_bytes(), false).is_err(), "{text:?}");
        }
    }
}
