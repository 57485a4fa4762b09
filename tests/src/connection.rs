//! Kept-alive HTTP/1.1 connections with as little of a client as will do: a load generator shares the cores with what it
//! measures. It knows answers with a length, which is what the API gives.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Head and body of an answer at most.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long a connection may lie idle and still be used: less than the server keeps it open.
const IDLE_MAX: Duration = Duration::from_secs(2);

/// A request, written out.
pub fn post(path: &str, token: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// Connections to one server, each used by one request at a time and opened when there are too few.
#[derive(Debug)]
pub struct Connections {
    address: String,
    idle: Mutex<Vec<(TcpStream, Instant)>>,
}

impl Connections {
    /// To the server at `http://HOST:PORT`.
    pub fn new(base: &str) -> Self {
        Self { address: base.trim_start_matches("http://").to_owned(), idle: Mutex::default() }
    }

    /// Sends a request and gives the body of its answer, which must be a success.
    pub async fn send(&self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut stream = if let Some((stream, _)) = idle.filter(|(_, since)| since.elapsed() < IDLE_MAX) {
            stream
        } else {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            stream
        };
        stream.write_all(request).await?;
        let (status, body) = answer(&mut stream).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((stream, Instant::now()));
        ensure!((200..300).contains(&status), "{status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

async fn answer(stream: &mut TcpStream) -> anyhow::Result<(u16, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(4_096);
    loop {
        if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = std::str::from_utf8(&bytes[..head])?;
            let status = text.get(9..12).context("an answer begins with its status")?.parse()?;
            let length = text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
            });
            let end = head + 4 + length.context("the answer has no length")??;
            ensure!(end <= ANSWER_BYTES_MAX, "an answer of {end} bytes");
            while bytes.len() < end {
                ensure!(stream.read_buf(&mut bytes).await? > 0, "the server closed the connection");
            }
            return Ok((status, bytes.split_off(head + 4)));
        }
        ensure!(bytes.len() < ANSWER_BYTES_MAX, "an answer without an end");
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the server closed the connection");
    }
}
