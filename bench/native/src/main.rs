//! `edgegate-bench-native SUBJECT PORT`: `kernel.js` in Rust. It serves one connection at a time, and the benchmark
//! opens one.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::Value;

type Verify = fn(&str, &str) -> bool;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let verify: Verify = match args.next().as_deref() {
        Some("edgegate") => |password, hash| edgegate::password::verify(password, hash) == Ok(true),
        Some("bcrypt-crate") => |password, hash| bcrypt::verify(password, hash).is_ok_and(|holds| holds),
        _ => return Err("the subject is edgegate or bcrypt-crate".into()),
    };
    let port: u16 = args.next().ok_or("no port")?.parse()?;
    let hashes: Value = serde_json::from_str(include_str!("../../hashes.json"))?;
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        // A client that disconnects must not end the program.
        let _ = serve(stream?, verify, &hashes);
    }
    Ok(())
}

fn serve(mut stream: TcpStream, verify: Verify, hashes: &Value) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut target = String::new();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(rest) = line.strip_prefix("GET ") {
                rest.split(' ').next().unwrap_or_default().clone_into(&mut target);
            }
        }
        let (status, text) = answer(&target, verify, hashes);
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{text}", text.len())?;
    }
}

fn answer(target: &str, verify: Verify, hashes: &Value) -> (&'static str, &'static str) {
    let parameter = |name: &str| target.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let n: u32 = parameter("n").and_then(|n| n.parse().ok()).unwrap_or(1);
    let text = |key: &str| hashes.get(key).and_then(Value::as_str).unwrap_or_default();
    let (password, hash) = (text("password"), text(parameter("cost").unwrap_or("10")));
    match target.split('?').next() {
        Some("/nothing") => ("200 OK", "ok"),
        Some("/bcrypt-verify") if (0..n).all(|_| verify(password, hash)) => ("200 OK", "ok"),
        Some("/bulk-verify") if (0..n).all(|_| verify(password, hash)) => ("200 OK", "single"),
        Some("/bcrypt-refuse") if !verify("another password", hash) => ("200 OK", "ok"),
        _ => ("500 Internal Server Error", "a wrong answer, or no such work"),
    }
}
