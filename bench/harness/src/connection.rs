//! A keep-alive connection that sends the same bytes repeatedly. [`testkit::http`] opens a connection for each request
//! and parses every header line, which would be measured too.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

/// 64 queued logins of about 50 ms each; a slow machine takes several times that.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Maximum size of a response in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request and returns the body of the response.
    ///
    /// Any status but 200 is an error: a benchmark of refusals would look fast.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.expect(200, request)
    }

    /// The same for another expected status.
    pub(super) fn expect(&mut self, status: u16, request: &[u8]) -> Result<&[u8]> {
        let end_of_head = self.exchange(request)?;
        if !self.buffer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()) {
            bail!("not a {status}: {}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(&self.buffer[end_of_head..])
    }

    /// Reads the response into the buffer and returns where its body begins.
    fn exchange(&mut self, request: &[u8]) -> Result<usize> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let end_of_head = loop {
            self.read_more()?;
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let framing = Framing::of(&self.buffer[..end_of_head])?;
        while !framing.is_complete(&self.buffer[end_of_head..]) {
            self.read_more()?;
        }
        Ok(end_of_head)
    }

    fn read_more(&mut self) -> Result<()> {
        let mut chunk = [0; 4096];
        let length = self.stream.read(&mut chunk)?;
        ensure!(length > 0, "the connection ended inside the response");
        self.buffer.extend_from_slice(&chunk[..length]);
        ensure!(self.buffer.len() <= ANSWER_MAX_BYTES, "the answer has more than {ANSWER_MAX_BYTES} bytes");
        Ok(())
    }
}

/// The bytes of a GET request.
pub(super) fn get(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

/// The bytes of a POST request.
pub(super) fn post(target: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {content_type}\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    fn of(head: &[u8]) -> Result<Self> {
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        if head.contains("\r\ntransfer-encoding: chunked") {
            return Ok(Self::Chunked);
        }
        let length = head.split_once("\r\ncontent-length:").context("an answer without a length")?.1;
        Ok(Self::Length(length.split('\r').next().unwrap_or_default().trim().parse()?))
    }

    fn is_complete(&self, body: &[u8]) -> bool {
        match self {
            Self::Length(length) => body.len() >= *length,
            Self::Chunked => body.ends_with(b"0\r\n\r\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_at_its_length_or_its_last_chunk() {
        let sized = Framing::of(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").expect("a length");
        assert!(!sized.is_complete(b"ab") && sized.is_complete(b"abc"));
        let chunked = Framing::of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").expect("chunks");
        assert!(!chunked.is_complete(b"1\r\na\r\n") && chunked.is_complete(b"1\r\na\r\n0\r\n\r\n"));
        assert!(Framing::of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
