//! The least that talks to a server: a request a connection, events as they come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// All that was said.
    Answer(String),
    /// Who asked went away.
    HungUp,
    /// Another status than 200.
    Refused(u16),
}

/// Asks for a chat's answer as a stream, and goes away after so many bytes of it, if any.
pub fn ask(address: SocketAddr, body: &str, patience: Option<usize>) -> anyhow::Result<Outcome> {
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut reader = send(address, &(head + body))?;
    let status = status(&mut reader)?;
    if status != 200 {
        return Ok(Outcome::Refused(status));
    }
    let (mut answer, mut read, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        read += reader.read_line(&mut line)?;
        if patience.is_some_and(|patience| read > patience) {
            return Ok(Outcome::HungUp);
        }
        if line.is_empty() {
            bail!("the stream broke off");
        }
        // an event is one chunk of the transfer, so no line is cut; lengths of chunks are lines of their own
        let Some(event) = line.trim_end().strip_prefix("data: ") else { continue };
        if event == "[DONE]" {
            return Ok(Outcome::Answer(answer));
        }
        let event: Value = serde_json::from_str(event).with_context(|| format!("not an event: {event}"))?;
        if !event["error"].is_null() {
            bail!("{}", event["error"]);
        }
        answer.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
}

/// The text at a path.
pub fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut text = String::new();
    send(address, &request)?.read_to_string(&mut text)?;
    Ok(text)
}

fn send(address: SocketAddr, request: &str) -> anyhow::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request.as_bytes())?;
    Ok(BufReader::new(stream))
}

fn status(reader: &mut impl BufRead) -> anyhow::Result<u16> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("no status: {line:?}"))
}
