//! Instance metadata of one machine, as far as a node asks: sessions, who it is, and notices that the test gives.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Items = Arc<Mutex<BTreeMap<String, String>>>;

/// Answers for as long as the tests run.
pub(crate) struct Metadata {
    items: Items,
    pub(crate) url: String,
}

impl Metadata {
    /// Of the machine with this id and address.
    pub(crate) fn of(id: &str, address: &str) -> Metadata {
        let items = [("instance-id", id), ("local-ipv4", address)];
        let items = items.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let items: Items = Arc::new(Mutex::new(items.into()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answers = Arc::clone(&items);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is none of ours.
                let _ = answer(stream, &answers);
            }
        });
        Metadata { items, url }
    }

    pub(crate) fn say(&self, path: &str, text: &str) {
        self.items.lock().expect("no panic").insert(path.to_owned(), text.to_owned());
    }

    pub(crate) fn take_back(&self, path: &str) {
        self.items.lock().expect("no panic").remove(path);
    }
}

fn answer(mut stream: TcpStream, items: &Items) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut token = false;
    for line in lines {
        let line = line?.to_lowercase();
        token |= line.starts_with("x-aws-ec2-metadata-token: a-token");
        if line.is_empty() {
            break;
        }
    }
    let (status, body) = if first.starts_with("PUT /latest/api/token") {
        ("200 OK", Some("a-token".to_owned()))
    } else if !token {
        ("401 Unauthorized", None)
    } else {
        let path = first.split(' ').nth(1).unwrap_or_default();
        let path = path.strip_prefix("/latest/meta-data/").unwrap_or_default();
        match items.lock().expect("no panic").get(path).cloned() {
            Some(text) => ("200 OK", Some(text)),
            None => ("404 Not Found", None),
        }
    };
    let body = body.unwrap_or_default();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
