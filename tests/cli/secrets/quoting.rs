//! [`QuotingServer`]: an API server that refuses everything and repeats what it was given, as bytes of a secret object and
//! as what they decode to. No real one does it on purpose; admission webhooks do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A server on loopback, until the value goes.
#[derive(Debug)]
pub(crate) struct QuotingServer {
    address: SocketAddr,
    quoted: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl QuotingServer {
    pub(crate) fn start() -> QuotingServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let quoted = Arc::new(AtomicUsize::new(0));
        let counted = quoted.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who connects and says nothing is the value that goes.
                match answer(stream) {
                    None => break,
                    Some(quotes) => counted.fetch_add(usize::from(quotes), Ordering::Relaxed),
                };
            }
        });
        QuotingServer { address, quoted, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it has quoted.
    pub(crate) fn quoted(&self) -> usize {
        self.quoted.load(Ordering::Relaxed)
    }
}

impl Drop for QuotingServer {
    fn drop(&mut self) {
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one request; was there something to quote?
fn answer(mut stream: TcpStream) -> Option<bool> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 0 && !head.ends_with("\r\n\r\n") {}
    if head.is_empty() {
        return None;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let given: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let decoded = given["data"].as_object().into_iter().flatten().filter_map(|(_, value)| {
        let bytes = STANDARD.decode(value.as_str()?).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    let decoded: Vec<String> = decoded.collect();
    let (code, reason) = if body.is_empty() { (404, "NotFound") } else { (422, "Invalid") };
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
        "message": format!("denied: {} says {decoded:?}", String::from_utf8_lossy(&body)),
    });
    let status = status.to_string();
    let head = format!(
        "HTTP/1.1 {code} No\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        status.len()
    );
    let _ = stream.write_all(format!("{head}{status}").as_bytes());
    Some(!decoded.is_empty())
}
