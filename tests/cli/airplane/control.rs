//! The control API of an airplane, asked directly: starting the program takes longer than some of
//! the moments that are waited for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::Value;

/// What it answers to GET.
#[track_caller]
pub(crate) fn get(port: u16, path: &str) -> Value {
    ask(port, "GET", path, "")
}

/// What it answers.
#[track_caller]
pub(crate) fn ask(port: u16, method: &str, path: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("an airplane");
    let length = body.len();
    let request = format!(
        "{method} /_airplane/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"))
}
